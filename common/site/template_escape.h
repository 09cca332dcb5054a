/* template_escape: values made harmless for the text that they are put into. */
#ifndef CARELINE_TEMPLATE_ESCAPE_H
#define CARELINE_TEMPLATE_ESCAPE_H

#include "site.h"

/* Appends the value; stops soon after `bytes_max` bytes of output. */
void template_escape(enum escape escape, const char *value, size_t bytes_max, struct buffer *to);

#endif
