/*
 * What the process itself uses, under the names that every Prometheus client has:
 * process_cpu_seconds_total, process_resident_memory_bytes, ...
 */
#ifndef METRICS_VITALS_H
#define METRICS_VITALS_H

/* Measures them now. What cannot be read is left as it was. */
void vitals_measure(void);

#endif
