/* The sender against real servers on this machine: what arrives there, and what it makes of each answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../services/notifier/parcel.h"
#include "../../services/notifier/sender.h"
#include "clock_real.h"
#include "partition.h"
#include "support/scene.h"
#include "support/sink.h"

static const char *const staff =
    "staff: small\n"
    "shop: { name: 小店, name_en: Shop, phone: 400-1 }\n"
    "people:\n"
    "  - { id: an, name: An, roles: [agent], email: an@x.invalid, mobile: '13900000001' }\n";

static const char *const templates =
    "templates: small\n"
    "version: 1\n"
    "texts:\n"
    "  thanks:\n"
    "    zh-CN:\n"
    "      subject: 谢谢{{customer.name}}，这是一个相当长的主题，长到一行里放不下\n"
    "      body: '{{customer.name}}，谢谢 & 再见，{{model}}，{{site.name}}'\n";

struct result { char notice[64]; int attempt; enum send_result result; char detail[256]; };

static struct scene *scene;
static struct sink *sink, *plain_sink;     /* a plain one is shared by all that need nothing special */
static struct clock *clock_now_real;
static struct gateway_list *gateways;
static struct sender *sender;
static struct result results[512];
static size_t result_count;
static bool deaf;                   /* nobody takes results */
static char hash[80];

/* -------- setting up */

static bool finished(void *context, const struct send_order *order, enum send_result result, const char *detail)
{
    (void)context;
    if (deaf)
        return false;
    struct result *to = &results[result_count++];
    snprintf(to->notice, sizeof to->notice, "%s", order->notice);
    snprintf(to->detail, sizeof to->detail, "%s", detail);
    to->attempt = order->attempt;
    to->result = result;
    return true;
}

static void gateway(const char *format, ...)
{
    char yaml[1024];
    struct arena *arena = arena_new();
    struct mistakes mistakes = {.file = "gateway", .arena = arena};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(yaml, sizeof yaml, format, arguments);
    va_end(arguments);
    bool good = gateway_parse(gateways, (struct slice){(const uint8_t *)yaml, strlen(yaml)}, "/nonexistent", &mistakes);
    for (size_t i = 0; i < mistakes.count; i++)
        print_error("%s\n", mistakes.lines[i]);
    assert_true(good);
    arena_free(&arena);
}

/* All three ways lead to the sink. */
static void gateways_to_sink(int per_second)
{
    gateway("{ gateway: sms, channel: sms, kind: http, method: GET, per_second: %d, accepted: '^0:',\n"
            "  url: 'http://127.0.0.1:%d/sms?to={{to}}&text={{text}}&id={{id}}' }", per_second, sink_http_port(sink));
    gateway("{ gateway: mail, channel: email, kind: smtp, from: 'Care Line <care@x.invalid>',\n"
            "  url: 'smtp://127.0.0.1:%d' }",
            sink_smtp_port(sink));
    gateway("gateway: chat\nchannel: webhook\nkind: http\nurl: '{{to}}'\ncontent_type: application/json\n"
            "body: '{\"content\":\"{{text}}\"}'\nonly_to: 'http://127.0.0.1'\n");
}

static void open_sender(const char *sink_arguments, int per_second)
{
    char message[160] = "";
    sink = *sink_arguments ? sink_start(sink_arguments) : plain_sink;
    sink_forget(sink);
    struct arena *arena = arena_new();
    struct mistakes mistakes = {.arena = arena};
    gateways = gateways_read("/nonexistent", &mistakes);
    arena_free(&arena);
    gateways_to_sink(per_second);
    clock_now_real = clock_real_new();
    sender = sender_new(&(struct sender_options){
        .store = world_store(scene->world), .sealer = world_sealer(scene->world), .clock = clock_now_real,
        .gateways = gateways, .finished = finished}, message);
    assert_non_null(sender);
    result_count = 0;
    deaf = false;
}

