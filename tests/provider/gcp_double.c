#include "gcp_double.h"

#include "base/mem.h"

#include <stdlib.h>

struct adc {
    int unused;
};

const struct setting adc_settings[] = {{.type = SETTING_END}};

static int token_number = 1;
static const char *quota_project;

void gcp_double_reset(void)
{
    token_number = 1;
    quota_project = NULL;
}

void gcp_double_quota_project(const char *project)
{
    quota_project = project;
}

bool adc_new(const json_t *settings, struct adc **adc, struct error *err)
{
    (void)settings;
    (void)err;
    *adc = mem_new(1, sizeof(**adc));
    return true;
}

void adc_free(struct adc *adc)
{
    free(adc);
}

bool adc_token(struct adc *adc, const struct runtime *runtime, struct secret *token,
               struct error *err)
{
    (void)adc;
    (void)runtime;
    (void)err;
    char *text = mem_format("token-%d", token_number);
    secret_set(token, text);
    free(text);
    return true;
}

bool adc_next_token(struct adc *adc, const struct runtime *runtime,
                    const struct secret *refused, struct secret *token, struct error *err)
{
    (void)refused;
    token_number++;
    return adc_token(adc, runtime, token, err);
}

const char *adc_quota_project(const struct adc *adc)
{
    (void)adc;
    return quota_project;
}

const char *adc_universe(const struct adc *adc)
{
    (void)adc;
    return "googleapis.com";
}

json_t *adc_members(const struct adc *adc, const struct runtime *runtime)
{
    (void)adc;
    (void)runtime;
    return json_pack("[s]", "serviceAccount:double@example.org");
}

json_t *adc_self(const struct adc *adc, const struct runtime *runtime)
{
    return adc_members(adc, runtime);
}

const char *adc_origin(const struct adc *adc)
{
    (void)adc;
    return "test";
}

const char *adc_name(const struct adc *adc)
{
    (void)adc;
    return "double";
}
