/* aws/origin.h: what is read anew at each renewal, where tokens go, and programs. */
#include "aws/identity.h"
#include "aws_world.h"
#include "base/timestamp.h"
#include "metrics/metrics.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static bool find_and_get(struct world *world, struct credentials *credentials)
{
    struct identity *identity = NULL;
    json_t *settings = json_object();
    bool ok = identity_find(settings, "eu-west-2", &identity, NULL) &&
              identity_get(identity, &world->runtime, credentials, NULL);
    json_decref(settings);
    return ok;
}

/* Puts text into a new file, whose name it returns; the caller unlinks and frees. */
static char *write_file(char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    return path;
}

static void token_files_are_read_at_each_renewal(void **state)
{
    (void)state;
    struct world world;
    struct credentials credentials = {0};
    char path[] = "/tmp/auditbridge-token-XXXXXX";
    close(mkstemp(path));
    world_init(&world);
    setenv("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/pod", 1);
    setenv("AWS_WEB_IDENTITY_TOKEN_FILE", write_file(path, "first-token\n"), 1);
    world.rules[0] =
        (struct world_rule){.url = "sts.", .answer = "identity/web-identity.xml"};
    assert_true(find_and_get(&world, &credentials));
    write_file(path, "second-token");
    world.now_ms += 56LL * MS_PER_MINUTE;
    assert_true(find_and_get(&world, &credentials));
    assert_string_equal(secret_reveal(&credentials.access_key_id), "ASIAWEB2");
    assert_non_null(strstr(world.seen[0].body, "WebIdentityToken=first-token"));
    assert_non_null(strstr(world.seen[1].body, "WebIdentityToken=second-token"));
    assert_string_equal(world.seen[0].authorization, ""); /* not signed */
    unlink(path);
    credentials_clear(&credentials);
    world_clear(&world);
}

/* Whether the series of credentials that end says line. */
static bool is_ending(const char *line)
{
    struct buf text;
    buf_init(&text, 1 << 20);
    assert_true(metrics_write(true, &text));
    bool found = strstr(buf_text(&text), line) != NULL;
    buf_clear(&text);
    return found;
}

static void what_cannot_be_renewed_is_told_with_its_end(void **state)
{
    (void)state;
    struct world world;
    struct credentials credentials = {0};
    char path[] = "/tmp/auditbridge-token-XXXXXX";
    char line[128];
    close(mkstemp(path));
    world_init(&world);
    metrics_enable();
    setenv("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/pod", 1);
    setenv("AWS_WEB_IDENTITY_TOKEN_FILE", write_file(path, "token"), 1);
    world.rules[0] = (struct world_rule){
        .url = "sts.", .answer = "identity/web-identity.xml", .times = 1};
    world.rules[1] =
        (struct world_rule){.url = "sts.", .fails = ERROR_UNREACHABLE, .times = 4};
    world.rules[2] =
        (struct world_rule){.url = "sts.", .answer = "identity/web-identity.xml"};
    int64_t end_ms = world.now_ms + MS_PER_HOUR;
    assert_true(find_and_get(&world, &credentials));
    assert_false(is_ending("auditbridge_credential_expiry"));

    world.now_ms += 56LL * MS_PER_MINUTE;
    assert_true(find_and_get(&world, &credentials)); /* the old ones are still good */
    snprintf(line, sizeof(line), "\"} %lld\n", (long long)(end_ms / MS_PER_SECOND));
    assert_true(is_ending("expiry_timestamp_seconds{cloud=\"aws\",identity=\""));
    assert_true(is_ending(line));

    world.now_ms += MS_PER_MINUTE;
    assert_true(find_and_get(&world, &credentials));
    assert_false(is_ending("auditbridge_credential_expiry"));
    metrics_clear();
    unlink(path);
    credentials_clear(&credentials);
    world_clear(&world);
}

