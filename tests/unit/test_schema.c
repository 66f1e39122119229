/*
 * docs/schemas/config.schema.json is what the tables of this program come to. With
 * BRIDGE_REGENERATE set, it is written instead.
 */
#include "config/schema.h"

#include "registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define SCHEMA_FILE "../../docs/schemas/config.schema.json"

static void the_committed_schema_is_that_of_the_tables(void **state)
{
    (void)state;
    json_t *schema = config_schema(providers, sink_types);
    assert_non_null(schema);
    if (getenv("BRIDGE_REGENERATE") != NULL) {
        assert_int_equal(json_dump_file(schema, SCHEMA_FILE, JSON_INDENT(2)), 0);
    }

    json_t *committed = json_load_file(SCHEMA_FILE, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(committed);
    assert_true(json_equal(schema, committed));
    json_decref(schema);
    json_decref(committed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_committed_schema_is_that_of_the_tables),
    };
    return cmocka_run_group_tests_name("schema", tests, NULL, NULL);
}
