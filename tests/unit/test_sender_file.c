/* The sender and a gateway that writes to a file: what stands there, and how often the store is asked for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../services/notifier/rendering.h"
#include "../../services/notifier/sender.h"
#include "support/scene.h"

static const char *const templates =
    "templates: small\n"
    "version: 1\n"
    "texts:\n"
    "  thanks:\n"
    "    zh-CN: '{{customer.name}}，谢谢 \"{{model}}\"\\{{site.name}}'\n";

static const char *const staff = "staff: small\nshop: { name: 小店, phone: 400-1 }\npeople:\n  - { id: an, name: An, roles: [agent] }\n";

static struct scene *scene;
static struct clock *by_hand;
static struct gateway_list *gateways;
static struct sender *sender;
static char directory[] = "/tmp/careline-sender-XXXXXX", hash[80];
static size_t results, asked, exchanges;    /* asked: anything of the store; exchanges: entities of it */
static struct store_functions counting;
static const struct store_functions *uncounted;
static bool gone;                       /* the store does not answer */
static enum send_result result;
static char detail[128];

static bool finished(void *context, const struct send_order *order, enum send_result came, const char *why)
{
    (void)context;
    (void)order;
    results++;
    result = came;
    snprintf(detail, sizeof detail, "%s", why);
    return true;
}

static int fate(void *context, const char *call)
{
    (void)context;
    (void)call;
    asked++;
    return gone ? FATE_GONE : FATE_DONE;
}

static enum store_status counted_read(struct store *store, struct entities_read *each, size_t count, struct arena *arena,
                                      enum store_status *ret_status_each)
{
    exchanges++;
    return uncounted->read_entities(store, each, count, arena, ret_status_each);
}

/* From now on. */
static void count_calls(struct store *store)
{
    uncounted = store->functions;
    counting = *uncounted;
    counting.read_entities = counted_read;
    store->functions = &counting;
    store_memory_fault(store, fate, NULL);
    results = asked = exchanges = 0;
    gone = false;
}

static int setup(void **unused)
{
    static const struct core *const cores[] = {&scheduler_core, &notifier_core, NULL};
    char message[160] = "";
    (void)unused;
    scene = scene_new(cores, NULL, staff, templates);
    const struct site_config *config = world_entity(scene->world, ENTITY_NOTIFIER_SITE, "s1", scene->arena);
    for (size_t i = 0; i < config->active.count; i++)
        if (config->active.at[i].kind == CONFIG_TEMPLATES)
            snprintf(hash, sizeof hash, "%s", config->active.at[i].hash);
    scene_post(scene, "\"type\":\"customer.recorded\",\"customer\":\"wang\",\"data\":{\"name\":\"王\\n芳\",\"mobile\":\"13800000001\"}");
    struct mistakes mistakes = {.arena = scene->arena};
    static const char yaml[] = "{ gateway: file, channel: sms, kind: file, path: out/box.jsonl, per_second: 1000 }";
    assert_non_null(mkdtemp(strcpy(directory, "/tmp/careline-sender-XXXXXX")));
    gateways = gateways_read("/nonexistent", &mistakes);
    assert_true(gateway_parse(gateways, (struct slice){(const uint8_t *)yaml, sizeof yaml - 1}, directory, &mistakes));
    by_hand = clock_manual_new(world_now(scene->world));
    clock_manual_advance_mono(by_hand, MINUTE_MS);
    sender = sender_new(&(struct sender_options){
        .store = world_store(scene->world), .sealer = world_sealer(scene->world), .clock = by_hand, .gateways = gateways,
        .finished = finished}, message);
    assert_non_null(sender);
    count_calls(world_store(scene->world));
    return 0;
}

static const char *path_of(const char *name)
{
    return arena_printf(scene->arena, "%s/%s", directory, name);
}

static int teardown(void **unused)
{
    static const char *const files[] = {"out/box.jsonl", "out/old.jsonl"};
    (void)unused;
    store_memory_fault(world_store(scene->world), NULL, NULL);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        unlink(path_of(files[i]));
    rmdir(path_of("out"));
    rmdir(directory);
    sender_free(&sender);
    gateways_free(&gateways);
    by_hand->functions->free(&by_hand);
    scene_free(&scene);
    return 0;
}

static void make_directory(void)
{
    assert_int_equal(mkdir(path_of("out"), 0700), 0);
}

/* -------- orders */

static struct stored_entity stored(enum entity_kind kind, const char *id)
{
    struct stored_entity found = {0};
    enum store_status status = store_read_entities_one(world_store(scene->world), world_partition(scene->world, "s1"), kind, &id, 1,
                                                       scene->arena, &found);
    assert_int_equal(status, STORE_OK);
    return found;
}

/* One that brings nothing but ids. */
static struct send_order bare(void)
{
    static const uint8_t variables[] = "\x81\xa5model\xa3X\"3";
    return (struct send_order){.notice = "s1/n.1", .site = "s1", .customer = "wang", .to_staff = "", .template = "thanks",
                               .templates_hash = hash, .attempt = 2, .channel = NOTICE_SMS, .priority = PRIORITY_NORMAL,
                               .variables = {variables, sizeof variables - 1}, .cause = ""};
}

/* As a turn hands it over. */
static struct send_order known(void)
{
    const struct customer *customer = world_entity(scene->world, ENTITY_CUSTOMER, "s1/wang", scene->arena);
    struct send_order order = bare();
    order.sealed = customer->sealed;
    order.language = customer->language;
    order.settings = stored(ENTITY_NOTIFIER_SITE, "s1").packed;
    asked = 0;
    return order;
}

