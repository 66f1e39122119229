/*
 * The parts of gcp/exam.h, and what they share.
 */
#ifndef GCP_EXAM_PARTS_H
#define GCP_EXAM_PARTS_H

#include "gcp/entries.h"
#include "gcp/manager.h"

enum {
    EXAM_NAMES_MAX = 10
}; /* of names with the same thing to say, the rest is counted */

struct exam {
    struct entries *entries;
    struct manager manager;
    json_t *findings;
    bool is_closed; /* Resource Manager answers nothing at all; that was told */
    char *member;   /* whom to grant roles: "serviceAccount:a@b" */
};

/* Takes text. kind: "ok", "warning", "denied". */
void exam_tell_take(struct exam *exam, const char *kind, char *text);
/* Says of the names past EXAM_NAMES_MAX how many they are: what is about them. */
void exam_tell_rest(struct exam *exam, const char *kind, size_t count, const char *what);
/* "gcloud projects VERB case-1", as gcloud wants it. name is one that the manager knows.
 * The caller frees. */
char *exam_command(const char *name, const char *verb);

/* May every name be read? */
void exam_rights(struct exam *exam);
/* Is Data Access auditing on for what 2c needs? */
void exam_auditing(struct exam *exam);

#endif
