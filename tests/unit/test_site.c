/* sites: staff, what is in force, contents by their hash, what texts can say of the shop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "log.h"
#include "site.h"
#include "support/shipped.h"

static struct arena *arena;
static struct mistakes mistakes;

static struct slice text_of(const char *text)
{
    return (struct slice){(const uint8_t *)text, strlen(text)};
}

static struct staff *staff_of(struct slice text)
{
    mistakes = (struct mistakes){.file = "s.yaml", .arena = arena};
    return staff_parse(text, arena, &mistakes);
}

static int arena_begin(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static int arena_end(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

/* -------- staff */

static const char *const people =
    "staff: small\n"
    "shop: { name: 小店, phone: \"123\" }\n"
    "people:\n"
    "  - { id: a, name: 罗鹏, roles: [service-advisor, manager], deputy: b, hours: { mon: [09:00-12:00] } }\n"
    "  - { id: b, name: 周敏, roles: [service-advisor], capability: 30, language: en, email: b@example.invalid }\n"
    "  - { id: c, name: 周敏, roles: [marketing] }\n";

static void people_are_found_by_id_or_full_name(void **state)
{
    (void)state;
    const struct staff *staff = staff_of(text_of(people));
    assert_non_null(staff);
    static const struct { const char *asked, *id; } cases[] = {
        {"a", "a"}, {"罗鹏", "a"}, {"b", "b"}, {"周敏", NULL}, {"nobody", NULL}, {"", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct person *person = staff_person(staff, cases[i].asked);
        if ((person == NULL) != (cases[i].id == NULL) || (person && strcmp(person->id, cases[i].id)))
            fail_msg("%s: got %s", cases[i].asked, person ? person->id : "nobody");
    }
    const struct person *a = staff_person(staff, "a"), *b = staff_person(staff, "b");
    assert_true(person_has_role(a, "manager"));
    assert_false(person_has_role(b, "manager"));
    assert_non_null(a->hours);
    assert_null(b->hours);
    assert_int_equal(a->capability, 10);
    assert_int_equal(b->capability, 30);
    assert_string_equal(a->language, "zh-CN");
    assert_string_equal(b->language, "en");
    assert_string_equal(a->email, "");
    assert_string_equal(staff->shop.name_en, "小店");
}

static void mistakes_in_a_staff_list_are_told_at_once(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "s.yaml:2:1: poeple: unknown key, did you mean people?",
        "s.yaml:4:5: people[0]: id is missing",
        "s.yaml:4:5: people[0]: roles are missing",
        "s.yaml:5:33: people[1].email: \"nowhere\" is no e-mail address",
        "s.yaml:5:54: people[1].capability: wants a number from 1 to 100",
        "s.yaml:6:11: people[2].id: \"x\" is somebody else's id already",
        "s.yaml:6:34: people[2].deputy: nobody here has the id \"z\"",
        "s.yaml:7:34: people[3].deputy: nobody stands in for themselves",
    };
    assert_null(staff_of(text_of("staff: s\n"
                                 "poeple: []\n"
                                 "people:\n"
                                 "  - { name: 王 }\n"
                                 "  - { id: x, roles: [r], email: nowhere, capability: 0 }\n"
                                 "  - { id: x, roles: [r], deputy: z }\n"
                                 "  - { id: y, roles: [r], deputy: y }\n")));
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        bool told = false;
        for (size_t j = 0; j < mistakes.count; j++)
            told |= strstr(mistakes.lines[j], lines[i]) != NULL;
        if (!told)
            print_error("not told: %s\n", lines[i]);
        assert_true(told);
    }
    assert_int_equal(mistakes.count, sizeof lines / sizeof lines[0]);
}

static void documented_example_is_sound(void **state)
{
    (void)state;
    const struct staff *staff = staff_of(shipped_example(arena, "deploy/sample/README.md"));
    assert_null(staff);         /* a part of the list: the deputy is not shown */
    assert_int_equal(mistakes.count, 1);
    assert_non_null(strstr(mistakes.lines[0], "people[0].deputy: nobody here has the id \"zhou-min\""));
}

static bool role_is_held(const struct staff *staff, const char *role)
{
    for (size_t i = 0; i < staff->count; i++)
        if (person_has_role(&staff->people[i], role))
            return true;
    return false;
}