static void give(const struct send_order *order, int count)
{
    mono_ms ends = {clock_mono(by_hand).ms + LEASE_MS};
    for (int i = 0; i < count; i++)
        sender_send(sender, world_partition(scene->world, "s1"), order, ends);
}

static void send_all(const struct send_order *order, int count)
{
    results = 0;
    give(order, count);
    for (int i = 0; results < (size_t)count && i < 100; i++)
        sender_step(sender);
    assert_int_equal(results, count);
}

#define assert_result(wanted) assert_string_equal(words_name(&send_result_words, (int)result), wanted)

static size_t lines_in(const char *name)
{
    FILE *file = fopen(path_of(name), "r");
    size_t lines = 0;
    for (int at; file && (at = getc(file)) != EOF;)
        lines += at == '\n';
    if (file)
        fclose(file);
    return lines;
}

/* -------- what stands in the file */

static void test_line(void **unused)
{
    char line[1024] = "";
    (void)unused;
    make_directory();
    struct send_order order = known();
    send_all(&order, 1);
    assert_result("accepted");
    assert_string_equal(detail, "written");
    FILE *file = fopen(path_of("out/box.jsonl"), "r");
    assert_non_null(fgets(line, sizeof line, file));
    fclose(file);
    json_t *json = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
    json_t *wanted = json_pack("{s:s,s:i,s:s,s:s,s:s,s:s,s:s,s:s}", "notice", "s1/n.1", "attempt", 2, "channel", "sms", "to",
                               "13800000001", "name", "王\n芳", "template", "thanks", "subject", "", "text",
                               "王\n芳，谢谢 \"X\"3\"\\小店");
    assert_true(json_equal(json, wanted));
    json_decref(json);
    json_decref(wanted);
}

static void test_file_is_followed(void **unused)
{
    (void)unused;
    struct send_order order = known();
    send_all(&order, 1);
    assert_result("temporary");
    assert_string_equal(detail, "not written: No such file or directory");
    make_directory();
    send_all(&order, 3);
    assert_result("accepted");
    assert_int_equal(lines_in("out/box.jsonl"), 3);
    assert_int_equal(rename(path_of("out/box.jsonl"), path_of("out/old.jsonl")), 0);
    send_all(&order, 2);
    assert_int_equal(lines_in("out/old.jsonl"), 3);
    assert_int_equal(lines_in("out/box.jsonl"), 2);
    assert_int_equal(unlink(path_of("out/box.jsonl")), 0);
    send_all(&order, 1);
    assert_int_equal(lines_in("out/box.jsonl"), 1);
}

/* -------- what is known, and what has to be read */

static void test_what_the_order_brings_is_not_read_again(void **unused)
{
    (void)unused;
    make_directory();
    struct send_order order = known();
    send_all(&order, 1);                        /* contents are read once, whatever comes after */
    asked = 0;
    gone = true;
    send_all(&order, 64);
    assert_result("accepted");
    assert_int_equal(asked, 0);
    assert_int_equal(lines_in("out/box.jsonl"), 65);
}

static void test_many_are_read_at_once(void **unused)
{
    (void)unused;
    make_directory();
    struct send_order order = bare();
    send_all(&order, 64);
    assert_result("accepted");
    assert_int_equal(exchanges, 1);
}

static void test_what_waited_is_read_anew(void **unused)
{
    (void)unused;
    make_directory();
    struct send_order order = known();
    give(&order, 1);
    scene_post(scene, "\"type\":\"customer.preferred\",\"customer\":\"wang\",\"data\":{\"do_not_message\":\"yes\"}");
    clock_manual_advance_mono(by_hand, KNOWN_MS);
    sender_step(sender);
    assert_int_equal(results, 1);
    assert_result("permanent");
    assert_string_equal(detail, "not sent: do_not_message");
    assert_int_equal(lines_in("out/box.jsonl"), 0);
}

static void test_store_is_gone(void **unused)
{
    (void)unused;
    make_directory();
    struct send_order order = bare(), new = known();
    gone = true;
    exchanges = 0;
    send_all(&order, 10);
    assert_result("temporary");
    assert_string_equal(detail, "not sent: the store does not answer");
    assert_int_equal(exchanges, 1);
    send_all(&new, 1);                          /* its texts were never read */
    assert_result("temporary");
    gone = false;
    send_all(&new, 1);
    assert_result("accepted");
    assert_int_equal(lines_in("out/box.jsonl"), 1);
}

/* The site is put together anew as soon as an order brings other settings. */
static void test_settings_change(void **unused)
{
    (void)unused;
    make_directory();
    struct send_order order = known();
    send_all(&order, 1);
    scene_apply(scene, CONFIG_STAFF, "staff: small\nshop: { name: 大店, phone: 400-1 }\npeople: []\n");
    order = known();
    send_all(&order, 1);
    assert_result("accepted");
    char line[1024];
    FILE *file = fopen(path_of("out/box.jsonl"), "r");
    assert_non_null(fgets(line, sizeof line, file));
    assert_non_null(strstr(line, "小店"));
    assert_non_null(fgets(line, sizeof line, file));
    assert_non_null(strstr(line, "大店"));
    fclose(file);
}

#define with_sender(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_sender(test_line),
        with_sender(test_file_is_followed),
        with_sender(test_what_the_order_brings_is_not_read_again),
        with_sender(test_many_are_read_at_once),
        with_sender(test_what_waited_is_read_anew),
        with_sender(test_store_is_gone),
        with_sender(test_settings_change),
    };
    return cmocka_run_group_tests_name("sender to a file", tests, NULL, NULL);
}
