#include <stdio.h>
#include <string.h>

#include "playbook_reading.h"

/* -------- classes of customers */

static void read_class(struct playbook_reading *reading, const struct yaml *key, const struct yaml *node)
{
    static const char *const keys[] = {"spending_cents", "visits", "owner", NULL};
    struct class_rules *classes = &reading->playbook->classes;
    int class = yaml_word(key, &customer_class_words, reading->mistakes);
    reading_count(reading, node, YAML_MAP);
    yaml_known_keys(node, keys, reading->mistakes);
    const struct yaml *spending = yaml_get(node, "spending_cents"), *visits = yaml_get(node, "visits");
    int64_t spending_cents = yaml_int(spending, 0, 1, INT64_MAX, reading->mistakes);
    int64_t visit_count = yaml_int(visits, 0, 1, 1000000, reading->mistakes);
    if (class > CLASS_NONE)
        classes->owner_role[class] = reading_role(reading, yaml_get(node, "owner"), "");
    if (class == CLASS_KEY) {
        classes->key_spending_cents = spending_cents;
        classes->key_visits = visit_count;
    } else if (class == CLASS_REGULAR) {
        classes->regular_visits = visit_count;
    }
    if (spending && class != CLASS_KEY)
        yaml_mistake(reading->mistakes, spending, "only the class key goes by spending");
    if (visits && class == CLASS_POTENTIAL)
        yaml_mistake(reading->mistakes, visits, "potential is who has not come yet: no visits");
}

void reading_classes(struct playbook_reading *reading, const struct yaml *node)
{
    struct class_rules *classes = &reading->playbook->classes;
    for (int class = 0; class < customer_class_count; class++)
        classes->owner_role[class] = "";
    if (!node)
        return;
    classes->present = true;
    size_t count = reading_count(reading, node, YAML_MAP);
    for (size_t i = 0; i < count; i++)
        read_class(reading, node->keys[i], node->items[i]);
    if (classes->key_visits && classes->regular_visits >= classes->key_visits)
        yaml_mistake(reading->mistakes, node, "regular takes as many visits as key: nobody would ever be regular");
}

/* -------- what a step sets */

void reading_settings(struct playbook_reading *reading, const struct yaml *node, struct step *to)
{
    static const char *const keys[] = {"class", "owner", "language", "preference", NULL};
    const struct yaml *customer = yaml_get(node, "customer"), *class = yaml_get(customer, "class");
    reading_count(reading, customer, YAML_MAP);
    yaml_known_keys(customer, keys, reading->mistakes);
    to->sets.class = class ? yaml_word(class, &customer_class_words, reading->mistakes) : CLASS_NONE;
    to->sets.owner = yaml_text(yaml_get(customer, "owner"), "", reading->mistakes);
    to->sets.language = yaml_text(yaml_get(customer, "language"), "", reading->mistakes);
    to->sets.preference = yaml_text(yaml_get(customer, "preference"), "", reading->mistakes);
    if (class && to->sets.class == CLASS_NONE)
        yaml_mistake(reading->mistakes, class, "a customer's class cannot be taken away");
    if (!customer || (customer->kind == YAML_MAP && !customer->count))
        yaml_mistake(reading->mistakes, node, "sets nothing: customer: { class: key } or owner, language, preference");
}

/* -------- the gate */

static void read_quiet_hours(struct playbook_reading *reading, const struct yaml *node, int *ret_from_min, int *ret_to_min)
{
    int from_hour, from_min, to_hour, to_min, end = 0;
    const char *text = yaml_text(node, "", reading->mistakes);
    if (!*text)
        return;
    bool read = sscanf(text, "%2d:%2d-%2d:%2d%n", &from_hour, &from_min, &to_hour, &to_min, &end) == 4 && !text[end];
    if (!read || from_hour < 0 || from_hour > 23 || from_min < 0 || from_min > 59 || to_hour < 0 || to_hour > 23 ||
        to_min < 0 || to_min > 59) {
        yaml_mistake(reading->mistakes, node, "\"%.20s\" are no hours: write them as 21:00-08:00", text);
        return;
    }
    *ret_from_min = from_hour * 60 + from_min;
    *ret_to_min = to_hour * 60 + to_min;
    if (*ret_from_min == *ret_to_min)
        yaml_mistake(reading->mistakes, node, "begins and ends at the same time: nobody could ever be contacted");
}

