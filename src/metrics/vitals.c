#include "metrics/vitals.h"

#include "metrics/metrics.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum { LINE_MAX_SIZE = 256 };

static void set(enum metric metric, double value)
{
    metrics_set(metric, (struct metrics_labels){{0}}, value);
}

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static void measure_memory(void)
{
    char line[LINE_MAX_SIZE];
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL) {
        return;
    }
    if (fgets(line, sizeof(line), file) != NULL) { /* pages: all, resident, ... */
        char *end = NULL;
        double page = (double)sysconf(_SC_PAGESIZE);
        set(METRIC_PROCESS_VIRTUAL, (double)strtoull(line, &end, 10) * page);
        set(METRIC_PROCESS_RESIDENT, (double)strtoull(end, NULL, 10) * page);
    }
    fclose(file);
}

static void measure_files(void)
{
    struct rlimit limit = {0};
    DIR *folder = opendir("/proc/self/fd");
    if (folder != NULL) {
        double count = -3; /* ".", ".." and the folder's own */
        while (readdir(folder) != NULL) {
            count++;
        }
        closedir(folder);
        set(METRIC_PROCESS_FDS, count);
    }
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        set(METRIC_PROCESS_FDS_MAX, (double)limit.rlim_cur);
    }
}

void vitals_measure(void)
{
    struct rusage usage = {0};
    if (getrusage(RUSAGE_SELF, &usage) == 0) {
        set(METRIC_PROCESS_CPU, seconds(usage.ru_utime) + seconds(usage.ru_stime));
    }
    measure_memory();
    measure_files();
}
