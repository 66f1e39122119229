/*
 * Any bytes as a configuration file: read without a fault, and every problem has
 * its text. Its corpus is fixtures/config.
 */
#include "config/yaml.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct yaml yaml;
    struct problems problems = {0};
    bool ok = yaml_parse((const char *)data, size, "fuzz", &yaml, &problems);
    if (ok != (problems.count == 0)) {
        abort();
    }
    if (yaml.root != NULL && yaml_place(&yaml, yaml.root).line == 0) {
        abort();
    }
    yaml_clear(&yaml);
    problems_clear(&problems);
    return 0;
}
