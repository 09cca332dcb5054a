/* What version 1 and all later ones have written can be read for ever: definitions and bytes are kept in tests/golden,
 * and only ever appended to. `make golden` appends what is new; what stands there is never changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cursor.h"
#include "entity.h"
#include "event.h"
#include "field.h"
#include "support/full_record.h"
#include "support/kept.h"

#define BREAKS "breaks what was written before. Leave the old as it is, and add: proto/README.md, \"Never\""
#define NEW "is new, and not kept yet: run make golden, and commit tests/golden"

static const char entity_id[] = "site/golden";
static const char definitions_file[] = "tests/golden/definitions.txt", events_file[] = "tests/golden/events.hex",
                  entities_file[] = "tests/golden/entities.hex";

static int setup(void **state)
{
    *state = arena_new();
    return 0;
}

static int teardown(void **state)
{
    arena_free((struct arena **)state);
    return 0;
}

static bool tell(const char *what, const char *which, const char *why)
{
    print_error("%s: %s %s\n", what, which, why);
    return false;
}

/* -------- definitions, a line each */

static const struct record *const records[] = {
    &event_record,
#define RECORD(name, about) &name##_record,
#define TEXT(name, limit, flags, about)
#define WORD_OF(name, list, flags, about)
#define INT(name, flags, about)
#define TIME(name, flags, about)
#define BOOL(name, flags, about)
#define TEXTS(name, limit, flags, about)
#define BYTES(name, limit, flags, about)
#define MAP(name, limit, flags, about)
#define RECORDS(name, record, limit, flags, about)
#define RECORD_END(name)
#include "records.def"
};

static const struct words *const word_lists[] = {
#define WORDS(list) &list##_words,
#define WORD(constant, word)
#define WORDS_END(list)
#include "words.def"
};

static const char *const listed[] = {
#define LISTED(text) text,
#include "texts.def"
};

static const char *const kind_names[] = {"text", "word", "int", "time", "bool", "texts", "bytes", "map", "records"};

enum { LINES_MAX = 4096, WORD_BYTES_MAX = 64 };
struct lines { const char *at[LINES_MAX]; size_t count; };

static void line_add(struct lines *lines, const char *line)
{
    assert_true(lines->count < LINES_MAX);
    lines->at[lines->count++] = line;
}

/* field RECORD.NAME KIND LIMIT OPEN-OR-PERSONAL OPTIONAL-OR-REQUIRED WORDS-OR-RECORD */
static const char *field_line(const struct record *record, const struct field *field, struct arena *arena)
{
    return arena_printf(arena, "field %s.%s %s %zu %s %s %s", record->name, field->name, kind_names[field->kind],
                        field->limit, field->flags & PERSONAL ? "personal" : "open",
                        field->flags & REQUIRED ? "required" : "optional",
                        field->words ? field->words->name : field->record ? field->record->name : "-");
}

static void lines_now(struct lines *lines, struct arena *arena)
{
    for (size_t i = 0; i < sizeof word_lists / sizeof *word_lists; i++) {
        const char *line = arena_printf(arena, "words %s", word_lists[i]->name);
        for (size_t j = 0; j < word_lists[i]->count; j++)
            line = arena_printf(arena, "%s %s", line, word_lists[i]->word[j]);
        line_add(lines, line);
    }
    for (size_t i = 0; i < sizeof records / sizeof *records; i++)
        for (size_t j = 0; j < records[i]->field_count; j++)
            line_add(lines, field_line(records[i], &records[i]->fields[j], arena));
    for (int i = EVENT_UNKNOWN + 1; i < EVENT_COUNT; i++)
        line_add(lines, arena_printf(arena, "event %s %s", event_types[i].name, event_types[i].data->name));
    for (int i = 0; i < ENTITY_COUNT; i++)
        line_add(lines, arena_printf(arena, "entity %c %s", entity_types[i].letter, entity_types[i].record->name));
    for (size_t i = 0; i < sizeof listed / sizeof listed[0]; i++)
        line_add(lines, arena_printf(arena, "listed %zu %s", i, listed[i]));
}

static bool line_stands(const char *line, const struct lines *lines)
{
    for (size_t i = 0; i < lines->count; i++)
        if (!strcmp(lines->at[i], line))
            return true;
    return false;
}

