/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one interface behind which each way of enforcing a section stands.
 *
 * A back-end is a whole file (or folder) with one `const struct rf_backend`:
 * bpf_lsm, landlock, sockaddr (cgroup socket-address programs), devcgroup,
 * seccomp, capabilities. It says whether this kernel and this caller have it,
 * tells rule by rule what it can express, and then does its part of a launch
 * in up to four places. The launcher picks, per section, the best present one,
 * reports it, and refuses to start when a `need: must` item is held by nobody.
 *
 * Nothing here may leave anything behind on failure: what prepare or attach
 * made, undo removes, whatever happened in between.
 */
#ifndef RF_LAUNCH_BACKEND_H
#define RF_LAUNCH_BACKEND_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "sandbox/base/err.h"
#include "sandbox/policy/policy.h"

/* How well one item (a rule, a section's default, a kernel key) is held. */
enum rf_hold {
	RF_HOLD_EXACT,	  /* exactly as written */
	RF_HOLD_STRICTER, /* denies at least what the policy denies, and something more */
	RF_HOLD_NONE	  /* not enforced */
};

/* What an item is: a rule, a section's default, a kernel key, or a section-wide property. */
enum rf_item_kind {
	RF_ITEM_RULE,
	RF_ITEM_DEFAULT,
	RF_ITEM_KERNEL,
	RF_ITEM_SECTION
};

struct rf_coverage {
	enum rf_section section;
	enum rf_item_kind kind;
	const struct rf_rule *rule; /* RULE only, borrowed from the policy */
	enum rf_kernel_key key;	    /* KERNEL only */
	const char *id; /* the rule's, else "files.default", "kernel.mount", "resources.pids_max" */
	struct rf_place place;
	enum rf_need need;
	enum rf_hold hold;
	const char *by; /* back-end's name, static; NULL with RF_HOLD_NONE */
	char why[192];	/* one clause: why not exact; empty if exact */
};

struct rf_ll_looks;

/*
 * The list that the enforcement report, `run --plan` and the refusal are made of. The launcher
 * makes one item per rule, default and key of a present section itself; an item that judge() did
 * not speak of is held by nobody, so forgetting one refuses instead of letting pass.
 */
struct rf_report {
	struct rf_coverage *items;
	size_t n;
	size_t cap;
	struct rf_ll_looks *looks; /* what Landlock grants: landlock_looks.h; NULL: not judged */
};

/* A zeroed new item at the end; NULL: out of memory. Pointers into items live until the next. */
struct rf_coverage *rf_report_add(struct rf_report *report);
void rf_report_done(struct rf_report *report);

/*
 * Adds every item that `section` of this policy has, in the order default, rules by index, kernel
 * keys, or SECTION items for capabilities, process and each resource; each with id, place and
 * need, and RF_HOLD_NONE. Nothing for an absent section. What judge() starts from: it calls this
 * and fills hold, by and why of each new item.
 */
int rf_report_items(struct rf_report *report, const struct rf_policy *policy,
		    enum rf_section section, struct rf_err *err) RF_MUST_CHECK;

/* Adds what the policy itself takes away of self-protection (POLICY.md 19), if anything. */
int rf_report_self(struct rf_report *report, const struct rf_policy *policy, struct rf_err *err)
	RF_MUST_CHECK;

/* The item of a kernel key; NULL if the report has none. */
const struct rf_coverage *rf_report_kernel(const struct rf_report *report, enum rf_kernel_key key);

struct rf_image;   /* the packed policy, sandbox/launch/image.h */
struct rf_sandbox; /* lsm/abi.h */

/* Where each back-end keeps what belongs to one launch. */
enum rf_cell {
	RF_CELL_BPF_LSM,
	RF_CELL_SERVICE,
	RF_CELL_LANDLOCK,
	RF_CELL_SOCKADDR,
	RF_CELL_DEVCGROUP,
	RF_CELL_SECCOMP,
	RF_CELL_CAPS,
	RF_CELL_COUNT
};

/* One launch in the making; owned by the launcher, borrowed by back-ends. */
struct rf_launch {
	const struct rf_policy *policy;
	const struct rf_image *image;		/* NULL when no back-end needs it */
	const struct rf_image_part *image_part; /* of this policy; NULL: not known */
	uint64_t sandbox_id;			/* never 0, random, never reused */
	char sandbox_name[64];
	int cgroup_fd;		/* directory of the sandbox's cgroup; -1: none could be made */
	uint64_t cgroup_id;	/* 0: none */
	char cgroup_path[4096]; /* absolute path of that directory; empty: none */
	uid_t uid;		/* the command's user */
	gid_t gid;
	bool changes_user; /* --user: the child leaves uid 0 before capabilities are dropped */
	bool joins;	   /* `exec`: the sandbox is there already, its cgroup is cgroup_fd */
	bool nested;	   /* started from inside a fence that stays */
	const char *cwd;   /* the command's working directory */
	pid_t pid;	   /* after clone */
	int pidfd;	   /* after clone */
	bool audit_mode;
	bool stacks;
	size_t ring_bytes; /* for events; 0: as usual */
	/*
	 * Where this sandbox's records and counters are: set in prepare by the back-end that has
	 * them (bpf-lsm; without it the cgroup programs' back-ends, which share one ring), borrowed
	 * by the stream that `run` opens, valid until undo. -1 and NULL: no kernel side makes
	 * records.
	 */
	int ring_fd;
	int folds_fd; /* the table of repeats beside it; -1: none */
	struct rf_sandbox *counters;
	uint32_t slot;	   /* of the sandbox on the LSM side, while state[RF_CELL_BPF_LSM] is set */
	const char *words; /* the wordbook as JSON, for the service; NULL: none was made */
	int lines_fd; /* the service sends the sandbox's events here (service.h); -1: it does not */
	bool hears_all; /* that ring has the denials of every layer, seccomp's too */
	/* During prepare: sections in which this back-end is the second layer, and who holds what.
	 */
	uint32_t second;
	const struct rf_report *report;
	void *state[RF_CELL_COUNT];
};

