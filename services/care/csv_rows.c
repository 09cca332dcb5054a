#include "csv_rows.h"

#include <csv.h>
#include <string.h>

struct reading {
    struct arena *arena;
    struct csv_row_list rows;
    size_t room;
    const char *cells[CELLS_MAX];
    size_t cell_count;
    bool too_many;
    size_t row_line;
    bool row_ended;
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

static const uint8_t *line_end(const uint8_t *at, const uint8_t *end)
{
    const uint8_t *newline = memchr(at, '\n', (size_t)(end - at));
    return newline ? newline + 1 : end;
}

/* Gives up the row that began at `line`: reported as broken, its cells forgotten. */
static void drop_row(struct reading *reading, struct csv_parser *parser)
{
    csv_free(parser);
    csv_init(parser, 0);
    *add_row(reading) = (struct csv_row){.line = reading->row_line, .broken = true};
    reading->cell_count = 0;
    reading->too_many = false;
}

struct csv_row_list csv_rows_read(struct slice text, struct arena *arena)
{
    struct reading reading = {.arena = arena};
    struct csv_parser parser;
    csv_init(&parser, 0);
    const uint8_t *end = text.at + text.bytes, *row_at = text.at;
    bool in_row = false;
    size_t line = 1;
    for (const uint8_t *at = text.at; at < end; line++) {
        const uint8_t *next = line_end(at, end);
        if (!in_row) {
            reading.row_line = line;
            row_at = at;
        }
        reading.row_ended = false;
        csv_parse(&parser, at, (size_t)(next - at), on_cell, on_row_end, &reading);
        bool nothing = !in_row && !reading.row_ended && reading.cell_count == 0 && (*at == '\r' || *at == '\n');
        in_row = !reading.row_ended && !nothing;
        if (in_row && next - row_at > ROW_BYTES_MAX) {
            drop_row(&reading, &parser);
            line = reading.row_line;
            next = line_end(row_at, end);
            in_row = false;
        }
        at = next;
    }
    if (in_row)
        csv_fini(&parser, on_cell, on_row_end, &reading);
    csv_free(&parser);
    return reading.rows;
}
