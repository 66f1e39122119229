#include "net/token_cache.h"

#include "base/mem.h"
#include "base/timestamp.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    MARGIN_MS = 30 * MS_PER_SECOND,  /* a request with it must still arrive in time */
    REFUSED_MS = 30 * MS_PER_SECOND, /* before what failed is tried again */
};

struct entry {
    struct entry *next;
    uint8_t identity[DIGEST_SIZE];
    char *audience;
    struct secret text;
    uint64_t number; /* of text, rising over all entries; 0: none yet */
    int64_t refresh_ms;
    int64_t until_ms;
    bool is_fetching;
    size_t waiting;
    uint64_t rounds;   /* fetches that came to an end */
    struct error last; /* how the last one ended */
    int64_t retry_ms;  /* not to be tried before, after a failure */
};

/* An identity that was named in the log. */
struct known {
    struct known *next;
    uint8_t identity[DIGEST_SIZE];
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct entry *entries;
static struct known *knowns;
static uint64_t last_number;

static void free_entry(struct entry *entry)
{
    secret_clear(&entry->text);
    free(entry->audience);
    free(entry);
}

/* What nobody asks for any more, such as a secret that was replaced, is not kept. */
static void drop_old(int64_t now_ms)
{
    struct entry **at = &entries;
    while (*at != NULL) {
        struct entry *entry = *at;
        bool is_old = !entry->is_fetching && entry->waiting == 0 &&
                      now_ms >= entry->until_ms && now_ms >= entry->retry_ms;
        if (is_old) {
            *at = entry->next;
            free_entry(entry);
        } else {
            at = &entry->next;
        }
    }
}

static struct entry *find(const struct token_cache_ask *ask)
{
    for (struct entry *at = entries; at != NULL; at = at->next) {
        if (memcmp(at->identity, ask->identity, DIGEST_SIZE) == 0 &&
            strcmp(at->audience, ask->audience) == 0) {
            return at;
        }
    }
    return NULL;
}

static struct entry *find_or_add(const struct token_cache_ask *ask, int64_t now_ms)
{
    struct entry *entry = find(ask);
    if (entry == NULL) {
        drop_old(now_ms);
        entry = mem_new(1, sizeof(*entry));
        memcpy(entry->identity, ask->identity, DIGEST_SIZE);
        entry->audience = mem_dup(ask->audience);
        entry->next = entries;
        entries = entry;
    }
    return entry;
}

static int64_t now_of(const struct token_cache_ask *ask)
{
    return ask->runtime->monotonic_ms(ask->runtime->context);
}

/* Good until its end, unless it is the one that the service has just refused. */
static bool is_good(const struct token_cache_ask *ask, const struct entry *entry,
                    int64_t now_ms)
{
    bool was_refused = ask->refresh && entry->number <= *ask->seen;
    return entry->number != 0 && now_ms < entry->until_ms && !was_refused;
}

static void give(const struct token_cache_ask *ask, const struct entry *entry,
                 struct secret *token)
{
    *ask->seen = *ask->seen < entry->number ? entry->number : *ask->seen;
    secret_set(token, secret_reveal(&entry->text));
}

static void await_fetch(struct entry *entry)
{
    uint64_t round = entry->rounds;
    entry->waiting++;
    while (entry->rounds == round) {
        pthread_cond_wait(&changed, &mutex);
    }
    entry->waiting--;
}

static void copy_error(struct error *err, const struct error *from)
{
    if (err != NULL) {
        *err = *from;
    }
}

enum token_cache_answer token_cache_find(const struct token_cache_ask *ask,
                                         struct secret *token, struct error *err)
{
    enum token_cache_answer answer = TOKEN_CACHE_FETCH;
    pthread_mutex_lock(&mutex);
    struct entry *entry = find_or_add(ask, now_of(ask));
    while (answer == TOKEN_CACHE_FETCH && entry->is_fetching &&
           !is_good(ask, entry, now_of(ask))) {
        await_fetch(entry);
        answer = entry->last.kind == ERROR_NONE ? TOKEN_CACHE_FETCH : TOKEN_CACHE_FAILED;
    }
    int64_t now_ms = now_of(ask);
    if (is_good(ask, entry, now_ms)) {
        bool is_due = now_ms >= entry->refresh_ms && !entry->is_fetching;
        answer = is_due ? TOKEN_CACHE_FETCH : TOKEN_CACHE_FOUND;
    } else if (now_ms < entry->retry_ms) {
        answer = TOKEN_CACHE_FAILED;
    }
    if (answer == TOKEN_CACHE_FETCH) {
        entry->is_fetching = true;
    } else if (answer == TOKEN_CACHE_FOUND) {
        give(ask, entry, token);
    } else {
        copy_error(err, &entry->last);
    }
    pthread_mutex_unlock(&mutex);
    return answer;
}

static void end_fetch(struct entry *entry, const struct error *err)
{
    entry->last = err == NULL ? (struct error){0} : *err;
    entry->is_fetching = false;
    entry->rounds++;
    pthread_cond_broadcast(&changed);
}

void token_cache_keep(const struct token_cache_ask *ask, const struct token *fetched,
                      struct secret *token)
{
    pthread_mutex_lock(&mutex);
    struct entry *entry = find(ask);
    int64_t now_ms = now_of(ask);
    int64_t margin_ms =
        fetched->life_ms > 4LL * MARGIN_MS ? MARGIN_MS : fetched->life_ms / 4;
    secret_set(&entry->text, secret_reveal(&fetched->text));
    entry->number = ++last_number;
    entry->refresh_ms = now_ms + fetched->refresh_ms;
    entry->until_ms = now_ms + fetched->life_ms - margin_ms;
    entry->retry_ms = 0;
    give(ask, entry, token);
    end_fetch(entry, NULL);
    pthread_mutex_unlock(&mutex);
}

bool token_cache_fail(const struct token_cache_ask *ask, const struct error *err,
                      struct secret *token)
{
    pthread_mutex_lock(&mutex);
    struct entry *entry = find(ask);
    int64_t now_ms = now_of(ask);
    bool was_good = is_good(ask, entry, now_ms);
    /* A file may be mended at once, and a stop is over for all. */
    bool is_local = err->kind == ERROR_CONFIG || err->kind == ERROR_STOPPED;
    entry->retry_ms = is_local ? 0 : now_ms + REFUSED_MS;
    if (was_good) {
        entry->refresh_ms = now_ms + REFUSED_MS;
        give(ask, entry, token);
    }
    end_fetch(entry, err);
    pthread_mutex_unlock(&mutex);
    return was_good;
}

/* How much longer what is kept may be used; 0: there is none. */
static int64_t left_of(const struct token_cache_ask *ask)
{
    pthread_mutex_lock(&mutex);
    const struct entry *entry = find(ask);
    int64_t left_ms =
        entry == NULL || entry->number == 0 ? 0 : entry->until_ms - now_of(ask);
    pthread_mutex_unlock(&mutex);
    return left_ms;
}

void token_cache_meter(const struct token_cache_ask *ask, const struct expiry_of *token,
                       bool is_renewed)
{
    const struct runtime *runtime = ask->runtime;
    int64_t left_ms = is_renewed ? 0 : left_of(ask);
    if (is_renewed) {
        expiry_forget(token);
    } else if (left_ms != 0) {
        expiry_set(token, runtime->now_ms(runtime->context) + left_ms);
    }
}

bool token_cache_is_new(const uint8_t identity[DIGEST_SIZE])
{
    pthread_mutex_lock(&mutex);
    struct known *at = knowns;
    while (at != NULL && memcmp(at->identity, identity, DIGEST_SIZE) != 0) {
        at = at->next;
    }
    if (at == NULL) {
        struct known *known = mem_new(1, sizeof(*known));
        memcpy(known->identity, identity, DIGEST_SIZE);
        known->next = knowns;
        knowns = known;
    }
    pthread_mutex_unlock(&mutex);
    return at == NULL;
}

void token_cache_clear(void)
{
    pthread_mutex_lock(&mutex);
    while (entries != NULL) {
        struct entry *next = entries->next;
        free_entry(entries);
        entries = next;
    }
    while (knowns != NULL) {
        struct known *next = knowns->next;
        free(knowns);
        knowns = next;
    }
    pthread_mutex_unlock(&mutex);
}
