#include "record/skip.h"

#include "record/scan.h"

/* The containers that are open, innermost last. A set bit is an object. */
struct nest {
    uint64_t kinds;
    unsigned depth;
    bool is_empty; /* what was read last holds no value that would be next */
};

static inline const uint8_t *skip_any_key(struct reader *reader, const uint8_t *at)
{
    struct bytes key = {0};
    bool is_escaped = false;
    return skip_key(reader, at, &key, &is_escaped);
}

/*
 * Enters the container at at. Returns where its first value begins, or, when it is
 * empty, its closing bracket.
 */
static inline const uint8_t *enter(struct reader *reader, const uint8_t *at,
                                   struct nest *nest)
{
    bool is_object = *at == '{';
    if (at >= reader->end || nest->depth >= SCAN_DEPTH_MAX) {
        return token_fail(reader, at);
    }
    nest->kinds = nest->kinds << 1 | is_object;
    nest->depth++;
    at = token_space(reader, at + 1);
    nest->is_empty = *at == (is_object ? '}' : ']');
    return is_object && !nest->is_empty ? skip_any_key(reader, at) : at;
}

/*
 * From behind a value to where the next one begins, closing containers on the
 * way; to behind the last bracket when depth is reached.
 */
static inline const uint8_t *leave(struct reader *reader, const uint8_t *at,
                                   struct nest *nest, unsigned depth)
{
    while (nest->depth > depth) {
        bool is_object = (nest->kinds & 1) != 0;
        at = token_space_to(reader, at, ',');
        if (*at == ',') {
            at = token_space(reader, at + 1);
            return is_object ? skip_any_key(reader, at) : at;
        }
        if (*at != (is_object ? '}' : ']') || at >= reader->end) {
            return token_fail(reader, at);
        }
        at++;
        nest->kinds >>= 1;
        nest->depth--;
    }
    return at;
}

static const uint8_t *skip_container(struct reader *reader, const uint8_t *at,
                                     unsigned depth)
{
    struct nest nest = {.depth = depth};
    do {
        bool is_escaped = false;
        nest.is_empty = true;
        if (*at == '"') {
            at = token_string(reader, at + 1, &is_escaped);
            at = at == NULL ? NULL : at + 1;
        } else if (*at == '{' || *at == '[') {
            at = enter(reader, at, &nest);
        } else {
            at = token_scalar(reader, at);
        }
        if (at != NULL && nest.is_empty) {
            at = leave(reader, at, &nest, depth);
        }
    } while (at != NULL && nest.depth > depth);
    return at;
}

const uint8_t *skip_value(struct reader *reader, const uint8_t *at, unsigned depth)
{
    if (*at == '"') {
        bool is_escaped = false;
        at = token_string(reader, at + 1, &is_escaped);
        return at == NULL ? NULL : at + 1;
    }
    if (*at == '{' || *at == '[') {
        return skip_container(reader, at, depth);
    }
    return token_scalar(reader, at);
}
