#include "commands/mappings.h"

#include "base/mem.h"
#include "mapping/files.h"

#include <stdlib.h>

static const struct record_shape *find_shape(const struct record_shape *const *shapes,
                                             const char *name)
{
    for (size_t i = 0; shapes[i] != NULL; i++) {
        if (strcmp(shapes[i]->name, name) == 0) {
            return shapes[i];
        }
    }
    return NULL;
}

/* The catalogue of shape, which there may not be yet. */
static struct catalogue *reach(struct mappings_catalogues *catalogues,
                               const struct record_shape *shape)
{
    struct catalogue *found = mappings_catalogues_find(catalogues, shape);
    if (found == NULL) {
        size_t count = catalogues->count++;
        catalogues->items =
            mem_resize(catalogues->items, count + 1, sizeof(*catalogues->items));
        catalogues->items[count] = (struct catalogue){.shape = shape};
        found = &catalogues->items[count];
    }
    return found;
}

static void read_file(struct mappings_catalogues *catalogues, const char *file,
                      const struct record_shape *const *shapes,
                      const struct record_shape *only, struct problems *problems)
{
    const char *records = NULL;
    struct buf text;
    if (files_read(file, &text, problems)) {
        bool is_known = catalogue_records(buf_bytes(&text), &records);
        const struct record_shape *shape =
            only != NULL || records == NULL ? only : find_shape(shapes, records);
        if (is_known && shape == NULL) {
            problems_add(problems, file, 1, 1,
                         "the heading does not say whose operations these are; name "
                         "--provider");
        } else {
            /* A heading that is none is told of whatever the records are. */
            catalogue_add(reach(catalogues, shape == NULL ? shapes[0] : shape), file,
                          buf_bytes(&text), problems);
        }
    }
    buf_clear(&text);
}

int mappings_catalogues_read(struct mappings_catalogues *catalogues,
                             const struct option_list *files,
                             const struct record_shape *const *shapes,
                             const struct record_shape *only)
{
    struct problems problems = {0};
    for (size_t i = 0; i < files->count; i++) {
        read_file(catalogues, files->items[i], shapes, only, &problems);
    }
    for (size_t i = 0; i < catalogues->count; i++) {
        catalogue_sort(&catalogues->items[i]);
    }
    int status = problems.count == 0 ? EXIT_GOOD : command_problems(&problems);
    problems_clear(&problems);
    return status;
}

struct catalogue *mappings_catalogues_find(const struct mappings_catalogues *catalogues,
                                           const struct record_shape *shape)
{
    for (size_t i = 0; i < catalogues->count; i++) {
        if (catalogues->items[i].shape == shape) {
            return &catalogues->items[i];
        }
    }
    return NULL;
}

void mappings_catalogues_clear(struct mappings_catalogues *catalogues)
{
    for (size_t i = 0; i < catalogues->count; i++) {
        catalogue_clear(&catalogues->items[i]);
    }
    free(catalogues->items);
    *catalogues = (struct mappings_catalogues){0};
}
