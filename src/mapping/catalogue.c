#include "mapping/catalogue.h"

#include "base/text.h"
#include "mapping/operation.h"
#include "mapping/tsv.h"

#include <stdlib.h>

enum { TEXT_SIZE_MAX = 4 << 20 };

static const struct format {
    const char *records; /* NULL: any */
    const char *service;
    const char *operation;
} formats[] = {
    {"aws-cloudtrail", "eventSource", "operation"},
    {"azure-activity", "provider_namespace", "operation"},
    {"entra-audit", "service", "activityDisplayName"},
    {"gcp-audit", "serviceName", "methodName"},
    {NULL, "service", "operation"},
};
enum { FORMATS = sizeof(formats) / sizeof(formats[0]) };

static const struct format *find_format(const struct tsv *tsv)
{
    for (size_t i = 0; i < FORMATS; i++) {
        if (tsv_column(tsv, formats[i].service) < TSV_COLUMNS_MAX &&
            tsv_column(tsv, formats[i].operation) < TSV_COLUMNS_MAX) {
            return &formats[i];
        }
    }
    return NULL;
}

bool catalogue_records(struct bytes text, const char **records)
{
    struct tsv tsv;
    tsv_start(&tsv, "", text);
    const struct format *format = find_format(&tsv);
    *records = format == NULL ? NULL : format->records;
    return format != NULL;
}

/* What is at work while one file is read. */
struct table {
    struct catalogue *catalogue;
    struct problems *problems;
    struct tsv tsv;
    size_t service;
    size_t operation;
    size_t kind;
};

static void fault(const struct table *table, const char *what)
{
    problems_add(table->problems, table->tsv.file, table->tsv.line, 1, "%s", what);
}

static char *keep(struct catalogue *catalogue, struct bytes cell)
{
    char *text = arena_alloc(&catalogue->arena, cell.size + 1, 1);
    return memcpy(text, cell.data, cell.size);
}

static const char *spell_service(struct catalogue *catalogue, struct bytes cell)
{
    char *key = keep(catalogue, cell);
    operation_fold((uint8_t *)key, catalogue->shape->fold_case ? cell.size : 0);
    return key;
}

static struct catalogue_service *add_service(struct catalogue *catalogue,
                                             struct bytes cell)
{
    const char *key = spell_service(catalogue, cell);
    struct catalogue_service *service = catalogue_find(catalogue, bytes_of(key));
    if (service == NULL) {
        service = arena_alloc(&catalogue->arena, 1, sizeof(*service));
        service->name = keep(catalogue, cell);
        service->key = key;
        lookup_add(&catalogue->by_service, &catalogue->arena, bytes_of(key), service);
        catalogue->count++;
    }
    return service;
}

/* A name for people: in the case of the file, but without versions. */
static const char *spell_name(struct catalogue *catalogue, struct bytes cell)
{
    struct record_shape shape = *catalogue->shape;
    shape.fold_case = false;
    char *name = keep(catalogue, cell);
    operation_spell(&shape, name);
    return name;
}

static void add_operation(struct catalogue *catalogue, struct bytes service_name,
                          struct bytes name, bool is_write)
{
    struct arena *arena = &catalogue->arena;
    struct catalogue_service *service = add_service(catalogue, service_name);
    char *key = keep(catalogue, name);
    operation_spell(catalogue->shape, key);
    struct catalogue_operation *operation = lookup_find(&service->by_key, bytes_of(key));
    if (operation == NULL) {
        operation = arena_alloc(arena, 1, sizeof(*operation));
        operation->name = spell_name(catalogue, name);
        operation->key = key;
        operation->service = service;
        operation->next = service->first;
        service->first = operation;
        service->count++;
        lookup_add(&service->by_key, arena, bytes_of(key), operation);
        if (lookup_find(&catalogue->by_key, bytes_of(key)) == NULL) {
            lookup_add(&catalogue->by_key, arena, bytes_of(key), operation);
        }
    }
    operation->is_write = operation->is_write || is_write;
}

static struct bytes trim(struct bytes cell)
{
    while (cell.size > 0 && cell.data[0] == ' ') {
        cell.data++;
        cell.size--;
    }
    while (cell.size > 0 && cell.data[cell.size - 1] == ' ') {
        cell.size--;
    }
    return cell;
}

static void read_row(const struct table *table)
{
    struct bytes service = trim(tsv_cell(&table->tsv, table->service));
    struct bytes operation = trim(tsv_cell(&table->tsv, table->operation));
    struct bytes kind = trim(tsv_cell(&table->tsv, table->kind));
    bool has_kind = table->kind < TSV_COLUMNS_MAX;
    if (service.size == 0 || operation.size == 0 || (has_kind && kind.size == 0)) {
        fault(table, "a row needs a service, an operation and the other columns of the "
                     "heading, with a tab between them");
        return;
    }
    bool is_read = has_kind && bytes_equal(kind, bytes_of("read"));
    add_operation(table->catalogue, service, operation, !is_read);
}

/* Begins with the heading of text; false when text is no table. */
static bool open_table(struct table *table, const char *file, struct bytes text)
{
    table->tsv = (struct tsv){.file = file};
    const char *what = NULL;
    if (text.size > TEXT_SIZE_MAX) {
        what = "is longer than 4 MiB; split it";
    } else if (text.size == 0) {
        what = "is empty";
    } else if (!text_is_utf8(text) || memchr(text.data, '\0', text.size) != NULL) {
        what = "is not text in UTF-8";
    }
    if (what != NULL) {
        problems_add(table->problems, file, 0, 0, "%s", what);
        return false;
    }
    tsv_start(&table->tsv, file, text);
    return true;
}

