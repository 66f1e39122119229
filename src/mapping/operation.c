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

static size_t count_digits(struct bytes text, size_t at)
{
    size_t count = 0;
    while (at + count < text.size && is_digit(text.data[at + count])) {
        count++;
    }
    return count;
}

/* The size of a word for what is not finished yet at text's byte at; 0: none. */
static size_t find_stage(struct bytes text, size_t at)
{
    static const char *const stages[] = {"alpha", "beta", "p"};
    for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
        size_t size = strlen(stages[i]);
        if (text.size - at >= size && memcmp(text.data + at, stages[i], size) == 0) {
            return size;
        }
    }
    return 0;
}

/* "v1", "v1beta2", "v1p1beta1", "beta": Google's versions, in lower case. */
static bool is_version(struct bytes part)
{
    size_t at = 0;
    size_t numbers = 0;
    if (part.size > 1 && part.data[0] == 'v') {
        numbers = count_digits(part, 1);
        at = 1 + numbers;
    }
    size_t stage = find_stage(part, at);
    while ((at == 0 || numbers > 0) && stage > 0) {
        bool is_patch = stage == 1;
        if (is_patch && (numbers == 0 || count_digits(part, at + stage) == 0)) {
            return false;
        }
        at += stage;
        at += count_digits(part, at);
        stage = is_patch ? find_stage(part, at) : 0;
    }
    return at == part.size && part.size > 1 && (numbers > 0 || part.data[0] != 'v');
}

size_t operation_drop_versions(uint8_t *name, size_t size)
{
    size_t kept = 0;
    size_t at = 0;
    while (at < size) {
        const uint8_t *dot = memchr(name + at, '.', size - at);
        size_t end = dot == NULL ? size : (size_t)(dot - name) + 1;
        bool is_last = dot == NULL;
        if (is_last || !is_version((struct bytes){name + at, end - at - 1})) {
            memmove(name + kept, name + at, end - at);
            kept += end - at;
        }
        at = end;
    }
    return kept;
}

void operation_fold(uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (data[i] >= 'A' && data[i] <= 'Z') {
            data[i] |= 0x20;
        }
    }
}

void operation_spell(const struct record_shape *shape, char *name)
{
    if (shape->fold_case) {
        operation_fold((uint8_t *)name, strlen(name));
    }
    if (shape->strip_versions) {
        name[operation_strip(bytes_of(name)).size] = '\0';
    }
    if (shape->drop_versions) {
        name[operation_drop_versions((uint8_t *)name, strlen(name))] = '\0';
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
