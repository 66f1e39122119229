#include "mapping/operation.h"

#include "base/mem.h"

#include <stdlib.h>

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

/* True when data ends like form, in which '#' is any digit. */
static bool is_ending(struct bytes name, const char *form)
{
    size_t size = strlen(form);
    if (name.size <= size) {
        return false;
    }
    const uint8_t *end = name.data + name.size - size;
    for (size_t i = 0; i < size; i++) {
        if (form[i] == '#' ? !is_digit(end[i]) : end[i] != (uint8_t)form[i]) {
            return false;
        }
    }
    return true;
}

struct bytes operation_strip(struct bytes name)
{
    /* Every form ends in a digit and hardly any name does. */
    if (name.size == 0 || !is_digit(name.data[name.size - 1])) {
        return name;
    }
    static const char *const forms[] = {"20######", "20######v#", "20##_##_##"};
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (is_ending(name, forms[i])) {
            name.size -= strlen(forms[i]);
            return name;
        }
    }
    return name;
}

void operation_fold(uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (data[i] >= 'A' && data[i] <= 'Z') {
            data[i] |= 0x20;
        }
    }
}

/*
 * meets[j]: the first i bytes of left and the first j of right can be one text.
 * A '*' may stand for nothing, or swallow one more step of the other side.
 */
static bool can_meet(const bool *above, const bool *row, size_t j, uint8_t l, uint8_t r)
{
    if (l == '*' || r == '*') {
        return above[j] || row[j - 1];
    }
    return l == r && above[j - 1];
}

bool operation_globs_overlap(struct bytes left, struct bytes right)
{
    bool *rows = mem_new(2 * (right.size + 1), sizeof(*rows));
    bool *above = rows;
    bool *row = rows + right.size + 1;

    above[0] = true;
    for (size_t j = 1; j <= right.size; j++) {
        above[j] = above[j - 1] && right.data[j - 1] == '*';
    }
    for (size_t i = 1; i <= left.size; i++) {
        row[0] = above[0] && left.data[i - 1] == '*';
        for (size_t j = 1; j <= right.size; j++) {
            row[j] = can_meet(above, row, j, left.data[i - 1], right.data[j - 1]);
        }
        bool *swap = above;
        above = row;
        row = swap;
    }
    bool overlap = above[right.size];
    free(rows);
    return overlap;
}
