/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The end of every judgement: verdict first, then the record.
 *
 * The record takes its number before it looks for room, so a number without a record is a counted
 * loss. Nothing here can change the verdict.
 */
#include "lsm/bpf/scope.bpf.h"
#include "lsm/bpf/wake.bpf.h"

static __always_inline void fill_process(struct rf_record *rec)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 ids = bpf_get_current_pid_tgid(), owner = bpf_get_current_uid_gid();

	rec->version = RF_ABI_VERSION;
	rec->time = bpf_ktime_get_boot_ns();
	rec->pid = ids >> 32;
	rec->tid = (__u32)ids;
	rec->uid = (__u32)owner;
	rec->gid = owner >> 32;
	rec->ppid = task->real_parent->tgid;
	rec->start = task->group_leader->start_boottime;
	rec->count = 1;
	rec->fold = 0;
	rec->frames = 0;
	rec->objects = 0;
	rec->pad = 0;
	bpf_get_current_comm(rec->comm, sizeof(rec->comm));
}

static __always_inline bool is_denial(const struct rf_record *rec)
{
	return rec->type == RF_REC_ACCESS && rec->verdict != RF_V_ALLOWED;
}

/*
 * Need the reader not hurry? It was woken a moment ago, for a record that is no denial, and looks
 * again at the end of its rest; until then there is room.
 */
static __always_inline bool may_lie(void *ring, const struct rf_sandbox *sb,
				    const struct rf_record *rec)
{
	return !is_denial(rec) && rec->time < sb->rest_until &&
	       bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA) < sb->ring_bytes / 8;
}

/* A quarter of the ring is kept for denials: no flood of other records pushes them out. */
static __always_inline bool has_room(void *ring, const struct rf_sandbox *sb,
				     const struct rf_record *rec)
{
	return is_denial(rec) ||
	       bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA) < sb->ring_bytes - sb->ring_bytes / 4;
}

static __always_inline void lose(struct rf_work *w, struct rf_sandbox *sb)
{
	rf_fold_return(w->slot, w->rec.fold, w->rec.count);
	if (w->rec.type != RF_REC_ACCESS)
		__sync_fetch_and_add(&sb->lost_other, 1);
	__sync_fetch_and_add(&sb->lost, 1);
}

/* Flags of a commit that wakes a reader who sleeps, and only that. */
static __always_inline __u64 wakeup(struct rf_sandbox *sb, __u64 now)
{
	if (!sb->reader_waiting || !__sync_lock_test_and_set(&sb->reader_waiting, 0))
		return BPF_RB_NO_WAKEUP;
	sb->rest_until = now + RF_REST_NS; /* before they can look */
	return BPF_RB_FORCE_WAKEUP;
}

static __always_inline void send(struct rf_work *w, struct rf_sandbox *sb)
{
	__u32 slot = w->slot, text = (w->rec.size - sizeof(w->rec)) & (RF_TEXT_MAX - 1);
	__u64 flags = BPF_RB_NO_WAKEUP;
	bool lies;
	void *ring;

	w->rec.seq = __sync_fetch_and_add(&sb->seq, 1) + 1;
	ring = bpf_map_lookup_elem(&rf_ring, &slot);
	if (!ring || !has_room(ring, sb, &w->rec)) {
		lose(w, sb);
		return;
	}
	lies = may_lie(ring, sb, &w->rec);
	if (!lies)
		flags = wakeup(sb, w->rec.time);
	if (bpf_ringbuf_output(ring, &w->rec, sizeof(w->rec) + text, flags)) {
		if (flags == BPF_RB_FORCE_WAKEUP)
			sb->reader_waiting = 1; /* it was not woken */
		lose(w, sb);
		return;
	}
	__sync_fetch_and_add(&sb->submitted, 1);
	/* Whoever looks at the end of the rest sees what was committed before it. */
	if (!lies || bpf_ktime_get_boot_ns() >= sb->rest_until)
		rf_wake(ring, sb);
}

int rf_emit(struct rf_work *w)
{
	struct rf_sandbox *sb;

	if (!w)
		return -1;
	sb = rf_sandbox_of(w->slot);
	if (!sb)
		return -1;
	w->rec.sandbox = w->sandbox;
	w->rec.policy_gen = w->policy_gen;
	w->rec.session = w->session;
	w->rec.exec_id = w->exec_id;
	fill_process(&w->rec);
	w->rec.size = sizeof(w->rec) + ((w->text_base + w->text_len) & (RF_TEXT_MAX - 1));
	if (is_denial(&w->rec) && (sb->flags & RF_SBF_STACKS))
		rf_stack_add(w);
	if (!is_denial(&w->rec) || !rf_fold_count(w))
		send(w, sb);
	return 0;
}

