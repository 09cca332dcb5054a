/* site: all that is in force for one shop, parsed. */
#ifndef CARELINE_SITE_H
#define CARELINE_SITE_H

#include "playbook.h"
#include "workshop.h"

struct person {
    const char *id;                 /* short name, as used in acts */
    const char *name;
    struct texts roles;
    const char *department;
    const char *email, *mobile, *webhook;
    const char *language;
    const char *deputy;             /* id */
    const struct week *hours;       /* NULL: the site's business hours */
    int capability;                 /* weight for assignment, 1 to 100 */
    struct texts skills;
};

struct shop {
    const char *name, *name_en;     /* as customers know it; "" if not told */
    const char *phone;
    const char *link;               /* where links in messages lead: the address before the link's own part; "" */
};

struct staff {
    const char *name;
    struct shop shop;
    struct texts templates_released_by;     /* roles; none: whoever applies a set of templates puts it in force */
    size_t count;
    struct person *people;
};

struct staff *staff_parse(struct slice yaml, struct arena *arena, struct mistakes *mistakes);
/* The person with this id, or else the only one with this full name (front desks write names); NULL: nobody. */
const struct person *staff_person(const struct staff *staff, const char *id);
bool person_has_role(const struct person *person, const char *role);

/* A set of templates: one text per name, language and channel. */
struct templates;
struct templates *templates_parse(struct slice yaml, struct arena *arena, struct mistakes *mistakes);
bool templates_has(const struct templates *templates, const char *name);
/* The set's own name; the names of its templates, into the arena. */
const char *templates_name(const struct templates *templates);
struct texts templates_names(const struct templates *templates, struct arena *arena);

/* How values are escaped in the text they are put into. */
enum escape { ESCAPE_NONE, ESCAPE_HTML, ESCAPE_HEADER, ESCAPE_URL, ESCAPE_JSON };

/* Where a template's {{path}} gets its values: a text by path such as customer.name; a list's length by items.length, its
 * elements by items[2], their fields by items[2].name. NULL: there is none. */
typedef const char *(*template_lookup)(void *context, const char *path);

/* Renders {{path}} {{#if path}} {{else}} {{/if}} {{#each path}} {{/each}}. Within each, a path is looked for in the element
 * first, {{this}} is the element itself. false with a message for unknown syntax; a
 * missing value is empty. Output at most 64 KiB. */
bool template_render(const char *template, enum escape escape, template_lookup lookup, void *context, struct buffer *to,
                     struct fault *fault);

struct template_text { const char *subject; const char *body; };
/* The text for a channel ("sms", "email" …; a template may have one for all) and language, falling back to zh-CN, then
 * any. false: no such template. */
bool templates_find(const struct templates *templates, const char *name, const char *channel, const char *language,
                    struct template_text *ret);

/* A word of the catalogue (major, first_response …) as the set's `words` say it in this language; NULL: they don't. */
const char *templates_word(const struct templates *templates, const char *language, const char *word);

struct playbook_in_force { const char *hash; const struct playbook *playbook; };
struct templates_in_force { const char *hash; const struct templates *templates; };

struct site {
    const char *id;
    const struct calendar *calendar;        /* never NULL */
    const char *calendar_hash;
    const struct staff *staff;              /* NULL: none yet */
    size_t templates_count;
    struct templates_in_force *templates;   /* in the order in which they came into force */
    const struct workshop *workshop;        /* NULL: it has none */
    size_t playbook_count;
    struct playbook_in_force *playbooks;
    const struct site_config *config;       /* as stored: absences, pause */
};

/* The first playbook in force that has complaint rules, or contact rules; NULL: none. */
const struct playbook_in_force *site_complaint_playbook(const struct site *site);
const struct contact_rules *site_contact_rules(const struct site *site);
const struct staff_rules *site_staff_rules(const struct site *site);

/* The set in force that has the text `template`: the one named `set`, or with "" the first that has it. NULL: none. */
const struct templates_in_force *site_templates(const struct site *site, const char *set, const char *template);

