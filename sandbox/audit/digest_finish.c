/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a digest: who is whose parent, what comes first; see digest.h.
 */
#include <stdlib.h>

#include "sandbox/audit/digest.h"

static int more_first(uint64_t a, uint64_t b)
{
	return a > b ? -1 : a < b;
}

static int by_count(const void *a, const void *b)
{
	const struct rf_digest_group *x = a, *y = b;
	int r = more_first(x->count, y->count);

	/* Equal counts in the order of their words, which is that of their first appearance. */
	return r != 0 ? r : x->what < y->what ? -1 : x->what > y->what;
}

static int by_denied(const void *a, const void *b)
{
	const struct rf_digest_peer *x = a, *y = b;
	int r = more_first(x->denied, y->denied);

	r = r != 0 ? r : more_first(x->allowed, y->allowed);
	return r != 0 ? r : x->what < y->what ? -1 : x->what > y->what;
}

static int compare(int64_t a, int64_t b)
{
	return a < b ? -1 : a > b;
}

/* A parent began before its child, or with it. */
static int by_start(const void *a, const void *b)
{
	const struct rf_digest_process *x = a, *y = b;
	int r = compare(x->sandbox, y->sandbox);

	r = r != 0 ? r : compare(x->start, y->start);
	return r != 0 ? r : compare(x->pid, y->pid);
}

static int by_pid(const void *a, const void *b, void *data)
{
	const struct rf_digest_process *all = data;
	uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
	int r = compare(all[i].sandbox, all[j].sandbox);

	r = r != 0 ? r : compare(all[i].pid, all[j].pid);
	return r != 0 ? r : compare(i, j);
}

/* The latest process before index that had its parent's number; -1: none. */
static int64_t find_parent(const struct rf_digest *digest, const uint32_t *pids, uint32_t index)
{
	const struct rf_digest_process *all = digest->processes.data, *child = &all[index];
	size_t low = 0, high = digest->processes.len;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct rf_digest_process *other = &all[pids[middle]];
		int r = compare(other->sandbox, child->sandbox);

		r = r != 0 ? r : compare(other->pid, child->ppid);
		r = r != 0 ? r : compare(pids[middle], index);
		if (r < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || all[pids[low - 1]].sandbox != child->sandbox ||
	    all[pids[low - 1]].pid != child->ppid)
		return -1;
	return pids[low - 1];
}

static int grow_parents(struct rf_digest *digest, uint32_t *pids, uint32_t *nodes)
{
	struct rf_digest_process *all = digest->processes.data;
	uint32_t n = (uint32_t)digest->processes.len;
	int r = rf_grove_init(&digest->parents, n ? n : 1, (size_t)n * 64 + 4096);

	if (r < 0)
		return r;
	for (uint32_t i = 0; i < n; i++)
		pids[i] = i;
	qsort_r(pids, n, sizeof(*pids), by_pid, all);
	for (uint32_t i = 0; i < n; i++) {
		int64_t parent = find_parent(digest, pids, i);

		nodes[i] =
			rf_grove_child(&digest->parents, parent < 0 ? RF_GROVE_ROOT : nodes[parent],
				       &i, sizeof(i));
		rf_grove_count(&digest->parents, nodes[i], all[i].denied, all[i].allowed);
	}
	return rf_grove_finish(&digest->parents);
}

int rf_digest_finish(struct rf_digest *digest, struct rf_err *err)
{
	size_t n = digest->processes.len;
	RF_AUTOFREE uint32_t *pids = calloc(n + 1, sizeof(*pids));
	RF_AUTOFREE uint32_t *nodes = calloc(n + 1, sizeof(*nodes));
	int r = pids && nodes ? 0 : -ENOMEM;

	if (digest->groups.len > 0)
		qsort(digest->groups.data, digest->groups.len, sizeof(*digest->groups.data),
		      by_count);
	if (digest->peers.len > 0)
		qsort(digest->peers.data, digest->peers.len, sizeof(*digest->peers.data),
		      by_denied);
	if (n > 0)
		qsort(digest->processes.data, n, sizeof(*digest->processes.data), by_start);
	if (r == 0)
		r = grow_parents(digest, pids, nodes);
	if (r == 0)
		r = rf_grove_finish(&digest->objects);
	if (r == 0)
		r = rf_grove_finish(&digest->stacks);
	return r < 0 ? rf_err_sys(err, r, "sum up the events") : 0;
}
