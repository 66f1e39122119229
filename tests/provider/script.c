#include "script.h"

#include "aws/identity.h"
#include "base/mem.h"
#include "net/http_retry.h"

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

static void remember(struct script *script, const struct http_request *request,
                     const struct http_extra *extra)
{
    assert_in_range(script->sent_count, 0, SCRIPT_REQUESTS - 1);
    struct sent *sent = &script->sent[script->sent_count++];
    assert_in_range(request->body.size, 0, SCRIPT_TEXT - 1);
    if (request->body.size > 0) {
        memcpy(sent->body, request->body.data, request->body.size);
    }
    for (size_t i = 0; i < extra->count; i++) {
        const char *name = extra->items[i].name;
        const char *value = extra->items[i].value;
        if (strcmp(name, "X-Amz-Date") == 0) {
            copy(sent->date, sizeof(sent->date), value);
        } else if (strcmp(name, "X-Amz-Security-Token") == 0) {
            copy(sent->token, sizeof(sent->token), value);
        } else if (strcmp(name, "Authorization") == 0) {
            copy(sent->authorization, sizeof(sent->authorization), value);
        }
    }
    copy(sent->url, sizeof(sent->url), request->url);
    sent->waited_ms = script->waited_ms;
    script->waited_ms = 0;
    copy(script->url, sizeof(script->url), request->url);
    assert_non_null(request->credential_hosts);
    copy(script->credential_host, sizeof(script->credential_host),
         request->credential_hosts[0]);
}

static void read_body(const char *file, struct buf *out)
{
    bool is_whole = strchr(file, '/') != NULL;
    char *path = mem_format("%s%s", is_whole ? "" : "aws/lookup/", file);
    FILE *in = fopen(path, "rb");
    if (in == NULL) {
        fail_msg("fixture %s cannot be read", path);
    }
    uint8_t *room = buf_reserve(out, 1 << 16);
    assert_non_null(room);
    out->size += fread(room, 1, 1 << 16, in);
    fclose(in);
    free(path);
}

static bool serve(struct script *script, const struct http_request *request,
                  struct http_response *response, struct error *err)
{
    assert_in_range(script->next, 0, script->step_count - 1);
    const struct step *step = &script->steps[script->next++];
    http_response_clear(response);
    buf_init(&response->body, request->limit);
    if (step->fails != ERROR_NONE) {
        return error_set(err, step->fails, "scripted");
    }
    response->status = step->status == 0 ? 200 : step->status;
    response->date_ms = step->date_ms;
    copy(response->error_type, sizeof(response->error_type),
         step->error_type == NULL ? "" : step->error_type);
    copy(response->content_type, sizeof(response->content_type),
         step->content_type == NULL ? "application/json" : step->content_type);
    response->retry_after_ms = step->retry_after_ms;
    response->reads_left = step->reads_left;
    if (step->file != NULL) {
        read_body(step->file, &response->body);
    }
    return true;
}

static bool script_http(void *context, const struct http_request *request,
                        struct http_response *response, struct error *err)
{
    struct script *script = context;
    struct http_retry retry = {.runtime = &script->runtime, .request = request};
    bool sent = false;
    do {
        struct http_extra extra = {0};
        sent = request->authorize(request->context, request, retry.refresh, &extra, err);
        if (sent) {
            remember(script, request, &extra);
            sent = serve(script, request, response, err);
        }
        http_extra_clear(&extra);
    } while (http_retry_again(&retry, sent, response, err));
    return retry.is_answered;
}

static int64_t script_now_ms(void *context)
{
    const struct script *script = context;
    return script->now_ms;
}

static bool script_wait(void *context, int64_t ms, struct error *err)
{
    (void)err;
    struct script *script = context;
    script->now_ms += ms;
    script->waited_ms += ms;
    return true;
}

static void script_random(void *context, uint8_t *out, size_t size)
{
    (void)context;
    memset(out, 0x80, size); /* half of every ceiling */
}

void script_init(struct script *script, const struct step *steps, size_t count)
{
    identity_forget_all(); /* what another script's clock said of them is over */
    *script = (struct script){.steps = steps,
                              .step_count = count,
                              .now_ms = 1767229200000}; /* 2026-01-01T01:00:00Z */
    script->runtime = (struct runtime){.context = script,
                                       .http = script_http,
                                       .now_ms = script_now_ms,
                                       .monotonic_ms = script_now_ms,
                                       .wait = script_wait,
                                       .random = script_random};
}