static int setup(void **unused)
{
    static const struct core *const cores[] = {&scheduler_core, &notifier_core, NULL};
    (void)unused;
    scene = scene_new(cores, NULL, staff, templates);
    const struct site_config *config = world_entity(scene->world, ENTITY_NOTIFIER_SITE, "s1", scene->arena);
    for (size_t i = 0; i < config->active.count; i++)
        if (config->active.at[i].kind == CONFIG_TEMPLATES)
            snprintf(hash, sizeof hash, "%s", config->active.at[i].hash);
    return 0;
}

static int teardown(void **unused)
{
    (void)unused;
    sender_free(&sender);
    gateways_free(&gateways);
    if (clock_now_real)
        clock_now_real->functions->free(&clock_now_real);
    if (sink != plain_sink)
        sink_stop(&sink);
    scene_free(&scene);
    return 0;
}

static int group_setup(void **unused)
{
    (void)unused;
    plain_sink = sink_start("");
    return 0;
}

static int group_teardown(void **unused)
{
    (void)unused;
    sink_stop(&plain_sink);
    return 0;
}

static void record(const char *customer, const char *rest)
{
    scene_post(scene, "\"type\":\"customer.recorded\",\"customer\":\"%s\",\"data\":{\"name\":\"王芳\",%s}", customer,
               rest);
}

static const char *hook_of_sink(void)
{
    return arena_printf(scene->arena, "\"mobile\":\"138 0000-0001\",\"email\":\"wang@x.invalid\","
                        "\"webhook\":\"http://127.0.0.1:%d/hook\"", sink_http_port(sink));
}

/* -------- sending */

static struct send_order order(const char *notice, int attempt, int channel)
{
    static const uint8_t variables[] = "\x81\xa5model\xa4X\"3&";
    return (struct send_order){
        .notice = notice, .site = "s1", .customer = "wang", .to_staff = "", .template = "thanks",
            .templates_hash = hash,
        .attempt = attempt, .channel = channel, .priority = PRIORITY_NORMAL, .variables = {variables,
                                                                                           sizeof variables - 1},
        .cause = ""};
}

static void give(struct send_order *given)
{
    uint32_t partition = world_partition(scene->world, given->site);
    sender_send(sender, partition, given, (mono_ms){clock_mono(clock_now_real).ms + LEASE_MS});
}

static void put(const char *notice, int attempt, int channel)
{
    struct send_order given = order(notice, attempt, channel);
    give(&given);
}

/* Until so many results are there; a test that waits ten seconds has failed. */
static void wait_results(size_t count)
{
    mono_ms begun = clock_mono(clock_now_real);
    while (result_count < count && clock_mono(clock_now_real).ms - begun.ms < 10 * SECOND_MS) {
        int64_t wait_ms = sender_step(sender);
        if (result_count < count)
            usleep((useconds_t)(wait_ms < 2 ? wait_ms : 2) * 1000);
    }
    assert_int_equal(result_count, count);
}

static const struct result *one(const char *notice, int channel)
{
    result_count = 0;
    put(notice, 1, channel);
    wait_results(1);
    return &results[0];
}

#define assert_result(got, wanted) assert_string_equal(words_name(&send_result_words, (int)(got)->result), wanted)

/* -------- what arrives */

static void test_sms(void **unused)
{
    (void)unused;
    open_sender("", 50);
    record("wang", hook_of_sink());
    const struct result *result = one("s1/n.1", NOTICE_SMS);
    assert_result(result, "accepted");
    assert_string_equal(result->detail, "202 0: Accepted for delivery");
    assert_string_equal(sink_text(sink, 0, "notice"), "s1/n.1");
    assert_string_equal(sink_text(sink, 0, "to"), "13800000001");
    assert_string_equal(sink_text(sink, 0, "text"), "王芳，谢谢 & 再见，X\"3&，小店");
    assert_string_equal(sink_text(sink, 0, "path"), "/sms");
    assert_int_equal(sink_count(sink), 1);
}

