#include "base/text.h"

enum { DISTANCE_TEXT_MAX = 64, SLIP_MAX = 3 };

/* How long the lead byte says its sequence is; 0 when it cannot lead. */
static size_t sequence_length(uint8_t lead)
{
    if (lead < 0x80) {
        return 1;
    }
    if (lead >= 0xc2 && lead <= 0xdf) {
        return 2;
    }
    if (lead >= 0xe0 && lead <= 0xef) {
        return 3;
    }
    return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

/* RFC 3629 narrows the second byte after these leads. */
static bool is_second_byte_allowed(uint8_t lead, uint8_t second)
{
    switch (lead) {
    case 0xe0:
        return second >= 0xa0;
    case 0xed:
        return second <= 0x9f;
    case 0xf0:
        return second >= 0x90;
    case 0xf4:
        return second <= 0x8f;
    default:
        return true;
    }
}

size_t text_utf8_length(struct bytes bytes)
{
    if (bytes.size == 0) {
        return 0;
    }
    size_t length = sequence_length(bytes.data[0]);
    if (length == 0 || length > bytes.size) {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if ((bytes.data[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    if (length > 1 && !is_second_byte_allowed(bytes.data[0], bytes.data[1])) {
        return 0;
    }
    return length;
}

bool text_is_utf8(struct bytes bytes)
{
    while (bytes.size > 0) {
        size_t length = text_utf8_length(bytes);
        if (length == 0) {
            return false;
        }
        bytes.data += length;
        bytes.size -= length;
    }
    return true;
}

/* U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069: they reorder what is shown. */
static bool is_bidi(const uint8_t *at)
{
    return at[0] == 0xe2 && ((at[1] == 0x80 && (at[2] == 0x8e || at[2] == 0x8f ||
                                                (at[2] >= 0xaa && at[2] <= 0xae))) ||
                             (at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9));
}

/* length is that of the sequence at at; 0 when it is broken. */
static bool is_printable(const uint8_t *at, size_t length)
{
    bool is_control = at[0] < 0x20 || at[0] == 0x7f;
    bool is_c1 = length == 2 && at[0] == 0xc2 && at[1] < 0xa0;
    return length != 0 && !is_control && !is_c1 && !(length == 3 && is_bidi(at));
}

void text_make_printable(char *text)
{
    struct bytes rest = bytes_of(text);
    const size_t size = rest.size;
    while (rest.size > 0) {
        size_t length = text_utf8_length(rest);
        if (!is_printable(rest.data, length)) {
            length = length == 0 ? 1 : length;
            memset(text + (size - rest.size), '?', length);
        }
        rest.data += length;
        rest.size -= length;
    }
}

bool text_matches_glob(struct bytes text, struct bytes pattern)
{
    size_t at = 0;
    size_t want = 0;
    size_t star = SIZE_MAX; /* the last '*' seen, and where its run ends so far */
    size_t run_end = 0;

    while (at < text.size) {
        if (want < pattern.size && pattern.data[want] == '*') {
            star = want++;
            run_end = at;
        } else if (want < pattern.size && pattern.data[want] == text.data[at]) {
            want++;
            at++;
        } else if (star != SIZE_MAX) {
            want = star + 1;
            at = ++run_end;
        } else {
            return false;
        }
    }
    while (want < pattern.size && pattern.data[want] == '*') {
        want++;
    }
    return want == pattern.size;
}

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

size_t text_distance(const char *left, const char *right, size_t limit)
{
    size_t left_size = strlen(left);
    size_t right_size = strlen(right);
    if (left_size > DISTANCE_TEXT_MAX || right_size > DISTANCE_TEXT_MAX) {
        return limit + 1;
    }

    size_t row[DISTANCE_TEXT_MAX + 1];
    for (size_t j = 0; j <= right_size; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= left_size; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= right_size; j++) {
            size_t above = row[j];
            size_t change = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
            row[j] = smallest(above + 1, row[j - 1] + 1, change);
            diagonal = above;
        }
    }
    return row[right_size] > limit ? limit + 1 : row[right_size];
}

const char *text_nearest(const char *word, const char *const *candidates, size_t count)
{
    const char *nearest = NULL;
    size_t best = strlen(word) / 3 + 1; /* a short word forgives fewer slips */
    if (best > SLIP_MAX) {
        best = SLIP_MAX;
    }
    for (size_t i = 0; i < count; i++) {
        size_t distance = text_distance(word, candidates[i], best);
        if (distance <= best && (nearest == NULL || distance < best)) {
            nearest = candidates[i];
            best = distance;
        }
    }
    return nearest;
}
