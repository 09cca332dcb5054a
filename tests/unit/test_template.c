/* templates: what is rendered, how values are made harmless, what is refused, which text is found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "site.h"
#include "support/shipped.h"

static const char *look_up(void *context, const char *path)
{
    static const struct { const char *path, *value; } known[] = {
        {"customer.name", "王芳"}, {"model", "UNI-T"}, {"empty", ""}, {"no", "no"}, {"zero", "0"}, {"evil", "<a href='x'>\"&\r\n"},
        {"items.length", "2"}, {"items[0].name", "oil"}, {"items[1].name", "filter"}, {"items[0].parts.length", "2"},
        {"items[0].parts[0]", "a"}, {"items[0].parts[1]", "b"}, {"tags.length", "3"}, {"tags[0]", "x"}, {"tags[1]", "y"},
        {"tags[2]", "z"}, {"none.length", "0"}, {"many.length", "1001"}, {"wide.length", "1000"},
    };
    (void)context;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (!strcmp(known[i].path, path))
            return known[i].value;
    return NULL;
}

static void texts_are_rendered(void **state)
{
    (void)state;
    static const struct { const char *template, *wants; } cases[] = {
        {"", ""},
        {"plain } text { 100%", "plain } text { 100%"},
        {"{{customer.name}}您好", "王芳您好"},
        {"{{ model }}", "UNI-T"},
        {"[{{missing}}]", "[]"},
        {"{{#if model}}yes{{/if}}", "yes"},
        {"{{#if missing}}yes{{else}}no{{/if}}", "no"},
        {"{{#if empty}}1{{/if}}{{#if no}}2{{/if}}{{#if zero}}3{{/if}}.", "."},
        {"{{#if items}}list{{/if}}{{#if none}}none{{/if}}", "list"},
        {"{{#if model}}a{{#if missing}}b{{else}}c{{/if}}d{{else}}e{{/if}}", "acd"},
        {"{{#each items}}{{name}},{{/each}}", "oil,filter,"},
        {"{{#each tags}}{{this}}{{/each}}", "xyz"},
        {"{{#each none}}never{{/each}}{{#each missing}}never{{/each}}", ""},
        {"{{#each items}}{{name}}:{{#each parts}}{{this}}{{model}}{{/each}};{{/each}}", "oil:aUNI-TbUNI-T;filter:;"},
        {"{{#each items}}{{this.name}} {{/each}}", "oil filter "},
        {"{{#if missing}}{{#each items}}{{name}}{{/each}}{{/if}}", ""},
    };
    struct buffer to = {0};
    struct fault fault;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        buffer_clear(&to);
        if (!template_render(cases[i].template, ESCAPE_NONE, look_up, NULL, &to, &fault))
            fail_msg("%s: %s %s", cases[i].template, fault.field, fault.what);
        if (strcmp(buffer_text(&to), cases[i].wants))
            fail_msg("%s\ngot   %s\nwants %s", cases[i].template, buffer_text(&to), cases[i].wants);
    }
    buffer_free(&to);
}

static void values_are_made_harmless_and_text_is_not_touched(void **state)
{
    (void)state;
    static const struct { enum escape escape; const char *wants; } cases[] = {
        {ESCAPE_NONE, "<b>\"<a href='x'>\"&\r\n"},
        {ESCAPE_HTML, "<b>\"&lt;a href=&#39;x&#39;&gt;&quot;&amp;\r\n"},
        {ESCAPE_HEADER, "<b>\"<a href='x'>\"&  "},
        {ESCAPE_URL, "<b>\"%3Ca%20href%3D%27x%27%3E%22%26%0D%0A"},
        {ESCAPE_JSON, "<b>\"<a href='x'>\\\"&\\u000d\\u000a"},
    };
    struct buffer to = {0};
    struct fault fault;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        buffer_clear(&to);
        assert_true(template_render("<b>\"{{evil}}", cases[i].escape, look_up, NULL, &to, &fault));
        assert_string_equal(buffer_text(&to), cases[i].wants);
    }
    buffer_clear(&to);
    assert_true(template_render("{{customer.name}}", ESCAPE_URL, look_up, NULL, &to, &fault));
    assert_string_equal(buffer_text(&to), "%E7%8E%8B%E8%8A%B3");
    buffer_free(&to);
}

static void wrong_texts_are_refused_and_leave_nothing(void **state)
{
    (void)state;
    static const struct { const char *template, *at, *what; } cases[] = {
        {"ab{{model", "byte 2", "without }}"},
        {"{{}}", "byte 0", "unknown tag"},
        {"{{#with a}}", "byte 0", "unknown tag"},
        {"{{#if}}x{{/if}}", "byte 0", "unknown tag"},
        {"{{#ifmodel}}x{{/if}}", "byte 0", "unknown tag"},
        {"{{a b}}", "byte 0", "unknown tag"},
        {"{{{model}}}", "byte 0", "unknown tag"},
        {"{{#if model}}x", "byte 13", "not closed by {{/if}}"},
        {"{{#if missing}}x{{/each}}", "byte 15", "not closed by {{/if}}"},
        {"{{#if model}}a{{else}}b{{else}}c{{/if}}", "byte 13", "not closed"},
        {"{{#each items}}x", "byte 15", "not closed by {{/each}}"},
        {"{{#each none}}{{#if a}}{{/each}}", "byte 23", "not closed by {{/if}}"},
        {"x{{/if}}", "byte 8", "without a block"},
        {"{{else}}", "byte 8", "without a block"},
        {"{{#each many}}{{/each}}", "byte 14", "more than 1,000"},
        {"{{#each wide}}{{#each wide}}{{this}}{{/each}}{{/each}}", "", "too much work"},
        {"{{#if a}}{{#if a}}{{#if a}}{{#if a}}{{#if a}}{{#if a}}{{#if a}}{{#if a}}{{#if a}}", "byte 81", "more than 8"},
    };
    struct buffer to = {0};
    struct fault fault;
    buffer_string(&to, "before");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (template_render(cases[i].template, ESCAPE_NONE, look_up, NULL, &to, &fault))
            fail_msg("%s was taken", cases[i].template);
        if (!strstr(fault.what, cases[i].what) || (*cases[i].at && strcmp(fault.field, cases[i].at)))
            fail_msg("%s\ngot %s %s", cases[i].template, fault.field, fault.what);
        assert_string_equal(buffer_text(&to), "before");
    }
    buffer_free(&to);
}

static const char *long_value(void *context, const char *path)
{
    return strcmp(path, "long.length") ? context : NULL;
}

static void output_has_a_bound(void **state)
{
    (void)state;
    static char value[70 * 1024];
    struct buffer to = {0};
    struct fault fault;
    memset(value, '<', sizeof value - 1);
    for (int escape = ESCAPE_NONE; escape <= ESCAPE_JSON; escape++) {
        assert_false(template_render("{{long}}", (enum escape)escape, long_value, value, &to, &fault));
        assert_non_null(strstr(fault.what, "64 KiB"));
        assert_int_equal(to.bytes, 0);
    }
    assert_false(template_render(value, ESCAPE_NONE, look_up, NULL, &to, &fault));
    value[64 * 1024] = 0;
    assert_true(template_render(value, ESCAPE_NONE, look_up, NULL, &to, &fault));
    assert_int_equal(to.bytes, 64 * 1024);
    buffer_clear(&to);
    assert_false(template_render("{{long}}", ESCAPE_HTML, long_value, value, &to, &fault));
    buffer_free(&to);
}

/* -------- sets of texts */

