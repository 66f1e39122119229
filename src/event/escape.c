#include "event/escape.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { WORD = 8 };

#define EVERY_BYTE(byte) (UINT64_C(0x0101010101010101) * (byte))

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
static uint64_t to_little(uint64_t word)
{
    return word;
}
#else
static uint64_t to_little(uint64_t word)
{
    return __builtin_bswap64(word);
}
#endif

/* The byte at data is the lowest. */
static uint64_t load_word(const uint8_t *data)
{
    uint64_t word = 0;
    memcpy(&word, data, WORD);
    return to_little(word);
}

static void store_word(uint8_t *at, uint64_t word)
{
    word = to_little(word);
    memcpy(at, &word, WORD);
}

/* The top bit of each byte of word that a string must escape. */
static uint64_t find_escapes(uint64_t word)
{
    /* Seven bits a byte, so that no sum carries into its neighbour. */
    const uint64_t low = EVERY_BYTE(0x7f);
    uint64_t bytes = word & low;
    uint64_t no_quote = (bytes ^ EVERY_BYTE('"')) + low;
    uint64_t no_backslash = (bytes ^ EVERY_BYTE('\\')) + low;
    uint64_t no_control = bytes + EVERY_BYTE(0x80 - ' ');
    return ~((no_quote & no_backslash & no_control) | word) & ~low;
}

static uint64_t find_controls(uint64_t word)
{
    const uint64_t low = EVERY_BYTE(0x7f);
    return ~(((word & low) + EVERY_BYTE(0x80 - ' ')) | word) & ~low;
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

static uint8_t *put_bytes(uint8_t *at, struct bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (must_escape(text.data[i])) {
            at = put_escape(at, text.data[i]);
        } else {
            *at++ = text.data[i];
        }
    }
    return at;
}

/* Bytes of word, each behind a backslash where escapes says so. */
static uint8_t *put_word(uint8_t *at, uint64_t word, uint64_t escapes)
{
    size_t left = WORD;
    store_word(at, word);
    while (escapes != 0) {
        size_t clean_bits = (size_t)__builtin_ctzll(escapes) - 7;
        size_t clean = clean_bits / 8;
        at[clean] = '\\';
        at += clean + 1;
        left -= clean;
        escapes = (escapes & (escapes - 1)) >> clean_bits;
        word >>= clean_bits;
        store_word(at, word);
    }
    return at + left;
}

/* Escapes whole words; steps text over them. */
static uint8_t *put_words(uint8_t *at, struct bytes *text)
{
    const uint8_t *in = text->data;
    const uint8_t *end = text->data + text->size;
    for (; end - in >= WORD; in += WORD) {
        uint64_t word = load_word(in);
        if (find_controls(word) != 0) {
            at = put_bytes(at, (struct bytes){in, WORD});
        } else {
            at = put_word(at, word, find_escapes(word));
        }
    }
    *text = (struct bytes){in, (size_t)(end - in)};
    return at;
}

#ifdef __SSE2__

enum { BLOCK = 16 };

/* Copies a block, each byte behind a backslash where escapes (a bit a byte) says so. */
static uint8_t *put_block(uint8_t *at, const uint8_t *in, unsigned escapes)
{
    size_t added = 0;
    _mm_storeu_si128((void *)at, _mm_loadu_si128((const void *)in));
    for (; escapes != 0; escapes &= escapes - 1) {
        size_t clean = (size_t)__builtin_ctz(escapes);
        at[clean + added] = '\\';
        added++;
        __m128i rest = _mm_loadu_si128((const void *)(in + clean));
        _mm_storeu_si128((void *)(at + clean + added), rest);
    }
    return at + BLOCK + added;
}

/* Escapes whole blocks while another one follows; steps text over them. */
static uint8_t *put_blocks(uint8_t *at, struct bytes *text)
{
    const __m128i quote = _mm_set1_epi8('"');
    const __m128i backslash = _mm_set1_epi8('\\');
    const __m128i last_control = _mm_set1_epi8(' ' - 1);
    const uint8_t *in = text->data;
    const uint8_t *end = text->data + text->size;
    for (; end - in >= (ptrdiff_t)2 * BLOCK; in += BLOCK) {
        __m128i block = _mm_loadu_si128((const void *)in);
        __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(block, last_control), block);
        __m128i any =
            _mm_or_si128(_mm_cmpeq_epi8(block, quote), _mm_cmpeq_epi8(block, backslash));
        unsigned escapes = (unsigned)_mm_movemask_epi8(_mm_or_si128(any, control));
        if (_mm_movemask_epi8(control) != 0) {
            at = put_bytes(at, (struct bytes){in, BLOCK});
        } else {
            at = put_block(at, in, escapes);
        }
    }
    *text = (struct bytes){in, (size_t)(end - in)};
    return at;
}

#else

/* Words are the largest pieces here. */
static uint8_t *put_blocks(uint8_t *at, struct bytes *text)
{
    (void)text;
    return at;
}

#endif

uint8_t *escape_text(uint8_t *at, struct bytes text)
{
    at = put_blocks(at, &text);
    at = put_words(at, &text);
    return put_bytes(at, text);
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
