#include "commands/reload.h"

#include "base/log.h"
#include "base/mem.h"
#include "bridge/leash.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct reload {
    const struct world_plan *plan;
    const struct world *world;
    bool is_deaf;
    struct leash leash;
    pthread_t thread;
    struct world *next; /* the thread's, until it has ended */
};

/* Readable when a SIGHUP came that nobody has answered. */
static atomic_int asked_fd = -1;

static void ask(int number)
{
    (void)number;
    int saved = errno;
    const uint64_t one = 1;
    ssize_t written = write(atomic_load(&asked_fd), &one, sizeof(one));
    (void)written; /* it fails only when the counter is full: it is readable then */
    errno = saved;
}

void reload_catch(void)
{
    atomic_store(&asked_fd, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    struct sigaction asking = {.sa_handler = ask, .sa_flags = SA_RESTART};
    sigaction(SIGHUP, &asking, NULL);
}

/* True once for all that were asked since the last time. */
static bool take_question(void)
{
    uint64_t count = 0;
    return read(atomic_load(&asked_fd), &count, sizeof(count)) == (ssize_t)sizeof(count);
}

/* What cannot change while the process lives. */
static void check_fixed(const struct reload *reload, const struct world *next,
                        struct problems *problems)
{
    const struct config *config = &next->setup.config;
    const struct config *now = &reload->world->setup.config;
    const struct {
        const char *key;
        const json_t *was, *is;
        const struct yaml_place *place;
    } fixed[] = {
        {"state", now->state, config->state, &config->state_place},
        {"metrics", now->metrics, config->metrics, &config->metrics_place},
    };
    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
        bool is_absent = fixed[i].was == NULL && fixed[i].is == NULL;
        if (!is_absent && !json_equal(fixed[i].was, fixed[i].is)) {
            problems_add(
                problems, config->file, fixed[i].place->line, fixed[i].place->column,
                "\"%s\" cannot change while the program runs; restart it", fixed[i].key);
        }
    }
}

static void refuse(const struct problems *problems)
{
    json_t *texts = json_array();
    for (size_t i = 0; i < problems->count; i++) {
        json_array_append_new(texts, json_string(problems->texts[i]));
    }
    log_write_take(LOG_ERROR, LOG_RELOAD_REFUSED, NULL,
                   json_pack("{s:s,s:o}", "error",
                             "the run goes on with the configuration that it has",
                             "problems", texts));
}

/* The next world, opened; NULL when it was refused, which is said, or a stop came. */
static struct world *make_next(struct reload *reload)
{
    struct problems problems = {0};
    struct error err = {0};
    struct world *next = world_read(reload->plan, &problems);
    if (next != NULL) {
        check_fixed(reload, next, &problems);
    }
    if (problems.count == 0 &&
        !world_open(next, reload->plan, &reload->leash.runtime, reload->world, &err)) {
        problems_add(&problems, NULL, 0, 0, "%s", err.text);
    }
    if (problems.count > 0) {
        if (err.kind != ERROR_STOPPED) {
            refuse(&problems);
        }
        world_free(next);
        next = NULL;
    }
    problems_clear(&problems);
    return next;
}

static void *listen_for_it(void *context)
{
    struct reload *reload = context;
    while (reload->next == NULL && runtime_wait_for(atomic_load(&asked_fd), INT32_MAX)) {
        if (!take_question()) {
            continue;
        }
        if (reload->is_deaf) {
            log_write_take(LOG_INFO, LOG_RELOAD_IGNORED, NULL,
                           json_pack("{s:s}", "cause",
                                     "the run ends by itself; the next one reads "
                                     "the configuration anew"));
        } else {
            reload->next = make_next(reload);
        }
    }
    if (reload->next != NULL) {
        runtime_interrupt();
    }
    return NULL;
}

struct reload *reload_begin(const struct world_plan *plan, const struct world *world,
                            bool is_deaf)
{
    struct reload *reload = mem_new(1, sizeof(*reload));
    sigset_t all;
    sigset_t before;
    *reload = (struct reload){.plan = plan, .world = world, .is_deaf = is_deaf};
    leash_init(&reload->leash);
    sigfillset(&all); /* signals are for the thread that keeps the queue */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool ok = pthread_create(&reload->thread, NULL, listen_for_it, reload) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!ok) {
        leash_clear(&reload->leash);
        free(reload);
        return NULL;
    }
    return reload;
}

struct world *reload_end(struct reload *reload)
{
    if (reload == NULL) {
        return NULL;
    }
    leash_call_back(&reload->leash);
    runtime_interrupt();
    pthread_join(reload->thread, NULL);
    struct world *next = reload->next;
    leash_clear(&reload->leash);
    free(reload);
    return next;
}
