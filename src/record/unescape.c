#include "record/scan.h"

enum { REPLACEMENT = 0xfffd, ESCAPE_SIZE = 6 };

static uint32_t hex_value(uint8_t digit)
{
    if (digit <= '9') {
        return (uint32_t)digit - '0';
    }
    return ((uint32_t)digit | 0x20) - 'a' + 10;
}

/* The four digits of an escape at at; 0 when there is no whole \u escape. */
static uint32_t unit_at(const uint8_t *at, const uint8_t *end)
{
    if (end - at < ESCAPE_SIZE || at[0] != '\\' || at[1] != 'u') {
        return 0;
    }
    return hex_value(at[2]) << 12 | hex_value(at[3]) << 8 | hex_value(at[4]) << 4 |
           hex_value(at[5]);
}

static uint8_t *put_utf8(uint8_t *out, uint32_t code)
{
    if (code < 0x80) {
        *out++ = (uint8_t)code;
        return out;
    }
    if (code < 0x800) {
        *out++ = (uint8_t)(0xc0 | code >> 6);
    } else if (code < 0x10000) {
        *out++ = (uint8_t)(0xe0 | code >> 12);
        *out++ = (uint8_t)(0x80 | (code >> 6 & 0x3f));
    } else {
        *out++ = (uint8_t)(0xf0 | code >> 18);
        *out++ = (uint8_t)(0x80 | (code >> 12 & 0x3f));
        *out++ = (uint8_t)(0x80 | (code >> 6 & 0x3f));
    }
    *out++ = (uint8_t)(0x80 | (code & 0x3f));
    return out;
}

/* Writes what the escape at *at means and moves *at behind it. */
static uint8_t *put_unicode(uint8_t *out, const uint8_t **at, const uint8_t *end)
{
    uint32_t code = unit_at(*at, end);
    *at += ESCAPE_SIZE;
    if (code >= 0xd800 && code <= 0xdbff) {
        uint32_t low = unit_at(*at, end);
        bool is_pair = low >= 0xdc00 && low <= 0xdfff;
        code = is_pair ? 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00) : REPLACEMENT;
        *at += is_pair ? ESCAPE_SIZE : 0;
    } else if (code == 0 || (code >= 0xdc00 && code <= 0xdfff)) {
        code = REPLACEMENT;
    }
    return put_utf8(out, code);
}

static uint8_t plain_escape(uint8_t letter)
{
    switch (letter) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return letter;
    }
}

bool scan_unescape(struct bytes inside, struct buf *out)
{
    /* No escape means more bytes than it is written in. */
    uint8_t *start = buf_reserve(out, inside.size);
    if (start == NULL) {
        return false;
    }
    uint8_t *to = start;
    const uint8_t *at = inside.data;
    const uint8_t *end = inside.size == 0 ? at : at + inside.size;
    while (at < end) {
        const uint8_t *slash = memchr(at, '\\', (size_t)(end - at));
        size_t run = (size_t)((slash == NULL ? end : slash) - at);
        memcpy(to, at, run);
        to += run;
        at += run;
        if (end - at < 2) {
            break;
        }
        if (at[1] == 'u' && end - at < ESCAPE_SIZE) {
            break;
        }
        if (at[1] == 'u') {
            to = put_unicode(to, &at, end);
        } else {
            *to++ = plain_escape(at[1]);
            at += 2;
        }
    }
    out->size += (size_t)(to - start);
    return true;
}
