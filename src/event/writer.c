#include "event/writer.h"

#include "event/escape.h"

/*
 * Every value ends with a comma, which the closing bracket of its object or array
 * overwrites: no member needs to know whether it is the first or the last.
 */

enum {
    SHORT_TEXT = 1 << 14, /* up to here the worst case is reserved uncounted */
    AROUND = 3 + 8,       /* quotes and comma, and the word that escape_text may spill */
};

static bool grow(struct writer *writer, size_t size)
{
    if (writer->has_failed) {
        return false;
    }
    struct buf *out = writer->out;
    size_t written = (size_t)(writer->at - out->data);
    size_t before = out->size;
    out->size = written;
    uint8_t *room = buf_reserve(out, size);
    out->size = before;
    writer->at = out->data + written;
    writer->end = out->data + out->capacity;
    return room != NULL;
}

/* False when out's limit does not allow size bytes more; something shorter may fit. */
static inline bool make_room(struct writer *writer, size_t size)
{
    return (size_t)(writer->end - writer->at) >= size || grow(writer, size);
}

static bool fail(struct writer *writer)
{
    writer->has_failed = true;
    writer->end = writer->at; /* nothing shorter may follow */
    return false;
}

static inline bool has_room(struct writer *writer, size_t size)
{
    return make_room(writer, size) || fail(writer);
}

static void put(struct writer *writer, const void *data, size_t size)
{
    memcpy(writer->at, data, size);
    writer->at += size;
}

void writer_begin(struct writer *writer, struct buf *out, size_t expected)
{
    *writer = (struct writer){.out = out, .began = out->size, .open = ""};
    uint8_t *room = buf_reserve(out, expected);
    if (room == NULL) {
        room = buf_reserve(out, 2);
    }
    if (room == NULL) {
        writer->has_failed = true;
        return;
    }
    writer->at = room;
    writer->end = out->data + out->capacity;
    *writer->at++ = '{';
}

static void close_objects(struct writer *writer, size_t count)
{
    for (; count > 0; count--) {
        writer->at[-1] = '}';
        *writer->at++ = ',';
    }
}

/* Opens every object of names, which are dotted. Returns how many. */
static size_t open_objects(struct writer *writer, const char *names)
{
    static const uint8_t behind[] = {'"', ':', '{'};
    size_t count = 0;
    uint8_t *at = writer->at;
    while (*names != '\0') {
        *at++ = '"';
        for (; *names != '\0' && *names != '.'; names++) {
            *at++ = (uint8_t)*names;
        }
        names += *names == '.';
        memcpy(at, behind, sizeof(behind));
        at += sizeof(behind);
        count++;
    }
    writer->at = at;
    return count;
}

/* Leaves the objects that are open and not on the way to name; enters those that are. */
static void move_to(struct writer *writer, const struct member *name)
{
    const char *open = writer->open;
    const char *object = name->object;
    size_t common = 0; /* bytes, and objects, that are on both ways */
    size_t depth = 0;
    size_t i = 0;
    for (; open[i] != '\0' && open[i] == object[i]; i++) {
        if (open[i] == '.') {
            common = i + 1;
            depth++;
        }
    }
    bool ends_part =
        (open[i] == '\0' || open[i] == '.') && (object[i] == '\0' || object[i] == '.');
    if (ends_part && i > 0) {
        common = object[i] == '.' ? i + 1 : i;
        depth++;
    }
    close_objects(writer, writer->depth - depth);
    writer->depth = depth + open_objects(writer, object + common);
    writer->open = object;
    writer->open_size = name->object_size;
}

void writer_name(struct writer *writer, const struct member *name)
{
    /* An object takes "":{ around its name, and closing one takes a byte. */
    size_t objects = writer->open_size + (size_t)5 * name->object_size;
    if (!has_room(writer, objects + name->leaf_size + 8)) {
        return;
    }
    if (writer->open != name->object &&
        (writer->open_size != name->object_size ||
         memcmp(writer->open, name->object, name->object_size) != 0)) {
        move_to(writer, name);
    }
    *writer->at++ = '"';
    put(writer, name->leaf, name->leaf_size);
    put(writer, "\":", 2);
}

struct writer_nest writer_nest_open(struct writer *writer)
{
    const struct writer_nest nest = {writer->open, writer->open_size, writer->depth};
    writer->open = "";
    writer->open_size = 0;
    writer->depth = 0;
    if (has_room(writer, 2)) {
        *writer->at++ = '{';
    }
    return nest;
}

