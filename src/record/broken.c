#include "record/broken.h"

static void follow_string(struct broken *broken, uint8_t byte)
{
    if (broken->in_escape) {
        broken->in_escape = false;
    } else if (byte == '\\') {
        broken->in_escape = true;
    } else if (byte == '"') {
        broken->in_string = false;
    }
}

/* Outside strings. True when an element ends before byte. */
static bool is_element_end(const struct broken *broken, uint8_t byte)
{
    return broken->end == BROKEN_ELEMENT && broken->depth == 0 &&
           (byte == ',' || byte == ']' || byte == '}');
}

/* Outside strings. True when byte closes the first bracket. */
static bool follow_structure(struct broken *broken, uint8_t byte)
{
    switch (byte) {
    case '"':
        broken->in_string = true;
        broken->in_escape = false;
        return false;
    case '{':
    case '[':
        broken->depth++;
        return false;
    case '}':
    case ']':
        broken->depth -= broken->depth > 0 ? 1 : 0;
        return broken->end == BROKEN_BRACKETS && broken->depth == 0;
    default:
        return false;
    }
}

/* One more byte of a value. True when the value ends; *used grows to its end. */
static bool follow_byte(struct broken *broken, uint8_t byte, size_t *used)
{
    bool is_line_start = broken->after_newline;
    broken->after_newline = byte == '\n';
    if (broken->in_string) {
        broken->is_torn = is_line_start && byte == '{';
        *used += broken->is_torn ? 0 : 1;
        follow_string(broken, byte);
        return broken->is_torn;
    }
    if (is_element_end(broken, byte)) {
        return true;
    }
    *used += 1;
    return follow_structure(broken, byte);
}

static bool follow_value(struct broken *broken, struct bytes piece, size_t *used)
{
    *used = 0;
    while (*used < piece.size) {
        if (follow_byte(broken, piece.data[*used], used)) {
            return true;
        }
    }
    return false;
}

/* Before the next newline, or the next line that begins with '{'. */
static bool follow_lines(struct broken *broken, struct bytes piece, size_t *used)
{
    for (size_t i = 0; i < piece.size; i++) {
        uint8_t byte = piece.data[i];
        bool is_end = broken->end == BROKEN_LINE ? byte == '\n'
                                                 : broken->after_newline && byte == '{';
        if (is_end) {
            *used = i;
            return true;
        }
        broken->after_newline = byte == '\n';
    }
    *used = piece.size;
    return false;
}

bool broken_follow(struct broken *broken, struct bytes piece, size_t *used)
{
    bool by_lines = broken->end == BROKEN_LINE || broken->end == BROKEN_DOCUMENT;
    return by_lines ? follow_lines(broken, piece, used)
                    : follow_value(broken, piece, used);
}
