#include "base/object.h"

const char *object_text(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}
