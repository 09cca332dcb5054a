#include "records.h"

#include <string.h>

#include "cursor.h"

#define WORDS(list) static const char *const list##_names[] = {
#define WORD(constant, word) word,
#define WORDS_END(list) }; const struct words list##_words = {#list, list##_names, list##_count};
#include "words.def"
#undef WORDS
#undef WORD
#undef WORDS_END

int words_find_slice(const struct words *words, struct slice word)
{
    for (size_t i = 0; i < words->count; i++)
        if (slice_is(word, words->word[i]))
            return (int)i;
    return -1;
}

int words_find(const struct words *words, const char *word)
{
    return words_find_slice(words, (struct slice){(const uint8_t *)word, strlen(word)});
}

const char *words_name(const struct words *words, int number)
{
    return number >= 0 && (size_t)number < words->count ? words->word[number] : words->word[0];
}

enum { NEAR_BYTES_MAX = 32 };

static unsigned least(unsigned a, unsigned b, unsigned c)
{
    unsigned ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* How many letters must be put in, taken out or exchanged (Levenshtein), row by row. */
static unsigned edits_between(const char *one, const char *other)
{
    unsigned row[NEAR_BYTES_MAX + 1];
    size_t width = strlen(other);
    for (size_t j = 0; j <= width; j++)
        row[j] = (unsigned)j;
    for (size_t i = 0; one[i]; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i + 1;
        for (size_t j = 0; j < width; j++) {
            unsigned above = row[j + 1];
            row[j + 1] = least(above + 1, row[j] + 1, diagonal + (one[i] != other[j]));
            diagonal = above;
        }
    }
    return row[width];
}

const char *words_nearest(const struct words *words, const char *word)
{
    const char *nearest = NULL;
    unsigned fewest = (unsigned)strlen(word) / 3 + 1;
    if (strlen(word) > NEAR_BYTES_MAX)
        return NULL;
    for (size_t i = 1; i < words->count; i++) {
        if (strlen(words->word[i]) > NEAR_BYTES_MAX)
            continue;
        unsigned edits = edits_between(word, words->word[i]);
        if (edits <= fewest && (!nearest || edits < fewest)) {
            fewest = edits;
            nearest = words->word[i];
        }
    }
    return nearest;
}
