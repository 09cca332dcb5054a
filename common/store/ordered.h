/* ordered: a sorted array of pointers. Small and plain: what the memory store is made of. */
#ifndef CARELINE_ORDERED_H
#define CARELINE_ORDERED_H

#include <stdbool.h>
#include <stddef.h>

struct ordered {
    void **at;
    size_t count;
    size_t room;
    int (*compare)(const void *, const void *);     /* of two items */
};

/* Where the item is, or else belongs: the first place whose item is not before it. */
size_t ordered_place(const struct ordered *list, const void *item, bool *ret_found);

/* The item equal to this one, or NULL. */
void *ordered_find(const struct ordered *list, const void *item);

/* Takes the item in; an equal one must not be there. */
void ordered_insert(struct ordered *list, void *item);

/* Takes the equal item out and returns it; NULL if there is none. */
void *ordered_remove(struct ordered *list, const void *item);

/* Frees the items, each with free(), and the array; leaves the list empty. */
void ordered_free(struct ordered *list);

#endif
