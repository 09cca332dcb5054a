/* field: one field of a record in its struct. Shared by the codecs; nobody else needs it. */
#ifndef CARELINE_FIELD_H
#define CARELINE_FIELD_H

#include "cursor.h"
#include "record.h"

/* The latest instant that the wire takes, 9999-12-31T23:59:59.999Z, so that nobody's arithmetic can overflow. */
#define MOMENT_MAX ((wall_ms)253402300799999)

/* Any of the lists, struct NAME_list and struct texts: all are a pointer and a count. */
struct any_list {
    void *at;
    size_t count;
};

static inline const void *field_at(const struct field *field, const void *record_at)
{
    return (const char *)record_at + field->offset;
}

static inline void *field_to(const struct field *field, void *record_at)
{
    return (char *)record_at + field->offset;
}

/* By memcpy: the compiler need not know that the pointers inside have different types. */
static inline struct any_list field_list(const struct field *field, const void *record_at)
{
    struct any_list list;
    __builtin_memcpy(&list, field_at(field, record_at), sizeof list);
    return list;
}

static inline void field_list_set(const struct field *field, void *record_at, struct any_list list)
{
    __builtin_memcpy(field_to(field, record_at), &list, sizeof list);
}

static inline void *list_element(const struct field *field, struct any_list list, size_t index)
{
    return (char *)list.at + index * field->record->struct_bytes;
}

/* Would it be left out when packed? */
bool field_is_empty(const struct field *field, const void *record_at);

/* Texts and lists of texts that are NULL become "": what a decoded record promises. */
void record_texts_set(const struct record *record, void *record_at);

static inline struct slice *record_unknown(const struct record *record, const void *record_at)
{
    return (struct slice *)((char *)record_at + record->unknown_offset);
}

/* The field of this name; NULL: there is none. Fields mostly come in the order of the table: looks from `*next` on, 0 at
 * first, and around. */
static inline const struct field *record_field_near(const struct record *record, struct slice name, size_t *next)
{
    size_t at = *next;
    for (size_t i = 0; i < record->field_count; i++) {
        const struct field *field = &record->fields[at];
        at = at + 1 < record->field_count ? at + 1 : 0;
        if (field->name_bytes == name.bytes && !__builtin_memcmp(field->name, name.at, name.bytes)) {
            *next = at;
            return field;
        }
    }
    return NULL;
}

/* Has the record a field with one of these flags? */
bool record_has_flag(const struct record *record, unsigned flags);

/* Is this pair's key among the keys of `unknown`? */
bool unknown_has(struct slice unknown, struct slice key);

/* The size, or the limit that it is over; then it counts as cut (record_cut_count). */
size_t cut_to(size_t size, size_t limit);

/* The bytes of `text` that fit into `limit` without cutting a character. */
size_t text_fitting_bytes(const char *text, size_t limit);

#endif
