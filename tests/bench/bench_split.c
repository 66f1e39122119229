/*
 * How fast files of records are split, scanned and picked from.
 *
 *   bench_split [-r ROUNDS] [-s] [-p PATHS] FILE...
 *
 * Each file is inflated to memory; the passes over them are measured, best of
 * ROUNDS. With -s the files are read, inflated and split as a stream instead, which
 * is what is then measured. PATHS is a file of paths, one a line, to pick besides.
 * callgrind measures the same when told
 * --toggle-collect=measured_pass (see instructions.sh).
 */
#include "base/mem.h"
#include "record/split.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { FILE_MAX = 1 << 30, ROUNDS = 5, LINE_MAX_SIZE = 512 };

static const struct record_shape shape = {.wrappers = {{.array_key = "Records"}}};

/* What a pack of the usual size wants of a CloudTrail record. */
static const char *const wanted[] = {
    "eventVersion",
    "userIdentity.type",
    "userIdentity.principalId",
    "userIdentity.arn",
    "userIdentity.accountId",
    "userIdentity.accessKeyId",
    "userIdentity.userName",
    "userIdentity.invokedBy",
    "userIdentity.identityProvider",
    "userIdentity.sessionContext.sessionIssuer.userName",
    "userIdentity.sessionContext.sessionIssuer.arn",
    "userIdentity.sessionContext.sessionIssuer.type",
    "userIdentity.sessionContext.attributes.mfaAuthenticated",
    "userIdentity.sessionContext.attributes.creationDate",
    "userIdentity.onBehalfOf.userId",
    "eventTime",
    "eventSource",
    "eventName",
    "awsRegion",
    "sourceIPAddress",
    "userAgent",
    "errorCode",
    "errorMessage",
    "requestID",
    "eventID",
    "readOnly",
    "eventType",
    "managementEvent",
    "recipientAccountId",
    "sharedEventID",
    "vpcEndpointId",
    "eventCategory",
    "sessionCredentialFromConsole",
    "tlsDetails.tlsVersion",
    "tlsDetails.cipherSuite",
    "tlsDetails.clientProvidedHostHeader",
    "requestParameters.userName",
    "requestParameters.groupName",
    "requestParameters.roleName",
    "requestParameters.policyName",
    "requestParameters.policyArn",
    "requestParameters.bucketName",
    "requestParameters.instancesSet.items[*].instanceId",
    "requestParameters.groupId",
    "requestParameters.vpcId",
    "requestParameters.name",
    "responseElements.instancesSet.items[*].instanceId",
    "responseElements.user.userName",
    "responseElements.groupId",
    "responseElements.ConsoleLogin",
    "resources[*].ARN",
    "additionalEventData.MFAUsed",
};
enum { WANTED = sizeof(wanted) / sizeof(wanted[0]) };

struct count {
    uint64_t bytes;
    uint64_t records;
    uint64_t unreadable;
    uint64_t picked;
};

static struct inflate *open_stream(const char *path, int *fd)
{
    *fd = open(path, O_RDONLY | O_CLOEXEC);
    if (*fd < 0) {
        perror(path);
        exit(1);
    }
    return inflate_new(*fd, UINT64_MAX);
}

static struct bytes load(const char *path)
{
    int fd = -1;
    struct inflate *stream = open_stream(path, &fd);
    struct buf body;
    struct error err = {0};
    size_t got = 1;
    buf_init(&body, FILE_MAX);
    while (got > 0) {
        uint8_t *room = buf_reserve(&body, 1 << 20);
        if (room == NULL || !inflate_read(stream, room, 1 << 20, &got, &err)) {
            fprintf(stderr, "%s: %s\n", path, room == NULL ? "too big" : err.text);
            exit(1);
        }
        body.size += got;
    }
    inflate_free(stream);
    close(fd);
    return buf_bytes(&body);
}

__attribute__((noinline)) void measured_pass(struct splitter *splitter,
                                             struct count *count);