bool catalogue_add(struct catalogue *catalogue, const char *file, struct bytes text,
                   struct problems *problems)
{
    const size_t before = problems->count;
    struct table table = {.catalogue = catalogue, .problems = problems};
    if (!open_table(&table, file, text)) {
        return false;
    }
    const struct format *format = find_format(&table.tsv);
    if (format == NULL) {
        fault(&table, "no heading of a catalogue; the first line names the columns: "
                      "eventSource, operation, kind (AWS); provider_namespace, "
                      "operation, kind (Azure); category, service, activityDisplayName "
                      "(Entra); serviceName, methodName, kind (Google Cloud); or "
                      "service, operation, kind");
        return false;
    }
    if (format->records != NULL && strcmp(format->records, catalogue->shape->name) != 0) {
        problems_add(problems, file, table.tsv.line, 1,
                     "these are operations of %s, and %s was asked for; name another "
                     "catalogue or provider",
                     format->records, catalogue->shape->name);
        return false;
    }
    table.service = tsv_column(&table.tsv, format->service);
    table.operation = tsv_column(&table.tsv, format->operation);
    table.kind = tsv_column(&table.tsv, "kind");
    while (tsv_next(&table.tsv)) {
        read_row(&table);
    }
    return problems->count == before;
}

/* "aws" is the word that "aws-cloudtrail" begins with. */
static bool is_word_of(struct bytes word, const char *records)
{
    size_t size = strcspn(records, "-");
    return bytes_equal(word, (struct bytes){(const uint8_t *)records, size});
}

/* A priority, 1 where the table has no such column; 0 when it is none. */
static int read_priority(const struct table *table, size_t column)
{
    struct bytes cell = trim(tsv_cell(&table->tsv, column));
    if (column == TSV_COLUMNS_MAX) {
        return 1;
    }
    bool is_digit = cell.size == 1 && cell.data[0] > '0' && cell.data[0] <= '9';
    return is_digit ? cell.data[0] - '0' : 0;
}

bool catalogue_scope(struct catalogue *catalogue, const char *file, struct bytes text,
                     struct problems *problems)
{
    const size_t before = problems->count;
    struct table table = {.catalogue = catalogue, .problems = problems};
    if (!open_table(&table, file, text)) {
        return false;
    }
    size_t provider = tsv_column(&table.tsv, "provider");
    size_t named = tsv_column(&table.tsv, "service");
    size_t priority = tsv_column(&table.tsv, "priority");
    if (provider == TSV_COLUMNS_MAX || named == TSV_COLUMNS_MAX) {
        fault(&table, "no heading of a scope; the first line names the columns provider, "
                      "service and priority");
        return false;
    }
    size_t count = 0;
    while (tsv_next(&table.tsv)) {
        struct bytes service = trim(tsv_cell(&table.tsv, named));
        if (!is_word_of(tsv_cell(&table.tsv, provider), catalogue->shape->name)) {
            continue;
        }
        int given = read_priority(&table, priority);
        if (service.size == 0 || given == 0) {
            fault(&table, "a row needs a service, and a priority from 1 to 9");
            continue;
        }
        add_service(catalogue, service)->priority = given;
        count++;
    }
    if (count == 0 && problems->count == before) {
        problems_add(problems, file, 0, 0, "names no service of %s",
                     catalogue->shape->name);
    }
    return problems->count == before;
}

static int compare_services(const void *left, const void *right)
{
    const struct catalogue_service *const *first = left;
    const struct catalogue_service *const *second = right;
    return strcmp((*first)->name, (*second)->name);
}

static int compare_operations(const void *left, const void *right)
{
    const struct catalogue_operation *const *first = left;
    const struct catalogue_operation *const *second = right;
    return strcmp((*first)->key, (*second)->key);
}

static void sort_service(struct arena *arena, struct catalogue_service *service)
{
    size_t count = 0;
    service->operations = arena_alloc(arena, service->count, sizeof(void *));
    struct catalogue_operation *operation = service->first;
    for (; operation != NULL; operation = operation->next) {
        service->operations[count++] = operation;
    }
    if (count > 0) {
        qsort(service->operations, count, sizeof(void *), compare_operations);
    }
}

void catalogue_sort(struct catalogue *catalogue)
{
    size_t count = 0;
    const struct lookup *by_service = &catalogue->by_service;
    catalogue->services = arena_alloc(&catalogue->arena, catalogue->count,
                                      sizeof(struct catalogue_service *));
    for (size_t i = 0; i < by_service->slot_count; i++) {
        if (by_service->slots[i].thing != NULL) {
            catalogue->services[count] = by_service->slots[i].thing;
            sort_service(&catalogue->arena, catalogue->services[count]);
            count++;
        }
    }
    if (count > 0) {
        qsort(catalogue->services, count, sizeof(void *), compare_services);
    }
}

void catalogue_clear(struct catalogue *catalogue)
{
    arena_clear(&catalogue->arena);
    *catalogue = (struct catalogue){0};
}

struct catalogue_service *catalogue_find(const struct catalogue *catalogue,
                                         struct bytes key)
{
    return lookup_find(&catalogue->by_service, key);
}
