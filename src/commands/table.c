#include "commands/table.h"

#include "base/mem.h"
#include "base/text.h"
#include "base/timestamp.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void table_add(struct table *table, const char *text)
{
    size_t count = table->count;
    if ((count & (count - 1)) == 0) { /* full at each power of two */
        size_t room = count == 0 ? 1 : 2 * count;
        table->cells = mem_resize(table->cells, room, sizeof(*table->cells));
    }
    table->cells[count] = mem_dup(text == NULL ? "-" : text);
    text_make_printable(table->cells[count]);
    table->count++;
}

void table_add_number(struct table *table, int64_t number)
{
    char digits[24];
    snprintf(digits, sizeof(digits), "%" PRId64, number);
    table_add(table, digits);
}

void table_add_time(struct table *table, int64_t ms)
{
    char text[TIMESTAMP_TEXT_SIZE];
    timestamp_format(ms, text);
    char *dot = strchr(text, '.');
    if (dot != NULL) {
        snprintf(dot, sizeof("Z"), "Z");
    }
    table_add(table, text);
}

/* Columns on a terminal, near enough: bytes that begin a character. */
static size_t width_of(const char *text)
{
    size_t width = 0;
    for (; *text != '\0'; text++) {
        width += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return width;
}

static void print_cell(const char *text, size_t width, bool is_right, FILE *out)
{
    int pad = (int)(width - width_of(text));
    if (is_right) {
        fprintf(out, "%*s%s", pad, "", text);
    } else {
        fprintf(out, "%s%*s", text, pad, "");
    }
}

void table_print(const struct table *table, FILE *out)
{
    size_t columns = strlen(table->aligns);
    size_t *widths = mem_new(columns, sizeof(*widths));
    for (size_t i = 0; i < table->count; i++) {
        size_t width = width_of(table->cells[i]);
        size_t *widest = &widths[i % columns];
        *widest = width > *widest ? width : *widest;
    }
    for (size_t i = 0; i < table->count; i++) {
        size_t column = i % columns;
        bool is_last = column + 1 == columns;
        bool is_right = table->aligns[column] == 'r';
        size_t width = is_last && !is_right ? width_of(table->cells[i]) : widths[column];
        print_cell(table->cells[i], width, is_right, out);
        fputs(is_last ? "\n" : "  ", out);
    }
    free(widths);
}

void table_clear(struct table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        free(table->cells[i]);
    }
    free(table->cells);
    *table = (struct table){0};
}

void table_age(int64_t ms, char out[TABLE_AGE_SIZE])
{
    static const struct {
        int64_t ms;
        int64_t from_ms; /* from here on in this unit */
        const char *name;
    } units[] = {
        {MS_PER_DAY, 2 * (int64_t)MS_PER_DAY, "d"},
        {MS_PER_HOUR, (int64_t)2 * MS_PER_HOUR, "h"},
        {MS_PER_MINUTE, (int64_t)2 * MS_PER_MINUTE, "min"},
        {MS_PER_SECOND, 0, "s"},
    };
    const char *sign = ms < 0 ? "-" : "";
    int64_t size = ms < 0 ? -ms : ms;
    size_t i = 0;
    while (size < units[i].from_ms) {
        i++;
    }
    snprintf(out, TABLE_AGE_SIZE, "%s%" PRId64 " %s", sign, size / units[i].ms,
             units[i].name);
}

void table_put(const char *text, FILE *out)
{
    char *copy = mem_dup(text);
    text_make_printable(copy);
    fputs(copy, out);
    free(copy);
}
