/*
 * Turns bodies into records: NDJSON, {"Records":[...]} and the other wrappers of
 * a shape, several documents one behind the other. Works over a bounded window,
 * so that a 100 MB object needs no more memory than its largest record.
 *
 * What is no record (bad UTF-8, truncation, over RECORD_SIZE_MAX) is set aside:
 * returned as SPLIT_UNREADABLE with its bytes (at most the window's), and the
 * records around it are unharmed. In NDJSON a broken line ends at its newline; in an
 * array, where its brackets close.
 */
#ifndef RECORD_SPLIT_H
#define RECORD_SPLIT_H

#include "record/inflate.h"
#include "record/record.h"
#include "record/scan.h"

enum split_status {
    SPLIT_RECORD,
    SPLIT_UNREADABLE,
    SPLIT_END,
    SPLIT_FAILED, /* err says why: the stream itself could not be read */
};

struct split_item {
    struct record
        record;         /* SPLIT_UNREADABLE: bytes are the first of what was set aside */
    uint64_t offset;    /* of its first byte in the inflated stream */
    uint64_t size;      /* how many bytes were taken or set aside */
    const char *reason; /* SPLIT_UNREADABLE: why, a constant; else NULL */
};

struct splitter;

/* Borrows both. paths may be NULL: records are then checked and not picked from. */
struct splitter *splitter_new(const struct record_shape *shape,
                              const struct paths *paths);
void splitter_free(struct splitter *splitter);

/* Starts over on a stream, which is borrowed until the next start. */
void splitter_start(struct splitter *splitter, struct inflate *stream);
/* Starts over on bytes in memory, with BUF_PADDING behind them. Borrows body. */
void splitter_start_bytes(struct splitter *splitter, struct bytes body);

/*
 * The next record in the order of the input, scanned once: *values are its
 * picked values (NULL when paths is). Both are valid until the next call.
 */
enum split_status splitter_next(struct splitter *splitter, struct split_item *item,
                                const struct values **values, struct error *err);

#endif