/*
 * Not in line: its stack is not taken while it is found out what the record is folded with.
 * `place`: the slot, above it the policy's generation; `folded` as rf_fold_bare has it.
 */
static __noinline int send_bare(__u64 bare, __u64 exec_id, __u64 sandbox, __u64 place, __u64 folded)
{
	__u32 slot = (__u32)place, fold = folded >> 32, count = (__u32)folded;
	struct rf_sandbox *sb = rf_sandbox_of(slot);
	struct rf_record *rec;
	__u64 seq, flags;
	void *ring;

	if (!sb)
		return -1;
	seq = __sync_fetch_and_add(&sb->seq, 1) + 1;
	ring = bpf_map_lookup_elem(&rf_ring, &slot);
	rec = ring ? bpf_ringbuf_reserve(ring, sizeof(*rec), 0) : NULL;
	if (!rec) {
		rf_fold_return(slot, fold, count);
		__sync_fetch_and_add(&sb->lost, 1);
		return 0;
	}
	rf_bare_fill(rec, (union rf_bare){.word = bare});
	fill_process(rec);
	rec->seq = seq;
	rec->sandbox = sandbox;
	rec->policy_gen = place >> 32;
	rec->exec_id = exec_id;
	rec->fold = fold;
	rec->count = count;
	flags = wakeup(sb, rec->time);
	bpf_ringbuf_submit(rec, flags);
	__sync_fetch_and_add(&sb->submitted, 1);
	rf_wake(ring, sb);
	return 0;
}

int rf_tell_bare(__u64 sandbox, __u64 exec_id, __u32 slot, __u64 bare)
{
	struct rf_sandbox *sb = rf_sandbox_of(slot);
	__u32 policy_gen;
	__u64 folded;

	if (!sb || sb->id != sandbox)
		return -1;
	__sync_fetch_and_add(&sb->denied, 1);
	__sync_fetch_and_add(&sb->errors, 1);
	policy_gen = sb->policy_gen;
	folded = rf_fold_bare(bare, exec_id, slot, policy_gen);
	if ((__u32)folded)
		send_bare(bare, exec_id, sandbox, (__u64)policy_gen << 32 | slot, folded);
	return 0;
}

/* Texts belong to files, and to devices that were reached by a file. */
static __always_inline void fill_texts(struct rf_work *w)
{
	if (w->rec.obj == RF_OBJ_FILE) {
		w->rec.o.file.path_len = w->path_len;
		w->rec.o.file.new_len = w->new_len;
		if (w->text_cut)
			w->rec.o.file.flags |= RF_OF_CUT;
	} else if (w->rec.obj == RF_OBJ_DEVICE) {
		w->rec.o.device.path_len = w->path_len;
	}
}

static __always_inline int default_errno(const struct rf_work *w)
{
	if (w->code == RF_CODE_ALIAS)
		return RF_E_XDEV;
	return w->rec.layer == RF_SEC_FILES || w->rec.layer == RF_SEC_NETWORK ? RF_E_ACCES
									      : RF_E_PERM;
}

int rf_conclude(struct rf_work *w)
{
	struct rf_sandbox *sb;
	__u32 refused;

	if (!w)
		return -RF_E_ACCES;
	refused = w->missing;
	if (!refused && !w->would && !w->audit)
		return 0;
	sb = rf_sandbox_of(w->slot);
	if (!sb)
		return -RF_E_ACCES;
	w->rec.verdict = refused ? RF_V_DENIED : w->would ? RF_V_WOULD_DENY : RF_V_ALLOWED;
	if (refused && w->kill)
		w->rec.verdict = RF_V_KILLED;
	w->rec.access = w->access;
	w->rec.missing = refused ? refused : w->would;
	w->rec.rule = w->rule;
	w->rec.code = w->code;
	w->rec.errno_value = 0;
	if (refused) {
		/* An image was checked when it was loaded; what is returned here nobody checks. */
		w->rec.errno_value = w->errno_value && w->errno_value <= RF_ERRNO_MAX
					     ? w->errno_value
					     : default_errno(w);
		__sync_fetch_and_add(&sb->denied, 1);
		if (w->rule == RF_RULE_UNJUDGED)
			__sync_fetch_and_add(&sb->errors, 1);
	}
	if (w->rec.obj == RF_OBJ_FILE)
		rf_path_tell(w);
	fill_texts(w);
	rf_emit(w);
	if (refused && w->kill)
		bpf_send_signal(RF_SIG_KILL);
	return -(int)w->rec.errno_value;
}
