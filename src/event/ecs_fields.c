#include "event/ecs.h"

#include "event/escape.h"

#include <arpa/inet.h>

/* What was already written into an array. */
struct seen {
    struct bytes texts[ECS_VALUES_MAX];
    size_t count;
};

bool ecs_shows(const struct ecs *ecs, const struct value *value)
{
    switch (value->type) {
    case VALUE_STRING:
        if (value->size == 0) {
            return false;
        }
        break;
    case VALUE_TRUE:
    case VALUE_FALSE:
    case VALUE_NUMBER:
        break;
    default:
        return false;
    }
    return ecs->redact == NULL || !redact_hides(ecs->redact, value);
}

/* The first value at or after value that can be shown, or NULL. */
static const struct value *find_shown(const struct ecs *ecs, size_t place,
                                      const struct value *value)
{
    while (value != NULL && !ecs_shows(ecs, value)) {
        value = values_next(ecs->match->field_values[place], value);
    }
    return value;
}

const struct value *ecs_next(const struct ecs *ecs, size_t place,
                             const struct value *value)
{
    return find_shown(ecs, place, values_next(ecs->match->field_values[place], value));
}

static struct bytes text_of(const struct value *value)
{
    return (struct bytes){value->data, value->size};
}

static void note_cut(struct ecs *ecs, size_t place)
{
    size_t count = ecs->cut_count;
    if (count == 0 || ecs->cut[count - 1] != place) {
        ecs->cut[ecs->cut_count++] = (uint8_t)place;
    }
}

/* A string, number or boolean as a string. False when it had to be cut. */
static bool write_value(struct ecs *ecs, const struct value *value)
{
    struct bytes text = text_of(value);
    bool is_whole = text.size <= ECS_VALUE_MAX;
    if (!is_whole) {
        text.size = escape_fit(text, ECS_VALUE_MAX);
    }
    writer_inside(&ecs->writer, text, value->is_escaped);
    return is_whole;
}

static void write_text(struct ecs *ecs, const struct member *name, size_t place,
                       const struct value *value)
{
    writer_name(&ecs->writer, name);
    if (!write_value(ecs, value)) {
        note_cut(ecs, place);
    }
}

static bool is_seen(const struct seen *seen, struct bytes text)
{
    size_t i = 0;
    while (i < seen->count && !bytes_equal(seen->texts[i], text)) {
        i++;
    }
    return i < seen->count;
}

static void write_texts(struct ecs *ecs, const struct member *name, size_t place,
                        const struct value *value)
{
    struct seen seen;
    seen.count = 0;
    writer_name(&ecs->writer, name);
    writer_array_open(&ecs->writer);
    for (; value != NULL; value = ecs_next(ecs, place, value)) {
        if (seen.count == ECS_VALUES_MAX) {
            note_cut(ecs, place);
            break;
        }
        if (is_seen(&seen, text_of(value))) {
            continue;
        }
        seen.texts[seen.count++] = text_of(value);
        if (!write_value(ecs, value)) {
            note_cut(ecs, place);
        }
    }
    writer_array_close(&ecs->writer);
}

static bool is_text(const struct value *value, const char *text)
{
    return bytes_equal(text_of(value), bytes_of(text));
}

static void write_bool(struct ecs *ecs, const struct member *name,
                       const struct value *value)
{
    const char *word = NULL;
    if (is_text(value, "true") || is_text(value, "Yes")) {
        word = "true";
    } else if (is_text(value, "false") || is_text(value, "No")) {
        word = "false";
    }
    if (word != NULL) {
        writer_name(&ecs->writer, name);
        writer_plain(&ecs->writer, word);
    }
}

/* Up to 18 digits: what a signed 64-bit column takes, so that no platform refuses it. */
static bool is_whole_number(struct bytes text)
{
    size_t sign = text.data[0] == '-';
    size_t digits = text.size - sign;
    if (digits == 0 || digits > 18 || (digits > 1 && text.data[sign] == '0')) {
        return false;
    }
    for (size_t i = sign; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
    }
    return true;
}

static void write_number(struct ecs *ecs, const struct member *name,
                         const struct value *value)
{
    char digits[24];
    if (is_whole_number(text_of(value))) {
        memcpy(digits, value->data, value->size);
        digits[value->size] = '\0';
        writer_name(&ecs->writer, name);
        writer_plain(&ecs->writer, digits);
    }
}

/* "AWS Internal" and "cloudtrail.amazonaws.com" stand where an address would. */
bool ecs_is_address(const struct value *value)
{
    char text[INET6_ADDRSTRLEN];
    uint8_t address[sizeof(struct in6_addr)];
    if (value->type != VALUE_STRING || value->size >= sizeof(text) ||
        memchr(value->data, '\0', value->size) != NULL) {
        return false;
    }
    memcpy(text, value->data, value->size);
    text[value->size] = '\0';
    bool is_v6 = memchr(text, ':', value->size) != NULL;
    return inet_pton(is_v6 ? AF_INET6 : AF_INET, text, address) == 1;
}

