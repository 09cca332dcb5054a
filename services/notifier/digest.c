#include "letter.h"

#include <string.h>

#include "cursor.h"
#include "ident.h"

/* Digests: who has a role that the playbook names gets what is not urgent together, at times of the day, instead of one
 * message for each. */

enum { DIGEST_ITEMS_MAX = 64 };

static bool texts_hold_role(const struct texts *roles, const struct person *person)
{
    for (size_t i = 0; i < roles->count; i++)
        if (person_has_role(person, roles->at[i]))
            return true;
    return false;
}

/* The next time of day at which digests go out. */
static wall_ms digest_at(const struct letter *letter, const struct staff_rules *rules)
{
    const struct calendar *calendar = letter->calendar;
    wall_ms next = 0;
    for (int day = 0; day < 2 && !next; day++) {
        struct local_time t = calendar_local(calendar, calendar_add_days(calendar, letter->now, day));
        for (size_t i = 0; i < rules->digest_count; i++) {
            int min = rules->digest_at_min[i];
            wall_ms at = calendar_instant(calendar, t.year, t.month, t.day, min / 60, min % 60, 0);
            if (at > letter->now && (!next || at < next))
                next = at;
        }
    }
    return next;
}

static void digest_add(struct letter *letter, const struct staff_rules *rules)
{
    const struct notice *notice = &letter->notice;
    const char *id = ident_make(letter->arena, notice->site, "%s", notice->to_staff);
    const struct digest *stored = turn_get(letter->turn, ENTITY_DIGEST, id);
    struct digest digest = stored ? *stored : (struct digest){.id = id, .site = notice->site, .staff = notice->to_staff};
    if (!stored)
        digest.due_at = digest_at(letter, rules);
    size_t count = digest.items.count < DIGEST_ITEMS_MAX ? digest.items.count : DIGEST_ITEMS_MAX - 1;
    struct digest_item *items = arena_alloc(letter->arena, (count + 1) * sizeof *items);
    if (count)
        memcpy(items, digest.items.at, count * sizeof *items);
    items[count] = (struct digest_item){.template = notice->template, .about = notice->about, .at = letter->now};
    digest.items = (struct digest_item_list){items, count + 1};
    digest.count++;
    turn_put(letter->turn, ENTITY_DIGEST, id, &digest, digest.due_at, NULL);
}

bool digest_takes(struct letter *letter)
{
    const struct notice *notice = &letter->notice;
    const struct staff_rules *rules = letter->site ? site_staff_rules(letter->site) : NULL;
    if (!rules || !rules->digest_count || !*notice->to_staff || notice->priority == PRIORITY_URGENT || notice->attempt ||
        !strcmp(notice->template, rules->digest_template))
        return false;
    const struct person *person = letter->site->staff ? staff_person(letter->site->staff, notice->to_staff) : NULL;
    if (!person || !texts_hold_role(&rules->digest_roles, person))
        return false;
    digest_add(letter, rules);
    letter_skip(letter, "digest");
    return true;
}

/* -------- sending it */

static const char *lines_of(struct turn *turn, const struct site *site, const struct digest *digest)
{
    struct arena *arena = turn_arena(turn);
    const struct person *person = site->staff ? staff_person(site->staff, digest->staff) : NULL;
    const char *language = person && person->language && *person->language ? person->language : "zh-CN";
    const char *lines = "";
    for (size_t i = 0; i < digest->items.count; i++) {
        const struct digest_item *item = &digest->items.at[i];
        struct local_time t = calendar_local(site->calendar, item->at);
        lines = arena_printf(arena, "%s- %02d:%02d %s %s\n", lines, t.hour, t.minute,
                             site_word(site, NULL, language, item->template, arena), ident_local(item->about));
        if (strlen(lines) > VARIABLES_BYTES_MAX / 2)
            break;
    }
    return lines;
}

static struct slice variables_of(struct turn *turn, const struct site *site, const struct digest *digest)
{
    struct buffer packed = {0};
    pack_map(&packed, 2);
    pack_text(&packed, "count");
    pack_text(&packed, arena_printf(turn_arena(turn), "%lld", (long long)digest->count));
    pack_text(&packed, "lines");
    pack_text(&packed, lines_of(turn, site, digest));
    struct slice copy = {arena_copy(turn_arena(turn), packed.at, packed.bytes), packed.bytes};
    buffer_free(&packed);
    return copy;
}

void on_digest_timer(struct turn *turn, const char *id)
{
    const struct digest *digest = turn_get(turn, ENTITY_DIGEST, id);
    const struct site *site = digest ? turn_site(turn, digest->site) : NULL;
    const struct staff_rules *rules = site ? site_staff_rules(site) : NULL;
    turn_delete(turn, ENTITY_DIGEST, id);
    if (!rules || !rules->digest_count)
        return;
    struct notice_wanted wanted = {
        .notice = ident_make(turn_arena(turn), digest->site, "digest.%s.%lld", digest->staff,
                             (long long)(turn_now(turn) / SECOND_MS)),
        .template = rules->digest_template, .to_staff = digest->staff, .purpose = "staff", .priority = PRIORITY_NORMAL,
        .due_at = turn_now(turn), .variables = variables_of(turn, site, digest),
    };
    struct event like = event_of(EVENT_NOTICE_WANTED);
    like.subject = wanted.notice;
    turn_emit(turn, EVENT_NOTICE_WANTED, &wanted, &like);
}
