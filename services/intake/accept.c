#include "accept.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "credential.h"
#include "customer_data.h"
#include "digest.h"
#include "json.h"
#include "partition.h"
#include "random.h"
#include "settings_room.h"
#include "site.h"
#include "whom.h"
#include "yaml.h"

enum { CUSTOMER_BYTES_MAX = 64, SITE_BYTES_MAX = 64 };
static const int64_t ahead_ms_max = 366 * DAY_MS;

/* What clients may say of an event. */
enum attribute {
    ID, SOURCE, TYPE, SITE, SUBJECT, CUSTOMER, CASE, TIME, OCCURRED_AT, DATA, SPECVERSION, DATACONTENTTYPE, DATASCHEMA,
    ATTRIBUTE_COUNT
};

static const char *const attribute_names[ATTRIBUTE_COUNT + 1] = {
    "id", "source", "type", "site", "subject", "customer", "case", "time", "occurred_at", "data", "specversion",
    "datacontenttype", "dataschema", NULL};

/* One acceptance on its way through the steps below. */
struct acceptance {
    const struct acceptor *acceptor;
    const struct credential *credential;
    int class;
    const struct value *sent;           /* as it came */
    const struct value *attributes[ATTRIBUTE_COUNT];        /* NULL: not told */
    struct value flat;                  /* the data with the customer laid flat */
    struct arena *arena;
    struct refusal *refusal;
    struct event event;
    const void *data;
    struct slice personal;
};

static bool refuse(struct acceptance *a, int status, const char *field, const char *hint, const char *error)
{
    *a->refusal = (struct refusal){.status = status, .error = arena_string(a->arena, error),
                                   .field = arena_string(a->arena, field), .hint = arena_string(a->arena, hint)};
    return false;
}

/* -------- the envelope */

static const char *text_of(const struct acceptance *a, struct slice text)
{
    return text.bytes ? arena_text(a->arena, text.at, text.bytes) : "";
}

static bool refuse_attribute(struct acceptance *a, struct slice told)
{
    const char *name = text_of(a, told);
    if (!strcmp(name, "actor") || !strcmp(name, "role"))
        return refuse(a, 400, name, "who acts comes from the key, or without keys from the headers X-Actor and X-Role",
                      "is not for the body to say");
    const char *near = nearest_name(name, attribute_names);
    return refuse(a, 400, name, near ? arena_printf(a->arena, "did you mean %s?", near) : "",
                  "is no attribute of an event");
}

static bool take_names(struct acceptance *a)
{
    if (a->sent->kind != VALUE_OBJECT)
        return refuse(a, 400, "", "", "an event is a JSON object");
    for (size_t i = 0; i < a->sent->count; i++) {
        const struct value *member = &a->sent->at[i];
        size_t attribute = 0;
        while (attribute < ATTRIBUTE_COUNT && !slice_is(member->name, attribute_names[attribute]))
            attribute++;
        if (attribute == ATTRIBUTE_COUNT)
            return refuse_attribute(a, member->name);
        a->attributes[attribute] = member;
    }
    return true;
}

static bool text_is_clean(struct slice text)
{
    for (size_t i = 0; i < text.bytes; i++)
        if (text.at[i] < 0x20 || text.at[i] == 0x7f)
            return false;
    return true;
}

static bool take_text(struct acceptance *a, enum attribute attribute, size_t bytes_max, const char **ret)
{
    const struct value *value = a->attributes[attribute];
    const char *name = attribute_names[attribute];
    *ret = "";
    if (!value || value->kind == VALUE_NULL)
        return true;
    if (value->kind != VALUE_TEXT)
        return refuse(a, 400, name, "", "must be a text");
    if (value->text.bytes > bytes_max)
        return refuse(a, 400, name, "",
                      arena_printf(a->arena, "is too long: %zu bytes, at most %zu", value->text.bytes, bytes_max));
    if (!text_is_clean(value->text))
        return refuse(a, 400, name, "", "must not hold control characters");
    *ret = text_of(a, value->text);
    return true;
}

static bool take_texts(struct acceptance *a)
{
    const struct { enum attribute attribute; size_t bytes_max; const char **to; } texts[] = {
        {ID, NAME_BYTES_MAX, &a->event.id}, {SOURCE, NAME_BYTES_MAX, &a->event.source},
        {TYPE, NAME_BYTES_MAX, &a->event.type}, {SITE, SITE_BYTES_MAX, &a->event.site},
        {SUBJECT, NAME_BYTES_MAX, &a->event.subject}, {CUSTOMER, CUSTOMER_BYTES_MAX, &a->event.customer},
        {CASE, NAME_BYTES_MAX, &a->event.case_id},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!take_text(a, texts[i].attribute, texts[i].bytes_max, texts[i].to))
            return false;
    const char *version = "";
    if (!take_text(a, SPECVERSION, 16, &version))
        return false;
    if (*version && strcmp(version, "1.0"))
        return refuse(a, 400, "specversion", "write 1.0 or leave it out", "is not known");
    return true;
}

