/*
 * Time is int64_t milliseconds since 1970-01-01T00:00:00Z. Only this file reads
 * or writes calendar forms.
 */
#ifndef BASE_TIMESTAMP_H
#define BASE_TIMESTAMP_H

#include "base/bytes.h"

enum {
    TIMESTAMP_TEXT_SIZE = 32, /* room for any form below, with its NUL */
    MS_PER_SECOND = 1000,
    MS_PER_MINUTE = 60 * MS_PER_SECOND,
    MS_PER_HOUR = 60 * MS_PER_MINUTE,
    MS_PER_DAY = 24 * MS_PER_HOUR,
};

/*
 * Reads RFC 3339 ("2026-11-23T06:00:00Z", any fraction, any offset). Digits past
 * the millisecond are cut. False for anything else, years outside 1970-9999 included.
 */
bool timestamp_parse(struct bytes text, int64_t *ms);
/* Reads an HTTP date (RFC 9110 5.6.7, the IMF-fixdate form only). */
bool timestamp_parse_http(struct bytes text, int64_t *ms);

/* "2026-11-23T06:00:00.123Z" */
void timestamp_format(int64_t ms, char out[TIMESTAMP_TEXT_SIZE]);
/* "[23/Nov/2026:06:00:00 +0000]": what MOJ's log-entry-metadata page asks for. */
void timestamp_format_clf(int64_t ms, char out[TIMESTAMP_TEXT_SIZE]);
/* "20261123T060000Z": the form AWS signatures use. */
void timestamp_format_compact(int64_t ms, char out[TIMESTAMP_TEXT_SIZE]);

#endif
