#include "readings.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct reading_list { struct reading *first, **last; };

struct readings {
    struct views views;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wanted;
    struct reading_list waiting, done;
    size_t waiting_count;
    bool stopping;
    int fd;
};

static void list_clear(struct reading_list *list)
{
    list->first = NULL;
    list->last = &list->first;
}

static void list_put(struct reading_list *list, struct reading *reading)
{
    reading->next = NULL;
    *list->last = reading;
    list->last = &reading->next;
}

static struct reading *list_take(struct reading_list *list)
{
    struct reading *reading = list->first;
    if (reading && !(list->first = reading->next))
        list->last = &list->first;
    return reading;
}

static bool content_read(void *context, const char *hash, struct arena *arena, struct slice *ret)
{
    struct store *store = context;
    return store->functions->content_get(store, hash, arena, ret) == STORE_OK && ret->bytes;
}

/* -------- the thread */

static struct reading *wait_for_work(struct readings *readings)
{
    pthread_mutex_lock(&readings->lock);
    while (!readings->waiting.first && !readings->stopping)
        pthread_cond_wait(&readings->wanted, &readings->lock);
    struct reading *reading = list_take(&readings->waiting);
    readings->waiting_count -= reading != NULL;
    pthread_mutex_unlock(&readings->lock);
    return reading;
}

static void give_back(struct readings *readings, struct reading *reading)
{
    uint64_t one = 1;
    pthread_mutex_lock(&readings->lock);
    list_put(&readings->done, reading);
    pthread_mutex_unlock(&readings->lock);
    if (write(readings->fd, &one, sizeof one) != sizeof one)
        return;                                 /* the counter is full: the loop has been told already */
}

static void *thread_main(void *context)
{
    struct readings *readings = context;
    struct reading *reading;
    while ((reading = wait_for_work(readings))) {
        reading->work(reading, &readings->views);
        give_back(readings, reading);
    }
    return NULL;
}

/* -------- the loop's side */

bool readings_add(struct readings *readings, struct reading *reading)
{
    pthread_mutex_lock(&readings->lock);
    bool room = readings->waiting_count < READINGS_WAITING_MAX;
    if (room) {
        list_put(&readings->waiting, reading);
        readings->waiting_count++;
        pthread_cond_signal(&readings->wanted);
    }
    pthread_mutex_unlock(&readings->lock);
    return room;
}

int readings_fd(const struct readings *readings)
{
    return readings->fd;
}

void readings_collect(struct readings *readings)
{
    uint64_t count;
    struct reading *reading;
    if (read(readings->fd, &count, sizeof count) != sizeof count)
        return;
    pthread_mutex_lock(&readings->lock);
    struct reading *first = readings->done.first;
    list_clear(&readings->done);
    pthread_mutex_unlock(&readings->lock);
    while ((reading = first)) {
        first = reading->next;
        reading->finish(reading);
    }
}

/* -------- from start to end */

static bool views_open(struct views *views, const struct readings_options *options, char message[160])
{
    views->partitions = options->partitions;
    views->limits = options->limits;
    views->quarantine = quarantine_new(options->partitions);
    views->store = store_redis_new(&options->store, options->partitions, message);
    views->sealer = views->store ? sealer_redis_new(&options->keys_store, options->master_key, message) : NULL;
    if (!views->sealer)
        return false;
    views->contents = content_cache_new(content_read, views->store);
    return true;
}

static void views_close(struct views *views)
{
    if (views->contents)
        content_cache_free(&views->contents);
    sealer_free(&views->sealer);
    quarantine_free(&views->quarantine);
    if (views->store)
        views->store->functions->free(&views->store);
}

struct readings *readings_new(const struct readings_options *options, char message[160])
{
    struct readings *readings = calloc(1, sizeof *readings);
    assert(readings);
    list_clear(&readings->waiting);
    list_clear(&readings->done);
    pthread_mutex_init(&readings->lock, NULL);
    pthread_cond_init(&readings->wanted, NULL);
    readings->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    assert(readings->fd >= 0);
    if (views_open(&readings->views, options, message) &&
        !pthread_create(&readings->thread, NULL, thread_main, readings))
        return readings;
    views_close(&readings->views);
    close(readings->fd);
    free(readings);
    return NULL;
}

void readings_free(struct readings **readings)
{
    if (!readings || !*readings)
        return;
    struct readings *r = *readings;
    pthread_mutex_lock(&r->lock);
    r->stopping = true;
    pthread_cond_signal(&r->wanted);
    pthread_mutex_unlock(&r->lock);
    pthread_join(r->thread, NULL);
    readings_collect(r);
    views_close(&r->views);
    close(r->fd);
    pthread_mutex_destroy(&r->lock);
    pthread_cond_destroy(&r->wanted);
    free(r);
    *readings = NULL;
}