/* The sample shop, its playbook and its texts fit together. */
static void sample_shop_has_all_that_its_playbook_names(void **state)
{
    (void)state;
    struct mistakes told = {.file = "", .arena = arena};
    const struct staff *staff = staff_of(shipped_file(arena, "deploy/sample/staff.yaml"));
    const struct playbook *playbook = playbook_parse(shipped_file(arena, "deploy/playbooks/auto-dealer.yaml"), arena, &told);
    const struct templates *templates = templates_parse(shipped_file(arena, "deploy/templates/auto-dealer.yaml"), arena, &told);
    assert_true(staff && playbook && templates);
    struct texts names = playbook_templates(playbook, arena), roles = playbook_roles(playbook, arena);
    assert_true(names.count > 20);
    assert_int_equal(roles.count, 9);
    assert_string_equal(templates_name(templates), "auto-dealer");
    assert_true(templates_names(templates, arena).count >= names.count);
    for (size_t i = 0; i < names.count; i++)
        if (!templates_has(templates, names.at[i]))
            fail_msg("no text %s", names.at[i]);
    for (size_t i = 0; i < roles.count; i++)
        if (!role_is_held(staff, roles.at[i]))
            fail_msg("nobody is %s", roles.at[i]);
}

/* -------- what is in force */

static void activations_add_replace_and_remove(void **state)
{
    (void)state;
    static const struct { int kind; const char *name, *hash; size_t count; } steps[] = {
        {CONFIG_PLAYBOOK, "dealer", "h1", 1}, {CONFIG_CALENDAR, "dealer", "h2", 2}, {CONFIG_PLAYBOOK, "dealer", "h3", 2},
        {CONFIG_PLAYBOOK, "club", "h4", 3},   {CONFIG_CALENDAR, "none", "", 3},     {CONFIG_CALENDAR, "dealer", "", 2},
    };
    const struct site_config *config = NULL;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        struct config_activated change = {.kind = steps[i].kind, .name = steps[i].name, .hash = steps[i].hash};
        const struct site_config *before = config;
        size_t count_before = before ? before->active.count : 0;
        config = site_config_after(before, "sample", &change, arena);
        assert_int_equal(config->active.count, steps[i].count);
        if (before)
            assert_int_equal(before->active.count, count_before);
    }
    assert_string_equal(config->id, "sample");
    assert_string_equal(config->active.at[0].name, "dealer");
    assert_string_equal(config->active.at[0].hash, "h3");
    assert_string_equal(config->active.at[1].name, "club");
}

static void pause_and_absences_outlive_an_activation(void **state)
{
    (void)state;
    const char *absent[] = {"han-xue"};
    struct site_config before = {.id = "sample", .sending_paused = true, .absent = {absent, 1}};
    struct config_activated change = {.kind = CONFIG_STAFF, .name = "sample", .hash = "h"};
    const struct site_config *after = site_config_after(&before, "sample", &change, arena);
    assert_true(after->sending_paused);
    assert_int_equal(after->absent.count, 1);
    assert_int_equal(before.active.count, 0);
}

