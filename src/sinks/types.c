/*
 * Every kind of sink there is: a list a person can read. Adding one is its file,
 * a line here and in CMakeLists.txt, and its section in docs/sinks.md.
 */
#include "sinks/sink.h"

#include <string.h>

extern const struct sink_type sink_elasticsearch;
extern const struct sink_type sink_file;
extern const struct sink_type sink_http;
extern const struct sink_type sink_kafka;
extern const struct sink_type sink_otlp;
extern const struct sink_type sink_s3;
extern const struct sink_type sink_splunk_hec;
extern const struct sink_type sink_stdout;
extern const struct sink_type sink_syslog;

const struct sink_type *const sink_types[] = {
    &sink_elasticsearch, &sink_file,   &sink_http,   &sink_kafka, &sink_otlp, &sink_s3,
    &sink_splunk_hec,    &sink_stdout, &sink_syslog, NULL,
};

const struct sink_type *sink_type_find(const char *name)
{
    for (size_t i = 0; sink_types[i] != NULL; i++) {
        if (strcmp(sink_types[i]->name, name) == 0) {
            return sink_types[i];
        }
    }
    return NULL;
}
