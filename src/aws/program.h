/*
 * Credentials that another program prints: the SDKs' credential_process.
 *
 *   {"Version":1,"AccessKeyId":"...","SecretAccessKey":"...","SessionToken":"...",
 *    "Expiration":"2026-11-24T12:00:00Z"}
 *
 * It runs without a shell, for 10 s at most, and prints 64 KiB at most.
 *
 * Errors: those of base/process.h; ERROR_CONFIG, ERROR_DATA.
 */
#ifndef AWS_PROGRAM_H
#define AWS_PROGRAM_H

#include "aws/credentials.h"

struct runtime;

/* Runs argv, texts. The caller clears credentials, also on failure. */
bool program_load(const json_t *argv, const struct runtime *runtime,
                  struct credentials *credentials, struct error *err);
/*
 * Splits a command line as a shell would, quotes and backslashes only, into texts; NULL
 * when a quote is not closed or nothing is there. The caller owns the result.
 */
json_t *program_split(const char *line);

#endif
