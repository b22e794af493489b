/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One escape attempt: what it is called, what the policy is asked about it, and how it is tried.
 *
 * The expectation comes from the policy's own decision functions, the result from the effect. Each
 * attempt has folders and a secret of its own, so that none can spoil another's. It runs in a
 * process of its own inside the fence; what it finds goes into memory shared with the outside.
 */
#ifndef RF_ATTACK_ATTEMPT_H
#define RF_ATTACK_ATTEMPT_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "sandbox/launch/why.h"

struct rf_scene;

enum rf_trial_state {
	RF_TRIAL_NONE,	  /* its turn did not come */
	RF_TRIAL_STARTED, /* and nothing was said: see rf_attempt.becomes */
	RF_TRIAL_HELD,	  /* it was refused */
	RF_TRIAL_PASSED,  /* it had its effect */
	RF_TRIAL_UNTRIED, /* it cannot be tried here; note says why */
	RF_TRIAL_KILLED,  /* the fence killed it */
	RF_TRIAL_HUNG,	  /* it did not end in its time */
	RF_TRIAL_CRASHED, /* it ended by itself in a way that proves nothing */
};

#define RF_TRIAL_NOTE_MAX 120

/* In memory that the fenced processes and the outside share. */
struct rf_trial {
	int32_t state; /* enum rf_trial_state */
	int32_t error; /* errno of the refusal; 0: none */
	int32_t ms;    /* what it took */
	char note[RF_TRIAL_NOTE_MAX];
};

/* What an attempt has to work with, inside and outside. */
struct rf_try {
	const struct rf_scene *scene;
	struct rf_trial *trial;
	bool wanted;	       /* its premises hold: it is tried */
	int refusal;	       /* errno that the rule gives, beside the usual ones; 0: none */
	char dir[PATH_MAX];    /* folder of the secret, its own; empty: no object is denied */
	char secret[PATH_MAX]; /* a file that the policy denies, holding the scene's token */
	long value;	       /* for prepare to leave word */
	char open[PATH_MAX]; /* a folder of its own where the policy lets it write; may be empty */
};

/*
 * What `why` is asked. Names: an absolute path; "%secret", "%dir", "%open" and "%cgroup" with what
 * follows; or those of rf_try_installed.
 */
struct rf_ask {
	enum rf_why_kind kind;
	uint32_t rights;
	const char *object;
	uint32_t number; /* KERNEL, CAPABILITY: its number; SYSCALL: the call */
	uint64_t args[3];
	uint8_t protocol;  /* INET */
	uint32_t dev_type; /* DEVICE: 1 block, 2 char */
	uint32_t major, minor;
};

#define RF_ASK_FILE(right, name)                                                                   \
	{                                                                                          \
		.kind = RF_WHY_FILE, .rights = RF_FILE_##right, .object = (name)                   \
	}
#define RF_ASK_KERNEL(key)                                                                         \
	{                                                                                          \
		.kind = RF_WHY_KERNEL, .number = RF_KERNEL_##key                                   \
	}
#define RF_ASK_CALL(...)                                                                           \
	{                                                                                          \
		.kind = RF_WHY_SYSCALL, .number = __VA_ARGS__                                      \
	}
#define RF_ASK_CAP(cap)                                                                            \
	{                                                                                          \
		.kind = RF_WHY_CAPABILITY, .number = (cap)                                         \
	}
#define RF_ASK_UNIX(right, name)                                                                   \
	{                                                                                          \
		.kind = RF_WHY_UNIX, .rights = RF_NET_##right, .object = (name)                    \
	}
/* The scene's denied address of that right and protocol. */
#define RF_ASK_INET(right, proto)                                                                  \
	{                                                                                          \
		.kind = RF_WHY_INET, .rights = RF_NET_##right, .protocol = RF_PROTO_##proto        \
	}
