/*
 * Appends events to a file, one a line, and calls them delivered only once they
 * are on the disk.
 *
 * settings  {"path": "events.ndjson", "rotate_size": 1073741824}
 *
 * Several processes may share the file: each batch is written under flock, which is
 * asked for again and again and never waited for without end: its owner may be stopped.
 * What a killed writer left behind its last newline is cut back by the next one. A
 * file past rotate_size is renamed with the time behind its name; none is ever
 * deleted. A file that something else renamed (logrotate) is made anew.
 */
#include "base/log.h"
#include "base/mem.h"
#include "base/timestamp.h"
#include "sinks/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct sink {
    char *path;
    int64_t rotate_size;
    enum event_format format;
    pthread_mutex_t mutex; /* flock does not keep threads apart: one description */
    bool is_stuck; /* its lock was waited for in vain: not again, until it is had */
    int fd;
    struct buf lines;
};

enum {
    TAIL_STEP = 4096,
    LINES_LIMIT = 512 << 20,
    LOCK_WAIT_MS = 10 * 1000,
    LOCK_POLL_MS = 2, /* short, for another's threads lock it in quick turns */
};

static const struct setting file_settings[] = {
    {.name = "path",
     .type = SETTING_PATH,
     .is_required = true,
     .help = "the file to append to"},
    {.name = "rotate_size",
     .type = SETTING_SIZE,
     .fallback = "1GiB",
     .min = 1,
     .max = INT64_MAX,
     .help = "the file is renamed, never deleted, once it is this long"},
    {.type = SETTING_END},
};

static bool fail(struct sink *sink, const char *what, struct error *err)
{
    return error_set(err, ERROR_UNREACHABLE, "file %s: cannot %s: %s", sink->path, what,
                     strerror(errno));
}

/* A new name survives a power cut only once its directory has been synced. */
static bool sync_directory(struct sink *sink, struct error *err)
{
    char *directory = mem_dup(sink->path);
    char *slash = strrchr(directory, '/');
    if (slash != NULL) {
        slash[slash == directory ? 1 : 0] = '\0';
    }
    int fd = open(slash == NULL ? "." : directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) {
        close(fd);
    }
    free(directory);
    return ok || fail(sink, "sync the directory", err);
}