static void test_mail(void **unused)
{
    (void)unused;
    open_sender("", 50);
    record("wang", hook_of_sink());
    assert_result(one("s1/n.1", NOTICE_EMAIL), "accepted");
    put("s1/n.1", 2, NOTICE_EMAIL);
    wait_results(2);
    assert_string_equal(sink_text(sink, 0, "to"), "wang@x.invalid");
    assert_string_equal(sink_text(sink, 0, "from"), "care@x.invalid");
    assert_string_equal(sink_text(sink, 0, "subject"), "谢谢王芳，这是一个相当长的主题，长到一行里放不下");
    assert_string_equal(sink_text(sink, 0, "text"), "王芳，谢谢 & 再见，X\"3&，小店");
    assert_string_equal(sink_text(sink, 0, "message_id"), sink_text(sink, 1, "message_id"));
    assert_non_null(strstr(sink_text(sink, 0, "message_id"), "@x.invalid>"));
    assert_string_equal(sink_text(sink, 1, "attempt"), "2");
}

static void test_web_hook(void **unused)
{
    (void)unused;
    open_sender("", 50);
    record("wang", hook_of_sink());
    assert_result(one("s1/n.1", NOTICE_WEBHOOK), "accepted");
    assert_string_equal(sink_text(sink, 0, "path"), "/hook");
    assert_string_equal(sink_text(sink, 0, "body"), "{\"content\":\"王芳，谢谢 & 再见，X\\\"3&，小店\"}");
    record("wang", "\"webhook\":\"http://10.0.0.1/hook\"");
    assert_result(one("s1/n.2", NOTICE_WEBHOOK), "permanent");
    assert_int_equal(sink_count(sink), 1);
}

static void test_staff(void **unused)
{
    (void)unused;
    open_sender("", 50);
    struct send_order given = order("s1/n.1", 1, NOTICE_EMAIL);
    given.customer = "";
    given.to_staff = "an";
    give(&given);
    wait_results(1);
    assert_result(&results[0], "accepted");
    assert_string_equal(sink_text(sink, 0, "to"), "an@x.invalid");
}

/* A name with a line break must not become a header of its own. */
static void test_no_header_injection(void **unused)
{
    (void)unused;
    open_sender("", 50);
    scene_post(scene,
               "\"type\":\"customer.recorded\",\"customer\":\"wang\",\"data\":{\"name\":\"x\\r\\nBcc: all@x.invalid\","
                      "\"email\":\"wang@x.invalid\"}");
    assert_result(one("s1/n.1", NOTICE_EMAIL), "accepted");
    assert_null(strstr(sink_text(sink, 0, "headers"), "\"bcc\""));
    scene_post(scene,
               "\"type\":\"customer.recorded\",\"customer\":\"wang\",\"data\":{\"email\":\"a@b>\\r\\nRCPT TO:<c@d\"}");
    assert_result(one("s1/n.2", NOTICE_EMAIL), "permanent");
    assert_int_equal(sink_count(sink), 1);
}

/* -------- what cannot be sent */

