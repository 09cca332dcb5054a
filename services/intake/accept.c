#include "accept.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "credential.h"
#include "cursor.h"
#include "customer_data.h"
#include "digest.h"
#include "entity.h"
#include "json.h"
#include "partition.h"
#include "random.h"
#include "settings_room.h"
#include "site.h"
#include "yaml.h"

enum { CUSTOMER_BYTES_MAX = 64, SITE_BYTES_MAX = 64 };
static const int64_t ahead_ms_max = 366 * DAY_MS;

/* One acceptance on its way through the steps below. */
struct acceptance {
    const struct acceptor *acceptor;
    const struct credential *credential;
    int class;
    const json_t *sent, *json;          /* as it came; and with the customer laid flat */
    json_t *flat;
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

static const char *const envelope_names[] = {"id",          "source",   "type",        "site",
                                             "subject",     "customer", "case",        "time",
                                             "occurred_at", "data",     "specversion", "datacontenttype",
                                             "dataschema",  NULL};

static bool name_known(const char *name, const char *const *names)
{
    for (; *names; names++)
        if (!strcmp(*names, name))
            return true;
    return false;
}

static bool check_names(struct acceptance *a)
{
    const char *name;
    json_t *value;
    if (!json_is_object(a->json))
        return refuse(a, 400, "", "", "an event is a JSON object");
    json_object_foreach((json_t *)(uintptr_t)a->json, name, value) {
        if (!strcmp(name, "actor") || !strcmp(name, "role"))
            return refuse(a, 400, name,
                          "who acts comes from the key, or without keys from the headers X-Actor and X-Role",
                          "is not for the body to say");
        if (name_known(name, envelope_names))
            continue;
        const char *near = nearest_name(name, envelope_names);
        return refuse(a, 400, name, near ? arena_printf(a->arena, "did you mean %s?", near) : "",
                      "is no attribute of an event");
    }
    return true;
}

static bool text_is_clean(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return false;
    return true;
}

static bool take_text(struct acceptance *a, const char *name, size_t bytes_max, const char **ret)
{
    const json_t *value = json_object_get(a->json, name);
    *ret = "";
    if (!value || json_is_null(value))
        return true;
    if (!json_is_string(value))
        return refuse(a, 400, name, "", "must be a text");
    if (json_string_length(value) > bytes_max)
        return refuse(a, 400, name, "",
                      arena_printf(a->arena, "is too long: %zu bytes, at most %zu", json_string_length(value),
                                   bytes_max));
    if (!text_is_clean(json_string_value(value)) || strlen(json_string_value(value)) != json_string_length(value))
        return refuse(a, 400, name, "", "must not hold control characters");
    *ret = arena_string(a->arena, json_string_value(value));
    return true;
}

static bool take_texts(struct acceptance *a)
{
    const struct { const char *name; size_t bytes_max; const char **to; } texts[] = {
        {"id", NAME_BYTES_MAX, &a->event.id}, {"source", NAME_BYTES_MAX, &a->event.source},
        {"type", NAME_BYTES_MAX, &a->event.type}, {"site", SITE_BYTES_MAX, &a->event.site},
        {"subject", NAME_BYTES_MAX, &a->event.subject}, {"customer", CUSTOMER_BYTES_MAX, &a->event.customer},
        {"case", NAME_BYTES_MAX, &a->event.case_id},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!take_text(a, texts[i].name, texts[i].bytes_max, texts[i].to))
            return false;
    const char *version = "";
    if (!take_text(a, "specversion", 16, &version))
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
    a->json = a->flat = customer_lay_flat(a->sent, event_types[a->event.number].data, &fault);
    if (*fault.what)
        return refuse(a, 400, fault.field, "", fault.what);
    return take_text(a, "customer", CUSTOMER_BYTES_MAX, &a->event.customer);
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
    const char *name = json_object_get(a->json, "occurred_at") ? "occurred_at" : "time";
    const json_t *value = json_object_get(a->json, name);
    wall_ms at = 0;
    if (json_is_integer(value))
        at = json_integer_value(value);
    else if (value && !json_is_null(value) && (!json_is_string(value) || !moment_parse(json_string_value(value), &at)))
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
static bool check_fields(struct acceptance *a, const struct record *record, const json_t *object, const char *path)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, name, value) {
        const struct field *field = record_field(record, name);
        if (!field)
            return refuse_unknown(a, record, path, name);
        for (size_t i = 0; field->kind == FIELD_RECORDS && i < json_array_size(value); i++)
            if (json_is_object(json_array_get(value, i)) &&
                !check_fields(a, field->record, json_array_get(value, i),
                              arena_printf(a->arena, "%s.%.64s[%zu]", path, name, i)))
                return false;
    }
    return true;
}

