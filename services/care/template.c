/* care template: the texts in force at a site, and how one of them would read. Nothing is sent. */
#include <stdio.h>
#include <string.h>

#include "buffer.h"
#include "command.h"
#include "setting_file.h"

/* What a preview is made of. */
struct preview {
    struct invocation *call;
    struct site site;
    const char *name;               /* of the customer */
    struct site_text_facts facts;
};

/* -------- what is in force */

static const void *parse_in_force(struct invocation *call, int kind, const json_t *active)
{
    const char *text = json_string_value(json_object_get(active, "content"));
    struct setting_file setting = {.kind = kind, .path = "", .name = ""};
    struct mistakes mistakes = {.file = "", .arena = call->arena};
    setting.content = (struct slice){(const uint8_t *)arena_string(call->arena, text ? text : ""), text ? strlen(text) : 0};
    return setting_parse(&setting, call->arena, &mistakes) ? setting.parsed : NULL;
}

static void take(struct preview *preview, int kind, const json_t *active)
{
    struct site *site = &preview->site;
    const void *parsed = parse_in_force(preview->call, kind, active);
    const char *hash = json_string_value(json_object_get(active, "hash"));
    if (parsed && kind == CONFIG_STAFF)
        site->staff = parsed;
    if (parsed && kind == CONFIG_TEMPLATES && site->templates_count < SITE_SETTINGS_MAX)
        site->templates[site->templates_count++] =
            (struct templates_in_force){arena_string(preview->call->arena, hash ? hash : ""), parsed};
}

static bool read_site(struct preview *preview, const char *site_id)
{
    struct invocation *call = preview->call;
    struct client_answer answer =
        client_get(call->client, arena_printf(call->arena, "/v1/config?site=%s", url_text(call->arena, site_id)));
    bool good = answer.status == 200;
    if (!good)
        answer_failed(call, &answer);
    preview->site = (struct site){.id = site_id};
    preview->site.templates = arena_alloc(call->arena, SITE_SETTINGS_MAX * sizeof *preview->site.templates);
    for (size_t i = 0; good && i < json_array_size(answer.body); i++) {
        const json_t *active = json_array_get(answer.body, i);
        const char *kind = json_string_value(json_object_get(active, "kind"));
        int number = kind ? words_find(&config_kind_words, kind) : -1;
        if (number == CONFIG_STAFF || number == CONFIG_TEMPLATES)
            take(preview, number, active);
    }
    json_decref(answer.body);
    return good;
}

/* As far as whoever asks may see it. */
static bool read_customer(struct preview *preview)
{
    struct invocation *call = preview->call;
    const char *id = full_id(call, option(call, "customer"));
    if (!id)
        return !option(call, "customer");
    struct client_answer answer =
        client_get(call->client, arena_printf(call->arena, "/v1/customers/%s", url_text(call->arena, id)));
    const char *name = json_string_value(json_object_get(answer.body, "name"));
    bool good = answer.status == 200;
    if (good)
        preview->name = arena_string(call->arena, name ? name : "");
    else
        answer_failed(call, &answer);
    json_decref(answer.body);
    return good;
}

/* -------- values */

/* key=value beside the template's name; of what is not told, its name stands in the text. */
static const char *lookup(void *context, const char *path)
{
    const struct preview *preview = context;
    size_t bytes = strlen(path);
    for (size_t i = 2; i < preview->call->argument_count; i++) {
        const char *told = preview->call->arguments[i];
        if (!strncmp(told, path, bytes) && told[bytes] == '=')
            return told + bytes + 1;
    }
    if (!strcmp(path, "customer.name") || !strcmp(path, "staff.name"))
        return preview->name ? preview->name : arena_printf(preview->call->arena, "‹%s›", path);
    bool other = !strncmp(path, "site.", 5) || !strncmp(path, "word.", 5) || strstr(path, ".length");
    return other ? NULL : arena_printf(preview->call->arena, "‹%s›", path);
}

static bool print_rendered(struct preview *preview, const char *heading, const char *template)
{
    struct buffer text = {0};
    struct fault fault;
    bool good = template_render(template, ESCAPE_NONE, site_text_fact, &preview->facts, &text, &fault);
    if (good && *template)
        printf("%s%s\n", heading, buffer_text(&text));
    else if (!good)
        fprintf(stderr, "care: %s: %s\n", fault.field, fault.what);
    buffer_free(&text);
    return good;
}

static bool print_text(struct preview *preview, const struct templates *set, const char *name, const char *channel,
                       const char *language)
{
    struct template_text found;
    if (!templates_find(set, name, channel, language, &found))
        return true;
    preview->facts = (struct site_text_facts){&preview->site, set, language, lookup, preview, preview->call->arena};
    printf("-- %s, %s, %s\n", channel, language, templates_name(set));
    return print_rendered(preview, say(preview->call, "Subject: ", "主题："), found.subject) &&
           print_rendered(preview, "", found.body);
}

/* -------- the commands */

static int run_preview(struct preview *preview, const char *name)
{
    static const char *const channels[] = {"sms", "email", "webhook", "wechat", "weibo", "phone", "in_app"};
    struct invocation *call = preview->call;
    const char *asked = option(call, "channel"), *set = option(call, "set");
    const char *language = option(call, "lang") && !strncmp(option(call, "lang"), "en", 2) ? "en" : "zh-CN";
    const struct templates_in_force *found = site_templates(&preview->site, set ? set : "", name);
    if (!found) {
        fprintf(stderr, "care: no set of templates in force%s%s has the text \"%s\"\n", set ? ", named " : "", set ? set : "", name);
        return EXIT_REFUSED;
    }
    bool good = true;
    for (size_t i = 0; i < sizeof channels / sizeof *channels && good; i++)
        if (asked ? !strcmp(asked, channels[i]) : i < 2)
            good = print_text(preview, found->templates, name, channels[i], language);
    return good ? EXIT_OK : EXIT_REFUSED;
}

static int run_list(struct preview *preview)
{
    for (size_t i = 0; i < preview->site.templates_count; i++) {
        const struct templates_in_force *in_force = &preview->site.templates[i];
        struct texts names = templates_names(in_force->templates, preview->call->arena);
        printf("%s (%.16s)\n", templates_name(in_force->templates), in_force->hash);
        for (size_t k = 0; k < names.count; k++)
            printf("  %s\n", names.at[k]);
    }
    return EXIT_OK;
}

int run_template(struct invocation *call)
{
    const char *verb = argument(call, 0), *name = argument(call, 1);
    const char *site = site_of_call(call, option(call, "customer"));
    struct preview preview = {.call = call};
    if (!site || (verb && (strcmp(verb, "preview") || !name))) {
        fprintf(stderr, "care: care template [preview NAME [key=value…]]\n");
        return EXIT_USAGE;
    }
    if (!read_site(&preview, site) || !read_customer(&preview))
        return EXIT_REFUSED;
    return verb ? run_preview(&preview, name) : run_list(&preview);
}
