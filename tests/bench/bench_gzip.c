/*
 * What compressing a body of events costs: MB/s of one core, and the ratio.
 *
 *   build/bench/tests/bench_gzip FILE [ROUNDS]     FILE: events, one a line
 */
#include "base/mem.h"
#include "net/gzip.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { BODY_SIZE = 4 << 20, ROUNDS = 50 };

static double cpu_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    FILE *file = argc > 1 ? fopen(argv[1], "rb") : NULL;
    if (file == NULL) {
        fprintf(stderr, "usage: bench_gzip FILE [ROUNDS]\n");
        return 2;
    }
    uint8_t *body = mem_alloc(BODY_SIZE);
    size_t size = fread(body, 1, BODY_SIZE, file);
    fclose(file);

    long rounds = argc > 2 ? strtol(argv[2], NULL, 10) : ROUNDS;
    struct buf packed;
    buf_init(&packed, (size_t)2 * BODY_SIZE);
    double began = cpu_s();
    for (long i = 0; i < rounds; i++) {
        packed.size = 0;
        gzip_pack((struct bytes){body, size}, &packed);
    }
    double spent = cpu_s() - began;
    printf("gzip: %zu bytes to %zu (%.1f to 1), %.0f MB/s\n", size, packed.size,
           (double)size / (double)packed.size,
           (double)size * (double)rounds / spent / 1e6);
    buf_clear(&packed);
    free(body);
    return 0;
}