static bool open_path(struct sink *sink, struct error *err)
{
    if (sink->fd >= 0) {
        return true;
    }
    sink->fd = open(sink->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    return sink->fd >= 0 ? sync_directory(sink, err) : fail(sink, "open it", err);
}

/* False once something else renamed or removed the file that is open. */
static bool is_current(const struct sink *sink)
{
    struct stat held;
    struct stat named;
    return fstat(sink->fd, &held) == 0 && stat(sink->path, &named) == 0 &&
           held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

static bool lock(struct sink *sink, const struct runtime *runtime, struct error *err)
{
    int64_t began_ms = runtime->monotonic_ms(runtime->context);
    while (flock(sink->fd, LOCK_EX | LOCK_NB) != 0) {
        int64_t waited_ms = runtime->monotonic_ms(runtime->context) - began_ms;
        if (errno != EWOULDBLOCK && errno != EINTR) {
            return fail(sink, "lock it", err);
        }
        if (sink->is_stuck || waited_ms >= LOCK_WAIT_MS) {
            sink->is_stuck = true;
            return error_set(err, ERROR_UNREACHABLE,
                             "file %s: another process keeps it locked (lsof names it): "
                             "let it go on, or end it",
                             sink->path);
        }
        if (!runtime->wait(runtime->context, LOCK_POLL_MS, err)) {
            return false;
        }
    }
    sink->is_stuck = false;
    return true;
}

/* Opens the file that path names now and locks it. */
static bool open_locked(struct sink *sink, const struct runtime *runtime,
                        struct error *err)
{
    for (;;) {
        if (!open_path(sink, err) || !lock(sink, runtime, err)) {
            return false;
        }
        if (is_current(sink)) {
            return true;
        }
        close(sink->fd); /* renamed while we waited: take the new one */
        sink->fd = -1;
    }
}

/* How many of size bytes reach up to the last newline; 0 when there is none. */
static size_t through_newline(const char *text, size_t size)
{
    while (size > 0 && text[size - 1] != '\n') {
        size--;
    }
    return size;
}

/* Finds the end of the last whole line. */
static bool find_line_end(struct sink *sink, off_t size, off_t *end, struct error *err)
{
    char tail[TAIL_STEP];
    size_t found = 0;
    while (size > 0 && found == 0) {
        size_t step = size < TAIL_STEP ? (size_t)size : TAIL_STEP;
        size -= (off_t)step;
        if (pread(sink->fd, tail, step, size) != (ssize_t)step) {
            return fail(sink, "read it", err);
        }
        found = through_newline(tail, step);
    }
    *end = size + (off_t)found;
    return true;
}

/* Cuts back a line that a killed writer left unfinished; says how long the file is. */
static bool cut_torn_line(struct sink *sink, off_t *size, struct error *err)
{
    struct stat file;
    if (fstat(sink->fd, &file) != 0) {
        return fail(sink, "look at it", err);
    }
    if (!find_line_end(sink, file.st_size, size, err)) {
        return false;
    }
    if (*size == file.st_size) {
        return true;
    }
    log_write_take(LOG_WARN, LOG_SINK_CUT, NULL,
                   json_pack("{s:s,s:I}", "path", sink->path, "bytes",
                             (json_int_t)(file.st_size - *size)));
    return ftruncate(sink->fd, *size) == 0 || fail(sink, "cut its torn last line", err);
}

static bool rotate(struct sink *sink, const struct runtime *runtime, struct error *err)
{
    char time_text[TIMESTAMP_TEXT_SIZE];
    timestamp_format(runtime->now_ms(runtime->context), time_text);
    char *rotated = mem_format("%s.%s", sink->path, time_text);
    for (int i = 1; access(rotated, F_OK) == 0; i++) {
        free(rotated);
        rotated = mem_format("%s.%s.%d", sink->path, time_text, i);
    }
    bool ok = rename(sink->path, rotated) == 0 || fail(sink, "rotate it", err);
    free(rotated);
    close(sink->fd);
    sink->fd = -1;
    return ok && open_locked(sink, runtime, err);
}

static bool write_all(int fd, struct bytes bytes)
{
    while (bytes.size > 0) {
        ssize_t written = write(fd, bytes.data, bytes.size);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            return false;
        }
        bytes.data += written;
        bytes.size -= (size_t)written;
    }
    return true;
}

static bool append(struct sink *sink, const struct runtime *runtime, struct error *err)
{
    off_t size = 0;
    if (!open_locked(sink, runtime, err) || !cut_torn_line(sink, &size, err)) {
        return false;
    }
    if (size >= sink->rotate_size &&
        (!rotate(sink, runtime, err) || !cut_torn_line(sink, &size, err))) {
        return false;
    }
    if (!write_all(sink->fd, buf_bytes(&sink->lines)) || fsync(sink->fd) != 0) {
        int cause = errno; /* half a batch must not stay: it would come again whole */
        if (ftruncate(sink->fd, size) != 0) {
            cause = errno;
        }
        errno = cause;
        return fail(sink, "write to it", err);
    }
    return true;
}

static void file_close(struct sink *sink)
{
    if (sink != NULL) {
        if (sink->fd >= 0) {
            close(sink->fd);
        }
        pthread_mutex_destroy(&sink->mutex);
        buf_clear(&sink->lines);
        free(sink->path);
        free(sink);
    }
}

static bool file_open(const json_t *settings, enum event_format format,
                      const struct runtime *runtime, struct sink **sink,
                      struct error *err)
{
    struct sink *opened = mem_new(1, sizeof(*opened));
    *opened = (struct sink){
        .path = mem_dup(json_string_value(json_object_get(settings, "path"))),
        .rotate_size = json_integer_value(json_object_get(settings, "rotate_size")),
        .format = format,
        .fd = -1,
    };
    buf_init(&opened->lines, LINES_LIMIT);
    pthread_mutex_init(&opened->mutex, NULL);

    off_t size = 0;
    bool ok = open_locked(opened, runtime, err) && cut_torn_line(opened, &size, err);
    if (!ok) {
        file_close(opened);
        return false;
    }
    flock(opened->fd, LOCK_UN);
    *sink = opened;
    return true;
}

/* Collects the undecided events of batch, one a line. */
static bool collect(struct sink *sink, const struct batch *batch,
                    const struct outcome *outcomes, struct error *err)
{
    sink->lines.size = 0;
    for (size_t i = 0; i < batch->count; i++) {
        struct bytes text = batch_text(batch, &batch->events[i], sink->format);
        if (outcomes[i].kind == OUTCOME_RETRY &&
            (!buf_add_bytes(&sink->lines, text) || !buf_add_byte(&sink->lines, '\n'))) {
            return error_set(err, ERROR_TOO_BIG, "file %s: the batch is too large",
                             sink->path);
        }
    }
    return true;
}

static bool file_send(struct sink *sink, const struct runtime *runtime,
                      const struct batch *batch, struct outcome *outcomes,
                      struct error *err)
{
    pthread_mutex_lock(&sink->mutex);
    bool ok = collect(sink, batch, outcomes, err) && append(sink, runtime, err);
    if (sink->fd >= 0) {
        flock(sink->fd, LOCK_UN);
    }
    pthread_mutex_unlock(&sink->mutex);
    for (size_t i = 0; ok && i < batch->count; i++) {
        if (outcomes[i].kind == OUTCOME_RETRY) {
            outcomes[i].kind = OUTCOME_ACCEPTED;
        }
    }
    return ok;
}

const struct sink_type sink_file = {
    .name = "file",
    .help = "appends events to a file, one a line, synced to disk before they count",
    .is_acknowledged = true,
    .settings = file_settings,
    .open = file_open,
    .send = file_send,
    .close = file_close,
};
