/* Prints what aws/endpoint.h and aws/partition.h say about each {service, region, fips}.
 */
#include "aws/endpoint.h"
#include "aws/partition.h"

#include <stdio.h>
#include <stdlib.h>

static void answer_line(const json_t *line)
{
    const char *service = json_string_value(json_object_get(line, "service"));
    const char *region = json_string_value(json_object_get(line, "region"));
    const struct partition *partition = partition_of(region);
    char *configured = endpoint_configured(service, region, line);
    struct endpoint endpoint;
    if (!endpoint_find(service, region, configured, &endpoint, NULL)) {
        exit(1);
    }
    printf("%s %s %s %s %s\n", endpoint.host, partition->name, partition->suffix,
           partition->global_region, partition->organizations_region);
    endpoint_clear(&endpoint);
    free(configured);
}

int main(void)
{
    json_t *line = NULL;
    while ((line = json_loadf(stdin, JSON_DISABLE_EOF_CHECK, NULL)) != NULL) {
        answer_line(line);
        json_decref(line);
    }
    return 0;
}
