/*
 * What the program says about itself: one JSON object a line on stderr, or a
 * human line when stderr is a terminal, in colours unless NO_COLOR is set.
 *
 *   {"time":"...","level":"info","event":"source.done","source":"prod-eu","read":50}
 *
 * error: someone must act. warn: something was lost or nearly. info: one line a
 * source a run. debug: the rest. Control characters in texts are replaced, at any depth,
 * and each text is cut at LOG_VALUE_MAX bytes. Safe from any thread: a line is one write.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <jansson.h>
#include <stdbool.h>

enum { LOG_VALUE_MAX = 1024 };

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };
enum log_format { LOG_AUTO, LOG_JSON, LOG_HUMAN }; /* auto: by what stderr is */

extern const char *const log_level_names[];  /* "error", ...; ends with NULL */
extern const char *const log_format_names[]; /* "auto", ...; ends with NULL */

/* The fixed list of what can be said; docs/operations.md explains each. */
#define LOG_EVENTS(X)                                                                    \
    X(LOG_RUN_START, "run.start")                                                        \
    X(LOG_RUN_DONE, "run.done")                                                          \
    X(LOG_RUN_FAILED, "run.failed")                                                      \
    X(LOG_RELOAD_DONE, "reload.done")                                                    \
    X(LOG_RELOAD_REFUSED, "reload.refused")                                              \
    X(LOG_RELOAD_IGNORED, "reload.ignored")                                              \
    X(LOG_SOURCE_DONE, "source.done")                                                    \
    X(LOG_SOURCE_FAILED, "source.failed")                                                \
    X(LOG_SOURCE_GAP, "source.gap")                                                      \
    X(LOG_SOURCE_CLOCK, "source.clock")                                                  \
    X(LOG_SOURCE_UNREADABLE, "source.unreadable")                                        \
    X(LOG_SOURCE_NEW, "source.new")                                                      \
    X(LOG_SOURCE_GONE, "source.gone")                                                    \
    X(LOG_DISCOVERY_FAILED, "discovery.failed")                                          \
    X(LOG_DISCOVERY_ACCOUNT, "discovery.account")                                        \
    X(LOG_LEASE_LOST, "lease.lost")                                                      \
    X(LOG_SLICE_NARROWED, "slice.narrowed")                                              \
    X(LOG_REQUEST_RETRIED, "request.retried")                                            \
    X(LOG_SINK_HELD, "sink.held")                                                        \
    X(LOG_SINK_RETRIED, "sink.retried")                                                  \
    X(LOG_SINK_REFUSED, "sink.refused")                                                  \
    X(LOG_SINK_CUT, "sink.cut")                                                          \
    X(LOG_SINK_DONE, "sink.done")                                                        \
    X(LOG_SINK_LIBRARY, "sink.library")                                                  \
    X(LOG_NOTICE_FAILED, "notice.failed")                                                \
    X(LOG_NOTICE_REFUSED, "notice.refused")                                              \
    X(LOG_CREDENTIALS_FOUND, "credentials.found")                                        \
    X(LOG_CREDENTIALS_STALE, "credentials.stale")                                        \
    X(LOG_CONFIG_WARNING, "config.warning")                                              \
    X(LOG_METRICS_LISTENING, "metrics.listening")                                        \
    X(LOG_METRICS_FAILED, "metrics.failed")

enum log_event {
#define LOG_EVENT_NAME(name, text) name,
    LOG_EVENTS(LOG_EVENT_NAME)
#undef LOG_EVENT_NAME
};

/* Whether stderr is a terminal on which the cursor moves and colours show. */
bool log_has_terminal(void);

/* Lines above level are left out. Default LOG_INFO. */
void log_set_level(enum log_level level);
/* Default LOG_AUTO. Both are set while no other thread writes. */
void log_set_format(enum log_format format);

/*
 * A line that is rewritten now and then stands at the bottom of the terminal: lines of
 * the log replace it. Set while no other thread writes.
 */
void log_set_over_line(bool is_there);

/*
 * Says one thing. source may be NULL. Takes fields, an object whose members
 * follow in the line; NULL for none.
 */
void log_write_take(enum log_level level, enum log_event event, const char *source,
                    json_t *fields);
/* The same, but what was said before, word for word, is not said again. */
void log_write_once_take(enum log_level level, enum log_event event, json_t *fields);

#endif
