#include <string.h>

#include "buffer.h"
#include "entity.h"
#include "ident.h"
#include "scheduler.h"

/* Two records of one person become one. The one that stays takes what the other knows, and the stricter of what both allow;
 * the other is kept as it is, goes on noting what is told under its id, and remembers how the one that stays was before.
 * So everything can be taken apart again. */

enum { MERGED_MAX = 16, SURVIVOR_BYTES_MAX = 16384 };

/* -------- what both know, and what both allow */

static const char *first_given(const char *a, const char *b)
{
    return a && *a ? a : b;
}

static struct texts texts_both(struct arena *arena, const struct texts *a, const struct texts *b, size_t max)
{
    struct texts both = {arena_alloc(arena, (a->count + b->count + 1) * sizeof *both.at), 0};
    for (size_t i = 0; i < a->count + b->count && both.count < max; i++) {
        const char *text = i < a->count ? a->at[i] : b->at[i - a->count];
        bool known = false;
        for (size_t j = 0; j < both.count && !known; j++)
            known = !strcmp(both.at[j], text);
        if (!known)
            both.at[both.count++] = text;
    }
    return both;
}

static int64_t stricter_cap(int64_t a, int64_t b)
{
    return !a || (b && b < a) ? b : a;
}

/* Minutes of a day, round the clock. */
struct quiet { int64_t from, minutes; };

static struct quiet quiet_of(int64_t from, int64_t to)
{
    enum { DAY_MIN = 24 * 60 };
    return (struct quiet){from, (to - from + DAY_MIN) % DAY_MIN};
}

static bool quiet_covers(struct quiet whole, struct quiet part)
{
    return quiet_of(whole.from, part.from).minutes + part.minutes <= whole.minutes;
}

/* The shortest quiet time that has both in it. */
static void stricter_quiet(const struct customer *a, const struct customer *b, struct customer *to)
{
    const struct { int64_t from, to; } ways[] = {
        {a->quiet_from_min, a->quiet_to_min}, {b->quiet_from_min, b->quiet_to_min}, {a->quiet_from_min, b->quiet_to_min},
        {b->quiet_from_min, a->quiet_to_min},
    };
    struct quiet of_a = quiet_of(ways[0].from, ways[0].to), of_b = quiet_of(ways[1].from, ways[1].to), best = {0, 0};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        struct quiet way = quiet_of(ways[i].from, ways[i].to);
        bool holds = (!of_a.minutes || quiet_covers(way, of_a)) && (!of_b.minutes || quiet_covers(way, of_b));
        if (!way.minutes || !holds || (best.minutes && best.minutes <= way.minutes))
            continue;
        best = way;
        to->quiet_from_min = ways[i].from;
        to->quiet_to_min = ways[i].to;
    }
}

static struct past_contact_list history_both(struct arena *arena, const struct customer *a, const struct customer *b)
{
    size_t count = 0, total = a->history.count + b->history.count, i = 0, j = 0;
    struct past_contact *all = arena_alloc(arena, (total + 1) * sizeof *all);
    while (count < total) {
        bool first = j == b->history.count || (i < a->history.count && a->history.at[i].at <= b->history.at[j].at);
        all[count++] = first ? a->history.at[i++] : b->history.at[j++];
    }
    size_t over = count > CUSTOMER_HISTORY_MAX ? count - CUSTOMER_HISTORY_MAX : 0;
    return (struct past_contact_list){all + over, count - over};
}

static int better_class(int a, int b)
{
    static const int ranks[customer_class_count] = {[CLASS_POTENTIAL] = 1, [CLASS_REGULAR] = 2, [CLASS_KEY] = 3};
    return ranks[b] > ranks[a] ? b : a;
}

