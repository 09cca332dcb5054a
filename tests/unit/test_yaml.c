/* yaml: what is accepted, what is refused and where the finger points. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "record.h"
#include "yaml.h"

static struct mistakes mistakes;
static struct arena *arena;

static const struct yaml *parse(const char *text)
{
    arena_free(&arena);
    arena = arena_new();
    mistakes = (struct mistakes){.file = "a.yaml", .arena = arena};
    return yaml_parse((struct slice){(const uint8_t *)text, strlen(text)}, arena, &mistakes);
}

static void assert_mistakes(const char *text, size_t count, const char *const *lines)
{
    for (size_t i = 0; i < mistakes.count && i < count; i++)
        if (!strstr(mistakes.lines[i], lines[i]))
            fail_msg("%s\ngot   %s\nwants %s", text, mistakes.lines[i], lines[i]);
    if (mistakes.count != count)
        fail_msg("%s\ngot %zu mistakes, wants %zu: %s", text, mistakes.count, count,
                 mistakes.count ? mistakes.lines[mistakes.count - 1] : "");
}

static void tree_has_kinds_places_and_paths(void **state)
{
    (void)state;
    const struct yaml *root = parse("rules:\n  - on: car.delivered\n    steps:\n      - after: 2h\n      - { after: \"3d\" }\nempty: []\n");
    assert_int_equal(mistakes.count, 0);
    assert_int_equal(root->kind, YAML_MAP);
    assert_int_equal(root->count, 2);
    const struct yaml *steps = yaml_get(yaml_get(root, "rules")->items[0], "steps");
    const struct yaml *after = yaml_get(steps->items[1], "after");
    assert_string_equal(after->path, "rules[0].steps[1].after");
    assert_string_equal(after->text, "3d");
    assert_true(after->quoted);
    assert_false(yaml_get(steps->items[0], "after")->quoted);
    assert_int_equal(after->line, 5);
    assert_int_equal(after->column, 18);
    assert_int_equal(yaml_get(root, "empty")->count, 0);
    assert_null(yaml_get(root, "none"));
    assert_null(yaml_get(NULL, "none"));
    assert_null(yaml_get(after, "none"));
}

static void bad_texts_are_pointed_at(void **state)
{
    (void)state;
    static const struct { const char *text; bool parsed; size_t count; const char *lines[3]; } cases[] = {
        {"", false, 1, {"a.yaml:1:1: the file is empty"}},
        {"# nothing\n", false, 1, {"the file is empty"}},
        {"a: [1, 2\nb: 3\n", false, 1, {"a.yaml:2:"}},
        {"a:\n\tb: 1\n", false, 1, {"a.yaml:2:1: a tab: indent with blanks"}},
        {"a: b: c\n", false, 1, {"a.yaml:1:5: mapping values are not allowed"}},
        {"a: 1\n---\nb: 2\n", false, 1, {"a.yaml:2:1: a second document begins here"}},
        {"a: \xff\xfe\n", false, 1, {"a.yaml:1:4: the text is not UTF-8"}},
        {"a: 1\nb:\n  c: 2\n  c: 3\na: 4\n", true, 2, {"a.yaml:4:3: b.c: stands here twice, first in line 3",
                                                     "a.yaml:5:1: a: stands here twice, first in line 1"}},
        {"a: &x 1\nb: *x\n", true, 2, {"a.yaml:1:4: a: anchors (&x) are not used",
         "a.yaml:2:4: b: aliases (*x) are not used"}},
        {"a: &x [*x]\n", true, 2, {"a: anchors", "a[0]: aliases"}},
        {"a: !!str 1\n", true, 1, {"a: tags (tag:yaml.org,2002:str) are not used"}},
        {"? [a]\n: 1\n", false, 1, {"a key must be a plain text"}},
        {"a: \"x\\0y\"\n", true, 1, {"a.yaml:1:4: a: a text cannot hold the character NUL"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct yaml *root = parse(cases[i].text);
        if (!!root != cases[i].parsed)
            fail_msg("%s: parsed or not", cases[i].text);
        assert_mistakes(cases[i].text, cases[i].count, cases[i].lines);
    }
}

static void sizes_are_bounded(void **state)
{
    (void)state;
    struct arena *mine = arena_new();
    char *text = arena_alloc(mine, 1100000);
    memset(text, '[', 25);
    memset(text + 25, ']', 25);
    assert_null(parse(text));
    assert_mistakes("deep", 1, (const char *[]){"nested too deeply"});
    memset(text, '#', 1048577);
    assert_null(parse(text));
    assert_mistakes("long", 1, (const char *[]){"a.yaml: the file has 1048577 bytes"});
    memset(text, 0, 1100000);
    for (size_t i = 0; i < 50001; i++)
        memcpy(text + 2 * i, i ? ",1" : "[1", 2);
    strcat(text, "]");
    assert_null(parse(text));
    assert_mistakes("many", 1, (const char *[]){"at most 50,000 values"});
    memset(text, 0, 1100000);
    memset(text, 'k', 129);
    strcat(text, ": 1");
    assert_null(parse(text));
    assert_mistakes("key", 1, (const char *[]){"a key has at most 128 bytes"});
    arena_free(&mine);
}

static void at_most_two_hundred_mistakes_are_kept(void **state)
{
    (void)state;
    const struct yaml *root = parse("a: 1\n");
    for (int i = 0; i < 300; i++)
        yaml_mistake(&mistakes, root, "number %d", i);
    assert_int_equal(mistakes.count, 200);
    assert_string_equal(mistakes.lines[198], "a.yaml:1:1: number 198");
    assert_string_equal(mistakes.lines[199], "a.yaml: and more mistakes after these");
}

static const char *const fruit_words[] = {"none", "apple", "pear"};
static const struct words fruits = {"fruit", fruit_words, 3};

static void values_are_read_by_type(void **state)
{
    (void)state;
    const struct yaml *root = parse("text: hello\nint: -12\nyes: yes\nno: false\nword: pear\nquoted: \"7\"\nvoid: \"\"\n");
    assert_string_equal(yaml_text(yaml_get(root, "text"), "x", &mistakes), "hello");
    assert_string_equal(yaml_text(yaml_get(root, "missing"), "x", &mistakes), "x");
    assert_string_equal(yaml_text(yaml_get(root, "void"), "x", &mistakes), "");
    assert_int_equal(yaml_int(yaml_get(root, "int"), 5, -20, 20, &mistakes), -12);
    assert_int_equal(yaml_int(NULL, 5, 0, 1, &mistakes), 5);
    assert_true(yaml_bool(yaml_get(root, "yes"), false, &mistakes));
    assert_false(yaml_bool(yaml_get(root, "no"), true, &mistakes));
    assert_int_equal(yaml_word(yaml_get(root, "word"), &fruits, &mistakes), 2);
    assert_int_equal(yaml_word(NULL, &fruits, &mistakes), -1);
    assert_int_equal(mistakes.count, 0);
    assert_int_equal(yaml_int(yaml_get(root, "quoted"), 5, 0, 9, &mistakes), 5);
    assert_int_equal(yaml_int(yaml_get(root, "int"), 5, 0, 9, &mistakes), 5);
    assert_int_equal(yaml_int(yaml_get(root, "text"), 5, 0, 9, &mistakes), 5);
    assert_true(yaml_bool(yaml_get(root, "text"), true, &mistakes));
    assert_int_equal(yaml_word(yaml_get(root, "text"), &fruits, &mistakes), -1);
    assert_mistakes("values", 5, (const char *[]){
        "a.yaml:6:9: quoted: wants a whole number, not \"7\"", "int: wants a number from 0 to 9",
        "text: wants a whole number, not hello", "text: wants yes or no, not hello",
        "text: hello is not known: one of none, apple, pear"});
}

static void wrong_kinds_are_mistakes(void **state)
{
    (void)state;
    const struct yaml *root = parse("list: [1]\nmap: {a: 1}\nnull: ~\nword: pera\n");
    assert_string_equal(yaml_text(yaml_get(root, "list"), "x", &mistakes), "x");
    assert_int_equal(yaml_int(yaml_get(root, "map"), 3, 0, 9, &mistakes), 3);
    assert_string_equal(yaml_text(yaml_get(root, "null"), "x", &mistakes), "x");
    assert_int_equal(yaml_word(yaml_get(root, "word"), &fruits, &mistakes), -1);
    assert_mistakes("kinds", 4, (const char *[]){"list: wants a text, not a list",
        "map: wants a whole number, not a map",
                                                 "null: has no value: wants a text",
                                                 "pera is not known, did you mean pear?"});
}

static void unknown_keys_get_hints(void **state)
{
    (void)state;
    static const char *const known[] = {"after", "before", "window", NULL};
    yaml_known_keys(parse("aftr: 1\nwidnow: 2\nbefore: 3\ncolour: 4\n"), known, &mistakes);
    assert_mistakes("keys", 3, (const char *[]){"a.yaml:1:1: aftr: unknown key, did you mean after?",
                                                "a.yaml:2:1: widnow: unknown key, did you mean window?",
                                                "colour: unknown key: known here are after, before, window"});
}

static void nearest_name_is_near(void **state)
{
    (void)state;
    static const char *const names[] = {"mon", "tue", "follow-up", "verification", NULL};
    static const struct { const char *name, *near; } cases[] = {
        {"mno", "mon"}, {"tuo", "tue"}, {"folow-up", "follow-up"}, {"folllowup", "follow-up"},
         {"verifikation", "verification"},
        {"xyz", NULL}, {"", NULL}, {"something else", NULL}, {"up", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *near = nearest_name(cases[i].name, names);
        if (!!near != !!cases[i].near || (near && strcmp(near, cases[i].near)))
            fail_msg("%s: got %s", cases[i].name, near ? near : "none");
    }
}

static void long_values_are_shortened_at_a_character(void **state)
{
    (void)state;
    const struct yaml *root = parse("a: x你你你你你你你你你你你你你你你你你你你你你你你你你你你你你\n");
    yaml_int(yaml_get(root, "a"), 0, 0, 1, &mistakes);
    assert_mistakes("long", 1, (const char *[]){"wants a whole number, not x你你你你你你你你你你你你你你你你你你你"});
    const char *end = mistakes.lines[0] + strlen(mistakes.lines[0]) - 3;
    assert_string_equal(end, "你");
}

static int teardown(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tree_has_kinds_places_and_paths), cmocka_unit_test(bad_texts_are_pointed_at),
        cmocka_unit_test(sizes_are_bounded), cmocka_unit_test(at_most_two_hundred_mistakes_are_kept),
        cmocka_unit_test(values_are_read_by_type), cmocka_unit_test(wrong_kinds_are_mistakes),
        cmocka_unit_test(unknown_keys_get_hints), cmocka_unit_test(nearest_name_is_near),
        cmocka_unit_test(long_values_are_shortened_at_a_character),
    };
    return cmocka_run_group_tests(tests, NULL, teardown);
}
