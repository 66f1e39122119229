/*
 * The smallest pieces of JSON, read strictly. Private to record/.
 *
 * Each function is given where a piece begins and returns where it ends, or NULL
 * with reader->bad at the first byte that does not fit. Bytes at and past the end
 * may be looked at (there is BUF_PADDING of them) but never decide anything: bad
 * at or past the end means that the input is too short, not wrong.
 */
#ifndef RECORD_TOKEN_H
#define RECORD_TOKEN_H

#include "base/buf.h"

struct reader {
    const uint8_t *end;
    const uint8_t *bad;
};

/* Eight bytes as a little-endian number; compilers make one load of it. */
static inline uint64_t token_load(const uint8_t *at)
{
    return (uint64_t)at[0] | (uint64_t)at[1] << 8 | (uint64_t)at[2] << 16 |
           (uint64_t)at[3] << 24 | (uint64_t)at[4] << 32 | (uint64_t)at[5] << 40 |
           (uint64_t)at[6] << 48 | (uint64_t)at[7] << 56;
}

static inline const uint8_t *token_fail(struct reader *reader, const uint8_t *at)
{
    reader->bad = at;
    return NULL;
}

const uint8_t *token_spaces(const struct reader *reader, const uint8_t *at);
const uint8_t *token_string_slow(struct reader *reader, const uint8_t *at,
                                 bool *is_escaped);
/* A number, true, false or null. */
const uint8_t *token_scalar(struct reader *reader, const uint8_t *at);

/* Past white space, which clouds seldom send. */
static inline const uint8_t *token_space(const struct reader *reader, const uint8_t *at)
{
    return *at > ' ' ? at : token_spaces(reader, at);
}

/* The same where a certain byte is likely to be next. */
static inline const uint8_t *token_space_to(const struct reader *reader,
                                            const uint8_t *at, uint8_t likely)
{
    return *at == likely ? at : token_space(reader, at);
}

/*
 * The first byte of a string that needs a look: a quote, a backslash, a control
 * character or part of a longer UTF-8 sequence. At or past the end: none before it.
 *
 * Eight bytes at a time: a byte below 0x80 has its top bit set in the first
 * difference when it is below 0x20 or a quote (0x22 ^ 2 is 0x20), in the second
 * when it is a backslash. A borrow only disturbs bytes behind the first hit.
 */
static inline const uint8_t *token_special(const uint8_t *at, const uint8_t *end)
{
    const uint64_t ones = 0x0101010101010101;
    while (at < end) {
        uint64_t word = token_load(at);
        uint64_t low = (word ^ ones * 0x02) - ones * 0x21;
        uint64_t slash = (word ^ ones * '\\') - ones;
        uint64_t hits = (low | slash | word) & ones * 0x80;
        if (hits != 0) {
            return at + (__builtin_ctzll(hits) >> 3);
        }
        at += sizeof(word);
    }
    return at;
}

/* From behind the opening quote to the closing one. Sets *is_escaped or leaves it. */
static inline const uint8_t *token_string(struct reader *reader, const uint8_t *at,
                                          bool *is_escaped)
{
    at = token_special(at, reader->end);
    if (at < reader->end && *at == '"') {
        return at;
    }
    return token_string_slow(reader, at, is_escaped);
}

#endif
