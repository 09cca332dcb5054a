/* count: does one subject so often; counts.py has callgrind count what a repeat costs.
 *
 *     count SUBJECT TIMES        or, without anything, the names of all subjects
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "subject.h"

static const struct subject *const lists[] = {codec_subjects, intake_subjects, rules_subjects, step_subjects,
                                             message_subjects};

static const struct subject *subject_find(const char *name)
{
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        for (const struct subject *subject = lists[i]; subject->name; subject++) {
            if (!name)
                printf("%s\n", subject->name);
            else if (!strcmp(name, subject->name))
                return subject;
        }
    return NULL;
}

int main(int count, char **words)
{
    const struct subject *subject = subject_find(count > 1 ? words[1] : NULL);
    if (count == 1)
        return 0;
    if (count != 3 || !subject) {
        fprintf(stderr, "count SUBJECT TIMES\n");
        return 64;
    }
    log_start("count", LEVEL_WARN);
    void *context = subject->begin();
    for (size_t i = 0, times = strtoul(words[2], NULL, 10); i < times; i++)
        subject->once(context, i);
    subject->end(context);
    return 0;
}
