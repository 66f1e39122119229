#include "mapping/compiled.h"

void changes_find(const struct mapping *mapping, const struct values *values,
                  struct changes *changes)
{
    const struct change_picks *picks = &mapping->changes;
    *changes = (struct changes){0};
    if (picks->paths == NULL) {
        return;
    }
    for (size_t i = 0; i < RECORD_CHANGE_LISTS && picks->lists[i] != SLOT_NONE; i++) {
        const struct value *list = &values->items[picks->lists[i]];
        if (list->type != VALUE_ARRAY) {
            continue;
        }
        changes->list = (struct bytes){list->data, list->size};
        changes->paths = picks->paths;
        changes->slots = &picks->slots;
        break;
    }
    if (picks->member != SLOT_NONE && values->items[picks->member].type == VALUE_STRING) {
        changes->member = &values->items[picks->member];
    }
}

void changes_start(struct changes_walk *walk, const struct changes *changes)
{
    *walk = (struct changes_walk){.changes = changes};
    if (changes->list.size > 0) {
        values_init(&walk->values, changes->paths);
        walk->rest = (struct bytes){changes->list.data + 1, changes->list.size - 1};
    }
}

void changes_end(struct changes_walk *walk)
{
    values_clear(&walk->values);
    *walk = (struct changes_walk){0};
}

static const struct value *find(const struct changes_walk *walk, size_t slot)
{
    const struct value *value = values_at(&walk->values, slot);
    return value->type == VALUE_STRING && value->size > 0 ? value : NULL;
}

/* The next element of the list, scanned. The list was read before: it is good JSON. */
static bool next_element(struct changes_walk *walk)
{
    struct bytes *rest = &walk->rest;
    while (rest->size > 0 && strchr(" \t\r\n,", rest->data[0]) != NULL) {
        rest->data++;
        rest->size--;
    }
    size_t used = 0;
    if (rest->size == 0 || rest->data[0] == ']' ||
        scan_value(walk->changes->paths, *rest, &walk->values, &used) != SCAN_DONE) {
        return false;
    }
    rest->data += used;
    rest->size -= used;
    return true;
}

/* Whom the element that was just scanned is about, first of all. */
static const struct value *first_member(const struct changes_walk *walk)
{
    const struct change_slots *slots = walk->changes->slots;
    const struct value *member = find(walk, slots->member);
    if (member == NULL) {
        member = find(walk, slots->members);
    }
    return member == NULL ? walk->changes->member : member;
}

bool changes_next(struct changes_walk *walk, struct change_item *change)
{
    const struct value *member = walk->member;
    if (member != NULL && member != walk->changes->member) {
        member = values_next(&walk->values, member);
    } else {
        member = NULL;
    }
    bool is_empty = false;
    while (member == NULL) {
        if (!next_element(walk)) {
            return false;
        }
        member = first_member(walk);
        is_empty = member == NULL && find(walk, walk->changes->slots->role) == NULL;
        if (member == NULL && !is_empty) {
            break; /* a role without a member says something too */
        }
    }
    walk->member = member;
    *change = (struct change_item){
        .change = find(walk, walk->changes->slots->change),
        .role = find(walk, walk->changes->slots->role),
        .member = member,
        .condition = find(walk, walk->changes->slots->condition),
    };
    return true;
}
