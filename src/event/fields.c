#include "event/fields.h"

#include <string.h>

const struct field fields[] = {
#define FIELD_ROW(place, object, leaf, kind)                                             \
    {object "." leaf, FIELD_##kind, MEMBER(object, leaf)},
    FIELDS(FIELD_ROW)
#undef FIELD_ROW
};

size_t field_find(const char *name)
{
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (strcmp(fields[i].name, name) == 0) {
            return i;
        }
    }
    return FIELD_COUNT;
}
