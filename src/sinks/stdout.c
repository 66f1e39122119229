/*
 * Writes events to standard output, one a line. Nobody acknowledges them: whoever
 * reads the pipe may still lose them, so this sink is unverified.
 */
#include "base/mem.h"
#include "sinks/sink.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct sink {
    enum event_format format;
    pthread_mutex_t mutex;
};

static const struct setting stdout_settings[] = {{.type = SETTING_END}};

static bool stdout_open(const json_t *settings, enum event_format format,
                        const struct runtime *runtime, struct sink **sink,
                        struct error *err)
{
    (void)settings;
    (void)runtime;
    (void)err;
    *sink = mem_new(1, sizeof(**sink));
    (*sink)->format = format;
    pthread_mutex_init(&(*sink)->mutex, NULL);
    return true;
}

static bool write_line(struct bytes text)
{
    uint8_t *line = mem_alloc(text.size + 1);
    memcpy(line, text.data, text.size);
    line[text.size] = '\n';
    size_t written = 0;
    while (written < text.size + 1) {
        ssize_t count = write(STDOUT_FILENO, line + written, text.size + 1 - written);
        if (count < 0 && errno != EINTR) {
            break;
        }
        written += count < 0 ? 0 : (size_t)count;
    }
    free(line);
    return written == text.size + 1;
}

static bool write_lines(struct sink *sink, const struct batch *batch,
                        struct outcome *outcomes, struct error *err)
{
    for (size_t i = 0; i < batch->count; i++) {
        if (outcomes[i].kind != OUTCOME_RETRY) {
            continue;
        }
        if (!write_line(batch_text(batch, &batch->events[i], sink->format))) {
            return error_set(err, ERROR_UNREACHABLE, "stdout: cannot write: %s",
                             strerror(errno));
        }
        outcomes[i].kind = OUTCOME_ACCEPTED;
    }
    return true;
}

static bool stdout_send(struct sink *sink, const struct runtime *runtime,
                        const struct batch *batch, struct outcome *outcomes,
                        struct error *err)
{
    (void)runtime;
    pthread_mutex_lock(&sink->mutex); /* long lines would mix in a pipe */
    bool ok = write_lines(sink, batch, outcomes, err);
    pthread_mutex_unlock(&sink->mutex);
    return ok;
}

static void stdout_close(struct sink *sink)
{
    if (sink != NULL) {
        pthread_mutex_destroy(&sink->mutex);
        free(sink);
    }
}

const struct sink_type sink_stdout = {
    .name = "stdout",
    .help = "writes events to standard output, one a line; unverified",
    .is_acknowledged = false,
    .settings = stdout_settings,
    .open = stdout_open,
    .send = stdout_send,
    .close = stdout_close,
};