static bool take_data(struct acceptance *a)
{
    const struct record *record = event_types[a->event.number].data;
    const json_t *json = json_object_get(a->json, "data");
    struct fault fault = {0};
    if (json && !json_is_object(json))
        return refuse(a, 400, "data", "", "must be an object");
    if (json && !check_fields(a, record, json, "data"))
        return false;
    void *data = record_new(record, a->arena);
    if ((json && !record_from_json(record, json, a->arena, data, &fault)) || !record_complete(record, data, &fault))
        return refuse(a, 400, arena_printf(a->arena, "data%s%s", *fault.field ? "." : "", fault.field), "", fault.what);
    a->data = data;
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

static const char *data_text(const struct acceptance *a, const char *name)
{
    const struct field *field = record_field(event_types[a->event.number].data, name);
    if (!field || field->kind != FIELD_TEXT)
        return "";
    return *(const char *const *)((const char *)a->data + field->offset);
}

/* -------- the customer */

/* Whom an act on a task or a case is about, as the store knows. */
static const char *customer_of_entity(struct acceptance *a, enum entity_kind kind, const char *id)
{
    struct store *store = a->acceptor->store;
    struct stored_entity entity = {0};
    uint32_t partition = partition_of_site(a->event.site, a->acceptor->partitions);
    if (!store || !*id ||
        store_read_entities_one(store, partition, kind, &id, 1, a->arena, &entity) != STORE_OK || !entity.version)
        return "";
    const void *record = entity_read(kind, id, entity.packed, a->arena);
    const struct field *field = record_field(entity_types[kind].record, "customer");
    assert(field && field->kind == FIELD_TEXT);
    return record ? *(const char *const *)((const char *)record + field->offset) : "";
}

/* What a form says in a field of this name; "" if it is no form. */
static const char *field_text(const struct acceptance *a, const char *name)
{
    struct slice value, text;
    if (a->event.number != EVENT_FORM_FILL)
        return "";
    const struct form_fill *act = a->data;
    if (!act->fields.bytes || !cursor_find(act->fields, name, &value))
        return "";
    struct cursor cursor = cursor_over(value);
    return cursor_text(&cursor, &text) ? arena_text(a->arena, text.at, text.bytes) : "";
}

/* The contact point in the data, or in the fields of a form. */
static const char *contact_of(const struct acceptance *a)
{
    static const char *const names[] = {"mobile", "email", "webhook"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *told = *data_text(a, names[i]) ? data_text(a, names[i]) : field_text(a, names[i]);
        if (*told)
            return contact_normal(a->arena, told);
    }
    return "";
}

/* A form that is there already knows whom it is about; one about nobody is the site's own. */
static const char *customer_of_form(struct acceptance *a)
{
    return customer_of_entity(a, ENTITY_FORM, arena_printf(a->arena, "%s/%s.%s", a->event.site, data_text(a, "form"),
                                                           data_text(a, "number")));
}

/* Given, or by contact, or whom the task or case is about; else one of the event's own, so that what is personal in it
 * can be sealed and erased. */
static void settle_customer(struct acceptance *a, bool personal)
{
    const char *contact = contact_of(a);
    char *made = arena_alloc(a->arena, 24);
    if (!*a->event.customer && personal)
        a->event.customer = customer_of_entity(a, ENTITY_TASK, data_text(a, "task"));
    if (!*a->event.customer && personal)
        a->event.customer = customer_of_entity(a, ENTITY_CASE, data_text(a, "case_id"));
    if (!*a->event.customer && a->event.number == EVENT_FORM_FILL)
        a->event.customer = customer_of_form(a);
    if (*a->event.customer || (!*contact && (!personal || a->event.number == EVENT_FORM_FILL)))
        return;
    if (!*contact)
        contact = arena_printf(a->arena, "%s\n%s", a->event.source, a->event.id);
    seal_customer_id(a->acceptor->sealer, a->event.site, contact, made);
    a->event.customer = made;
}

static struct slice kept(struct arena *arena, struct buffer *buffer)
{
    struct slice slice = {arena_copy(arena, buffer->at, buffer->bytes), buffer->bytes};
    buffer_free(buffer);
    return slice;
}

static bool split_data(struct acceptance *a)
{
    const struct record *record = event_types[a->event.number].data;
    struct buffer open = {0}, personal = {0};
    record_pack_only(record, a->data, PERSONAL, &personal);
    bool has_personal = personal.bytes > 1;         /* more than an empty map */
    settle_customer(a, has_personal);
    record_pack(record, a->data, PERSONAL, &open);
    a->event.data = kept(a->arena, &open);
    if (has_personal)
        a->personal = (struct slice){arena_copy(a->arena, personal.at, personal.bytes), personal.bytes};
    sodium_memzero(personal.at, personal.bytes);
    buffer_free(&personal);
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
    struct buffer packed = {0};
    struct event event = a->event;
    size_t sealed = a->personal.bytes ? a->personal.bytes + SEAL_ADDS_BYTES : 0;
    if (event.data.bytes + sealed > EVENT_BYTES_MAX)        /* what does not fit, packing leaves out */
        return event.data.bytes + sealed;
    if (event.data.bytes + sealed + ENVELOPE_BYTES_MAX <= EVENT_BYTES_MAX)
        return event.data.bytes + sealed + ENVELOPE_BYTES_MAX;
    event.sealed = (struct slice){arena_alloc(a->arena, sealed + 1), sealed};
    event_pack(&event, &packed);
    size_t bytes = packed.bytes;
    buffer_free(&packed);
    return bytes;
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
            .natural = is_natural(a->event.number), .digest = digest_of_json(a->sent),
            .chain_id = a->acceptor->random(a->acceptor->random_context),
        },
    };
    return true;
}

