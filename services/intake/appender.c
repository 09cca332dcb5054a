#include "appender.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum state { RESTING, WORKING, DONE };

struct appender {
    struct store *store;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    enum state state;
    bool stopping;
    void (*work)(void *context, struct store *store);
    void *context;
    int fd;
};

/* -------- the thread */

static bool wait_for_work(struct appender *appender)
{
    pthread_mutex_lock(&appender->lock);
    while (appender->state != WORKING && !appender->stopping)
        pthread_cond_wait(&appender->changed, &appender->lock);
    bool wanted = appender->state == WORKING;
    pthread_mutex_unlock(&appender->lock);
    return wanted;
}

static void tell_done(struct appender *appender)
{
    uint64_t one = 1;
    pthread_mutex_lock(&appender->lock);
    appender->state = DONE;
    pthread_cond_broadcast(&appender->changed);
    pthread_mutex_unlock(&appender->lock);
    if (write(appender->fd, &one, sizeof one) != sizeof one)
        return;                                 /* the counter is full: the loop has been told already */
}

static void *thread_main(void *context)
{
    struct appender *appender = context;
    while (wait_for_work(appender)) {
        appender->work(appender->context, appender->store);
        tell_done(appender);
    }
    return NULL;
}

/* -------- the loop's side */

int appender_fd(const struct appender *appender)
{
    return appender->fd;
}

void appender_give(struct appender *appender, void (*work)(void *context, struct store *store), void *context)
{
    pthread_mutex_lock(&appender->lock);
    assert(appender->state == RESTING);
    appender->work = work;
    appender->context = context;
    appender->state = WORKING;
    pthread_cond_broadcast(&appender->changed);
    pthread_mutex_unlock(&appender->lock);
}

/* The descriptor may tell a little later than the state: then it wakes the loop once for nothing. */
bool appender_take(struct appender *appender)
{
    uint64_t count;
    pthread_mutex_lock(&appender->lock);
    bool done = appender->state == DONE;
    if (done)
        appender->state = RESTING;
    pthread_mutex_unlock(&appender->lock);
    if (read(appender->fd, &count, sizeof count) != sizeof count)
        return done;                            /* nothing told, or told before */
    return done;
}

void appender_wait(struct appender *appender)
{
    pthread_mutex_lock(&appender->lock);
    assert(appender->state != RESTING);
    while (appender->state == WORKING)
        pthread_cond_wait(&appender->changed, &appender->lock);
    appender->state = RESTING;
    pthread_mutex_unlock(&appender->lock);
}

/* -------- from start to end */

static void release(struct appender *appender)
{
    appender->store->functions->free(&appender->store);
    close(appender->fd);
    pthread_mutex_destroy(&appender->lock);
    pthread_cond_destroy(&appender->changed);
    free(appender);
}

struct appender *appender_new(struct store *store)
{
    struct appender *appender = calloc(1, sizeof *appender);
    assert(appender);
    appender->store = store;
    appender->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    assert(appender->fd >= 0);
    pthread_mutex_init(&appender->lock, NULL);
    pthread_cond_init(&appender->changed, NULL);
    if (!pthread_create(&appender->thread, NULL, thread_main, appender))
        return appender;
    release(appender);
    return NULL;
}

void appender_free(struct appender **appender)
{
    if (!appender || !*appender)
        return;
    pthread_mutex_lock(&(*appender)->lock);
    (*appender)->stopping = true;
    pthread_cond_broadcast(&(*appender)->changed);
    pthread_mutex_unlock(&(*appender)->lock);
    pthread_join((*appender)->thread, NULL);
    release(*appender);
    *appender = NULL;
}