static const char *nearest_type(const char *type)
{
    const char *names[EVENT_COUNT] = {NULL};
    for (int i = EVENT_UNKNOWN + 1, count = 0; i < EVENT_COUNT; i++)
        if (event_types[i].class == FACT || event_types[i].class == ACT)
            names[count++] = event_types[i].name;
    return nearest_name(type, names);
}

/* Types are told by number once known; what only a stage may say is not for clients. */
static bool check_type(struct acceptance *a)
{
    if (!*a->event.type)
        return refuse(a, 400, "type", "proto/EVENTS.md lists the types", "is missing");
    enum event_number number = event_number(a->event.type);
    if (number == EVENT_UNKNOWN) {
        const char *near = nearest_type(a->event.type);
        return refuse(a, 400, "type",
                      near ? arena_printf(a->arena, "did you mean %s?", near) : "proto/EVENTS.md lists the types",
                      "is not known");
    }
    int class = event_types[number].class;
    if (class != FACT && class != ACT)
        return refuse(a, 400, "type", "", "is said by the system itself only");
    if (a->class != ANY_STAGE && class != a->class)
        return refuse(a, 400, "type", class == ACT ? "acts are posted to /v1/acts" : "facts are posted to /v1/events",
                      class == ACT ? "is an act" : "is a fact");
    a->event.number = number;
    a->event.dataschema = "1";
    return true;
}

static bool lay_customer_flat(struct acceptance *a)
{
    struct fault fault = {0};
    if (!a->attributes[DATA])
        return true;
    if (!customer_lay_flat(a->attributes[DATA], event_types[a->event.number].data, a->arena, &a->flat,
                           &a->attributes[CUSTOMER], &fault))
        return refuse(a, 400, fault.field, "", fault.what);
    a->attributes[DATA] = &a->flat;
    return take_text(a, CUSTOMER, CUSTOMER_BYTES_MAX, &a->event.customer);
}

/* An act may come without name: whoever repeats it does it again, and is refused if it is done. */
static bool check_identity(struct acceptance *a)
{
    if (event_types[a->event.number].class == ACT && !*a->event.id && !*a->event.source) {
        char *digits = arena_alloc(a->arena, 33);
        random_hex(digits, 32);
        a->event.id = digits;
        a->event.source = "intake";
    }
    if (!*a->event.id || !*a->event.source)
        return refuse(a, 400, *a->event.id ? "source" : "id", "the pair (source, id) lets you send again without harm",
                      "is missing");
    if (!*a->event.site)
        return refuse(a, 400, "site", "the shop that it happened in", "is missing");
    if (!name_is_plain(a->event.site))
        return refuse(a, 400, "site", "letters, digits, . _ -", "is no name");
    if (*a->event.customer && !name_is_plain(a->event.customer))
        return refuse(a, 400, "customer", "an id of letters, digits, . _ -; never a name or number", "is no id");
    if (!credential_may_post(a->credential, a->event.site, a->event.type))
        return refuse(a, 403, "type", "ask whoever keeps the keys", "this key may not post that for this site");
    return true;
}

static bool take_times(struct acceptance *a)
{
    enum attribute attribute = a->attributes[OCCURRED_AT] ? OCCURRED_AT : TIME;
    const struct value *value = a->attributes[attribute];
    const char *name = attribute_names[attribute];
    wall_ms at = 0;
    if (value && value->kind == VALUE_INT)
        at = value->number;
    else if (value && value->kind != VALUE_NULL &&
             (value->kind != VALUE_TEXT || !moment_parse(text_of(a, value->text), &at)))
        return refuse(a, 400, name, "write 2026-03-06T16:00:00+08:00", "is no time");
    if (at < 0 || at > a->acceptor->now + ahead_ms_max)
        return refuse(a, 400, name, "", "lies more than a year ahead, or before 1970");
    a->event.occurred_at = at;
    a->event.time = a->event.received_at = a->acceptor->now;
    a->event.actor = arena_string(a->arena, a->credential->actor);
    a->event.role = arena_string(a->arena, a->credential->role);
    return true;
}

/* -------- the data */

