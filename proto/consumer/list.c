#include <stdlib.h>
#include <string.h>

#include "consumer.h"

void list_add(struct list *list, const char *text, size_t bytes)
{
    list->at = realloc(list->at, (list->count + 1) * sizeof *list->at);
    char *copy = malloc(bytes + 1);
    if (!list->at || !copy)
        abort();
    memcpy(copy, text, bytes);
    copy[bytes] = 0;
    list->at[list->count++] = copy;
}

bool list_has(const struct list *list, const void *text, size_t bytes)
{
    for (size_t i = 0; i < list->count; i++)
        if (strlen(list->at[i]) == bytes && !memcmp(list->at[i], text, bytes))
            return true;
    return false;
}

void list_clear(struct list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->at[i]);
    free(list->at);
    *list = (struct list){0};
}