void writer_nest_close(struct writer *writer, const struct writer_nest *nest)
{
    if (has_room(writer, writer->open_size + 3)) {
        close_objects(writer, writer->depth);
        writer->at += writer->at[-1] == '{';
        writer->at[-1] = '}';
        *writer->at++ = ',';
    }
    writer->open = nest->open;
    writer->open_size = nest->open_size;
    writer->depth = nest->depth;
}

bool writer_end(struct writer *writer)
{
    if (has_room(writer, writer->open_size + 2)) {
        close_objects(writer, writer->depth);
        if (writer->at[-1] == '{') {
            writer->at++;
        }
        writer->at[-1] = '}';
    }
    if (writer->has_failed) {
        writer->out->size = writer->began;
        return false;
    }
    writer->out->size = (size_t)(writer->at - writer->out->data);
    return true;
}

void writer_safe(struct writer *writer, const char *text)
{
    writer_inside(writer, bytes_of(text), false);
}

void writer_text(struct writer *writer, struct bytes text)
{
    bool is_short = text.size <= SHORT_TEXT;
    if (!is_short || !make_room(writer, ESCAPE_MAX * text.size + AROUND)) {
        /* Long, or near the limit: as much as it needs and no more. */
        if (!has_room(writer, escape_count(text) + AROUND)) {
            return;
        }
    }
    *writer->at++ = '"';
    writer->at = escape_text(writer->at, text);
    put(writer, "\",", 2);
}

void writer_inside(struct writer *writer, struct bytes inside, bool is_escaped)
{
    if (!has_room(writer, inside.size + 3)) {
        return;
    }
    *writer->at++ = '"';
    if (is_escaped) {
        writer->at = escape_mend(writer->at, inside);
    } else {
        put(writer, inside.data, inside.size);
    }
    put(writer, "\",", 2);
}

void writer_json(struct writer *writer, struct bytes json)
{
    if (!has_room(writer, json.size + 1)) {
        return;
    }
    uint8_t *began = writer->at;
    writer->at = escape_mend(writer->at, json);
    for (uint8_t *c = began; c < writer->at; c++) {
        if (*c == '\n' || *c == '\r') {
            *c = ' '; /* between tokens: a string cannot hold one */
        }
    }
    *writer->at++ = ',';
}

static void put_json(struct writer *writer, struct bytes json)
{
    if (has_room(writer, json.size + 1)) {
        put(writer, json.data, json.size);
        *writer->at++ = ',';
    }
}

void writer_plain(struct writer *writer, const char *json)
{
    put_json(writer, bytes_of(json));
}

void writer_number(struct writer *writer, int64_t number)
{
    enum { DIGITS_MAX = 20 }; /* of 64 bits, with a sign */
    uint8_t digits[DIGITS_MAX];
    size_t at = sizeof(digits);
    uint64_t left = number < 0 ? -(uint64_t)number : (uint64_t)number;
    do {
        digits[--at] = (uint8_t)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (number < 0) {
        digits[--at] = '-';
    }
    put_json(writer, (struct bytes){digits + at, sizeof(digits) - at});
}

void writer_constant(struct writer *writer, struct bytes json, const struct member *where)
{
    put_json(writer, json);
    writer->open = where->object;
    writer->open_size = where->object_size;
    writer->depth = where->object_size > 0;
}

void writer_base64(struct writer *writer, struct bytes bytes)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if (!has_room(writer, (bytes.size + 2) / 3 * 4 + 3)) {
        return;
    }
    uint8_t *at = writer->at;
    *at++ = '"';
    for (size_t i = 0; i < bytes.size; i += 3) {
        size_t left = bytes.size - i;
        uint32_t group = (uint32_t)bytes.data[i] << 16;
        group |= left > 1 ? (uint32_t)bytes.data[i + 1] << 8 : 0;
        group |= left > 2 ? bytes.data[i + 2] : 0;
        at[0] = (uint8_t)digits[group >> 18];
        at[1] = (uint8_t)digits[group >> 12 & 63];
        at[2] = left > 1 ? (uint8_t)digits[group >> 6 & 63] : '=';
        at[3] = left > 2 ? (uint8_t)digits[group & 63] : '=';
        at += 4;
    }
    writer->at = at;
    put(writer, "\",", 2);
}

void writer_array_open(struct writer *writer)
{
    if (has_room(writer, 2)) {
        *writer->at++ = '[';
    }
}

void writer_array_close(struct writer *writer)
{
    if (has_room(writer, 2)) {
        if (writer->at[-1] == ',') {
            writer->at--;
        }
        put(writer, "],", 2);
    }
}
