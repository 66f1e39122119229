#include "event/event.h"

#include "base/mem.h"
#include "event/ecs.h"
#include "event/ocsf.h"

#include <stdlib.h>
#include <unistd.h>

enum { TAIL_MAX = 1 << 20, HOST_MAX = 256 };

const char *const event_format_names[] = {"ecs", "raw", "ocsf", NULL};
const char *const event_ocsf_versions[] = {"1.1.0", "1.3.0", "1.8.0", NULL};

_Static_assert(sizeof(event_ocsf_versions) / sizeof(event_ocsf_versions[0]) - 1 ==
                   FORMAT_COUNT - FORMAT_OCSF_1_1,
               "each release is a format, in the same order");

/* Where text stands in texts, which ends with NULL; its length when it does not. */
static size_t index_of(const char *const *texts, const char *text)
{
    size_t i = 0;
    while (texts[i] != NULL && strcmp(texts[i], text) != 0) {
        i++;
    }
    return i;
}

bool event_format_find(const char *name, const char *version, enum event_format *format)
{
    size_t named = index_of(event_format_names, name);
    size_t release =
        named == FORMAT_OCSF_1_1 ? index_of(event_ocsf_versions, version) : 0;
    bool is_found = event_format_names[named] != NULL &&
                    (release == 0 || event_ocsf_versions[release] != NULL);
    if (is_found) {
        *format = (enum event_format)(named + release);
    }
    return is_found;
}

bool event_format_is_ocsf(enum event_format format)
{
    return format >= FORMAT_OCSF_1_1;
}

/* An object with the members of tenant that say something; NULL when none does. */
static json_t *tenant_members(const json_t *tenant)
{
    json_t *members = json_object();
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)tenant, key, value)
    {
        if (json_string_length(value) > 0) {
            json_object_set(members, key, value);
        }
    }
    if (json_object_size(members) == 0) {
        json_decref(members);
        return NULL;
    }
    return members;
}

static void add_dumped_take(struct buf *out, json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    buf_add_text(out, text);
    free(text);
    json_decref(value);
}

static json_t *observer_of(const struct event_origin *origin)
{
    char host[HOST_MAX] = "";
    if (!origin->is_offline) {
        gethostname(host, sizeof(host) - 1);
    }
    json_t *observer = json_pack("{s:s, s:s, s:s}", "product", "auditbridge", "type",
                                 "collector", "version", BRIDGE_VERSION);
    if (host[0] != '\0') {
        json_object_set_new(observer, "name", json_string(host));
    }
    return observer;
}

bool event_origin_init(struct event_origin *origin, const json_t *tenant,
                       const json_t *redact, struct error *err)
{
    origin->redact = NULL;
    buf_init(&origin->head, TAIL_MAX);
    buf_init(&origin->tail, TAIL_MAX);
    ecs_write_head(origin, &origin->head);
    if (json_array_size(redact) > 0) {
        origin->redact = redact_new(redact, err);
        if (origin->redact == NULL) {
            return false;
        }
    }

    /* Goes on behind "moj":{...,"source": and closes moj. */
    add_dumped_take(&origin->tail, json_string(origin->source));
    json_t *members = tenant_members(tenant);
    if (members != NULL) {
        buf_add_text(&origin->tail, ",\"tenant\":");
        add_dumped_take(&origin->tail, members);
    }
    const char *versions =
        origin->mapping == NULL ? NULL : mapping_versions(origin->mapping);
    if (versions != NULL && versions[0] != '\0') {
        buf_add_text(&origin->tail, ",\"mapping\":");
        add_dumped_take(&origin->tail, json_pack("{s:s, s:s}", "versions", versions,
                                                 "hash", mapping_hash(origin->mapping)));
    }
    buf_add_text(&origin->tail, "},\"observer\":");
    add_dumped_take(&origin->tail, observer_of(origin));
    return true;
}

void event_origin_clear(struct event_origin *origin)
{
    redact_free(origin->redact);
    origin->redact = NULL;
    buf_clear(&origin->head);
    buf_clear(&origin->tail);
}

/* The record on one line. A newline stands between tokens: no string may hold one. */
static bool write_raw(struct bytes record, struct buf *out)
{
    uint8_t *line = buf_reserve(out, record.size);
    if (line == NULL) {
        return false;
    }
    memcpy(line, record.data, record.size);
    out->size += record.size;

    const char *breaks = "\n\r";
    for (; *breaks != '\0'; breaks++) {
        uint8_t *at = memchr(line, *breaks, record.size);
        while (at != NULL) {
            *at = ' ';
            at = memchr(at, *breaks, record.size - (size_t)(at - line));
        }
    }
    return true;
}

bool event_write(enum event_format format, const struct event_origin *origin,
                 const struct event *event, struct buf *out)
{
    struct redact *redact = origin->redact;
    struct bytes original = event->record->bytes;
    if (redact != NULL && redact_apply(redact, original)) {
        original = redact_bytes(redact);
    } else {
        redact = NULL;
    }

    if (format == FORMAT_RAW) {
        return write_raw(original, out);
    }
    struct ocsf ocsf = {.format = format,
                        .ecs = {.origin = origin,
                                .event = event,
                                .match = event->match,
                                .redact = redact,
                                .original = original}};
    return event_format_is_ocsf(format) ? ocsf_write(&ocsf, out)
                                        : ecs_write(&ocsf.ecs, out);
}
