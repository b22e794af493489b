/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A BPF ring buffer read by several readers at once.
 *
 * libbpf's reader consumes: what it has read is gone for everybody else. Here a reader keeps its
 * own position. The owner (the sandbox's supervisor) also moves the kernel's consumer position,
 * but only when half of the ring is behind it, so that other readers find recent history and have
 * that much time. A passive reader never writes to the ring; if the producer overtook it, it
 * notices, because every record is copied first and checked against the positions afterwards.
 *
 * Layout and protocol: kernel/bpf/ringbuf.c (one consumer page, one producer page, data mapped
 * twice; record header of 8 bytes: length with BUSY and DISCARD bits, page offset).
 */
#ifndef RF_AUDIT_RING_H
#define RF_AUDIT_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sandbox/base/err.h"

struct rf_ring;

/*
 * Maps the ring of map_fd (BPF_MAP_TYPE_RINGBUF; the descriptor is borrowed and not needed
 * afterwards: a copy of it stays). owner: this reader moves the consumer position. A passive reader
 * starts at the oldest record still there, the owner where the last owner stopped.
 */
int rf_ring_open(struct rf_ring **ret, int map_fd, bool owner, struct rf_err *err) RF_MUST_CHECK;

/* Unmaps. The owner first gives up everything it has read. Accepts NULL; returns NULL. */
struct rf_ring *rf_ring_close(struct rf_ring *ring);

RF_DEFINE_CLEANUP(struct rf_ring, rf_ring_closep, rf_ring_close)

enum rf_ring_answer {
	RF_RING_RECORD = 1,  /* *data, *len hold one record, borrowed until the next call */
	RF_RING_EMPTY = 2,   /* nothing more is committed now */
	RF_RING_SKIPPED = 3, /* passive only: the producer overtook us, records were missed */
};

/* The next record. Returns an enum rf_ring_answer, or a negative errno for a damaged ring, -ENOMEM
 * where there is no memory to look. */
int rf_ring_next(struct rf_ring *ring, const void **data, size_t *len) RF_MUST_CHECK;

/* True if rf_ring_next would answer something else than RF_RING_EMPTY now. */
bool rf_ring_ready(struct rf_ring *ring);

/* Bytes of the data area. */
size_t rf_ring_size(const struct rf_ring *ring);

/* Bytes committed or reserved and not yet read by this reader; for fill metrics. */
size_t rf_ring_pending(const struct rf_ring *ring);

#endif
