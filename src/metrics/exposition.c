#include "metrics/exposition.h"

#include <math.h>

enum { DIGITS = 15 }; /* whole numbers up to 10^15 are written as such */

static bool add_number(double value, struct buf *out)
{
    if (isnan(value)) {
        return buf_add_text(out, "NaN");
    }
    if (isinf(value)) {
        return buf_add_text(out, value > 0 ? "+Inf" : "-Inf");
    }
    return buf_addf(out, "%.*g", DIGITS, value);
}

static bool add_escaped(const char *text, struct buf *out)
{
    bool ok = true;
    for (; ok && *text != '\0'; text++) {
        uint8_t byte = (uint8_t)*text;
        if (byte == '\n') {
            ok = buf_add_text(out, "\\n");
        } else if (byte == '\\' || byte == '"') {
            ok = buf_add_byte(out, '\\') && buf_add_byte(out, byte);
        } else {
            ok = buf_add_byte(out, byte < ' ' || byte == 0x7f ? '?' : byte);
        }
    }
    return ok;
}

bool exposition_head(const struct metric_row *row, struct buf *out)
{
    return buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", row->name, row->help, row->name,
                    metric_type_name(row->type));
}

/* name="value", after "{" when it is the first of its line, else ",". */
static bool add_label(const char *name, const char *value, bool *is_first,
                      struct buf *out)
{
    bool ok = buf_addf(out, "%c%s=\"", *is_first ? '{' : ',', name) &&
              add_escaped(value == NULL ? "" : value, out) && buf_add_byte(out, '"');
    *is_first = false;
    return ok;
}

static bool add_bound(double bound, bool *is_first, struct buf *out)
{
    bool ok = buf_addf(out, "%cle=\"", *is_first ? '{' : ',') && add_number(bound, out) &&
              buf_add_byte(out, '"');
    *is_first = false;
    return ok;
}

bool exposition_line(const struct exposition_sample *sample, struct buf *out)
{
    const struct metric_row *row = sample->row;
    bool is_first = true;
    bool ok = buf_addf(out, "%s%s", row->name, sample->suffix);
    for (size_t i = 0; ok && i < METRICS_LABELS && row->labels[i] != NULL; i++) {
        ok = add_label(row->labels[i], sample->labels[i], &is_first, out);
    }
    if (ok && sample->upper_bound != NULL) {
        ok = add_bound(*sample->upper_bound, &is_first, out);
    }
    return ok && (is_first || buf_add_byte(out, '}')) && buf_add_byte(out, ' ') &&
           add_number(sample->value, out) && buf_add_byte(out, '\n');
}
