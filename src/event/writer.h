/*
 * Writes one JSON object into a buffer, fast: room is asked for once a value,
 * never once a byte.
 *
 * Members are named by the dotted name of their object and their own; objects are
 * opened and closed as neighbouring members need it, so the members of one object
 * must come one behind the other.
 *
 *   writer_begin(&writer, out, 0);
 *   writer_name(&writer, NAME("user.target", "id"));
 *   writer_text(&writer, bytes_of("42"));
 *   ok = writer_end(&writer);              {"user":{"target":{"id":"42"}}}
 *
 * When out's limit is reached nothing more is written, and writer_end leaves out
 * as it was before.
 */
#ifndef EVENT_WRITER_H
#define EVENT_WRITER_H

#include "base/buf.h"
#include "event/fields.h"

struct writer {
    struct buf *out;
    size_t began;     /* out's size before */
    uint8_t *at;      /* where the next byte goes */
    uint8_t *end;     /* of the room there is */
    const char *open; /* the object, dotted, in which the last member stands */
    size_t open_size;
    size_t depth; /* how many objects are open */
    bool has_failed;
};

/* expected: about how many bytes will come; saves moving what was written. */
void writer_begin(struct writer *writer, struct buf *out, size_t expected);
/* Opens a member; exactly one value follows. Keeps name's texts. */
void writer_name(struct writer *writer, const struct member *name);
/* A name made of literals. */
#define NAME(object, leaf) (&(const struct member)MEMBER(object, leaf))
/*
 * An object as the value of a member or of an array, between the two: members in it are
 * named from its own top on.
 */
struct writer_nest {
    const char *open;
    size_t open_size;
    size_t depth;
};
struct writer_nest writer_nest_open(struct writer *writer);
void writer_nest_close(struct writer *writer, const struct writer_nest *nest);
/* False, and out as before, when it would have grown past its limit. */
bool writer_end(struct writer *writer);

/*
 * JSON that was written before and goes on from here to inside where's object, of which
 * there is one at most: a value and members behind it, or members from the top on.
 */
void writer_constant(struct writer *writer, struct bytes json,
                     const struct member *where);

/* Values. */

/* Text that needs no escape, as a string. */
void writer_safe(struct writer *writer, const char *text);
/* Any bytes, as a string. */
void writer_text(struct writer *writer, struct bytes text);
/*
 * A string from the inside of a JSON string, whose escapes are kept; \u0000 and lone
 * surrogates, which many readers refuse, become \ufffd. is_escaped: it may hold
 * backslashes.
 */
void writer_inside(struct writer *writer, struct bytes inside, bool is_escaped);
/* JSON that is kept as it is, but on one line and with strings as in writer_inside. */
void writer_json(struct writer *writer, struct bytes json);
/* JSON that is kept byte for byte: "true", "42". */
void writer_plain(struct writer *writer, const char *json);
/* A whole number. */
void writer_number(struct writer *writer, int64_t number);
/* Bytes in base64, as a string. */
void writer_base64(struct writer *writer, struct bytes bytes);
/* An array: values between the two. */
void writer_array_open(struct writer *writer);
void writer_array_close(struct writer *writer);

#endif
