/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shared-memory side of a BPF ring buffer; see ring.h for why it is not libbpf's.
 */
#include "sandbox/audit/ring.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* One record is at most 64 KiB in our ABI (16-bit size); the copy buffer holds any of them. */
#define RECORD_MAX 65536

/* The owner remembers record boundaries this coarsely, as a share of the ring. */
#define MARKS 16

/* The data are mapped in at most so many pieces, a bit each. */
#define PIECES 64

/* Smaller pieces would only be more calls. */
#define PIECE_PAGES 4

/* Of a ring of which more pieces were read all is mapped: a process may have only so many. */
#define PIECES_APART 4

struct rf_ring {
	int map_fd; /* our own */
	size_t page;
	size_t size; /* of the data area, a power of two */
	bool owner;
	uint64_t *consumer;	  /* read-write for the owner only */
	const uint64_t *producer; /* in the map, the data follow one page later */
	const uint8_t *data;	  /* twice, one after the other; what is not mapped is only room */
	size_t piece;
	uint64_t mapped; /* pieces */
	uint64_t next;	 /* our position */
	uint64_t marks[MARKS];
	size_t n_marks;
	uint8_t copy[RECORD_MAX]; /* not cleared: most rings have a few small records */
};

static struct rf_ring *make_ring(void)
{
	struct rf_ring *ring = malloc(sizeof(*ring));

	if (ring) {
		memset(ring, 0, offsetof(struct rf_ring, copy));
		ring->map_fd = -1;
	}
	return ring;
}

/*
 * The kernel fills in all pages of such a mapping at once and takes each out again, for a ring as a
 * sandbox has it more than a small command costs. So the data get room, and what is read is mapped.
 */
