/*
 * Store files for tests, each in a folder of its own below one that file_end removes,
 * and a look inside with SQL.
 */
#ifndef SQLITE_FILE_H
#define SQLITE_FILE_H

#include "store_suite.h"

extern struct suite_clock file_clock;
extern struct runtime file_runtime;

bool file_start(void);
void file_end(void);
/* A cmocka setup: each test begins at the same time. */
int file_reset_clock(void **state);

const char *file_folder(void);
/* Settings of a store that is not there yet. */
json_t *file_settings(void);
/* Settings of an empty store, closed. */
json_t *file_closed_store(void);
const char *file_path(const json_t *settings);
bool file_open(const json_t *settings, struct store **store, struct error *err);
/* Claims one source; what became of it is in err. */
bool file_claim(struct store *store, const char *source, struct claim *claim,
                struct error *err);

void file_run(const char *path, const char *sql);
/* The first column of the first row. */
int64_t file_number(const char *path, const char *sql);

#endif
