/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Confine a command and see it through: the public entry of the launcher.
 *
 * A request is everything the command line decided. rf_launch_run executes the plan made from it:
 * either the command runs with every step of the plan done, or nothing runs and nothing is left.
 */
#ifndef RF_LAUNCH_LAUNCH_H
#define RF_LAUNCH_LAUNCH_H

#include <signal.h>
#include <sys/resource.h>

#include "sandbox/launch/backend.h"
#include "sandbox/launch/cgroup.h"
#include "sandbox/launch/env.h"
#include "sandbox/launch/select.h"

#define RF_WATCH_MAX 8
#define RF_KEEP_MAX  64

/*
 * A descriptor that the supervisor polls for its owner while the command runs, for example an
 * event ring. ready() is called whenever it is readable, and once more, with `last` set, after the
 * command ended and before the sandbox is taken down. A negative answer ends the watch. timeout_ms
 * >= 0 also calls ready() that often without input.
 */
struct rf_watch {
	int fd;
	int timeout_ms;
	int (*ready)(void *data, bool last);
	void *data;
};

/* What the process was given by its caller, before the launcher changed it for itself. */
struct rf_inherited {
	sigset_t ignored; /* signals that were ignored */
	mode_t mask;	  /* umask */
	struct rlimit nofile;
	int terminal; /* 0-2: a descriptor of our terminal, if we are in its foreground; else -1 */
};

/*
 * Prepares this process to supervise: nothing blocked, those signals ignored that a broken output
 * raises, the descriptor limit widened, a usable umask. Call it once, first, single-threaded.
 */
void rf_inherited_take(struct rf_inherited *ret);

/* Holds every signal back for the supervisor's signalfd; the launcher's own first act. */
void rf_signals_block(void);

struct rf_found;

/*
 * Instead of a program: a function that runs in a process below the fenced child, with all that
 * the command would have had and nothing more. Its answer is the exit status. Only a caller that
 * fills this in gets it; `run` has no way to.
 */
struct rf_payload {
	int (*run)(void *data);
	void *data;
};

struct rf_request {
	const struct rf_policy *policy;
	const struct rf_image_part *image_part; /* of the policy, where it was kept; NULL: not */
	const struct rf_selection *selection;
	const struct rf_cgroup_site *site; /* NULL: no cgroup */
	const struct rf_inherited *inherited;
	char *const *argv;		  /* NULL with a payload */
	const struct rf_payload *payload; /* NULL: argv is executed */
	const struct rf_env *env;
	const char *cwd;	    /* absolute; the child goes there */
	bool change_dir;	    /* cwd is not where we are */
	const struct rf_user *user; /* NULL: unchanged */
	int keep_fds[RF_KEEP_MAX];
	size_t n_keep_fds;
	uint64_t timeout_ns;	     /* 0: none */
	const char *name;	     /* sandbox name; NULL: the policy's */
	const char *recipe;	     /* for the record: see rf_record_write; NULL: none */
	const struct rf_found *join; /* `exec`: the sandbox to enter; NULL: a new one */
	bool audit_mode;
	bool stacks;
	size_t ring_bytes;   /* for events; a power of two, 0: as usual */
	uint64_t sandbox_id; /* what rf_service_chosen says; 0: any */
	const char *words;   /* as rf_launch.words */
	/*
	 * The sandbox is up and the command is about to be let go: add watches here. A negative
	 * answer stops the launch. May be NULL.
	 */
	int (*started)(void *data, const struct rf_launch *launch, struct rf_watch *watches,
		       size_t *n_watches, struct rf_err *err);
	void *data;
};

enum rf_end {
	RF_END_EXITED,	   /* value: exit status */
	RF_END_SIGNALED,   /* value: signal */
	RF_END_TIMEOUT,	   /* the time given by --timeout was up */
	RF_END_NO_EXEC,	   /* value: 126 or 127, err tells */
	RF_END_NOT_STARTED /* err tells */
};

struct rf_outcome {
	enum rf_end end;
	int value;
	uint64_t sandbox_id;
	bool no_cgroup;	   /* nothing was started because no cgroup could be made */
	bool left_running; /* processes of the sandbox outlive the command, fenced */
};

/* Runs the plan; returns when the command has ended. err is set for the last two ends. */
void rf_launch_run(const struct rf_request *request, struct rf_outcome *ret, struct rf_err *err);

#endif
