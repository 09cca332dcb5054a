#include "letter.h"

#include <string.h>

enum { CONTACTS_KEPT_DAYS = 8 };    /* the caps look back seven days */

static const char *contacts_id(struct arena *arena, const char *site, const char *customer)
{
    return arena_printf(arena, "%s/%s", site, customer);
}

/* A copy without what is too old, and without what is about `about` if that is given. */
static struct contacts contacts_without(const struct contacts *stored, const char *id, const char *about, wall_ms now,
                                        struct arena *arena)
{
    struct contacts copy = {.id = id};
    if (stored)
        copy = *stored;
    struct past_contact *at = arena_alloc(arena, (CONTACTS_KEPT_MAX + 1) * sizeof *at);
    size_t count = 0;
    for (size_t i = 0; i < copy.made.count; i++) {
        const struct past_contact *made = &copy.made.at[i];
        if (made->at > now - CONTACTS_KEPT_DAYS * DAY_MS && !(about && !strcmp(made->about, about)))
            at[count++] = *made;
    }
    copy.made.at = at;
    copy.made.count = count;
    return copy;
}

const struct contacts *contacts_before(const struct letter *letter)
{
    const struct notice *notice = &letter->notice;
    const char *id = contacts_id(letter->arena, notice->site, notice->customer);
    const struct contacts *stored = turn_get(letter->turn, ENTITY_CONTACTS, id);
    if (!stored)
        return NULL;
    struct contacts *copy = arena_alloc(letter->arena, sizeof *copy);
    *copy = contacts_without(stored, id, notice->id, letter->now, letter->arena);
    return copy;
}

static bool noted_already(const struct contacts *contacts, const char *about, wall_ms at)
{
    for (size_t i = 0; i < contacts->made.count; i++)
        if (contacts->made.at[i].at == at && !strcmp(contacts->made.at[i].about, about))
            return true;
    return false;
}

void contact_note(struct turn *turn, const char *site, const char *customer, const char *what, const char *about,
                  bool once)
{
    struct arena *arena = turn_arena(turn);
    const char *id = contacts_id(arena, site, customer);
    struct contacts contacts = contacts_without(turn_get(turn, ENTITY_CONTACTS, id), id, once ? about : NULL,
                                                turn_now(turn), arena);
    if (noted_already(&contacts, about, turn_now(turn)))
        return;
    if (contacts.made.count == CONTACTS_KEPT_MAX) {
        contacts.made.at++;
        contacts.made.count--;
    }
    contacts.made.at[contacts.made.count++] = (struct past_contact){.what = what, .about = about, .at = turn_now(turn)};
    turn_put(turn, ENTITY_CONTACTS, id, &contacts, 0, NULL);
}

void contact_forget(struct turn *turn, const char *site, const char *customer, const char *about)
{
    struct arena *arena = turn_arena(turn);
    const char *id = contacts_id(arena, site, customer);
    const struct contacts *stored = turn_get(turn, ENTITY_CONTACTS, id);
    if (!stored)
        return;
    struct contacts contacts = contacts_without(stored, id, about, turn_now(turn), arena);
    if (contacts.made.count != stored->made.count)
        turn_put(turn, ENTITY_CONTACTS, id, &contacts, 0, NULL);
}

/* -------- calls */

static bool somebody_was_rung(int outcome)
{
    return outcome != OUTCOME_NONE && outcome != OUTCOME_CANCELLED && outcome != OUTCOME_WRONG_NUMBER;
}

void on_call_made(struct turn *turn, const struct event *event, const void *data)
{
    const struct task_changed *task = data;
    if (*event->customer && !strcmp(task->kind, "call") && somebody_was_rung(task->outcome))
        contact_note(turn, event->site, event->customer, "call", task->task, false);
}
