#include "azure_double.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct setting identity_settings[] = {{.type = SETTING_END}};

struct identity {
    int unused;
};

static int token_number = 1;
static char last_audience[128];
static bool is_managed;

void azure_double_reset(void)
{
    token_number = 1;
    last_audience[0] = '\0';
}

void azure_double_manage(bool is_on)
{
    is_managed = is_on;
}

const char *azure_double_audience(void)
{
    return last_audience;
}

bool identity_new(const json_t *settings, struct identity **identity, struct error *err)
{
    (void)settings;
    (void)err;
    *identity = mem_new(1, sizeof(**identity));
    return true;
}

void identity_free(struct identity *identity)
{
    free(identity);
}

bool identity_token(struct identity *identity, const struct runtime *runtime,
                    const char *audience, struct secret *token, struct error *err)
{
    (void)identity;
    (void)runtime;
    (void)err;
    snprintf(last_audience, sizeof(last_audience), "%s", audience);
    char *text = mem_format("token-%d", token_number);
    secret_set(token, text);
    free(text);
    return true;
}

bool identity_next_token(struct identity *identity, const struct runtime *runtime,
                         const char *audience, struct secret *token, struct error *err)
{
    token_number++;
    return identity_token(identity, runtime, audience, token, err);
}

const char *identity_name(const struct identity *identity)
{
    (void)identity;
    return "double";
}

const char *identity_id(const struct identity *identity)
{
    (void)identity;
    return is_managed ? NULL : AZURE_DOUBLE_ID;
}

bool identity_is_managed(const struct identity *identity)
{
    (void)identity;
    return is_managed;
}
