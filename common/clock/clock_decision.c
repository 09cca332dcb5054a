/* When stepped time may move, and whereto. */
#include "clock_master.h"

static bool checkpoint_equal(struct checkpoint a, struct checkpoint b)
{
    return a.seq == b.seq && a.id == b.id;
}

enum master_verdict partition_verdict(const struct partition_view *view, wall_ms now)
{
    for (int stage = STAGE_SCHEDULER; stage < STAGE_COUNT; stage++)
        if (!checkpoint_equal(view->stages[stage].checkpoint, view->head))
            return MASTER_WAIT_STAGE;
    if (view->earliest_due && view->earliest_due <= now)
        return MASTER_WAIT_TIMER;
    return view->sending ? MASTER_WAIT_SENDING : MASTER_STEP;
}

static void take_earlier(wall_ms *earliest, wall_ms at)
{
    if (at && (!*earliest || at < *earliest))
        *earliest = at;
}

struct master_decision master_decide(const struct master_sight *sight)
{
    wall_ms to = 0;
    for (size_t i = 0; i < sight->participants.count; i++) {
        wall_ms wake_at = sight->participants.at[i].wake_at;
        if (wake_at <= sight->now)
            return (struct master_decision){.verdict = MASTER_WAIT_PARTICIPANT, .index = i};
        take_earlier(&to, wake_at);
    }
    for (size_t i = 0; i < sight->view_count; i++) {
        enum master_verdict verdict = partition_verdict(&sight->views[i], sight->now);
        if (verdict != MASTER_STEP)
            return (struct master_decision){.verdict = verdict, .index = i};
        take_earlier(&to, sight->views[i].earliest_due);
    }
    if (!to)
        return (struct master_decision){.verdict = MASTER_NOTHING_DUE};
    if (!sight->participants.count && sight->until && to > sight->until)
        return (struct master_decision){.verdict = MASTER_AT_END, .to = to};
    return (struct master_decision){.verdict = MASTER_STEP, .to = to};
}
