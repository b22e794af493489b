/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The moment in which another policy counts: run by name (BPF_PROG_RUN) once that policy is in its
 * place. One step that nobody can kill half-way, together with the record that tells of it.
 *
 * The record takes its number first, so whoever is judged by the new policy has a higher one.
 */
#include "lsm/bpf/scope.bpf.h"

int rf_emit(struct rf_work *w);

SEC("syscall")
int rf_swap(struct rf_swap *ask)
{
	struct rf_task whose = {.sandbox = ask->sandbox, .slot = ask->slot};
	__u32 from = ask->from, to = ask->to;
	struct rf_sandbox *sb = rf_sandbox_of(ask->slot);
	struct rf_work *w;

	ask->done = 0;
	if (!sb || sb->id != whose.sandbox || sb->state != RF_SB_LIVE || sb->policy_gen != from)
		return 0;
	w = rf_work_get(ask->slot);
	if (!w)
		return 0;
	rf_work_start(w, &whose, sb, RF_SEC_PROCESS, 0, 0);
	w->policy_gen = to;
	w->rec.type = RF_REC_POLICY;
	w->rec.verdict = RF_V_ALLOWED;
	w->rec.rule = RF_RULE_NONE;
	w->rec.access = 0;
	w->rec.missing = 0;
	w->rec.code = 0;
	w->rec.errno_value = 0;
	rf_emit(w);
	if (__sync_val_compare_and_swap(&sb->policy_gen, from, to) == from)
		ask->done = 1;
	rf_work_put(w);
	return 0;
}
