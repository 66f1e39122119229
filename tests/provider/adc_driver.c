/*
 * gcp/adc.h for scripts: adc_driver SETTINGS.json, then commands on stdin, each answered
 * by one line on stdout. The environment is the caller's.
 *
 *   token              token TEXT | error KIND TEXT
 *   refresh TEXT       the same, TEXT having been refused with 401
 *   advance SECONDS    ok; moves the clocks
 *   wall SECONDS       ok; moves the wall clock alone
 *   waited             waited SECONDS: how long was waited between requests
 *   quota, universe    value TEXT
 *   open               name TEXT | error KIND TEXT: reads settings and files again
 */
#include "base/log.h"
#include "gcp/adc.h"
#include "net/http.h"
#include "net/token_cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_SIZE = 8192 };

struct driver {
    struct runtime real;
    struct http *http;
    int64_t off_ms;
    int64_t wall_ms;
    int64_t waited_ms;
    json_t *settings;
    struct adc *adc;
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
    driver->waited_ms += ms;
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
        printf("%s %s\n", word, text == NULL ? "" : text);
    } else {
        printf("error %s %s\n", error_kind_name(err->kind), err->text);
    }
    fflush(stdout);
}

static void open_adc(struct driver *driver)
{
    struct error err = {0};
    adc_free(driver->adc);
    driver->adc = NULL;
    bool ok = adc_new(driver->settings, &driver->adc, &err);
    tell(ok, "name", ok ? adc_name(driver->adc) : "", &err);
}

static void ask(struct driver *driver, const char *refused)
{
    struct error err = {0};
    struct secret old = {0};
    struct secret token = {0};
    const struct runtime runtime = {driver, send, now_ms, monotonic_ms, no_wait, fill};
    secret_set(&old, refused == NULL ? "" : refused);
    bool ok = refused == NULL ? adc_token(driver->adc, &runtime, &token, &err)
                              : adc_next_token(driver->adc, &runtime, &old, &token, &err);
    tell(ok, "token", secret_reveal(&token), &err);
    secret_clear(&token);
    secret_clear(&old);
}

static void obey(struct driver *driver, char *line)
{
    char waited[32];
    line[strcspn(line, "\n")] = '\0';
    char *rest = line + strcspn(line, " ");
    rest += *rest == ' ' ? 1 : 0;
    int64_t ms = strtoll(rest, NULL, 10) * 1000;
    if (strcmp(line, "open") == 0) {
        open_adc(driver);
    } else if (strncmp(line, "advance ", 8) == 0) {
        driver->off_ms += ms;
        tell(true, "ok", "", NULL);
    } else if (strncmp(line, "wall ", 5) == 0) {
        driver->wall_ms += ms;
        tell(true, "ok", "", NULL);
    } else if (strcmp(line, "waited") == 0) {
        snprintf(waited, sizeof(waited), "%lld", (long long)driver->waited_ms / 1000);
        tell(true, "waited", waited, NULL);
    } else if (strcmp(line, "quota") == 0) {
        tell(true, "value", adc_quota_project(driver->adc), NULL);
    } else if (strcmp(line, "universe") == 0) {
        tell(true, "value", adc_universe(driver->adc), NULL);
    } else {
        ask(driver, strncmp(line, "refresh ", 8) == 0 ? rest : NULL);
    }
}

int main(int argc, char **argv)
{
    struct driver driver = {0};
    struct error err = {0};
    char line[LINE_SIZE];
    driver.settings = argc == 2 ? json_load_file(argv[1], 0, NULL) : NULL;
    if (driver.settings == NULL || !http_global_init(&err)) {
        fprintf(stderr, "usage: adc_driver SETTINGS.json\n");
        return 2;
    }
    log_set_level(LOG_DEBUG);
    runtime_init(&driver.real);
    driver.http = http_new();
    while (fgets(line, sizeof(line), stdin) != NULL) {
        obey(&driver, line);
    }
    adc_free(driver.adc);
    http_free(driver.http);
    runtime_clear(&driver.real);
    json_decref(driver.settings);
    token_cache_clear();
    http_global_cleanup();
    return 0;
}
