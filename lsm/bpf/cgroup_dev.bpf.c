/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Devices by cgroup: the one program for all sandboxes, which differ in their cgroup's storage.
 *
 * The kernel ANDs it with whatever else is attached here or above, so it only ever narrows.
 */
#include "lsm/bpf/cgroup_record.bpf.h"

/* One walk over the device entries. */
struct list {
	const struct rf_page *page;
	__u32 first;
	struct rf_dev_query query;
	struct rf_tally tally;
};

static long list_step(__u32 i, struct list *list)
{
	__u32 at = (list->first + i * 8u) & RF_PAGE_MASK & ~7u;
	const struct rf_dev_entry *entry;

	RF_OPAQUE(at);
	at &= RF_PAGE_MASK & ~7u;
	entry = (const struct rf_dev_entry *)&list->page->cell[at];
	rf_tally_add(&list->tally, rf_dev_entry_rights(entry, &list->query), entry->flags,
		     entry->rule);
	return 0;
}

/* rf_dev_answer with its loop as a callback: Linux 6.18's verifier gives up on it otherwise. */
static __noinline int judge_session(const struct rf_cg_scope *s, const struct rf_dev_query *query,
				    __u32 session, struct rf_answer *a)
{
	__u32 count = s->head->n_dev;
	struct list list = {};

	list.query = *query;
	list.query.session = session;
	list.first = s->head->dev_off;
	list.page = rf_img_page(&s->img, list.first >> RF_PAGE_SHIFT);
	if (!list.page || count > RF_DEV_MAX || bpf_loop(count, list_step, &list, 0) < 0)
		return -1;
	return rf_tally_end(&s->img, s->head, &list.tally, query->rights, s->head->dev_default, a);
}

static __always_inline int judge_device(const struct rf_cg_scope *s, struct rf_dev_query *query,
					struct rf_answer *a)
{
	struct rf_answer exec = {};

	if (judge_session(s, query, RF_SESS_INIT, a))
		return -1;
	if (!a->missing || !(s->bind->flags & RF_CGB_BOTH_SESSIONS))
		return 0;
	if (judge_session(s, query, RF_SESS_EXEC, &exec))
		return -1;
	if (!exec.missing)
		*a = exec;
	return 0;
}

/*
 * What a container runtime itself opens in the container's cgroup while it sets up: /dev/null,
 * /dev/ptmx, a pts. It has no fence yet, and this program cannot tell; the payload's own opens are
 * judged by the LSM side as well.
 */
static __always_inline bool is_set_up(const struct rf_cg_scope *s, const struct rf_dev_query *query)
{
	if (!(s->bind->flags & RF_CGB_SET_UP) || query->type != BPF_DEVCG_DEV_CHAR ||
	    (query->rights & RF_A_DEV_MKNOD))
		return false;
	return (query->major == 1 && query->minor == 3) ||
	       (query->major == 5 && query->minor == 2) || query->major == 136;
}

SEC("cgroup/dev")
int rf_cg_dev(struct bpf_cgroup_dev_ctx *ctx)
{
	__u32 access = ctx->access_type >> 16;
	__u8 operation = RF_OP_OPEN;
	struct rf_cg_note note = {};
	struct rf_dev_query query = {};
	struct rf_answer a = {};
	struct rf_cg_scope s;

	if (rf_cg_scope(&s))
		return 0;
	if (!(s.head->sections & 1U << RF_SEC_DEVICES))
		return 1;
	query.type = ctx->access_type & 0xffff;
	query.major = ctx->major;
	query.minor = ctx->minor;
	if (access & BPF_DEVCG_ACC_READ)
		query.rights |= RF_A_DEV_READ;
	if (access & BPF_DEVCG_ACC_WRITE)
		query.rights |= RF_A_DEV_WRITE;
	if (access & BPF_DEVCG_ACC_MKNOD) {
		query.rights |= RF_A_DEV_MKNOD;
		operation = RF_OP_MKNOD;
	}
	if (is_set_up(&s, &query))
		return 1;
	rf_cg_about(&note, RF_SEC_DEVICES, RF_H_CGROUP_DEVICE, operation, RF_OBJ_DEVICE,
		    query.rights);
	note.rec.o.device.type = query.type;
	note.rec.o.device.major = query.major;
	note.rec.o.device.minor = query.minor;
	if (judge_device(&s, &query, &a))
		rf_cg_unjudged(&a, &note);
	rf_cg_record(&s, &a, &note);
	return rf_cg_verdict(&a, &note);
}
