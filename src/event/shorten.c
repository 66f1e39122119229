#include "event/shorten.h"

#include <stdlib.h>

bool event_shorten(enum event_format format, struct bytes event, struct buf *out)
{
    if (format == FORMAT_RAW) {
        return false; /* the record itself is all there is */
    }
    bool is_ocsf = event_format_is_ocsf(format);
    bool ok = false;
    char *text = NULL;
    json_t *members =
        json_loadb((const char *)event.data, event.size, JSON_REJECT_DUPLICATES, NULL);
    json_t *moj =
        json_object_get(is_ocsf ? json_object_get(members, "unmapped") : members, "moj");
    json_t *holder = is_ocsf ? members : json_object_get(members, "event");
    if (json_is_object(moj) &&
        json_object_del(holder, is_ocsf ? "raw_data" : "original") == 0) {
        json_object_set_new(moj, "truncated", json_true());
        if (format >= FORMAT_OCSF_1_8) { /* the first release that has a word for it */
            json_object_set_new(json_object_get(members, "metadata"), "is_truncated",
                                json_true());
        }
        text = json_dumps(members, JSON_COMPACT);
        ok = text != NULL && buf_add_text(out, text);
    }
    free(text);
    json_decref(members);
    return ok;
}
