/* blank: a form to be printed and filled in with a pen, from its description. */
#ifndef CARELINE_BLANK_H
#define CARELINE_BLANK_H

#include <jansson.h>
#include <stdbool.h>

#include "buffer.h"

/* One page of HTML for A4, complete in itself. `form` as GET /v1/blanks/NAME describes it; borrowed. Appended to `to`. */
void blank_html(const json_t *form, bool chinese, struct buffer *to);
/* The same as plain text, 78 columns wide. */
void blank_text(const json_t *form, bool chinese, struct buffer *to);

#endif
