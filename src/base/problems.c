#include "base/problems.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { PROBLEM_TEXT_SIZE = 1024 };

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
    problems->texts = mem_resize(problems->texts, problems->count + 1, sizeof(char *));
    problems->texts[problems->count++] = text;
}

void problems_clear(struct problems *problems)
{
    for (size_t i = 0; i < problems->count; i++) {
        free(problems->texts[i]);
    }
    free(problems->texts);
    *problems = (struct problems){0};
}
