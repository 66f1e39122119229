#include "event/escape.h"

enum { WORD = 8 };

#define EVERY_BYTE(byte) (UINT64_C(0x0101010101010101) * (byte))

static uint64_t load_word(const uint8_t *data)
{
    uint64_t word = 0;
    memcpy(&word, data, WORD);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/*
 * A set top bit for each byte of word that a JSON string must escape. Only the
 * lowest is sure: its borrow may set ones above it.
 */
static uint64_t find_escapes(uint64_t word)
{
    uint64_t quotes = (word ^ EVERY_BYTE('"')) - EVERY_BYTE(1);
    uint64_t backslashes = (word ^ EVERY_BYTE('\\')) - EVERY_BYTE(1);
    uint64_t controls = word - EVERY_BYTE(' ');
    return (quotes | backslashes | controls) & ~word & EVERY_BYTE(0x80);
}

static uint8_t *put_escape(uint8_t *at, uint8_t byte)
{
    static const char digits[] = "0123456789abcdef";
    static const char letters[' '] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    at[0] = '\\';
    if (byte >= ' ') {
        at[1] = byte;
        return at + 2;
    }
    if (letters[byte] != '\0') {
        at[1] = (uint8_t)letters[byte];
        return at + 2;
    }
    at[1] = 'u';
    at[2] = '0';
    at[3] = '0';
    at[4] = (uint8_t)digits[byte >> 4];
    at[5] = (uint8_t)digits[byte & 0x0f];
    return at + ESCAPE_MAX;
}

static bool must_escape(uint8_t byte)
{
    return byte == '"' || byte == '\\' || byte < ' ';
}

uint8_t *escape_text(uint8_t *at, struct bytes text)
{
    const uint8_t *in = text.data;
    size_t left = text.size;
    while (left >= WORD) {
        uint64_t escapes = find_escapes(load_word(in));
        memcpy(at, in, WORD);
        if (escapes == 0) {
            in += WORD;
            at += WORD;
            left -= WORD;
            continue;
        }
        size_t clean = (size_t)__builtin_ctzll(escapes) / 8;
        at = put_escape(at + clean, in[clean]);
        in += clean + 1;
        left -= clean + 1;
    }
    for (; left > 0; left--, in++) {
        if (must_escape(*in)) {
            at = put_escape(at, *in);
        } else {
            *at++ = *in;
        }
    }
    return at;
}

size_t escape_count(struct bytes text)
{
    size_t size = text.size;
    uint8_t escape[ESCAPE_MAX];
    for (size_t i = 0; i < text.size; i++) {
        if (i + WORD <= text.size && find_escapes(load_word(text.data + i)) == 0) {
            i += WORD - 1;
        } else if (must_escape(text.data[i])) {
            size += (size_t)(put_escape(escape, text.data[i]) - escape) - 1;
        }
    }
    return size;
}

static int hex_value(uint8_t digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    uint8_t letter = digit | 0x20;
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

/* The code unit of the \uXXXX at the start of text, or -1. */
static int code_unit(struct bytes text)
{
    if (text.size < ESCAPE_MAX || text.data[0] != '\\' || text.data[1] != 'u') {
        return -1;
    }
    int unit = 0;
    for (size_t i = 2; i < ESCAPE_MAX; i++) {
        int digit = hex_value(text.data[i]);
        if (digit < 0) {
            return -1;
        }
        unit = unit * 16 + digit;
    }
    return unit;
}

static bool is_high_surrogate(int unit)
{
    return unit >= 0xd800 && unit <= 0xdbff;
}

static bool is_low_surrogate(int unit)
{
    return unit >= 0xdc00 && unit <= 0xdfff;
}

/* How long the escape at the start of text is. *is_odd: it stands for no character. */
static size_t unit_size(struct bytes text, bool *is_odd)
{
    int unit = code_unit(text);
    *is_odd = unit == 0 || is_low_surrogate(unit);
    if (unit < 0) {
        return text.size < 2 ? text.size : 2;
    }
    if (is_high_surrogate(unit)) {
        struct bytes rest = {text.data + ESCAPE_MAX, text.size - ESCAPE_MAX};
        if (is_low_surrogate(code_unit(rest))) {
            return (size_t)2 * ESCAPE_MAX;
        }
        *is_odd = true;
    }
    return ESCAPE_MAX;
}

uint8_t *escape_mend(uint8_t *at, struct bytes text)
{
    while (text.size > 0) {
        const uint8_t *escape = memchr(text.data, '\\', text.size);
        size_t clean = escape == NULL ? text.size : (size_t)(escape - text.data);
        memcpy(at, text.data, clean);
        at += clean;
        text.data += clean;
        text.size -= clean;
        if (escape != NULL) {
            bool is_odd = false;
            size_t size = unit_size(text, &is_odd);
            memcpy(at, is_odd ? (const uint8_t *)"\\ufffd" : text.data, size);
            at += size;
            text.data += size;
            text.size -= size;
        }
    }
    return at;
}

static size_t character_size(struct bytes text)
{
    size_t size = 1;
    while (size < text.size && (text.data[size] & 0xc0) == 0x80) {
        size++;
    }
    return size;
}

size_t escape_fit(struct bytes inside, size_t limit)
{
    size_t fits = 0;
    while (fits < inside.size) {
        struct bytes rest = {inside.data + fits, inside.size - fits};
        bool is_odd = false;
        size_t size =
            rest.data[0] == '\\' ? unit_size(rest, &is_odd) : character_size(rest);
        if (fits + size > limit) {
            break;
        }
        fits += size;
    }
    return fits;
}
