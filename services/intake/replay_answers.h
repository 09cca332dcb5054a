/* replay_answers: one function for each thing that a consumer may ask. */
#ifndef CARELINE_REPLAY_ANSWERS_H
#define CARELINE_REPLAY_ANSWERS_H

#include "replay_request.h"

struct replay_scene {               /* where a request is answered */
    struct store *store;
    uint32_t partitions;
    wall_ms now;
    const struct credential *credential;
    bool secured;                   /* there are keys: a name belongs to its actor */
    struct arena *arena;
};

/* Writes the whole answer. STORE_OK; anything else: the store failed, and the answer is to be "busy". */
enum store_status replay_answer(const struct replay_scene *scene, struct replay_request *request, struct buffer *to);

#endif
