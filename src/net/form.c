#include "net/form.h"

static bool is_unreserved(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || strchr("-._~", byte) != NULL;
}

bool form_add_value(struct buf *form, const char *value)
{
    bool ok = true;
    for (const char *at = value; ok && *at != '\0'; at++) {
        ok = is_unreserved(*at) ? buf_add_byte(form, (uint8_t)*at)
                                : buf_addf(form, "%%%02X", (unsigned)(uint8_t)*at);
    }
    return ok;
}

bool form_add(struct buf *form, const char *name, const char *value)
{
    bool is_first = form->size == 0 || form->data[form->size - 1] == '?';
    bool ok = (is_first || buf_add_byte(form, '&')) && buf_add_text(form, name) &&
              buf_add_byte(form, '=');
    return ok && form_add_value(form, value);
}