/* Where a back-end's child() stands in the plan; the order is that of the values. */
enum rf_stage {
	RF_STAGE_FENCE,	       /* after no_new_privs, as most */
	RF_STAGE_CAPABILITIES, /* before no_new_privs */
	RF_STAGE_LAST,	       /* the last step before exec: seccomp */
	RF_STAGE_COUNT
};

struct rf_backend {
	const char *name;  /* as reports say it: "bpf-lsm", "landlock", "cgroup-sockaddr", … */
	uint32_t sections; /* bit per enum rf_section it can hold */
	enum rf_cell cell; /* its own cell of rf_launch.state */
	/*
	 * Its child() works only after no_new_privs or with CAP_SYS_ADMIN. The launcher asks for
	 * one of both before it chooses this back-end, and keeps CAP_SYS_ADMIN until exec if
	 * needed.
	 */
	bool needs_privilege;
	bool needs_cgroup;  /* not chosen where no cgroup can be made */
	bool protects_self; /* takes ringfence's own files out of whatever a policy allows */
	enum rf_stage stage;
	/*
	 * Can it work here, now, for this caller? 0 yes; -EOPNOTSUPP no, with the
	 * reason and the remedy in err, one sentence. No side effects that outlive
	 * the call. The answer may be cached within the process.
	 */
	int (*available)(struct rf_err *err);
	/* Adds one rf_coverage per item of `section` to the report. Pure. */
	int (*judge)(const struct rf_policy *policy, enum rf_section section,
		     struct rf_report *report, struct rf_err *err);
	/*
	 * Parent, before clone, after the cgroup was made: open maps, build rulesets, attach to
	 * the cgroup. `sections` are those this back-end was chosen for. May be NULL.
	 */
	int (*prepare)(struct rf_launch *launch, uint32_t sections, struct rf_err *err);
	/* Parent, after clone while the child waits: hand the task its fence. May be NULL. */
	int (*attach)(struct rf_launch *launch, struct rf_err *err);
	/*
	 * Child, after descriptors were closed, before seccomp: only async-signal-safe
	 * work on what prepare made; descriptors it needs are listed by child_fds. May be NULL.
	 */
	int (*child)(struct rf_launch *launch, struct rf_err *err);
	/*
	 * Child, where no exec follows the last step: take what exec would have taken. May be NULL.
	 */
	int (*without_exec)(struct rf_launch *launch, struct rf_err *err);
	/* Descriptors that must survive close_range until child() ran; -1 ends. May be NULL. */
	const int *(*child_fds)(const struct rf_launch *launch);
	/* Parent, always, after the command ended or the launch failed. Idempotent. */
	void (*undo)(struct rf_launch *launch);
	/*
	 * Parent, instead of undo, when the command ended but processes of the sandbox live on:
	 * close what is ours and leave the fence up. NULL: nothing was left by this back-end that
	 * undo would take from them, so undo is called.
	 */
	void (*leave)(struct rf_launch *launch);
	/*
	 * Any later process: a sandbox whose supervisor is gone has no process left. Remove what
	 * this back-end still keeps for that id. Idempotent, silent. May be NULL.
	 */
	void (*reclaim)(uint64_t sandbox_id);
};

/*
 * One way to hold a section. The first must be usable; the others join as second layers if they are
 * usable too. A second layer applies what it judges EXACT, and what it alone holds (the item's `by`
 * in rf_launch.report is its name; rf_report_kernel finds a key's): so it never denies more than a
 * first layer that holds the item. rf_launch.second tells it the sections in which it is second.
 */
#define RF_CHOICE_MAX 3
struct rf_candidate {
	enum rf_section section;
	const struct rf_backend *backends[RF_CHOICE_MAX];
};

/* All candidates, per section the best first; ends with backends[0] NULL. */
extern const struct rf_candidate rf_candidates[];

extern const struct rf_backend rf_backend_bpf_lsm;   /* files network devices capabilities kernel */
extern const struct rf_backend rf_backend_service;   /* the same, for ordinary users */
extern const struct rf_backend rf_backend_landlock;  /* files network kernel */
extern const struct rf_backend rf_backend_sockaddr;  /* network */
extern const struct rf_backend rf_backend_devcgroup; /* devices */
extern const struct rf_backend rf_backend_seccomp;   /* seccomp, kernel (second layer) */
/* What backend_caps.c asks about the caller. */
bool rf_caller_has_setpcap(void);

extern const struct rf_backend rf_backend_caps; /* capabilities */

#endif