enum { SITE_SETTINGS_MAX = 64, SITE_VERSIONS_MAX = 1024 };      /* in force at once, and ever, as site_config holds */

/* Would the list hold it? `before` may be NULL. One that replaces or removes always fits. */
bool site_config_has_room(const struct site_config *before, const struct config_activated *change);

/* Applies config.activated to the stored list (adds, replaces, removes by kind and name), which must have room.
 * Into the arena. */
struct site_config *site_config_after(const struct site_config *before, const char *site,
                                      const struct config_activated *change, struct arena *arena);

enum { SITE_PROPOSALS_MAX = 16 };       /* that wait to be released, as site_config holds */

/* What becomes of a change of settings. */
enum setting_verdict {
    SETTING_IN_FORCE,
    SETTING_PROPOSED,                   /* somebody else has to release it; what was in force stays so */
    SETTING_FULL,                       /* there is no room */
    SETTING_NOT_PROPOSED,               /* to be released, but nothing like it is proposed */
    SETTING_OWN,                        /* to be released, but by who proposed it */
    SETTING_NOT_YOURS,                  /* to be released, but by somebody of no role that may */
};
/* `before` and `staff` may be NULL; `actor` may be "". */
enum setting_verdict setting_judge(const struct site_config *before, const struct staff *staff,
                                   const struct config_activated *change, const char *actor);
/* What is proposed under this name; NULL: nothing. */
const struct proposed_config *site_config_proposal(const struct site_config *config, int kind, const char *name);
/* The config with one proposal more, or another one under its name. It must have room. Into the arena. */
struct site_config *site_config_propose(const struct site_config *before, const char *site,
                                        const struct config_activated *change, const char *actor, struct arena *arena);
/* Takes the proposal out, if there is one; returns `config`. */
struct site_config *site_config_withdraw(struct site_config *config, int kind, const char *name, struct arena *arena);

/* What every text of a site can show: site.id, site.name, site.phone, word.PATH (the value at PATH as the words of the sets
 * in force say it, else with blanks for underscores), and all that the inner lookup knows, which goes first.
 * Context: struct site_text_facts. */
struct site_text_facts {
    const struct site *site;
    const struct templates *templates;  /* the set that the text is from: its words go before those of the others; may be NULL */
    const char *language;
    template_lookup lookup;         /* NULL: none */
    void *context;
    struct arena *arena;
};
const char *site_text_fact(void *site_text_facts, const char *path);
/* A word as the set `first` (NULL: none) says it, else the others in order, else with blanks for underscores. */
const char *site_word(const struct site *site, const struct templates *first, const char *language, const char *word,
                      struct arena *arena);

/* Is the person there, as far as the site's config says? */
bool site_has_present(const struct site *site, const struct person *person);
/* The config after somebody left or came back. Into the arena. */
struct site_config *site_config_presence(const struct site_config *before, const struct agent_presence *change,
                                         struct arena *arena);

/* A window by name: the site calendar's, else the step's own. */
const struct week *site_window(const struct site *site, const struct step *step);
/* The window that counts once an opening of the first has passed without success. */
const struct week *site_then_window(const struct site *site, const struct step *step);

/* Parsed contents by hash, kept for the life of the process. */
struct content_cache;
typedef bool (*content_reader)(void *context, const char *hash, struct arena *arena, struct slice *ret);
struct content_cache *content_cache_new(content_reader reader, void *context);
void content_cache_free(struct content_cache **cache);
const struct playbook *content_playbook(struct content_cache *cache, const char *hash);
const struct templates *content_templates(struct content_cache *cache, const char *hash);
const struct calendar *content_calendar(struct content_cache *cache, const char *hash);
const struct staff *content_staff(struct content_cache *cache, const char *hash);
/* The site put together from its stored config; into the arena. */
const struct site *content_site(struct content_cache *cache, const char *site_id, const struct site_config *config,
                                struct arena *arena);
/* 64 hex digits (BLAKE2b-256). */
void content_hash(struct slice content, char ret[65]);

#endif