/* The one that stays, but for its sealed fields. */
static struct customer both_of(struct arena *arena, const struct customer *stays, const struct customer *other)
{
    struct customer both = *stays;
    both.kind = stays->kind ? stays->kind : other->kind;
    both.class = better_class(stays->class, other->class);
    both.class_by_hand = stays->class_by_hand || other->class_by_hand;
    both.language = first_given(stays->language, other->language);
    both.owner = first_given(stays->owner, other->owner);
    both.preference = first_given(stays->preference, other->preference);
    both.attachments = texts_both(arena, &stays->attachments, &other->attachments, 16);
    if (!stays->channels.count)
        both.channels = other->channels;
    stricter_quiet(stays, other, &both);
    both.do_not_call |= other->do_not_call;
    both.do_not_message |= other->do_not_message;
    both.message_first |= other->message_first;
    both.cap_per_day = stricter_cap(stays->cap_per_day, other->cap_per_day);
    both.cap_per_week = stricter_cap(stays->cap_per_week, other->cap_per_week);
    both.spending_cents += other->spending_cents;
    both.visits += other->visits;
    if (other->first_recorded_at && other->first_recorded_at < both.first_recorded_at)
        both.first_recorded_at = other->first_recorded_at;
    if (other->last_seen_at > both.last_seen_at)
        both.last_seen_at = other->last_seen_at;
    both.history = history_both(arena, stays, other);
    both.alike = "";
    return both;
}

/* -------- what tells who it is */

static struct customer_recorded person_of(struct turn *turn, const struct customer *customer)
{
    const void *opened = turn_open(turn, ident_local(customer->id), customer->sealed, &customer_recorded_record);
    return opened ? *(const struct customer_recorded *)opened
                  : *(struct customer_recorded *)record_new(&customer_recorded_record, turn_arena(turn));
}

static struct customer_recorded person_both(const struct customer_recorded *stays, const struct customer_recorded *other)
{
    struct customer_recorded both = *stays;
    both.name = first_given(stays->name, other->name);
    both.mobile = first_given(stays->mobile, other->mobile);
    both.email = first_given(stays->email, other->email);
    both.address = first_given(stays->address, other->address);
    both.webhook = first_given(stays->webhook, other->webhook);
    both.wechat = first_given(stays->wechat, other->wechat);
    both.weibo = first_given(stays->weibo, other->weibo);
    both.summary = first_given(stays->summary, other->summary);
    both.plate = first_given(stays->plate, other->plate);
    if (!stays->attributes.bytes)
        both.attributes = other->attributes;
    return both;
}

static bool given(const char *text)
{
    return text && *text;
}

static void person_keep(struct turn *turn, struct customer *to, const struct customer_recorded *person)
{
    to->sealed = turn_seal(turn, ident_local(to->id), EVENT_CUSTOMER_RECORDED, person);
    to->has_mobile = given(person->mobile);
    to->has_email = given(person->email);
    to->has_webhook = given(person->webhook);
    to->has_wechat = given(person->wechat);
    to->has_weibo = given(person->weibo);
}

/* -------- merging */

struct pair { const struct customer *stays, *other; };

static const struct customer *customer_told(struct turn *turn, const char *site, const char *customer)
{
    return *customer ? turn_get(turn, ENTITY_CUSTOMER, ident_of_site(turn_arena(turn), site, customer)) : NULL;
}

static bool pair_take(struct turn *turn, const struct event *event, const struct customer_merge *said, struct pair *ret)
{
    ret->stays = customer_told(turn, event->site, event->customer);
    ret->other = customer_told(turn, event->site, said->other);
    if (!ret->stays || !ret->other) {
        turn_refuse(turn, "not_found", ret->stays ? "other: there is none with this id" : "customer: there is none with this id");
        return false;
    }
    if (ret->stays != ret->other && strcmp(ret->stays->id, ret->other->id))
        return true;
    turn_refuse(turn, "bad_value", "other: must be another one");
    return false;
}

