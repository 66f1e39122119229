/*
 * A table of tab-separated values: a heading, then a row a line, nothing quoted.
 *
 *   tsv_start(&tsv, "aws.tsv", text);     the heading is then in cells
 *   size_t column = tsv_column(&tsv, "operation");
 *   while (tsv_next(&tsv)) { ... tsv.cells[column] ... }
 */
#ifndef MAPPING_TSV_H
#define MAPPING_TSV_H

#include "base/bytes.h"

enum { TSV_COLUMNS_MAX = 16 }; /* what stands behind them is part of the last */

struct tsv {
    const char *file;
    struct bytes rest;
    int line; /* where cells stand; from 1 */
    struct bytes cells[TSV_COLUMNS_MAX];
    size_t count;
};

/* Reads the heading; no cells when there is none. Borrows file and text. */
void tsv_start(struct tsv *tsv, const char *file, struct bytes text);
/* Reads the next line that is not empty; false behind the last. */
bool tsv_next(struct tsv *tsv);
/* The place of the cell that is name; TSV_COLUMNS_MAX when none is. */
size_t tsv_column(const struct tsv *tsv, const char *name);
/* The cell at column; empty when the line is too short for it. */
struct bytes tsv_cell(const struct tsv *tsv, size_t column);

#endif