static void a_pod_s_token_is_read_each_time_and_goes_to_metadata_only(void **state)
{
    (void)state;
    struct world world;
    struct credentials credentials = {0};
    char path[] = "/tmp/auditbridge-token-XXXXXX";
    close(mkstemp(path));
    world_init(&world);
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials",
           1);
    setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", write_file(path, "first"), 1);
    setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "the file wins", 1);
    world.rules[0] =
        (struct world_rule){.url = "169.254.170.23", .answer = "identity/container.json"};
    assert_true(find_and_get(&world, &credentials));
    write_file(path, "second");
    world.now_ms += 56LL * MS_PER_MINUTE;
    assert_true(find_and_get(&world, &credentials));
    assert_string_equal(world.seen[0].authorization, "first");
    assert_string_equal(world.seen[1].authorization, "second");
    assert_true(world.seen[0].is_metadata);
    unlink(path);
    credentials_clear(&credentials);
    world_clear(&world);
}

static void an_instance_s_credentials_are_asked_for_with_its_token(void **state)
{
    (void)state;
    struct world world;
    struct credentials credentials = {0};
    world_init(&world);
    world.rules[0] = (struct world_rule){
        .method = "PUT", .url = "/latest/api/token", .answer = "planted-imds"};
    world.rules[1] = (struct world_rule){
        .url = "/security-credentials/", .answer = "node-role", .times = 1};
    world.rules[2] =
        (struct world_rule){.url = "node-role", .answer = "identity/instance-stale.json"};
    world.rules[3] =
        (struct world_rule){.url = "/security-credentials/", .answer = "node-role"};
    assert_true(find_and_get(&world, &credentials));
    assert_string_equal(world.seen[0].authorization, "");
    assert_string_equal(world.seen[1].authorization, "planted-imds");
    assert_string_equal(world.seen[2].authorization, "planted-imds");
    /* Those that EC2 could not renew are asked for again, soon and not at once. */
    assert_true(find_and_get(&world, &credentials));
    assert_int_equal(world.seen_count, 3);
    world.now_ms += 4LL * MS_PER_MINUTE;
    assert_true(find_and_get(&world, &credentials));
    assert_int_equal(world.seen_count, 6);
    credentials_clear(&credentials);
    world_clear(&world);
}

static void a_program_s_output_is_taken(void **state)
{
    (void)state;
    static const struct {
        const char *script;
        const char *says; /* NULL: good */
    } cases[] = {
        {"echo '{\"Version\":1,\"AccessKeyId\":\"AKIDPROC\",\"SecretAccessKey\":"
         "\"planted\"}'",
         NULL},
        {"echo "
         "'{\"Version\":2,\"AccessKeyId\":\"AKID\",\"SecretAccessKey\":\"planted\"}'",
         "Version"},
        {"echo '{\"Version\":1,\"AccessKeyId\":\"AKID\"}'", "no SecretAccessKey"},
        {"echo '{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"planted\","
         "\"Expiration\":\"2020-01-01T00:00:00Z\"}'",
         "expired"},
        {"echo planted", "not a JSON object"},
        {"echo planted; exit 1", "status 1"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct world world;
        struct credentials credentials = {0};
        struct error err = {0};
        struct identity *identity = NULL;
        world_init(&world);
        json_t *settings =
            json_pack("{s:s, s:[s, s, s]}", "credentials", "process",
                      "credential_process", "/bin/sh", "-c", cases[i].script);
        assert_true(identity_find(settings, "eu-west-2", &identity, NULL));
        bool ok = identity_get(identity, &world.runtime, &credentials, &err);
        assert_int_equal(ok, cases[i].says == NULL);
        if (ok) {
            assert_string_equal(secret_reveal(&credentials.access_key_id), "AKIDPROC");
        } else if (strstr(err.text, cases[i].says) == NULL) {
            fail_msg("%s", err.text);
        }
        assert_null(strstr(err.text, "planted"));
        json_decref(settings);
        credentials_clear(&credentials);
        world_clear(&world);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(token_files_are_read_at_each_renewal),
        cmocka_unit_test(what_cannot_be_renewed_is_told_with_its_end),
        cmocka_unit_test(a_pod_s_token_is_read_each_time_and_goes_to_metadata_only),
        cmocka_unit_test(an_instance_s_credentials_are_asked_for_with_its_token),
        cmocka_unit_test(a_program_s_output_is_taken),
    };
    return cmocka_run_group_tests_name("origin renewal", tests, NULL, NULL);
}
