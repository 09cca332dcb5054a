/* complaint-router: grades, routes and watches complaints. */
#include "daemon.h"

int main(int argc, char **argv)
{
    const struct daemon_part part = {
        .program = "complaint-router", .about = "grades, routes and watches complaints", .core = &complaint_router_core
    };
    return daemon_run(&part, argc, argv);
}
