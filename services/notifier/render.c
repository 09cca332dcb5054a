#include "rendering.h"

#include <string.h>

#include "cursor.h"

/* Who gets it, and what the text can show. */
struct recipient {
    struct arena *arena;
    const char *name, *mobile, *email, *webhook, *wechat, *weibo, *language;
    struct slice variables;
    const struct site *site;
    struct sealer *sealer;
};

/* -------- to whom */

static bool open_customer(struct rendering *rendering, struct parcel *parcel, struct recipient *ret)
{
    const struct send_order *order = &parcel->order;
    struct slice plain = {0};
    struct fault fault;
    struct customer_recorded *opened = record_new(&customer_recorded_record, parcel->arena);
    int answer = order->sealed.bytes
                     ? seal_open(rendering_sealer(rendering), order->customer, order->sealed, parcel->arena, &plain)
                     : 0;
    if (answer < 0)
        return parcel_fail(parcel, SEND_TEMPORARY, "not sent: the key store does not answer");
    if (!answer || !record_unpack(&customer_recorded_record, plain, parcel->arena, opened, &fault))
        return parcel_fail(parcel, SEND_PERMANENT, "not sent: no contact can be read, the customer may be erased");
    ret->name = opened->name;
    ret->mobile = opened->mobile;
    ret->email = opened->email;
    ret->webhook = opened->webhook;
    ret->wechat = opened->wechat;
    ret->weibo = opened->weibo;
    ret->language = order->language;
    return true;
}

static bool find_staff(struct parcel *parcel, const struct site *site, struct recipient *ret)
{
    const struct person *person = site->staff ? staff_person(site->staff, parcel->order.to_staff) : NULL;
    if (!person)
        return parcel_fail(parcel, SEND_PERMANENT, "not sent: not on the staff list");
    ret->name = person->name;
    ret->mobile = person->mobile;
    ret->email = person->email;
    ret->webhook = person->webhook;
    ret->language = person->language;
    return true;
}

/* -------- the address of a channel */

static bool is_number(const char *to)
{
    size_t bytes = strspn(to + (*to == '+'), "0123456789");
    return bytes >= 5 && bytes <= 20 && !to[bytes + (*to == '+')];
}

static bool is_mail_address(const char *to)
{
    const char *at = strchr(to, '@');
    return at && at != to && at[1] && !strchr(at + 1, '@') && !strpbrk(to, " \t\r\n<>,;\"") && strlen(to) <= 254;
}

static bool is_url(const char *to)
{
    return (!strncmp(to, "http://", 7) || !strncmp(to, "https://", 8)) && !strpbrk(to, " \t\r\n\"<>");
}

static bool is_account(const char *to)
{
    return !strpbrk(to, " \t\r\n\"<>");
}

static bool address(struct parcel *parcel, const struct recipient *recipient)
{
    static bool (*const checks[notice_channel_count])(const char *) = {
        [NOTICE_SMS] = is_number, [NOTICE_EMAIL] = is_mail_address, [NOTICE_WEBHOOK] = is_url, [NOTICE_WECHAT] = is_account,
        [NOTICE_WEIBO] = is_account,
    };
    const char *const contacts[notice_channel_count] = {
        [NOTICE_SMS] = recipient->mobile, [NOTICE_EMAIL] = recipient->email, [NOTICE_WEBHOOK] = recipient->webhook,
        [NOTICE_WECHAT] = recipient->wechat, [NOTICE_WEIBO] = recipient->weibo,
    };
    int channel = parcel->order.channel;
    parcel->to = contacts[channel] ? contacts[channel] : "";
    parcel->name = recipient->name ? recipient->name : "";
    if (!*parcel->to)
        return parcel_fail(parcel, SEND_PERMANENT, "not sent: no contact for this channel");
    if (channel == NOTICE_SMS)
        parcel->to = contact_normal(parcel->arena, parcel->to);
    if (!checks[channel] || !checks[channel](parcel->to))
        return parcel_fail(parcel, SEND_PERMANENT, "not sent: the contact is malformed");
    if (channel == NOTICE_WEBHOOK && strncmp(parcel->to, parcel->gateway->only_to, strlen(parcel->gateway->only_to)))
        return parcel_fail(parcel, SEND_PERMANENT, "not sent: the gateway does not send to such addresses");
    return true;
}

/* -------- the text */

static const char *time_said(const struct recipient *recipient, wall_ms at)
{
    struct local_time local = calendar_local(recipient->site->calendar, at);
    return arena_printf(recipient->arena, "%04d-%02d-%02d %02d:%02d", local.year, local.month, local.day, local.hour,
                        local.minute);
}

static bool is_time(const char *path)
{
    size_t bytes = strlen(path);
    return bytes > 3 && !strcmp(path + bytes - 3, "_at");
}

static const char *variable(const struct recipient *recipient, const char *path)
{
    struct slice value, text;
    int64_t number;
    bool truth;
    if (!recipient->variables.bytes || !cursor_find(recipient->variables, path, &value))
        return NULL;
    struct cursor cursor = cursor_over(value);
    if (cursor_text(&cursor, &text))
        return arena_text(recipient->arena, text.at, text.bytes);
    if (cursor_int(&cursor, &number))
        return is_time(path) ? time_said(recipient, number) : arena_printf(recipient->arena, "%lld", (long long)number);
    return cursor_bool(&cursor, &truth) && truth ? "yes" : NULL;
}

