#include "xlsx_rows.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "civil.h"
#include "xlsx_parts.h"
#include "zip_part.h"

struct sheet {
    struct arena *arena;
    struct xlsx_parts parts;
    struct csv_row_list rows;
    size_t room, width;
    const char *cells[CELLS_MAX];
    size_t column, row_bytes, line;
    bool broken, in_value, aside;
    char type;                      /* of the cell: s shared, t text of its own, b truth, n number, d date */
    size_t style;
    struct buffer value;
};

/* -------- one cell as text */

const char *xlsx_date_text(double number, struct arena *arena)
{
    int64_t seconds = (int64_t)llround(number * 86400), day = seconds / 86400, rest = seconds % 86400;
    struct civil date = civil_date(civil_day(1899, 12, day < 60 ? 31 : 30) + day);
    if (!rest)
        return arena_printf(arena, "%04d-%02d-%02d", date.year, date.month, date.day);
    return arena_printf(arena, "%04d-%02d-%02d %02d:%02d:%02d", date.year, date.month, date.day, (int)(rest / 3600),
                        (int)(rest / 60 % 60), (int)(rest % 60));
}

/* As people see it: 13800000001, not 1.3800000001E10. */
static const char *number_text(const struct sheet *sheet, const char *told)
{
    char *end;
    double number = strtod(told, &end);
    bool date = sheet->style < sheet->parts.style_count && sheet->parts.style_is_date[sheet->style];
    if (end == told || *end || !isfinite(number))
        return told;
    if (date && number >= 1 && number < 2958466)        /* 9999-12-31 is the last */
        return xlsx_date_text(number, sheet->arena);
    if (number == floor(number) && fabs(number) < 1e15)
        return arena_printf(sheet->arena, "%.0f", number);
    return arena_printf(sheet->arena, "%.15g", number);
}

static const char *shared_text(const struct sheet *sheet, const char *told)
{
    char *end;
    unsigned long at = strtoul(told, &end, 10);
    return *told && !*end && at < sheet->parts.text_count ? sheet->parts.texts[at] : "";
}

static const char *cell_text(const struct sheet *sheet)
{
    const char *told = arena_text(sheet->arena, sheet->value.at, sheet->value.bytes);
    switch (sheet->type) {
    case 's': return shared_text(sheet, told);
    case 'b': return !strcmp(told, "1") ? "true" : "false";
    case 'n': return *told ? number_text(sheet, told) : "";
    default: return told;
    }
}

static const char *trimmed(struct arena *arena, const char *text)
{
    size_t bytes = strlen(text);
    while (bytes && isspace((unsigned char)text[bytes - 1]))
        bytes--;
    while (bytes && isspace((unsigned char)*text)) {
        text++;
        bytes--;
    }
    return arena_text(arena, text, bytes);
}

/* -------- where it stands */

/* The column of a reference such as AB12, from 0; CELLS_MAX: further than is read. */
static size_t column_of(const char *reference)
{
    size_t column = 0;
    for (; *reference >= 'A' && *reference <= 'Z' && column <= CELLS_MAX; reference++)
        column = column * 26 + (size_t)(*reference - 'A' + 1);
    return column && column <= CELLS_MAX ? column - 1 : CELLS_MAX;
}

static void cell_begin(struct sheet *sheet, const char **attributes)
{
    const char *reference = xml_attribute(attributes, "r"), *type = xml_attribute(attributes, "t");
    static const struct { const char *word; char type; } types[] = {
        {"s", 's'}, {"b", 'b'}, {"inlineStr", 't'}, {"str", 't'}, {"d", 't'}, {"e", 't'},
    };
    sheet->type = 'n';
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (!strcmp(type, types[i].word))
            sheet->type = types[i].type;
    if (*reference)
        sheet->column = column_of(reference);
    sheet->style = strtoul(xml_attribute(attributes, "s"), NULL, 10);
    buffer_clear(&sheet->value);
}

static void cell_end(struct sheet *sheet)
{
    const char *text = trimmed(sheet->arena, cell_text(sheet));
    sheet->row_bytes += strlen(text);
    if (*text && sheet->column < CELLS_MAX)
        sheet->cells[sheet->column] = text;
    else if (*text)
        sheet->broken = true;
    sheet->column++;
}

/* -------- rows */

static void row_begin(struct sheet *sheet, const char **attributes)
{
    size_t number = strtoul(xml_attribute(attributes, "r"), NULL, 10);
    sheet->line = number > sheet->line ? number : sheet->line + 1;
    sheet->column = sheet->row_bytes = 0;
    sheet->broken = false;
    for (size_t i = 0; i < CELLS_MAX; i++)
        sheet->cells[i] = "";
}

static size_t cells_used(const struct sheet *sheet)
{
    size_t used = CELLS_MAX;
    while (used && !*sheet->cells[used - 1])
        used--;
    return used;
}

static void row_keep(struct sheet *sheet, size_t used)
{
    if (sheet->rows.count == sheet->room) {
        sheet->room = sheet->room ? 2 * sheet->room : 256;
        struct csv_row *grown = arena_alloc(sheet->arena, sheet->room * sizeof *grown);
        if (sheet->rows.count)
            memcpy(grown, sheet->rows.at, sheet->rows.count * sizeof *grown);
        sheet->rows.at = grown;
    }
    sheet->rows.at[sheet->rows.count++] = (struct csv_row){
        .line = sheet->line,
        .broken = sheet->broken || sheet->row_bytes > ROW_BYTES_MAX || used > sheet->width,
        .cells = {arena_copy(sheet->arena, sheet->cells, sheet->width * sizeof *sheet->cells), sheet->width},
    };
}

static void row_end(struct sheet *sheet)
{
    size_t used = cells_used(sheet);
    if (!used && !sheet->broken)
        return;
    if (!sheet->width)
        sheet->width = used;
    row_keep(sheet, used);
}

/* -------- the sheet */

static void on_begin(void *context, const char *name, const char **attributes)
{
    struct sheet *sheet = context;
    if (!strcmp(name, "row"))
        row_begin(sheet, attributes);
    else if (!strcmp(name, "c"))
        cell_begin(sheet, attributes);
    sheet->aside |= !strcmp(name, "rPh");
    sheet->in_value = (!strcmp(name, "v") || !strcmp(name, "t")) && !sheet->aside;
}

static void on_end(void *context, const char *name)
{
    struct sheet *sheet = context;
    sheet->in_value = false;
    if (!strcmp(name, "rPh"))
        sheet->aside = false;
    else if (!strcmp(name, "c"))
        cell_end(sheet);
    else if (!strcmp(name, "row"))
        row_end(sheet);
}

static void on_text(void *context, const char *text, int bytes)
{
    struct sheet *sheet = context;
    if (sheet->in_value)
        buffer_append(&sheet->value, text, (size_t)bytes);
}

bool xlsx_rows_read(struct slice file, struct arena *arena, struct csv_row_list *ret, const char **ret_why)
{
    struct sheet *sheet = arena_alloc(arena, sizeof *sheet);
    struct slice part;
    *sheet = (struct sheet){.arena = arena};
    if (!xlsx_parts_read(file, arena, &sheet->parts, ret_why) ||
        !zip_part(file, sheet->parts.sheet, arena, &part, ret_why))
        return false;
    bool fine = part.bytes && xml_read(part, sheet, on_begin, on_end, on_text);
    buffer_free(&sheet->value);
    *ret = sheet->rows;
    *ret_why = "the file is damaged: its first sheet cannot be read";
    return fine;
}
