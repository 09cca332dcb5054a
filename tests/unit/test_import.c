/* Imports (U8): mistakes in a map are pointed at; rows become events by the map, each under an id of its own. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "../services/care/import_map.h"
#include "support/shipped.h"

static struct arena *arena;

static int arena_up(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static int arena_down(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static struct slice bytes_of(const char *text)
{
    return (struct slice){(const uint8_t *)text, strlen(text)};
}

/* -------- maps */

#define HEAD "import: t\nsource: desk\nevent: visit.finished\nid: visit\n"
#define COLUMNS "columns:\n  no: { to: visit }\n"
enum { LINES_MAX = 4 };

struct map_case { const char *map; const char *lines[LINES_MAX]; };

static void check_mistakes(const struct map_case *wants)
{
    struct mistakes mistakes = {.file = "m.yaml", .arena = arena};
    const struct import_map *map = import_map_parse(bytes_of(wants->map), arena, &mistakes);
    size_t count = 0;
    while (count < LINES_MAX && wants->lines[count])
        count++;
    for (size_t i = 0; i < count && i < mistakes.count; i++)
        if (!strstr(mistakes.lines[i], wants->lines[i]))
            fail_msg("%s\ngot   %s\nwants %s", wants->map, mistakes.lines[i], wants->lines[i]);
    if (mistakes.count != count)
        fail_msg("%s\n%zu mistakes, wants %zu: %s", wants->map, mistakes.count, count,
                 mistakes.count ? mistakes.lines[mistakes.count - 1] : "");
    assert_int_equal(map == NULL, count > 0);
}

