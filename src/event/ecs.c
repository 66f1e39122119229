#include "event/ecs.h"

#include "base/timestamp.h"
#include "event/category.h"
#include "event/escape.h"

/* The record's time, in the forms that are shipped. */
struct moment {
    bool is_known;  /* there is a time to ship: the record's own, or when it was read */
    bool is_native; /* it is the record's own */
    int64_t ms;
    char text[TIMESTAMP_TEXT_SIZE];
    char clf[TIMESTAMP_TEXT_SIZE];
};

static const int64_t year_10000_ms = INT64_C(253402300800000);

static struct moment moment_of(const struct ecs *ecs)
{
    const struct value *time = ecs->match->time;
    int64_t ms = ecs->event->observed_ms;
    struct moment moment = {0};
    if (time != NULL && time->type == VALUE_STRING) {
        struct bytes text = {time->data, time->size};
        int64_t native_ms = 0;
        moment.is_native = timestamp_parse(text, &native_ms) && native_ms >= 0 &&
                           native_ms < year_10000_ms;
        ms = moment.is_native ? native_ms : ms;
    }
    moment.is_known = moment.is_native || ms != 0;
    moment.ms = ms;
    if (moment.is_known) {
        timestamp_format(ms, moment.text);
        timestamp_format_clf(ms, moment.clf);
    }
    return moment;
}

/* A member that is a text of ours; absent when NULL or empty. */
static void add_text(struct ecs *ecs, const struct member *name, const char *text)
{
    if (text != NULL && text[0] != '\0') {
        writer_name(&ecs->writer, name);
        writer_text(&ecs->writer, bytes_of(text));
    }
}

/* The same for a text that needs no escape. */
static void add_safe(struct ecs *ecs, const struct member *name, const char *text)
{
    writer_name(&ecs->writer, name);
    writer_safe(&ecs->writer, text);
}

/* A member that is the inside of one of the record's strings. */
static void add_inside(struct ecs *ecs, const struct member *name, struct bytes inside)
{
    if (inside.size == 0) {
        return;
    }
    if (inside.size > ECS_VALUE_MAX) {
        inside.size = escape_fit(inside, ECS_VALUE_MAX);
    }
    writer_name(&ecs->writer, name);
    writer_inside(&ecs->writer, inside, true);
}

static void add_value(struct ecs *ecs, const struct member *name,
                      const struct value *value)
{
    if (value != NULL && ecs_shows(ecs, value)) {
        add_inside(ecs, name, (struct bytes){value->data, value->size});
    }
}

/* The names of the bits of set, as an array; absent when it is empty. */
static void add_words(struct ecs *ecs, const struct member *name, unsigned set,
                      const char *const *names)
{
    if (set == 0) {
        return;
    }
    writer_name(&ecs->writer, name);
    writer_array_open(&ecs->writer);
    for (; set != 0; set &= set - 1) {
        writer_safe(&ecs->writer, names[__builtin_ctz(set)]);
    }
    writer_array_close(&ecs->writer);
}

static void write_event(struct ecs *ecs)
{
    static const char *const outcomes[] = {[OUTCOME_UNKNOWN] = "unknown",
                                           [OUTCOME_SUCCESS] = "success",
                                           [OUTCOME_FAILURE] = "failure"};
    struct category category = category_of(ecs->match);

    writer_name(&ecs->writer, NAME("event", "id"));
    writer_text(&ecs->writer, buf_bytes(ecs->event->id));
    add_safe(ecs, NAME("event", "kind"), "event");
    add_words(ecs, NAME("event", "category"), category.categories, category_names);
    add_words(ecs, NAME("event", "type"), category.types, category_type_names);
    add_inside(ecs, NAME("event", "action"), ecs->match->operation);
    add_inside(ecs, NAME("event", "provider"), ecs->match->service);
    add_safe(ecs, NAME("event", "outcome"), outcomes[ecs->match->outcome]);
    ecs_write_fields(ecs, 0, FIELD_CLOUD_ACCOUNT_NAME);
    if (ecs->event->observed_ms != 0) {
        char created[TIMESTAMP_TEXT_SIZE];
        timestamp_format(ecs->event->observed_ms, created);
        add_safe(ecs, NAME("event", "created"), created);
    }

    uint8_t digest[DIGEST_SIZE];
    char hex[DIGEST_HEX_SIZE];
    digest_sha256(ecs->original, digest);
    digest_hex((struct bytes){digest, sizeof(digest)}, hex);
    add_safe(ecs, NAME("event", "hash"), hex);
    writer_name(&ecs->writer, NAME("event", "original"));
    writer_text(&ecs->writer, ecs->original);
}

