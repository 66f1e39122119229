/*
 * Where a first credential comes from, before roles are assumed with it.
 *
 * Errors: those of identity.h.
 */
#ifndef AWS_ORIGIN_H
#define AWS_ORIGIN_H

#include "aws/sts.h"

#include <stddef.h>

/* As identity_kinds has them. */
enum origin_kind {
    ORIGIN_AUTO,
    ORIGIN_ENVIRONMENT,
    ORIGIN_PROFILE,
    ORIGIN_WEB_IDENTITY,
    ORIGIN_CONTAINER,
    ORIGIN_INSTANCE,
    ORIGIN_PROCESS,
};

/* All are borrowed. */
struct origin {
    enum origin_kind kind;
    const char *profile;      /* NULL: what AWS_PROFILE says, or "default" */
    const json_t *argv;       /* ORIGIN_PROCESS: texts */
    const char *session_name; /* where nothing else names the session */
    struct sts_place place;
};

/* Replaces what credentials holds by what is to be found now. The caller clears. */
bool origin_load(const struct origin *origin, const struct runtime *runtime,
                 struct credentials *credentials, struct error *err);

/* The environment's keys, which must be there and whole. */
bool origin_load_environment(struct credentials *credentials, struct error *err);

/* A variable's value; NULL when it is not set or empty. */
const char *origin_variable(const char *name);

#endif
