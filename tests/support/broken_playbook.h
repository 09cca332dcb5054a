/* broken_playbook: playbooks with mistakes, each of which must be told, and nothing else. */
#ifndef CARELINE_TESTS_BROKEN_PLAYBOOK_H
#define CARELINE_TESTS_BROKEN_PLAYBOOK_H

#include <stddef.h>

enum { BROKEN_LINES_MAX = 5 };

struct broken_playbook {
    const char *text;               /* of the file p.yaml */
    const char *lines[BROKEN_LINES_MAX];    /* each a part of what must be told about another mistake */
};

/* Reads each; prints what is told otherwise, and tells how often that was so. */
int broken_playbooks_wrongly_told(const struct broken_playbook *playbooks, size_t count);

#endif