static void test_not_sent(void **unused)
{
    static const struct { const char *customer, *template; int channel; const char *detail; } rows[] = {
        {"nobody", "thanks", NOTICE_SMS, "not sent: no such customer"},
        {"erased", "thanks", NOTICE_SMS, "not sent: no contact can be read, the customer may be erased"},
        {"quiet", "thanks", NOTICE_SMS, "not sent: do_not_message"},
        {"wang", "thanks", NOTICE_WEBHOOK, "not sent: no contact for this channel"},
        {"wang", "thanks", NOTICE_SMS, "not sent: the contact is malformed"},
        {"wang", "typo", NOTICE_EMAIL, "not sent: there is no such text"},
        {"wang", "thanks", NOTICE_PHONE, "not sent: no gateway serves this channel"},
    };
    (void)unused;
    open_sender("", 50);
    record("wang", "\"mobile\":\"ask at the desk\",\"email\":\"wang@x.invalid\"");
    record("erased", "\"mobile\":\"13800000002\"");
    record("quiet", "\"mobile\":\"13800000003\"");
    scene_post(scene, "\"type\":\"customer.preferred\",\"customer\":\"quiet\",\"data\":{\"do_not_message\":\"yes\"}");
    assert_true(seal_erase(world_sealer(scene->world), "erased"));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct send_order given = order("s1/n", 1, rows[i].channel);
        given.customer = rows[i].customer;
        given.template = rows[i].template;
        result_count = 0;
        give(&given);
        wait_results(1);
        assert_result(&results[0], "permanent");
        assert_string_equal(results[0].detail, rows[i].detail);
    }
    assert_int_equal(sink_count(sink), 0);
}

static void test_lease_must_outlast(void **unused)
{
    (void)unused;
    open_sender("", 50);
    record("wang", hook_of_sink());
    struct send_order given = order("s1/n", 1, NOTICE_SMS);
    sender_send(sender, world_partition(scene->world, "s1"), &given,
                (mono_ms){clock_mono(clock_now_real).ms + SEND_TIMEOUT_MS - 1});
    wait_results(1);
    assert_result(&results[0], "temporary");
    assert_int_equal(sink_count(sink), 0);
}

/* -------- answers that go wrong */

static void test_temporary_and_permanent(void **unused)
{
    (void)unused;
    open_sender("--fail-every 1 --refuse 13900", 50);
    record("wang", hook_of_sink());
    assert_result(one("s1/1", NOTICE_SMS), "temporary");
    assert_result(one("s1/2", NOTICE_EMAIL), "temporary");
    record("wang", "\"mobile\":\"13900000009\",\"email\":\"13900@x.invalid\"");
    assert_result(one("s1/3", NOTICE_SMS), "permanent");
    assert_result(one("s1/4", NOTICE_EMAIL), "permanent");
}

static void test_answer_lost(void **unused)
{
    (void)unused;
    open_sender("--drop-answer-every 1", 50);
    record("wang", hook_of_sink());
    assert_result(one("s1/1", NOTICE_SMS), "unknown");
    assert_result(one("s1/2", NOTICE_EMAIL), "unknown");
    assert_result(one("s1/3", NOTICE_WEBHOOK), "unknown");
    assert_int_equal(sink_count(sink), 3);
}

static void test_nobody_listens(void **unused)
{
    (void)unused;
    open_sender("--delay-ms 0", 50);
    record("wang", hook_of_sink());
    sink_stop(&sink);
    assert_result(one("s1/1", NOTICE_SMS), "temporary");
    assert_result(one("s1/2", NOTICE_EMAIL), "temporary");
}

static void test_answer_not_understood(void **unused)
{
    (void)unused;
    open_sender("--answer 7:what", 50);
    record("wang", hook_of_sink());
    assert_result(one("s1/1", NOTICE_SMS), "unknown");
}

/* -------- many at once */

static void test_never_more_than_allowed(void **unused)
{
    (void)unused;
    open_sender("--delay-ms 20", 1000);
    record("wang", hook_of_sink());
    mono_ms begun = clock_mono(clock_now_real);
    for (int i = 0; i < 40; i++)
        put(arena_printf(scene->arena, "s1/%d", i), 1, NOTICE_SMS);
    assert_int_equal(sender_load(sender), 40);
    int64_t given_ms = clock_mono(clock_now_real).ms - begun.ms;
    wait_results(40);
    assert_true(given_ms < 20);
    assert_true(clock_mono(clock_now_real).ms - begun.ms >= 100);
    assert_int_equal(sink_count(sink), 40);
    assert_int_equal(sender_load(sender), 0);
}

