/* xlsx_parts: what a workbook keeps beside its cells: texts that cells share, and which styles show dates. */
#ifndef CARELINE_XLSX_PARTS_H
#define CARELINE_XLSX_PARTS_H

#include "record.h"

struct xlsx_parts {
    const char **texts;
    size_t text_count;
    bool *style_is_date;
    size_t style_count;
    const char *sheet;              /* path of the first sheet's part */
};

/* Into the arena. false with *ret_why: it is no workbook, or damaged. */
bool xlsx_parts_read(struct slice file, struct arena *arena, struct xlsx_parts *ret, const char **ret_why);

/* -------- reading XML, for this file and the sheet */

typedef void (*xml_begin)(void *context, const char *name, const char **attributes);
typedef void (*xml_end)(void *context, const char *name);
typedef void (*xml_text)(void *context, const char *text, int bytes);

/* Names come without their namespace. Documents with a DTD are refused: no workbook has one. */
bool xml_read(struct slice text, void *context, xml_begin begin, xml_end end, xml_text on_text);
/* The value of an attribute, or "". */
const char *xml_attribute(const char **attributes, const char *name);

#endif
