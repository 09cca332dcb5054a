/* import_map: how the columns of a front desk's file become events, as data (deploy/imports/README.md). */
#ifndef CARELINE_IMPORT_MAP_H
#define CARELINE_IMPORT_MAP_H

#include <jansson.h>

#include "calendar.h"
#include "event.h"

enum cell_reading { READ_TEXT, READ_DATE, READ_PHONE, READ_MONEY, READ_LIST, READ_WORD, READ_NOTHING };

/* What a cell that contains (or is) a text adds: fields of the event, and maybe one more event. */
struct import_mark {
    const char *contains, *is;          /* one of them; the other NULL */
    size_t set_count;
    const char **set_names, **set_values;
    enum event_number then;             /* EVENT_UNKNOWN: none */
    const char *then_id;                /* put behind the row's id */
    size_t then_count;
    const char **then_names, **then_values;
};

struct import_column {
    const char *title;                  /* in the file's first row */
    const char *to;                     /* field of the event's data, or occurred_at */
    const char *name;                   /* in reports */
    enum cell_reading reading;
    bool required;
    bool is_id;                         /* then it is required in any case */
    size_t word_count;
    const char **words_from, **words_to;        /* READ_WORD */
    size_t mark_count;
    struct import_mark *marks;
    const struct field *field;          /* NULL for occurred_at, customer and READ_NOTHING */
    const char *attribute;              /* of a field that holds many, such as attributes.plate; NULL: none */
};

/* Where the id goes of the customer whom a row is about. */
#define CUSTOMER_COLUMN "customer"

struct import_map {
    const char *name, *source;
    const char *id_field;               /* whose value is the event's id */
    enum event_number event;
    size_t column_count;
    struct import_column *columns;
    size_t default_count;
    const char **default_names, **default_values;
    const struct calendar *calendar;    /* of the map's zone and day_start; a site's own goes first */
};

/* NULL if there were mistakes. Lives in the arena. */
struct import_map *import_map_parse(struct slice yaml, struct arena *arena, struct mistakes *mistakes);

struct import_fault { size_t line; const char *field; const char *reason; };
struct import_fault_list { struct import_fault *at; size_t count; };

struct import_result {
    const char *encoding;
    size_t rows;                        /* with something in them, header not counted */
    size_t good, blank, duplicate;
    struct import_fault_list bad;
    json_t *events;                     /* array, in the order of the rows; the caller owns it */
};

/* Reads a whole file. `calendar` NULL: the map's. false: the file has no such columns at all; *fault says which. */
bool import_read(const struct import_map *map, const char *site, const struct calendar *calendar, struct slice bytes,
                 struct arena *arena, struct import_result *ret, struct fault *fault);

#endif
