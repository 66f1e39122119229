#include "record/inflate.h"

#include "base/mem.h"
#include "record/gunzip.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { INPUT_SIZE = 64 << 10 };

struct inflate {
    int fd;
    uint64_t limit;
    uint64_t total;
    struct gunzip *gunzip; /* NULL: plain */
    bool is_started;
    bool in_member;
    bool at_end;          /* of the descriptor */
    struct error failure; /* given once what came before it has been */
    struct bytes unread;  /* of input */
    uint8_t input[INPUT_SIZE];
};

struct inflate *inflate_new(int fd, uint64_t limit)
{
    struct inflate *inflate = mem_new(1, sizeof(*inflate));
    inflate->fd = fd;
    inflate->limit = limit;
    return inflate;
}

void inflate_free(struct inflate *inflate)
{
    if (inflate != NULL) {
        gunzip_free(inflate->gunzip);
        free(inflate);
    }
}

static bool fail(struct inflate *inflate, enum error_kind kind, const char *why)
{
    return error_set(&inflate->failure, kind, "%s", why);
}

/* Adds to the input what fits behind its unread bytes, which are at its front. */
static bool read_more(struct inflate *inflate)
{
    size_t kept = inflate->unread.size;
    ssize_t count = 0;
    do {
        count = read(inflate->fd, inflate->input + kept, INPUT_SIZE - kept);
    } while (count < 0 && errno == EINTR);
    if (count < 0) {
        return fail(inflate, ERROR_STATE, strerror(errno));
    }
    inflate->at_end = count == 0;
    inflate->unread = (struct bytes){inflate->input, kept + (size_t)count};
    return true;
}

/* Looks at the first two bytes. */
static bool start(struct inflate *inflate)
{
    while (inflate->unread.size < 2 && !inflate->at_end) {
        if (!read_more(inflate)) {
            return false;
        }
    }
    const uint8_t *first = inflate->input;
    if (inflate->unread.size >= 2 && first[0] == 0x1f && first[1] == 0x8b) {
        inflate->gunzip = gunzip_new();
    }
    inflate->is_started = true;
    return true;
}

static size_t take_plain(struct inflate *inflate, uint8_t *out, size_t size)
{
    size_t count = inflate->unread.size < size ? inflate->unread.size : size;
    if (count > 0) {
        memcpy(out, inflate->unread.data, count);
        inflate->unread.data += count;
        inflate->unread.size -= count;
    }
    return count;
}

static bool take_gzip(struct inflate *inflate, uint8_t *out, size_t size, size_t *got)
{
    size_t before = inflate->unread.size;
    enum gunzip_status status =
        gunzip_run(inflate->gunzip, &inflate->unread, out, size, got);
    bool is_stuck = *got == 0 && before == inflate->unread.size;
    if (status == GUNZIP_BAD || (status == GUNZIP_MORE && is_stuck && before > 0)) {
        return fail(inflate, ERROR_DATA, "the gzip stream is corrupt");
    }
    inflate->in_member = status == GUNZIP_MORE;
    if (is_stuck && inflate->in_member && inflate->at_end) {
        return fail(inflate, ERROR_DATA, "the gzip stream is cut off");
    }
    return true;
}

/* One step towards more output; *got may stay 0. */
static bool step(struct inflate *inflate, uint8_t *out, size_t size, size_t *got)
{
    if (inflate->unread.size == 0 && !inflate->at_end) {
        if (!read_more(inflate)) {
            return false;
        }
    }
    if (inflate->gunzip == NULL) {
        *got = take_plain(inflate, out, size);
        return true;
    }
    bool is_idle = inflate->unread.size == 0 && !inflate->in_member;
    return is_idle || take_gzip(inflate, out, size, got);
}

static bool is_over(const struct inflate *inflate)
{
    return inflate->at_end && inflate->unread.size == 0 && !inflate->in_member;
}

/* Raises the total by count. False when that passes the limit; *count is then less. */
static bool count_output(struct inflate *inflate, size_t *count)
{
    uint64_t room = inflate->limit - inflate->total;
    bool fits = *count <= room;
    *count = fits ? *count : (size_t)room;
    inflate->total += *count;
    return fits || fail(inflate, ERROR_TOO_BIG, "more than the limit when inflated");
}

bool inflate_read(struct inflate *inflate, uint8_t *out, size_t size, size_t *got,
                  struct error *err)
{
    *got = 0;
    bool ok = inflate->failure.kind == ERROR_NONE;
    ok = ok && (inflate->is_started || start(inflate));
    while (ok && *got < size && !is_over(inflate)) {
        size_t count = 0;
        ok = step(inflate, out + *got, size - *got, &count);
        ok = count_output(inflate, &count) && ok;
        *got += count;
    }
    if (ok || *got > 0) {
        return true; /* a failure waits until all before it was read */
    }
    if (err != NULL) {
        *err = inflate->failure;
    }
    return false;
}
