/* scheduler: plans follow-ups from playbooks, keeps customers, fires timers. */
#include "daemon.h"

int main(int argc, char **argv)
{
    const struct daemon_part part = {
        .program = "scheduler", .about = "plans follow-ups from playbooks, keeps customers, fires timers", .core = &scheduler_core
    };
    return daemon_run(&part, argc, argv);
}
