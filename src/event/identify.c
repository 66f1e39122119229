/*
 * event.id: the same on every re-read of a record, by every path that brings it.
 * Too fine costs a duplicate, too coarse loses an event: when in doubt, finer.
 */
#include "base/timestamp.h"
#include "event/event.h"

enum {
    ID_MAX = 512,    /* Elasticsearch takes no longer _id */
    PART_MAX = 1024, /* a longer part is no identifier; four fit in any id buffer */
    NANOS = 9,
};

static void add_digest(struct buf *id, const char *prefix, struct bytes bytes)
{
    uint8_t digest[DIGEST_SIZE];
    char hex[DIGEST_HEX_SIZE];
    digest_sha256(bytes, digest);
    digest_hex((struct bytes){digest, sizeof(digest)}, hex);
    buf_add_text(id, prefix);
    buf_add_byte(id, ':');
    buf_add_text(id, hex);
}

static bool is_upper_hex(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'F');
}

static bool must_encode(uint8_t byte)
{
    return byte < ' ' || byte == 0x7f || byte == ':';
}

/* True when text starts with what add_encoded itself could have written. */
static bool looks_encoded(struct bytes text)
{
    if (text.size < 3 || !is_upper_hex(text.data[1]) || !is_upper_hex(text.data[2])) {
        return false;
    }
    int high = text.data[1] <= '9' ? text.data[1] - '0' : text.data[1] - 'A' + 10;
    int low = text.data[2] <= '9' ? text.data[2] - '0' : text.data[2] - 'A' + 10;
    uint8_t byte = (uint8_t)(high * 16 + low);
    return must_encode(byte) || byte == '%';
}

/*
 * Adds a part in which ':' and control characters are percent-encoded, so that parts
 * cannot run into each other. A '%' is encoded only where it would be taken for one of
 * these: the %2F of a GCP log name stays as it is.
 */
static void add_encoded(struct buf *id, struct bytes part)
{
    for (size_t i = 0; i < part.size; i++) {
        struct bytes rest = {part.data + i, part.size - i};
        if (must_encode(rest.data[0]) || (rest.data[0] == '%' && looks_encoded(rest))) {
            buf_addf(id, "%%%02X", (unsigned)rest.data[0]);
        } else {
            buf_add_byte(id, rest.data[0]);
        }
    }
}

static const uint8_t *find_bytes(struct bytes text, struct bytes wanted)
{
    for (size_t i = 0; i + wanted.size <= text.size; i++) {
        if (memcmp(text.data + i, wanted.data, wanted.size) == 0) {
            return text.data + i;
        }
    }
    return NULL;
}

/* Adds the text of a string. False where it is none, or its characters are in doubt. */
static bool add_text(struct buf *id, const struct value *value)
{
    if (value == NULL || value->type != VALUE_STRING || value->size == 0 ||
        value->size > PART_MAX) {
        return false;
    }
    struct bytes inside = {value->data, value->size};
    if (!value->is_escaped) {
        add_encoded(id, inside);
        return true;
    }
    struct buf text;
    buf_init(&text, PART_MAX);
    scan_unescape(inside, &text);
    /* U+FFFD may stand for any lone surrogate: two records could look the same. */
    bool is_sure = find_bytes(buf_bytes(&text), bytes_of("\xef\xbf\xbd")) == NULL;
    if (is_sure) {
        add_encoded(id, buf_bytes(&text));
    }
    buf_clear(&text);
    return is_sure;
}

/* Fills nine digits from a fraction's. False where that would lose something. */
static bool read_fraction(const uint8_t *at, char digits[NANOS])
{
    for (size_t count = 0; *at >= '0' && *at <= '9'; at++, count++) {
        if (count < NANOS) {
            digits[count] = (char)*at;
        } else if (*at != '0') {
            return false;
        }
    }
    return true;
}

/* Adds the time in UTC with nine decimals. False where it cannot be told exactly. */
static bool add_nanos(struct buf *id, const struct value *value)
{
    enum { SECONDS_AT = 17, FRACTION_AT = 19 };
    if (value == NULL || value->type != VALUE_STRING) {
        return false;
    }
    const uint8_t *text = value->data;
    int64_t ms = 0;
    if (!timestamp_parse((struct bytes){text, value->size}, &ms) ||
        text[SECONDS_AT] == '6') {
        return false; /* a leap second is read as the one before it */
    }
    char digits[NANOS + 1] = "000000000";
    if (text[FRACTION_AT] == '.' && !read_fraction(text + FRACTION_AT + 1, digits)) {
        return false;
    }

    char seconds[TIMESTAMP_TEXT_SIZE];
    timestamp_format(ms, seconds);
    buf_add(id, seconds, FRACTION_AT);
    buf_add_byte(id, '.');
    buf_add(id, digits, NANOS);
    buf_add_byte(id, 'Z');
    return true;
}

static bool add_part(const struct event_origin *origin, enum record_id_kind kind,
                     const struct value *value, struct buf *id)
{
    switch (kind) {
    case RECORD_ID_PATH:
        return add_text(id, value);
    case RECORD_ID_NANOS:
        return add_nanos(id, value);
    case RECORD_ID_OR_ACCOUNT:
        if (value != NULL && value->type != VALUE_NULL && value->size > 0) {
            return add_text(id, value);
        }
        if (origin->account == NULL || origin->account[0] == '\0') {
            return false;
        }
        add_encoded(id, bytes_of(origin->account));
        return true;
    case RECORD_ID_END:
        break;
    }
    return false;
}

/* An export has left the parts of the id out; what is only broken has not. */
static bool has_no_part(const struct match *match)
{
    for (size_t i = 0; i < RECORD_ID_PARTS; i++) {
        if (match->id_parts[i] != NULL) {
            return false;
        }
    }
    return true;
}

/* False when a part is missing. */
static bool add_parts(const struct event_origin *origin, const struct match *match,
                      struct buf *id)
{
    const struct record_shape *shape = mapping_shape(origin->mapping);
    buf_add_text(id, shape->id_prefix);
    for (size_t i = 0; i < RECORD_ID_PARTS; i++) {
        enum record_id_kind kind = shape->id_parts[i].kind;
        if (kind == RECORD_ID_END) {
            break;
        }
        buf_add_byte(id, ':');
        if (!add_part(origin, kind, match->id_parts[i], id)) {
            return false;
        }
    }
    return true;
}

void event_identify(const struct event_origin *origin, const struct record *record,
                    const struct match *match, struct buf *id, uint8_t id16[ID16_SIZE])
{
    const struct record_shape *shape = mapping_shape(origin->mapping);
    id->size = 0;
    if (shape->id_parts[0].kind == RECORD_ID_END) {
        add_digest(id, shape->id_prefix == NULL ? "sha256" : shape->id_prefix,
                   record->bytes);
    } else if (!add_parts(origin, match, id)) {
        id->size = 0;
        bool is_export = shape->export_prefix != NULL && has_no_part(match);
        add_digest(id, is_export ? shape->export_prefix : "sha256", record->bytes);
    } else if (id->size > ID_MAX) {
        struct buf whole = *id;
        *id = (struct buf){.limit = whole.limit};
        buf_add_text(id, shape->id_prefix);
        add_digest(id, ":sha256", buf_bytes(&whole));
        buf_clear(&whole);
    }

    uint8_t digest[DIGEST_SIZE];
    digest_sha256(buf_bytes(id), digest);
    memcpy(id16, digest, ID16_SIZE);
}
