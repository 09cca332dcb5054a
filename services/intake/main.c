/* intake: takes facts and acts in over HTTP and ZeroMQ. */
#include "intake_part.h"

int main(int argc, char **argv)
{
    const struct http_route *const routes[] = {intake_routes, list_routes(), NULL};
    const struct daemon_part part = {
        .program = "intake", .about = "takes facts and acts in over HTTP and ZeroMQ, and answers when they are on disk",
        .settings = intake_settings, .routes = routes, .http_connections_max = INTAKE_CONNECTIONS_MAX,
        .http_body_bytes_max = BODY_BYTES_MAX, .start = intake_start, .secured = intake_is_secured, .fd = intake_fd,
        .step = intake_step, .report = intake_report, .reload = intake_reload, .stop = intake_stop,
    };
    return daemon_run(&part, argc, argv);
}