static void test_rate(void **unused)
{
    (void)unused;
    open_sender("", 10);
    record("wang", hook_of_sink());
    mono_ms begun = clock_mono(clock_now_real);
    for (int i = 0; i < 13; i++)
        put(arena_printf(scene->arena, "s1/%d", i), 1, NOTICE_SMS);
    wait_results(13);
    assert_true(clock_mono(clock_now_real).ms - begun.ms >= 290);
}

static void test_urgent_goes_first(void **unused)
{
    (void)unused;
    open_sender("--delay-ms 5", 1000);
    record("wang", hook_of_sink());
    for (int i = 0; i < 20; i++)
        put(arena_printf(scene->arena, "s1/%d", i), 1, NOTICE_SMS);
    struct send_order given = order("s1/urgent", 1, NOTICE_SMS);
    given.priority = PRIORITY_URGENT;
    give(&given);
    wait_results(21);
    size_t place = 0;
    while (strcmp(results[place].notice, "s1/urgent"))
        place++;
    assert_true(place < 12);
}

static void test_results_wait_for_a_taker(void **unused)
{
    (void)unused;
    open_sender("", 50);
    record("wang", hook_of_sink());
    deaf = true;
    put("s1/1", 3, NOTICE_SMS);
    assert_true(sender_is_sending(sender, "s1/1", 3));
    assert_false(sender_is_sending(sender, "s1/1", 2));
    mono_ms begun = clock_mono(clock_now_real);
    while (sink_count(sink) == 0 && clock_mono(clock_now_real).ms - begun.ms < 5 * SECOND_MS)
        sender_step(sender);
    assert_true(sender_is_sending(sender, "s1/1", 3));
    deaf = false;
    wait_results(1);
    assert_result(&results[0], "accepted");
    assert_false(sender_is_sending(sender, "s1/1", 3));
}

static void test_drain(void **unused)
{
    (void)unused;
    open_sender("--delay-ms 50", 1000);
    record("wang", hook_of_sink());
    for (int i = 0; i < 12; i++)
        put(arena_printf(scene->arena, "s1/%d", i), 1, NOTICE_SMS);
    sender_step(sender);
    mono_ms begun = clock_mono(clock_now_real);
    while (!sender_drain(sender) && clock_mono(clock_now_real).ms - begun.ms < 5 * SECOND_MS)
        usleep(1000);
    assert_int_equal(result_count, 12);
    size_t accepted = 0;
    for (size_t i = 0; i < 12; i++)
        accepted += results[i].result == SEND_ACCEPTED;
    assert_int_equal(accepted, 8);
    assert_int_equal(sink_count(sink), 8);
    put("s1/late", 1, NOTICE_SMS);
    assert_int_equal(result_count, 13);
    assert_result(&results[12], "temporary");
}

static void test_dropped_in_flight(void **unused)
{
    (void)unused;
    open_sender("--delay-ms 500", 1000);
    record("wang", hook_of_sink());
    for (int i = 0; i < 20; i++)
        put(arena_printf(scene->arena, "s1/%d", i), 1, i % 2 ? NOTICE_SMS : NOTICE_EMAIL);
    sender_step(sender);
}

#define with_sender(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_sender(test_sms),
        with_sender(test_mail),
        with_sender(test_web_hook),
        with_sender(test_staff),
        with_sender(test_no_header_injection),
        with_sender(test_not_sent),
        with_sender(test_lease_must_outlast),
        with_sender(test_temporary_and_permanent),
        with_sender(test_answer_lost),
        with_sender(test_nobody_listens),
        with_sender(test_answer_not_understood),
        with_sender(test_never_more_than_allowed),
        with_sender(test_rate),
        with_sender(test_urgent_goes_first),
        with_sender(test_results_wait_for_a_taker),
        with_sender(test_drain),
        with_sender(test_dropped_in_flight),
    };
    return cmocka_run_group_tests_name("sender", tests, group_setup, group_teardown);
}
