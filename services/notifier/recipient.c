#include "letter.h"

#include <string.h>

static const char *const usual_order[] = {"sms", "email", "webhook"};
static const char *const usual_staff_order[] = {"email", "webhook", "sms"};

/* -------- which channels reach somebody */

struct reach { bool by[notice_channel_count]; };

static bool filled(const char *text)
{
    return text && *text;
}

static bool channels_have(const struct texts *channels, const char *name)
{
    for (size_t i = 0; i < channels->count; i++)
        if (!strcmp(channels->at[i], name))
            return true;
    return false;
}

static void channels_add(struct texts *channels, const char *name, const struct reach *reach)
{
    int channel = words_find(&notice_channel_words, name);
    bool wanted = channel > 0 && reach->by[channel] && !channels_have(channels, name);
    if (wanted && channels->count < NOTICE_CHANNELS_MAX)
        channels->at[channels->count++] = name;
}

static void channels_add_all(struct texts *channels, const char *const *names, size_t count, const struct reach *reach)
{
    for (size_t i = 0; i < count; i++)
        channels_add(channels, names[i], reach);
}

static const struct texts *playbook_order(const struct site *site)
{
    for (size_t i = 0; site && i < site->playbook_count; i++)
        if (site->playbooks[i].playbook->channel_order.count)
            return &site->playbooks[i].playbook->channel_order;
    return NULL;
}

/* Who is on the phone is spoken to by a person; what is in the app is read there. */
static struct reach customer_reach(const struct customer *customer)
{
    struct reach reach = {.by = {
        [NOTICE_SMS] = customer->has_mobile, [NOTICE_EMAIL] = customer->has_email, [NOTICE_WEBHOOK] = customer->has_webhook,
        [NOTICE_WECHAT] = customer->has_wechat, [NOTICE_WEIBO] = customer->has_weibo,
        [NOTICE_PHONE] = customer->has_mobile && !customer->do_not_call, [NOTICE_IN_APP] = true,
    }};
    for (size_t i = 0; i < customer->bad_channels.count; i++) {
        int channel = words_find(&notice_channel_words, customer->bad_channels.at[i]);
        if (channel > 0)
            reach.by[channel] = false;
    }
    return reach;
}

static void address_customer(struct letter *letter)
{
    const struct customer *customer = letter->customer;
    struct texts *channels = &letter->notice.channels;
    if (!customer)
        return;
    struct reach reach = customer_reach(customer);
    const struct texts *order = playbook_order(letter->site);
    if (letter->notice.first_channel)
        channels_add(channels, words_name(&notice_channel_words, letter->notice.first_channel), &reach);
    channels_add_all(channels, customer->channels.at, customer->channels.count, &reach);
    if (order)
        channels_add_all(channels, order->at, order->count, &reach);
    else
        channels_add_all(channels, usual_order, sizeof usual_order / sizeof usual_order[0], &reach);
}

static void address_staff(struct letter *letter)
{
    const struct staff *staff = letter->site ? letter->site->staff : NULL;
    const struct person *person = staff ? staff_person(staff, letter->notice.to_staff) : NULL;
    if (!person)
        return;
    struct reach reach = {.by = {
        [NOTICE_SMS] = filled(person->mobile), [NOTICE_EMAIL] = filled(person->email),
        [NOTICE_WEBHOOK] = filled(person->webhook), [NOTICE_IN_APP] = true,
    }};
    if (letter->notice.first_channel)
        channels_add(&letter->notice.channels, words_name(&notice_channel_words, letter->notice.first_channel), &reach);
    channels_add_all(&letter->notice.channels, usual_staff_order,
                     sizeof usual_staff_order / sizeof usual_staff_order[0],
                     &reach);
}

bool letter_address(struct letter *letter)
{
    struct notice *notice = &letter->notice;
    notice->channels.at = arena_alloc(letter->arena, NOTICE_CHANNELS_MAX * sizeof *notice->channels.at);
    notice->channels.count = 0;
    if (*notice->to_staff)
        address_staff(letter);
    else
        address_customer(letter);
    return notice->channels.count > 0;
}

/* -------- who holds a role */

static const struct person *present_deputy(const struct site *site, const struct person *person)
{
    const struct person *deputy = filled(person->deputy) ? staff_person(site->staff, person->deputy) : NULL;
    return deputy && site_has_present(site, deputy) ? deputy : NULL;
}

enum looking { THOSE_PRESENT, DEPUTIES, ALL };

static void add_of_role(const struct site *site, const char *role, enum looking looking, struct texts *to)
{
    for (size_t i = 0; i < site->staff->count; i++) {
        const struct person *person = &site->staff->people[i];
        if (!person_has_role(person, role))
            continue;
        if (looking == THOSE_PRESENT && !site_has_present(site, person))
            continue;
        if (looking == DEPUTIES)
            person = present_deputy(site, person);
        if (person && !channels_have(to, person->id))
            to->at[to->count++] = person->id;
    }
}

struct texts staff_of_role(const struct site *site, const char *role, struct arena *arena)
{
    struct texts found = {NULL, 0};
    if (!site || !site->staff)
        return found;
    found.at = arena_alloc(arena, (site->staff->count + 1) * sizeof *found.at);
    for (int looking = THOSE_PRESENT; looking <= ALL && !found.count; looking++)
        add_of_role(site, role, (enum looking)looking, &found);
    return found;
}