static void say(struct turn *turn, enum event_number number, const struct pair *pair, const char *reason)
{
    struct customer_merge said = {.other = ident_local(pair->other->id), .reason = reason};
    struct event like = event_of(number);
    like.customer = ident_local(pair->stays->id);
    like.subject = pair->stays->id;
    turn_emit(turn, number, &said, &like);
}

static const char *merge_fault(struct turn *turn, const struct pair *pair)
{
    struct arena *arena = turn_arena(turn);
    if (*pair->other->merged_into)
        return arena_printf(arena, "other: it is merged into %s already", pair->other->merged_into);
    if (*pair->stays->merged_into)
        return arena_printf(arena, "customer: it is merged into %s itself", pair->stays->merged_into);
    return pair->stays->merged.count >= MERGED_MAX ? "customer: too many are merged into it" : NULL;
}

static struct slice survivor_packed(struct turn *turn, const struct customer *stays)
{
    struct buffer packed = {0};
    entity_pack(ENTITY_CUSTOMER, stays->id, stays, &packed);
    struct slice copy = {arena_copy(turn_arena(turn), packed.at, packed.bytes), packed.bytes};
    buffer_free(&packed);
    return copy;
}

void on_customer_merge(struct turn *turn, const struct event *event, const void *data)
{
    const struct customer_merge *said = data;
    struct pair pair;
    if (!pair_take(turn, event, said, &pair))
        return;
    struct slice before = survivor_packed(turn, pair.stays);
    const char *fault = before.bytes > SURVIVOR_BYTES_MAX ? "customer: its record is too large" : merge_fault(turn, &pair);
    if (fault) {
        turn_refuse(turn, "wrong_state", fault);
        return;
    }
    struct customer stays = both_of(turn_arena(turn), pair.stays, pair.other), other = *pair.other;
    struct customer_recorded one = person_of(turn, pair.stays), two = person_of(turn, pair.other);
    struct customer_recorded both = person_both(&one, &two);
    const struct texts added = {(const char *[]){ident_local(other.id)}, 1};
    person_keep(turn, &stays, &both);
    stays.merged = texts_both(turn_arena(turn), &stays.merged, &added, MERGED_MAX);
    other.merged_into = ident_local(stays.id);
    other.merged_at = turn_now(turn);
    other.survivor = before;
    customer_store(turn, pair.stays, &stays);
    turn_put(turn, ENTITY_CUSTOMER, other.id, &other, 0, "");       /* on no list of customers any more */
    points_move(turn, event->site, ident_local(other.id), ident_local(stays.id), INT64_MAX, "merged");
    say(turn, EVENT_CUSTOMER_MERGED, &pair, said->reason);
}

/* -------- taking it apart */

static struct texts texts_without(struct arena *arena, const struct texts *from, const char *gone)
{
    struct texts rest = {arena_alloc(arena, (from->count + 1) * sizeof *rest.at), 0};
    for (size_t i = 0; i < from->count; i++)
        if (strcmp(from->at[i], gone))
            rest.at[rest.count++] = from->at[i];
    return rest;
}

static bool history_has(const struct past_contact_list *history, const struct past_contact *past)
{
    for (size_t i = 0; i < history->count; i++)
        if (!strcmp(history->at[i].what, past->what) && !strcmp(history->at[i].about, past->about))
            return true;
    return false;
}

/* What was told of the one that stays alone, before and since; and when it was last seen. */
static void history_apart(struct arena *arena, const struct customer *before, const struct customer *other, struct customer *to)
{
    struct past_contact *at = arena_alloc(arena, (to->history.count + before->history.count + 1) * sizeof *at);
    size_t count = 0;
    to->last_seen_at = before->last_seen_at;
    for (size_t i = 0; i < before->history.count; i++)
        if (!history_has(&to->history, &before->history.at[i]))
            at[count++] = before->history.at[i];            /* it had to make room for the other's */
    for (size_t i = 0; i < to->history.count; i++) {
        const struct past_contact *past = &to->history.at[i];
        if (history_has(&other->history, past) && !history_has(&before->history, past))
            continue;
        at[count++] = *past;
        bool visit = !strcmp(past->what, "visit.finished") || !strcmp(past->what, "car.delivered");
        if (visit && past->at > to->last_seen_at)
            to->last_seen_at = past->at;
    }
    size_t over = count > CUSTOMER_HISTORY_MAX ? count - CUSTOMER_HISTORY_MAX : 0;
    to->history = (struct past_contact_list){at + over, count - over};
}

