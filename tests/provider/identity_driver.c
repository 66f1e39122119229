/*
 * azure/identity.h for scripts: identity_driver SETTINGS.json, then commands on stdin,
 * each answered by one line on stdout. The environment is the caller's.
 *
 *   token AUDIENCE     token TEXT | error KIND TEXT
 *   refresh AUDIENCE   the same, as after a 401
 *   advance SECONDS    ok; moves the clocks
 *   wall SECONDS       ok; moves the wall clock alone
 *   ends WORD          end LINE: the series of a credential that ends and has WORD in it
 *   open               name TEXT | error KIND TEXT: reads settings and files again
 */
#include "azure/identity.h"
#include "base/log.h"
#include "metrics/metrics.h"
#include "net/http.h"
#include "net/token_cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_SIZE = 512, TEXT_MAX = 1 << 20 };

struct driver {
    struct runtime real;
    struct http *http;
    int64_t off_ms;
    int64_t wall_ms;
    json_t *settings;
    struct identity *identity;
};

static int64_t now_ms(void *context)
{
    struct driver *driver = context;
    return driver->real.now_ms(driver->real.context) + driver->off_ms + driver->wall_ms;
}

static int64_t monotonic_ms(void *context)
{
    struct driver *driver = context;
    return driver->real.monotonic_ms(driver->real.context) + driver->off_ms;
}

static void fill(void *context, uint8_t *out, size_t size)
{
    struct driver *driver = context;
    driver->real.random(driver->real.context, out, size);
}

static bool no_wait(void *context, int64_t ms, struct error *err)
{
    (void)err;
    struct driver *driver = context;
    driver->off_ms += ms;
    return true;
}

static bool send(void *context, const struct http_request *request,
                 struct http_response *response, struct error *err)
{
    struct driver *driver = context;
    const struct runtime runtime = {driver, send, now_ms, monotonic_ms, no_wait, fill};
    return http_send(driver->http, &runtime, request, response, err);
}

static void tell(bool ok, const char *word, const char *text, const struct error *err)
{
    if (ok) {
        printf("%s %s\n", word, text);
    } else {
        printf("error %s %s\n", error_kind_name(err->kind), err->text);
    }
    fflush(stdout);
}

static void open_identity(struct driver *driver)
{
    struct error err = {0};
    identity_free(driver->identity);
    driver->identity = NULL;
    bool ok = identity_new(driver->settings, &driver->identity, &err);
    tell(ok, "name", ok ? identity_name(driver->identity) : "", &err);
}

static void ask(struct driver *driver, const char *audience, bool refresh)
{
    struct error err = {0};
    struct secret token = {0};
    const struct runtime runtime = {driver, send, now_ms, monotonic_ms, no_wait, fill};
    bool (*const get)(struct identity *, const struct runtime *, const char *,
                      struct secret *, struct error *) =
        refresh ? identity_next_token : identity_token;
    bool ok = driver->identity != NULL &&
              get(driver->identity, &runtime, audience, &token, &err);
    tell(ok, "token", secret_reveal(&token), &err);
    secret_clear(&token);
}

static void find_end(const char *word)
{
    struct buf text;
    buf_init(&text, TEXT_MAX);
    metrics_write(true, &text);
    char *left = NULL;
    char *line = strtok_r((char *)buf_text(&text), "\n", &left);
    while (line != NULL && (line[0] == '#' || strstr(line, word) == NULL)) {
        line = strtok_r(NULL, "\n", &left);
    }
    tell(true, "end", line == NULL ? "" : line, NULL);
    buf_clear(&text);
}

static void obey(struct driver *driver, char *line)
{
    line[strcspn(line, "\n")] = '\0';
    char *rest = strchr(line, ' ');
    if (rest == NULL) {
        open_identity(driver);
        return;
    }
    *rest++ = '\0';
    if (strcmp(line, "advance") == 0 || strcmp(line, "wall") == 0) {
        int64_t ms = strtoll(rest, NULL, 10) * 1000;
        driver->off_ms += line[0] == 'a' ? ms : 0;
        driver->wall_ms += line[0] == 'w' ? ms : 0;
        tell(true, "ok", "", NULL);
        return;
    }
    if (strcmp(line, "ends") == 0) {
        find_end(rest);
        return;
    }
    ask(driver, rest, strcmp(line, "refresh") == 0);
}

int main(int argc, char **argv)
{
    struct driver driver = {0};
    struct error err = {0};
    char line[LINE_SIZE];
    driver.settings = argc == 2 ? json_load_file(argv[1], 0, NULL) : NULL;
    if (driver.settings == NULL || !http_global_init(&err)) {
        fprintf(stderr, "usage: identity_driver SETTINGS.json\n");
        return 2;
    }
    log_set_level(LOG_DEBUG);
    metrics_enable();
    runtime_init(&driver.real);
    driver.http = http_new();
    while (fgets(line, sizeof(line), stdin) != NULL) {
        obey(&driver, line);
    }
    identity_free(driver.identity);
    http_free(driver.http);
    runtime_clear(&driver.real);
    json_decref(driver.settings);
    token_cache_clear();
    metrics_clear();
    http_global_cleanup();
    return 0;
}
