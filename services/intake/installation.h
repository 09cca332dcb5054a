/* installation: the whole of it at a glance, read in one go; and what is wrong with it, so that nobody has to know which
 * number ought to be what. */
#ifndef CARELINE_INSTALLATION_H
#define CARELINE_INSTALLATION_H

#include "clock_record.h"
#include "consumers.h"
#include "quarantine.h"
#include "store.h"

/* What the reading intake knows by its settings. */
struct installation_limits {
    int64_t keep_ms;                /* events older than this go from the log; 0: none do */
    int64_t keep_for_consumers_ms;
    int memory_percent;             /* from this share of the store's memory on nothing is taken */
};

struct stage_glance {
    size_t replicas;
    uint32_t owned;                 /* partitions with an owner */
    uint64_t lag;                   /* events not yet worked */
    wall_ms oldest_due;             /* of its timers; 0: none */
    const char *due_site;           /* whose time it is written in */
    int64_t late_ms;                /* how long that has been due, in real time; 0: it is not */
};

struct member_glance {
    const struct member *member;
    const char *host, *build;
    uint32_t partitions;            /* that it owns */
};

/* A way out of the house, as its notifiers find it. */
struct channel_glance {
    const char *channel, *gateway;
    bool up;                        /* some notifier reaches it */
    wall_ms success_at;             /* when it last answered or took a message; 0: never */
    const char *detail;             /* why not */
};

enum { CHANNELS_MAX = 16 };

struct installation {
    uint32_t partitions;
    wall_ms now;                    /* the installation's */
    struct clock_record clock;
    struct stage_glance stages[STAGE_COUNT];
    struct member_glance *members;
    size_t member_count;
    struct channel_glance channels[CHANNELS_MAX];
    size_t channel_count;
    struct consumer_glance *consumers;
    size_t consumer_count;
    uint64_t events, kept, timers, dead, stopped, sending;
    wall_ms first_at;               /* of the oldest event kept; 0: none */
    size_t quarantined;
    struct store_health health;
    int64_t days_left;              /* until memory is full at the pace so far; -1: no limit, or too little known */
    struct installation_limits limits;
};

/* Every name lives in the arena. */
enum store_status installation_read(struct store *store, uint32_t partitions, const struct installation_limits *limits,
                                    struct quarantine *quarantine, struct arena *arena, struct installation *ret);

/* -------- what is wrong */

enum finding_level { FINDING_NOTE, FINDING_DEGRADED, FINDING_BROKEN };
extern const char *const finding_levels[];      /* note, degraded, broken */

struct finding {
    enum finding_level level;
    const char *what;               /* a word, as stage_missing; care says it in full, and what to do */
    const char *subject;            /* the stage, host, consumer … that it is about; or "" */
    int64_t number;                 /* how many, or how long in ms */
};

enum { FINDINGS_MAX = 160 };        /* consumers and stages, and the rest */

/* The gravest first; how many. Pure. */
size_t installation_findings(const struct installation *installation, struct finding ret[FINDINGS_MAX]);

#endif