/* Does one in force begin with it, up to the end of a word? */
static bool beginning_stands(const char *line, const struct lines *now)
{
    size_t bytes = strlen(line);
    for (size_t i = 0; i < now->count; i++)
        if (!strncmp(now->at[i], line, bytes) && (!now->at[i][bytes] || now->at[i][bytes] == ' '))
            return true;
    return false;
}

/* A closed list of words that was opened: the bytes are the same, and any word of the list fits. */
static bool kind_holds(const char *kind, const char *of, const char *kind_now, const char *of_now, size_t limit_now)
{
    if (!strcmp(kind, "word") && !strcmp(kind_now, "text"))
        return limit_now >= WORD_BYTES_MAX;
    return !strcmp(kind, kind_now) && !strcmp(of, of_now);
}

/* The same field, with a limit that is no lower; what was optional is so still. */
static bool field_holds(const char *line, const struct lines *now)
{
    char name[128], kind[16], secrecy[16], need[16], of[64], name_now[128], kind_now[16], secrecy_now[16], need_now[16],
        of_now[64];
    static const char form[] = "field %127s %15s %zu %15s %15s %63s";
    size_t limit, limit_now;
    assert_int_equal(sscanf(line, form, name, kind, &limit, secrecy, need, of), 6);
    for (size_t i = 0; i < now->count; i++)
        if (sscanf(now->at[i], form, name_now, kind_now, &limit_now, secrecy_now, need_now, of_now) == 6 &&
            !strcmp(name, name_now))
            return kind_holds(kind, of, kind_now, of_now, limit_now) && limit_now >= limit &&
                   !strcmp(secrecy, secrecy_now) && (!strcmp(need_now, "optional") || !strcmp(need, need_now));
    return false;
}

/* A list that no field is held to any more holds nobody. */
static bool list_is_free(const char *line, const struct lines *now)
{
    char name[64], field[128], of[64];
    assert_int_equal(sscanf(line, "words %63s", name), 1);
    for (size_t i = 0; i < now->count; i++) {
        bool is_field = sscanf(now->at[i], "field %127s %*s %*s %*s %*s %63s", field, of) == 2;
        bool is_list = sscanf(now->at[i], "words %63s", of) == 1;
        if ((is_field || is_list) && !strcmp(of, name))
            return false;
    }
    return true;
}

static bool definition_holds(const char *line, const struct lines *now)
{
    if (!strncmp(line, "field ", 6))
        return field_holds(line, now);
    if (strncmp(line, "words ", 6))
        return line_stands(line, now);
    return beginning_stands(line, now) || list_is_free(line, now);
}

static void every_old_definition_holds(void **state)
{
    struct lines now = {0}, kept = {0};
    bool good = true;
    lines_now(&now, *state);
    kept.count = kept_lines(definitions_file, kept.at, LINES_MAX, *state);
    assert_true(kept.count > 500);
    for (size_t i = 0; i < kept.count; i++)
        if (!definition_holds(kept.at[i], &now))
            good = tell("a change of", kept.at[i], BREAKS);
    assert_true(good);
}

static void every_definition_is_kept(void **state)
{
    struct lines now = {0}, kept = {0};
    bool good = true;
    lines_now(&now, *state);
    kept.count = kept_lines(definitions_file, kept.at, LINES_MAX, *state);
    for (size_t i = 0; i < now.count; i++)
        if (!line_stands(now.at[i], &kept))
            good = tell("definition", now.at[i], NEW);
    assert_true(good);
}

