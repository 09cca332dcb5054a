/* xlsx_rows: the rows of an XLSX workbook's first sheet, each with its number, as if they had been typed into CSV.
 *
 * Numbers are written without needless digits, dates as 2026-03-06 or 2026-03-06 16:00:00, truth as true or false.
 * Formulas give the value that was saved with them. */
#ifndef CARELINE_XLSX_ROWS_H
#define CARELINE_XLSX_ROWS_H

#include "csv_rows.h"

/* All rows with something in them, as wide as the first; in the arena. false with *ret_why: it is no such workbook, or
 * it is damaged. A row that is wider, or holds more than ROW_BYTES_MAX, is broken. */
bool xlsx_rows_read(struct slice file, struct arena *arena, struct csv_row_list *ret, const char **ret_why);

/* A day number of a workbook's calendar (1 is 1900-01-01; with the day that there was not, 1900-02-29) as text. */
const char *xlsx_date_text(double number, struct arena *arena);

#endif