static void a_full_list_has_room_for_what_it_knows(void **state)
{
    (void)state;
    const struct site_config *config = NULL;
    struct config_activated change = {.kind = CONFIG_PLAYBOOK, .hash = "h"};
    for (int i = 0; i < SITE_SETTINGS_MAX; i++) {
        change.name = arena_printf(arena, "p%d", i);
        assert_true(site_config_has_room(config, &change));
        config = site_config_after(config, "sample", &change, arena);
    }
    assert_int_equal(config->active.count, SITE_SETTINGS_MAX);
    static const struct { int kind; const char *name, *hash; bool room; } cases[] = {
        {CONFIG_PLAYBOOK, "p64", "h", false}, {CONFIG_CALENDAR, "p0", "h", false}, {CONFIG_PLAYBOOK, "p0", "other", true},
        {CONFIG_PLAYBOOK, "p0", "", true},    {CONFIG_PLAYBOOK, "p64", "", true},  {CONFIG_PLAYBOOK, "p64", NULL, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        change = (struct config_activated){.kind = cases[i].kind, .name = cases[i].name, .hash = cases[i].hash};
        assert_int_equal(site_config_has_room(config, &change), cases[i].room);
    }
    change = (struct config_activated){.kind = CONFIG_PLAYBOOK, .name = "p63"};
    config = site_config_after(config, "sample", &change, arena);
    change = (struct config_activated){.kind = CONFIG_PLAYBOOK, .name = "p64", .hash = "h"};
    assert_true(site_config_has_room(config, &change));
}

/* Who proposes is not who releases; what is in force stays so until then. */
static void templates_are_released_by_somebody_else(void **state)
{
    (void)state;
    static const char *const text = "staff: s\ntemplates_released_by: [boss]\npeople:\n"
                                    "  - { id: ann, roles: [boss, clerk] }\n  - { id: bob, roles: [boss] }\n  - { id: cat, roles: [clerk] }\n";
    struct mistakes wrong = {.file = "staff", .arena = arena};
    const struct staff *staff = staff_parse((struct slice){(const uint8_t *)text, strlen(text)}, arena, &wrong);
    static const struct {
        const char *actor, *hash; int kind; bool release; enum setting_verdict verdict; const char *by;
    } steps[] = {
        {"ann", "h1", CONFIG_TEMPLATES, true, SETTING_NOT_PROPOSED, NULL},
        {"ann", "p1", CONFIG_PLAYBOOK, false, SETTING_IN_FORCE, NULL},
        {"ann", "h1", CONFIG_TEMPLATES, false, SETTING_PROPOSED, "ann"},
        {"bob", "h1", CONFIG_TEMPLATES, false, SETTING_PROPOSED, "ann"},        /* brought again: still hers */
        {"ann", "h1", CONFIG_TEMPLATES, true, SETTING_OWN, "ann"},
        {"cat", "h1", CONFIG_TEMPLATES, true, SETTING_NOT_YOURS, "ann"},
        {"", "h1", CONFIG_TEMPLATES, true, SETTING_NOT_YOURS, "ann"},
        {"bob", "h2", CONFIG_TEMPLATES, true, SETTING_NOT_PROPOSED, "ann"},
        {"bob", "h2", CONFIG_TEMPLATES, false, SETTING_PROPOSED, "bob"},        /* changed: his from now on */
        {"bob", "h2", CONFIG_TEMPLATES, true, SETTING_OWN, "bob"},
        {"ann", "h2", CONFIG_TEMPLATES, true, SETTING_IN_FORCE, NULL},
        {"cat", "h2", CONFIG_TEMPLATES, false, SETTING_IN_FORCE, NULL},         /* as it is already */
        {"cat", "h3", CONFIG_TEMPLATES, false, SETTING_PROPOSED, "cat"},
        {"cat", "", CONFIG_TEMPLATES, false, SETTING_IN_FORCE, NULL},           /* taken out: nothing waits */
    };
    struct site_config *config = NULL;
    assert_non_null(staff);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        struct config_activated change = {.kind = steps[i].kind, .name = "t", .hash = steps[i].hash, .release = steps[i].release};
        enum setting_verdict verdict = setting_judge(config, staff, &change, steps[i].actor);
        if (verdict != steps[i].verdict)
            fail_msg("step %zu: %d", i, verdict);
        if (verdict == SETTING_PROPOSED)
            config = site_config_propose(config, "s", &change, steps[i].actor, arena);
        if (verdict == SETTING_IN_FORCE)
            config = site_config_withdraw(site_config_after(config, "s", &change, arena), change.kind, change.name, arena);
        const struct proposed_config *proposal = site_config_proposal(config, CONFIG_TEMPLATES, "t");
        assert_int_equal(proposal != NULL, steps[i].by != NULL);
        if (proposal)
            assert_string_equal(proposal->by, steps[i].by);
    }
    struct config_activated change = {.kind = CONFIG_TEMPLATES, .name = "t", .hash = "h4"};
    assert_int_equal(setting_judge(config, NULL, &change, "ann"), SETTING_IN_FORCE);     /* nobody asks for it */
    for (int i = 0; i < SITE_PROPOSALS_MAX; i++) {
        change.name = arena_printf(arena, "t%d", i);
        config = site_config_propose(config, "s", &change, "ann", arena);
    }
    change.name = "one-more";
    assert_int_equal(setting_judge(config, staff, &change, "ann"), SETTING_FULL);
}

/* A lookup in which every value is called as its path. */
static const char *word_itself(void *context, const char *path)
{
    (void)context;
    return strncmp(path, "word.", 5) ? path : NULL;
}

/* -------- contents by hash */

