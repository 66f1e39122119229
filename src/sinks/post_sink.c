#include "sinks/post_sink.h"

#include "base/mem.h"
#include "sinks/credential.h"
#include "sinks/post_batch.h"
#include "sinks/post_probe.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

struct sink {
    struct post_options *options;
    struct hold *hold;
    enum event_format format;
};

void post_sink_close(struct sink *sink)
{
    if (sink != NULL) {
        hold_free(sink->hold);
        post_options_free(sink->options);
        free(sink);
    }
}

static bool can_read(const char *key, const char *file, struct error *err)
{
    return file == NULL || access(file, R_OK) == 0 ||
           error_set(err, ERROR_CONFIG, "%s %s cannot be read: %s", key, file,
                     strerror(errno));
}

/* What can be seen without a request. */
static bool check_files(const struct post_options *options, struct error *err)
{
    struct secret secret = {0};
    bool ok = can_read("ca_file", options->ca_file, err) &&
              can_read("client_cert", options->cert_file, err) &&
              can_read("client_key", options->key_file, err);
    if (ok && options->credential != NULL &&
        !credential_get(options->credential, false, &secret, err)) {
        ok = error_context(err, "%s", options->auth_key);
    }
    secret_clear(&secret);
    return ok;
}

bool post_sink_open_take(struct post_options *options, enum event_format format,
                         struct sink **sink, struct error *err)
{
    struct sink *opened = mem_new(1, sizeof(*opened));
    opened->options = options;
    opened->hold = hold_new();
    opened->format = format;
    options->format = format;
    if (!check_files(options, err)) {
        post_sink_close(opened);
        return false;
    }
    *sink = opened;
    return true;
}

/* May the batch go now? A held sink is sent a heartbeat first. */
static bool ask(struct sink *sink, const struct runtime *runtime,
                const struct batch *batch, struct error *err)
{
    struct hold_moment moment = post_batch_moment(sink->options, runtime);
    switch (hold_ask(sink->hold, &moment, err)) {
    case HOLD_SEND:
        return true;
    case HOLD_WAIT:
        return false;
    case HOLD_PROBE:
        break;
    }
    struct error why = {0};
    switch (post_probe_send(sink->options, runtime, batch->source, batch->deadline_ms,
                            &why)) {
    case POST_ACCEPTED:
        hold_clear(sink->hold);
        return true;
    case POST_FAILED:
        break; /* not answered: held as before, for the reason it was */
    default:
        error_context(&why, "it refuses a heartbeat");
        why.kind = ERROR_DENIED;
        hold_set(sink->hold, &moment, &why);
        break;
    }
    if (err != NULL) {
        *err = why;
    }
    return error_context(err, "held");
}

bool post_sink_send(struct sink *sink, const struct runtime *runtime,
                    const struct batch *batch, struct outcome *outcomes,
                    struct error *err)
{
    const struct post_batch work = {sink->options, sink->hold, runtime, sink->format,
                                    batch};
    return ask(sink, runtime, batch, err) && post_batch_send(&work, outcomes, err);
}
