#include "aws/ec2.h"

#include "aws/client.h"
#include "aws/xml.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { BODY_MAX = 1 << 10, ANSWER_MAX = 1 << 20 };

/* Without AllRegions only enabled ones are answered; one that says otherwise is not. */
static bool take(const json_t *answer, json_t **regions, struct error *err)
{
    const json_t *root = json_object_get(answer, "DescribeRegionsResponse");
    const json_t *items = json_object_get(root, "regionInfo");
    *regions = json_object();
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);
        const char *name = xml_text(item, "regionName");
        const char *status = xml_text(item, "optInStatus");
        bool is_disabled = status != NULL && strcmp(status, "not-opted-in") == 0;
        if (name != NULL && name[0] != '\0' && !is_disabled) {
            json_object_set_new(*regions, name, json_true());
        }
    }
    if (json_object_size(*regions) > 0) {
        return true;
    }
    json_decref(*regions);
    *regions = NULL;
    return error_set(err, ERROR_DATA, "DescribeRegions names no region");
}

bool ec2_regions(const json_t *settings, const struct runtime *runtime,
                 const char *region, json_t **regions, struct error *err)
{
    struct client client = {
        .runtime = runtime, .service = "ec2", .region = mem_dup(region)};
    struct http_response response = {0};
    struct fault fault;
    json_t *answer = NULL;
    struct buf body;
    buf_init(&body, BODY_MAX);
    client_add_parameter(&body, "Action", "DescribeRegions");
    client_add_parameter(&body, "Version", "2016-11-15");
    const struct client_call call = {
        .action = "ec2:DescribeRegions", .body = buf_bytes(&body), .limit = ANSWER_MAX};

    char *configured = endpoint_configured("ec2", region, settings);
    bool ok = client_open(&client, settings, configured, err) &&
              client_send(&client, &call, &response, &fault, err) &&
              xml_read(buf_bytes(&response.body), &answer, err) &&
              take(answer, regions, err);
    json_decref(answer);
    http_response_clear(&response);
    client_clear(&client);
    buf_clear(&body);
    free(configured);
    return ok || error_context(err, "ec2 %s", region);
}
