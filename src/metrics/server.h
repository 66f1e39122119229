/*
 * The listener of a long run: /metrics for Prometheus, /healthz and /readyz for those who
 * would restart it (metrics/health.h). GET and HEAD only; nothing is ever read of a body.
 * It has a thread of its own, few connections, and short time-outs.
 *
 * Errors: ERROR_CONFIG: the address cannot be listened on, or the program was built
 * without libmicrohttpd.
 */
#ifndef METRICS_SERVER_H
#define METRICS_SERVER_H

#include "metrics/health.h"
#include "runtime.h"

struct server;

/* What is served; both are borrowed until server_stop. */
struct server_plan {
    const char *listen; /* "127.0.0.1:9464" (net/address.h) */
    struct health *health;
    const struct runtime *runtime; /* for its clock alone */
};

bool server_start(const struct server_plan *plan, struct server **server,
                  struct error *err);
/* Ends every connection. Accepts NULL. */
void server_stop(struct server *server);

#endif
