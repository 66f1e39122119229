#include "replay/replay.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PAGE_SIZE = 1 << 20, PAGE_SIZE_MAX = RECORD_SIZE_MAX + 1 };

struct session {
    int fd;
    char *path;
};

static const char *const record_names[] = {"aws-cloudtrail", NULL};

static const struct setting replay_settings[] = {
    {.name = "path",
     .type = SETTING_PATH,
     .is_required = true,
     .help = "the file of recorded records, one a line"},
    {.name = "records",
     .type = SETTING_CHOICE,
     .fallback = "aws-cloudtrail",
     .choices = record_names,
     .help = "what kind of records the file holds"},
    {.name = "account",
     .type = SETTING_TEXT,
     .help = "the account the records belong to, where they do not say it"},
    {.type = SETTING_END},
};

static bool replay_expand(const json_t *settings, const struct runtime *runtime,
                          json_t **sources, struct error *err)
{
    (void)runtime;
    (void)err;
    json_t *source = json_deep_copy(settings);
    json_object_set_new(source, "name", json_string(""));
    *sources = json_pack("[o]", source);
    return true;
}

static void replay_close(struct session *session)
{
    if (session != NULL) {
        close(session->fd);
        free(session->path);
        free(session);
    }
}

static bool replay_open(const json_t *settings, const struct runtime *runtime,
                        struct session **session, struct error *err)
{
    (void)runtime;
    const char *path = json_string_value(json_object_get(settings, "path"));
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return error_set(err, ERROR_CONFIG, "replay: cannot open %s: %s", path,
                         strerror(errno));
    }
    *session = mem_new(1, sizeof(**session));
    (*session)->fd = fd;
    (*session)->path = mem_dup(path);
    return true;
}

/* Reads up to size bytes at offset into body. */
static bool read_at(const struct session *session, off_t offset, size_t size,
                    struct buf *body, struct error *err)
{
    buf_init(body, size);
    uint8_t *room = buf_reserve(body, size);
    while (body->size < size) {
        ssize_t got = pread(session->fd, room + body->size, size - body->size,
                            offset + (off_t)body->size);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return error_set(err, ERROR_DATA, "replay: cannot read %s: %s", session->path,
                             strerror(errno));
        }
        if (got == 0) {
            break;
        }
        body->size += (size_t)got;
    }
    return true;
}

/* Adds every whole line; returns how many bytes they took. */
static size_t add_lines(struct page *page)
{
    size_t used = 0;
    const uint8_t *at = page->body.data;
    const uint8_t *end = at + page->body.size;
    const uint8_t *newline = NULL;
    while (at < end && (newline = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        struct record line = {.bytes = {at, (size_t)(newline - at)}};
        if (line.bytes.size > 0) {
            page_add(page, &line, INT64_MIN);
        }
        at = newline + 1;
        used = (size_t)(at - page->body.data);
    }
    return used;
}

static bool replay_poll(struct session *session, const struct slice *slice,
                        const json_t *place, struct page *page, struct error *err)
{
    (void)slice;
    json_int_t offset = json_integer_value(json_object_get(place, "offset"));
    if (!read_at(session, (off_t)offset, PAGE_SIZE, &page->body, err)) {
        return false;
    }
    size_t used = add_lines(page);
    if (used == 0 && page->body.size == PAGE_SIZE) { /* a line longer than a page */
        buf_clear(&page->body);
        if (!read_at(session, (off_t)offset, PAGE_SIZE_MAX, &page->body, err)) {
            return false;
        }
        used = add_lines(page);
    }
    if (used == 0 && page->body.size == PAGE_SIZE_MAX) {
        return error_set(err, ERROR_DATA,
                         "replay: %s: the line at byte %lld is longer "
                         "than %d bytes",
                         session->path, (long long)offset, RECORD_SIZE_MAX);
    }
    page->place = json_pack("{s:I}", "offset", offset + (json_int_t)used);
    page->done = used == 0;
    return true;
}

/* Its records' shape is the one that the setting `records` names. */
const struct provider provider_replay = {
    .name = "replay",
    .help = "delivers recorded records from a file",
    .shape = NULL,
    .settings = replay_settings,
    .expand = replay_expand,
    .open = replay_open,
    .poll = replay_poll,
    .close = replay_close,
};
