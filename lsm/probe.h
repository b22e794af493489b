/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this kernel can enforce for this caller, one sentence for each thing that is missing.
 *
 * Nothing is guessed from version numbers: what can be tried is tried (tiny programs are loaded and
 * dropped, nothing is attached), the rest is read. Both go through struct rf_probe_env, so that a
 * test can take away one thing at a time.
 */
#ifndef RF_LSM_PROBE_H
#define RF_LSM_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sandbox/base/err.h"

enum rf_probe_state {
	RF_PROBE_YES,
	RF_PROBE_NO,
	RF_PROBE_LIMITED, /* there, but with something missing */
	RF_PROBE_UNKNOWN, /* cannot be told by this caller */
	RF_PROBE_STATES
};

struct rf_probe_item {
	const char *group; /* "bpf", "landlock", "cgroup", "seccomp", "audit", "system", "caller" */
	char id[64];
	enum rf_probe_state state;
	char detail[320]; /* what is there, or why it is not */
	char remedy[200]; /* what to change; empty: nothing, or nothing is missing */
};

struct rf_probe {
	struct rf_probe_item *items;
	size_t n, cap;
};

/* What is tried. Each answers 0 or a negative errno, unless said otherwise. */
struct rf_probe_env {
	const char *root; /* "" or the root of a made-up file system */
	int (*load_lsm)(void);
	int (*load_fentry)(void);
	int (*load_cgroup)(struct rf_err *err);
	int (*landlock_abi)(void);		/* the ABI */
	int (*seccomp_action)(uint32_t action); /* is it available */
	int (*audit_group)(void);		/* can the audit netlink group be joined */
	int (*audit_is_on)(void);		/* rf_audit_is_on */
	uint64_t (*capabilities)(void);		/* effective ones, bit per CAP_* */
	uint64_t (*memlock)(void);		/* bytes, UINT64_MAX: no limit */
	uint32_t (*uid)(void);
	/* Each LSM hook that our programs use. */
	int (*hooks)(void (*fn)(void *data, const char *section, bool present, bool optional),
		     void *data, struct rf_err *err);
};

/* This machine, for real. */
extern const struct rf_probe_env rf_probe_here;

int rf_probe_run(struct rf_probe *ret, const struct rf_probe_env *env, struct rf_err *err)
	RF_MUST_CHECK;
void rf_probe_done(struct rf_probe *probe);

/* The item with this id, or NULL. */
const struct rf_probe_item *rf_probe_find(const struct rf_probe *probe, const char *id);

const char *rf_probe_state_name(enum rf_probe_state state);

#endif
