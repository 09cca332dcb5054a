#include "credential.h"

#include <string.h>

static bool texts_have(struct texts texts, const char *text)
{
    for (size_t i = 0; i < texts.count; i++)
        if (!strcmp(texts.at[i], text))
            return true;
    return false;
}

/* "case.*" stands for every act of cases. */
static bool acts_have(struct texts acts, const char *type)
{
    for (size_t i = 0; i < acts.count; i++) {
        size_t bytes = strlen(acts.at[i]);
        bool all = bytes && acts.at[i][bytes - 1] == '*';
        if (all ? !strncmp(acts.at[i], type, bytes - 1) : !strcmp(acts.at[i], type))
            return true;
    }
    return false;
}

bool credential_may_see(const struct credential *credential, const char *site)
{
    return !credential->sites.count || texts_have(credential->sites, site);
}

bool credential_is_unbound(const struct credential *credential)
{
    return !credential->sites.count && !credential->types.count && !credential->acts.count;
}

bool credential_may_post(const struct credential *credential, const char *site, const char *type)
{
    bool unbound = !credential->types.count && !credential->acts.count;
    return credential_may_see(credential, site) &&
           (unbound || texts_have(credential->types, type) || acts_have(credential->acts, type));
}
