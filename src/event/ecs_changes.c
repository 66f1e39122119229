#include "event/ecs.h"

#include "event/escape.h"

enum { ROOM = 8 << 20 };

static bool is_true(const struct value *value)
{
    return value != NULL && value->type == VALUE_TRUE;
}

/* Which end of a long operation a record is: "start", "end", or all of it. */
void ecs_write_phase(struct ecs *ecs)
{
    const struct match *match = ecs->match;
    bool is_first = is_true(match->first);
    bool is_last = is_true(match->last);
    const char *phase = "single";
    if (mapping_shape(ecs->origin->mapping)->first_path == NULL) {
        return;
    }
    if (is_first != is_last) {
        phase = is_first ? "start" : "end";
    }
    writer_name(&ecs->writer, NAME("moj", "phase"));
    writer_safe(&ecs->writer, phase);
}

/* A member whose value is the inside of a string of the record. */
static bool add_inside(const struct ecs *ecs, struct buf *out, const char *name,
                       const struct value *value)
{
    if (value == NULL || !ecs_shows(ecs, value)) {
        return true;
    }
    struct bytes inside = {value->data, value->size};
    if (inside.size > ECS_VALUE_MAX) {
        inside.size = escape_fit(inside, ECS_VALUE_MAX);
    }
    return buf_addf(out, "%s\"%s\":\"", buf_text(out)[out->size - 1] == '{' ? "" : ",",
                    name) &&
           buf_add_bytes(out, inside) && buf_add_byte(out, '"');
}

/* "add", "remove", and "set" where the record lists what holds from now on. */
static const char *word_of(const struct value *change)
{
    static const char *const words[][2] = {{"ADD", "add"}, {"REMOVE", "remove"}};
    for (size_t i = 0; change != NULL && i < sizeof(words) / sizeof(words[0]); i++) {
        if (bytes_equal((struct bytes){change->data, change->size},
                        bytes_of(words[i][0]))) {
            return words[i][1];
        }
    }
    return change == NULL ? "set" : NULL;
}

static bool add_change(const struct ecs *ecs, struct buf *out,
                       const struct change_item *change)
{
    const char *word = word_of(change->change);
    size_t start = out->size;
    bool ok = buf_add_text(out, start > 1 ? ",{" : "{");
    ok = ok && (word == NULL ? add_inside(ecs, out, "change", change->change)
                             : buf_addf(out, "\"change\":\"%s\"", word));
    ok = ok && add_inside(ecs, out, "role", change->role) &&
         add_inside(ecs, out, "member", change->member) &&
         add_inside(ecs, out, "condition", change->condition) && buf_add_byte(out, '}');
    if (!ok) {
        out->size = start;
    }
    return ok;
}

void ecs_write_changes(struct ecs *ecs)
{
    const struct changes *changes = &ecs->match->changes;
    const struct value list = {.data = changes->list.data,
                               .size = (uint32_t)changes->list.size,
                               .type = VALUE_STRING};
    if (changes->list.size == 0 || !ecs_shows(ecs, &list)) {
        return;
    }
    struct buf out;
    struct changes_walk walk;
    struct change_item change;
    size_t count = 0;
    bool is_whole = true;
    buf_init(&out, ROOM);
    buf_add_byte(&out, '[');
    changes_start(&walk, changes);
    while (is_whole && changes_next(&walk, &change)) {
        is_whole = count++ < ECS_VALUES_MAX && add_change(ecs, &out, &change);
    }
    changes_end(&walk);
    if (count > 0) {
        buf_add_byte(&out, ']');
        writer_name(&ecs->writer, NAME("moj", "changes"));
        writer_json(&ecs->writer, buf_bytes(&out));
    }
    if (!is_whole) {
        writer_name(&ecs->writer, NAME("moj", "changes_cut"));
        writer_plain(&ecs->writer, "true");
    }
    buf_clear(&out);
}
