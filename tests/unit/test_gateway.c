/* Gateways as data: the shipped files, mistakes in others, what answers mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../services/notifier/parcel.h"

static struct arena *arena;
static struct mistakes mistakes;
static struct gateway_list *gateways;

static int setup(void **unused)
{
    (void)unused;
    arena = arena_new();
    mistakes = (struct mistakes){.file = "gateway", .arena = arena};
    gateways = gateways_read("/nonexistent", &mistakes);
    return 0;
}

static int teardown(void **unused)
{
    (void)unused;
    gateways_free(&gateways);
    arena_free(&arena);
    return 0;
}

static bool parse(const char *yaml)
{
    return gateway_parse(gateways, (struct slice){(const uint8_t *)yaml, strlen(yaml)}, "/nonexistent", &mistakes);
}

static void test_shipped(void **unused)
{
    static const struct { int channel; const char *name; enum gateway_kind kind; } rows[] = {
        {NOTICE_SMS, "kannel", GATEWAY_HTTP}, {NOTICE_EMAIL, "mail", GATEWAY_SMTP}, {NOTICE_WEBHOOK, "chat", GATEWAY_HTTP},
        {NOTICE_WECHAT, "wechat", GATEWAY_HTTP}, {NOTICE_WEIBO, "weibo", GATEWAY_HTTP},
    };
    (void)unused;
    gateways_free(&gateways);
    gateways = gateways_read("deploy/gateways", &mistakes);
    assert_int_equal(mistakes.count, 0);
    assert_int_equal(gateways->count, sizeof rows / sizeof *rows);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct gateway *gateway = gateway_of_channel(gateways, rows[i].channel);
        assert_string_equal(gateway->name, rows[i].name);
        assert_int_equal(gateway->kind, rows[i].kind);
    }
    assert_null(gateway_of_channel(gateways, NOTICE_PHONE));
    assert_null(strpbrk(gateway_of_channel(gateways, NOTICE_SMS)->url, " \t"));
}

static void test_mistakes(void **unused)
{
    static const struct { const char *yaml, *mistake; } rows[] = {
        {"{ channel: sms, kind: http, url: 'http://x' }", "gateway is missing"},
        {"{ gateway: a, kind: http, url: 'http://x' }", "channel is missing"},
        {"{ gateway: a, channel: sms, url: 'http://x' }", "kind is missing"},
        {"{ gateway: a, channel: sms, kind: http }", "url is missing"},
        {"{ gateway: a, channel: sms, kind: http, url: 'ftp://x' }", "must begin with http://"},
        {"{ gateway: a, channel: sms, kind: http, url: 'http://x', method: DROP }", "must be GET, POST or PUT"},
        {"{ gateway: a, channel: sms, kind: http, url: 'http://x', accepted: '(' }", "no pattern"},
        {"{ gateway: a, channel: sms, kind: http, url: 'http://x', headers: [nothing] }", "is no header"},
        {"{ gateway: a, channel: sms, kind: http, url: 'http://x', concurency: 3 }", "concurrency"},
        {"{ gateway: a, channel: sms, kind: http, url: 'http://x', password_file: none }", "cannot be read"},
        {"{ gateway: a, channel: email, kind: smtp, url: 'smtp://x' }", "from is missing"},
        {"{ gateway: a, channel: email, kind: smtp, url: 'x', from: a@b }", "must begin with smtp://"},
        {"{ gateway: a, channel: email, kind: smtp, url: 'smtp://x', from: nobody }", "is no address"},
        {"{ gateway: a, channel: email, kind: file }", "path is missing"},
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        mistakes.count = 0;
        assert_false(parse(rows[i].yaml));
        assert_true(mistakes.count > 0);
        const char *found = NULL;
        for (size_t k = 0; k < mistakes.count && !found; k++)
            found = strstr(mistakes.lines[k], rows[i].mistake);
        if (!found)
            fail_msg("%s: expected \"%s\", got \"%s\"", rows[i].yaml, rows[i].mistake, mistakes.lines[0]);
    }
    assert_int_equal(gateways->count, 0);
    assert_true(parse("{ gateway: a, channel: sms, kind: http, url: 'http://x' }"));
    assert_false(parse("{ gateway: b, channel: sms, kind: http, url: 'http://x' }"));
}

static void test_http_answers(void **unused)
{
    static const struct { long status; const char *text; enum send_result result; } rows[] = {
        {202, "0: Accepted for delivery", SEND_ACCEPTED}, {202, "3: Queued for later delivery", SEND_ACCEPTED},
        {202, "hello", SEND_UNKNOWN}, {200, "", SEND_UNKNOWN},
        {403, "Authorization failed for sendsms", SEND_PERMANENT}, {404, "", SEND_PERMANENT},
        {503, "Temporal failure, try again later.", SEND_TEMPORARY}, {500, "", SEND_TEMPORARY}, {429, "",
                                                                                                 SEND_TEMPORARY},
        {408, "", SEND_TEMPORARY}, {302, "", SEND_PERMANENT}, {202, "number unroutable", SEND_PERMANENT},
    };
    (void)unused;
    gateways_free(&gateways);
    gateways = gateways_read("deploy/gateways", &mistakes);
    const struct gateway *kannel = gateway_of_channel(gateways, NOTICE_SMS);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (answer_of_http(kannel, rows[i].status, rows[i].text) != rows[i].result)
            fail_msg("%ld %s: expected %s", rows[i].status, rows[i].text, words_name(&send_result_words,
                     (int)rows[i].result));
    assert_int_equal(answer_of_http(gateway_of_channel(gateways, NOTICE_WEBHOOK), 200, "{}"), SEND_ACCEPTED);
}

static void test_smtp_answers(void **unused)
{
    static const struct { long code; enum send_result result; } rows[] = {
        {421, SEND_TEMPORARY}, {451, SEND_TEMPORARY}, {550, SEND_PERMANENT}, {554, SEND_PERMANENT},
        {530, SEND_TEMPORARY}, {535, SEND_TEMPORARY}, {354, SEND_UNKNOWN},
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(answer_of_smtp(rows[i].code), rows[i].result);
}

static void test_mail(void **unused)
{
    struct buffer text = {0}, again = {0};
    struct mail mail = {.from = "Care Line <care@x.invalid>", .to = "wang@x.invalid", .name = "Wang",
                        .subject = "hello",
                        .text = "one\ntwo", .notice = "s1/n.1", .attempt = 1, .at = 1772413200000};
    (void)unused;
    mail_write(&mail, &text);
    assert_non_null(strstr(buffer_text(&text), "Date: Mon, 02 Mar 2026 01:00:00 +0000\r\n"));
    assert_non_null(strstr(buffer_text(&text), "From: Care Line <care@x.invalid>\r\nTo: Wang <wang@x.invalid>\r\n"));
    assert_non_null(strstr(buffer_text(&text), "Subject: hello\r\n"));
    assert_non_null(strstr(buffer_text(&text), "X-Careline-Notice: s1/n.1\r\nX-Careline-Attempt: 1\r\n"));
    assert_non_null(strstr(buffer_text(&text), "\r\n\r\nb25lCnR3bw==\r\n"));
    mail.attempt = 2;
    mail.subject = "another\r\nBcc: all@x.invalid";
    mail_write(&mail, &again);
    const char *id = strstr(buffer_text(&text), "Message-ID: <");
    assert_non_null(id);
    assert_memory_equal(id, strstr(buffer_text(&again), "Message-ID: <"), 13 + 32);
    assert_null(strstr(buffer_text(&again), "\nBcc"));
    assert_string_equal(mail_address(arena, "care@x.invalid"), "care@x.invalid");
    assert_string_equal(mail_address(arena, mail.from), "care@x.invalid");
    buffer_free(&text);
    buffer_free(&again);
}

#define with_list(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_list(test_shipped), with_list(test_mistakes), with_list(test_http_answers), with_list(test_smtp_answers),
        with_list(test_mail),
    };
    return cmocka_run_group_tests_name("gateway", tests, NULL, NULL);
}
