/*
 * Memory that is never NULL: running out ends the process with one line on
 * stderr. Delivery comes before the commit, so the next run repeats the work.
 * Released with free().
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stdarg.h>
#include <stddef.h>

/*
 * Keeps some megabytes that were freed, where the C library would give them back to the
 * kernel: fetching them again for every page read costs a quarter of its CPU. For `run`,
 * called before it starts threads; what reads files is better off small.
 */
void mem_tune(void);

void *mem_alloc(size_t size);
/* count zeroed objects of size bytes. */
void *mem_new(size_t count, size_t size);
void *mem_resize(void *memory, size_t count, size_t size);
char *mem_dup(const char *text);
/* size bytes of data, copied, with a NUL behind them. */
char *mem_dup_bytes(const void *data, size_t size);
/* A new text as printf would write it. */
char *mem_format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *mem_vformat(const char *fmt, va_list args) __attribute__((format(printf, 1, 0)));

#endif
