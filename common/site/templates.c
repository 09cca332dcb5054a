#include <string.h>

#include "playbook_reading.h"
#include "site.h"

enum { TEMPLATES_MAX = 512 };

struct wording {
    const char *language;
    const char *channel;            /* "all": any */
    struct template_text text;
};

struct template {
    const char *name;
    size_t count;
    struct wording *wordings;
};

struct templates {
    const char *name;
    int version;
    size_t count;
    struct template *at;
    const struct yaml *words;       /* by language: word to what people say */
};

static const char *const languages[] = {"zh-CN", "en", NULL};
static const char *const channels[] = {"all", "sms", "email", "webhook", "phone", "in_app", "wechat", "weibo", NULL};
enum { WORDINGS_MAX = 16 };     /* languages by channels */

/* -------- reading */

static const char *nothing(void *context, const char *path)
{
    (void)context;
    (void)path;
    return NULL;
}

static const char *read_text(struct playbook_reading *reading, const struct yaml *node)
{
    struct buffer rendered = {0};
    struct fault fault;
    const char *text = yaml_text(node, "", reading->mistakes);
    if (!template_render(text, ESCAPE_NONE, nothing, NULL, &rendered, &fault))
        yaml_mistake(reading->mistakes, node, "%s: %s", fault.field, fault.what);
    buffer_free(&rendered);
    return text;
}

static void read_wording(struct playbook_reading *reading, const struct yaml *node, const char *language,
                         const char *channel, struct template *to)
{
    static const char *const keys[] = {"subject", "body", NULL};
    struct wording *wording = &to->wordings[to->count++];
    bool with_subject = node->kind == YAML_MAP;
    *wording = (struct wording){language, channel, {"", ""}};
    yaml_known_keys(node, keys, reading->mistakes);
    const struct yaml *subject = yaml_get(node, "subject"), *body = with_subject ? yaml_get(node, "body") : node;
    wording->text.subject = read_text(reading, subject);
    wording->text.body = read_text(reading, body);
    if (with_subject && !body)
        yaml_mistake(reading->mistakes, node, "body is missing");
    if (!strcmp(channel, "email") && !*wording->text.subject)
        yaml_mistake(reading->mistakes, node, "a mail needs a subject: write { subject: …, body: … }");
}

static bool maps_channels(const struct yaml *node)
{
    return node->kind == YAML_MAP && !yaml_get(node, "body") && !yaml_get(node, "subject");
}

static void read_language(struct playbook_reading *reading, const struct yaml *key, const struct yaml *node,
                          struct template *to)
{
    const char *language = reading_choice(reading, key, languages);
    if (!maps_channels(node)) {
        read_wording(reading, node, language, "all", to);
        return;
    }
    for (size_t i = 0; i < node->count && to->count < WORDINGS_MAX; i++)
        read_wording(reading, node->items[i], language, reading_choice(reading, node->keys[i], channels), to);
}

static void read_template(struct playbook_reading *reading, const struct yaml *key, const struct yaml *node,
                          struct template *to)
{
    to->name = reading_name(reading, key, "template", NULL);
    size_t count = reading_count(reading, node, YAML_MAP);
    to->wordings = reading_array(reading, WORDINGS_MAX, sizeof *to->wordings);
    if (node->kind == YAML_MAP && !count)
        yaml_mistake(reading->mistakes, node, "has no text");
    for (size_t i = 0; i < count && to->count < WORDINGS_MAX; i++)
        read_language(reading, node->keys[i], node->items[i], to);
}

static void read_words(struct playbook_reading *reading, const struct yaml *node, struct templates *to)
{
    size_t count = reading_count(reading, node, YAML_MAP);
    to->words = node;
    for (size_t i = 0; i < count; i++) {
        const struct yaml *words = node->items[i];
        reading_choice(reading, node->keys[i], languages);
        size_t word_count = reading_count(reading, words, YAML_MAP);
        for (size_t j = 0; j < word_count; j++)
            yaml_text(words->items[j], "", reading->mistakes);
    }
}

