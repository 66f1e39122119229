/*
 * Any text is a path or is refused with a column inside it; what is a path can be
 * scanned for, together with others.
 */
#include "base/mem.h"
#include "record/scan.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_refusal(const struct error *err, const char *text)
{
    const char *at = strstr(err->text, "column ");
    for (const char *next = at; next != NULL; next = strstr(next + 1, "column ")) {
        at = next; /* the text is quoted in front and may say so, too */
    }
    check(err->kind == ERROR_CONFIG);
    bool is_whole = strlen(err->text) < sizeof(err->text) - 1; /* what is cut loses it */
    if (at != NULL && is_whole) {
        unsigned long column = strtoul(at + strlen("column "), NULL, 10);
        check(column <= strlen(text) + 1);
    }
}

static void scan_for(const struct paths *paths, struct bytes document)
{
    struct values values;
    size_t used = 0;
    values_init(&values, paths);
    enum scan_status status = scan_value(paths, document, &values, &used);
    check(status == scan_value(NULL, document, NULL, &used));
    for (size_t slot = 0; slot < paths_count(paths); slot++) {
        const struct value *value = values_at(&values, slot);
        while (value != NULL) {
            check(value->type <= VALUE_ARRAY);
            value = values_next(&values, value);
        }
    }
    values_clear(&values);
}

/* The input is paths, one a line, and behind an empty line a document. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *input = mem_alloc(size + BUF_PADDING);
    memset(input, 0, size + BUF_PADDING);
    if (size > 0) {
        memcpy(input, data, size);
    }
    struct paths *paths = paths_new();
    char *line = input;
    while (*line != '\0' && *line != '\n') {
        size_t length = strcspn(line, "\n");
        bool is_last = line[length] == '\0';
        line[length] = '\0';
        struct error err = {0};
        size_t slot = 0;
        size_t again = 0;
        if (paths_add(paths, line, &slot, &err)) {
            check(paths_add(paths, line, &again, NULL) && slot == again);
            check(slot < paths_count(paths));
        } else {
            check_refusal(&err, line);
        }
        line += length + (is_last ? 0 : 1);
    }
    paths_seal(paths);
    size_t before = (size_t)(line - input);
    if (before < size) {
        scan_for(paths, (struct bytes){(uint8_t *)line, size - before});
    }
    paths_free(paths);
    free(input);
    return 0;
}
