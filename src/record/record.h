/*
 * One audit event exactly as the cloud sent it, and what a provider must say
 * about the shape of its records so that the rest of the program can read them.
 */
#ifndef RECORD_RECORD_H
#define RECORD_RECORD_H

#include "base/bytes.h"

enum {
    RECORD_SIZE_MAX = 4 << 20, /* a longer one is set aside as unreadable */
    RECORD_WRAPPERS = 3,
    RECORD_ID_PARTS = 4,
    RECORD_ACTORS = 2,
    RECORD_SPELLINGS = 3,
    RECORD_CHANGE_LISTS = 5,
};

struct record {
    struct bytes bytes;   /* the event, verbatim; borrowed from the page or window */
    struct bytes context; /* JSON that only the transport said; may be empty */
};

/*
 * A way in which files and answers wrap records: {"array_key": [element, ...]}.
 * When string_key is set, an element is an envelope whose member of that name is
 * a JSON string that holds the record (CloudTrail's LookupEvents:
 * {"Events":[{"CloudTrailEvent":"{...}","Resources":[...]}]}), and context_key
 * names the envelope's member that becomes the record's context.
 */
struct record_wrapper {
    const char *array_key;
    const char *string_key;
    const char *context_key;
};

/* Where a part of event.id comes from; parts are joined by ':'. */
enum record_id_kind {
    RECORD_ID_END,
    RECORD_ID_PATH,       /* the text at path */
    RECORD_ID_OR_ACCOUNT, /* the text at path, else the source's account */
    RECORD_ID_NANOS,      /* the RFC 3339 time at path with nine decimals, in UTC */
};

struct record_id_part {
    enum record_id_kind kind;
    const char *path;
};

/*
 * Where records list who was given or lost which role, element by element; what is in an
 * element becomes one of moj.changes.
 */
struct record_changes {
    const char *lists[RECORD_CHANGE_LISTS]; /* of objects: the first that exists counts */
    const char *member; /* in the record, for lists whose elements name none */
    /* In an element: "ADD" or "REMOVE"; the role; one member or several; the condition.
     */
    const char *change;
    const char *role;
    const char *members;
    const char *condition;
};

/*
 * Constant, beside the provider. Paths use the grammar of record/paths.h; where records
 * come in several spellings, "a|b|c" is the first that holds a value which is neither
 * an object nor a list.
 */
struct record_shape {
    const char *name;    /* what a pack's `records:` names */
    const char *cloud;   /* cloud.provider: "aws", "azure", "gcp" */
    const char *module;  /* event.module: "aws" */
    const char *dataset; /* event.dataset: "aws.cloudtrail" */
    const char *vendor;  /* OCSF's product: "AWS" ... */
    const char *product; /* ... "CloudTrail" */
    struct record_wrapper wrappers[RECORD_WRAPPERS];
    const char *id_prefix;     /* "aws" */
    const char *export_prefix; /* of records that have none of id_parts: SHA-256 behind
                                  it; NULL: "sha256" */
    struct record_id_part id_parts[RECORD_ID_PARTS];
    const char *time_path;
    const char *slice_path; /* the time that the API filters on; NULL: time_path */
    const char *service_path;
    const char *operation_path;
    const char *account_path;
    const char *region_path;
    const char *actor_paths[RECORD_ACTORS]; /* who called: texts that nobody can choose */
    /* "true" in the first and in the last record of a long operation; may be NULL. */
    const char *first_path;
    const char *last_path;
    const struct record_changes *changes; /* may be NULL */
    const char *only_operation;           /* what rules call a record that names none */
    bool any_service;    /* operations are unique without it: rules name no service */
    bool fold_case;      /* operations match without regard to ASCII case */
    bool strip_versions; /* AWS's "...20150331v2" is not matched on */
    bool drop_versions;  /* nor Google's "v1.", "beta."; goes with fold_case */
};

#endif
