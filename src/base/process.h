/*
 * Runs another program and reads what it prints: by its arguments, never by a shell.
 *
 * It gets this program's environment, an empty standard input, a process group of its
 * own and default signals. Its error output is thrown away: it may hold secrets. What
 * it started is killed with it when its time is over.
 *
 * Errors: ERROR_CONFIG (it cannot be run, or said no), ERROR_UNREACHABLE (it took too
 * long), ERROR_TOO_BIG (it printed more than out may hold). They name argv[0] alone.
 */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include "base/buf.h"
#include "base/error.h"

/*
 * Runs argv, which ends with NULL; argv[0] is looked for in PATH unless it has a slash.
 * True when it ended with status 0 within timeout_ms. What it printed is in out.
 */
bool process_run(const char *const *argv, int timeout_ms, struct buf *out,
                 struct error *err);

#endif