static struct mistakes mistakes;

static struct templates *parse(struct arena *arena, const char *text)
{
    mistakes = (struct mistakes){.file = "t.yaml", .arena = arena};
    return templates_parse((struct slice){(const uint8_t *)text, strlen(text)}, arena, &mistakes);
}

static const char *const set =
    "templates: small\n"
    "words: { zh-CN: { major: 重大 } }\n"
    "texts:\n"
    "  both:\n"
    "    zh-CN: { sms: 短, email: { subject: 题, body: 长 }, all: 通 }\n"
    "    en: { sms: short }\n"
    "  english: { en: only }\n";

static void text_is_found_by_language_and_channel(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    const struct templates *templates = parse(arena, set);
    assert_non_null(templates);
    static const struct { const char *name, *channel, *language, *body; } cases[] = {
        {"both", "sms", "zh-CN", "短"}, {"both", "sms", "zh", "短"}, {"both", "email", "zh-CN", "长"},
        {"both", "webhook", "zh-CN", "通"}, {"both", "sms", "en", "short"}, {"both", "sms", "en-GB", "short"},
        {"both", "email", "en", "长"}, {"both", "sms", "fr", "短"}, {"both", "sms", "", "短"},
        {"english", "sms", "zh-CN", "only"}, {"missing", "sms", "en", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct template_text text = {NULL, NULL};
        bool found = templates_find(templates, cases[i].name, cases[i].channel, cases[i].language, &text);
        assert_int_equal(found, cases[i].body != NULL);
        if (found && strcmp(text.body, cases[i].body))
            fail_msg("%s %s %s: got %s", cases[i].name, cases[i].channel, cases[i].language, text.body);
    }
    struct template_text mail;
    assert_true(templates_find(templates, "both", "email", "zh-CN", &mail));
    assert_string_equal(mail.subject, "题");
    assert_true(templates_has(templates, "english"));
    assert_false(templates_has(templates, "englisch"));
    assert_string_equal(templates_word(templates, "zh-CN", "major"), "重大");
    assert_null(templates_word(templates, "zh-CN", "first_response"));
    arena_free(&arena);
}

static void mistakes_in_a_set_are_told_at_once(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    const struct templates *templates = parse(arena,
        "templates: a b\n"
        "text: {}\n"
        "texts:\n"
        "  x: { zh_CN: 好 }\n"
        "  y: { en: { sns: hi } }\n"
        "  z: { en: { email: no subject } }\n"
        "  v: { en: \"{{#if a}}\" }\n"
        "  w: {}\n");
    static const char *const lines[] = {
        "t.yaml:2:1: text: unknown key, did you mean texts?",
        "t.yaml:1:12: templates: \"a b\" is no name",
        "t.yaml:4:8: texts.x.zh_CN: \"zh_CN\" is not one of zh-CN, en",
        "t.yaml:5:14: texts.y.en.sns: \"sns\" is not one of all, sms",
        "t.yaml:6:21: texts.z.en.email: a mail needs a subject",
        "t.yaml:7:12: texts.v.en: byte 9: {{#if}} is not closed",
        "t.yaml:8:6: texts.w: has no text",
    };
    assert_null(templates);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        if (i >= mistakes.count || !strstr(mistakes.lines[i], lines[i]))
            fail_msg("got %s, wants %s", i < mistakes.count ? mistakes.lines[i] : "nothing", lines[i]);
    assert_int_equal(mistakes.count, sizeof lines / sizeof lines[0]);
    arena_free(&arena);
}

static void shipped_texts_are_sound(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    mistakes = (struct mistakes){.file = "auto-dealer.yaml", .arena = arena};
    const struct templates *templates = templates_parse(shipped_file(arena, "deploy/templates/auto-dealer.yaml"), arena, &mistakes);
    if (!templates)
        fail_msg("%s", mistakes.lines[0]);
    struct template_text text;
    struct buffer to = {0};
    struct fault fault;
    assert_true(templates_find(templates, "delivery-thanks", "sms", "zh-CN", &text));
    assert_true(template_render(text.body, ESCAPE_NONE, look_up, NULL, &to, &fault));
    assert_non_null(strstr(buffer_text(&to), "王芳您好，感谢您选择我们，恭喜您喜提UNI-T！"));
    buffer_free(&to);
    arena_free(&arena);
}

static void documented_example_is_sound(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    mistakes = (struct mistakes){.file = "README.md", .arena = arena};
    const struct templates *templates = templates_parse(shipped_example(arena, "deploy/templates/README.md"), arena, &mistakes);
    struct template_text text;
    if (!templates)
        fail_msg("%s", mistakes.lines[0]);
    assert_true(templates_find(templates, "thanks", "email", "en", &text));
    assert_string_equal(text.subject, "Thank you");
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_rendered),
        cmocka_unit_test(values_are_made_harmless_and_text_is_not_touched),
        cmocka_unit_test(wrong_texts_are_refused_and_leave_nothing),
        cmocka_unit_test(output_has_a_bound),
        cmocka_unit_test(text_is_found_by_language_and_channel),
        cmocka_unit_test(mistakes_in_a_set_are_told_at_once),
        cmocka_unit_test(shipped_texts_are_sound),
        cmocka_unit_test(documented_example_is_sound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
