#include "base/problems.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROBLEM_TEXT_SIZE = 1024 };

struct problem_place {
    char *file; /* NULL when not known */
    int line;
    int column;
};

static bool is_same_file(const struct problem_place *left,
                         const struct problem_place *right)
{
    if (left->file == NULL || right->file == NULL) {
        return left->file == right->file;
    }
    return strcmp(left->file, right->file) == 0;
}

static bool is_later(const struct problem_place *left, const struct problem_place *right)
{
    return left->line != right->line ? left->line > right->line
                                     : left->column > right->column;
}

/* Behind all of its file that do not stand later; at the end when it is the first. */
static size_t find_room(const struct problems *problems,
                        const struct problem_place *place)
{
    size_t end = problems->count;
    while (end > 0 && !is_same_file(&problems->places[end - 1], place)) {
        end--;
    }
    if (end == 0) {
        return problems->count;
    }
    while (end > 0 && is_same_file(&problems->places[end - 1], place) &&
           is_later(&problems->places[end - 1], place)) {
        end--;
    }
    return end;
}

static void insert_take(struct problems *problems, const struct problem_place *place,
                        char *text)
{
    size_t at = find_room(problems, place);
    size_t behind = problems->count - at;
    if ((problems->count & (problems->count - 1)) == 0) { /* full at each power of two */
        size_t room = problems->count == 0 ? 1 : 2 * problems->count;
        problems->texts = mem_resize(problems->texts, room, sizeof(*problems->texts));
        problems->places = mem_resize(problems->places, room, sizeof(*problems->places));
    }

    memmove(&problems->texts[at + 1], &problems->texts[at],
            behind * sizeof(*problems->texts));
    memmove(&problems->places[at + 1], &problems->places[at],
            behind * sizeof(*problems->places));
    problems->texts[at] = text;
    problems->places[at] = *place;
    problems->count++;
}

void problems_add(struct problems *problems, const char *file, int line, int column,
                  const char *fmt, ...)
{
    char what[PROBLEM_TEXT_SIZE];
    va_list args;
    va_start(args, fmt);
    vsnprintf(what, sizeof(what), fmt, args);
    va_end(args);

    char *text = NULL;
    if (file == NULL) {
        text = mem_dup(what);
    } else if (line == 0) {
        text = mem_format("%s: %s", file, what);
    } else {
        text = mem_format("%s:%d:%d: %s", file, line, column, what);
    }
    text_make_printable(text);
    struct problem_place place = {file == NULL ? NULL : mem_dup(file), line, column};
    insert_take(problems, &place, text);
}

void problems_clear(struct problems *problems)
{
    for (size_t i = 0; i < problems->count; i++) {
        free(problems->texts[i]);
        free(problems->places[i].file);
    }
    free(problems->texts);
    free(problems->places);
    *problems = (struct problems){0};
}