static const char *const small_playbook =
    "playbook: small\nwindows: { follow-up: { mon: [10:00-11:00] }, own: { tue: [10:00-11:00] } }\n"
    "contact: { per_day: 2 }\nrules:\n  - on: car.delivered\n    steps:\n"
    "      - { call: c, window: follow-up }\n      - { call: d, window: own }\n      - { call: e }\n";

static int reads;

static bool read_content(void *context, const char *hash, struct arena *to, struct slice *ret)
{
    static const struct { const char *hash, *text; } contents[] = {
        {"playbook", NULL}, {"broken", "playbook: [\n"}, {"staff", NULL}, {"templates", "templates: t\ntexts: {}\n"},
        {"calendar", "calendar: c\nzone: Asia/Shanghai\nbusiness: { mon-sat: [09:00-18:00] }\n"
                     "windows: { follow-up: { mon: [08:00-09:00] } }\n"},
    };
    (void)context;
    reads++;
    for (size_t i = 0; i < sizeof contents / sizeof contents[0]; i++) {
        if (strcmp(contents[i].hash, hash))
            continue;
        const char *text = contents[i].text ? contents[i].text : !strcmp(hash, "staff") ? people : small_playbook;
        *ret = text_of(arena_string(to, text));
        return true;
    }
    return false;
}

static void contents_are_parsed_once(void **state)
{
    (void)state;
    struct content_cache *cache = content_cache_new(read_content, NULL);
    log_start("test", LEVEL_NONE);
    reads = 0;
    const struct playbook *playbook = content_playbook(cache, "playbook");
    assert_non_null(playbook);
    assert_ptr_equal(content_playbook(cache, "playbook"), playbook);
    assert_int_equal(reads, 1);
    assert_null(content_playbook(cache, "broken"));
    assert_null(content_playbook(cache, "broken"));
    assert_int_equal(reads, 2);
    /* what could not be read is asked for again: the store may have been away */
    assert_null(content_staff(cache, "gone"));
    assert_null(content_staff(cache, "gone"));
    assert_int_equal(reads, 4);
    assert_null(content_calendar(cache, ""));
    assert_null(content_calendar(cache, NULL));
    assert_int_equal(reads, 4);
    content_cache_free(&cache);
    content_cache_free(&cache);
}

static void site_is_put_together_from_what_is_in_force(void **state)
{
    (void)state;
    struct content_cache *cache = content_cache_new(read_content, NULL);
    struct active_config active[] = {
        {.kind = CONFIG_PLAYBOOK, .name = "broken", .hash = "broken"}, {.kind = CONFIG_PLAYBOOK, .name = "small", .hash = "playbook"},
        {.kind = CONFIG_CALENDAR, .name = "c", .hash = "calendar"}, {.kind = CONFIG_STAFF, .name = "s", .hash = "staff"},
        {.kind = CONFIG_TEMPLATES, .name = "t", .hash = "templates"},
    };
    struct site_config config = {.id = "sample", .active = {active, 5}};
    const struct site *site = content_site(cache, "sample", &config, arena);
    assert_int_equal(site->playbook_count, 1);
    assert_string_equal(site->playbooks[0].hash, "playbook");
    assert_int_equal(site->templates_count, 1);
    assert_string_equal(site->templates[0].hash, "templates");
    assert_int_equal(site->staff->count, 3);
    assert_null(site_complaint_playbook(site));
    assert_int_equal(site_contact_rules(site)->cap_per_day, 2);
    const struct step *steps = site->playbooks[0].playbook->rules[0].steps;
    assert_ptr_equal(site_window(site, &steps[0]), calendar_window(site->calendar, "follow-up"));
    assert_ptr_equal(site_window(site, &steps[1]), steps[1].window);
    assert_null(site_window(site, &steps[2]));

    struct site_config nothing = {.id = "empty"};
    const struct site *bare = content_site(cache, "empty", &nothing, arena);
    assert_ptr_equal(bare->calendar, calendar_everyday());
    assert_true(!bare->staff && !bare->templates_count && !bare->playbook_count);
    assert_null(site_contact_rules(bare));
    content_cache_free(&cache);
}

