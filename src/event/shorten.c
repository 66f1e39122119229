#include "event/shorten.h"

#include <stdlib.h>

bool event_shorten(enum event_format format, struct bytes event, struct buf *out)
{
    if (format != FORMAT_ECS) {
        return false; /* the record itself is all there is */
    }
    bool ok = false;
    char *text = NULL;
    json_t *members =
        json_loadb((const char *)event.data, event.size, JSON_REJECT_DUPLICATES, NULL);
    json_t *moj = json_object_get(members, "moj");
    if (json_is_object(moj) &&
        json_object_del(json_object_get(members, "event"), "original") == 0) {
        json_object_set_new(moj, "truncated", json_true());
        text = json_dumps(members, JSON_COMPACT);
        ok = text != NULL && buf_add_text(out, text);
    }
    free(text);
    json_decref(members);
    return ok;
}
