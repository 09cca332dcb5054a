/* shop_parts: what the shop business is made of; for its own files only.
 *
 *   shop_business.c   two dealers with the shipped settings
 *   shop_acts.c       what customers, agents and handlers do
 *   dealer_judge.c      what must hold */
#ifndef CARELINE_SHOP_PARTS_H
#define CARELINE_SHOP_PARTS_H

#include "simulation.h"

enum { DEALERS = 2, AGENTS = 3 };

extern const char *const dealer_sites[DEALERS];

void dealer_act(struct simulation *simulation);
int64_t dealer_jump(struct simulation *simulation);

void dealer_judge_open(struct simulation *simulation);
void dealer_judge_close(struct simulation *simulation);
void dealer_seen(struct simulation *simulation, const struct place *place, const struct event *event);
void dealer_forget(struct simulation *simulation, uint32_t partition);
void dealer_put(struct simulation *simulation, const struct entity_put *put);
void dealer_judge(struct simulation *simulation);
void dealer_fields(struct simulation *simulation, struct texts *ret);

#endif