static bool refuse_unknown(struct acceptance *a, const struct record *record, const char *path, const char *name)
{
    const char **names = arena_alloc(a->arena, (record->field_count + 1) * sizeof *names);
    for (size_t i = 0; i < record->field_count; i++)
        names[i] = record->fields[i].name;
    const char *near = nearest_name(name, names);
    return refuse(a, 400, arena_printf(a->arena, "%s.%.64s", path, name),
                  near ? arena_printf(a->arena, "did you mean %s?", near) : "", "is not known");
}

/* Refused rather than kept: what we don't know might be personal, and would stand in the open. */
static bool check_fields(struct acceptance *a, const struct record *record, const struct value *object, const char *path)
{
    for (size_t i = 0; i < object->count; i++) {
        const struct value *member = &object->at[i];
        const char *name = text_of(a, member->name);
        const struct field *field = record_field(record, name);
        if (!field)
            return refuse_unknown(a, record, path, name);
        size_t elements = field->kind == FIELD_RECORDS && member->kind == VALUE_LIST ? member->count : 0;
        for (size_t j = 0; j < elements; j++)
            if (member->at[j].kind == VALUE_OBJECT &&
                !check_fields(a, field->record, &member->at[j], arena_printf(a->arena, "%s.%.64s[%zu]", path, name, j)))
                return false;
    }
    return true;
}

/* What is unknown is told before what is wrong; looked for only once something is. */
static bool refuse_data(struct acceptance *a, const struct record *record, const struct value *data, struct fault *fault)
{
    return (!data || check_fields(a, record, data, "data")) &&
           refuse(a, 400, arena_printf(a->arena, "data%s%s", *fault->field ? "." : "", fault->field), "", fault->what);
}

static bool take_data(struct acceptance *a)
{
    const struct record *record = event_types[a->event.number].data;
    const struct value *data = a->attributes[DATA];
    struct fault fault = {0};
    if (data && data->kind != VALUE_OBJECT)
        return refuse(a, 400, "data", "", "must be an object");
    void *to = record_new(record, a->arena);
    if ((data && !record_from_value(record, data, a->arena, to, &fault)) || !record_complete(record, to, &fault))
        return refuse_data(a, record, data, &fault);
    a->data = to;
    return true;
}

static const char *roles_text(const struct texts *roles, struct arena *arena)
{
    const char *text = roles->count ? "" : "anybody else";
    for (size_t i = 0; i < roles->count; i++)
        text = arena_printf(arena, "%s%s%s", text, i ? ", " : "", roles->at[i]);
    return text;
}

/* Settings that every stage would leave out: better told to whoever brings them. */
static bool check_setting(struct acceptance *a)
{
    struct texts roles;
    if (a->event.number != EVENT_CONFIG_ACTIVATED)
        return true;
    switch (settings_judge(a->acceptor->store, a->acceptor->partitions, a->event.site, a->data, a->event.actor, a->arena, &roles)) {
    case SETTING_FULL:
        return refuse(a, 409, "data.name", "take one out of force first: config.activated without hash",
                      arena_printf(a->arena, "would be one too many: a site has %d settings in force at most, and %d that wait "
                                   "to be released", SITE_SETTINGS_MAX, SITE_PROPOSALS_MAX));
    case SETTING_NOT_PROPOSED:
        return refuse(a, 409, "data.name", "GET /v1/config?proposed=yes lists what is", "is not proposed, or not like this");
    case SETTING_OWN:
        return refuse(a, 403, "data.release", arena_printf(a->arena, "who may: %s", roles_text(&roles, a->arena)),
                      "is for somebody other than who proposed it");
    case SETTING_NOT_YOURS:
        return refuse(a, 403, "data.release", arena_printf(a->arena, "who may: %s", roles_text(&roles, a->arena)),
                      "is for somebody of another role");
    default:
        return true;
    }
}

static struct slice kept(struct arena *arena, const struct buffer *buffer)
{
    return (struct slice){arena_copy(arena, buffer->at, buffer->bytes), buffer->bytes};
}

static bool split_data(struct acceptance *a)
{
    const struct record *record = event_types[a->event.number].data;
    struct buffer *packed = &a->acceptor->scratch->packed;
    buffer_clear(packed);
    record_pack_only(record, a->data, PERSONAL, packed);
    bool has_personal = packed->bytes > 1;          /* more than an empty map */
    if (has_personal)
        a->personal = kept(a->arena, packed);
    sodium_memzero(packed->at, packed->bytes);
    a->event.customer = whom_of(a->acceptor, &a->event, a->data, has_personal, a->arena);
    buffer_clear(packed);
    record_pack(record, a->data, PERSONAL, packed);
    a->event.data = kept(a->arena, packed);
    return true;
}

