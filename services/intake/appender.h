/* appender: the store's writing side on a thread of its own, so that the next facts are read and sealed while the last ones
 * are on their way to disk. One work at a time; the loop hands it over and takes it back. */
#ifndef CARELINE_APPENDER_H
#define CARELINE_APPENDER_H

#include "store.h"

struct appender;

/* Takes over `store`, whose calls are the thread's from now on. NULL (and the store is freed): no more threads. */
struct appender *appender_new(struct store *store);
/* Waits for what is at work; it is not to be taken back any more. */
void appender_free(struct appender **appender);

/* Readable when work is done. */
int appender_fd(const struct appender *appender);

/* Has `work` done with `context` on the thread. Only while nothing is at work. */
void appender_give(struct appender *appender, void (*work)(void *context, struct store *store), void *context);

/* Is what was given done? True once; false as well when nothing was given. */
bool appender_take(struct appender *appender);
/* Takes it, however long it lasts. */
void appender_wait(struct appender *appender);

#endif