/* A field goes back to what it was, unless it was told anew since. */
#define BACK(field) do { if (now.field == merged.field) now.field = before->field; } while (0)
#define BACK_TEXT(field) do { if (!strcmp(now.field, merged.field)) now.field = before->field; } while (0)

static struct customer apart(struct arena *arena, const struct customer *stays, const struct customer *before,
                             const struct customer *other)
{
    struct customer now = *stays, merged = both_of(arena, before, other);
    BACK(kind); BACK(class); BACK(class_by_hand); BACK(do_not_call); BACK(do_not_message); BACK(message_first);
    BACK(cap_per_day); BACK(cap_per_week); BACK(quiet_from_min); BACK(quiet_to_min);
    BACK_TEXT(language); BACK_TEXT(owner); BACK_TEXT(preference);
    if (!before->channels.count)
        now.channels = before->channels;
    now.attachments = before->attachments;
    now.first_recorded_at = before->first_recorded_at;
    now.spending_cents -= other->spending_cents;
    now.visits -= other->visits;
    history_apart(arena, before, other, &now);
    now.merged = texts_without(arena, &stays->merged, ident_local(other->id));
    return now;
}

static struct customer_recorded person_apart(struct turn *turn, const struct pair *pair, const struct customer *before)
{
    struct customer_recorded now = person_of(turn, pair->stays), old = person_of(turn, before),
                             other = person_of(turn, pair->other), merged = person_both(&old, &other);
    const struct customer_recorded *const was = &old;
#define BACK_PERSON(field) do { if (!strcmp(now.field, merged.field)) now.field = was->field; } while (0)
    BACK_PERSON(name); BACK_PERSON(mobile); BACK_PERSON(email); BACK_PERSON(address); BACK_PERSON(webhook);
    BACK_PERSON(wechat); BACK_PERSON(weibo);
    BACK_PERSON(summary); BACK_PERSON(plate);
    if (!was->attributes.bytes)
        now.attributes = was->attributes;
    return now;
}

static const struct customer *survivor_before(struct turn *turn, const struct customer *other)
{
    const char *id = ident_make(turn_arena(turn), other->site, "%s", other->merged_into);
    return entity_read(ENTITY_CUSTOMER, id, other->survivor, turn_arena(turn));
}

void on_customer_unmerge(struct turn *turn, const struct event *event, const void *data)
{
    const struct customer_merge *said = data;
    struct pair pair;
    if (!pair_take(turn, event, said, &pair))
        return;
    bool merged = !strcmp(pair.other->merged_into, ident_local(pair.stays->id)), later = *pair.stays->merged_into;
    const struct customer *before = merged && !later ? survivor_before(turn, pair.other) : NULL;
    if (!before) {
        turn_refuse(turn, "wrong_state", later ? "customer: it was merged itself since; that is to be taken apart first"
                                               : "other: it is not merged into this one");
        return;
    }
    struct customer stays = apart(turn_arena(turn), pair.stays, before, pair.other), other = *pair.other;
    struct customer_recorded person = person_apart(turn, &pair, before);
    person_keep(turn, &stays, &person);
    other.merged_into = "";
    other.merged_at = 0;
    other.survivor = (struct slice){0};
    customer_store(turn, pair.stays, &stays);
    customer_store(turn, pair.other, &other);
    points_move(turn, event->site, ident_local(stays.id), ident_local(other.id), pair.other->points, "not merged any more");
    say(turn, EVENT_CUSTOMER_UNMERGED, &pair, said->reason);
}
