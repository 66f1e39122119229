/*
 * Any bytes are a catalogue or a scope, or are refused with a reason; what is kept of
 * them can be found again.
 */
#include "mapping/catalogue.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_found(const struct catalogue *catalogue)
{
    for (size_t i = 0; i < catalogue->count; i++) {
        const struct catalogue_service *service = catalogue->services[i];
        check(catalogue_find(catalogue, bytes_of(service->key)) == service);
        for (size_t j = 0; j < service->count; j++) {
            const char *key = service->operations[j]->key;
            check(lookup_find(&service->by_key, bytes_of(key)) == service->operations[j]);
            check(lookup_find(&catalogue->by_key, bytes_of(key)) != NULL);
            check(j == 0 || strcmp(service->operations[j - 1]->key, key) < 0);
        }
    }
}

static void read_as(const struct record_shape *shape, struct bytes text, bool is_scope)
{
    struct catalogue catalogue = {.shape = shape};
    struct problems problems = {0};
    bool ok = is_scope ? catalogue_scope(&catalogue, "fuzz", text, &problems)
                       : catalogue_add(&catalogue, "fuzz", text, &problems);
    check(ok == (problems.count == 0));
    catalogue_sort(&catalogue);
    check_found(&catalogue);
    catalogue_clear(&catalogue);
    problems_clear(&problems);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct record_shape aws = {
        .name = "aws-cloudtrail", .service_path = "s", .strip_versions = true};
    static const struct record_shape gcp = {.name = "gcp-audit",
                                            .any_service = true,
                                            .fold_case = true,
                                            .drop_versions = true};
    const struct bytes text = {data, size};
    const char *records = NULL;
    catalogue_records(text, &records);
    read_as(&aws, text, false);
    read_as(&gcp, text, false);
    read_as(&aws, text, true);
    return 0;
}
