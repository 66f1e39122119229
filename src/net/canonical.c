#include "net/canonical.h"

#include "base/mem.h"

#include <stdlib.h>

struct canonical_pair {
    char *name;
    char *value;
    size_t order; /* qsort does not keep it */
};

static const char white[] = " \t\r\n\f\v";

void canonical_list_clear(struct canonical_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->pairs[i].name);
        free(list->pairs[i].value);
    }
    free(list->pairs);
    *list = (struct canonical_list){0};
}

static void add_take(struct canonical_list *list, char *name, char *value)
{
    list->pairs = mem_resize(list->pairs, list->count + 1, sizeof(*list->pairs));
    list->pairs[list->count] =
        (struct canonical_pair){.name = name, .value = value, .order = list->count};
    list->count++;
}

void canonical_add_header(struct canonical_list *list, const char *name,
                          const char *value)
{
    char *lower = mem_dup(name);
    for (char *at = lower; *at != '\0'; at++) {
        *at = (char)(*at >= 'A' && *at <= 'Z' ? *at - 'A' + 'a' : *at);
    }
    char *trimmed = mem_dup("");
    for (const char *at = value + strspn(value, white); *at != '\0';) {
        size_t size = strcspn(at, white);
        char *longer =
            mem_format("%s%s%.*s", trimmed, trimmed[0] == '\0' ? "" : " ", (int)size, at);
        free(trimmed);
        trimmed = longer;
        at += size;
        at += strspn(at, white);
    }
    add_take(list, lower, trimmed);
}

static bool is_unreserved(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= 'a' && byte <= 'z') || byte == '-' || byte == '.' || byte == '_' ||
           byte == '~';
}

void canonical_encode(struct bytes bytes, const char *keep, struct buf *out)
{
    for (size_t i = 0; i < bytes.size; i++) {
        uint8_t byte = bytes.data[i];
        if (is_unreserved(byte) || (byte != '\0' && strchr(keep, byte) != NULL)) {
            buf_add_byte(out, byte);
        } else {
            buf_addf(out, "%%%02X", byte);
        }
    }
}

static char *encoded(struct bytes bytes)
{
    struct buf out;
    buf_init(&out, SIZE_MAX);
    canonical_encode(bytes, "", &out);
    char *text = mem_dup(buf_text(&out));
    buf_clear(&out);
    return text;
}

void canonical_add_parameter(struct canonical_list *list, struct bytes name,
                             struct bytes value)
{
    add_take(list, encoded(name), encoded(value));
}

static int hex_of(uint8_t byte)
{
    if (byte >= '0' && byte <= '9') {
        return byte - '0';
    }
    if (byte >= 'a' && byte <= 'f') {
        return byte - 'a' + 10;
    }
    return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}

/* A '%' that begins no escape stands for itself; so does '+'. */
static void decode(struct bytes bytes, struct buf *out)
{
    for (size_t i = 0; i < bytes.size; i++) {
        int high = -1;
        int low = -1;
        if (bytes.data[i] == '%' && bytes.size - i > 2) {
            high = hex_of(bytes.data[i + 1]);
            low = hex_of(bytes.data[i + 2]);
        }
        if (high >= 0 && low >= 0) {
            buf_add_byte(out, (uint8_t)(high * 16 + low));
            i += 2;
        } else {
            buf_add_byte(out, bytes.data[i]);
        }
    }
}

static void add_escaped(struct canonical_list *list, struct bytes name,
                        struct bytes value)
{
    struct buf plain_name;
    struct buf plain_value;
    buf_init(&plain_name, SIZE_MAX);
    buf_init(&plain_value, SIZE_MAX);
    decode(name, &plain_name);
    decode(value, &plain_value);
    canonical_add_parameter(list, buf_bytes(&plain_name), buf_bytes(&plain_value));
    buf_clear(&plain_name);
    buf_clear(&plain_value);
}

void canonical_add_query(struct canonical_list *list, const char *query)
{
    while (*query != '\0') {
        size_t size = strcspn(query, "&");
        size_t name = strcspn(query, "&=");
        size_t value = name < size ? name + 1 : size; /* "?location" has no '=' */
        if (size > 0) {
            const uint8_t *data = (const uint8_t *)query;
            add_escaped(list, (struct bytes){data, name},
                        (struct bytes){data + value, size - value});
        }
        query += size;
        query += *query == '&' ? 1 : 0;
    }
}

static int by_name(const void *left_pair, const void *right_pair)
{
    const struct canonical_pair *left = left_pair;
    const struct canonical_pair *right = right_pair;
    int order = strcmp(left->name, right->name);
    if (order != 0) {
        return order;
    }
    return left->order < right->order ? -1 : 1;
}

static int by_name_and_value(const void *left_pair, const void *right_pair)
{
    const struct canonical_pair *left = left_pair;
    const struct canonical_pair *right = right_pair;
    int order = strcmp(left->name, right->name);
    return order != 0 ? order : strcmp(left->value, right->value);
}

static void sort(struct canonical_list *list, int (*order)(const void *, const void *))
{
    if (list->count > 0) {
        qsort(list->pairs, list->count, sizeof(*list->pairs), order);
    }
}

static bool is_repeat(const struct canonical_list *list, size_t i)
{
    return i > 0 && strcmp(list->pairs[i].name, list->pairs[i - 1].name) == 0;
}

void canonical_write_headers(struct canonical_list *list, struct buf *out)
{
    sort(list, by_name);
    for (size_t i = 0; i < list->count; i++) {
        if (is_repeat(list, i)) {
            buf_addf(out, ",%s", list->pairs[i].value);
        } else {
            buf_addf(out, "%s%s:%s", i == 0 ? "" : "\n", list->pairs[i].name,
                     list->pairs[i].value);
        }
    }
    buf_add_byte(out, '\n');
}

void canonical_write_names(struct canonical_list *list, struct buf *out)
{
    sort(list, by_name);
    for (size_t i = 0; i < list->count; i++) {
        if (!is_repeat(list, i)) {
            buf_addf(out, "%s%s", i == 0 ? "" : ";", list->pairs[i].name);
        }
    }
}

void canonical_write_query(struct canonical_list *list, struct buf *out)
{
    sort(list, by_name_and_value);
    for (size_t i = 0; i < list->count; i++) {
        buf_addf(out, "%s%s=%s", i == 0 ? "" : "&", list->pairs[i].name,
                 list->pairs[i].value);
    }
}

/* Cuts out's last segment, with the slash in front of it. */
static void drop_segment(struct buf *out)
{
    while (out->size > 0 && out->data[out->size - 1] != '/') {
        out->size--;
    }
    out->size -= out->size > 0 ? 1 : 0;
}

void canonical_normalise(const char *path, struct buf *out)
{
    bool is_folder = true; /* the path ends in a slash */
    while (*path != '\0') {
        path += strspn(path, "/");
        size_t size = strcspn(path, "/");
        bool is_up = size == 2 && strncmp(path, "..", size) == 0;
        bool is_here = size == 0 || (size == 1 && path[0] == '.');
        if (is_up) {
            drop_segment(out);
        } else if (!is_here) {
            buf_add_byte(out, '/');
            buf_add(out, path, size);
        }
        is_folder = path[size] == '/' || size == 0;
        path += size;
    }
    if (out->size == 0 || is_folder) {
        buf_add_byte(out, '/');
    }
}
