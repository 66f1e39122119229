#include "aws/profile_file.h"

#include "aws/origin.h"
#include "aws/program.h"
#include "aws/secret_file.h"
#include "base/mem.h"
#include "base/text.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILE_MAX = 1 << 20 };

static const char blank[] = " \t\r\n\v\f";

/* One file while it is read. */
struct reading {
    struct profile_files *files;
    const char *path;
    bool is_credentials;
    int line;
    size_t indent;  /* of the last key */
    char *profile;  /* NULL: before the first section, */
    bool is_header; /* which there was one of */
    bool is_value;  /* the last line was a key, so that a deeper one goes on with it */
};

static bool refuse(const struct reading *reading, const char *why, struct error *err)
{
    return error_set(err, ERROR_CONFIG, "%s:%d: %s", reading->path, reading->line, why);
}

const char *profile_files_name(const struct profile_files *files,
                               const struct profile_value *value)
{
    return value->is_in_credentials ? files->credentials : files->config;
}

static const struct profile_value *find_in(const struct profile_files *files,
                                           const char *profile, const char *key,
                                           bool is_in_credentials)
{
    for (size_t i = 0; i < files->count; i++) {
        const struct profile_value *at = &files->values[i];
        if (at->is_in_credentials == is_in_credentials &&
            strcmp(at->profile, profile) == 0 && strcmp(at->key, key) == 0) {
            return at;
        }
    }
    return NULL;
}

const struct profile_value *profile_files_find(const struct profile_files *files,
                                               const char *profile, const char *key,
                                               enum profile_where where)
{
    const struct profile_value *found = NULL;
    if (where != PROFILE_IN_CONFIG) {
        found = find_in(files, profile, key, true);
    }
    if (found == NULL && where != PROFILE_IN_CREDENTIALS) {
        found = find_in(files, profile, key, false);
    }
    return found;
}

static bool add(struct reading *reading, const char *key, const char *value,
                struct error *err)
{
    struct profile_files *files = reading->files;
    if (find_in(files, reading->profile, key, reading->is_credentials) != NULL) {
        return refuse(reading,
                      key[0] == '\0' ? "the same profile a second time; make it one"
                                     : "the same key a second time; remove one",
                      err);
    }
    files->values = mem_resize(files->values, files->count + 1, sizeof(*files->values));
    struct profile_value *made = &files->values[files->count++];
    *made = (struct profile_value){.profile = mem_dup(reading->profile),
                                   .key = mem_dup(key),
                                   .line = reading->line,
                                   .is_in_credentials = reading->is_credentials};
    secret_set(&made->value, value);
    return true;
}

/* The profile that a section of the config file is for; NULL: it is for none. */
static char *profile_of(const char *section)
{
    if (strcmp(section, "default") == 0) {
        return mem_dup(section);
    }
    char *name = NULL;
    json_t *words = strncmp(section, "profile", 7) == 0 ? program_split(section) : NULL;
    if (json_array_size(words) == 2 &&
        strcmp(json_string_value(json_array_get(words, 0)), "profile") == 0) {
        name = mem_dup(json_string_value(json_array_get(words, 1)));
    }
    json_decref(words);
    return name;
}

static bool read_section(struct reading *reading, char *text, struct error *err)
{
    char *end = strrchr(text, ']');
    if (end == NULL || end == text + 1) {
        return refuse(reading, "a section must be like [name]", err);
    }
    *end = '\0';
    free(reading->profile);
    reading->profile = reading->is_credentials ? mem_dup(text + 1) : profile_of(text + 1);
    reading->is_header = true;
    reading->is_value = false;
    return reading->profile == NULL || add(reading, "", "", err);
}

static void trim_end(char *text)
{
    size_t size = strlen(text);
    while (size > 0 && strchr(blank, text[size - 1]) != NULL) {
        text[--size] = '\0';
    }
}

static bool read_pair(struct reading *reading, char *text, struct error *err)
{
    char *sign = text + strcspn(text, "=:");
    if (*sign == '\0' || sign == text) {
        return refuse(reading, "a line must be like key = value", err);
    }
    *sign = '\0';
    trim_end(text);
    for (char *at = text; *at != '\0'; at++) {
        *at = (char)(*at >= 'A' && *at <= 'Z' ? *at - 'A' + 'a' : *at);
    }
    char *value = sign + 1 + strspn(sign + 1, blank);
    reading->is_value = true;
    return reading->profile == NULL || add(reading, text, value, err);
}

static bool read_line(struct reading *reading, char *line, struct error *err)
{
    size_t indent = strspn(line, blank);
    char *text = line + indent;
    trim_end(text);
    if (text[0] == '\0' || text[0] == '#' || text[0] == ';') {
        return true;
    }
    if (reading->is_value && indent > reading->indent) {
        if (reading->profile != NULL) {
            reading->files->values[reading->files->count - 1].goes_on = true;
        }
        return true;
    }
    reading->indent = indent;
    if (text[0] == '[') {
        return read_section(reading, text, err);
    }
    if (!reading->is_header) {
        return refuse(reading, "before this line there must be a section like [name]",
                      err);
    }
    return read_pair(reading, text, err);
}

static bool read_text(struct reading *reading, char *text, struct error *err)
{
    if (!text_is_utf8(bytes_of(text))) {
        return error_set(err, ERROR_CONFIG, "%s: is not UTF-8", reading->path);
    }
    bool ok = true;
    for (char *line = text; ok && line != NULL;) {
        char *end = strchr(line, '\n');
        if (end != NULL) {
            *end = '\0';
        }
        reading->line++;
        ok = read_line(reading, line, err);
        line = end == NULL ? NULL : end + 1;
    }
    free(reading->profile);
    return ok;
}

/* Where a file is; NULL when there is none and nobody said that there was. */
static char *find_path(const char *variable, const char *name, bool *is_named)
{
    const char *named = origin_variable(variable);
    const char *home = origin_variable("HOME");
    *is_named = named != NULL;
    if (named != NULL && strncmp(named, "~/", 2) == 0 && home != NULL) {
        return mem_format("%s%s", home, named + 1);
    }
    if (named != NULL) {
        return mem_dup(named);
    }
    return home == NULL ? NULL : mem_format("%s/.aws/%s", home, name);
}

static bool load(struct profile_files *files, bool is_credentials, struct error *err)
{
    const char *variable =
        is_credentials ? "AWS_SHARED_CREDENTIALS_FILE" : "AWS_CONFIG_FILE";
    char **slot = is_credentials ? &files->credentials : &files->config;
    bool is_named = false;
    struct secret content = {0};
    *slot = find_path(variable, is_credentials ? "credentials" : "config", &is_named);
    if (*slot == NULL || (!is_named && access(*slot, F_OK) != 0)) {
        return true;
    }
    if (!secret_file_load(*slot, FILE_MAX, &content, err)) {
        return is_named ? error_context(err, "%s", variable) : false;
    }
    struct reading reading = {
        .files = files, .path = *slot, .is_credentials = is_credentials};
    char *text = mem_dup(secret_reveal(&content));
    size_t size = strlen(text);
    bool ok = read_text(&reading, text, err);
    OPENSSL_cleanse(text, size);
    free(text);
    secret_clear(&content);
    return ok;
}

bool profile_files_load(struct profile_files *files, struct error *err)
{
    return load(files, false, err) && load(files, true, err);
}

void profile_files_clear(struct profile_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        free(files->values[i].profile);
        free(files->values[i].key);
        secret_clear(&files->values[i].value);
    }
    free(files->values);
    free(files->config);
    free(files->credentials);
    *files = (struct profile_files){0};
}
