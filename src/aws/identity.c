#include "aws/identity.h"

#include "aws/endpoint.h"
#include "aws/identity_what.h"
#include "aws/origin.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/object.h"
#include "base/timestamp.h"
#include "metrics/expiry.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    EARLY_MS = 5 * MS_PER_MINUTE, /* renewed so long before they end, */
    EARLY_SHARE = 4,              /* or in the last quarter of a short life */
    FAILED_MS = 10 * MS_PER_SECOND,
    REFUSED_MS = 30 * MS_PER_SECOND,
    FORCED_MS = MS_PER_MINUTE,
};

const char *const identity_kinds[] = {"auto",         "environment", "profile",
                                      "web-identity", "container",   "instance",
                                      "process",      NULL};

struct identity {
    struct identity *next;
    struct identity *parent; /* with whose credentials role is assumed; NULL: origin */
    json_t *what;            /* what it is made of; the texts below are its */
    char *key;
    uint64_t hash; /* of key: a thousand accounts are looked through each turn */
    char *sts_region;
    char *sts_endpoint; /* NULL: the region's */
    struct origin origin;
    struct sts_role role;

    pthread_mutex_t lock; /* of all below */
    pthread_cond_t changed;
    bool is_renewing;
    bool is_told;
    unsigned version; /* of held; 0: none were got yet */
    struct credentials held;
    int64_t renew_ms; /* on the monotonic clock; INT64_MAX: never */
    int64_t end_ms;
    int64_t forced_ms;       /* when AWS last made us renew; 0: never */
    unsigned forced_version; /* the one that it refused then */
    struct error failure;
    int64_t failed_until_ms;
    int64_t skew_ms;
};

static struct identity *identities;
static pthread_mutex_t identities_lock = PTHREAD_MUTEX_INITIALIZER;

static enum origin_kind kind_of(const json_t *what)
{
    const char *word = object_text(what, "credentials");
    for (size_t i = 0; word != NULL && identity_kinds[i] != NULL; i++) {
        if (strcmp(identity_kinds[i], word) == 0) {
            return (enum origin_kind)i;
        }
    }
    return ORIGIN_AUTO;
}

static uint64_t hash_of(const char *text)
{
    uint64_t hash = 0xcbf29ce484222325; /* FNV-1a */
    for (; *text != '\0'; text++) {
        hash = (hash ^ (uint8_t)*text) * 0x100000001b3;
    }
    return hash;
}

static struct identity *make(json_t *what, char *key, const char *region,
                             struct identity *parent)
{
    struct identity *made = mem_new(1, sizeof(*made));
    const char *session = object_text(what, "session_name");
    const char *asked = sts_region(object_text(what, "sts_region"), region);
    made->parent = parent;
    made->what = json_incref(what);
    made->key = key;
    made->hash = hash_of(key);
    const char *endpoint = object_text(what, "sts_endpoint");
    made->sts_region = mem_dup(asked);
    made->sts_endpoint =
        endpoint != NULL ? mem_dup(endpoint) : endpoint_configured("sts", asked, what);
    made->origin = (struct origin){
        .kind = kind_of(what),
        .profile = object_text(what, "profile"),
        .argv = json_object_get(what, "credential_process"),
        .session_name = session == NULL ? "auditbridge" : session,
        .place = {made->sts_region, made->sts_endpoint, object_text(what, "ca_file")},
    };
    const json_t *roles = json_object_get(what, "roles");
    const json_t *last = json_array_get(roles, json_array_size(roles) - 1);
    made->role = (struct sts_role){.arn = object_text(last, "arn"),
                                   .external_id = object_text(last, "external_id"),
                                   .session_name = made->origin.session_name};
    pthread_mutex_init(&made->lock, NULL);
    pthread_cond_init(&made->changed, NULL);
    made->next = identities;
    identities = made;
    return made;
}

static struct identity *find_or_make(json_t *what, const char *region,
                                     struct identity *parent)
{
    char *key = json_dumps(what, JSON_COMPACT | JSON_SORT_KEYS);
    uint64_t hash = hash_of(key);
    for (struct identity *at = identities; at != NULL; at = at->next) {
        if (at->hash == hash && strcmp(at->key, key) == 0) {
            free(key);
            return at;
        }
    }
    return make(what, key, region, parent);
}