#define RF_ASK_DEVICE(right, type, maj, min)                                                       \
	{                                                                                          \
		.kind = RF_WHY_DEVICE, .rights = RF_DEV_##right, .dev_type = (type),               \
		.major = (maj), .minor = (min)                                                     \
	}

/* Premises beside the policy's verdict. */
#define RF_NEEDS_SECRET 0x1  /* an object that the policy denies could be made */
#define RF_NEEDS_OPEN	0x2  /* and a folder where it lets write */
#define RF_NEEDS_SAME	0x4  /* both in one file system */
#define RF_NEEDS_LSM	0x8  /* only BPF LSM sees this */
#define RF_NEEDS_ROOT	0x10 /* the command is root: nobody else could, fence or not */
#define RF_NEEDS_SELF	0x20 /* self-protection: with BPF LSM it is denied, whatever `why` says */
#define RF_NEEDS_CGROUP 0x40 /* the sandbox has a cgroup of its own */

struct rf_attempt {
	const char *id;	  /* GROUP.NAME */
	const char *text; /* what is tried, a clause */
	struct rf_ask ask;
	uint32_t needs;	  /* RF_NEEDS_* */
	uint32_t also;	  /* further ones, so that a table's common ones stand in one place */
	const char *item; /* a further item of the enforcement report that must be held */
	bool becomes;	  /* it execs: ending with status 0 and without a word is its effect */
	bool gives;	  /* prepare left a descriptor in t->value, which the command keeps */
	/* Outside, before. A negative errno: cannot be made here, so it is not tried. */
	int (*prepare)(struct rf_try *t);
	void (*run)(struct rf_try *t);
	/* Outside, after: did it have its effect although it said otherwise? */
	bool (*happened)(const struct rf_try *t);
	/* Outside, at last, also when all else was killed. Idempotent, silent. */
	void (*undo)(const struct rf_try *t);
};

struct rf_attempt_group {
	const struct rf_attempt *attempts;
	size_t n;
};

extern const struct rf_attempt_group rf_attack_names, rf_attack_links, rf_attack_files,
	rf_attack_descriptors, rf_attack_execution, rf_attack_calls, rf_attack_tasks,
	rf_attack_processes, rf_attack_capabilities, rf_attack_network, rf_attack_families,
	rf_attack_unix, rf_attack_devices, rf_attack_terminal, rf_attack_kernel, rf_attack_cgroup,
	rf_attack_self;

/* Attempts of all groups, and the one with that number. */
size_t rf_attack_count(void);
const struct rf_attempt *rf_attack_at(size_t index);

/* ---- for attempts, inside: what came of it; errno tells of the refusal ---- */

/*
 * A call failed. With the error of a refusal the attempt is held, with any other it could not be
 * tried. what: a few words.
 */
void rf_try_failed(struct rf_try *t, const char *what);
void rf_try_held(struct rf_try *t, int error, const char *what);
void rf_try_passed(struct rf_try *t, const char *what);
void rf_try_untried(struct rf_try *t, const char *what);

/* value < 0: rf_try_failed; else passed. */
void rf_try_result(struct rf_try *t, long value, const char *what);

/* fd < 0: failed; else passed if the token can be read from it. Closes it. */
void rf_try_read(struct rf_try *t, int fd, const char *what);

/* Opens path to read and does as rf_try_read. */
void rf_try_open(struct rf_try *t, const char *path);

/* Outside: is the secret no longer what it was? */
bool rf_try_changed(const struct rf_try *t);

/* True for the errors by which fences refuse. */
bool rf_try_is_refusal(const struct rf_try *t, int error);

/*
 * "%libexec/NAME" and "%data/NAME" to the installed files; other names as they are. In one of two
 * static buffers, taken in turn.
 */
const char *rf_try_installed(const char *name);

/* "DIR/NAME" in one of four static buffers, taken in turn; the path may be cut, never overrun. */
const char *rf_try_path(const char *dir, const char *name);

#endif
