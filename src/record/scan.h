/*
 * Reads one JSON value in one strict pass (RFC 8259: full grammar, escapes,
 * control characters, UTF-8, depth SCAN_DEPTH_MAX) and picks the values that
 * paths wants, without copying or building a tree.
 *
 * Legal but awkward values are accepted: \u0000, numbers past any type, lone
 * surrogate escapes, duplicate keys (the first wins). Only bytes that are no
 * JSON are SCAN_BAD.
 *
 * The input must have BUF_PADDING readable bytes behind it (base/buf.h).
 */
#ifndef RECORD_SCAN_H
#define RECORD_SCAN_H

#include "base/buf.h"
#include "record/paths.h"

enum { SCAN_DEPTH_MAX = 64 };

enum scan_status {
    SCAN_DONE,
    SCAN_SHORT, /* good so far, but the input ends inside the value */
    SCAN_BAD,
};

enum value_type {
    VALUE_NONE,
    VALUE_NULL,
    VALUE_FALSE,
    VALUE_TRUE,
    VALUE_NUMBER,
    VALUE_STRING,
    VALUE_OBJECT,
    VALUE_ARRAY,
};

/* One picked value. Points into the scanned bytes, or into values' own scratch. */
struct value {
    const uint8_t *data; /* a string without its quotes; else the value's own text */
    uint32_t size;
    uint8_t type;    /* enum value_type */
    bool is_escaped; /* a string that holds a backslash */
    uint32_t next;   /* index in values->items of the slot's next value; 0: none */
    uint32_t last;   /* of a slot's first value: index of its last; 0: itself */
};

/* What one scan picked. Items 0..slots-1 are the slots' first values. */
struct values {
    struct value *items;
    size_t slots;
    size_t count; /* slots and the further values behind them */
    size_t capacity;
    struct buf scratch; /* unescaped text of strings entered by '!' */
    uint32_t *filled;   /* the slots that have a value */
    size_t filled_count;
    uint64_t *seen;  /* by place: the object in which its key was met last */
    size_t places;   /* of seen */
    uint64_t object; /* counts the objects walked */
};

/* Makes room for the slots of paths, which must be sealed. */
void values_init(struct values *values, const struct paths *paths);
void values_clear(struct values *values);
/* Empties values; every scan does so first. */
void values_empty(struct values *values);
/*
 * Makes room for the slots of paths too, so that values_fit may be given them; before
 * the first scan. values may be all zero.
 */
void values_widen(struct values *values, const struct paths *paths);
/* Empties values for other paths: those of values_init, or of values_widen. */
void values_fit(struct values *values, const struct paths *paths);

/* The first value of slot; its type is VALUE_NONE when the record has none. */
const struct value *values_at(const struct values *values, size_t slot);
/* The value after value in the same slot, or NULL. */
const struct value *values_next(const struct values *values, const struct value *value);
/* True when the record has a value there that is not null. */
bool values_has(const struct values *values, size_t slot);

/*
 * Reads the value at the start of input, white space before it allowed. *used
 * is the number of bytes up to its end. values may be NULL: then only checks.
 * A number that reaches the end of input is SCAN_DONE, though digits may follow.
 */
enum scan_status scan_value(const struct paths *paths, struct bytes input,
                            struct values *values, size_t *used);

/*
 * Where a value that scan_value refused seems to end: follows strings and
 * brackets only. SCAN_SHORT when input ends first; SCAN_BAD when it does not
 * start with an object or array.
 */
enum scan_status scan_skip_broken(struct bytes input, size_t *used);

/*
 * Appends the text of a JSON string's inside to out: escapes resolved, lone
 * surrogates and \u0000 as U+FFFD. False, and nothing added, when out's limit
 * leaves less room than inside is long.
 */
bool scan_unescape(struct bytes inside, struct buf *out);

#endif