/* -------- the fact */

/* Facts about an order, a visit or a complaint are known for ever; others for as long as the store keeps keys. */
static bool is_natural(enum event_number number)
{
    return number == EVENT_CAR_DELIVERED || number == EVENT_VISIT_FINISHED || number == EVENT_COMPLAINT_RECEIVED;
}

/* As large as it will be, or larger, if it fits all the same: most are small, and packed once only. Else with noise for
 * what is not sealed yet. */
static size_t packed_bytes(const struct acceptance *a)
{
    enum { ENVELOPE_BYTES_MAX = 8192 };         /* twenty-odd attributes of names at most */
    struct buffer *packed = &a->acceptor->scratch->packed;
    struct event event = a->event;
    size_t sealed = a->personal.bytes ? a->personal.bytes + SEAL_ADDS_BYTES : 0;
    if (event.data.bytes + sealed > EVENT_BYTES_MAX)        /* what does not fit, packing leaves out */
        return event.data.bytes + sealed;
    if (event.data.bytes + sealed + ENVELOPE_BYTES_MAX <= EVENT_BYTES_MAX)
        return event.data.bytes + sealed + ENVELOPE_BYTES_MAX;
    event.sealed = (struct slice){arena_alloc(a->arena, sealed + 1), sealed};
    buffer_clear(packed);
    event_pack(&event, packed);
    return packed->bytes;
}

static bool make_fact(struct acceptance *a, struct accepted *ret)
{
    if (packed_bytes(a) > EVENT_BYTES_MAX)
        return refuse(a, 413, "data", "",
                      arena_printf(a->arena, "the event is too large: at most %d bytes", EVENT_BYTES_MAX));
    *ret = (struct accepted){
        .partition = partition_of_site(a->event.site, a->acceptor->partitions),
        .type = event_types[a->event.number].name, .event = a->event, .personal = a->personal, .arena = a->arena,
        .key = *a->event.customer ? a->event.customer : arena_printf(a->arena, "site/%s", a->event.site),
        .fact = {
            .key = arena_printf(a->arena, "%s\n%s\n%s", a->event.source, a->event.id, a->event.site),
            .natural = is_natural(a->event.number), .digest = digest_of_value(a->sent, &a->acceptor->scratch->packed),
            .chain_id = a->acceptor->random(a->acceptor->random_context),
        },
    };
    return true;
}

bool accepted_seal(struct accepted *accepted, struct sealer *sealer, struct scratch *scratch)
{
    struct buffer *packed = &scratch->packed;
    struct slice personal = accepted->personal;
    buffer_clear(packed);
    bool done = !personal.bytes || seal_make(sealer, accepted->key, personal, packed);
    if (done) {
        accepted->event.sealed = kept(accepted->arena, packed);
        buffer_clear(packed);
        event_pack(&accepted->event, packed);
        accepted->fact.packed = kept(accepted->arena, packed);
    }
    sodium_memzero((void *)(uintptr_t)personal.at, personal.bytes);
    accepted->personal = (struct slice){0};
    return done;
}

struct arena *scratch_values(struct scratch *scratch)
{
    if (scratch->values)
        arena_reset(scratch->values);
    else
        scratch->values = arena_new();
    return scratch->values;
}

void scratch_free(struct scratch *scratch)
{
    arena_free(&scratch->values);
    buffer_free(&scratch->packed);
}

/* -------- from start to end */

static const char *id_to_tell(const struct acceptance *a)
{
    const struct value *id = value_member(a->sent, "id");
    return id && id->kind == VALUE_TEXT && id->text.bytes <= NAME_BYTES_MAX ? text_of(a, id->text) : "";
}

bool accept_event(const struct acceptor *acceptor, const struct credential *credential, int class,
                  const struct value *sent, struct arena *arena, struct accepted *ret, struct refusal *ret_refusal)
{
    bool (*const steps[])(struct acceptance *) = {
        take_names, take_texts, check_type, lay_customer_flat, check_identity,
        take_times, take_data,  check_setting, split_data,
    };
    bool good = true;
    struct acceptance a = {.acceptor = acceptor, .credential = credential, .class = class, .sent = sent, .arena = arena,
                           .refusal = ret_refusal, .event = event_of(EVENT_UNKNOWN)};
    for (size_t i = 0; i < sizeof steps / sizeof *steps && good; i++)
        good = steps[i](&a);
    good = good && make_fact(&a, ret);
    if (!good)
        *ret = (struct accepted){.event.id = id_to_tell(&a)};
    return good;
}
