/* every_kind: a record with a field of each kind, described by hand, so that the codecs are tested apart from ours. */
#ifndef CARELINE_EVERY_KIND_H
#define CARELINE_EVERY_KIND_H

#include "records.h"

enum { COLOUR_NONE, COLOUR_RED, COLOUR_GREEN };

struct part {
    const char *name;
    int64_t count;
    struct slice unknown;
};

struct part_list { struct part *at; size_t count; };

struct every_kind {
    const char *text;
    const char *secret;
    int word;
    int64_t number;
    wall_ms time;
    bool truth;
    struct texts texts;
    struct slice bytes;
    struct slice map;
    struct part_list parts;
    struct slice unknown;
};

static const char *const colour_names[] = {"none", "red", "green"};
static const struct words colour_words = {"colour", colour_names, 3};

static const struct field part_fields[] = {
    {"name", 4, FIELD_TEXT, offsetof(struct part, name), REQUIRED, 8, NULL, NULL, "its name"},
    {"count", 5, FIELD_INT, offsetof(struct part, count), 0, 0, NULL, NULL, "how many"},
};
static const struct record part_record = {"part", "a part", sizeof(struct part), offsetof(struct part, unknown), part_fields, 2};

#define KIND(name, kind, flags, limit, words, record) \
    {#name, sizeof #name - 1, kind, offsetof(struct every_kind, name), flags, limit, words, record, #name}
static const struct field every_fields[] = {
    KIND(text, FIELD_TEXT, REQUIRED, 10, NULL, NULL),
    KIND(secret, FIELD_TEXT, PERSONAL, 10, NULL, NULL),
    KIND(word, FIELD_WORD, 0, 0, &colour_words, NULL),
    KIND(number, FIELD_INT, 0, 0, NULL, NULL),
    KIND(time, FIELD_TIME, 0, 0, NULL, NULL),
    KIND(truth, FIELD_BOOL, 0, 0, NULL, NULL),
    KIND(texts, FIELD_TEXTS, 0, 3, NULL, NULL),
    KIND(bytes, FIELD_BYTES, 0, 4, NULL, NULL),
    KIND(map, FIELD_MAP, 0, 16, NULL, NULL),
    KIND(parts, FIELD_RECORDS, 0, 2, NULL, &part_record),
};
#undef KIND
static const struct record every_record = {
    "every_kind", "a field of each kind", sizeof(struct every_kind), offsetof(struct every_kind, unknown), every_fields,
    sizeof every_fields / sizeof every_fields[0]};

/* All fields set. The lists live as long as the program. */
static inline struct every_kind every_kind_full(void)
{
    static const char *texts[] = {"one", "", "three"};
    static struct part parts[] = {{.name = "wheel", .count = 4}, {.name = "door"}};
    return (struct every_kind){
        .text = "王", .secret = "s3cret", .word = COLOUR_GREEN, .number = -5, .time = 1772784000123, .truth = true,
        .texts = {texts, 3}, .bytes = {(const uint8_t *)"\0\1", 2}, .map = {(const uint8_t *)"\x81\xa1k\x93\xc0\xc3\x07", 7},
        .parts = {parts, 2}};
}

#endif