/* Several sets: the one that is named, else the first that has the text; words of the text's own set go first. */
static void texts_come_from_the_set_named_or_the_first(void **state)
{
    (void)state;
    struct mistakes told = {.file = "", .arena = arena};
    struct templates_in_force in_force[] = {
        {"h1", templates_parse(text_of("templates: dealer\nwords: { en: { a: first, b: dealers } }\n"
                                       "texts: { hello: { en: x }, bye: { en: x } }\n"), arena, &told)},
        {"h2", templates_parse(text_of("templates: club\nwords: { en: { a: own } }\n"
                                       "texts: { hello: { en: x }, card: { en: x } }\n"), arena, &told)},
    };
    struct site site = {.id = "sample", .templates = in_force, .templates_count = 2};
    static const struct { const char *set, *template, *hash; } cases[] = {
        {"", "hello", "h1"}, {"", "card", "h2"}, {"club", "hello", "h2"}, {"club", "bye", NULL}, {"gone", "hello", NULL},
        {"", "none", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct templates_in_force *found = site_templates(&site, cases[i].set, cases[i].template);
        if (!found != !cases[i].hash || (found && strcmp(found->hash, cases[i].hash)))
            fail_msg("%s of %s", cases[i].template, cases[i].set);
    }
    struct site_text_facts facts = {&site, in_force[1].templates, "en", word_itself, NULL, arena};
    assert_string_equal(site_text_fact(&facts, "word.a"), "own");
    assert_string_equal(site_text_fact(&facts, "word.b"), "dealers");
    assert_string_equal(site_text_fact(&facts, "word.c_d"), "c d");
}

static void hash_is_that_of_the_standard(void **state)
{
    (void)state;
    char hash[65];
    /* BLAKE2b-256 of the empty text and of "abc", as published with RFC 7693's reference code */
    content_hash((struct slice){NULL, 0}, hash);
    assert_string_equal(hash, "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
    content_hash(text_of("abc"), hash);
    assert_string_equal(hash, "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
}

/* -------- what texts can say */

static const char *inner(void *context, const char *path)
{
    (void)context;
    return !strcmp(path, "grade") ? "major" : !strcmp(path, "clock") ? "first_response" : NULL;
}

static void texts_name_the_shop_and_say_words(void **state)
{
    (void)state;
    struct mistakes told = {.file = "", .arena = arena};
    struct site site = {.id = "sample", .staff = staff_of(shipped_file(arena, "deploy/sample/staff.yaml"))};
    struct templates_in_force in_force = {"h", templates_parse(shipped_file(arena, "deploy/templates/auto-dealer.yaml"), arena, &told)};
    site.templates = &in_force;
    site.templates_count = 1;
    static const struct { const char *path, *zh, *en; } cases[] = {
        {"site.id", "sample", "sample"}, {"site.name", "星驰汽车服务中心", "Xingchi Motors"}, {"grade", "major", "major"},
        {"word.grade", "重大", "major"}, {"word.clock", "首次答复", "first response"}, {"word.nothing", NULL, NULL},
        {"site.nothing", NULL, NULL}, {"other", NULL, NULL},
    };
    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        struct site_text_facts facts = {&site, NULL, i % 2 ? "en" : "zh-CN", inner, NULL, arena};
        const char *got = site_text_fact(&facts, cases[i / 2].path), *wants = i % 2 ? cases[i / 2].en : cases[i / 2].zh;
        if ((got == NULL) != (wants == NULL) || (got && strcmp(got, wants)))
            fail_msg("%s: got %s", cases[i / 2].path, got ? got : "nothing");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(people_are_found_by_id_or_full_name),
        cmocka_unit_test(mistakes_in_a_staff_list_are_told_at_once),
        cmocka_unit_test(documented_example_is_sound),
        cmocka_unit_test(sample_shop_has_all_that_its_playbook_names),
        cmocka_unit_test(activations_add_replace_and_remove),
        cmocka_unit_test(pause_and_absences_outlive_an_activation),
        cmocka_unit_test(a_full_list_has_room_for_what_it_knows),
        cmocka_unit_test(templates_are_released_by_somebody_else),
        cmocka_unit_test(contents_are_parsed_once),
        cmocka_unit_test(site_is_put_together_from_what_is_in_force),
        cmocka_unit_test(texts_come_from_the_set_named_or_the_first),
        cmocka_unit_test(hash_is_that_of_the_standard),
        cmocka_unit_test(texts_name_the_shop_and_say_words),
    };
    return cmocka_run_group_tests(tests, arena_begin, arena_end);
}
