#include "metrics/server.h"

#include "base/mem.h"
#include "metrics/metrics.h"
#include "metrics/vitals.h"
#include "net/address.h"

#include <errno.h>
#include <microhttpd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum {
    CONNECTIONS_MAX = 16,
    CONNECTIONS_EACH_MAX = 8, /* of one address, which then keeps out no other */
    TIMEOUT_S = 10,
    MEMORY_MAX = 16 << 10, /* of a connection: request line and headers */
    TEXT_MAX = 64 << 20,
};

struct server {
    struct MHD_Daemon *daemon;
    struct server_plan plan;
};

/* What is answered: a status, and a text that libmicrohttpd frees. */
struct answer {
    unsigned status;
    const char *type;
    char *text;
    size_t size;
};

static struct answer say(unsigned status, const char *text)
{
    return (struct answer){status, "text/plain; charset=utf-8", mem_dup(text),
                           strlen(text)};
}

static struct answer answer_metrics(void)
{
    struct buf text;
    buf_init(&text, TEXT_MAX);
    vitals_measure();
    if (!metrics_write(true, &text)) {
        buf_clear(&text);
        return say(MHD_HTTP_INTERNAL_SERVER_ERROR, "there are too many series\n");
    }
    return (struct answer){MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8",
                           (char *)text.data, text.size};
}

static struct answer answer_health(const struct server *server, bool is_readiness)
{
    char reason[HEALTH_REASON];
    const struct runtime *runtime = server->plan.runtime;
    int64_t now_ms = runtime->monotonic_ms(runtime->context);
    if (is_readiness && runtime_is_stopped()) {
        return say(MHD_HTTP_SERVICE_UNAVAILABLE, "stopping\n");
    }
    bool is_good = is_readiness ? health_is_ready(server->plan.health, now_ms, reason)
                                : health_is_alive(server->plan.health, now_ms, reason);
    return say(is_good ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE, reason);
}

static bool has_body(struct MHD_Connection *connection)
{
    const char *length =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Length");
    return (length != NULL && strcmp(length, "0") != 0) ||
           MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
                                       "Transfer-Encoding") != NULL;
}

static struct answer choose(const struct server *server,
                            struct MHD_Connection *connection, const char *path,
                            const char *method)
{
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
        return say(MHD_HTTP_METHOD_NOT_ALLOWED, "GET and HEAD only\n");
    }
    if (has_body(connection)) {
        return say(MHD_HTTP_CONTENT_TOO_LARGE, "no body is taken\n");
    }
    if (strcmp(path, "/metrics") == 0) {
        return answer_metrics();
    }
    if (strcmp(path, "/healthz") == 0 || strcmp(path, "/readyz") == 0) {
        return answer_health(server, path[1] == 'r');
    }
    return say(MHD_HTTP_NOT_FOUND, "there are /metrics, /healthz and /readyz\n");
}

/* Answered at its first call, before any body: libmicrohttpd closes after such. Its
 * parameters are libmicrohttpd's. NOLINTNEXTLINE(readability-function-size) */
static enum MHD_Result serve(void *context, struct MHD_Connection *connection,
                             const char *path, const char *method, const char *version,
                             const char *data, size_t *data_size, void **request)
{
    (void)version;
    (void)data;
    (void)data_size;
    (void)request;
    struct answer answer = choose(context, connection, path, method);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(answer.size, answer.text, MHD_RESPMEM_MUST_FREE);
    if (response == NULL) {
        free(answer.text);
        return MHD_NO;
    }
    MHD_add_response_header(response, "Content-Type", answer.type);
    MHD_add_response_header(response, "Cache-Control", "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (answer.status == MHD_HTTP_METHOD_NOT_ALLOWED) {
        MHD_add_response_header(response, "Allow", "GET, HEAD");
    }
    enum MHD_Result result = MHD_queue_response(connection, answer.status, response);
    MHD_destroy_response(response);
    return result;
}

static struct MHD_Daemon *start_daemon(struct server *server,
                                       const struct sockaddr_storage *address)
{
    unsigned flags = MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD;
    flags |= address->ss_family == AF_INET6 ? (unsigned)MHD_USE_DUAL_STACK : 0;
    return MHD_start_daemon(
        flags, 0, NULL, NULL, serve, server, MHD_OPTION_SOCK_ADDR,
        (const struct sockaddr *)address, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        (unsigned)CONNECTIONS_EACH_MAX, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)TIMEOUT_S,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_MAX, MHD_OPTION_END);
}

bool server_start(const struct server_plan *plan, struct server **server,
                  struct error *err)
{
    struct sockaddr_storage address;
    sigset_t all;
    sigset_t before;
    if (!address_parse(plan->listen, &address)) {
        return error_set(err, ERROR_CONFIG, "metrics: listen is no address with a port");
    }
    struct server *made = mem_new(1, sizeof(*made));
    made->plan = *plan;
    sigfillset(&all); /* signals are for the thread that keeps the queue */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    errno = 0;
    made->daemon = start_daemon(made, &address);
    int cause = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (made->daemon == NULL) {
        free(made);
        return error_set(err, ERROR_CONFIG, "metrics: cannot listen on %s: %s",
                         plan->listen, cause == 0 ? "refused" : strerror(cause));
    }
    *server = made;
    return true;
}

void server_stop(struct server *server)
{
    if (server != NULL) {
        MHD_stop_daemon(server->daemon);
        free(server);
    }
}