static void mistakes_in_a_map_are_pointed_at(void **state)
{
    (void)state;
    static const struct map_case cases[] = {
        {HEAD COLUMNS, {NULL}},
        {HEAD "sauce: x\n" COLUMNS, {"m.yaml:5:1: sauce: unknown key, did you mean source?"}},
        {"event: visit.finish\nid: visit\n" COLUMNS, {"m.yaml:1:8: event: no fact is called \"visit.finish\""}},
        {"event: task.claim\nid: task\ncolumns: { no: { to: task } }\n", {"no fact is called \"task.claim\""}},
        {"id: visit\n" COLUMNS, {"m.yaml:1:1: event is missing"}},
        {HEAD, {"columns: a map from each column's title"}},
        {HEAD "columns: [no]\n", {"columns: a map from each column's title"}},
        {HEAD "columns: { name: name }\n", {"no column goes to \"visit\", which is to be the event's id"}},
        {HEAD COLUMNS "  a: { to: advizor }\n", {"m.yaml:7:6: columns.a: visit_finished has no field \"advizor\""}},
        {HEAD COLUMNS "  a: advizor\n", {"has no field \"advizor\""}},
        {HEAD COLUMNS "  a: { too: advisor }\n", {"too: unknown key", "has no field \"\""}},
        {HEAD COLUMNS "  a: { to: advisor, read: txt }\n", {"m.yaml:7:27: columns.a.read: txt is not known, did you mean text?"}},
        {HEAD COLUMNS "  a: { to: advisor, read: money }\n", {"advisor cannot be read as money"}},
        {HEAD COLUMNS "  a: { to: amount_cents, read: text }\n", {"amount_cents cannot be read as text"}},
        {HEAD COLUMNS "  a: { to: occurred_at, read: phone }\n", {"occurred_at cannot be read as phone"}},
        {HEAD COLUMNS "  a: occurred_at\n", {"occurred_at cannot be read as text"}},
        {HEAD "columns: { no: { to: visit, read: phone } }\n", {"the event's id is read as text"}},
        {HEAD COLUMNS "  a: { to: kind, read: word, words: { x: maintenence } }\n",
         {"m.yaml:7:42: columns.a.words.x: kind is never \"maintenence\"; did you mean maintenance?"}},
        {HEAD COLUMNS "  a: { to: kind, read: word, words: [x] }\n", {"words is a map"}},
        {HEAD "defaults: { kind: overhault }\n" COLUMNS, {"kind is never \"overhault\"; did you mean overhaul?"}},
        {HEAD "defaults: { message_first: maybe, amount_cents: 1.5 }\n" COLUMNS,
         {"message_first is yes or no", "amount_cents is a whole number"}},
        {HEAD "defaults: { colour: red }\n" COLUMNS, {"visit_finished has no field \"colour\""}},
        {HEAD COLUMNS "  a: { to: remark, marks: { contains: VIP } }\n", {"marks are a list"}},
        {HEAD COLUMNS "  a: { to: remark, marks: [{ set: { kind: repair } }] }\n", {"a mark says either contains or is"}},
        {HEAD COLUMNS "  a: { to: remark, marks: [{ is: x, contains: y }] }\n", {"a mark says either contains or is"}},
        {HEAD COLUMNS "  a: { to: remark, marks: [{ is: x, set: { customer_class: gold } }] }\n",
         {"customer_class is never \"gold\""}},
        {HEAD COLUMNS "  a: { to: remark, marks: [{ is: x, then: case.opened }] }\n", {"no fact is called \"case.opened\""}},
        {HEAD COLUMNS "  a: { to: remark, marks: [{ is: x, then: complaint.progressed, with: { stage: rated } }] }\n",
         {"complaint_progressed has no field \"stage\""}},
        {HEAD COLUMNS "  a: { to: remark, marks: [{ is: x, then: complaint.progressed, id: a/b }] }\n",
         {"id: letters, digits, . _ -"}},
        {HEAD "zone: Mars/Base\n" COLUMNS, {"m.yaml:5:7: zone: zone: no such time zone"}},
        {HEAD "day_start: \"9\"\n" COLUMNS, {"m.yaml:5:12: day_start: wants a time of day such as 09:00"}},
        /* all at once */
        {"event: visit.finished\nid: visit\ncolumns: { a: b, c: { to: name, read: list } }\n",
         {"has no field \"b\"", "name cannot be read as list", "no column goes to \"visit\""}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_mistakes(&cases[i]);
}

static void shipped_maps_are_good(void **state)
{
    (void)state;
    static const char *const paths[] = {"deploy/imports/settlement.yaml", "deploy/imports/deliveries.yaml",
                                        "deploy/imports/complaints.yaml", "deploy/imports/customers.yaml"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct mistakes mistakes = {.file = paths[i], .arena = arena};
        if (!import_map_parse(shipped_file(arena, paths[i]), arena, &mistakes))
            fail_msg("%s", mistakes.lines[0]);
    }
}

/* -------- rows */

static const char visits[] =
    HEAD "zone: Asia/Shanghai\nday_start: \"09:00\"\ndefaults: { kind: repair, message_first: \"no\" }\n"
    "columns:\n"
    "  no: visit\n"
    "  left: { to: occurred_at, name: date, read: date, required: true }\n"
    "  mobile: { to: mobile, name: phone, read: phone }\n"
    "  sum: { to: amount_cents, name: amount, read: money }\n"
    "  kind: { to: kind, read: word, words: { 大修: overhaul, 返修: rework } }\n"
    "  remark:\n"
    "    to: remark\n"
    "    marks:\n"
    "      - { contains: VIP, set: { customer_class: key } }\n"
    "      - { contains: 先短信, set: { message_first: \"yes\" } }\n";

static const char complaints[] =
    "import: c\nsource: site\nevent: complaint.received\nid: complaint\ndefaults: { channel: web_forum }\n"
    "columns:\n"
    "  no: { to: complaint, name: number }\n"
    "  text: text\n"
    "  codes: { to: codes, read: list }\n"
    "  status:\n"
    "    to: \"\"\n"
    "    read: nothing\n"
    "    marks:\n"
    "      - { is: taken, set: { channel: manufacturer }, then: complaint.progressed, id: accepted, with: { status: accepted } }\n"
    "      - { contains: rated, then: complaint.progressed, id: rated, with: { status: rated, satisfaction: 4 } }\n"
    "      - { contains: ed, then: complaint.progressed, id: never, with: { status: answered } }\n";

static struct import_result read_rows(const char *yaml, const char *site_calendar, const char *rows)
{
    struct mistakes mistakes = {.file = "m.yaml", .arena = arena};
    struct import_result result;
    struct fault fault;
    const struct import_map *map = import_map_parse(bytes_of(yaml), arena, &mistakes);
    if (!map)
        fail_msg("%s", mistakes.lines[0]);
    const struct calendar *calendar = site_calendar ? calendar_parse(bytes_of(site_calendar), arena, &mistakes) : NULL;
    if (!import_read(map, "shop", calendar, bytes_of(rows), arena, &result, &fault))
        fail_msg("%s", fault.what);
    return result;
}

/* Compares with JSON and lets the events go. */
static void assert_events(struct import_result *result, const char *wants)
{
    json_error_t error;
    json_t *wanted = json_loads(wants, 0, &error);
    if (!wanted)
        fail_msg("%s: %s", error.text, wants);
    if (!json_equal(result->events, wanted))
        fail_msg("%s\nis not\n%s", json_dumps(result->events, JSON_COMPACT), wants);
    json_decref(wanted);
    json_decref(result->events);
}

static void rows_become_events(void **state)
{
    (void)state;
    struct import_result result = read_rows(visits, NULL,
        "\xef\xbb\xbfno,left,mobile,sum,kind,extra,remark\n"
        "V1,2026-03-07 16:54,138 0000 0001,\"1,200.5\",大修,ignored,\"VIP, 先短信\"\n"
        "Ｖ２,2026/3/9 9:05,,,,,\n");
    assert_string_equal(result.encoding, "UTF-8");
    assert_int_equal(result.good, 2);
    assert_events(&result,
        "[{\"id\":\"V1\",\"source\":\"desk\",\"type\":\"visit.finished\",\"site\":\"shop\","
        "\"occurred_at\":\"2026-03-07T16:54:00.000+08:00\",\"data\":{\"visit\":\"V1\",\"kind\":\"overhaul\",\"message_first\":true,"
        "\"mobile\":\"13800000001\",\"amount_cents\":120050,\"remark\":\"VIP, 先短信\",\"customer_class\":\"key\"}},"
        "{\"id\":\"V2\",\"source\":\"desk\",\"type\":\"visit.finished\",\"site\":\"shop\","
        "\"occurred_at\":\"2026-03-09T09:05:00.000+08:00\",\"data\":{\"visit\":\"V2\",\"kind\":\"repair\",\"message_first\":false}}]");
}

static void a_mark_can_add_one_event(void **state)
{
    (void)state;
    struct import_result result = read_rows(complaints, NULL,
        "no,text,codes,status\n1,a,\"A1,I2,\",taken\n2,b,,over-rated\n3,c,,new\n");
#define COMPLAINT(id, channel, rest) "{\"id\":\"" id "\",\"source\":\"site\",\"type\":\"complaint.received\",\"site\":\"shop\"," \
        "\"data\":{\"complaint\":\"" id "\",\"channel\":\"" channel "\"," rest "}}"
#define PROGRESS(id, suffix, rest) "{\"id\":\"" id "/" suffix "\",\"source\":\"site\",\"type\":\"complaint.progressed\"," \
        "\"site\":\"shop\",\"data\":{\"complaint\":\"" id "\"," rest "}}"
    assert_events(&result, "[" COMPLAINT("1", "manufacturer", "\"text\":\"a\",\"codes\":[\"A1\",\"I2\"]") ","
                  PROGRESS("1", "accepted", "\"status\":\"accepted\"") "," COMPLAINT("2", "web_forum", "\"text\":\"b\"") ","
                  PROGRESS("2", "rated", "\"status\":\"rated\",\"satisfaction\":4") ","
                  COMPLAINT("3", "web_forum", "\"text\":\"c\"") "]");
}

static void every_event_has_an_id_of_its_own(void **state)
{
    (void)state;
    struct import_result result = read_rows(complaints, NULL,
        "no,text,codes,status\n1,a,,taken\n1,a,,taken\n2,b,,rated\n11,c,,taken\n1 1,d,,taken\n,e,,taken\nx\ty,f,,taken\n");
    assert_int_equal(result.good, 4);
    assert_int_equal(result.duplicate, 1);
    assert_int_equal(result.bad.count, 2);
    assert_string_equal(result.bad.at[0].field, "number");
    assert_string_equal(result.bad.at[0].reason, "is empty");
    assert_int_equal(result.bad.at[1].line, 8);
    assert_string_equal(result.bad.at[1].reason, "holds control characters");
    assert_int_equal(json_array_size(result.events), 8);
    for (size_t i = 0; i < 8; i++)
        for (size_t k = 0; k < i; k++)
            assert_false(json_equal(json_object_get(json_array_get(result.events, i), "id"),
                                    json_object_get(json_array_get(result.events, k), "id")));
    json_decref(result.events);
}

static void a_date_alone_means_the_first_opening(void **state)
{
    (void)state;
    static const char shop[] = "calendar: shop\nzone: Europe/Berlin\nbusiness: { mon-fri: 10:00-18:00, sat: 08:30-12:00 }\n";
    static const struct { const char *calendar, *cell, *wants; } cases[] = {
        {NULL, "2026-03-07", "2026-03-07T09:00:00.000+08:00"},
        {NULL, "2026-03-07 00:00", "2026-03-07T00:00:00.000+08:00"},
        {shop, "2026-03-06", "2026-03-06T10:00:00.000+01:00"},
        {shop, "2026年3月7日", "2026-03-07T08:30:00.000+01:00"},
        {shop, "20260308", "2026-03-09T10:00:00.000+01:00"},            /* closed on Sunday */
        {shop, "2026-03-30", "2026-03-30T10:00:00.000+02:00"},          /* summer time */
        {shop, "2026-03-08 03:15", "2026-03-08T03:15:00.000+01:00"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct import_result result =
            read_rows(visits, cases[i].calendar, arena_printf(arena, "no,left,mobile,sum,kind,remark\nV,%s,,,,\n", cases[i].cell));
        const json_t *event = json_array_get(result.events, 0);
        assert_string_equal(json_string_value(json_object_get(event, "occurred_at")), cases[i].wants);
        json_decref(result.events);
    }
}

static void bad_rows_are_told_once_and_cost_themselves_only(void **state)
{
    (void)state;
    struct import_result result = read_rows(visits, NULL,
        "no,left,mobile,sum,kind,remark\n"
        "V1,2026-02-30,,,,\n"                       /* 2 */
        "V2,2026-03-07,12,x,?,\n"                   /* 3: the first thing that is wrong */
        ",,,,,\n"                                   /* 4: blank */
        "V3,2026-03-07,,1.234,,\n"                  /* 5 */
        "V4,2026-03-07,,,保养,\n"                    /* 6 */
        "V5,2026-03-07,,,\n"                        /* 7: too few */
        "V6,,,,,\"two\nlines\"\n"                   /* 8 and 9 */
        "V7,2026-03-07,,,,\n"                       /* 10: good */
        "V8,2026-03-07,,,,\"open\n"                 /* 11 */
        "V9,2026-03-07,,,,\n"                       /* 12: good */
        "V9,2026-03-07,,,,\n");                     /* 13: again */
    static const struct { size_t line; const char *field; } wants[] = {
        {2, "date"}, {3, "phone"}, {5, "amount"}, {6, "kind"}, {7, "columns"}, {8, "date"}, {11, "columns"},
    };
    assert_int_equal(result.bad.count, sizeof wants / sizeof *wants);
    for (size_t i = 0; i < result.bad.count; i++) {
        assert_int_equal(result.bad.at[i].line, wants[i].line);
        assert_string_equal(result.bad.at[i].field, wants[i].field);
    }
    assert_int_equal(result.rows, 10);
    assert_int_equal(result.good, 2);
    assert_int_equal(result.blank, 1);
    assert_int_equal(result.duplicate, 1);
    json_decref(result.events);
}

static void another_kind_of_file_is_refused(void **state)
{
    (void)state;
    static const struct { const char *file, *field, *what; } cases[] = {
        {"", "", "the file is empty"},
        {"no,left\n1,2\n", "mobile", "the file has no column \"mobile\"; is it the right map?"},
    };
    struct mistakes mistakes = {.file = "m.yaml", .arena = arena};
    const struct import_map *map = import_map_parse(bytes_of(visits), arena, &mistakes);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct import_result result;
        struct fault fault;
        assert_false(import_read(map, "shop", NULL, bytes_of(cases[i].file), arena, &result, &fault));
        assert_string_equal(fault.field, cases[i].field);
        assert_string_equal(fault.what, cases[i].what);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_up, arena_down)
    const struct CMUnitTest tests[] = {
        TEST(mistakes_in_a_map_are_pointed_at), TEST(shipped_maps_are_good), TEST(rows_become_events),
        TEST(a_mark_can_add_one_event), TEST(every_event_has_an_id_of_its_own), TEST(a_date_alone_means_the_first_opening),
        TEST(bad_rows_are_told_once_and_cost_themselves_only), TEST(another_kind_of_file_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
