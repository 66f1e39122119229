#include "aws_world.h"

#include "aws/identity.h"
#include "base/mem.h"
#include "base/timestamp.h"
#include "net/http_retry.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void copy(char *out, size_t size, const char *text)
{
    snprintf(out, size, "%s", text);
}

static void remember(struct world *world, const struct http_request *request,
                     const struct http_extra *extra)
{
    assert_in_range(world->seen_count, 0, WORLD_SEEN - 1);
    struct world_request *seen = &world->seen[world->seen_count++];
    copy(seen->url, sizeof(seen->url), request->url);
    assert_in_range(request->body.size, 0, WORLD_TEXT - 1);
    memcpy(seen->body,
           request->body.data == NULL ? (const uint8_t *)"" : request->body.data,
           request->body.size);
    seen->is_metadata = request->is_metadata;
    for (size_t i = 0; i < extra->count; i++) {
        const char *name = extra->items[i].name;
        const char *value = extra->items[i].value;
        if (strcmp(name, "X-Amz-Security-Token") == 0) {
            copy(seen->token, sizeof(seen->token), value);
        } else if (strcmp(name, "Authorization") == 0 ||
                   strcmp(name, "x-aws-ec2-metadata-token") == 0) {
            copy(seen->authorization, sizeof(seen->authorization), value);
        }
    }
}

static const struct world_rule *
rule_for(struct world *world, const struct world_request *seen, const char *method)
{
    for (size_t i = 0; i < WORLD_RULES; i++) {
        const struct world_rule *rule = &world->rules[i];
        if (rule->url == NULL || strstr(seen->url, rule->url) == NULL ||
            (rule->body != NULL && strstr(seen->body, rule->body) == NULL) ||
            (rule->method != NULL && strcmp(rule->method, method) != 0) ||
            (rule->times > 0 && world->used[i] >= rule->times)) {
            continue;
        }
        world->used[i]++;
        return rule;
    }
    return NULL;
}

/*
 * %N in an answer is how often something was asked, so that no two are the same; %E an
 * hour from now and %M a minute, on the cloud's clock.
 */
static void add_answer(const struct world *world, const char *text, struct buf *out)
{
    char hour[TIMESTAMP_TEXT_SIZE];
    char minute[TIMESTAMP_TEXT_SIZE];
    int64_t now_ms = world->now_ms + world->date_off_ms;
    timestamp_format(now_ms + MS_PER_HOUR, hour);
    timestamp_format(now_ms + MS_PER_MINUTE, minute);
    for (; *text != '\0'; text++) {
        if (text[0] == '%' && text[1] == 'N') {
            buf_addf(out, "%zu", world->seen_count);
        } else if (text[0] == '%' && text[1] == 'E') {
            buf_add_text(out, hour);
        } else if (text[0] == '%' && text[1] == 'M') {
            buf_add_text(out, minute);
        } else {
            buf_add_byte(out, (uint8_t)*text);
            continue;
        }
        text++;
    }
}

static void read_file(const char *name, char out[WORLD_TEXT * 2])
{
    char *path = mem_format("aws/%s", name);
    FILE *in = fopen(path, "rb");
    if (in == NULL) {
        fail_msg("fixture %s cannot be read", path);
    }
    size_t size = fread(out, 1, WORLD_TEXT * 2 - 1, in);
    out[size] = '\0';
    fclose(in);
    free(path);
}

