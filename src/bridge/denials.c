#include "bridge/denials.h"

#include "base/mem.h"

#include <pthread.h>
#include <stdlib.h>

enum { TOLD_MAX = 20000 };

struct denials {
    pthread_mutex_t lock;
    json_t *told; /* when, by what */
};

struct denials *denials_new(void)
{
    struct denials *denials = mem_new(1, sizeof(*denials));
    pthread_mutex_init(&denials->lock, NULL);
    denials->told = json_object();
    return denials;
}

void denials_free(struct denials *denials)
{
    if (denials != NULL) {
        pthread_mutex_destroy(&denials->lock);
        json_decref(denials->told);
        free(denials);
    }
}

bool denials_tell(struct denials *denials, const struct source *source, int64_t now_ms)
{
    const char *account = json_string_value(json_object_get(source->settings, "account"));
    char *what = mem_format("%s\n%s\n%s", source->config->name,
                            account == NULL ? "" : account, source->error.text);
    pthread_mutex_lock(&denials->lock);
    const json_t *before = json_object_get(denials->told, what);
    bool is_due =
        before == NULL || now_ms - json_integer_value(before) >= DENIALS_EVERY_MS;
    if (is_due && json_object_size(denials->told) >= TOLD_MAX) {
        json_object_clear(denials->told);
    }
    if (is_due) {
        json_object_set_new(denials->told, what, json_integer(now_ms));
    }
    pthread_mutex_unlock(&denials->lock);
    free(what);
    return is_due;
}
