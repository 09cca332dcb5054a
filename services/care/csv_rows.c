#include "csv_rows.h"

#include <csv.h>
#include <string.h>

struct reading {
    struct arena *arena;
    struct csv_parser parser;
    struct csv_row_list rows;
    size_t room;
    const char *cells[CELLS_MAX];
    size_t cell_count;
    bool too_many;
    bool row_ended;
    bool in_row;                /* a row goes on over the end of its line: inside quotes */
    const uint8_t *row_at;
    size_t row_line;
};

static struct csv_row *add_row(struct reading *reading)
{
    if (reading->rows.count == reading->room) {
        size_t room = reading->room ? 2 * reading->room : 256;
        struct csv_row *grown = arena_alloc(reading->arena, room * sizeof *grown);
        if (reading->room)
            memcpy(grown, reading->rows.at, reading->room * sizeof *grown);
        reading->rows.at = grown;
        reading->room = room;
    }
    return &reading->rows.at[reading->rows.count++];
}

static void on_cell(void *cell, size_t bytes, void *context)
{
    struct reading *reading = context;
    if (reading->cell_count == CELLS_MAX)
        reading->too_many = true;
    else
        reading->cells[reading->cell_count++] = arena_text(reading->arena, cell, bytes);
}

static void on_row_end(int ended_by, void *context)
{
    (void)ended_by;
    struct reading *reading = context;
    struct csv_row *row = add_row(reading);
    *row = (struct csv_row){
        .line = reading->row_line,
        .broken = reading->too_many,
        .cells = {arena_copy(reading->arena, reading->cells, reading->cell_count * sizeof reading->cells[0]),
                  reading->cell_count},
    };
    reading->cell_count = 0;
    reading->too_many = false;
    reading->row_ended = true;
}

/* Behind the line break, as editors see one: \n, \r\n, or \r alone (which the parser ends a row with, too). */
static const uint8_t *line_end(const uint8_t *at, const uint8_t *end)
{
    while (at < end && *at != '\r' && *at != '\n')
        at++;
    if (at + 1 < end && at[0] == '\r' && at[1] == '\n')
        at++;
    return at < end ? at + 1 : end;
}

static bool is_blank(const uint8_t *at, const uint8_t *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n'))
        at++;
    return at == end;
}

/* Gives up the row being read: reported as broken, its cells forgotten. */
static void drop_row(struct reading *reading)
{
    csv_free(&reading->parser);
    csv_init(&reading->parser, 0);
    *add_row(reading) = (struct csv_row){.line = reading->row_line, .broken = true};
    reading->cell_count = 0;
    reading->too_many = false;
    reading->in_row = false;
}

/* The last line may lack its end, but not the end of a quote. */
static bool end_file(struct reading *reading)
{
    csv_set_opts(&reading->parser, CSV_STRICT | CSV_STRICT_FINI);
    return csv_fini(&reading->parser, on_cell, on_row_end, reading) == 0;
}

/* Reads the line that begins at `at`; where the next one begins, which is further up after a quote that does not end. */
static const uint8_t *take_line(struct reading *reading, const uint8_t *at, const uint8_t *end, size_t *line)
{
    const uint8_t *next = line_end(at, end);
    if (!reading->in_row) {
        reading->row_line = *line;
        reading->row_at = at;
    }
    reading->row_ended = false;
    csv_parse(&reading->parser, at, (size_t)(next - at), on_cell, on_row_end, reading);
    reading->in_row = !reading->row_ended && (reading->in_row || !is_blank(at, next));
    if (reading->in_row && next == end && end_file(reading))
        reading->in_row = false;
    if (reading->in_row && (next == end || next - reading->row_at > ROW_BYTES_MAX)) {
        drop_row(reading);
        *line = reading->row_line;
        next = line_end(reading->row_at, end);
    }
    ++*line;
    return next;
}

struct csv_row_list csv_rows_read(struct slice text, struct arena *arena)
{
    struct reading reading = {.arena = arena};
    size_t line = 1;
    if (!text.bytes)
        return reading.rows;
    csv_init(&reading.parser, 0);
    for (const uint8_t *at = text.at, *end = text.at + text.bytes; at < end;)
        at = take_line(&reading, at, end, &line);
    csv_free(&reading.parser);
    return reading.rows;
}
