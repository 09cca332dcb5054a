/* full_record: any record with something in every field, the same each time: what golden bytes are made of. */
#ifndef CARELINE_FULL_RECORD_H
#define CARELINE_FULL_RECORD_H

#include "records.h"

/* A struct of the record, in the arena. Fields that are added leave the values of the others as they are. */
void *full_record(const struct record *record, struct arena *arena);

/* Is something in `unknown`, of the record or of any record that it holds? Its path then, else NULL. */
const char *unknown_in(const struct record *record, const void *at, struct arena *arena);

#endif
