#include "record/broken.h"

/* In a string. True when it was torn and something new begins at byte. */
static bool follow_string(struct broken *broken, uint8_t byte)
{
    if (broken->after_newline && byte == '{') {
        return true;
    }
    broken->after_newline = byte == '\n';
    if (broken->in_escape) {
        broken->in_escape = false;
    } else if (byte == '\\') {
        broken->in_escape = true;
    } else if (byte == '"') {
        broken->in_string = false;
    }
    return false;
}

/* Outside strings. True when byte closes the value. */
static bool follow_structure(struct broken *broken, uint8_t byte)
{
    switch (byte) {
    case '"':
        broken->in_string = true;
        broken->in_escape = false;
        broken->after_newline = false;
        return false;
    case '{':
    case '[':
        broken->depth++;
        return false;
    case '}':
    case ']':
        broken->depth -= broken->depth > 0 ? 1 : 0;
        return broken->depth == 0;
    default:
        return false;
    }
}

bool broken_follow(struct broken *broken, struct bytes piece, size_t *used)
{
    for (size_t i = 0; i < piece.size; i++) {
        if (broken->in_string) {
            if (follow_string(broken, piece.data[i])) {
                *used = i;
                return true;
            }
        } else if (follow_structure(broken, piece.data[i])) {
            *used = i + 1;
            return true;
        }
    }
    *used = piece.size;
    return false;
}
