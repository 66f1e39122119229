/* aws/identity.h: got once, shared, renewed early, and once more when refused. */
#include "aws/client.h"
#include "aws/identity.h"
#include "aws_world.h"
#include "base/timestamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { THREADS = 32 };

static const char *const audit = "arn:aws:iam::111122223333:role/audit";
static const char *const hub = "arn:aws:iam::999988887777:role/hub";

static json_t *settings_for(const char *first, const char *second)
{
    json_t *settings =
        json_pack("{s:s, s:[s]}", "external_id", "outside-7", "role_arn", first);
    if (second != NULL) {
        json_array_append_new(json_object_get(settings, "role_arn"), json_string(second));
    }
    return settings;
}

/* The identity of settings, seen from region. Takes settings. */
static struct identity *find_take(json_t *settings, const char *region)
{
    struct identity *identity = NULL;
    assert_true(identity_find(settings, region, &identity, NULL));
    json_decref(settings);
    return identity;
}

static void set_up(struct world *world)
{
    world_init(world);
    setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "planted-base-secret", 1);
    world->rules[0] = (struct world_rule){.url = "https://sts.",
                                          .body = "Action=AssumeRole&",
                                          .answer = "identity/assume-role.xml"};
}

static void get(struct world *world, struct identity *identity,
                struct credentials *credentials)
{
    struct error err = {0};
    if (!identity_get(identity, &world->runtime, credentials, &err)) {
        fail_msg("%s", err.text);
    }
}

static void a_role_is_assumed_once_for_every_region(void **state)
{
    (void)state;
    static const char *const regions[] = {"eu-west-2", "us-east-1", "ap-south-1"};
    struct world world;
    struct credentials credentials = {0};
    set_up(&world);
    for (size_t i = 0; i < 3; i++) {
        get(&world, find_take(settings_for(audit, NULL), regions[i]), &credentials);
        assert_string_equal(secret_reveal(&credentials.access_key_id), "ASIAROLE1");
        assert_string_equal(secret_reveal(&credentials.session_token),
                            "planted-role-token-1");
    }
    assert_int_equal(world.seen_count, 1);
    assert_string_equal(world.seen[0].url, "https://sts.eu-west-2.amazonaws.com/");
    assert_string_equal(world.seen[0].body,
                        "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%"
                        "3A111122223333%3Arole%2Faudit&RoleSessionName=auditbridge&"
                        "ExternalId=outside-7");
    assert_non_null(strstr(world.seen[0].authorization,
                           "AKIDEXAMPLE/20260101/eu-west-2/sts/aws4_request"));
    credentials_clear(&credentials);
    world_clear(&world);
}

static void partitions_do_not_share(void **state)
{
    (void)state;
    struct world world;
    set_up(&world);
    setenv("AWS_REGION", "eu-west-2", 1);
    struct identity *commercial = find_take(settings_for(audit, NULL), "us-east-1");
    struct identity *china = find_take(settings_for(audit, NULL), "cn-north-1");
    struct credentials credentials = {0};
    assert_ptr_not_equal(commercial, china);
    get(&world, commercial, &credentials);
    get(&world, china, &credentials);
    assert_string_equal(world.seen[0].url, "https://sts.eu-west-2.amazonaws.com/");
    assert_string_equal(world.seen[1].url, "https://sts.cn-north-1.amazonaws.com.cn/");
    credentials_clear(&credentials);
    world_clear(&world);
}

static void a_chain_is_assumed_in_its_order_and_its_hub_is_shared(void **state)
{
    (void)state;
    static const char *const other = "arn:aws:iam::444455556666:role/audit";
    struct world world;
    struct credentials credentials = {0};
    set_up(&world);
    get(&world, find_take(settings_for(hub, audit), "eu-west-2"), &credentials);
    get(&world, find_take(settings_for(hub, other), "eu-west-2"), &credentials);
    assert_int_equal(world.seen_count, 3);
    assert_int_equal(world_count(&world, "role%2Fhub"), 1);
    assert_null(strstr(world.seen[0].body, "ExternalId"));
    assert_non_null(strstr(world.seen[1].body, "ExternalId=outside-7"));
    assert_string_equal(world.seen[1].token, "planted-role-token-1");
    assert_string_equal(world.seen[2].token, "planted-role-token-1");
    credentials_clear(&credentials);
    world_clear(&world);
}

static void credentials_are_renewed_before_they_end(void **state)
{
    (void)state;
    struct world world;
    struct credentials credentials = {0};
    set_up(&world);
    struct identity *identity = find_take(settings_for(audit, NULL), "eu-west-2");
    get(&world, identity, &credentials);
    world.now_ms += 54 * MS_PER_MINUTE;
    get(&world, identity, &credentials);
    assert_int_equal(world.seen_count, 1);
    world.now_ms += MS_PER_MINUTE;
    get(&world, identity, &credentials);
    assert_int_equal(world.seen_count, 2);
    assert_string_equal(secret_reveal(&credentials.access_key_id), "ASIAROLE2");
    credentials_clear(&credentials);
    world_clear(&world);
}

