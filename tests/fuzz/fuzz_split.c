/*
 * Whatever is split, items come in order, hold every byte that is no structure, and
 * are the same from memory as from a stream whose window ends inside the input.
 */
#include "base/mem.h"
#include "record/split.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WINDOW = 256 << 10, TRACE_MAX = 1 << 26 };

static const struct record_shape shape = {
    .wrappers = {{.array_key = "Records"},
                 {.array_key = "Events",
                  .string_key = "CloudTrailEvent",
                  .context_key = "Resources"},
                 {.array_key = "value"}},
};

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* Nothing but what stands between records: no text of a torn one is lost there. */
static void check_gap(struct bytes text, uint64_t from, uint64_t to)
{
    check(from <= to && to <= text.size);
    struct bytes gap = {text.data + from, (size_t)(to - from)};
    bool in_string = false;
    for (size_t i = 0; i < gap.size; i++) {
        if (gap.data[i] == '"') {
            in_string = !in_string;
        }
        /* A raw newline in a string is no JSON, so no member that was passed over. */
        check(!in_string || gap.data[i] != '\n');
    }
}

static void trace_item(enum split_status status, const struct split_item *item,
                       struct buf *trace)
{
    buf_add_byte(trace, status == SPLIT_RECORD ? 'R' : 'U');
    buf_add(trace, &item->offset, sizeof(item->offset));
    buf_add(trace, &item->size, sizeof(item->size));
    buf_add_bytes(trace, item->record.bytes);
    buf_add_bytes(trace, item->record.context);
}

static void check_record(const struct split_item *item)
{
    size_t used = 0;
    struct bytes bytes = item->record.bytes;
    check(bytes.size > 0 && bytes.data[0] == '{');
    check(scan_value(NULL, bytes, NULL, &used) == SCAN_DONE && used == bytes.size);
}

static void split(struct splitter *splitter, struct bytes text, struct buf *trace)
{
    struct split_item item = {0};
    const struct values *values = NULL;
    uint64_t at = 0;
    size_t items = 0;
    for (;;) {
        enum split_status status = splitter_next(splitter, &item, &values, NULL);
        if (status == SPLIT_END) {
            break;
        }
        check(status != SPLIT_FAILED && items++ <= 2 * text.size + 2);
        check((status == SPLIT_RECORD) == (item.reason == NULL));
        check_gap(text, at, item.offset);
        at = item.offset + item.size;
        check(at <= text.size);
        trace_item(status, &item, trace);
        if (status == SPLIT_RECORD) {
            check_record(&item);
        }
    }
    check_gap(text, at, text.size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct splitter *splitter;
    static struct paths *paths;
    if (splitter == NULL) {
        size_t slot = 0;
        paths = paths_new();
        check(paths_add(paths, "a", &slot, NULL) &&
              paths_add(paths, "b![*].c", &slot, NULL));
        paths_seal(paths);
        splitter = splitter_new(&shape, paths);
    }
    if (size < 2) {
        return 0;
    }
    /* Bytes in the first window; most inputs do not pay for crossing its end. */
    size_t before = (size_t)(data[0] | data[1] << 8) % size;
    size_t filler = data[1] >> 4 == 1 ? WINDOW - before : 0;
    size_t total = filler + size - 2;
    uint8_t *copy = mem_alloc(total + BUF_PADDING);
    memset(copy, ' ', filler);
    memcpy(copy + filler, data + 2, size - 2);
    memset(copy + total, '"', BUF_PADDING);
    struct bytes text = {copy, total};

    struct buf memory;
    struct buf stream;
    buf_init(&memory, TRACE_MAX);
    buf_init(&stream, TRACE_MAX);
    splitter_start_bytes(splitter, text);
    split(splitter, text, &memory);

    int fd = memfd_create("split", MFD_CLOEXEC);
    check(fd >= 0 && write(fd, copy, total) == (ssize_t)total);
    check(lseek(fd, 0, SEEK_SET) == 0);
    struct inflate *inflate = inflate_new(fd, UINT64_MAX);
    splitter_start(splitter, inflate);
    split(splitter, text, &stream);
    inflate_free(inflate);
    close(fd);
    check(bytes_equal(buf_bytes(&memory), buf_bytes(&stream)));

    buf_clear(&memory);
    buf_clear(&stream);
    free(copy);
    return 0;
}
