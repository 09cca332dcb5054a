#include <string.h>

#include "site.h"

static const char *shop_fact(const struct site_text_facts *facts, const char *name)
{
    const struct shop *shop = facts->site->staff ? &facts->site->staff->shop : NULL;
    bool english = facts->language && !strncmp(facts->language, "en", 2);
    if (!strcmp(name, "id"))
        return facts->site->id;
    if (shop && !strcmp(name, "name"))
        return english ? shop->name_en : shop->name;
    return shop && !strcmp(name, "phone") ? shop->phone : NULL;
}

static const char *inner_fact(const struct site_text_facts *facts, const char *path)
{
    return facts->lookup ? facts->lookup(facts->context, path) : NULL;
}

const char *site_word(const struct site *site, const struct templates *first, const char *language, const char *word,
                      struct arena *arena)
{
    const char *said = first ? templates_word(first, language, word) : NULL;
    for (size_t i = 0; !said && i < site->templates_count; i++)
        said = templates_word(site->templates[i].templates, language, word);
    if (said)
        return said;
    char *plain = arena_copy(arena, word, strlen(word) + 1);
    for (char *at = plain; *at; at++)
        if (*at == '_')
            *at = ' ';
    return plain;
}

const char *site_text_fact(void *context, const char *path)
{
    static const char word[] = "word.", site[] = "site.";
    const struct site_text_facts *facts = context;
    const char *value = inner_fact(facts, path);
    if (value)
        return value;
    if (!strncmp(path, site, sizeof site - 1))
        return shop_fact(facts, path + sizeof site - 1);
    if (strncmp(path, word, sizeof word - 1))
        return NULL;
    value = inner_fact(facts, path + sizeof word - 1);
    if (!value || !*value)
        return NULL;
    return site_word(facts->site, facts->templates, facts->language ? facts->language : "", value, facts->arena);
}
