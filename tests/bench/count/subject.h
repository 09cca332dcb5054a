/* subject: something that is done for every event, to be repeated so often that its instructions can be counted. */
#ifndef CARELINE_BENCH_SUBJECT_H
#define CARELINE_BENCH_SUBJECT_H

#include <stddef.h>

struct subject {
    const char *name;
    void *(*begin)(void);           /* what it works on; repeats leave it as it is */
    void (*once)(void *context, size_t number);
    void (*end)(void *context);
};

/* Each list ends with an empty one. */
extern const struct subject codec_subjects[], intake_subjects[], message_subjects[], rules_subjects[],
                            step_subjects[];

#endif
