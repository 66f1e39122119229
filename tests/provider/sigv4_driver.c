/*
 * Signs requests for sigv4_botocore.py: a request a line in, a signature a line
 * out.
 *
 *   {"method":"GET","path":"/a","query":"b=c","headers":[["Host","h"]],"body":"",
 *    "id":"A","secret":"S","token":"","region":"r","service":"s","now":1735689600,
 *    "s3":false}
 */
#include "base/mem.h"
#include "net/sigv4.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

enum { HEADERS_MAX = 16 };

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static void sign_line(const json_t *line)
{
    struct secret id = {0};
    struct secret secret = {0};
    struct secret token = {0};
    secret_set(&id, text_of(line, "id"));
    secret_set(&secret, text_of(line, "secret"));
    secret_set(&token, text_of(line, "token"));

    struct http_header headers[HEADERS_MAX];
    const json_t *list = json_object_get(line, "headers");
    size_t count = json_array_size(list);
    for (size_t i = 0; i < count && i < HEADERS_MAX; i++) {
        const json_t *pair = json_array_get(list, i);
        headers[i].name = json_string_value(json_array_get(pair, 0));
        headers[i].value = json_string_value(json_array_get(pair, 1));
    }
    bool is_s3 = json_is_true(json_object_get(line, "s3"));
    const struct sigv4_key key = {
        .access_key_id = &id,
        .secret_access_key = &secret,
        .session_token = &token,
        .region = text_of(line, "region"),
        .service = text_of(line, "service"),
        .is_single = is_s3,
        .normalise = !is_s3,
        .sign_body = is_s3,
    };
    const struct sigv4_request request = {
        .method = text_of(line, "method"),
        .path = text_of(line, "path"),
        .query = text_of(line, "query"),
        .headers = headers,
        .header_count = count,
        .body = bytes_of(text_of(line, "body")),
    };
    int64_t now_s = json_integer_value(json_object_get(line, "now"));
    struct sigv4_result result;
    sigv4_sign(&key, &request, now_s * MS_PER_SECOND, &result);
    puts(buf_text(&result.authorization));

    sigv4_result_clear(&result);
    secret_clear(&id);
    secret_clear(&secret);
    secret_clear(&token);
}

int main(void)
{
    json_t *line = NULL;
    while ((line = json_loadf(stdin, JSON_DISABLE_EOF_CHECK, NULL)) != NULL) {
        sign_line(line);
        json_decref(line);
    }
    return 0;
}