bool identity_find(const json_t *settings, const char *region, struct identity **identity,
                   struct error *err)
{
    json_t *what = identity_what(settings, region);
    json_t *roles = json_object_get(what, "roles");
    bool ok = identity_what_check(what, settings, err);
    struct identity *found = NULL;
    if (ok) {
        pthread_mutex_lock(&identities_lock);
        json_t *left = json_deep_copy(what);
        json_array_clear(json_object_get(left, "roles"));
        for (size_t i = 0; i <= json_array_size(roles); i++) {
            json_t *step = json_deep_copy(left);
            found = find_or_make(step, region, found);
            json_decref(step);
            json_array_append(json_object_get(left, "roles"), json_array_get(roles, i));
        }
        json_decref(left);
        pthread_mutex_unlock(&identities_lock);
        *identity = found;
    }
    json_decref(what);
    return ok;
}

static bool load(const struct identity *identity, const struct runtime *runtime,
                 struct credentials *credentials, struct error *err)
{
    if (identity->parent == NULL) {
        return origin_load(&identity->origin, runtime, credentials, err);
    }
    const struct sts_caller caller = {.runtime = runtime,
                                      .place = identity->origin.place,
                                      .identity = identity->parent};
    return sts_assume(&caller, &identity->role, credentials, err);
}

static int64_t monotonic_ms(const struct runtime *runtime)
{
    return runtime->monotonic_ms(runtime->context);
}

/* Once an identity: who won. A role for every account would be a line for each. */
static void tell(struct identity *identity)
{
    if (identity->is_told) {
        return;
    }
    identity->is_told = true;
    log_write_take(identity->parent == NULL ? LOG_INFO : LOG_DEBUG, LOG_CREDENTIALS_FOUND,
                   NULL, json_pack("{s:s}", "from", identity->held.from));
}

/* For metrics: held is not renewed, and ends at its time; or it was renewed. */
static void meter_expiry(const struct identity *identity, const struct runtime *runtime,
                         bool is_renewed)
{
    const struct expiry_of held = {"aws", identity->held.from, NULL};
    if (held.kind == NULL || identity->end_ms == INT64_MAX) {
        return;
    }
    if (is_renewed) {
        expiry_forget(&held);
    } else {
        expiry_set(&held, runtime->now_ms(runtime->context) + identity->end_ms -
                              monotonic_ms(runtime));
    }
}

static void keep(struct identity *identity, struct credentials *fresh, int64_t now_ms)
{
    int64_t life_ms = fresh->life_ms;
    int64_t early_ms =
        life_ms / EARLY_SHARE < EARLY_MS ? life_ms / EARLY_SHARE : EARLY_MS;
    fresh->version = ++identity->version;
    credentials_clear(&identity->held);
    identity->held = *fresh; /* taken over */
    *fresh = (struct credentials){0};
    identity->end_ms = life_ms == 0 ? INT64_MAX : now_ms + life_ms;
    identity->renew_ms = life_ms == 0 ? INT64_MAX : identity->end_ms - early_ms;
    identity->failed_until_ms = 0;
    tell(identity);
}

/* Remembers why, and says so when it is not yet felt. */
static void note_failure(struct identity *identity, const struct error *failure,
                         int64_t now_ms, bool is_good)
{
    bool is_refusal = failure->kind == ERROR_CONFIG || failure->kind == ERROR_DENIED;
    int64_t pause_ms = is_refusal ? REFUSED_MS : FAILED_MS;
    if (failure->kind == ERROR_STOPPED) {
        return;
    }
    pause_ms = failure->retry_after_ms > pause_ms ? failure->retry_after_ms : pause_ms;
    identity->failure = *failure;
    identity->failed_until_ms = now_ms + pause_ms;
    if (is_good) {
        log_write_take(LOG_WARN, LOG_CREDENTIALS_STALE, NULL,
                       json_pack("{s:s, s:I, s:s}", "from", identity->held.from,
                                 "good_for_s",
                                 (json_int_t)(identity->end_ms - now_ms) / MS_PER_SECOND,
                                 "error", failure->text));
    }
}

/* Gets new ones without the lock, which it holds on entry and on return. */
static bool renew(struct identity *identity, const struct runtime *runtime, bool is_good,
                  struct error *err)
{
    struct credentials fresh = {0};
    struct error failure = {0};
    identity->is_renewing = true;
    pthread_mutex_unlock(&identity->lock);
    bool ok = load(identity, runtime, &fresh, &failure);
    int64_t now_ms = monotonic_ms(runtime);
    pthread_mutex_lock(&identity->lock);

