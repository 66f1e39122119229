#include "base/mem.h"
#include "net/http.h"
#include "net/http_guard.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

bool http_extra_add(struct http_extra *extra, const char *name, const char *value,
                    struct error *err)
{
    if (extra->count == HTTP_HEADERS_MAX) {
        return error_set(err, ERROR_CONFIG, "more than %d headers", HTTP_HEADERS_MAX);
    }
    if (!http_guard_header(name, value, err)) {
        return false;
    }
    extra->items[extra->count].name = mem_dup(name);
    extra->items[extra->count].value = mem_dup(value);
    extra->count++;
    return true;
}

void http_extra_clear(struct http_extra *extra)
{
    for (size_t i = 0; i < extra->count; i++) {
        OPENSSL_cleanse(extra->items[i].value, strlen(extra->items[i].value));
        free(extra->items[i].name);
        free(extra->items[i].value);
    }
    *extra = (struct http_extra){0};
}