/* PATH.name, .mobile, .email and .hours of somebody of the staff whom the fact at PATH names; NULL: nobody. */
static const char *person_said(const struct recipient *recipient, const char *path)
{
    const char *dot = strrchr(path, '.');
    const char *id = dot ? variable(recipient, arena_text(recipient->arena, path, (size_t)(dot - path))) : NULL;
    const struct staff *staff = recipient->site->staff;
    const struct person *person = id && staff ? staff_person(staff, id) : NULL;
    if (!person)
        return NULL;
    if (!strcmp(dot, ".hours"))
        return week_text(person->hours ? person->hours : calendar_business(recipient->site->calendar), recipient->arena);
    return !strcmp(dot, ".name") ? person->name : !strcmp(dot, ".mobile") ? person->mobile
         : !strcmp(dot, ".email") ? person->email : NULL;
}

/* The address at which the customer answers what a task asks, once. */
static const char *link_to(const struct recipient *recipient)
{
    const char *task = variable(recipient, "link"), *base = recipient->site->staff ? recipient->site->staff->shop.link : "";
    char code[24];
    if (!task || !*task)
        return NULL;
    seal_link_code(recipient->sealer, recipient->site->id, task, code);
    return arena_printf(recipient->arena, "%s%s/%s/%s", base, recipient->site->id, task, code);
}

static const char *lookup(void *context, const char *path)
{
    const struct recipient *recipient = context;
    if (!strcmp(path, "link"))
        return link_to(recipient);
    if (!strcmp(path, "customer.name") || !strcmp(path, "staff.name"))
        return recipient->name;
    const char *value = variable(recipient, path);
    return value ? value : person_said(recipient, path);
}

/* In what will be the request, which nobody has begun yet. */
static const char *render(struct parcel *parcel, const char *template, enum escape escape,
                          struct site_text_facts *facts)
{
    struct buffer *text = &parcel->request;
    struct fault fault;
    bool good = template_render(template ? template : "", escape, site_text_fact, facts, text, &fault);
    const char *copy = good ? arena_text(parcel->arena, text->at, text->bytes) : NULL;
    buffer_clear(text);
    return copy;
}

struct writing {
    struct parcel *parcel;
    const struct site *site;
    struct recipient *recipient;
    const char *language, *channel;
};

static bool write_text(const struct writing *writing, const struct templates *templates, const char *template,
                       const char **ret_subject, const char **ret_body)
{
    struct template_text found = {0};
    struct parcel *parcel = writing->parcel;
    struct site_text_facts facts = {writing->site, templates, writing->language, lookup, writing->recipient, parcel->arena};
    if (!templates || !templates_find(templates, template, writing->channel, writing->language, &found))
        return parcel_fail(parcel, SEND_PERMANENT, "not sent: there is no such text");
    *ret_subject = render(parcel, found.subject, ESCAPE_HEADER, &facts);
    *ret_body = render(parcel, found.body, ESCAPE_NONE, &facts);
    if (!*ret_subject || !*ret_body)
        return parcel_fail(parcel, SEND_PERMANENT, "not sent: the text cannot be rendered");
    return true;
}

static const char *text_in(struct slice map, const char *name, struct arena *arena)
{
    struct slice value, text;
    struct cursor cursor;
    if (!cursor_find(map, name, &value))
        return "";
    cursor = cursor_over(value);
    return cursor_text(&cursor, &text) ? arena_text(arena, text.at, text.bytes) : "";
}

/* The text of another message that goes with this one, each with its own facts. */
static bool write_part(struct writing *writing, struct slice part)
{
    struct parcel *parcel = writing->parcel;
    const char *template = text_in(part, "template", parcel->arena), *set = text_in(part, "templates", parcel->arena);
    const struct templates_in_force *in_force = site_templates(writing->site, set, template);
    const char *subject, *body;
    if (!cursor_find(part, "facts", &writing->recipient->variables) ||
        !write_text(writing, in_force ? in_force->templates : NULL, template, &subject, &body))
        return false;
    const char *between = parcel->order.channel == NOTICE_EMAIL ? "\n\n" : "\n";
    parcel->text = arena_printf(parcel->arena, "%s%s%s", parcel->text, between, body);
    return true;
}

static bool write_parts(struct writing *writing)
{
    struct slice list, part;
    size_t count = 0;
    if (!writing->recipient->variables.bytes || !cursor_find(writing->recipient->variables, "also", &list))
        return true;
    struct cursor cursor = cursor_over(list);
    cursor_array(&cursor, &count);
    for (; count && cursor_skip(&cursor, &part); count--)
        if (!write_part(writing, part))
            return false;
    return true;
}

static bool write_all(struct rendering *rendering, struct parcel *parcel, const struct site *site,
                      struct recipient *recipient)
{
    const struct templates *templates;
    struct writing writing = {
        .parcel = parcel, .site = site, .recipient = recipient,
        .language = recipient->language && *recipient->language ? recipient->language : "zh-CN",
        .channel = words_name(&notice_channel_words, parcel->order.channel),
    };
    return rendering_templates(rendering, parcel, parcel->order.templates_hash, &templates) &&
           write_text(&writing, templates, parcel->order.template, &parcel->subject, &parcel->text) && write_parts(&writing);
}

bool parcel_render(struct parcel *parcel, struct rendering *rendering)
{
    const struct site *site = parcel->detail ? NULL : rendering_site(rendering, parcel);
    struct recipient recipient = {.arena = parcel->arena, .variables = parcel->order.variables, .site = site,
                                  .sealer = rendering_sealer(rendering)};
    if (!site)
        return false;
    if (*parcel->order.to_staff ? !find_staff(parcel, site, &recipient) : !open_customer(rendering, parcel, &recipient))
        return false;
    return address(parcel, &recipient) && write_all(rendering, parcel, site, &recipient);
}
