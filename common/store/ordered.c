#include "ordered.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

size_t ordered_place(const struct ordered *list, const void *item, bool *ret_found)
{
    size_t low = 0, high = list->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (list->compare(list->at[middle], item) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (ret_found)
        *ret_found = low < list->count && list->compare(list->at[low], item) == 0;
    return low;
}

void *ordered_find(const struct ordered *list, const void *item)
{
    bool found;
    size_t place = ordered_place(list, item, &found);
    return found ? list->at[place] : NULL;
}

static void make_room(struct ordered *list)
{
    if (list->count < list->room)
        return;
    list->room = list->room ? 2 * list->room : 16;
    list->at = realloc(list->at, list->room * sizeof *list->at);
    if (!list->at)
        abort();
}

void ordered_insert(struct ordered *list, void *item)
{
    bool found;
    size_t place = ordered_place(list, item, &found);
    assert(!found);
    make_room(list);
    memmove(list->at + place + 1, list->at + place, (list->count - place) * sizeof *list->at);
    list->at[place] = item;
    list->count++;
}

void *ordered_remove(struct ordered *list, const void *item)
{
    bool found;
    size_t place = ordered_place(list, item, &found);
    if (!found)
        return NULL;
    void *removed = list->at[place];
    list->count--;
    memmove(list->at + place, list->at + place + 1, (list->count - place) * sizeof *list->at);
    return removed;
}

void ordered_free(struct ordered *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->at[i]);
    free(list->at);
    list->at = NULL;
    list->count = list->room = 0;
}
