#include "azure/fault.h"

#include <jansson.h>
#include <string.h>

enum { BODY_MAX = 1 << 16 };

static void take_code(const char *text, char code[FAULT_CODE_SIZE])
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789._-";
    size_t size = text == NULL ? 0 : strlen(text);
    if (size < FAULT_CODE_SIZE && size > 0 && strspn(text, letters) == size) {
        memcpy(code, text, size + 1);
    }
}

void fault_code(const struct http_response *response, char code[FAULT_CODE_SIZE])
{
    code[0] = '\0';
    if (response->body.size == 0 || response->body.size > BODY_MAX) {
        return;
    }
    json_t *body =
        json_loadb((const char *)response->body.data, response->body.size, 0, NULL);
    const json_t *error = json_object_get(body, "error");
    const json_t *from = json_is_object(error) ? error : body;
    take_code(json_string_value(json_object_get(from, "code")), code);
    json_decref(body);
}
