#include "flow.h"

#include <string.h>

/* The one whose loss hurts least: its neighbours are near each other for how old they are. The ends stay. */
static size_t trail_least(const struct trail *trail)
{
    uint64_t newest = trail->at[trail->count - 1].seq;
    size_t least = 1;
    double best = 1e300;
    for (size_t i = 1; i + 1 < trail->count; i++) {
        double apart = (double)(trail->at[i + 1].seq - trail->at[i - 1].seq) / (double)(newest - trail->at[i].seq + 1);
        if (apart < best) {
            best = apart;
            least = i;
        }
    }
    return least;
}

void trail_add(struct trail *trail, struct mark mark)
{
    if (trail->count && trail->at[trail->count - 1].seq >= mark.seq)
        return;
    if (trail->count == TRAIL_MAX) {
        size_t i = trail_least(trail);
        memmove(trail->at + i, trail->at + i + 1, (trail->count - i - 1) * sizeof trail->at[0]);
        trail->count--;
    }
    trail->at[trail->count++] = mark;
}

void trail_cut(struct trail *trail, uint64_t seq)
{
    while (trail->count && trail->at[trail->count - 1].seq >= seq)
        trail->count--;
}

void flow_start(struct flow *flow, uint32_t partition, struct mark at)
{
    *flow = (struct flow){.partition = partition, .last = at, .given = at, .done = at, .told = at, .head = at.seq};
    trail_add(&flow->trail, at);
}

static void fall_behind(struct flow *flow, int64_t since_ms)
{
    if (!flow->behind || since_ms < flow->behind_since_ms)
        flow->behind_since_ms = since_ms;
    flow->behind = true;
}

enum fit flow_offer(struct flow *flow, const struct careline_place *place, int64_t now_ms)
{
    struct mark mark = {place->seq, place->id};
    if (place->seq < flow->last.seq || (place->seq == flow->last.seq && place->id == flow->last.id))
        return FIT_OLD;
    if (place->seq > flow->head)
        flow->head = place->seq;
    if (place->seq == flow->last.seq + 1 && place->prev == flow->last.id) {
        flow_advance(flow, mark);
        flow->behind = flow->head > flow->last.seq;
        flow->behind_since_ms = now_ms;
        return FIT_TAKEN;
    }
    bool doubtful = place->seq <= flow->last.seq + 1;       /* another history: nothing to wait for */
    fall_behind(flow, doubtful ? now_ms - FLOW_HOLD_MS : now_ms);
    return FIT_LATER;
}

void flow_head(struct flow *flow, struct mark head, int64_t now_ms)
{
    if (head.seq < flow->last.seq || (head.seq == flow->last.seq && head.id != flow->last.id))
        fall_behind(flow, now_ms - FLOW_HOLD_MS);           /* the log will tell that it was rewound */
    else if (head.seq > flow->last.seq)
        fall_behind(flow, now_ms);
    if (head.seq > flow->head)
        flow->head = head.seq;
}

bool flow_wants_log(const struct flow *flow, int64_t now_ms)
{
    return flow->behind && now_ms - flow->behind_since_ms >= FLOW_HOLD_MS;
}

void flow_advance(struct flow *flow, struct mark to)
{
    flow->last = to;
    trail_add(&flow->trail, to);
}

void flow_page_end(struct flow *flow, struct mark to, uint64_t head)
{
    flow_advance(flow, to);
    flow->head = head;
    flow->behind = head > to.seq;
    flow->behind_since_ms = INT64_MIN / 2;                  /* more to read: at once */
}

static struct mark not_after(struct mark mark, struct mark limit)
{
    return mark.seq >= limit.seq ? limit : mark;
}

void flow_reset(struct flow *flow, struct mark to)
{
    trail_cut(&flow->trail, to.seq);
    flow->last = to;
    flow->given = not_after(flow->given, to);
    flow->done = not_after(flow->done, to);
    flow->told = (struct mark){UINT64_MAX, 0};              /* it is to be told where we stand now */
    trail_add(&flow->trail, to);
    flow->behind = true;
    flow->behind_since_ms = INT64_MIN / 2;
}

struct mark flow_acknowledged(const struct flow *flow)
{
    return flow->done.seq >= flow->given.seq ? flow->last : flow->done;
}
