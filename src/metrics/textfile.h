/*
 * A file for node_exporter's textfile collector: replaced as a whole, and readable by
 * all, for it holds no secret.
 *
 * Errors: ERROR_STATE.
 */
#ifndef METRICS_TEXTFILE_H
#define METRICS_TEXTFILE_H

#include "base/bytes.h"
#include "base/error.h"

/* Writes text beside path and puts it in its place. */
bool textfile_write(const char *path, struct bytes text, struct error *err);
/* Finds the value of name, which has no labels, in the file that was written before. */
bool textfile_find(const char *path, const char *name, double *value);

#endif