bool accepted_seal(struct accepted *accepted, struct sealer *sealer)
{
    struct buffer packed = {0}, sealed = {0};
    struct slice personal = accepted->personal;
    bool done = !personal.bytes || seal_make(sealer, accepted->key, personal, &sealed);
    if (done) {
        accepted->event.sealed = kept(accepted->arena, &sealed);
        event_pack(&accepted->event, &packed);
        accepted->fact.packed = kept(accepted->arena, &packed);
    }
    sodium_memzero((void *)(uintptr_t)personal.at, personal.bytes);
    accepted->personal = (struct slice){0};
    return done;
}

bool accept_event(const struct acceptor *acceptor, const struct credential *credential, int class, const json_t *json,
                  struct arena *arena, struct accepted *ret, struct refusal *ret_refusal)
{
    bool (*const steps[])(struct acceptance *) = {
        check_names, take_texts, check_type, lay_customer_flat, check_identity,
        take_times,  take_data,  check_setting, split_data,
    };
    bool good = true;
    struct acceptance a = {.acceptor = acceptor, .credential = credential, .class = class, .sent = json, .json = json,
                           .arena = arena, .refusal = ret_refusal, .event = event_of(EVENT_UNKNOWN)};
    for (size_t i = 0; i < sizeof steps / sizeof *steps && good; i++)
        good = steps[i](&a);
    good = good && make_fact(&a, ret);
    json_decref(a.flat);
    return good;
}
