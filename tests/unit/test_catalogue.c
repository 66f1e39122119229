/*
 * mapping/catalogue.h: each row is a table, and what is kept of it or said against it.
 */
#include "mapping/catalogue.h"

#include "mapping_world.h"
#include "verdict_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { TOLD_MAX = 64 << 10 };

static const struct record_shape shape_aws = {
    .name = "aws-cloudtrail", .service_path = "s", .strip_versions = true};
static const struct record_shape shape_gcp = {
    .name = "gcp-audit", .any_service = true, .fold_case = true, .drop_versions = true};

static struct row {
    const char *name;
    const struct record_shape *shape;
    const char *text;
    const char *told; /* "service: operation, (read)" a line, or the problems */
} rows[] = {
    {"services and operations are in order, whatever the rows were", &shape_plain,
     "service\toperation\tkind\nb\tTwo\twrite\na\tOne\tread\nb\tOne\twrite\n",
     "a: (One)\nb: One Two\n"},
    {"columns are known by their names", &shape_aws,
     "model\tkind\toperation\teventSource\nx\twrite\tOne\ta.example\n",
     "a.example: One\n"},
    {"columns of Google Cloud", &shape_gcp,
     "serviceName\tmethodName\tkind\ns\ta.B\twrite\n", "s: a.B\n"},
    {"without a kind every row is a write", &shape_folded,
     "category\tservice\toperation\nx\ts\tOne\n", "s: One\n"},
    {"dated names are one operation, and a write when one of them is", &shape_aws,
     "eventSource\toperation\tkind\ns\tMake20150331\tread\ns\tMake2020_05_31\twrite\n",
     "s: Make\n"},
    {"versions and case are dropped where records have them", &shape_gcp,
     "serviceName\tmethodName\tkind\ns\tv1.a.Make\twrite\ns\tbeta.a.make\twrite\n",
     "s: a.Make\n"},
    {"services in another case are one where case does not matter", &shape_folded,
     "service\toperation\tkind\nMicrosoft.App\tone\twrite\nmicrosoft.app\ttwo\twrite\n",
     "Microsoft.App: one two\n"},
    {"case matters elsewhere", &shape_plain,
     "service\toperation\tkind\ns\tone\twrite\ns\tOne\twrite\n", "s: One one\n"},
    {"ends of lines of Windows, empty lines and spaces", &shape_plain,
     "service\toperation\tkind\r\n\r\ns \t One\twrite\r\n", "s: One\n"},
    {"no end of the last line", &shape_plain, "service\toperation\tkind\ns\tOne\twrite",
     "s: One\n"},
    {"a heading of something else", &shape_plain, "name\tvalue\ns\tOne\n",
     "t.tsv:1:1: no heading of a catalogue; the first line names the columns: "
     "eventSource, operation, kind (AWS); provider_namespace, operation, kind (Azure); "
     "category, service, activityDisplayName (Entra); serviceName, methodName, kind "
     "(Google Cloud); or service, operation, kind\n"},
    {"another cloud's operations", &shape_gcp,
     "eventSource\toperation\tkind\ns\tOne\twrite\n",
     "t.tsv:1:1: these are operations of aws-cloudtrail, and gcp-audit was asked for; "
     "name another catalogue or provider\n"},
    {"every wrong row", &shape_plain,
     "service\toperation\tkind\ns\tOne\n\tTwo\twrite\ns\tOne\twrite\nalone\n",
     "t.tsv:2:1: a row needs a service, an operation and the other columns of the "
     "heading, with a tab between them\n"
     "t.tsv:3:1: a row needs a service, an operation and the other columns of the "
     "heading, with a tab between them\n"
     "t.tsv:5:1: a row needs a service, an operation and the other columns of the "
     "heading, with a tab between them\n"},
    {"nothing", &shape_plain, "", "t.tsv: is empty\n"},
    {"bytes that are no text", &shape_plain, "service\toperation\xff\n",
     "t.tsv: is not text in UTF-8\n"},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void show(const struct catalogue *catalogue, struct buf *out)
{
    for (size_t i = 0; i < catalogue->count; i++) {
        const struct catalogue_service *service = catalogue->services[i];
        buf_addf(out, "%s:", service->name);
        for (size_t j = 0; j < service->count; j++) {
            const struct catalogue_operation *operation = service->operations[j];
            buf_addf(out, operation->is_write ? " %s" : " (%s)", operation->name);
        }
        buf_add_text(out, "\n");
    }
}

static void test_table(void **state)
{
    const struct row *row = *state;
    struct catalogue catalogue = {.shape = row->shape};
    struct problems problems = {0};
    struct buf told;
    buf_init(&told, TOLD_MAX);

    bool ok = catalogue_add(&catalogue, "t.tsv", bytes_of(row->text), &problems);
    assert_int_equal(ok, problems.count == 0);
    catalogue_sort(&catalogue);
    if (ok) {
        show(&catalogue, &told);
    }
    verdict_world_show(&problems, &told);
    assert_string_equal(buf_text(&told), row->told);

    catalogue_clear(&catalogue);
    problems_clear(&problems);
    buf_clear(&told);
}

static struct scope_row {
    const char *name;
    const char *text;
    const char *told; /* "service priority" a line, or the problems */
} scopes[] = {
    {"services of the provider get their priority",
     "provider\tservice\twhy\tpriority\naws\ta\tx\t2\ngcp\tb\tx\t1\naws\tb\tx\t1\n",
     "a 2\nb 1\n"},
    {"without a column all are of the first priority", "provider\tservice\naws\tb\n",
     "a 0\nb 1\n"},
    {"a service that the catalogue lacks is known, without operations",
     "provider\tservice\tpriority\naws\tc\t1\n", "a 0\nb 0\nc 1\n"},
    {"a longer word is another provider", "provider\tservice\tpriority\nawsx\ta\t1\n",
     "scope.tsv: names no service of aws-cloudtrail\n"},
    {"priorities that are none",
     "provider\tservice\tpriority\naws\ta\t0\naws\tb\tfirst\naws\tb\t12\n",
     "scope.tsv:2:1: a row needs a service, and a priority from 1 to 9\n"
     "scope.tsv:3:1: a row needs a service, and a priority from 1 to 9\n"
     "scope.tsv:4:1: a row needs a service, and a priority from 1 to 9\n"},
    {"a heading of something else", "service\tpriority\na\t1\n",
     "scope.tsv:1:1: no heading of a scope; the first line names the columns provider, "
     "service and priority\n"},
};
enum { SCOPES = sizeof(scopes) / sizeof(scopes[0]) };

static void test_scope(void **state)
{
    const struct scope_row *row = *state;
    struct catalogue catalogue = {.shape = &shape_aws};
    struct problems problems = {0};
    struct buf told;
    buf_init(&told, TOLD_MAX);

    assert_true(catalogue_add(&catalogue, "t.tsv",
                              bytes_of("eventSource\toperation\tkind\na\tOne\twrite\n"
                                       "b\tOne\twrite\n"),
                              &problems));
    bool ok = catalogue_scope(&catalogue, "scope.tsv", bytes_of(row->text), &problems);
    catalogue_sort(&catalogue);
    for (size_t i = 0; ok && i < catalogue.count; i++) {
        buf_addf(&told, "%s %d\n", catalogue.services[i]->name,
                 catalogue.services[i]->priority);
    }
    verdict_world_show(&problems, &told);
    assert_string_equal(buf_text(&told), row->told);

    catalogue_clear(&catalogue);
    problems_clear(&problems);
    buf_clear(&told);
}

static void a_heading_says_whose_operations_they_are(void **state)
{
    (void)state;
    const char *records = NULL;
    assert_true(catalogue_records(bytes_of("serviceName\tmethodName\n"), &records));
    assert_string_equal(records, "gcp-audit");
    assert_true(catalogue_records(bytes_of("service\toperation\n"), &records));
    assert_null(records);
    assert_false(catalogue_records(bytes_of("service\tname\n"), &records));
}

int main(void)
{
    struct CMUnitTest tests[ROWS + SCOPES + 1] = {
        cmocka_unit_test(a_heading_says_whose_operations_they_are)};
    for (size_t i = 0; i < ROWS; i++) {
        tests[1 + i] = (struct CMUnitTest){
            .name = rows[i].name, .test_func = test_table, .initial_state = &rows[i]};
    }
    for (size_t i = 0; i < SCOPES; i++) {
        tests[1 + ROWS + i] = (struct CMUnitTest){
            .name = scopes[i].name, .test_func = test_scope, .initial_state = &scopes[i]};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
