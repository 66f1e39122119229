/*
 * mapping/mapping.h: what a record comes to. Each row matches one record against the
 * packs of fixtures/packs and compares rules, principles, outcome and fields.
 */
#include "mapping_world.h"

#include "config/principle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { TEXT_MAX = 64 << 10 };

static struct row {
    const char *name;
    const char *packs;
    const char *record; /* of the plain shape, without its braces and service */
    const char *wanted;
} rows[] = {
    {"an operation by its name", "match", "'service':'iam','op':'CreateGroup'",
     "group-create | 2a | unknown |"},
    {"the same name of another service is another operation", "match",
     "'service':'ec2','op':'CreateGroup'", "| | unknown |"},
    {"names are compared in case", "match", "'service':'iam','op':'creategroup'",
     "| | unknown |"},
    {"a glob, below each service that its rule names", "match",
     "'service':'ec2','op':'DeleteVpc'", "delete-any | 3b | unknown |"},
    {"a glob with its star inside", "match", "'service':'iam','op':'Remove'",
     "delete-any | 3b | unknown |"},
    {"a glob may match nothing more", "match", "'service':'ec2','op':'Delete'",
     "delete-any | 3b | unknown |"},
    {"a glob below other services says nothing", "match",
     "'service':'s3','op':'DeleteVpc'", "| | unknown |"},
    {"a lone star takes every operation", "match", "'service':'misc','op':'Whatever'",
     "everything | 6 | unknown |"},
    {"a lone star takes no record without an operation", "match", "'service':'misc'",
     "| | unknown |"},
    {"a rule of no principle adds none", "match", "'service':'misc','op':'Read'",
     "everything nothing | 6 | unknown |"},
    {"a glob before a name, in file order", "match", "'service':'iam','op':'DeleteGroup'",
     "delete-any shadowed-by-nobody | 3a 3b | unknown |"},
    {"no service", "match", "'op':'CreateGroup'", "| | unknown |"},
    {"a service that is null", "match", "'service':null,'op':'CreateGroup'",
     "| | unknown |"},
    {"names written with escapes", "match",
     "'service':'\\u0069am','op':'Create\\u0047roup'", "group-create | 2a | unknown |"},

    {"Lambda's dates are cut off", "match",
     "'service':'iam','op':'CreateFunction20150331'", "group-create | 2a | unknown |"},
    {"and the version behind them", "match",
     "'service':'iam','op':'CreateFunction20150331v2'", "group-create | 2a | unknown |"},
    {"and of other functions", "match",
     "'service':'iam','op':'UpdateFunctionCode20150331v2'",
     "group-create | 2a | unknown |"},
    {"CloudFront's dates are cut off", "match",
     "'service':'iam','op':'CreateDistribution2020_05_31'",
     "group-create | 2a | unknown |"},
    {"a name is never all date", "match", "'service':'iam','op':'20150331'",
     "| | unknown |"},

    {"fields of the pack", "match",
     "'service':'x','op':'y','actor':{'name':'ann'},'group':'g'",
     "| | unknown | group.name=g user.name=ann"},
    {"the first path that exists", "match", "'actor':{'id':7}",
     "| | unknown | user.name=7"},
    {"null does not exist", "match", "'actor':{'name':null,'id':'i'}",
     "| | unknown | user.name=i"},
    {"an empty text is no value either", "match", "'actor':{'name':'','id':'i'}",
     "| | unknown | user.name=i"},
    {"nor is an object", "match", "'actor':{'name':{'first':'ann'},'id':'i'}",
     "| | unknown | user.name=i"},
    {"a field of many takes every element's", "match",
     "'service':'iam','op':'CreateGroup','request':{'id':'i','members':"
     "[{'name':'a'},{'id':1},{'name':null},{'name':'b'},{'name':3}]}",
     "group-create | 2a | unknown | moj.member.name=a,b,3 moj.target.name=i"},
    {"a rule's field before the pack's", "match",
     "'service':'iam','op':'AddUser','actor':{'name':'ann'},'request':{'user':'bob'}",
     "user-by-request | 2b | unknown | user.name=bob"},
    {"the pack's field where the rule's path finds nothing", "match",
     "'service':'iam','op':'AddUser','actor':{'name':'ann'}",
     "user-by-request | 2b | unknown | user.name=ann"},

    {"the first outcome", "match", "'error':'Denied','answer':{'login':'Success'}",
     "| | failure |"},
    {"the second", "match", "'answer':{'login':'Failure'}", "| | failure |"},
    {"the third", "match", "'answer':{'login':'Success'}", "| | success |"},
    {"no outcome holds", "match", "'error':null", "| | unknown |"},

    {"several rules, in file order", "order",
     "'service':'s','op':'Do','third':true,'rule_first':'1','rule_second':'2',"
     "'rule_third':'3','pack_first':'p','pack_second':'q'",
     "first second third | 1a 2a 3b 6 | unknown | group.name=2 user.name=1"},
    {"the next rule's field where the first finds nothing", "order",
     "'service':'s','op':'Do','third':'true','rule_third':'3','pack_first':'p'",
     "first second third | 1a 2a 3b 6 | unknown | group.name=p user.name=3"},
    {"the first file's field before the second's", "order",
     "'service':'s','op':'Else','pack_first':'p','pack_second':'q'",
     "first | 2a | unknown | group.name=p user.name=p"},
    {"the second file's where the first finds nothing", "order",
     "'service':'s','op':'Else','pack_second':'q'", "first | 2a | unknown | user.name=q"},

    {"a rule that a later directory replaces is gone",
     "replaced/10-shipped+"
     "replaced/20-ours",
     "'service':'sts','op':'Assume'", "our-assume | 6 | unknown |"},
    {"also where the new one does not match", "replaced/10-shipped+replaced/20-ours",
     "'service':'sts','op':'Assume','kind':'service'", "| | unknown |"},
    {"a rule replaced by one of its id, and one added",
     "replaced/10-shipped+replaced/20-ours", "'service':'sts','op':'Token'",
     "token more | 1a 3a | unknown |"},

    {"equal", "conditions", "'service':'s','op':'Text','v':'wanted'",
     "text | 6 | unknown |"},
    {"not equal", "conditions", "'service':'s','op':'Text','v':'Wanted'",
     "| | unknown |"},
    {"equal to nothing", "conditions", "'service':'s','op':'Text'", "| | unknown |"},
    {"equal to null", "conditions", "'service':'s','op':'Text','v':null",
     "| | unknown |"},
    {"equal to an object", "conditions", "'service':'s','op':'Text','v':{'wanted':1}",
     "| | unknown |"},
    {"one of a list", "conditions", "'service':'s','op':'List','v':'two'",
     "list | 6 | unknown |"},
    {"none of a list", "conditions", "'service':'s','op':'List','v':'three'",
     "| | unknown |"},
    {"exists", "conditions", "'service':'s','op':'Exists','v':''",
     "exists | 6 | unknown |"},
    {"false exists", "conditions", "'service':'s','op':'Exists','v':false",
     "exists | 6 | unknown |"},
    {"an object exists", "conditions", "'service':'s','op':'Exists','v':{}",
     "exists | 6 | unknown |"},
    {"null does not exist in conditions", "conditions",
     "'service':'s','op':'Exists','v':null", "| | unknown |"},
    {"absent", "conditions", "'service':'s','op':'Absent'", "absent | 6 | unknown |"},
    {"null is absent", "conditions", "'service':'s','op':'Absent','v':null",
     "absent | 6 | unknown |"},
    {"there, so not absent", "conditions", "'service':'s','op':'Absent','v':0",
     "| | unknown |"},
    {"a glob", "conditions", "'service':'s','op':'Glob','v':'arn:role/admin-x'",
     "glob | 6 | unknown |"},
    {"a glob is for the whole text", "conditions",
     "'service':'s','op':'Glob','v':'arn:role/admin-xy'", "| | unknown |"},
    {"not equal holds", "conditions", "'service':'s','op':'NotText','v':'other'",
     "not-text | 6 | unknown |"},
    {"not equal holds for what is absent", "conditions", "'service':'s','op':'NotText'",
     "not-text | 6 | unknown |"},
    {"not equal fails", "conditions", "'service':'s','op':'NotText','v':'wanted'",
     "| | unknown |"},
    {"not one of a list", "conditions", "'service':'s','op':'NotList','v':'three'",
     "not-list | 6 | unknown |"},
    {"not one of a list fails", "conditions", "'service':'s','op':'NotList','v':'one'",
     "| | unknown |"},
    {"not a glob", "conditions", "'service':'s','op':'NotGlob','v':'ba'",
     "not-glob | 6 | unknown |"},
    {"not a glob fails", "conditions", "'service':'s','op':'NotGlob','v':'ab'",
     "| | unknown |"},
    {"not absent", "conditions", "'service':'s','op':'NotAbsent','v':1",
     "not-absent | 6 | unknown |"},
    {"not not", "conditions", "'service':'s','op':'NotNot','v':'wanted'",
     "not-not | 6 | unknown |"},
    {"one element answers", "conditions",
     "'service':'s','op':'Any','v':[{'k':'a'},{},{'k':'wanted'}]", "any | 6 | unknown |"},
    {"no element answers", "conditions", "'service':'s','op':'Any','v':[{'k':'a'}]",
     "| | unknown |"},
    {"under not, no element may answer", "conditions",
     "'service':'s','op':'None','v':[{'k':'a'},{'k':'wanted'}]", "| | unknown |"},
    {"under not, none does", "conditions",
     "'service':'s','op':'None','v':[{'k':'a'},{'k':'b'}]", "none | 6 | unknown |"},
    {"under not, there is no element", "conditions", "'service':'s','op':'None','v':[]",
     "none | 6 | unknown |"},
    {"a boolean", "conditions", "'service':'s','op':'Boolean','v':true",
     "boolean | 6 | unknown |"},
    {"a boolean as text", "conditions", "'service':'s','op':'Boolean','v':'true'",
     "boolean | 6 | unknown |"},
    {"a number as it stands", "conditions", "'service':'s','op':'Number','v':1.50",
     "number | 6 | unknown |"},
    {"the same number written otherwise", "conditions",
     "'service':'s','op':'Number','v':1.5", "| | unknown |"},
    {"a text with escapes is compared without them", "conditions",
     "'service':'s','op':'Quote','v':'say \\\"\\u00e9\\\"\\/'", "quote | 6 | unknown |"},
    {"a plain text as if it had escapes", "conditions",
     "'service':'s','op':'Text','v':'w\\u0061nted'", "text | 6 | unknown |"},
    {"all conditions hold", "conditions", "'service':'s','op':'Both','v':'wanted','w':0",
     "both | 6 | unknown |"},
    {"one of them fails", "conditions", "'service':'s','op':'Both','v':'wanted'",
     "| | unknown |"},
    {"a value in a string that holds JSON", "conditions",
     "'service':'s','op':'Inside','v':'{\\\"k\\\":\\\"wanted\\\"}'",
     "inside | 6 | unknown |"},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

/* The packs of names, which are right. */
static struct mapping_set *load(const char *names)
{
    struct mapping_set *set = NULL;
    struct problems problems = {0};
    bool ok = load_packs(names, &set, &problems);
    for (size_t i = 0; i < problems.count; i++) {
        print_error("%s\n", problems.texts[i]);
    }
    problems_clear(&problems);
    assert_true(ok);
    return set;
}

/* {members}, with a quotation mark for each apostrophe. */
static void spell(const char *members, struct buf *out)
{
    buf_init(out, TEXT_MAX);
    buf_addf(out, "{%s}", members);
    for (size_t i = 0; i < out->size; i++) {
        out->data[i] = out->data[i] == '\'' ? '"' : out->data[i];
    }
}

/* Matches one record with match, which may have seen others. */
static void check_match(const struct mapping *mapping, struct match *match,
                        const char *members, const char *wanted)
{
    struct scanned scanned;
    struct buf text;
    struct buf shown;
    spell(members, &text);
    buf_init(&shown, TEXT_MAX);
    scan_record(&scanned, mapping, buf_text(&text));
    mapping_match(mapping, &scanned.record, &scanned.values, match);
    show_match(match, &shown);
    assert_string_equal(buf_text(&shown), wanted);
    scanned_clear(&scanned);
    buf_clear(&text);
    buf_clear(&shown);
}

static void test_row(void **state)
{
    const struct row *row = *state;
    struct mapping_set *set = load(row->packs);
    struct match match = {0};
    check_match(mapping_find(set, &shape_plain), &match, row->record, row->wanted);
    match_clear(&match);
    mapping_set_free(set);
}

/*
 * The first plan has one slot and several values behind it, where the second keeps its
 * further slots: what was picked there from the first record must be gone.
 */
static void test_nothing_of_one_record_reaches_the_next(void **state)
{
    (void)state;
    struct mapping_set *set = load("stale");
    const struct mapping *mapping = mapping_find(set, &shape_plain);
    struct match match = {0};
    check_match(mapping, &match,
                "'service':'s','op':'Narrow','secrets':['a','b','c','d','e']",
                "narrow | 6 | unknown | moj.member.name=a,b,c,d,e");
    check_match(mapping, &match, "'service':'s','op':'Wide'", "wide | 2b | unknown |");
    check_match(mapping, &match, "'service':'s','op':'Wide','four':'x'",
                "wide | 2b | unknown | moj.target.name=x");
    check_match(mapping, &match, "'service':'s','op':'Narrow'", "narrow | 6 | unknown |");
    check_match(mapping, &match, "'service':'s','op':'Other'", "| | unknown |");
    match_clear(&match);
    mapping_set_free(set);
}

static void test_a_match_may_serve_several_mappings(void **state)
{
    (void)state;
    struct mapping_set *set = load("stale+folded");
    struct match match = {0};
    check_match(mapping_find(set, &shape_plain), &match,
                "'service':'s','op':'Wide','one':'x'",
                "wide | 2b | unknown | user.name=x");
    check_match(mapping_find(set, &shape_folded), &match,
                "'op':'MICROSOFT.COMPUTE/virtualMachines/write'",
                "write | 3b | unknown |");
    check_match(mapping_find(set, &shape_folded), &match,
                "'op':'Microsoft.Network/routes/DELETE'", "delete | 3b | unknown |");
    check_match(mapping_find(set, &shape_folded), &match, "'op':''", "| | unknown |");
    match_clear(&match);
    mapping_set_free(set);
}

static void test_a_rule_says_what_the_envelope_needs(void **state)
{
    (void)state;
    struct mapping_set *set = load("match");
    struct match match = {0};
    check_match(mapping_find(set, &shape_plain), &match,
                "'service':'iam','op':'CreateGroup'", "group-create | 2a | unknown |");
    const struct rule *rule = match.rules[0];
    assert_string_equal(rule->pack, "match");
    assert_string_equal(rule->file, "packs/match/match.yaml");
    assert_int_equal(rule->line, 15);
    assert_string_equal(rule->action, "group-create");
    assert_int_equal(rule->change, CHANGE_CREATE);
    assert_string_equal(rule->requirements[0], "guide#one");
    assert_string_equal(rule->requirements[1], "guide#two");
    assert_null(rule->requirements[2]);
    match_clear(&match);
    mapping_set_free(set);
}

static void test_the_parts_of_the_id_are_found(void **state)
{
    (void)state;
    struct mapping_set *set = load("match");
    const struct mapping *mapping = mapping_find(set, &shape_plain);
    struct scanned scanned;
    struct match match = {0};
    scan_record(&scanned, mapping,
                "{\"id\":\"i1\",\"time\":\"t1\",\"region\":null,\"op\":\"O20150331\"}");
    mapping_match(mapping, &scanned.record, &scanned.values, &match);
    assert_memory_equal(match.id_parts[0]->data, "i1", 2);
    assert_null(match.id_parts[1]);
    assert_null(match.id_parts[2]);
    assert_memory_equal(match.time->data, "t1", 2);
    assert_null(match.account);
    assert_null(match.region);
    assert_int_equal(match.service.size, 0);
    assert_true(bytes_equal(match.operation, bytes_of("O20150331")));
    match_clear(&match);
    scanned_clear(&scanned);
    mapping_set_free(set);
}

static void test_a_shape_without_packs_has_a_mapping_without_rules(void **state)
{
    (void)state;
    struct mapping_set *set = load("match");
    const struct mapping *mapping = mapping_find(set, &shape_folded);
    struct match match = {0};
    assert_non_null(mapping);
    assert_ptr_equal(mapping_shape(mapping), &shape_folded);
    assert_string_equal(mapping_versions(mapping), "");
    check_match(mapping, &match, "'op':'CreateGroup'", "| | unknown |");
    match_clear(&match);
    mapping_set_free(set);
}

static void test_a_pack_of_several_files_is_named_once(void **state)
{
    (void)state;
    struct mapping_set *set = load("versions_same");
    const struct mapping *mapping = mapping_find(set, &shape_plain);
    struct match match = {0};
    assert_string_equal(mapping_versions(mapping), "split 2026.11, other 3");
    check_match(mapping, &match, "'service':'s','op':'C'", "c | 6 | unknown |");
    match_clear(&match);
    mapping_set_free(set);
}

static void test_the_hash_is_that_of_the_bytes(void **state)
{
    (void)state;
    struct mapping_set *first = load("order");
    struct mapping_set *second = load("order");
    struct mapping_set *other = load("match");
    const char *hash = mapping_hash(mapping_find(first, &shape_plain));
    assert_int_equal(strlen(hash), 64);
    assert_string_equal(hash, mapping_hash(mapping_find(second, &shape_plain)));
    assert_string_not_equal(hash, mapping_hash(mapping_find(other, &shape_plain)));
    mapping_set_free(first);
    mapping_set_free(second);
    mapping_set_free(other);
}

int main(void)
{
    const struct CMUnitTest others[] = {
        cmocka_unit_test(test_nothing_of_one_record_reaches_the_next),
        cmocka_unit_test(test_a_match_may_serve_several_mappings),
        cmocka_unit_test(test_a_rule_says_what_the_envelope_needs),
        cmocka_unit_test(test_the_parts_of_the_id_are_found),
        cmocka_unit_test(test_a_shape_without_packs_has_a_mapping_without_rules),
        cmocka_unit_test(test_a_pack_of_several_files_is_named_once),
        cmocka_unit_test(test_the_hash_is_that_of_the_bytes),
    };
    struct CMUnitTest tests[ROWS];
    for (size_t i = 0; i < ROWS; i++) {
        tests[i] = (struct CMUnitTest){
            .name = rows[i].name, .test_func = test_row, .initial_state = &rows[i]};
    }
    return cmocka_run_group_tests(tests, NULL, NULL) +
           cmocka_run_group_tests(others, NULL, NULL);
}