static struct texts read_purposes(struct playbook_reading *reading, const struct yaml *node)
{
    static const char *const purposes[] = {"care", "complaint", "marketing", "staff", NULL};
    size_t count = reading_count(reading, node, YAML_LIST);
    struct texts list = {reading_array(reading, count, sizeof *list.at), 0};
    for (size_t i = 0; i < count; i++)
        list.at[list.count++] = reading_choice(reading, node->items[i], purposes);
    return list;
}

/* What is owed to somebody at a certain time waits for nothing. */
static void check_merged(struct playbook_reading *reading, const struct yaml *node, const struct texts *merged)
{
    for (size_t i = 0; i < merged->count; i++)
        if (!strcmp(merged->at[i], "complaint") || !strcmp(merged->at[i], "staff"))
            yaml_mistake(reading->mistakes, node->items[i], "%s is never one with other contacts: care and marketing can be",
                         merged->at[i]);
}

void reading_contact(struct playbook_reading *reading, const struct yaml *node)
{
    static const char *const keys[] = {"quiet_hours", "per_day", "per_week", "exempt", "merge", NULL};
    struct contact_rules *contact = &reading->playbook->contact;
    if (!node)
        return;
    reading->playbook->has_contact = true;
    reading_count(reading, node, YAML_MAP);
    yaml_known_keys(node, keys, reading->mistakes);
    read_quiet_hours(reading, yaml_get(node, "quiet_hours"), &contact->quiet_from_min, &contact->quiet_to_min);
    contact->cap_per_day = (int)yaml_int(yaml_get(node, "per_day"), 0, 0, 1000, reading->mistakes);
    contact->cap_per_week = (int)yaml_int(yaml_get(node, "per_week"), 0, 0, 1000, reading->mistakes);
    if (contact->cap_per_week && contact->cap_per_day > contact->cap_per_week)
        yaml_mistake(reading->mistakes, node, "per_day is over per_week");
    contact->exempt_purposes = read_purposes(reading, yaml_get(node, "exempt"));
    contact->merged_purposes = read_purposes(reading, yaml_get(node, "merge"));
    check_merged(reading, yaml_get(node, "merge"), &contact->merged_purposes);
}

/* -------- channels of notices */

static const struct retry default_retry = {4, 3, {{MINUTE_MS, 0}, {5 * MINUTE_MS, 0}, {30 * MINUTE_MS, 0}}};

static int read_channel(struct playbook_reading *reading, const struct yaml *node)
{
    int channel = yaml_word(node, &notice_channel_words, reading->mistakes);
    if (!channel)
        yaml_mistake(reading->mistakes, node, "none is no channel");
    return channel;
}

static void read_order(struct playbook_reading *reading, const struct yaml *node)
{
    struct texts *order = &reading->playbook->channel_order;
    size_t count = reading_count(reading, node, YAML_LIST);
    order->at = reading_array(reading, count, sizeof *order->at);
    for (size_t i = 0; i < count; i++) {
        if (read_channel(reading, node->items[i]) <= 0)
            continue;
        for (size_t j = 0; j < order->count; j++)
            if (!strcmp(order->at[j], node->items[i]->text))
                yaml_mistake(reading->mistakes, node->items[i], "%s stands there twice", node->items[i]->text);
        order->at[order->count++] = node->items[i]->text;
    }
}

/* -------- notices to staff */

