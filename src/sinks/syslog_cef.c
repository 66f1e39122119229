#include "base/object.h"
#include "sinks/syslog_message.h"

#include <inttypes.h>
#include <string.h>

/* A key of CEF and the ecs field that fills it, two names deep at most. */
static const struct {
    const char *key;
    const char *object;
    const char *inner; /* of object's member; NULL: member is of object itself */
    const char *member;
} keys[] = {
    {"externalId", "event", NULL, "id"},
    {"act", "event", NULL, "action"},
    {"outcome", "event", NULL, "outcome"},
    {"reason", "event", NULL, "reason"},
    {"suid", "user", NULL, "id"},
    {"suser", "user", NULL, "name"},
    {"duid", "user", "target", "id"},
    {"duser", "user", "target", "name"},
    {"src", "source", NULL, "ip"},
    {"requestClientApplication", "user_agent", NULL, "original"},
    {"cs3", "cloud", "account", "id"},
    {"cs4", "cloud", NULL, "region"},
    {"cs5", "group", NULL, "name"},
    {"cs6", "event", NULL, "provider"},
};

/* What the custom strings hold. */
static const char labels[] = " cs1Label=principles cs2Label=source cs3Label=account"
                             " cs4Label=region cs5Label=group cs6Label=service";

/* Of a header field '|' and '\' are escaped, of an extension's value '=' and '\'; a new
 * line is written as "\n" in the one, and as a blank in the other. */
static bool add_escaped(struct buf *out, const char *text, char special)
{
    bool ok = true;
    for (; ok && *text != '\0'; text++) {
        bool is_line_end = *text == '\n' || *text == '\r';
        if (is_line_end) {
            ok = buf_add_text(out, special == '|' ? " " : "\\n");
            continue;
        }
        ok = ((*text != special && *text != '\\') || buf_add_byte(out, '\\')) &&
             buf_add_byte(out, (uint8_t)*text);
    }
    return ok;
}

static bool add_pair(struct buf *out, const char *key, const char *value)
{
    return value == NULL || (buf_addf(out, " %s=", key) && add_escaped(out, value, '='));
}

static const char *find(const json_t *event, size_t place)
{
    const json_t *object = json_object_get(event, keys[place].object);
    if (keys[place].inner != NULL) {
        object = json_object_get(object, keys[place].inner);
    }
    return object_text(object, keys[place].member);
}

/* CEF counts severity from 0 to 10: what answers a principle is medium, the rest low. */
static int severity_of(const struct syslog_event *event)
{
    enum { LOW = 3, MEDIUM = 5 };
    return event->principles == 0 ? LOW : MEDIUM;
}

bool syslog_cef_add(const struct syslog_event *event, struct buf *out)
{
    json_t *read = json_loadb((const char *)event->text.data, event->text.size, 0, NULL);
    const char *action = object_text(json_object_get(read, "event"), "action");
    bool ok = json_is_object(read) &&
              buf_addf(out, "CEF:0|auditbridge|auditbridge|%s|", BRIDGE_VERSION) &&
              add_escaped(out, action == NULL ? "unknown" : action, '|') &&
              buf_add_byte(out, '|') &&
              add_escaped(out, action == NULL ? "unknown" : action, '|') &&
              buf_addf(out, "|%d|rt=%" PRId64, severity_of(event), event->time_ms);
    for (size_t i = 0; ok && i < sizeof(keys) / sizeof(keys[0]); i++) {
        ok = add_pair(out, keys[i].key, find(read, i));
    }
    ok = ok && buf_add_text(out, event->principles == 0 ? "" : " cs1=") &&
         syslog_principles_add(event->principles, out) &&
         add_pair(out, "cs2", event->source) && buf_add_text(out, labels);
    json_decref(read);
    return ok;
}
