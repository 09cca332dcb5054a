#include "letter.h"

#include <stdlib.h>
#include <string.h>

enum { CONTACTS_KEPT_DAYS = 8 };    /* the caps look back seven days */

const char *contacts_of(struct turn *turn, const char *site, const char *customer)
{
    return arena_printf(turn_arena(turn), "%s/%s", site, turn_survivor(turn, site, customer));
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
    const char *id = letter->customer->id;
    const struct contacts *stored = turn_get(letter->turn, ENTITY_CONTACTS, id);
    if (!stored)
        return NULL;
    struct contacts *copy = arena_alloc(letter->arena, sizeof *copy);
    *copy = contacts_without(stored, id, letter->notice.id, letter->now, letter->arena);
    return copy;
}

static bool noted_already(const struct contacts *contacts, const char *about, wall_ms at)
{
    for (size_t i = 0; i < contacts->made.count; i++)
        if (contacts->made.at[i].at == at && !strcmp(contacts->made.at[i].about, about))
            return true;
    return false;
}

void contact_note(struct turn *turn, const char *id, const char *what, const char *about, bool once)
{
    struct arena *arena = turn_arena(turn);
    struct contacts contacts = contacts_without(turn_get(turn, ENTITY_CONTACTS, id), id, once ? about : NULL,
                                                turn_now(turn), arena);
    if (noted_already(&contacts, about, turn_now(turn)))
        return;
    if (contacts.made.count == CONTACTS_KEPT_MAX) {
        contacts.made.at++;
        contacts.made.count--;
    }
    contacts.made.at[contacts.made.count++] = (struct past_contact){.what = what, .about = about, .at = turn_now(turn)};
    turn_put_lasting(turn, ENTITY_CONTACTS, id, &contacts, 0, NULL);
}

void contact_forget(struct turn *turn, const char *id, const char *about)
{
    struct arena *arena = turn_arena(turn);
    const struct contacts *stored = turn_get(turn, ENTITY_CONTACTS, id);
    if (!stored)
        return;
    struct contacts contacts = contacts_without(stored, id, about, turn_now(turn), arena);
    if (contacts.made.count != stored->made.count)
        turn_put(turn, ENTITY_CONTACTS, id, &contacts, 0, NULL);
}

/* -------- two records of one person */

static int by_time(const void *a, const void *b)
{
    const struct past_contact *left = a, *right = b;
    return left->at < right->at ? -1 : left->at > right->at;
}

/* Whoever was contacted under either id was contacted: the caps count both. What is taken apart later stays counted. */
void on_contacts_merged(struct turn *turn, const struct event *event, const void *data)
{
    const struct customer_merge *said = data;
    struct arena *arena = turn_arena(turn);
    const char *id = arena_printf(arena, "%s/%s", event->site, event->customer);
    const struct contacts *other = turn_get(turn, ENTITY_CONTACTS, arena_printf(arena, "%s/%s", event->site, said->other));
    if (!other)
        return;
    struct contacts own = contacts_without(turn_get(turn, ENTITY_CONTACTS, id), id, NULL, turn_now(turn), arena);
    struct contacts theirs = contacts_without(other, id, NULL, turn_now(turn), arena);
    size_t count = own.made.count + theirs.made.count;
    struct past_contact *all = arena_alloc(arena, (count + 1) * sizeof *all);
    memcpy(all, own.made.at, own.made.count * sizeof *all);
    memcpy(all + own.made.count, theirs.made.at, theirs.made.count * sizeof *all);
    qsort(all, count, sizeof *all, by_time);
    size_t over = count > CONTACTS_KEPT_MAX ? count - CONTACTS_KEPT_MAX : 0;
    own.made = (struct past_contact_list){all + over, count - over};
    turn_put(turn, ENTITY_CONTACTS, id, &own, 0, NULL);
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
        contact_note(turn, contacts_of(turn, event->site, event->customer), "call", task->task, false);
}
