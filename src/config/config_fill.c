#include "config/config_fill.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "config/yaml_places.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FILE_SIZE_MAX = 64 << 10,
    TEXT_SIZE_MAX = 256 << 10, /* a scalar may name several files */
    NAME_SIZE_MAX = 255,       /* of a variable, or of "file:" and a path */
};

#define NAME_BYTES "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789"

struct filling {
    struct yaml *yaml;
    struct problems *problems;
    json_t *scalar;
};

static bool refuse(const struct filling *filling, const char *name, const char *why)
{
    yaml_problem(filling->yaml, filling->scalar, filling->problems, "\"${%s}\" %s", name,
                 why);
    return false;
}

static bool add_variable(const struct filling *filling, const char *name, struct buf *out)
{
    if (name[0] == '\0' || name[strspn(name, NAME_BYTES)] != '\0' ||
        (name[0] >= '0' && name[0] <= '9')) {
        yaml_problem(filling->yaml, filling->scalar, filling->problems,
                     "\"${...}\" must hold the name of an environment variable or "
                     "file:/path; write \"$$\" for a dollar");
        return false;
    }
    const char *value = getenv(name);
    if (value == NULL) {
        return refuse(filling, name, "is not set in the environment; set it");
    }
    return buf_add_text(out, value) || refuse(filling, name, "is too long");
}

/* At most one byte more than allowed, which shows that the file is too large. */
static bool read_whole(const char *path, uint8_t *bytes, size_t *size)
{
    FILE *stream = fopen(path, "rbe");
    if (stream == NULL) {
        return false;
    }
    *size = fread(bytes, 1, FILE_SIZE_MAX + 1, stream);
    bool ok = ferror(stream) == 0;
    int cause = errno;
    fclose(stream);
    errno = cause;
    return ok;
}

static bool add_file(const struct filling *filling, const char *name, struct buf *out)
{
    const char *path = name + strlen("file:");
    if (path[0] != '/') {
        return refuse(filling, name, "must name a file by its whole path, from \"/\"");
    }
    bool ok = false;
    uint8_t *bytes = mem_alloc(FILE_SIZE_MAX + 1);
    size_t size = 0;
    if (!read_whole(path, bytes, &size)) {
        char *why = mem_format("cannot be read: %s", strerror(errno));
        refuse(filling, name, why);
        free(why);
    } else if (size > FILE_SIZE_MAX) {
        refuse(filling, name, "is larger than 64 KiB");
    } else if (memchr(bytes, '\0', size) != NULL) {
        refuse(filling, name, "holds a NUL byte; it must be text");
    } else {
        bool has_newline = size > 0 && bytes[size - 1] == '\n';
        ok = buf_add(out, bytes, has_newline ? size - 1 : size) ||
             refuse(filling, name, "is too long");
    }
    OPENSSL_cleanse(bytes, FILE_SIZE_MAX + 1);
    free(bytes);
    return ok;
}

/* Fills in what stands behind "${" and moves *at behind its "}". */
static bool add_reference(const struct filling *filling, const char **at, struct buf *out)
{
    const char *start = *at + strlen("${");
    const char *end = strchr(start, '}');
    if (end == NULL || (size_t)(end - start) > NAME_SIZE_MAX) {
        yaml_problem(filling->yaml, filling->scalar, filling->problems,
                     "a \"${\" is not closed by \"}\"; close it, or write \"$$\" for a "
                     "dollar");
        return false;
    }
    char *name = mem_dup_bytes(start, (size_t)(end - start));
    bool is_file = strncmp(name, "file:", strlen("file:")) == 0;
    bool ok = is_file ? add_file(filling, name, out) : add_variable(filling, name, out);
    free(name);
    *at = end + 1;
    return ok;
}

static bool write_filled(const struct filling *filling, struct buf *out)
{
    const char *at = json_string_value(filling->scalar);
    bool ok = true;
    while (ok && *at != '\0') {
        if (strncmp(at, "${", 2) == 0) {
            ok = add_reference(filling, &at, out);
        } else {
            ok = buf_add_byte(out, (uint8_t)*at);
            at += strncmp(at, "$$", 2) == 0 ? 2 : 1;
        }
    }
    return ok;
}

/* Whether the scalar may be used. */
static bool fill_scalar(const struct filling *filling)
{
    if (strchr(json_string_value(filling->scalar), '$') == NULL) {
        return true;
    }
    struct buf out;
    buf_init(&out, TEXT_SIZE_MAX);
    bool ok = write_filled(filling, &out);
    if (ok && !text_is_utf8(buf_bytes(&out))) {
        yaml_problem(filling->yaml, filling->scalar, filling->problems,
                     "what was filled in is not UTF-8 text");
        ok = false;
    }
    if (ok) {
        json_string_setn(filling->scalar, buf_text(&out), out.size);
        /* A variable that holds "null" says those four letters. */
        struct yaml_spot spot = yaml_places_get(filling->yaml->places, filling->scalar);
        spot.is_plain = spot.is_plain && out.size == 0;
        yaml_places_add(filling->yaml->places, &spot);
    }
    if (out.data != NULL) {
        OPENSSL_cleanse(out.data, out.capacity);
    }
    buf_clear(&out);
    return ok;
}

/* As deep as the YAML, 16 at most. What cannot be filled in becomes null. */
static bool fill_value(struct filling *filling, json_t *value)
{
    void *iter = json_object_iter(value);
    for (; iter != NULL; iter = json_object_iter_next(value, iter)) {
        if (!fill_value(filling, json_object_iter_value(iter))) {
            json_object_iter_set_new(value, iter, json_null());
        }
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        if (!fill_value(filling, json_array_get(value, i))) {
            json_array_set_new(value, i, json_null());
        }
    }
    filling->scalar = value;
    return !json_is_string(value) || fill_scalar(filling);
}

bool config_fill(struct yaml *yaml, struct problems *problems)
{
    size_t before = problems->count;
    struct filling filling = {.yaml = yaml, .problems = problems};
    if (yaml->root != NULL) {
        fill_value(&filling, yaml->root);
    }
    return problems->count == before;
}
