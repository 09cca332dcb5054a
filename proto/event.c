#include "event.h"

#include "field.h"
#include "head.h"

#include <string.h>

const char *const stage_names[STAGE_COUNT] = {"none", "scheduler", "follow-up", "complaint-router", "notifier"};

const struct event_type event_types[EVENT_COUNT] = {
    [EVENT_UNKNOWN] = {"unknown", NULL, ANY_STAGE, "a type that this build does not know"},
#define EVENT(constant, type, record, class, about) [constant] = {type, &record##_record, class, about},
#include "events.def"
#undef EVENT
};

/* site_config is kept once per stage: the stage tells the kinds apart. */
#define SITE_KIND_NAME(stage)                                                                     \
    __builtin_choose_expr((stage) == STAGE_SCHEDULER, "site_config.scheduler",                   \
    __builtin_choose_expr((stage) == STAGE_FOLLOW_UP, "site_config.follow-up",                   \
    __builtin_choose_expr((stage) == STAGE_COMPLAINT_ROUTER, "site_config.complaint-router",     \
                          "site_config.notifier")))
#define KIND_NAME(record, stage)                                                                  \
    __builtin_choose_expr(__builtin_types_compatible_p(struct record, struct site_config),       \
                          SITE_KIND_NAME(stage), #record)

const struct entity_type entity_types[ENTITY_COUNT] = {
#define ENTITY(constant, letter, record, stage, about) \
    [constant] = {KIND_NAME(record, stage), letter, &record##_record, stage, about},
#include "entities.def"
#undef ENTITY
};

enum entity_kind entity_kind_of_letter(char letter)
{
    for (int kind = 0; kind < ENTITY_COUNT; kind++)
        if (entity_types[kind].letter == letter)
            return (enum entity_kind)kind;
    return ENTITY_COUNT;
}

/* -------- number of a type: open addressing, filled before main */

enum { SLOTS = 1024 };

static uint16_t number_slots[SLOTS];

_Static_assert(EVENT_COUNT < SLOTS / 2, "the table of event types is too full: double SLOTS");

static unsigned type_slot(const char *type)
{
    uint32_t hash = 2166136261u;     /* FNV-1a */
    while (*type)
        hash = (hash ^ (unsigned char)*type++) * 16777619u;
    return (hash ^ hash >> 16) % SLOTS;
}

static void __attribute__((constructor)) fill_slots(void)
{
    for (int number = EVENT_UNKNOWN + 1; number < EVENT_COUNT; number++) {
        unsigned slot = type_slot(event_types[number].name);
        while (number_slots[slot])
            slot = (slot + 1) % SLOTS;
        number_slots[slot] = (uint16_t)number;
    }
}

enum event_number event_number(const char *type)
{
    for (unsigned slot = type_slot(type); number_slots[slot]; slot = (slot + 1) % SLOTS)
        if (!strcmp(event_types[number_slots[slot]].name, type))
            return (enum event_number)number_slots[slot];
    return EVENT_UNKNOWN;
}

/* -------- who may append what */

static const struct { enum event_number number; enum stage stage; } also_appended[] = {
#define EVENT(...)
#define ALSO(constant, stage, why) {constant, stage},
#include "events.def"
#undef EVENT
};

bool stage_may_append(enum stage stage, enum event_number number)
{
    int class = event_types[number].class;
    if (stage == STAGE_NONE)
        return class == FACT || class == ACT || number == EVENT_UNKNOWN;
    if (number == EVENT_UNKNOWN || number == EVENT_TIMER_FIRED)
        return false;
    for (size_t i = 0; i < sizeof also_appended / sizeof *also_appended; i++)
        if (also_appended[i].number == number && also_appended[i].stage == stage)
            return true;
    return class == ANY_STAGE || class == (int)stage;
}

/* A text of at most 255 bytes; *at moves behind it. */
static bool take_short_text(const uint8_t **at, const uint8_t *end, struct slice *ret)
{
    enum { FIXED = 0xa0, FIXED_MAX = 0xbf, STR_8 = 0xd9 };
    const uint8_t *from = *at;
    size_t left = (size_t)(end - from), head = 1, bytes;
    if (left && from[0] >= FIXED && from[0] <= FIXED_MAX)
        bytes = from[0] - FIXED;
    else if (left > 1 && from[0] == STR_8)
        bytes = from[head++];
    else
        return false;
    if (left - head < bytes)
        return false;
    *ret = (struct slice){from + head, bytes};
    *at = from + head + bytes;
    return true;
}

bool event_peek(struct slice packed, struct slice *ret_id, struct slice *ret_type)
{
    enum { MAP_FIXED = 0x80, MAP_FIXED_MAX = 0x8f, MAP_16 = 0xde, MAP_16_HEAD = 3 };
    struct slice source;
    const struct { const char *name; struct slice *value; } begins[] = {
        {"id", ret_id}, {"source", &source}, {"type", ret_type}};
    const uint8_t *at = packed.at, *end = slice_end(packed);
    if (packed.bytes && at[0] >= MAP_FIXED && at[0] <= MAP_FIXED_MAX)
        at++;
    else if (packed.bytes >= MAP_16_HEAD && at[0] == MAP_16)
        at += MAP_16_HEAD;
    else
        return false;
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++) {
        struct slice name;
        if (!take_short_text(&at, end, &name) || !slice_is(name, begins[i].name) ||
            !take_short_text(&at, end, begins[i].value))
            return false;
    }
    return true;
}

bool event_peek_type(struct slice packed, struct slice *ret_type)
{
    struct slice id;
    return event_peek(packed, &id, ret_type);
}

/* -------- the envelope is a record too */

#define ATTRIBUTE(wire, member, kind, flags, limit, about) \
    {wire, sizeof wire - 1, kind, offsetof(struct event, member), flags, limit, NULL, NULL, about}

static const struct field attributes[] = {
    ATTRIBUTE("id", id, FIELD_TEXT, REQUIRED, NAME_BYTES_MAX, "unique with source"),
    ATTRIBUTE("source", source, FIELD_TEXT, REQUIRED, NAME_BYTES_MAX, "who says so"),
    ATTRIBUTE("type", type, FIELD_TEXT, REQUIRED, NAME_BYTES_MAX, "what happened"),
    ATTRIBUTE("subject", subject, FIELD_TEXT, 0, NAME_BYTES_MAX, "what it is about"),
    ATTRIBUTE("dataschema", dataschema, FIELD_TEXT, 0, NAME_BYTES_MAX, "version of the data's description"),
    ATTRIBUTE("time", time, FIELD_TIME, 0, 0, "when it was appended, by the system's clock"),
    ATTRIBUTE("site", site, FIELD_TEXT, 0, NAME_BYTES_MAX, "the shop"),
    ATTRIBUTE("customer", customer, FIELD_TEXT, 0, NAME_BYTES_MAX, "the customer, by an id that tells nothing"),
    ATTRIBUTE("cause", cause, FIELD_TEXT, 0, NAME_BYTES_MAX, "id of the event that led to it"),
    ATTRIBUTE("cause_seq", cause_seq, FIELD_INT, 0, 0, "and its seq in the same partition"),
    ATTRIBUTE("case", case_id, FIELD_TEXT, 0, NAME_BYTES_MAX, "the complaint it belongs to"),
    ATTRIBUTE("actor", actor, FIELD_TEXT, 0, NAME_BYTES_MAX, "who acted, from the credential"),
    ATTRIBUTE("role", role, FIELD_TEXT, 0, NAME_BYTES_MAX, "in which role"),
    ATTRIBUTE("depth", depth, FIELD_INT, 0, 0, "facts that led to facts: 0 from outside"),
    ATTRIBUTE("occurred_at", occurred_at, FIELD_TIME, 0, 0, "when it happened in the world"),
    ATTRIBUTE("received_at", received_at, FIELD_TIME, 0, 0, "when intake took it"),
    ATTRIBUTE("data", data, FIELD_MAP, 0, EVENT_BYTES_MAX, "what happened, as its type describes it"),
    ATTRIBUTE("sealed", sealed, FIELD_BYTES, 0, EVENT_BYTES_MAX,
              "personal fields of data, sealed with the customer's key"),
};

const struct record event_record = {
    "event", "What happened, in its envelope", sizeof(struct event), offsetof(struct event, unknown),
    attributes, sizeof attributes / sizeof attributes[0]};

void event_pack(const struct event *event, struct buffer *to)
{
    record_pack(&event_record, event, 0, to);
}

bool event_unpack(struct slice packed, struct arena *arena, struct event *ret, struct fault *fault)
{
    if (packed.bytes > EVENT_BYTES_MAX)
        return fault_at(fault, "", "is too long: %zu bytes, %d at most", packed.bytes, EVENT_BYTES_MAX);
    struct event event = {0};
    if (!record_unpack(&event_record, packed, arena, &event, fault) || !record_complete(&event_record, &event, fault))
        return false;
    if (event.depth < 0 || event.cause_seq < 0)
        return fault_at(fault, event.depth < 0 ? "depth" : "cause_seq", "must not be negative");
    event.number = event_number(event.type);
    *ret = event;
    return true;
}

const void *event_data(const struct event *event, struct slice personal, struct arena *arena, struct fault *fault)
{
    const struct record *record = event_types[event->number].data;
    if (!record) {
        fault_at(fault, "type", "is not known to this build: %s", event->type);
        return NULL;
    }
    void *data = record_new(record, arena);
    if ((event->data.bytes && !record_unpack(record, event->data, arena, data, fault)) ||
        (personal.bytes && !record_unpack(record, personal, arena, data, fault)) ||
        !record_complete(record, data, fault))
        return NULL;
    return data;
}

struct event event_of(enum event_number number)
{
    struct event event = {.number = number};
    record_texts_set(&event_record, &event);
    event.type = event_types[number].name;
    event.dataschema = "1";
    return event;
}

/* -------- places */

static void put_big_endian(uint8_t *to, uint64_t value, size_t bytes)
{
    while (bytes--) {
        to[bytes] = (uint8_t)value;
        value >>= 8;
    }
}

void place_pack(const struct place *place, uint8_t to[PLACE_BYTES])
{
    put_big_endian(to, place->partition, 4);
    put_big_endian(to + 4, place->seq, 8);
    put_big_endian(to + 12, place->id, 8);
    put_big_endian(to + 20, place->prev, 8);
}

bool place_unpack(struct slice from, struct place *ret)
{
    if (from.bytes != PLACE_BYTES)
        return false;
    *ret = (struct place){(uint32_t)big_endian(from.at, 4), big_endian(from.at + 4, 8), big_endian(from.at + 12, 8),
                          big_endian(from.at + 20, 8)};
    return true;
}

/* -------- names */

/* Spaces, marks that are not seen, and marks that turn the direction of writing: a name must look like what it is. */
static bool is_hidden_character(const uint8_t *at, size_t bytes)
{
    static const struct { uint32_t from, to; } hidden[] = {
        {0x80, 0xa0}, {0xad, 0xad}, {0x2000, 0x200f}, {0x2028, 0x202f}, {0x205f, 0x206f}, {0x3000, 0x3000},
        {0xfeff, 0xfeff}, {0xfff9, 0xffff}};
    uint32_t character = at[0] & (0xffu >> (bytes + 1));
    for (size_t i = 1; i < bytes; i++)
        character = character << 6 | (at[i] & 0x3f);
    for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++)
        if (character >= hidden[i].from && character <= hidden[i].to)
            return true;
    return false;
}

static bool is_plain_ascii(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' ||
           c == '-';
}

bool name_is_plain(const char *name)
{
    size_t bytes = strnlen(name, NAME_BYTES_MAX + 1);
    const uint8_t *at = (const uint8_t *)name, *end = at + bytes;
    if (!bytes || bytes > NAME_BYTES_MAX || !text_is_plain((struct slice){at, bytes}))
        return false;
    while (at < end) {
        size_t width = *at < 0x80 ? 1 : *at >= 0xf0 ? 4 : *at >= 0xe0 ? 3 : 2;
        if (width == 1 ? !is_plain_ascii(*at) : is_hidden_character(at, width))
            return false;
        at += width;
    }
    return true;
}
