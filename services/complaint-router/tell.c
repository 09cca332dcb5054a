#include "docket.h"
#include "fnv.h"

#include <string.h>

#include "ident.h"

/* One variable of a template. */
struct told { const char *name, *value; };

static const char *person_name(const struct docket *docket, const char *id)
{
    const struct staff *staff = docket->site ? docket->site->staff : NULL;
    const struct person *person = staff && *id ? staff_person(staff, id) : NULL;
    return person && person->name && *person->name ? person->name : id;
}

static struct slice told_pack(struct arena *arena, const struct told *told, size_t count)
{
    struct buffer packed = {0};
    size_t pairs = 0;
    for (size_t i = 0; i < count; i++)
        pairs += *told[i].value != '\0';
    pack_map(&packed, pairs);
    for (size_t i = 0; i < count; i++) {
        if (!*told[i].value)
            continue;
        pack_text(&packed, told[i].name);
        pack_text(&packed, told[i].value);
    }
    struct slice copy = {arena_copy(arena, packed.at, packed.bytes), packed.bytes};
    buffer_free(&packed);
    return copy;
}

/* What texts can show about the case. */
static struct slice variables_of(const struct docket *docket, const struct case_clock *clock)
{
    const struct complaint_case *file = &docket->file;
    const struct told told[] = {
        {"case", ident_local(file->id)},
        {"category", file->category},
        {"voice", words_name(&voice_words, file->voice)},
        {"product", file->product},
        {"grade", words_name(&grade_words, file->grade)},
        {"state", words_name(&case_state_words, file->state)},
        {"channel", words_name(&complaint_channel_words, file->channel)},
        {"department", file->department},
        {"role", file->role},
        {"assignee", person_name(docket, file->assignee)},
        {"opened", docket_time(docket, file->opened_at)},
        {"clock", clock ? clock->name : ""},
        {"due", clock && clock->due_at ? docket_time(docket, clock->due_at) : ""},
        {"compensation", file->compensation},
        {"linked_to", ident_local(file->linked_to)},
        {"reason", docket->reason},
    };
    return told_pack(docket->arena, told, sizeof told / sizeof told[0]);
}

static bool is_urgent(const char *what)
{
    return !strcmp(what, "case.warned") || !strcmp(what, "case.breached") || !strcmp(what, "case.escalated") ||
           !strcmp(what, "case.promise_due");
}

/* The same each time the log is worked, another for each thing told. */
static const char *notice_id(struct docket *docket, const char *what)
{
    const struct event *event = turn_event(docket->turn);
    uint64_t hash = fnv_text(FNV_START, event->source);
    hash = fnv_text(fnv_bytes(hash, "", 1), event->id);         /* a NUL between them */
    return ident_make(docket->arena, docket->file.site, "%s.%s.%012llx.%d", ident_local(docket->file.id),
                      what + strlen("case."), (unsigned long long)(hash >> 16), docket->notices++);
}

static void address(struct docket *docket, const char *to, struct notice_wanted *wanted)
{
    const struct complaint_case *file = &docket->file;
    bool holder = !strcmp(to, "holder");
    if (holder && *file->assignee)
        wanted->to_staff = file->assignee;
    else
        wanted->to_role = holder ? file->role : to;
    wanted->purpose = "staff";
}

static void tell_one(struct docket *docket, const char *what, const char *to, const char *template,
                     const struct case_clock *clock)
{
    bool customer = !strcmp(to, "customer");
    struct notice_wanted wanted = {
        .notice = notice_id(docket, what), .template = template, .purpose = "complaint", .about = docket->file.id,
        .priority = is_urgent(what) ? PRIORITY_URGENT : PRIORITY_NORMAL, .variables = variables_of(docket, clock),
        .templates = docket->templates,
    };
    struct event like = event_of(EVENT_NOTICE_WANTED);
    like.subject = wanted.notice;
    like.case_id = docket->file.id;
    like.customer = docket->file.customer;
    if (!customer)
        address(docket, to, &wanted);
    if (!strcmp(what, "case.warned") && clock)
        wanted.valid_until = clock->due_at;
    turn_emit(docket->turn, EVENT_NOTICE_WANTED, &wanted, &like);
}

void tell_all(struct docket *docket, const char *what, const struct case_clock *clock)
{
    const struct complaint_rules *rules = docket->rules;
    for (size_t i = 0; i < rules->tell_count; i++) {
        bool customer = !strcmp(rules->tell[i].to, "customer");
        if (strcmp(rules->tell[i].event, what) || (customer && !*docket->file.customer))
            continue;
        if (!strcmp(rules->tell[i].to, "holder") && !*docket->file.assignee && !*docket->file.role)
            continue;
        tell_one(docket, what, rules->tell[i].to, rules->tell[i].template, clock);
    }
}