static void write_cloud(struct ecs *ecs)
{
    static const char *const suffixes[] = {".amazonaws.com", ".googleapis.com"};
    const struct match *match = ecs->match;

    add_text(ecs, NAME("cloud", "provider"), mapping_shape(ecs->origin->mapping)->cloud);
    add_value(ecs, NAME("cloud", "region"), match->region);
    struct bytes name = match->service;
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        size_t size = strlen(suffixes[i]);
        if (name.size > size &&
            memcmp(name.data + name.size - size, suffixes[i], size) == 0) {
            name.size -= size;
        }
    }
    add_inside(ecs, NAME("cloud.service", "name"), name);
    if (match->account == NULL || match->account->size == 0 ||
        match->account->type == VALUE_NULL) {
        add_text(ecs, NAME("cloud.account", "id"), ecs->origin->account);
    } else {
        add_value(ecs, NAME("cloud.account", "id"), match->account);
    }
}

static void write_time(struct ecs *ecs, const struct moment *moment)
{
    if (moment->is_known) {
        add_safe(ecs, NAME("moj", "time_clf"), moment->clf);
    }
    const struct value *time = ecs->match->time;
    bool is_same =
        moment->is_native &&
        bytes_equal((struct bytes){time->data, time->size}, bytes_of(moment->text));
    if (!is_same) {
        add_value(ecs, NAME("moj", "time_original"), time);
    }
    if (!moment->is_native) {
        writer_name(&ecs->writer, NAME("moj", "time_missing"));
        writer_plain(&ecs->writer, "true");
    }
    ecs_write_counted(&ecs->writer, ecs->event->counted_ms, moment->ms);
}

static bool is_text(const struct value *value, const char *text)
{
    return value != NULL && value->type == VALUE_STRING && value->size == strlen(text) &&
           memcmp(value->data, text, value->size) == 0;
}

/* Was it called with a credential of ours? */
static bool is_actor(const struct ecs *ecs)
{
    bool found = false;
    for (size_t i = 0; i < json_array_size(ecs->origin->self); i++) {
        const char *name = json_string_value(json_array_get(ecs->origin->self, i));
        for (size_t j = 0; name != NULL && j < RECORD_ACTORS; j++) {
            found = found || is_text(ecs->match->actors[j], name);
        }
    }
    return found;
}

/*
 * Our own calls stand in the logs that we read. Anyone can call himself auditbridge, and
 * whoever has our credential does not: only both together are us.
 */
static void write_self(struct ecs *ecs)
{
    static const char own[] = "auditbridge/";
    const struct value *agent = ecs->match->fields[FIELD_USER_AGENT_ORIGINAL];
    if (agent != NULL && agent->type == VALUE_STRING && agent->size >= sizeof(own) - 1 &&
        memcmp(agent->data, own, sizeof(own) - 1) == 0 && is_actor(ecs)) {
        writer_name(&ecs->writer, NAME("moj", "self"));
        writer_plain(&ecs->writer, "true");
    }
}

static void write_backfill(struct ecs *ecs)
{
    if (ecs->origin->is_backfill) {
        writer_name(&ecs->writer, NAME("moj", "backfill"));
        writer_plain(&ecs->writer, "true");
    }
}

static bool is_empty_json(struct bytes json)
{
    return json.size == 0 || bytes_equal(json, bytes_of("[]")) ||
           bytes_equal(json, bytes_of("{}")) || bytes_equal(json, bytes_of("null"));
}

