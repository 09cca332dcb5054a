/* follow-up: keeps work lists, attempts and outcomes. */
#include "daemon.h"

int main(int argc, char **argv)
{
    const struct daemon_part part = {
        .program = "follow-up", .about = "keeps work lists, attempts and outcomes", .core = &follow_up_core
    };
    return daemon_run(&part, argc, argv);
}
