/*
 * Provider `replay`: recorded audit records from a file, delivered like any
 * cloud's: everything after the cloud, without a cloud.
 *
 * settings  {"path": "records.ndjson", "records": "aws-cloudtrail"}
 * place     {"offset": N}    bytes of the file already delivered
 *
 * The file holds one record a line. A last line without its newline is still
 * being written and is left for the next run.
 */
#ifndef REPLAY_REPLAY_H
#define REPLAY_REPLAY_H

#include "provider.h"

extern const struct provider provider_replay;

#endif