static void write_transport(struct ecs *ecs)
{
    struct bytes context = ecs->event->record->context;
    bool is_shown = !is_empty_json(context);
    if (ecs->redact != NULL) {
        writer_name(&ecs->writer, NAME("moj", "redacted"));
        writer_array_open(&ecs->writer);
        redact_write_paths(ecs->redact, &ecs->writer);
        if (is_shown) { /* it may tell the same thing in other words */
            writer_safe(&ecs->writer, "moj.transport");
            is_shown = false;
        }
        writer_array_close(&ecs->writer);
    }
    if (is_shown) {
        writer_name(&ecs->writer, NAME("moj", "transport"));
        writer_json(&ecs->writer, context);
    }
}

static void write_cut(struct ecs *ecs)
{
    if (ecs->cut_count == 0) {
        return;
    }
    writer_name(&ecs->writer, NAME("moj", "truncated_fields"));
    writer_array_open(&ecs->writer);
    for (size_t i = 0; i < ecs->cut_count; i++) {
        writer_safe(&ecs->writer, fields[ecs->cut[i]].name);
    }
    writer_array_close(&ecs->writer);
}

bool ecs_write(struct ecs *ecs, struct buf *out)
{
    enum { ENVELOPE = 2048 };
    struct moment moment = moment_of(ecs);

    writer_begin(&ecs->writer, out, ENVELOPE + 2 * ecs->original.size);
    if (moment.is_known) {
        add_safe(ecs, NAME("", "@timestamp"), moment.text);
    }
    writer_constant(&ecs->writer, buf_bytes(&ecs->origin->head), NAME("event", ""));
    write_event(ecs);
    write_cloud(ecs);
    ecs_write_fields(ecs, FIELD_CLOUD_ACCOUNT_NAME, FIELD_MOJ_ACTOR_CREDENTIAL_ID);
    ecs_write_related(ecs);
    ecs_write_rules(ecs);
    write_time(ecs, &moment);
    write_self(ecs);
    ecs_write_phase(ecs);
    ecs_write_changes(ecs);
    write_backfill(ecs);
    ecs_write_fields(ecs, FIELD_MOJ_ACTOR_CREDENTIAL_ID, FIELD_COUNT);
    write_cut(ecs);
    write_transport(ecs);
    ecs_write_tail(&ecs->writer, ecs->origin);
    return writer_end(&ecs->writer);
}

bool ecs_write_head(const struct event_origin *origin, struct buf *out)
{
    static const struct record_shape own = {.module = "auditbridge",
                                            .dataset = "auditbridge.bridge"};
    const struct record_shape *shape =
        origin->mapping == NULL ? &own : mapping_shape(origin->mapping);
    struct writer writer;
    writer_begin(&writer, out, 0);
    writer_name(&writer, NAME("ecs", "version"));
    writer_safe(&writer, ECS_VERSION);
    writer_name(&writer, NAME("event", "module"));
    writer_text(&writer, bytes_of(shape->module));
    writer_name(&writer, NAME("event", "dataset"));
    writer_text(&writer, bytes_of(shape->dataset));
    if (!writer_end(&writer)) {
        return false;
    }
    out->size -= 3; /* the outer brackets, and event's: it goes on */
    memmove(out->data, out->data + 1, out->size);
    return true;
}

void ecs_write_counted(struct writer *writer, int64_t counted_ms, int64_t shown_ms)
{
    if (counted_ms == 0 || counted_ms / MS_PER_HOUR == shown_ms / MS_PER_HOUR) {
        return;
    }
    char text[TIMESTAMP_TEXT_SIZE];
    timestamp_format(counted_ms, text);
    writer_name(writer, NAME("moj", "counted_at"));
    writer_safe(writer, text);
}

void ecs_write_tail(struct writer *writer, const struct event_origin *origin)
{
    writer_name(writer, NAME("moj", "source"));
    writer_constant(writer, buf_bytes(&origin->tail), NAME("", ""));
}
