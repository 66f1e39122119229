#include "bridge/source.h"

void source_counts_add(struct source_counts *sum, const struct source_counts *counts)
{
    sum->requests += counts->requests;
    sum->read += counts->read;
    sum->known += counts->known;
    sum->unreadable += counts->unreadable;
    sum->mapped += counts->mapped;
    sum->delivered += counts->delivered;
    sum->duplicates += counts->duplicates;
    sum->late += counts->late;
    sum->refused += counts->refused;
    sum->missed += counts->missed;
    sum->unwanted += counts->unwanted;
    for (size_t bit = 0; bit < PRINCIPLE_COUNT; bit++) {
        sum->by_principle[bit] += counts->by_principle[bit];
    }
    if (counts->newest_ms > sum->newest_ms) {
        sum->newest_ms = counts->newest_ms;
    }
}