static bool serve(struct world *world, const struct http_request *request,
                  struct http_response *response, struct error *err)
{
    const struct world_request *seen = &world->seen[world->seen_count - 1];
    const struct world_rule *rule = rule_for(world, seen, request->method);
    char text[WORLD_TEXT * 2] = "";
    http_response_clear(response);
    buf_init(&response->body, request->limit);
    if (rule == NULL) {
        print_error("no rule for %s %s %s\n", request->method, seen->url, seen->body);
        return error_set(err, ERROR_UNREACHABLE, "nothing answers there");
    }
    if (rule->fails != ERROR_NONE) {
        return error_set(err, rule->fails, "scripted");
    }
    response->status = rule->status == 0 ? 200 : rule->status;
    response->date_ms = world->now_ms + world->date_off_ms;
    if (rule->answer != NULL && strncmp(rule->answer, "identity/", 9) == 0) {
        read_file(rule->answer, text);
    } else if (rule->answer != NULL) {
        copy(text, sizeof(text), rule->answer);
    }
    add_answer(world, text, &response->body);
    return true;
}

static bool world_http(void *context, const struct http_request *request,
                       struct http_response *response, struct error *err)
{
    struct world *world = context;
    struct http_retry retry = {.runtime = &world->runtime, .request = request};
    bool sent = false;
    do {
        struct http_extra extra = {0};
        sent = request->authorize == NULL ||
               request->authorize(request->context, request, retry.refresh, &extra, err);
        poll(NULL, 0, world->answer_wait_ms);
        pthread_mutex_lock(&world->lock);
        if (sent) {
            remember(world, request, &extra);
            sent = serve(world, request, response, err);
        }
        pthread_mutex_unlock(&world->lock);
        http_extra_clear(&extra);
    } while (http_retry_again(&retry, sent, response, err));
    return retry.is_answered;
}

static int64_t world_now_ms(void *context)
{
    struct world *world = context;
    pthread_mutex_lock(&world->lock);
    int64_t now_ms = world->now_ms;
    pthread_mutex_unlock(&world->lock);
    return now_ms;
}

static bool world_wait(void *context, int64_t ms, struct error *err)
{
    (void)err;
    struct world *world = context;
    pthread_mutex_lock(&world->lock);
    world->now_ms += ms;
    pthread_mutex_unlock(&world->lock);
    return true;
}

static void world_random(void *context, uint8_t *out, size_t size)
{
    (void)context;
    memset(out, 0x80, size);
}

void world_init(struct world *world)
{
    static const char *const variables[] = {"AWS_ACCESS_KEY_ID",
                                            "AWS_SECRET_ACCESS_KEY",
                                            "AWS_SESSION_TOKEN",
                                            "AWS_PROFILE",
                                            "AWS_DEFAULT_PROFILE",
                                            "AWS_ROLE_ARN",
                                            "AWS_WEB_IDENTITY_TOKEN_FILE",
                                            "AWS_ROLE_SESSION_NAME",
                                            "AWS_REGION",
                                            "AWS_DEFAULT_REGION",
                                            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                                            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                                            "AWS_CONTAINER_AUTHORIZATION_TOKEN",
                                            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
                                            "AWS_EC2_METADATA_DISABLED",
                                            "AWS_EC2_METADATA_SERVICE_ENDPOINT",
                                            "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
                                            "AWS_ENDPOINT_URL",
                                            "AWS_ENDPOINT_URL_STS"};
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
        unsetenv(variables[i]);
    }
    setenv("AWS_CONFIG_FILE", "/dev/null", 1);
    setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null", 1);
    identity_forget_all();
    *world = (struct world){.now_ms = 1767229200000}; /* 2026-01-01T01:00:00Z */
    pthread_mutex_init(&world->lock, NULL);
    world->runtime = (struct runtime){.context = world,
                                      .http = world_http,
                                      .now_ms = world_now_ms,
                                      .monotonic_ms = world_now_ms,
                                      .wait = world_wait,
                                      .random = world_random};
}

void world_clear(struct world *world)
{
    identity_forget_all();
    pthread_mutex_destroy(&world->lock);
}

size_t world_count(struct world *world, const char *text)
{
    size_t count = 0;
    for (size_t i = 0; i < world->seen_count; i++) {
        const struct world_request *seen = &world->seen[i];
        count += strstr(seen->url, text) != NULL || strstr(seen->body, text) != NULL;
    }
    return count;
}
