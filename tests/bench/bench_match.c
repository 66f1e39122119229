/*
 * Decides on every record of FILE with the packs of DIRECTORY, so that callgrind can
 * count what a record takes (tests/bench/match_cost). Prints how many records there
 * were and how many of them matched a rule.
 */
#include "aws/cloudtrail.h"
#include "base/mem.h"
#include "mapping/mapping.h"
#include "record/split.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct mapping_set *load(const char *directory)
{
    const char *const directories[] = {directory, NULL};
    const struct record_shape *const shapes[] = {&record_shape_cloudtrail, NULL};
    struct mapping_set *set = NULL;
    struct problems problems = {0};
    if (!mapping_load(directories, shapes, &set, &problems)) {
        for (size_t i = 0; i < problems.count; i++) {
            fprintf(stderr, "%s\n", problems.texts[i]);
        }
        exit(EXIT_FAILURE);
    }
    return set;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: bench_match DIRECTORY FILE\n");
        return 2;
    }
    const struct mapping_set *set = load(argv[1]);
    const struct mapping *mapping = mapping_find(set, &record_shape_cloudtrail);
    int fd = open(argv[2], O_RDONLY | O_CLOEXEC);
    struct inflate *stream = inflate_new(fd, UINT64_MAX);
    struct splitter *splitter =
        splitter_new(mapping_shape(mapping), mapping_paths(mapping));
    splitter_start(splitter, stream);

    struct match match = {0};
    struct split_item item;
    const struct values *values = NULL;
    struct error err = {0};
    uint64_t count = 0;
    uint64_t matched = 0;
    while (splitter_next(splitter, &item, &values, &err) == SPLIT_RECORD) {
        mapping_match(mapping, &item.record, values, &match);
        count++;
        matched += match.rule_count > 0 ? 1 : 0;
    }
    printf("%" PRIu64 " %" PRIu64 "\n", count, matched);

    match_clear(&match);
    splitter_free(splitter);
    inflate_free(stream);
    close(fd);
    mapping_set_free((struct mapping_set *)set);
    return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
