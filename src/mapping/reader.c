#include "mapping/reader.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { FAULT_TEXT_SIZE = 1024, KEYS_MAX = 16, CHOICES_SIZE = 512 };

static void add_fault(const struct reader *reader, struct yaml_place place,
                      const char *fmt, va_list args)
{
    struct buf text;
    buf_init(&text, FAULT_TEXT_SIZE);
    char what[FAULT_TEXT_SIZE];
    vsnprintf(what, sizeof(what), fmt, args);
    buf_clear(&text);
    problems_add(reader->problems, reader->yaml->file, place.line, place.column, "%s",
                 what);
}
