#include "event/writer.h"

#include "event/escape.h"

/*
 * Every value ends with a comma, which the closing bracket of its object or array
 * overwrites: no member needs to know whether it is the first or the last.
 */

enum { SHORT_TEXT = 1 << 14 }; /* up to here the worst case is reserved uncounted */

static bool make_room(struct writer *writer, size_t size)
{
    if ((size_t)(writer->end - writer->at) >= size) {
        return true;
    }
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

static bool has_room(struct writer *writer, size_t size)
{
    if (make_room(writer, size)) {
        return true;
    }
    writer->has_failed = true;
    writer->end = writer->at; /* nothing shorter may follow */
    return false;
}

static void put(struct writer *writer, const void *data, size_t size)
{
    memcpy(writer->at, data, size);
    writer->at += size;
}

void writer_begin(struct writer *writer, struct buf *out, size_t expected)
{
    *writer = (struct writer){.out = out, .began = out->size};
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

/* Where in name the part begins that has no objects in common with open. */
static size_t common_objects(const char *open, const char *name)
{
    size_t common = 0;
    for (size_t i = 0; open[i] != '\0' && open[i] == name[i]; i++) {
        if (open[i] == '.') {
            common = i + 1;
        }
    }
    return common;
}

static void close_objects(struct writer *writer, const char *names)
{
    for (const char *dot = strchr(names, '.'); dot != NULL; dot = strchr(dot + 1, '.')) {
        writer->at[-1] = '}';
        *writer->at++ = ',';
    }
}

void writer_name(struct writer *writer, const char *name)
{
    static const uint8_t object[] = {'"', ':', '{', '"'};
    const char *open = writer->open == NULL ? "" : writer->open;
    size_t common = common_objects(open, name);
    /* An object takes "":{ around its name, and closing one takes a byte. */
    if (!has_room(writer, strlen(open) + 5 * strlen(name) + ESCAPE_MAX)) {
        return;
    }

    close_objects(writer, open + common);
    writer->open = name;
    uint8_t *at = writer->at;
    *at++ = '"';
    for (const char *c = name + common; *c != '\0'; c++) {
        if (*c == '.') {
            memcpy(at, object, sizeof(object));
            at += sizeof(object);
        } else {
            *at++ = (uint8_t)*c;
        }
    }
    *at++ = '"';
    *at++ = ':';
    writer->at = at;
}

bool writer_end(struct writer *writer)
{
    const char *open = writer->open == NULL ? "" : writer->open;
    if (has_room(writer, strlen(open) + 2)) {
        close_objects(writer, open);
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

void writer_text(struct writer *writer, struct bytes text)
{
    bool is_short = text.size <= SHORT_TEXT;
    if (!is_short || !make_room(writer, ESCAPE_MAX * text.size + 3)) {
        /* Long, or near the limit: as much as it needs and no more. */
        if (!has_room(writer, escape_count(text) + 3)) {
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

void writer_plain(struct writer *writer, const char *json)
{
    writer_constant(writer, bytes_of(json));
}

void writer_constant(struct writer *writer, struct bytes json)
{
    if (has_room(writer, json.size + 1)) {
        put(writer, json.data, json.size);
        *writer->at++ = ',';
    }
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
