/* record: one description of a structure, many uses.
 *
 * The .def files list records and their fields once. From them come the C structs, this table of fields, the msgpack
 * codec, the JSON codec (with the field at fault named), the bounds and the documents (AsyncAPI, OpenAPI).
 *
 * A record travels as a msgpack map from field name to value. A field that is empty ("", 0, false, no elements) is
 * left out. Fields that this build does not know are kept in `unknown` and written again, so that an older program
 * never drops what a newer one has said. */
#ifndef CARELINE_RECORD_H
#define CARELINE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "moment.h"

enum field_kind {
    FIELD_TEXT,     /* const char *, UTF-8, never NULL after decoding */
    FIELD_WORD,     /* int, an index into a list of words; on the wire the word itself; 0 is "none" and left out */
    FIELD_INT,      /* int64_t */
    FIELD_TIME,     /* wall_ms; msgpack integer; RFC 3339 in JSON */
    FIELD_BOOL,     /* bool */
    FIELD_TEXTS,    /* struct texts */
    FIELD_BYTES,    /* struct slice, msgpack bin; base64 in JSON */
    FIELD_MAP,      /* struct slice holding one msgpack map as it stands; an object in JSON */
    FIELD_RECORDS   /* a list of another record: struct NAME_list */
};

enum field_flag {
    REQUIRED = 1,   /* absent: the record is refused */
    PERSONAL = 2,   /* tells who somebody is: travels sealed, never in the open */
    IS_ID = 4,      /* the id of the entity: not kept within it */
    IS_SITE = 8     /* what stands before the slash in that id: not kept either */
};

struct texts {
    const char **at;
    size_t count;
};

/* A closed list of words; word 0 is always "none". */
struct words {
    const char *name;
    const char *const *word;
    size_t count;
};

struct record;

struct field {
    const char *name;
    size_t name_bytes;
    enum field_kind kind;
    size_t offset;
    unsigned flags;
    size_t limit;                    /* TEXT, BYTES, MAP: bytes; TEXTS, RECORDS: elements */
    const struct words *words;       /* WORD */
    const struct record *record;     /* RECORDS: of each element */
    const char *about;
};

struct record {
    const char *name;
    const char *about;
    size_t struct_bytes;
    size_t unknown_offset;           /* of the struct slice `unknown`: packed key, value, key, value … */
    const struct field *fields;
    size_t field_count;
};

/* How a decode, a check or a JSON reading ended; `what` is for a person, `field` a path such as "clocks[2].due_at". */
struct fault {
    char field[128];
    char what[160];
};

struct buffer;

enum { TEXT_OF_LIST_BYTES_MAX = 512 };   /* each element of a TEXTS field */

/* Sets *fault: the field and what is wrong with it, as printf. Always false, to be returned. */
bool fault_at(struct fault *fault, const char *field, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Puts "list[index]." before the field: for faults found inside an element. */
void fault_within(struct fault *fault, const char *list, size_t index);

/* What goes over a limit is cut before it is written, so that what was written can always be read again: texts at a
 * character, lists at their last elements; BYTES and MAP are left out. Never in silence: this counts the fields cut in
 * this process, and is a metric. Callers keep to the limits; record_fits tells. */
uint64_t record_cut_count(void);
bool record_fits(const struct record *record, const void *at, struct fault *fault);

/* Writes the struct at `from` as one msgpack map. Fields with flag bits in `leave_out` are skipped. What is unknown to
 * this build may be personal: it counts as PERSONAL in a record that has personal fields. */
void record_pack(const struct record *record, const void *from, unsigned leave_out, struct buffer *to);

/* As above but only fields with a flag bit in `only`. */
void record_pack_only(const struct record *record, const void *from, unsigned only, struct buffer *to);

/* Reads one msgpack map into the struct at `to` (all fields set; texts point into the arena). The bytes must be
 * exactly one map. Fields in it overwrite, others keep what `to` holds: zero it first, or merge two maps by two calls.
 * A word of a newer build reads as 0 and stays in `unknown`. Everything is copied into the arena.
 * false with *fault set: malformed, a wrong type, over a limit; `to` is then partly filled. REQUIRED is not checked. */
bool record_unpack(const struct record *record, struct slice from, struct arena *arena, void *to, struct fault *fault);

/* Are all REQUIRED fields there? false with *fault set. */
bool record_complete(const struct record *record, const void *at, struct fault *fault);

/* A struct of this record with nothing in it ("" for texts). */
void *record_new(const struct record *record, struct arena *arena);

const struct field *record_field(const struct record *record, const char *name);

/* The number of `word` in the list, or -1. */
int words_find(const struct words *words, const char *word);
int words_find_slice(const struct words *words, struct slice word);
/* The word of a number; "none" for numbers outside the list. */
const char *words_name(const struct words *words, int number);
/* The word that is nearest by edits, or NULL if none is near. */
const char *words_nearest(const struct words *words, const char *word);

#endif
