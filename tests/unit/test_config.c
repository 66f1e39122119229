/* config/config.h: what a right configuration comes to. */
#include "config/config.h"

#include "config/config_fill.h"
#include "config/principle.h"
#include "config/schema.h"
#include "config_fakes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <unistd.h>

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static void load_good(struct config *config)
{
    struct problems problems = {0};
    setenv("BRIDGE_TEST_REGION", "eu-west-2", 1);
    setenv("BRIDGE_TEST_TOKEN", "${BRIDGE_TEST_REGION}", 1);
    bool ok =
        config_load("config_parts/good/bridge.yaml", fake_providers, config, &problems);
    for (size_t i = 0; i < problems.count; i++) {
        print_error("%s\n", problems.texts[i]);
    }
    assert_true(ok);
}

static void a_source_knows_its_provider_times_and_sinks(void **state)
{
    (void)state;
    struct config config;
    load_good(&config);
    assert_int_equal(config.source_count, 2);

    const struct config_source *prod = &config.sources[0];
    assert_string_equal(prod->name, "prod-eu");
    assert_string_equal(prod->provider->name, "trail");
    assert_int_equal(prod->every_ms, 300000);
    assert_int_equal(prod->lookback_ms, 604800000);
    assert_int_equal(prod->route_count, 2);
    assert_string_equal(config.sinks[prod->routes[0].sink].name, "platform");
    assert_true(prod->routes[0].is_required);
    assert_string_equal(config.sinks[prod->routes[1].sink].name, "archive");
    assert_false(prod->routes[1].is_required);
    assert_int_equal(prod->routes[0].principles, 0);
    assert_int_equal(prod->routes[1].principles, principle_bit(principle_find("2c")) |
                                                     principle_bit(principle_find("6")));
    assert_string_equal(prod->environment, "production");
    assert_int_equal(json_array_size(prod->redact), 1);
    assert_int_equal(prod->line, 10);
    config_clear(&config);
}

static void settings_hold_the_providers_own_keys_alone(void **state)
{
    (void)state;
    struct config config;
    load_good(&config);
    char *json = json_dumps(config.sources[0].settings, JSON_COMPACT);
    assert_string_equal(json, "{\"region\":\"eu-west-2\",\"mode\":\"fast\",\"limit\":50,"
                              "\"services\":[\"iam\",\"ec2\"]}");
    assert_int_equal(config.sinks[1].format, FORMAT_RAW);
    assert_int_equal(json_object_size(config.sinks[1].settings), 0);
    assert_int_equal(
        json_integer_value(json_object_get(config.sinks[0].settings, "max_size")),
        100 << 20);
    free(json);
    config_clear(&config);
}

static void what_is_filled_in_is_not_looked_at_again(void **state)
{
    (void)state;
    struct config config;
    load_good(&config);
    const json_t *tenant = config.sources[0].tenant;
    assert_string_equal(text_of(config.sinks[0].settings, "token"),
                        "${BRIDGE_TEST_REGION}");
    assert_string_equal(text_of(tenant, "cost"), "$5");
    assert_string_equal(text_of(tenant, "owner"), "team-eu-west-2@example.org");
    config_clear(&config);
}

static void paths_start_at_the_file_that_says_them(void **state)
{
    (void)state;
    struct config config;
    load_good(&config);
    assert_string_equal(text_of(config.state, "path"),
                        "config_parts/good/auditbridge.db");
    assert_string_equal(config.mapping_directories[0], "config_parts/good/packs");
    assert_string_equal(config.mapping_directories[1], "/etc/auditbridge/packs");
    assert_null(config.mapping_directories[2]);
    assert_string_equal(text_of(config.sinks[0].settings, "path"),
                        "config_parts/good/out/events.ndjson");
    config_clear(&config);
}

static void parts_add_sources_with_defaults(void **state)
{
    (void)state;
    struct config config;
    load_good(&config);
    const struct config_source *payroll = &config.sources[1];
    assert_string_equal(payroll->name, "payroll");
    assert_string_equal(payroll->file, "config_parts/good/sources.d/payroll.yaml");
    assert_int_equal(payroll->every_ms, 60000);
    assert_int_equal(payroll->lookback_ms, 86400000);
    assert_null(payroll->environment);
    assert_null(payroll->tenant);
    config_clear(&config);
}

static void assert_told(const char *file, const char *const *wanted, size_t count)
{
    struct config config;
    struct problems problems = {0};
    assert_false(config_load(file, fake_providers, &config, &problems));
    assert_int_equal(problems.count, count);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(problems.texts[i], wanted[i]);
    }
    config_clear(&config);
    problems_clear(&problems);
}

