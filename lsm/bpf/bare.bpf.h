/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Refusals that are told without work space: of who asked in which hook, and why it could not be
 * judged. No more is known of them.
 */
#ifndef RF_BPF_BARE_H
#define RF_BPF_BARE_H

#include "lsm/bpf/maps.bpf.h"

#include "lsm/names.h"

/* One argument of a global function. */
union rf_bare {
	__u64 word;
	struct {
		__u8 layer;
		__u8 hook;
		__u8 operation;
		__u8 session;
		__u16 code;
		__u16 errno_value;
	};
};

/* Counts and records it. The record is written where it is read. */
int rf_tell_bare(__u64 sandbox, __u64 exec_id, __u32 slot, __u64 bare);

/*
 * Counts it with those that are the same: its fold in the high half, in the low one how many
 * denials the record is to tell of. 0 of them: nothing is to be sent.
 */
__u64 rf_fold_bare(__u64 bare, __u64 exec_id, __u32 slot, __u32 policy_gen);

#define RF_FOLD_OF(fold, count) ((__u64)(fold) << 32 | (count))

/* The record but for whose it is. An object of files without a name or a number: none is known. */
static __always_inline void rf_bare_fill(struct rf_record *rec, union rf_bare bare)
{
	__builtin_memset(rec, 0, sizeof(*rec));
	rec->size = sizeof(*rec);
	rec->type = RF_REC_ACCESS;
	rec->layer = bare.layer;
	rec->hook = bare.hook;
	rec->operation = bare.operation;
	rec->verdict = RF_V_DENIED;
	rec->session = bare.session;
	rec->obj = RF_OBJ_FILE;
	rec->rule = RF_RULE_UNJUDGED;
	rec->code = bare.code;
	rec->errno_value = bare.errno_value;
}

static __always_inline void rf_tell_unjudged(const struct rf_task *self, __u32 layer, __u32 hook,
					     __u32 op, __u32 code, __u32 errno_value)
{
	union rf_bare bare = {.layer = layer,
			      .hook = hook,
			      .operation = op,
			      .session = self->session & 1,
			      .code = code,
			      .errno_value = errno_value};

	rf_tell_bare(self->sandbox, self->exec_id, self->slot, bare.word);
}

#endif
