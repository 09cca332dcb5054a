/* csv_rows: the rows of a CSV text, each with the line an editor shows it on.
 *
 * The text must be UTF-8 without BOM (text_decode gives it). Quoted commas, quotes and line breaks are understood, cells are
 * trimmed. A quote that is never closed would swallow the rest of the file: a row of more than ROW_BYTES_MAX, or that the file
 * ends in, is reported as broken, and reading goes on with the line after the one it began on. */
#ifndef CARELINE_CSV_ROWS_H
#define CARELINE_CSV_ROWS_H

#include "record.h"

enum { ROW_BYTES_MAX = 64 * 1024, CELLS_MAX = 256 };

struct csv_row {
    size_t line;                /* from 1, where the row begins */
    bool broken;                /* a quote that does not end, or too many cells */
    struct texts cells;         /* in the arena */
};

struct csv_row_list {
    struct csv_row *at;
    size_t count;
};

/* All rows of the text, header included; lines without anything on them are left out. Lives in the arena. */
struct csv_row_list csv_rows_read(struct slice text, struct arena *arena);

/* The bytes of a file as UTF-8: a BOM is taken off; what is not UTF-8 is read as GB18030; what is neither is cleaned of
 * what cannot be read. *ret_encoding names what it was. */
struct slice text_decode(struct slice bytes, struct arena *arena, const char **ret_encoding);

#endif