static void short_ones_are_renewed_in_their_last_quarter(void **state)
{
    (void)state;
    struct world world;
    struct credentials credentials = {0};
    set_up(&world);
    world.rules[0].answer = "identity/assume-role-minute.xml";
    struct identity *identity = find_take(settings_for(audit, NULL), "eu-west-2");
    get(&world, identity, &credentials);
    world.now_ms += 44 * MS_PER_SECOND;
    get(&world, identity, &credentials);
    assert_int_equal(world.seen_count, 1);
    world.now_ms += MS_PER_SECOND;
    get(&world, identity, &credentials);
    assert_int_equal(world.seen_count, 2);
    credentials_clear(&credentials);
    world_clear(&world);
}

static void their_end_is_told_by_the_cloud_s_clock(void **state)
{
    (void)state;
    struct world world;
    struct credentials credentials = {0};
    set_up(&world);
    world.date_off_ms = -3LL * MS_PER_HOUR; /* our clock is ahead: all look over */
    struct identity *identity = find_take(settings_for(audit, NULL), "eu-west-2");
    get(&world, identity, &credentials);
    world.now_ms += 54 * MS_PER_MINUTE;
    get(&world, identity, &credentials);
    assert_int_equal(world.seen_count, 1);
    credentials_clear(&credentials);
    world_clear(&world);
}

static void good_ones_survive_a_failed_early_renewal(void **state)
{
    (void)state;
    struct world world;
    struct credentials credentials = {0};
    set_up(&world);
    struct identity *identity = find_take(settings_for(audit, NULL), "eu-west-2");
    get(&world, identity, &credentials);
    world.now_ms += 56 * MS_PER_MINUTE;
    world.rules[0] = (struct world_rule){
        .url = "sts.", .answer = "identity/sts-denied.xml", .status = 403};
    get(&world, identity, &credentials);
    get(&world, identity, &credentials);
    assert_string_equal(secret_reveal(&credentials.access_key_id), "ASIAROLE1");
    assert_int_equal(world.seen_count, 2); /* the failure is remembered for a while */

    struct error err = {0};
    world.now_ms += 5 * MS_PER_MINUTE;
    assert_false(identity_get(identity, &world.runtime, &credentials, &err));
    assert_int_equal(err.kind, ERROR_DENIED);
    assert_non_null(strstr(err.text, "sts:AssumeRole"));
    assert_non_null(strstr(err.text, audit));
    assert_null(strstr(err.text, "planted"));
    credentials_clear(&credentials);
    world_clear(&world);
}

static void a_refusal_is_asked_for_once_by_many_sources(void **state)
{
    (void)state;
    struct world world;
    struct credentials credentials = {0};
    struct error err = {0};
    set_up(&world);
    world.rules[0].answer = "identity/sts-denied.xml";
    world.rules[0].status = 403;
    struct identity *identity = find_take(settings_for(audit, NULL), "eu-west-2");
    for (int i = 0; i < 17; i++) {
        assert_false(identity_get(identity, &world.runtime, &credentials, &err));
        assert_int_equal(err.kind, ERROR_DENIED);
    }
    assert_int_equal(world.seen_count, 1);
    world.now_ms += MS_PER_MINUTE;
    set_up(&world); /* the policy was mended */
    get(&world, find_take(settings_for(audit, NULL), "eu-west-2"), &credentials);
    credentials_clear(&credentials);
    world_clear(&world);
}

static void an_expired_answer_renews_once_and_not_again_within_a_minute(void **state)
{
    (void)state;
    struct world world;
    struct credentials credentials = {0};
    set_up(&world);
    struct identity *identity = find_take(settings_for(audit, NULL), "eu-west-2");
    get(&world, identity, &credentials);
    assert_true(identity_renew(identity, &world.runtime, &credentials, NULL));
    assert_string_equal(secret_reveal(&credentials.access_key_id), "ASIAROLE2");
    assert_true(identity_renew(identity, &world.runtime, &credentials, NULL));
    assert_string_equal(secret_reveal(&credentials.access_key_id), "ASIAROLE2");
    assert_int_equal(world.seen_count, 2);
    world.now_ms += MS_PER_MINUTE;
    assert_true(identity_renew(identity, &world.runtime, &credentials, NULL));
    assert_string_equal(secret_reveal(&credentials.access_key_id), "ASIAROLE3");
    credentials_clear(&credentials);
    world_clear(&world);
}

