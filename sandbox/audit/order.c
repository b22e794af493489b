/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hold-back queue of one sandbox's records: a binary heap by number; see order.h.
 */
#include "sandbox/audit/order.h"

#include <stdlib.h>
#include <string.h>

#include "sandbox/base/map_enum.h"
#include "sandbox/base/vec.h"

struct held {
	uint64_t seq;
	size_t len;
	uint8_t *bytes;
};

RF_VEC_DEFINE(held_vec, struct held);

struct rf_order {
	struct rf_order_sink sink;
	uint64_t next;
	struct held_vec heap;
	size_t bytes;
};

RF_MAP_ENUM_DECLARE(lost_cause, enum rf_lost_cause)
RF_MAP_ENUM(lost_cause, enum rf_lost_cause, RF_LOST_COUNT, "ring_full", "recursion", "reader");

const char *rf_lost_cause_name(enum rf_lost_cause cause)
{
	return lost_cause_name(cause);
}

struct rf_order *rf_order_new(uint64_t first, const struct rf_order_sink *sink)
{
	struct rf_order *order = calloc(1, sizeof(*order));

	if (!order)
		return NULL;
	order->sink = *sink;
	order->next = first;
	return order;
}

struct rf_order *rf_order_free(struct rf_order *order)
{
	if (!order)
		return NULL;
	for (size_t i = 0; i < order->heap.len; i++)
		free(order->heap.data[i].bytes);
	held_vec_done(&order->heap);
	free(order);
	return NULL;
}

static void swap(struct held *a, struct held *b)
{
	struct held t = *a;

	*a = *b;
	*b = t;
}

static void sift_up(struct held *h, size_t i)
{
	while (i > 0 && h[(i - 1) / 2].seq > h[i].seq) {
		swap(&h[(i - 1) / 2], &h[i]);
		i = (i - 1) / 2;
	}
}

static void sift_down(struct held *h, size_t n)
{
	size_t i = 0;

	for (;;) {
		size_t least = i, left = 2 * i + 1, right = left + 1;

		if (left < n && h[left].seq < h[least].seq)
			least = left;
		if (right < n && h[right].seq < h[least].seq)
			least = right;
		if (least == i)
			return;
		swap(&h[i], &h[least]);
		i = least;
	}
}

static struct held pop(struct rf_order *order)
{
	struct held top = order->heap.data[0];

	order->heap.data[0] = order->heap.data[--order->heap.len];
	sift_down(order->heap.data, order->heap.len);
	order->bytes -= top.len;
	return top;
}

static int hold(struct rf_order *order, uint64_t seq, const void *bytes, size_t len,
		struct rf_err *err)
{
	RF_AUTOFREE void *copy = malloc(len ? len : 1);
	struct held *item;

	if (!copy)
		return rf_err_sys(err, -ENOMEM, "hold back an event");
	item = held_vec_add(&order->heap);
	if (!item)
		return rf_err_sys(err, -ENOMEM, "hold back an event");
	memcpy(copy, bytes, len);
	*item = (struct held){.seq = seq, .len = len, .bytes = RF_TAKE_PTR(copy)};
	order->bytes += len;
	sift_up(order->heap.data, order->heap.len - 1);
	return 0;
}

/* Delivers held records for as long as the next number is there. */
static int release(struct rf_order *order, struct rf_err *err)
{
	while (order->heap.len > 0 && order->heap.data[0].seq <= order->next) {
		struct held item = pop(order);
		int r = 0;

		if (item.seq == order->next) {
			order->next++;
			r = order->sink.record(order->sink.data, item.bytes, item.len, err);
		}
		free(item.bytes);
		if (r < 0)
			return r;
	}
	return 0;
}

static int tell_gap(struct rf_order *order, uint64_t last, enum rf_lost_cause cause,
		    struct rf_err *err)
{
	uint64_t first = order->next;

	order->next = last + 1;
	return order->sink.lost(order->sink.data, first, last, cause, err);
}

int rf_order_add(struct rf_order *order, uint64_t seq, const void *bytes, size_t len,
		 struct rf_err *err)
{
	int r;

	if (seq < order->next)
		return 0;
	if (seq == order->next) {
		order->next++;
		r = order->sink.record(order->sink.data, bytes, len, err);
		return r < 0 ? r : release(order, err);
	}
	r = hold(order, seq, bytes, len, err);
	if (r < 0 || order->bytes <= RF_ORDER_HELD_MAX)
		return r;
	r = tell_gap(order, order->heap.data[0].seq - 1, RF_LOST_READER, err);
	return r < 0 ? r : release(order, err);
}

int rf_order_settle(struct rf_order *order, uint64_t through, enum rf_lost_cause cause,
		    struct rf_err *err)
{
	int r = release(order, err);

	while (r == 0 && order->next <= through) {
		uint64_t last = through;

		if (order->heap.len > 0 && order->heap.data[0].seq <= through)
			last = order->heap.data[0].seq - 1;
		r = tell_gap(order, last, cause, err);
		if (r == 0)
			r = release(order, err);
	}
	return r;
}

uint64_t rf_order_next(const struct rf_order *order)
{
	return order->next;
}

int rf_order_waiting(const struct rf_order *order)
{
	return order->heap.len > 0;
}