static int reserve_data(struct rf_ring *ring, struct rf_err *err)
{
	size_t all = 2 * ring->size, least = PIECE_PAGES * ring->page;
	void *p = mmap(NULL, all, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return rf_err_sys(err, -errno, "map the event ring's data");
	ring->data = p;
	ring->piece = all / PIECES > least ? all / PIECES : least;
	if (ring->piece > all)
		ring->piece = all;
	return 0;
}

/* What fails may have taken away what was there before: the room is kept, so that nobody gets it.
 */
static bool map_part(struct rf_ring *ring, size_t start, size_t len)
{
	void *at = (void *)(uintptr_t)(ring->data + start);

	if (mmap(at, len, PROT_READ, MAP_SHARED | MAP_FIXED, ring->map_fd,
		 (off_t)(2 * ring->page + start)) != MAP_FAILED)
		return true;
	(void)mmap(at, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1,
		   0);
	return false;
}

/* False: there is no memory to look at it. */
static bool map_data(struct rf_ring *ring, size_t at, size_t len)
{
	for (size_t i = at / ring->piece; i <= (at + len - 1) / ring->piece; i++) {
		size_t start = i * ring->piece;

		if (ring->mapped & UINT64_C(1) << i)
			continue;
		if (__builtin_popcountll(ring->mapped) == PIECES_APART) {
			bool all = map_part(ring, 0, 2 * ring->size);

			ring->mapped = all ? UINT64_MAX : 0;
			return all;
		}
		if (!map_part(ring, start, ring->piece))
			return false;
		ring->mapped |= UINT64_C(1) << i;
	}
	return true;
}

int rf_ring_open(struct rf_ring **ret, int map_fd, bool owner, struct rf_err *err)
{
	RF_CLEANUP(rf_ring_closep) struct rf_ring *ring = make_ring();
	struct bpf_map_info info = {0};
	uint32_t info_len = sizeof(info);
	void *p;
	int r;

	if (!ring)
		return rf_err_sys(err, -ENOMEM, "open event ring");
	if (bpf_obj_get_info_by_fd(map_fd, &info, &info_len) < 0)
		return rf_err_sys(err, -errno, "ask for the event ring's size");
	if (info.type != BPF_MAP_TYPE_RINGBUF)
		return rf_err_set(err, -EINVAL, "the event ring is a map of type %u", info.type);
	ring->page = (size_t)sysconf(_SC_PAGESIZE);
	ring->size = info.max_entries;
	p = mmap(NULL, ring->page, owner ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, map_fd,
		 0);
	if (p == MAP_FAILED)
		return rf_err_sys(err, -errno, "map the event ring's consumer page");
	ring->consumer = p;
	p = mmap(NULL, ring->page, PROT_READ, MAP_SHARED, map_fd, (off_t)ring->page);
	if (p == MAP_FAILED)
		return rf_err_sys(err, -errno, "map the event ring's producer page");
	ring->producer = p;
	ring->map_fd = fcntl(map_fd, F_DUPFD_CLOEXEC, 3);
	if (ring->map_fd < 0)
		return rf_err_sys(err, -errno, "keep the event ring");
	r = reserve_data(ring, err);
	if (r < 0)
		return r;
	ring->next = __atomic_load_n(ring->consumer, __ATOMIC_ACQUIRE);
	ring->owner = owner;
	*ret = RF_TAKE_PTR(ring);
	return 0;
}

struct rf_ring *rf_ring_close(struct rf_ring *ring)
{
	if (!ring)
		return NULL;
	if (ring->owner)
		__atomic_store_n(ring->consumer, ring->next, __ATOMIC_RELEASE);
	if (ring->consumer)
		(void)munmap(ring->consumer, ring->page);
	if (ring->producer)
		(void)munmap((void *)(uintptr_t)ring->producer, ring->page);
	if (ring->data)
		(void)munmap((void *)(uintptr_t)ring->data, 2 * ring->size);
	rf_cleanup_close(&ring->map_fd);
	free(ring);
	return NULL;
}

/* Moves the consumer position to the oldest boundary that leaves at most half a ring behind. */
static void give_up(struct rf_ring *ring)
{
	uint64_t last = ring->n_marks ? ring->marks[ring->n_marks - 1]
				      : __atomic_load_n(ring->consumer, __ATOMIC_RELAXED);
	size_t drop = 0;

	if (ring->next - last >= ring->size / MARKS && ring->n_marks < MARKS)
		ring->marks[ring->n_marks++] = ring->next;
	while (drop < ring->n_marks && ring->next - ring->marks[drop] > ring->size / 2)
		drop++;
	if (ring->n_marks == MARKS && drop == 0)
		drop = 1;
	if (drop == 0)
		return;
	__atomic_store_n(ring->consumer, ring->marks[drop - 1], __ATOMIC_RELEASE);
	memmove(ring->marks, ring->marks + drop, (ring->n_marks - drop) * sizeof(ring->marks[0]));
	ring->n_marks -= drop;
}

/* What lies behind the consumer position may be written again at any moment. */
static bool overtaken(const struct rf_ring *ring, uint64_t at)
{
	return !ring->owner && __atomic_load_n(ring->consumer, __ATOMIC_ACQUIRE) > at;
}

/* A passive reader that was overtaken goes on at the oldest record that is surely there. */
static int skip(struct rf_ring *ring)
{
	ring->next = __atomic_load_n(ring->consumer, __ATOMIC_ACQUIRE);
	return RF_RING_SKIPPED;
}

int rf_ring_next(struct rf_ring *ring, const void **data, size_t *len)
{
	for (;;) {
		uint64_t produced = __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE);
		size_t place = ring->next & (ring->size - 1);
		const uint8_t *at = ring->data + place;
		uint32_t head;
		size_t n;

		if (overtaken(ring, ring->next))
			return skip(ring);
		if (ring->next >= produced)
			return RF_RING_EMPTY;
		if (!map_data(ring, place, BPF_RINGBUF_HDR_SZ))
			return -ENOMEM;
		head = __atomic_load_n((const uint32_t *)(const void *)at, __ATOMIC_ACQUIRE);
		if (head & BPF_RINGBUF_BUSY_BIT)
			return overtaken(ring, ring->next) ? skip(ring) : RF_RING_EMPTY;
		n = head & ~(uint32_t)(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
		if (n > RECORD_MAX || n > ring->size)
			return overtaken(ring, ring->next) ? skip(ring) : -EBADMSG;
		if (!map_data(ring, place, BPF_RINGBUF_HDR_SZ + n))
			return -ENOMEM;
		if (!(head & BPF_RINGBUF_DISCARD_BIT))
			memcpy(ring->copy, at + BPF_RINGBUF_HDR_SZ, n);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (overtaken(ring, ring->next))
			return skip(ring);
		ring->next += (n + BPF_RINGBUF_HDR_SZ + 7) & ~(uint64_t)7;
		if (ring->owner)
			give_up(ring);
		if (head & BPF_RINGBUF_DISCARD_BIT)
			continue;
		*data = ring->copy;
		*len = n;
		return RF_RING_RECORD;
	}
}

bool rf_ring_ready(struct rf_ring *ring)
{
	size_t place = ring->next & (ring->size - 1);
	const void *at = ring->data + place;

	if (overtaken(ring, ring->next))
		return true;
	if (ring->next >= __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE))
		return false;
	if (!map_data(ring, place, BPF_RINGBUF_HDR_SZ))
		return true;
	return !(__atomic_load_n((const uint32_t *)at, __ATOMIC_ACQUIRE) & BPF_RINGBUF_BUSY_BIT);
}

size_t rf_ring_size(const struct rf_ring *ring)
{
	return ring->size;
}

size_t rf_ring_pending(const struct rf_ring *ring)
{
	uint64_t produced = __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE);

	return produced > ring->next ? (size_t)(produced - ring->next) : 0;
}