static void a_name_given_twice_names_both_places(void **state)
{
    (void)state;
    static const char *const wanted[] = {
        "config_parts/twice/sources.d/10-payroll.yaml:2:3: sink platform: this name was "
        "given before, at config_parts/twice/bridge.yaml:2; choose another",
        "config_parts/twice/sources.d/10-payroll.yaml:4:3: source prod: this name was "
        "given before, at config_parts/twice/bridge.yaml:4; choose another",
        "config_parts/twice/sources.d/20-pensions.yaml:1:1: configuration: unknown key "
        "\"state\"; known here: sinks, sources",
        "config_parts/twice/sources.d/20-pensions.yaml:3:58: source pensions: unknown "
        "sink; did you mean \"platform\"?",
    };
    assert_told("config_parts/twice/bridge.yaml", wanted,
                sizeof(wanted) / sizeof(wanted[0]));
}

static void a_broken_part_stops_the_whole(void **state)
{
    (void)state;
    static const char *const wanted[] = {
        "config_parts/broken/sources.d/pensions.yaml:3:1: a \",\" or \"}\" was expected; "
        "check that the mapping is closed",
    };
    assert_told("config_parts/broken/bridge.yaml", wanted, 1);
}

/* Writes a temporary file, fills "x${file:...}y" in, and returns what came of it. */
static json_t *fill_from_file(const char *bytes, size_t size, struct problems *problems)
{
    char path[] = "/tmp/bridge-test-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, bytes, size), (ssize_t)size);
    close(file);

    char text[128];
    int length = snprintf(text, sizeof(text), "a: x${file:%s}y\n", path);
    struct yaml yaml;
    assert_true(yaml_parse(text, (size_t)length, "t", &yaml, problems));
    config_fill(&yaml, problems);
    json_t *value = json_incref(json_object_get(yaml.root, "a"));
    unlink(path);
    yaml_clear(&yaml);
    return value;
}

static void a_file_is_filled_in_without_its_last_newline(void **state)
{
    (void)state;
    struct problems problems = {0};
    json_t *value = fill_from_file("secret\n\n", strlen("secret\n\n"), &problems);
    assert_string_equal(json_string_value(value), "xsecret\ny");
    assert_int_equal(problems.count, 0);
    json_decref(value);
}

static void a_file_that_is_no_text_is_refused(void **state)
{
    (void)state;
    enum { TOO_LARGE = (64 << 10) + 1 };
    struct problems problems = {0};
    char *large = calloc(1, TOO_LARGE);
    memset(large, 'x', TOO_LARGE);

    assert_ptr_equal(fill_from_file("a\0b", 3, &problems), json_null());
    assert_non_null(strstr(problems.texts[0], "holds a NUL byte; it must be text"));
    assert_ptr_equal(fill_from_file("\xff", 1, &problems), json_null());
    assert_non_null(strstr(problems.texts[1], "is not UTF-8 text"));
    assert_ptr_equal(fill_from_file(large, TOO_LARGE, &problems), json_null());
    assert_non_null(strstr(problems.texts[2], "is larger than 64 KiB"));
    json_t *whole = fill_from_file(large, TOO_LARGE - 1, &problems);
    assert_int_equal(json_string_length(whole), TOO_LARGE + 1);
    assert_int_equal(problems.count, 3);

    json_decref(whole);
    free(large);
    problems_clear(&problems);
}

static void the_schema_follows_the_tables(void **state)
{
    (void)state;
    json_t *schema = config_schema(fake_providers, sink_types);
    assert_non_null(schema);
    const json_t *properties = json_object_get(schema, "properties");
    const json_t *entry =
        json_object_get(json_object_get(properties, "sources"), "additionalProperties");
    const json_t *trail =
        json_object_get(json_array_get(json_object_get(entry, "allOf"), 1), "then");
    const json_t *limit = json_object_get(json_object_get(trail, "properties"), "limit");
    const json_t *number = json_array_get(json_object_get(limit, "anyOf"), 0);

    assert_int_equal(json_integer_value(json_object_get(number, "maximum")), 50);
    assert_int_equal(json_array_size(json_object_get(trail, "required")), 3);
    assert_true(json_is_false(json_object_get(trail, "additionalProperties")));
    json_decref(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_source_knows_its_provider_times_and_sinks),
        cmocka_unit_test(settings_hold_the_providers_own_keys_alone),
        cmocka_unit_test(what_is_filled_in_is_not_looked_at_again),
        cmocka_unit_test(paths_start_at_the_file_that_says_them),
        cmocka_unit_test(parts_add_sources_with_defaults),
        cmocka_unit_test(a_name_given_twice_names_both_places),
        cmocka_unit_test(a_broken_part_stops_the_whole),
        cmocka_unit_test(a_file_is_filled_in_without_its_last_newline),
        cmocka_unit_test(a_file_that_is_no_text_is_refused),
        cmocka_unit_test(the_schema_follows_the_tables),
    };
    return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