const struct value *ecs_field(const struct ecs *ecs, size_t place)
{
    return find_shown(ecs, place, ecs->match->fields[place]);
}

void ecs_add_field(struct ecs *ecs, const struct member *name, size_t place)
{
    const struct value *value = ecs_field(ecs, place);
    if (value == NULL) {
        return;
    }
    switch (fields[place].kind) {
    case FIELD_TEXT:
        write_text(ecs, name, place, value);
        break;
    case FIELD_TEXTS:
        write_texts(ecs, name, place, value);
        break;
    case FIELD_BOOL:
        write_bool(ecs, name, value);
        break;
    case FIELD_NUMBER:
        write_number(ecs, name, value);
        break;
    case FIELD_IP:
        if (ecs_is_address(value)) {
            write_text(ecs, name, place, value);
        }
        break;
    }
}

void ecs_write_fields(struct ecs *ecs, size_t first, size_t end)
{
    for (size_t place = first; place < end; place++) {
        if (ecs->match->fields[place] != NULL) {
            ecs_add_field(ecs, &fields[place].member, place);
        }
    }
}

static bool is_letter(uint8_t byte)
{
    uint8_t lower = byte | 0x20;
    return lower >= 'a' && lower <= 'z';
}

/* A host's name has dots, only the letters that DNS knows, and never ends in a digit. */
static bool is_host(const struct value *value)
{
    if (value->type != VALUE_STRING || !is_letter(value->data[value->size - 1]) ||
        memchr(value->data, '.', value->size) == NULL) {
        return false;
    }
    for (size_t i = 0; i < value->size; i++) {
        uint8_t byte = value->data[i];
        bool is_digit = byte >= '0' && byte <= '9';
        if (!is_letter(byte) && !is_digit && strchr(".-_", byte) == NULL) {
            return false;
        }
    }
    return true;
}

static bool is_any(const struct value *value)
{
    (void)value;
    return true;
}

/* One member of related, and the fields that it gathers. */
struct related {
    struct member name;
    bool (*is_wanted)(const struct value *value);
    size_t count;
    uint8_t places[10];
};

static const struct related related[] = {
    {MEMBER("related", "hosts"),
     is_host,
     4,
     {FIELD_CLOUD_INSTANCE_NAME, FIELD_DNS_QUESTION_NAME, FIELD_SOURCE_ADDRESS,
      FIELD_URL_DOMAIN}},
    {MEMBER("related", "ip"),
     ecs_is_address,
     3,
     {FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, FIELD_MOJ_DETAIL_ADDRESS}},
    {MEMBER("related", "user"),
     is_any,
     10,
     {FIELD_USER_NAME, FIELD_USER_ID, FIELD_USER_EMAIL, FIELD_USER_EFFECTIVE_NAME,
      FIELD_USER_EFFECTIVE_ID, FIELD_USER_TARGET_NAME, FIELD_USER_TARGET_ID,
      FIELD_USER_TARGET_EMAIL, FIELD_MOJ_MEMBER_NAME, FIELD_MOJ_MEMBER_ID}},
};

static void add_related(struct ecs *ecs, const struct related *row,
                        const struct value *value, struct seen *seen)
{
    if (seen->count == ECS_VALUES_MAX || is_seen(seen, text_of(value)) ||
        !row->is_wanted(value)) {
        return;
    }
    seen->texts[seen->count++] = text_of(value);
    if (seen->count == 1) {
        writer_name(&ecs->writer, &row->name);
        writer_array_open(&ecs->writer);
    }
    write_value(ecs, value);
}

static void add_related_field(struct ecs *ecs, const struct related *row, size_t place,
                              struct seen *seen)
{
    const struct value *value = ecs_field(ecs, place);
    while (value != NULL) {
        add_related(ecs, row, value, seen);
        bool goes_on = fields[place].kind == FIELD_TEXTS;
        value = goes_on ? ecs_next(ecs, place, value) : NULL;
    }
}

static void write_related(struct ecs *ecs, const struct related *row)
{
    struct seen seen;
    seen.count = 0;
    for (size_t i = 0; i < row->count; i++) {
        if (ecs->match->fields[row->places[i]] != NULL) {
            add_related_field(ecs, row, row->places[i], &seen);
        }
    }
    if (seen.count > 0) {
        writer_array_close(&ecs->writer);
    }
}

void ecs_write_related(struct ecs *ecs)
{
    for (size_t i = 0; i < sizeof(related) / sizeof(related[0]); i++) {
        write_related(ecs, &related[i]);
    }
}