    identity->is_renewing = false;
    if (ok) {
        keep(identity, &fresh, now_ms);
    } else {
        note_failure(identity, &failure, now_ms, is_good);
    }
    meter_expiry(identity, runtime, ok);
    if (!ok) {
        if (err != NULL) {
            *err = failure;
        }
    }
    credentials_clear(&fresh);
    pthread_cond_broadcast(&identity->changed);
    return ok;
}

static bool repeat_failure(const struct identity *identity, struct error *err)
{
    if (err != NULL) {
        *err = identity->failure;
    }
    return false;
}

/*
 * Waits or works until held is good: got, not over, and not the refused version.
 * While it still is good, only the thread that renews it early is held up.
 */
static bool settle(struct identity *identity, const struct runtime *runtime,
                   unsigned refused, struct error *err)
{
    for (;;) {
        int64_t now_ms = monotonic_ms(runtime);
        bool is_good = identity->version > refused && now_ms < identity->end_ms;
        bool is_failed = now_ms < identity->failed_until_ms;
        bool can_wait = now_ms < identity->renew_ms || identity->is_renewing || is_failed;
        if (is_good && can_wait) {
            return true;
        }
        if (is_failed && !identity->is_renewing) {
            return repeat_failure(identity, err);
        }
        if (!identity->is_renewing) {
            return renew(identity, runtime, is_good, is_good ? NULL : err) || is_good;
        }
        pthread_cond_wait(&identity->changed, &identity->lock);
    }
}

bool identity_get(struct identity *identity, const struct runtime *runtime,
                  struct credentials *credentials, struct error *err)
{
    pthread_mutex_lock(&identity->lock);
    bool ok = settle(identity, runtime, 0, err);
    if (ok) {
        credentials_copy(&identity->held, credentials);
    }
    pthread_mutex_unlock(&identity->lock);
    return ok;
}

bool identity_renew(struct identity *identity, const struct runtime *runtime,
                    struct credentials *credentials, struct error *err)
{
    pthread_mutex_lock(&identity->lock);
    int64_t now_ms = monotonic_ms(runtime);
    unsigned refused = credentials->version;
    bool is_new = refused == identity->version && refused != identity->forced_version;
    /*
     * Some refusals read like an expiry and are none: a region that the account has not
     * opted into knows no credentials at all. They must not ask STS again and again.
     */
    bool was_forced =
        identity->forced_ms != 0 && now_ms - identity->forced_ms < FORCED_MS;
    if (is_new && was_forced) {
        refused--;
    } else if (is_new) {
        identity->forced_ms = now_ms;
        identity->forced_version = refused;
    }
    bool ok = settle(identity, runtime, refused, err);
    if (ok) {
        credentials_copy(&identity->held, credentials);
    }
    pthread_mutex_unlock(&identity->lock);
    return ok;
}

json_t *identity_names(struct identity *identity)
{
    json_t *names = json_array();
    for (struct identity *at = identity; at != NULL; at = at->parent) {
        pthread_mutex_lock(&at->lock);
        if (at->held.arn != NULL) {
            json_array_append_new(names, json_string(at->held.arn));
        }
        if (secret_is_set(&at->held.access_key_id)) {
            json_array_append_new(names,
                                  json_string(secret_reveal(&at->held.access_key_id)));
        }
        pthread_mutex_unlock(&at->lock);
    }
    return names;
}

int64_t identity_skew_ms(struct identity *identity)
{
    pthread_mutex_lock(&identity->lock);
    int64_t skew_ms = identity->skew_ms;
    pthread_mutex_unlock(&identity->lock);
    return skew_ms;
}

void identity_set_skew(struct identity *identity, int64_t skew_ms)
{
    pthread_mutex_lock(&identity->lock);
    identity->skew_ms = skew_ms;
    pthread_mutex_unlock(&identity->lock);
}

void identity_forget_all(void)
{
    pthread_mutex_lock(&identities_lock);
    while (identities != NULL) {
        struct identity *next = identities->next;
        credentials_clear(&identities->held);
        pthread_cond_destroy(&identities->changed);
        pthread_mutex_destroy(&identities->lock);
        json_decref(identities->what);
        free(identities->key);
        free(identities->sts_region);
        free(identities->sts_endpoint);
        free(identities);
        identities = next;
    }
    pthread_mutex_unlock(&identities_lock);
}
