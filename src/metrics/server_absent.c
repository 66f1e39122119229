/*
 * In place of server.c in builds without libmicrohttpd.
 */
#include "metrics/server.h"

bool server_start(const struct server_plan *plan, struct server **server,
                  struct error *err)
{
    (void)plan;
    (void)server;
    return error_set(err, ERROR_CONFIG,
                     "metrics: this program was built without libmicrohttpd and cannot "
                     "listen; run --once writes its textfile and pushes all the same");
}

void server_stop(struct server *server)
{
    (void)server;
}
