#include "records.h"

/* The line of a field does not name its record, so its place in the struct cannot stand in a constant. The tables are
 * made in three passes over records.def: the fields, the records, and, before main, the places of the fields. */

#define FIELD(name, kind, flags, limit, words, record, about) {#name, sizeof #name - 1, kind, 0, flags, limit, words, record, about},
#define TEXT(name, limit, flags, about)      FIELD(name, FIELD_TEXT, flags, limit, NULL, NULL, about)
#define WORD_OF(name, list, flags, about)    FIELD(name, FIELD_WORD, flags, 0, &list##_words, NULL, about)
#define INT(name, flags, about)              FIELD(name, FIELD_INT, flags, 0, NULL, NULL, about)
#define TIME(name, flags, about)             FIELD(name, FIELD_TIME, flags, 0, NULL, NULL, about)
#define BOOL(name, flags, about)             FIELD(name, FIELD_BOOL, flags, 0, NULL, NULL, about)
#define TEXTS(name, limit, flags, about)     FIELD(name, FIELD_TEXTS, flags, limit, NULL, NULL, about)
#define BYTES(name, limit, flags, about)     FIELD(name, FIELD_BYTES, flags, limit, NULL, NULL, about)
#define MAP(name, limit, flags, about)       FIELD(name, FIELD_MAP, flags, limit, NULL, NULL, about)
#define RECORDS(name, record, limit, flags, about) \
    FIELD(name, FIELD_RECORDS, flags, limit, NULL, &record##_record, about)
#define RECORD(name, about) static struct field name##_fields[] = {
#define RECORD_END(name) };
#include "records.def"
#undef TEXT
#undef WORD_OF
#undef INT
#undef TIME
#undef BOOL
#undef TEXTS
#undef BYTES
#undef MAP
#undef RECORDS
#undef RECORD
#undef RECORD_END

#define TEXT(...)
#define WORD_OF(...)
#define INT(...)
#define TIME(...)
#define BOOL(...)
#define TEXTS(...)
#define BYTES(...)
#define MAP(...)
#define RECORDS(...)
#define RECORD(name, about) \
    const struct record name##_record = {#name, about, sizeof(struct name), offsetof(struct name, unknown), \
                                         name##_fields, sizeof name##_fields / sizeof name##_fields[0]};
#define RECORD_END(name)
#include "records.def"
#undef TEXT
#undef WORD_OF
#undef INT
#undef TIME
#undef BOOL
#undef TEXTS
#undef BYTES
#undef MAP
#undef RECORDS
#undef RECORD
#undef RECORD_END

#define PLACE(name, ...) (field++)->offset = offsetof(self, name);
#define TEXT PLACE
#define WORD_OF PLACE
#define INT PLACE
#define TIME PLACE
#define BOOL PLACE
#define TEXTS PLACE
#define BYTES PLACE
#define MAP PLACE
#define RECORDS PLACE
#define RECORD(name, about) { typedef struct name self; struct field *field = name##_fields;
#define RECORD_END(name) }

static void __attribute__((constructor)) fill_places(void)
{
#include "records.def"
}
