/* views: what people and programs may look at, read straight from the store: work lists, cases, customers, notices, the
 * log, the chain of causes, the state of the installation. No fact or act passes here.
 *
 * Run on a thread and a store connection of their own, so that an acknowledgement never waits for a list. */
#ifndef CARELINE_VIEWS_H
#define CARELINE_VIEWS_H

#include "installation.h"
#include "json.h"
#include "seal.h"
#include "site.h"
#include "store.h"

enum { VIEW_LIMIT_DEFAULT = 1000, VIEW_LIMIT_MAX = 100000 };

struct views {
    struct store *store;
    struct sealer *sealer;          /* NULL: names are never shown */
    struct content_cache *contents;
    struct quarantine *quarantine;
    struct installation_limits limits;
    uint32_t partitions;
};

struct view_request {
    const char *rest;               /* what follows the route's path: "sample/531650"; "" for the list */
    const char *(*argument)(void *context, const char *name);      /* of the query; NULL: not given */
    bool (*may_see)(void *context, const char *site);              /* has the credential a right there? */
    void *context;
    bool personal;                  /* may see names and contact points in full; else masked */
    bool unbound;                   /* the credential has every right there is; or there are no keys */
    const char *actor;              /* who asks */
    const json_t *body;             /* of a POST; NULL for a GET */
    struct arena *arena;
};

struct view_answer {
    int status;                     /* HTTP */
    json_t *body;                   /* owned by the caller */
};

typedef struct view_answer (*view_handler)(struct views *views, const struct view_request *request);

struct view_route {
    const char *method;             /* GET; POST and DELETE for the few that write nothing but settings, clocks, consumers */
    const char *path;               /* "/v1/tasks"; "/v1/tasks/…" goes to the same handler with the rest */
    view_handler handler;
    const char *about;
    const char *arguments;          /* names with what they mean, for --help and OpenAPI */
};

extern const struct view_route view_routes[];
extern const size_t view_route_count;

/* An answer that says what is wrong. */
struct view_answer view_error(int status, const char *error, const char *hint);

/* -------- shared by the views */

/* The partitions to look at: the one of the argument `site`, or all. Sets *ret_first and returns how many. */
uint32_t view_partitions(const struct views *views, const struct view_request *request, uint32_t *ret_first);

/* What is in force for a site; NULL if it is not set up. Memoised in the request's arena by the caller. */
const struct site *view_site(const struct views *views, const char *site, struct arena *arena);

/* One entity by its whole id, unpacked into the arena; NULL: there is none, or the store does not answer. */
const void *view_entity(struct views *views, enum entity_kind kind, const char *site, const char *id, struct arena *arena);

/* How times of this site are written. `site` may be NULL (UTC). */
struct json_style view_style(const struct site *site);

/* A name with its first letter hidden: 王先生 -> *先生. */
const char *view_mask(const char *text, struct arena *arena);

/* The whole number in an argument, or `otherwise`. */
int64_t view_number(const struct view_request *request, const char *name, int64_t otherwise, int64_t max);

/* A time as it is written in JSON; null for 0. */
json_t *view_time(wall_ms at, const struct json_style *style, struct arena *arena);

/* One entry of the log as JSON, owned by the caller; NULL if it is no event. */
json_t *view_entry_json(const struct views *views, const struct entry *entry, struct arena *arena);

/* The same of one that is unpacked already; `site` may be NULL (UTC). */
json_t *view_event_json(const struct entry *entry, const struct event *event, const struct site *site, struct arena *arena);

/* Adds "loyalty" to a customer: accounts, lots, level with its benefits; nothing if there never were points. */
void view_add_points(struct views *views, const struct view_request *request, const struct customer *customer, json_t *to);

json_t *view_consumers_json(const struct consumer_glance *consumers, size_t count, struct arena *arena);

struct view_answer view_events(struct views *views, const struct view_request *request);
struct view_answer view_trace(struct views *views, const struct view_request *request);
struct view_answer view_status(struct views *views, const struct view_request *request);
struct view_answer view_consumers(struct views *views, const struct view_request *request);
struct view_answer view_consumer_forget(struct views *views, const struct view_request *request);
struct view_answer view_check(struct views *views, const struct view_request *request);
struct view_answer view_tasks(struct views *views, const struct view_request *request);
struct view_answer view_screen(struct views *views, const struct view_request *request);
struct view_answer view_cases(struct views *views, const struct view_request *request);
struct view_answer view_case_file(struct views *views, const struct view_request *request);
struct view_answer view_pareto(struct views *views, const struct view_request *request);
struct view_answer view_customers(struct views *views, const struct view_request *request);
struct view_answer view_notices(struct views *views, const struct view_request *request);
struct view_answer view_books(struct views *views, const struct view_request *request);
struct view_answer view_plans(struct views *views, const struct view_request *request);
struct view_answer view_forms(struct views *views, const struct view_request *request);
struct view_answer view_blanks(struct views *views, const struct view_request *request);
struct view_answer view_answers(struct views *views, const struct view_request *request);
struct view_answer view_points(struct views *views, const struct view_request *request);
struct view_answer view_workshop(struct views *views, const struct view_request *request);
struct view_answer view_clock(struct views *views, const struct view_request *request);
struct view_answer view_clock_park(struct views *views, const struct view_request *request);
struct view_answer view_contents_put(struct views *views, const struct view_request *request);
struct view_answer view_attachment_put(struct views *views, const struct view_request *request);
struct view_answer view_attachment(struct views *views, const struct view_request *request);
struct view_answer view_config(struct views *views, const struct view_request *request);

/* -------- views_forms.c: what the list of forms asks of a form */

/* Is it one that the request's `form` and `open` ask for? */
bool view_form_keep(const void *record, const struct view_request *request);
/* Adds how it is called; of one form alone also what is personal, missing, and which others name it. */
void view_form_add(struct views *views, const struct view_request *request, const void *record, json_t *to);
/* Was a link with this code made for the task? */
bool view_link_is_right(struct sealer *sealer, const char *site, const char *task, const char *code);

#endif
