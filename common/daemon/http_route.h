/* http_route: finds the line of the route tables that a request is for. */
#ifndef CARELINE_HTTP_ROUTE_H
#define CARELINE_HTTP_ROUTE_H

#include "http_server.h"

/* By the exchange's method and path; fills its parts. NULL: none; *ret_path_known: there is one with another method. */
const struct http_route *http_route_find(const struct http_route *const *tables, struct http_exchange *exchange,
                                         bool *ret_path_known);

#endif
