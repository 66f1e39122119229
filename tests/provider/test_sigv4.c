/*
 * net/sigv4.h against AWS's own 38 cases, each signed by header and by query, step
 * by step: canonical request, string to sign, signature.
 */
#include "base/mem.h"
#include "net/sigv4.h"

#include <dirent.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CASES = 38, SKIPPED = 77, HEADERS_MAX = 16, FILE_MAX = 1 << 16 };

static const char folder[] = "../../../shared/vectors/sigv4";

struct vector {
    char *name;
    bool is_query;
};

/* A case's request.txt, taken apart in place. */
struct parsed {
    char *text;
    char *method;
    char *path;
    char *query;
    struct http_header headers[HEADERS_MAX];
    size_t header_count;
    char *body;
};

static char *read_text(const char *name, const char *file)
{
    char *path = mem_format("%s/%s/%s", folder, name, file);
    FILE *in = fopen(path, "rb");
    if (in == NULL) {
        fail_msg("%s cannot be read", path);
    }
    char *text = mem_new(FILE_MAX, 1);
    size_t size = fread(text, 1, FILE_MAX - 1, in);
    text[size] = '\0';
    fclose(in);
    free(path);
    return text;
}

static char *cut(char *text, char byte)
{
    char *at = strchr(text, byte);
    if (at == NULL) {
        return text + strlen(text);
    }
    *at = '\0';
    return at + 1;
}

/* The request's target may hold spaces; its version does not. */
static void parse_line(struct parsed *parsed, char *line)
{
    parsed->method = line;
    parsed->path = cut(line, ' ');
    char *version = strstr(parsed->path, " HTTP/1.1");
    assert_non_null(version);
    *version = '\0';
    parsed->query = cut(parsed->path, '?');
}

static void parse(struct parsed *parsed, const char *name)
{
    parsed->text = read_text(name, "request.txt");
    char *rest = cut(parsed->text, '\n');
    parse_line(parsed, parsed->text);
    while (*rest != '\0' && *rest != '\n') {
        char *line = rest;
        char *end = strchr(line, '\n');
        while (end != NULL && (end[1] == ' ' || end[1] == '\t')) {
            end = strchr(end + 1, '\n'); /* a folded value goes on */
        }
        rest = end == NULL ? line + strlen(line) : end + 1;
        if (end != NULL) {
            *end = '\0';
        }
        char *value = cut(line, ':');
        assert_in_range(parsed->header_count, 0, HEADERS_MAX - 1);
        parsed->headers[parsed->header_count++] = (struct http_header){line, value};
    }
    parsed->body = *rest == '\n' ? rest + 1 : rest;
}

static void check(const struct vector *vector, const char *step, const char *actual)
{
    char *file = mem_format("%s-%s.txt", vector->is_query ? "query" : "header", step);
    char *expected = read_text(vector->name, file);
    assert_string_equal(actual, expected);
    free(expected);
    free(file);
}

static void set_member(struct secret *secret, const json_t *from, const char *name)
{
    const char *text = json_string_value(json_object_get(from, name));
    if (text != NULL) {
        secret_set(secret, text);
    }
}

static void test_vector(void **state)
{
    const struct vector *vector = *state;
    char *context_text = read_text(vector->name, "context.json");
    json_t *context = json_loads(context_text, 0, NULL);
    assert_non_null(context);
    const json_t *credentials = json_object_get(context, "credentials");
    struct secret id = {0};
    struct secret secret = {0};
    struct secret token = {0};
    set_member(&id, credentials, "access_key_id");
    set_member(&secret, credentials, "secret_access_key");
    set_member(&token, credentials, "token");

    struct parsed parsed = {0};
    parse(&parsed, vector->name);
    const struct sigv4_key key = {
        .access_key_id = &id,
        .secret_access_key = &secret,
        .session_token = &token,
        .region = json_string_value(json_object_get(context, "region")),
        .service = json_string_value(json_object_get(context, "service")),
        .normalise = json_is_true(json_object_get(context, "normalize")),
        .sign_body = json_is_true(json_object_get(context, "sign_body")),
        .omit_token = json_is_true(json_object_get(context, "omit_session_token")),
    };
    const struct sigv4_request request = {
        .method = parsed.method,
        .path = parsed.path,
        .query = parsed.query,
        .headers = parsed.headers,
        .header_count = parsed.header_count,
        .body = bytes_of(parsed.body),
    };
    int64_t now_ms = 0;
    const char *time = json_string_value(json_object_get(context, "timestamp"));
    assert_true(timestamp_parse(bytes_of(time), &now_ms));

    struct sigv4_result result;
    if (vector->is_query) {
        json_t *expires = json_object_get(context, "expiration_in_seconds");
        sigv4_presign(&key, &request, now_ms, (int)json_integer_value(expires), &result);
    } else {
        sigv4_sign(&key, &request, now_ms, &result);
    }
    check(vector, "canonical-request", buf_text(&result.canonical));
    check(vector, "string-to-sign", buf_text(&result.to_sign));
    check(vector, "signature", result.signature);

    sigv4_result_clear(&result);
    secret_clear(&id);
    secret_clear(&secret);
    secret_clear(&token);
    json_decref(context);
    free(context_text);
    free(parsed.text);
}

static int is_case(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

int main(void)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_case, alphasort);
    if (count < 0) {
        printf("SKIP: AWS's signing cases are not at %s\n", folder);
        return SKIPPED;
    }
    if (count != CASES) {
        printf("%d cases instead of %d\n", count, CASES);
        return 1;
    }
    struct CMUnitTest tests[2 * CASES] = {0};
    struct vector vectors[2 * CASES] = {0};
    for (size_t i = 0; i < 2 * (size_t)CASES; i++) {
        struct vector *vector = &vectors[i];
        vector->is_query = i % 2 == 1;
        vector->name = entries[i / 2]->d_name;
        tests[i] = (struct CMUnitTest){
            .name = mem_format("%s, %s", vector->name, i % 2 == 1 ? "query" : "header"),
            .test_func = test_vector,
            .initial_state = vector};
    }
    int failed = cmocka_run_group_tests_name("sigv4", tests, NULL, NULL);
    for (size_t i = 0; i < CASES; i++) {
        free((char *)tests[2 * i].name);
        free((char *)tests[2 * i + 1].name);
        free(entries[i]);
    }
    free(entries);
    return failed;
}