/* Everything that the splitter has. Not static, so that callgrind finds it. */
void measured_pass(struct splitter *splitter, struct count *count)
{
    struct split_item item = {0};
    const struct values *values = NULL;
    struct error err = {0};
    for (;;) {
        switch (splitter_next(splitter, &item, &values, &err)) {
        case SPLIT_RECORD:
            count->records++;
            count->picked += values->count;
            break;
        case SPLIT_UNREADABLE:
            count->unreadable++;
            break;
        case SPLIT_END:
            return;
        case SPLIT_FAILED:
            fprintf(stderr, "%s\n", err.text);
            exit(1);
        }
        count->bytes += item.size + 1; /* and its comma */
    }
}

static double cpu_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double run_memory(struct splitter *splitter, const struct bytes *bodies,
                         size_t body_count, struct count *count)
{
    double start = cpu_s();
    for (size_t i = 0; i < body_count; i++) {
        splitter_start_bytes(splitter, bodies[i]);
        measured_pass(splitter, count);
    }
    return cpu_s() - start;
}

static double run_streams(struct splitter *splitter, char **files, size_t file_count,
                          struct count *count)
{
    double start = cpu_s();
    for (size_t i = 0; i < file_count; i++) {
        int fd = -1;
        struct inflate *stream = open_stream(files[i], &fd);
        splitter_start(splitter, stream);
        measured_pass(splitter, count);
        inflate_free(stream);
        close(fd);
    }
    return cpu_s() - start;
}

/* The paths above and those of a file, where one is named. */
static struct paths *new_paths(const char *more)
{
    struct paths *paths = paths_new();
    size_t slot = 0;
    for (size_t i = 0; i < WANTED; i++) {
        paths_add(paths, wanted[i], &slot, NULL);
    }
    FILE *file = more == NULL ? NULL : fopen(more, "r");
    char line[LINE_MAX_SIZE];
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        struct error err = {0};
        line[strcspn(line, "\n")] = '\0';
        if (!paths_add(paths, line, &slot, &err)) {
            fprintf(stderr, "%s: %s\n", more, err.text);
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    paths_seal(paths);
    return paths;
}

static void run(int rounds, bool is_stream, struct paths *paths, char **files,
                size_t file_count)
{
    struct splitter *splitter = splitter_new(&shape, paths);
    struct bytes *bodies = mem_new(file_count, sizeof(*bodies));
    for (size_t i = 0; !is_stream && i < file_count; i++) {
        bodies[i] = load(files[i]);
    }

    double best = 0;
    struct count count = {0};
    for (int round = 0; round < rounds; round++) {
        count = (struct count){0};
        double spent = is_stream ? run_streams(splitter, files, file_count, &count)
                                 : run_memory(splitter, bodies, file_count, &count);
        best = round == 0 || spent < best ? spent : best;
    }
    printf("%" PRIu64 " bytes, %" PRIu64 " records, %" PRIu64 " unreadable, %zu paths: "
           "%.3f s CPU, %.0f MB/s\n",
           count.bytes, count.records, count.unreadable, paths_count(paths), best,
           (double)count.bytes / best / 1e6);

    for (size_t i = 0; i < file_count; i++) {
        free((void *)bodies[i].data);
    }
    free(bodies);
    splitter_free(splitter);
}

int main(int argc, char **argv)
{
    int rounds = ROUNDS;
    bool is_stream = false;
    const char *more = NULL;
    for (int option = getopt(argc, argv, "r:sp:"); option != -1;
         option = getopt(argc, argv, "r:sp:")) {
        if (option == 'r') {
            rounds = (int)strtol(optarg, NULL, 10);
        } else if (option == 'p') {
            more = optarg;
        } else if (option == 's') {
            is_stream = true;
        } else {
            fprintf(stderr, "usage: bench_split [-r ROUNDS] [-s] [-p PATHS] FILE...\n");
            return 2;
        }
    }
    struct paths *paths = new_paths(more);
    run(rounds, is_stream, paths, argv + optind, (size_t)(argc - optind));
    paths_free(paths);
    return 0;
}
