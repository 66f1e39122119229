/*
 * A provider reads one audit log of one cloud, a page at a time.
 *
 * It never decides where to resume and never remembers where it was: it is
 * given a slice of time and its own place in it, and returns the records there
 * with the place to give next time. The bridge stores that place only once the
 * platform has accepted the records. A record that was not settled is returned
 * again, sooner or later; order and paging may differ.
 *
 * Scheduling, repeating, storing, logging and delivering belong to the bridge.
 */
#ifndef PROVIDER_H
#define PROVIDER_H

#include "base/buf.h"
#include "base/error.h"
#include "record/record.h"
#include "runtime.h"
#include "setting.h"

#include <jansson.h>

enum {
    SLICE_PASSES = 4,
    PAGE_BODY_MAX = 16 << 20, /* an answer is read whole; more is ERROR_TOO_BIG */
};

/* How a log without a cursor is read (bridge/slice.h): one constant row a provider. */
struct slicing {
    size_t passes;
    int64_t age_ms[SLICE_PASSES]; /* how old events are at each pass, youngest first */
    int64_t span_ms;              /* the longest slice */
    int64_t grain_ms;             /* what the API's times are rounded to: 1000 for AWS */
    int64_t retention_ms;         /* how long the cloud keeps the log */
    int64_t late_ms; /* how late the log may get an event to be asked for; 0: any */
};

/* A stretch of the log, both bounds inclusive, in the time the API filters on. */
struct slice {
    int64_t a_ms;
    int64_t b_ms;
    int64_t began_ms; /* the cloud's time when its first page was asked for */
};

struct page {
    struct buf body;    /* what the cloud sent */
    struct buf decoded; /* records that had to be unescaped from body */
    struct record *records;
    size_t record_count;
    int64_t *record_ms; /* each one's time as the API filters on it; NULL: no slices */
    json_t *place;      /* where the next page begins; NULL: at the slice's start */
    int64_t date_ms; /* the answer's Date, of a refusal too: the cloud's clock; 0: none */
    double allowed_per_second; /* by the quota the cloud named; 0: it did not; also of a
                                  refusal */
    bool done;                 /* the slice holds nothing more */
};

/* Releases what page holds and zeroes it. */
void page_clear(struct page *page);
/* Appends a record that points into page's own buffers. */
void page_add(struct page *page, const struct record *record, int64_t ms);

struct session; /* each provider's vtable file defines its own */

/* The request budget a source shares with every other reader of the same quota. */
struct quota {
    const char *key;   /* "aws-lookup:{account}:{region}", settings filled in */
    double per_second; /* 0: no limit */
    double burst;
};

struct provider {
    const char *name; /* "aws-cloudtrail": in config, logs and the store */
    const char *help; /* one sentence */
    const struct record_shape *shape;
    const struct slicing *slicing; /* NULL: no time slices; place alone says where */
    struct quota quota;
    const struct setting *settings; /* ends with SETTING_END */
    const struct setting *identity; /* more of them: who we are there; may be NULL */
    /* expand is given "known" among the settings: what it found before, as an array of
     * {"name": suffix, "found": settings} and "gone" where it no longer is. */
    bool takes_known;
    /* For how long the cloud keeps what settings ask for. NULL: "retention" among them,
     * else slicing says. */
    int64_t (*retention_ms)(const json_t *settings);
    /* Whether settings, each right by itself, make sense together. May be NULL. */
    bool (*check)(const json_t *settings, struct error *err);
    /*
     * Turns a config entry into sources: an array of settings objects, each with
     * "name" (suffix of the source's name, "" for the only one), "account" and "region"
     * where known, and "redact", paths that the provider itself wants taken out. An
     * source that was a part of another until now names that one's suffix as "after": it
     * begins where that one stands, not at lookback. An
     * account of which nothing could be found out is an object with "account", "failed"
     * (why) and "kind" (of error): its known sources stay. The
     * caller owns *sources.
     */
    bool (*expand)(const json_t *settings, const struct runtime *runtime,
                   json_t **sources, struct error *err);
    /*
     * Checks settings and obtains credentials. Reads no records. A session lasts for one
     * turn of one worker thread, whose runtime it borrows; what is dear to make again
     * (credentials, endpoints) is cached beside it, behind a mutex of its own.
     */
    bool (*open)(const json_t *settings, const struct runtime *runtime,
                 struct session **session, struct error *err);
    /*
     * One API answer. page arrives empty; the caller clears it. slice is NULL when
     * slicing is; place is NULL at the slice's start.
     */
    bool (*poll)(struct session *session, const struct slice *slice, const json_t *place,
                 struct page *page, struct error *err);
    /* Tells the cloud that page is dealt with; NULL where it keeps no receipts. */
    bool (*settle)(struct session *session, const struct page *page, struct error *err);
    /*
     * What records of this session's own calls have at its shape's actor_paths: an array
     * of texts, the session's. NULL: not known. Asked once a page came. May be NULL.
     */
    const json_t *(*self)(const struct session *session);
    /*
     * What an operator should know before anything is missed, beyond that a page came:
     * who we are, which right is missing, what the log cannot show. An array of {"kind":
     * "ok", "warning" or "denied", "text": with what to do}, the caller's. May be NULL.
     */
    json_t *(*examine)(struct session *session);
    /* What settings ask the cloud for, in the words of its own filters, for an operator
     * to use elsewhere. The caller frees. May be NULL. */
    char *(*filter)(const json_t *settings);
    /* Releases the session; session may be NULL. */
    void (*close)(struct session *session);
};

#endif
