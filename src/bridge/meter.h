/*
 * How far a source is, for whoever watches from another thread than the one that reads
 * it: that one sets these, the other looks at them.
 */
#ifndef BRIDGE_METER_H
#define BRIDGE_METER_H

#include <stdatomic.h>
#include <stdint.h>

struct meter {
    _Atomic int64_t head_ms; /* everything before was read once; 0: not known yet */
    _Atomic uint64_t delivered;
};

#endif