static void who_was_refused_with_old_ones_takes_what_another_renewed(void **state)
{
    (void)state;
    struct world world;
    struct credentials first = {0};
    struct credentials second = {0};
    set_up(&world);
    struct identity *identity = find_take(settings_for(audit, NULL), "eu-west-2");
    get(&world, identity, &first);
    get(&world, identity, &second);
    assert_true(identity_renew(identity, &world.runtime, &first, NULL));
    assert_true(identity_renew(identity, &world.runtime, &second, NULL));
    assert_string_equal(secret_reveal(&second.access_key_id), "ASIAROLE2");
    assert_int_equal(world.seen_count, 2);
    credentials_clear(&first);
    credentials_clear(&second);
    world_clear(&world);
}

/* A hub's credentials that STS calls expired are renewed, and the role asked for again.
 */
static void a_base_that_expires_in_a_chain_is_renewed(void **state)
{
    (void)state;
    struct world world;
    struct credentials credentials = {0};
    set_up(&world);
    world.rules[1] = world.rules[0];
    world.rules[0] = (struct world_rule){.url = "sts.",
                                         .body = "role%2Faudit",
                                         .answer = "identity/sts-expired.xml",
                                         .status = 403,
                                         .times = 1};
    get(&world, find_take(settings_for(hub, audit), "eu-west-2"), &credentials);
    assert_int_equal(world_count(&world, "role%2Fhub"), 2);
    assert_int_equal(world_count(&world, "role%2Faudit"), 2);
    assert_string_equal(world.seen[3].token, "planted-role-token-3");
    credentials_clear(&credentials);
    world_clear(&world);
}

static void a_clock_apart_is_learned_from_sts_too(void **state)
{
    (void)state;
    struct world world;
    struct credentials credentials = {0};
    set_up(&world);
    world.date_off_ms = 20LL * MS_PER_MINUTE;
    world.rules[1] = world.rules[0];
    world.rules[0] = (struct world_rule){
        .url = "sts.", .answer = "identity/sts-signature.xml", .status = 403, .times = 1};
    get(&world, find_take(settings_for(hub, audit), "eu-west-2"), &credentials);
    /* hub twice; then audit with the right time at once, for the skew is remembered */
    assert_int_equal(world_count(&world, "role%2Fhub"), 2);
    credentials_clear(&credentials);
    world_clear(&world);
}

struct caller {
    pthread_t thread;
    struct world *world;
    struct identity *identity;
    bool must_renew;
    char got[64];
};

static void *call(void *context)
{
    struct caller *caller = context;
    struct credentials credentials = {0};
    struct runtime *runtime = &caller->world->runtime;
    if (identity_get(caller->identity, runtime, &credentials, NULL) &&
        (!caller->must_renew ||
         identity_renew(caller->identity, runtime, &credentials, NULL))) {
        strncat(caller->got, secret_reveal(&credentials.access_key_id),
                sizeof(caller->got) - 1);
    }
    credentials_clear(&credentials);
    return NULL;
}

static void call_all(struct world *world, bool must_renew, const char *expected)
{
    static struct caller callers[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        callers[i] =
            (struct caller){.world = world,
                            .identity = find_take(settings_for(hub, audit), "eu-west-2"),
                            .must_renew = must_renew};
        assert_int_equal(pthread_create(&callers[i].thread, NULL, call, &callers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(callers[i].thread, NULL);
        assert_string_equal(callers[i].got, expected);
    }
}

static void thirty_two_threads_assume_a_role_once(void **state)
{
    (void)state;
    struct world world;
    set_up(&world);
    world.answer_wait_ms = 20;
    call_all(&world, false, "ASIAROLE2");
    assert_int_equal(world_count(&world, "role%2Faudit"), 1);
    assert_int_equal(world_count(&world, "role%2Fhub"), 1);
    call_all(&world, true, "ASIAROLE3");
    assert_int_equal(world_count(&world, "role%2Faudit"), 2);
    world_clear(&world);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_role_is_assumed_once_for_every_region),
        cmocka_unit_test(partitions_do_not_share),
        cmocka_unit_test(a_chain_is_assumed_in_its_order_and_its_hub_is_shared),
        cmocka_unit_test(credentials_are_renewed_before_they_end),
        cmocka_unit_test(short_ones_are_renewed_in_their_last_quarter),
        cmocka_unit_test(their_end_is_told_by_the_cloud_s_clock),
        cmocka_unit_test(good_ones_survive_a_failed_early_renewal),
        cmocka_unit_test(a_refusal_is_asked_for_once_by_many_sources),
        cmocka_unit_test(an_expired_answer_renews_once_and_not_again_within_a_minute),
        cmocka_unit_test(who_was_refused_with_old_ones_takes_what_another_renewed),
        cmocka_unit_test(a_base_that_expires_in_a_chain_is_renewed),
        cmocka_unit_test(a_clock_apart_is_learned_from_sts_too),
        cmocka_unit_test(thirty_two_threads_assume_a_role_once),
    };
    return cmocka_run_group_tests_name("identity", tests, NULL, NULL);
}
