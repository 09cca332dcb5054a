#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "entity.h"
#include "partition.h"
#include "views.h"

/* A month's complaints counted by what they came from, most first: where an improvement helps most. A duplicate that is
 * worked in another case is counted apart. */

enum { VITAL_PERCENT = 80 };

struct tally_row { const char *value; size_t count; };

struct tally_table {
    const char *by;                         /* the argument */
    const char *field;                      /* of the case */
    struct tally_row *rows;
    size_t count, room;
};

static const struct tally_table tables[] = {
    {.by = "cause", .field = "cause_found"}, {.by = "category", .field = "category"},
    {.by = "product", .field = "product"}, {.by = "employee", .field = "employee"},
};
enum { TABLES = sizeof tables / sizeof tables[0] };

struct pareto {
    struct views *views;
    const struct view_request *request;
    int year, month;
    const char *site_id;                    /* of the calendar at hand */
    const struct site *site;
    struct tally_table tables[TABLES];
    size_t complaints, linked;
};

/* -------- counting */

static void tally_add(struct tally_table *table, const char *value)
{
    for (size_t i = 0; i < table->count; i++)
        if (!strcmp(table->rows[i].value, value)) {
            table->rows[i].count++;
            return;
        }
    if (table->count == table->room) {
        table->room = table->room ? 2 * table->room : 64;
        table->rows = realloc(table->rows, table->room * sizeof *table->rows);
    }
    table->rows[table->count++] = (struct tally_row){value, 1};
}

/* By the calendar of the case's own site. */
static bool is_of_month(struct pareto *pareto, const struct complaint_case *complaint)
{
    if (!pareto->site_id || strcmp(pareto->site_id, complaint->site)) {
        pareto->site_id = complaint->site;
        pareto->site = view_site(pareto->views, complaint->site, pareto->request->arena);
    }
    const struct calendar *calendar = pareto->site ? pareto->site->calendar : calendar_everyday();
    struct local_time opened = calendar_local(calendar, complaint->opened_at);
    return opened.year == pareto->year && opened.month == pareto->month;
}

static void count_case(struct pareto *pareto, const struct complaint_case *complaint)
{
    const struct view_request *request = pareto->request;
    const char *site = request->argument(request->context, "site");
    if (!request->may_see(request->context, complaint->site) || (site && strcmp(site, complaint->site)) ||
        !is_of_month(pareto, complaint))
        return;
    if (complaint->state == CASE_LINKED) {
        pareto->linked++;
        return;
    }
    pareto->complaints++;
    for (size_t i = 0; i < TABLES; i++) {
        const struct field *field = record_field(&complaint_case_record, pareto->tables[i].field);
        tally_add(&pareto->tables[i], *(const char *const *)((const char *)complaint + field->offset));
    }
}

static bool count_partition(struct pareto *pareto, uint32_t partition)
{
    struct store *store = pareto->views->store;
    struct arena *arena = pareto->request->arena;
    uint64_t cursor = 0;
    do {
        struct stored_entity_list page = {0};
        if (store->functions->scan_entities(store, partition, ENTITY_CASE, &cursor, arena, &page) != STORE_OK)
            return false;
        for (size_t i = 0; i < page.count; i++) {
            const struct complaint_case *complaint = entity_read(ENTITY_CASE, page.at[i].id, page.at[i].packed, arena);
            if (complaint)
                count_case(pareto, complaint);
        }
    } while (cursor);
    return true;
}

/* -------- showing */

static int most_first(const void *a, const void *b)
{
    const struct tally_row *left = a, *right = b;
    return left->count != right->count ? (left->count < right->count ? 1 : -1) : strcmp(left->value, right->value);
}

/* With one digit after the point, rounded. */
static json_t *percent_of(size_t part, size_t whole)
{
    return json_real((double)((part * 2000 + whole) / (whole * 2)) / 10);
}

/* `vital`: the few that together make most of it. */
static json_t *table_json(struct tally_table *table, size_t whole)
{
    json_t *rows = json_array();
    size_t so_far = 0;
    if (table->count)
        qsort(table->rows, table->count, sizeof *table->rows, most_first);
    for (size_t i = 0; i < table->count; i++) {
        const struct tally_row *row = &table->rows[i];
        bool vital = so_far * 100 < whole * VITAL_PERCENT;
        so_far += row->count;
        json_array_append_new(rows, json_pack("{s:s, s:I, s:o, s:o, s:b}", "value", row->value, "count", (json_int_t)row->count,
                                              "percent", percent_of(row->count, whole), "cumulative_percent",
                                              percent_of(so_far, whole), "vital", vital));
    }
    return json_pack("{s:s, s:o}", "by", table->by, "rows", rows);
}

static struct view_answer pareto_answer(struct pareto *pareto, const char *by)
{
    json_t *shown = json_array();
    const char *month = pareto->request->argument(pareto->request->context, "month");
    for (size_t i = 0; i < TABLES; i++)
        if (!by || !strcmp(by, pareto->tables[i].by))
            json_array_append_new(shown, table_json(&pareto->tables[i], pareto->complaints));
    return (struct view_answer){200, json_pack("{s:s, s:I, s:I, s:o}", "month", month, "complaints",
                                               (json_int_t)pareto->complaints, "linked", (json_int_t)pareto->linked,
                                               "tables", shown)};
}

/* -------- asking */

static struct view_answer wrong(const char *field, const char *hint)
{
    struct view_answer answer = view_error(400, "is not known", hint);
    json_object_set_new(answer.body, "field", json_string(field));
    return answer;
}

static bool month_read(const char *text, struct pareto *ret)
{
    int end = 0;
    return text && sscanf(text, "%4d-%2d%n", &ret->year, &ret->month, &end) == 2 && end == 7 && !text[end] &&
           ret->month >= 1 && ret->month <= 12;
}

static bool by_known(const char *by)
{
    bool known = !by;
    for (size_t i = 0; i < TABLES && !known; i++)
        known = !strcmp(by, tables[i].by);
    return known;
}

struct view_answer view_pareto(struct views *views, const struct view_request *request)
{
    struct pareto pareto = {.views = views, .request = request};
    const char *by = request->argument(request->context, "by");
    memcpy(pareto.tables, tables, sizeof tables);
    if (!month_read(request->argument(request->context, "month"), &pareto))
        return wrong("month", "which month? month=2026-03");
    if (!by_known(by))
        return wrong("by", "cause, category, product, employee");
    uint32_t first, count = view_partitions(views, request, &first);
    bool read = true;
    for (uint32_t i = 0; i < count && read; i++)
        read = count_partition(&pareto, first + i);
    struct view_answer answer =
        read ? pareto_answer(&pareto, by) : view_error(503, "the store does not answer", views->store->functions->message(views->store));
    for (size_t i = 0; i < TABLES; i++)
        free(pareto.tables[i].rows);
    return answer;
}
