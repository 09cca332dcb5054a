/* records: the structs, words and tables that records.def and words.def describe. */
#ifndef CARELINE_RECORDS_H
#define CARELINE_RECORDS_H

#include "record.h"

/* enum NAME { CONSTANT = 0, … } and struct words NAME_words for each list */
#define WORDS(list) enum list {
#define WORD(constant, word) constant,
#define WORDS_END(list) list##_count }; extern const struct words list##_words;
#include "words.def"
#undef WORDS
#undef WORD
#undef WORDS_END

/* struct NAME, struct NAME_list and struct record NAME_record for each record */
#define RECORD(name, about) struct name {
#define TEXT(name, limit, flags, about) const char *name;
#define WORD_OF(name, list, flags, about) int name;
#define INT(name, flags, about) int64_t name;
#define TIME(name, flags, about) wall_ms name;
#define BOOL(name, flags, about) bool name;
#define TEXTS(name, limit, flags, about) struct texts name;
#define BYTES(name, limit, flags, about) struct slice name;
#define MAP(name, limit, flags, about) struct slice name;
#define RECORDS(name, record, limit, flags, about) struct record##_list name;
#define RECORD_END(name) struct slice unknown; }; \
    struct name##_list { struct name *at; size_t count; }; extern const struct record name##_record;
#include "records.def"
#undef RECORD
#undef TEXT
#undef WORD_OF
#undef INT
#undef TIME
#undef BOOL
#undef TEXTS
#undef BYTES
#undef MAP
#undef RECORDS
#undef RECORD_END

#endif