static void what_holds_is_told_from_what_breaks(void **state)
{
    static const struct { const char *kept, *now; bool holds; } cases[] = {
        {"field a.b text 64 open required -", "field a.b text 64 open required -", true},
        {"field a.b text 64 open required -", "field a.b text 65 open optional -", true},
        {"field a.b text 64 open optional -", "field a.b text 63 open optional -", false},
        {"field a.b text 64 open optional -", "field a.b text 64 open required -", false},
        {"field a.b text 64 open optional -", "field a.b bytes 64 open optional -", false},
        {"field a.b text 64 open optional -", "field a.b text 64 personal optional -", false},
        {"field a.b text 64 open optional -", "field a.c text 64 open optional -", false},
        {"field a.b word 0 open optional grade", "field a.b word 0 open optional state", false},
        {"field a.b word 0 open optional grade", "field a.b text 64 open optional -", true},
        {"field a.b word 0 open optional grade", "field a.b text 10 open optional -", false},
        {"field a.b word 0 open optional grade", "field a.b text 64 personal optional -", false},
        {"field a.b text 64 open optional -", "field a.b word 0 open optional grade", false},
        {"words w none one", "field a.b word 0 open optional w", false},
        {"words w none one", "field a.b text 64 open optional -", true},
        {"words w none one", "words w none one", true},
        {"words w none one", "words w none one two", true},
        {"words w none one", "words w none onetwo", false},
        {"words w none one two", "words w none two one", false},
        {"event a.b c", "event a.b c", true},
        {"event a.b c", "event a.b d", false},
        {"entity K complaint_case", "entity X complaint_case", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(definition_holds(cases[i].kept, &(struct lines){{cases[i].now}, 1}), cases[i].holds);
}

/* -------- bytes */

static struct slice taken(struct buffer *packed, struct arena *arena)
{
    struct slice slice = {arena_copy(arena, packed->at, packed->bytes), packed->bytes};
    buffer_free(packed);
    return slice;
}

/* The event with these data: the open ones in `data`; the personal ones in `sealed`, though not sealed. */
static struct slice event_bytes(const struct event *like, const void *data, struct arena *arena)
{
    const struct record *record = event_types[like->number].data;
    struct buffer open = {0}, personal = {0}, packed = {0};
    struct event event = *like;
    record_pack(record, data, PERSONAL, &open);
    record_pack_only(record, data, PERSONAL, &personal);
    event.data = taken(&open, arena);
    event.sealed = taken(&personal, arena);
    event_pack(&event, &packed);
    return taken(&packed, arena);
}

static struct slice event_now(enum event_number number, struct arena *arena)
{
    struct event *event = full_record(&event_record, arena);
    event->number = number;
    event->type = event_types[number].name;
    event->depth = 1;
    event->cause_seq = 41;
    return event_bytes(event, full_record(event_types[number].data, arena), arena);
}

/* As earlier builds kept it, in msgpack, and as it is kept now. */
static struct slice entity_bytes_then(const struct record *record, const void *at, struct arena *arena)
{
    struct buffer packed = {0};
    record_pack(record, at, 0, &packed);
    return taken(&packed, arena);
}

static struct slice entity_bytes(const struct record *record, const void *at, struct arena *arena)
{
    struct buffer packed = {0};
    entity_record_pack(record, entity_id, at, &packed);
    return taken(&packed, arena);
}

static bool same_bytes(struct slice one, struct slice other)
{
    return one.bytes == other.bytes && !memcmp(one.at, other.at, one.bytes);
}

/* Read, nothing in it unknown, and written again as it was? */
static const char *event_fault(struct slice packed, struct arena *arena)
{
    struct event event;
    struct fault fault = {0};
    if (!event_unpack(packed, arena, &event, &fault))
        return arena_printf(arena, "%s %s", fault.field, fault.what);
    const void *data = event_data(&event, event.sealed, arena, &fault);
    if (!data)
        return arena_printf(arena, "data.%s %s", fault.field, fault.what);
    const char *unknown = unknown_in(event_types[event.number].data, data, arena);
    if (event.unknown.bytes || unknown)
        return arena_printf(arena, "%s has a field or a word that is not known any more", unknown ? unknown : "event");
    return same_bytes(event_bytes(&event, data, arena), packed) ? NULL : "it is written in other bytes";
}

static const char *entity_fault(const struct record *record, struct slice packed, struct arena *arena)
{
    void *at = record_new(record, arena);
    struct fault fault = {0};
    if (!entity_record_unpack(record, entity_id, packed, arena, at, &fault) || !record_complete(record, at, &fault))
        return arena_printf(arena, "%s %s", fault.field, fault.what);
    const char *unknown = unknown_in(record, at, arena);
    if (unknown)
        return arena_printf(arena, "%s has a field or a word that is not known any more", unknown);
    bool is_map = cursor_type(&(struct cursor){packed.at, packed.at + packed.bytes}) == CURSOR_MAP;
    struct slice again = is_map ? entity_bytes_then(record, at, arena) : entity_bytes(record, at, arena);
    return same_bytes(again, packed) ? NULL : "it is written in other bytes";
}

static const struct record *entity_record(const char *name)
{
    for (int i = 0; i < ENTITY_COUNT; i++)
        if (!strcmp(entity_types[i].record->name, name))
            return entity_types[i].record;
    return NULL;
}

static void every_old_event_is_read_and_written_as_it_was(void **state)
{
    struct kept kept = kept_read(events_file, *state);
    bool good = true;
    assert_true(kept.count > 70);
    for (size_t i = 0; i < kept.count; i++) {
        const char *fault = event_fault(kept.at[i].bytes, *state);
        if (fault)
            good = tell(kept.at[i].name, fault, BREAKS);
    }
    assert_true(good);
}

static void every_old_entity_is_read_and_written_as_it_was(void **state)
{
    struct kept kept = kept_read(entities_file, *state);
    bool good = true;
    assert_true(kept.count > 9);
    for (size_t i = 0; i < kept.count; i++) {
        const struct record *record = entity_record(kept.at[i].name);
        const char *fault = record ? entity_fault(record, kept.at[i].bytes, *state) : "there is none any more";
        if (fault)
            good = tell(kept.at[i].name, fault, BREAKS);
    }
    assert_true(good);
}

static bool newest_is(const struct kept *kept, const char *name, struct slice now)
{
    const struct slice *newest = kept_newest(kept, name);
    return newest && same_bytes(*newest, now);
}

static void the_bytes_of_today_are_kept(void **state)
{
    struct kept events = kept_read(events_file, *state), entities = kept_read(entities_file, *state);
    bool good = true;
    for (int i = EVENT_UNKNOWN + 1; i < EVENT_COUNT; i++)
        if (!newest_is(&events, event_types[i].name, event_now((enum event_number)i, *state)))
            good = tell("event", event_types[i].name, NEW);
    for (int i = 0; i < ENTITY_COUNT; i++) {
        const struct record *record = entity_types[i].record;
        if (!newest_is(&entities, record->name, entity_bytes(record, full_record(record, *state), *state)))
            good = tell("entity", record->name, NEW);
    }
    assert_true(good);
}

/* -------- make golden */

static void definitions_append(struct arena *arena)
{
    struct lines now = {0}, kept = {0};
    lines_now(&now, arena);
    kept.count = kept_lines(definitions_file, kept.at, LINES_MAX, arena);
    for (size_t i = 0; i < now.count; i++)
        if (!line_stands(now.at[i], &kept))
            kept_line_append(definitions_file, now.at[i]);
}

static int append_all(void)
{
    struct arena *arena = arena_new();
    struct kept events = kept_read(events_file, arena);
    definitions_append(arena);
    for (int i = EVENT_UNKNOWN + 1; i < EVENT_COUNT; i++) {
        struct slice now = event_now((enum event_number)i, arena);
        if (!newest_is(&events, event_types[i].name, now))
            kept_append(events_file, event_types[i].name, now);
    }
    for (int i = 0; i < ENTITY_COUNT; i++) {
        const struct record *record = entity_types[i].record;
        struct slice now = entity_bytes(record, full_record(record, arena), arena);
        struct kept entities = kept_read(entities_file, arena);        /* one record may be of several kinds */
        if (!newest_is(&entities, record->name, now))
            kept_append(entities_file, record->name, now);
    }
    arena_free(&arena);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_old_definition_holds, setup, teardown),
        cmocka_unit_test_setup_teardown(every_definition_is_kept, setup, teardown),
        cmocka_unit_test(what_holds_is_told_from_what_breaks),
        cmocka_unit_test_setup_teardown(every_old_event_is_read_and_written_as_it_was, setup, teardown),
        cmocka_unit_test_setup_teardown(every_old_entity_is_read_and_written_as_it_was, setup, teardown),
        cmocka_unit_test_setup_teardown(the_bytes_of_today_are_kept, setup, teardown),
    };
    if (argc > 1 && !strcmp(argv[1], "append"))
        return append_all();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
