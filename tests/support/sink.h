/* sink: tests/support/sink.py as a child: servers that take messages and write them down. */
#ifndef CARELINE_SINK_H
#define CARELINE_SINK_H

#include <stddef.h>

struct sink;

/* Starts it with further arguments, separated by blanks; ends the test if it does not come up. The caller owns it. */
struct sink *sink_start(const char *arguments);
void sink_stop(struct sink **sink);

int sink_http_port(const struct sink *sink);
int sink_smtp_port(const struct sink *sink);

/* Forgets what it has taken so far. */
void sink_forget(struct sink *sink);

/* How many messages it has taken so far. */
size_t sink_count(struct sink *sink);

/* A field of the n-th line of its journal (from 0) as text; "" if there is none. Lives as long as the sink. */
const char *sink_text(struct sink *sink, size_t n, const char *field);

#endif
