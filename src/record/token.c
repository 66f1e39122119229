#include "record/token.h"

const uint8_t *token_spaces(const struct reader *reader, const uint8_t *at)
{
    while (at < reader->end &&
           (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) {
        at++;
    }
    return at;
}

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_hex(uint8_t byte)
{
    return is_digit(byte) || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F');
}

/* The four digits of an escape. */
static const uint8_t *read_hex(struct reader *reader, const uint8_t *at)
{
    for (int i = 0; i < 4; i++, at++) {
        if (at >= reader->end || !is_hex(*at)) {
            return token_fail(reader, at);
        }
    }
    return at;
}

/* From the backslash to behind the escape. */
static const uint8_t *read_escape(struct reader *reader, const uint8_t *at)
{
    at++;
    if (at >= reader->end) {
        return token_fail(reader, at);
    }
    switch (*at) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        return at + 1;
    case 'u':
        return read_hex(reader, at + 1);
    default:
        return token_fail(reader, at);
    }
}

/* What may follow a lead byte (RFC 3629): no overlong form, surrogate or > U+10FFFF. */
struct follow {
    uint8_t count;
    uint8_t least;
    uint8_t most;
};

static struct follow follow_of(uint8_t lead)
{
    switch (lead) {
    case 0xe0:
        return (struct follow){2, 0xa0, 0xbf};
    case 0xed:
        return (struct follow){2, 0x80, 0x9f};
    case 0xf0:
        return (struct follow){3, 0x90, 0xbf};
    case 0xf4:
        return (struct follow){3, 0x80, 0x8f};
    default:
        break;
    }
    if (lead >= 0xc2 && lead <= 0xdf) {
        return (struct follow){1, 0x80, 0xbf};
    }
    if (lead >= 0xe1 && lead <= 0xef) {
        return (struct follow){2, 0x80, 0xbf};
    }
    if (lead >= 0xf1 && lead <= 0xf3) {
        return (struct follow){3, 0x80, 0xbf};
    }
    return (struct follow){0};
}

/* From the lead byte to behind the sequence. */
static const uint8_t *read_sequence(struct reader *reader, const uint8_t *at)
{
    struct follow follow = follow_of(*at);
    if (follow.count == 0) {
        return token_fail(reader, at);
    }
    at++;
    if (at >= reader->end || *at < follow.least || *at > follow.most) {
        return token_fail(reader, at);
    }
    for (uint8_t i = 1; i < follow.count; i++) {
        at++;
        if (at >= reader->end || (*at & 0xc0) != 0x80) {
            return token_fail(reader, at);
        }
    }
    return at + 1;
}

const uint8_t *token_string_slow(struct reader *reader, const uint8_t *at,
                                 bool *is_escaped)
{
    while (at != NULL && at < reader->end && *at != '"') {
        if (*at == '\\') {
            *is_escaped = true;
            at = read_escape(reader, at);
        } else if (*at >= 0x80) {
            at = read_sequence(reader, at);
        } else {
            return token_fail(reader, at); /* a control character */
        }
        if (at != NULL && at < reader->end && *at < 0x80) {
            at = token_special(at, reader->end);
        }
    }
    if (at != NULL && at >= reader->end) {
        return token_fail(reader, at);
    }
    return at;
}

static const uint8_t *read_digits(struct reader *reader, const uint8_t *at)
{
    if (at >= reader->end || !is_digit(*at)) {
        return token_fail(reader, at);
    }
    while (at < reader->end && is_digit(*at)) {
        at++;
    }
    return at;
}

static const uint8_t *read_number(struct reader *reader, const uint8_t *at)
{
    const uint8_t *end = reader->end;
    if (*at == '-') {
        at++;
    }
    bool has_zero = at < end && *at == '0';
    at = has_zero ? at + 1 : read_digits(reader, at);
    if (at != NULL && at < end && *at == '.') {
        at = read_digits(reader, at + 1);
    }
    if (at != NULL && at < end && (*at | 0x20) == 'e') {
        at++;
        if (at < end && (*at == '+' || *at == '-')) {
            at++;
        }
        at = read_digits(reader, at);
    }
    return at;
}

static const uint8_t *read_word(struct reader *reader, const uint8_t *at,
                                const char *word)
{
    for (; *word != '\0'; word++, at++) {
        if (at >= reader->end || *at != (uint8_t)*word) {
            return token_fail(reader, at);
        }
    }
    return at;
}

/* The length of true, false or null when it begins the eight bytes; else 0. */
static inline unsigned word_length(uint64_t bytes)
{
    const uint32_t is_true = 0x65757274; /* "true", last byte first */
    const uint32_t is_null = 0x6c6c756e;
    const uint64_t is_false = 0x65736c6166;
    if ((uint32_t)bytes == is_true || (uint32_t)bytes == is_null) {
        return 4;
    }
    return (bytes & 0xffffffffff) == is_false ? 5 : 0;
}

const uint8_t *token_scalar(struct reader *reader, const uint8_t *at)
{
    if (at >= reader->end) {
        return token_fail(reader, at);
    }
    unsigned length = word_length(token_load(at));
    if (length > 0 && at + length <= reader->end) {
        return at + length;
    }
    switch (*at) {
    case 't':
        return read_word(reader, at, "true");
    case 'f':
        return read_word(reader, at, "false");
    case 'n':
        return read_word(reader, at, "null");
    default:
        return *at == '-' || is_digit(*at) ? read_number(reader, at)
                                           : token_fail(reader, at);
    }
}
