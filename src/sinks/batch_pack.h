/*
 * A batch as bytes, for the store's outbox: what may have to be sent again exactly as it
 * was, because its destination knows it by its bytes alone.
 *
 * Little-endian; read by the version that wrote it and by later ones.
 */
#ifndef SINKS_BATCH_PACK_H
#define SINKS_BATCH_PACK_H

#include "sinks/sink.h"

/* Appends batch to out, which is large enough. */
void batch_pack(const struct batch *batch, struct buf *out);

/* Fills batch, which is as after batch_init. False: bytes are no batch. */
bool batch_unpack(struct bytes bytes, struct batch *batch);

#endif