static void read_digest(struct playbook_reading *reading, const struct yaml *node, struct staff_rules *to)
{
    static const char *const keys[] = {"roles", "at", "message", NULL};
    to->digest_template = "";
    if (!node)
        return;
    reading_count(reading, node, YAML_MAP);
    yaml_known_keys(node, keys, reading->mistakes);
    const struct yaml *roles = yaml_get(node, "roles");
    struct texts at = reading_texts(reading, yaml_get(node, "at"));
    size_t count = reading_count(reading, roles, YAML_LIST);
    to->digest_roles.at = reading_array(reading, count, sizeof *to->digest_roles.at);
    for (size_t i = 0; i < count; i++)
        to->digest_roles.at[to->digest_roles.count++] = reading_role(reading, roles->items[i], "");
    to->digest_template = reading_name(reading, yaml_get(node, "message"), "message", node);
    if (!count || !at.count || at.count > DIGESTS_MAX)
        yaml_mistake(reading->mistakes, node, "write { roles: [ROLE], at: [\"09:00\"], message: TEMPLATE }, at most %d times", DIGESTS_MAX);
    for (size_t i = 0; i < at.count && i < DIGESTS_MAX; i++) {
        int hour = -1, min = -1, end = 0;
        if (sscanf(at.at[i], "%2d:%2d%n", &hour, &min, &end) != 2 || at.at[i][end] || hour < 0 || hour > 23 || min < 0 || min > 59)
            yaml_mistake(reading->mistakes, yaml_get(node, "at"), "\"%.20s\" is no time of day: write it as \"09:00\"", at.at[i]);
        else
            to->digest_at_min[to->digest_count++] = hour * 60 + min;
    }
}

static void read_staff_rules(struct playbook_reading *reading, const struct yaml *node)
{
    static const char *const keys[] = {"quiet_hours", "digest", NULL};
    struct staff_rules *rules = &reading->playbook->staff_rules;
    rules->digest_template = "";
    if (!node)
        return;
    reading->playbook->has_staff_rules = true;
    reading_count(reading, node, YAML_MAP);
    yaml_known_keys(node, keys, reading->mistakes);
    read_quiet_hours(reading, yaml_get(node, "quiet_hours"), &rules->quiet_from_min, &rules->quiet_to_min);
    read_digest(reading, yaml_get(node, "digest"), rules);
}

void reading_notices(struct playbook_reading *reading, const struct yaml *node)
{
    static const char *const keys[] = {"order", "channels", "per_minute", "phone_role", "staff", NULL};
    static const char *const channel_keys[] = {"retry", "on_unknown", NULL};
    static const char *const answers[] = {"resend", "hold", "query", NULL};
    struct playbook *playbook = reading->playbook;
    playbook->notices_per_minute = NOTICES_PER_MINUTE_DEFAULT;
    playbook->phone_role = playbook->staff_rules.digest_template = "";
    if (!node)
        return;
    reading_count(reading, node, YAML_MAP);
    yaml_known_keys(node, keys, reading->mistakes);
    playbook->notices_per_minute = (int)yaml_int(yaml_get(node, "per_minute"), NOTICES_PER_MINUTE_DEFAULT, 1, 1000000,
                                                 reading->mistakes);
    playbook->phone_role = reading_role(reading, yaml_get(node, "phone_role"), "");
    read_staff_rules(reading, yaml_get(node, "staff"));
    read_order(reading, yaml_get(node, "order"));
    const struct yaml *channels = yaml_get(node, "channels");
    size_t count = reading_count(reading, channels, YAML_MAP);
    playbook->channels = reading_array(reading, count, sizeof *playbook->channels);
    for (size_t i = 0; i < count; i++) {
        const struct yaml *item = channels->items[i];
        struct channel_rules *to = &playbook->channels[playbook->channel_count++];
        reading_count(reading, item, YAML_MAP);
        yaml_known_keys(item, channel_keys, reading->mistakes);
        to->channel = read_channel(reading, channels->keys[i]);
        to->retry = reading_retry(reading, yaml_get(item, "retry"), default_retry);
        to->on_unknown = reading_choice(reading, yaml_get(item, "on_unknown"), answers);
    }
}
