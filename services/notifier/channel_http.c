#include "parcel.h"

#include <string.h>

/* -------- what a gateway's templates can show */

static const char *lookup(void *context, const char *path)
{
    const struct parcel *parcel = context;
    const struct { const char *path, *value; } values[] = {
        {"to", parcel->to}, {"text", parcel->text}, {"subject", parcel->subject}, {"name", parcel->name},
        {"id", parcel->order.notice}, {"site", parcel->order.site}, {"from", parcel->gateway->from},
        {"username", parcel->gateway->username}, {"password", parcel->gateway->password},
        {"template", parcel->order.template},
    };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        if (!strcmp(values[i].path, path))
            return values[i].value;
    return strcmp(path, "attempt") ? NULL : arena_printf(parcel->arena, "%d", parcel->order.attempt);
}

static bool fill(struct parcel *parcel, const char *template, enum escape escape, struct buffer *to)
{
    struct fault fault;
    buffer_clear(to);
    if (template_render(template, escape, lookup, parcel, to, &fault))
        return true;
    return parcel_fail(parcel, SEND_PERMANENT, "not sent: the gateway's template is wrong");
}

/* -------- the request */

static size_t take_answer(char *bytes, size_t size, size_t count, void *context)
{
    struct parcel *parcel = context;
    size_t all = size * count, room = ANSWER_BYTES_MAX - 1 - parcel->answer_bytes;
    size_t taken = all < room ? all : room;
    memcpy(parcel->answer + parcel->answer_bytes, bytes, taken);
    parcel->answer_bytes += taken;
    return all;
}

/* One line, whatever was put into it. */
static void add_header(struct parcel *parcel, const char *text)
{
    char *line = arena_copy(parcel->arena, text, strlen(text) + 1);
    for (char *at = line; *at; at++)
        if ((unsigned char)*at < ' ')
            *at = ' ';
    struct curl_slist *longer = curl_slist_append(parcel->headers, line);
    parcel->headers = longer ? longer : parcel->headers;
}

static bool add_headers(struct parcel *parcel)
{
    const struct gateway *gateway = parcel->gateway;
    struct buffer line = {0};
    bool good = true;
    add_header(parcel, "Expect:");
    add_header(parcel, arena_printf(parcel->arena, "X-Careline-Notice: %s", parcel->order.notice));
    add_header(parcel, arena_printf(parcel->arena, "X-Careline-Attempt: %d", parcel->order.attempt));
    if (*gateway->content_type)
        add_header(parcel, arena_printf(parcel->arena, "Content-Type: %s", gateway->content_type));
    for (size_t i = 0; i < gateway->headers.count && good; i++) {
        good = fill(parcel, gateway->headers.at[i], ESCAPE_HEADER, &line);
        if (good)
            add_header(parcel, buffer_text(&line));
    }
    buffer_free(&line);
    return good;
}

static bool set_url(struct parcel *parcel)
{
    struct buffer url = {0};
    bool own = !strcmp(parcel->gateway->url, "{{to}}");
    bool good = own || fill(parcel, parcel->gateway->url, ESCAPE_URL, &url);
    if (good)
        curl_easy_setopt(parcel->easy, CURLOPT_URL, own ? parcel->to : buffer_text(&url));
    buffer_free(&url);
    return good;
}

static bool set_body(struct parcel *parcel)
{
    if (!strcmp(parcel->gateway->method, "GET"))
        return true;
    if (!fill(parcel, parcel->gateway->body, parcel->gateway->body_escape, &parcel->request))
        return false;
    curl_easy_setopt(parcel->easy, CURLOPT_POST, 1L);
    curl_easy_setopt(parcel->easy, CURLOPT_CUSTOMREQUEST, parcel->gateway->method);
    curl_easy_setopt(parcel->easy, CURLOPT_POSTFIELDSIZE, (long)parcel->request.bytes);
    curl_easy_setopt(parcel->easy, CURLOPT_POSTFIELDS, buffer_text(&parcel->request));
    return true;
}

bool parcel_http(struct parcel *parcel)
{
    if (!set_url(parcel) || !set_body(parcel) || !add_headers(parcel))
        return false;
    curl_easy_setopt(parcel->easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(parcel->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(parcel->easy, CURLOPT_HTTPHEADER, parcel->headers);
    curl_easy_setopt(parcel->easy, CURLOPT_WRITEFUNCTION, take_answer);
    curl_easy_setopt(parcel->easy, CURLOPT_WRITEDATA, parcel);
    return true;
}
