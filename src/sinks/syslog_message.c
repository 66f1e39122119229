#include "sinks/syslog_message.h"

#include "base/timestamp.h"
#include "config/principle.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

enum { NOTICE = 5, INFORMATIONAL = 6, SEVERITIES = 8, HEADER_MAX = 8 << 10 };

/* Inside a value of structured data, three bytes are escaped (RFC 5424 6.3.3). */
static bool add_value(struct buf *out, const char *text)
{
    bool ok = true;
    for (; ok && *text != '\0'; text++) {
        bool is_special = *text == '"' || *text == '\\' || *text == ']';
        ok =
            (!is_special || buf_add_byte(out, '\\')) && buf_add_byte(out, (uint8_t)*text);
    }
    return ok;
}

bool syslog_principles_add(uint32_t bits, struct buf *out)
{
    bool ok = true;
    const char *gap = "";
    for (size_t i = 0; ok && i < PRINCIPLE_COUNT; i++) {
        if ((bits & principle_bit(&principles[i])) != 0) {
            ok = buf_addf(out, "%s%s", gap, principles[i].ref);
            gap = " ";
        }
    }
    return ok;
}

static bool add_header(const struct syslog_style *style, const struct syslog_event *event,
                       struct buf *out)
{
    char time[TIMESTAMP_TEXT_SIZE] = "-";
    if (event->time_ms != 0) {
        timestamp_format(event->time_ms, time);
    }
    int severity = event->principles == 0 ? INFORMATIONAL : NOTICE;
    return buf_addf(out, "<%d>1 %s %s auditbridge %ld %s ",
                    style->facility * SEVERITIES + severity, time, style->host,
                    (long)getpid(), event->is_own ? "BRIDGE" : "AUDIT") &&
           buf_addf(out, "[auditbridge@%" PRId64 " id=\"", style->enterprise) &&
           add_value(out, event->id) && buf_add_text(out, "\"") &&
           (event->principles == 0 ||
            (buf_add_text(out, " principles=\"") &&
             syslog_principles_add(event->principles, out) && buf_add_text(out, "\""))) &&
           buf_add_text(out, " source=\"") && add_value(out, event->source) &&
           buf_add_text(out, "\"] ");
}

bool syslog_message_add(const struct syslog_style *style,
                        const struct syslog_event *event, struct buf *out)
{
    struct buf header;
    struct buf cef;
    buf_init(&header, HEADER_MAX);
    buf_init(&cef, style->size_max);
    bool ok = add_header(style, event, &header) &&
              (!style->is_cef || syslog_cef_add(event, &cef));
    struct bytes text = style->is_cef ? buf_bytes(&cef) : event->text;
    ok = ok && header.size + text.size <= style->size_max &&
         buf_addf(out, "%zu ", header.size + text.size) &&
         buf_add_bytes(out, buf_bytes(&header)) && buf_add_bytes(out, text);
    buf_clear(&cef);
    buf_clear(&header);
    return ok;
}
