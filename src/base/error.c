#include "base/error.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool error_set(struct error *err, enum error_kind kind, const char *fmt, ...)
{
    if (err == NULL) {
        return false;
    }
    err->kind = kind;
    err->retry_after_ms = 0;

    va_list args;
    va_start(args, fmt);
    vsnprintf(err->text, sizeof(err->text), fmt, args);
    va_end(args);
    text_make_printable(err->text);

    return false;
}

bool error_context(struct error *err, const char *fmt, ...)
{
    if (err == NULL) {
        return false;
    }
    char context[sizeof(err->text)];
    va_list args;
    va_start(args, fmt);
    int length = vsnprintf(context, sizeof(context), fmt, args);
    va_end(args);

    size_t front = length < 0 ? sizeof(context) : (size_t)length + strlen(": ");
    size_t cause = strlen(err->text) + 1;
    if (front + cause <= sizeof(err->text)) {
        memmove(err->text + front, err->text, cause);
        memcpy(err->text, context, front - strlen(": "));
        memcpy(err->text + front - strlen(": "), ": ", strlen(": "));
        text_make_printable(err->text);
    }
    return false;
}

const char *error_kind_name(enum error_kind kind)
{
    static const char *const names[] = {
        [ERROR_NONE] = "none",     [ERROR_CONFIG] = "config",
        [ERROR_DENIED] = "denied", [ERROR_BUSY] = "busy",
        [ERROR_DATA] = "data",     [ERROR_UNREACHABLE] = "unreachable",
        [ERROR_STATE] = "state",   [ERROR_TOO_BIG] = "too_big",
        [ERROR_LOST] = "lost",     [ERROR_STOPPED] = "stopped",
    };
    return names[kind];
}
