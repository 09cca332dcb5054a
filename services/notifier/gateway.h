/* gateway: a way out of the house, as data: one YAML file each, described in deploy/gateways/README.md. */
#ifndef CARELINE_NOTIFIER_GATEWAY_H
#define CARELINE_NOTIFIER_GATEWAY_H

#include <regex.h>

#include "records.h"
#include "site.h"
#include "yaml.h"

enum { GATEWAYS_MAX = 16, GATEWAY_HEADERS_MAX = 16 };

enum gateway_kind { GATEWAY_NONE, GATEWAY_HTTP, GATEWAY_SMTP, GATEWAY_FILE };
enum gateway_tls { TLS_NONE, TLS_TRY, TLS_REQUIRE };

/* What an answer's text says, by extended regular expression; without one, nothing matches. */
struct pattern {
    bool given;
    regex_t compiled;
};

struct gateway {
    const char *name;
    int channel;                    /* enum notice_channel */
    enum gateway_kind kind;
    const char *url;                /* http: a template; smtp: of the server; file: its path */
    const char *method;             /* http */
    const char *content_type, *body;
    enum escape body_escape;
    struct texts headers;
    const char *only_to;            /* http: what a recipient's own address must begin with; "": anything */
    const char *username, *password;
    const char *from;               /* smtp: Name <address>; http: {{from}} */
    enum gateway_tls tls;
    struct pattern accepted, temporary, permanent;
    int concurrency;
    int per_second;
};

struct gateway_list {
    struct arena *arena;
    size_t count;
    struct gateway at[GATEWAYS_MAX];
};

/* Reads all *.yaml of a directory. The caller owns it; a directory that does not exist is an empty list. Mistakes are
 * added; what is wrong is left out. */
struct gateway_list *gateways_read(const char *directory, struct mistakes *mistakes);
void gateways_free(struct gateway_list **gateways);

/* One file's text into the list; `directory` is where password files and paths begin. false: left out. */
bool gateway_parse(struct gateway_list *gateways, struct slice yaml, const char *directory, struct mistakes *mistakes);

const struct gateway *gateway_of_channel(const struct gateway_list *gateways, int channel);

bool pattern_matches(const struct pattern *pattern, const char *text);

#endif