struct templates *templates_parse(struct slice yaml, struct arena *arena, struct mistakes *mistakes)
{
    static const char *const keys[] = {"templates", "version", "words", "texts", NULL};
    size_t mistakes_before = mistakes->count;
    struct yaml *top = yaml_parse(yaml, arena, mistakes);
    if (!top)
        return NULL;
    struct playbook_reading reading = {.arena = arena, .mistakes = mistakes};
    struct templates *templates = arena_alloc(arena, sizeof *templates);
    reading_count(&reading, top, YAML_MAP);
    yaml_known_keys(top, keys, mistakes);
    templates->name = reading_name(&reading, yaml_get(top, "templates"), "templates: NAME", top);
    templates->version = (int)yaml_int(yaml_get(top, "version"), 1, 1, 1000000, mistakes);
    read_words(&reading, yaml_get(top, "words"), templates);
    const struct yaml *texts = yaml_get(top, "texts");
    size_t count = reading_count(&reading, texts, YAML_MAP);
    if (count > TEMPLATES_MAX) {
        yaml_mistake(mistakes, texts, "at most %d templates", TEMPLATES_MAX);
        count = TEMPLATES_MAX;
    }
    templates->at = reading_array(&reading, count, sizeof *templates->at);
    for (size_t i = 0; i < count; i++)
        read_template(&reading, texts->keys[i], texts->items[i], &templates->at[templates->count++]);
    return mistakes->count == mistakes_before ? templates : NULL;
}

/* -------- finding */

static const struct template *template_named(const struct templates *templates, const char *name)
{
    for (size_t i = 0; i < templates->count; i++)
        if (!strcmp(templates->at[i].name, name))
            return &templates->at[i];
    return NULL;
}

bool templates_has(const struct templates *templates, const char *name)
{
    return template_named(templates, name) != NULL;
}

const char *templates_name(const struct templates *templates)
{
    return templates->name;
}

struct texts templates_names(const struct templates *templates, struct arena *arena)
{
    struct texts names = {arena_alloc(arena, (templates->count + 1) * sizeof *names.at), templates->count};
    for (size_t i = 0; i < templates->count; i++)
        names.at[i] = templates->at[i].name;
    return names;
}

/* en and en-GB are one language to us. */
static bool same_language(const char *a, const char *b)
{
    size_t bytes = strcspn(a, "-");
    return bytes && bytes == strcspn(b, "-") && !strncmp(a, b, bytes);
}

static const struct yaml *words_of(const struct templates *templates, const char *language)
{
    for (size_t i = 0; templates->words && i < templates->words->count; i++)
        if (same_language(templates->words->keys[i]->text, language))
            return templates->words->items[i];
    return yaml_get(templates->words, languages[0]);
}

static const struct wording *wording_for(const struct template *template, const char *channel, const char *language)
{
    const struct wording *for_all = NULL;
    for (size_t i = 0; i < template->count; i++) {
        const struct wording *wording = &template->wordings[i];
        if (language && !same_language(wording->language, language))
            continue;
        if (!strcmp(wording->channel, channel))
            return wording;
        if (!for_all && !strcmp(wording->channel, "all"))
            for_all = wording;
    }
    return for_all;
}

bool templates_find(const struct templates *templates, const char *name, const char *channel, const char *language,
                    struct template_text *ret)
{
    const struct template *template = template_named(templates, name);
    if (!template)
        return false;
    const struct wording *wording = wording_for(template, channel, language ? language : "");
    if (!wording)
        wording = wording_for(template, channel, languages[0]);
    if (!wording)
        wording = wording_for(template, channel, NULL);
    if (wording)
        *ret = wording->text;
    return wording != NULL;
}

const char *templates_word(const struct templates *templates, const char *language, const char *word)
{
    const struct yaml *found = yaml_get(words_of(templates, language), word);
    return found ? found->text : NULL;
}
