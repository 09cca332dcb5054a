#include <string.h>

#include "yaml.h"

enum { NAME_BYTES_MAX = 64 };

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* Edits (insert, remove, replace, swap two neighbours) that make one name of the other; Damerau 1964, in the restricted
 * form that never edits a swapped pair again. */
static int edits(const char *a, const char *b)
{
    int before[NAME_BYTES_MAX + 1], last[NAME_BYTES_MAX + 1], row[NAME_BYTES_MAX + 1];
    int an = (int)strlen(a), bn = (int)strlen(b);
    memset(before, 0, sizeof before);
    for (int j = 0; j <= bn; j++)
        last[j] = j;
    for (int i = 1; i <= an; i++) {
        row[0] = i;
        for (int j = 1; j <= bn; j++) {
            int best = least(last[j - 1] + (a[i - 1] != b[j - 1]), least(last[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                best = least(best, before[j - 2] + 1);
            row[j] = best;
        }
        memcpy(before, last, sizeof last);
        memcpy(last, row, sizeof row);
    }
    return last[bn];
}

const char *nearest_name(const char *name, const char *const *names)
{
    size_t bytes = strlen(name);
    if (!bytes || bytes > NAME_BYTES_MAX)
        return NULL;
    int allowed = least((int)(bytes + 2) / 3, 3), best = allowed + 1;
    const char *nearest = NULL;
    for (; *names; names++) {
        if (strlen(*names) > NAME_BYTES_MAX)
            continue;
        int distance = edits(name, *names);
        if (distance < best && distance < (int)strlen(*names)) {
            best = distance;
            nearest = *names;
        }
    }
    return nearest;
}
