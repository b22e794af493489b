/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What attempts are made against: objects of our own, made outside the fence beforehand.
 *
 * A place is looked for where the policy denies a file that we can make, and one where it lets
 * write. Somebody stands outside: a process with a secret in its memory and among its descriptors,
 * which is also the one that takes everything away at the end, however the rest ended.
 */
#ifndef RF_ATTACK_SCENE_H
#define RF_ATTACK_SCENE_H

#include "sandbox/attack/attempt.h"
#include "sandbox/launch/launch.h"

#define RF_TOKEN_LEN 32

/* Denied addresses that were found, by what is asked. */
struct rf_scene_address {
	bool found;
	uint8_t address[16];
	uint16_t port;
};

struct rf_scene {
	const struct rf_policy *policy;
	const struct rf_image *image;
	const struct rf_selection *selection;
	struct rf_asker *asker;
	struct rf_allowers *allowers; /* of files */
	char token[RF_TOKEN_LEN + 1];
	char closed[PATH_MAX]; /* folder of the secrets; empty: the policy denies none of them */
	char open[PATH_MAX];   /* folder where the policy lets write; empty: none was found */
	char secret[NAME_MAX]; /* name of each secret in its folder, may have a slash */
	bool same;	       /* both in one file system */
	bool lsm;	       /* BPF LSM holds files and kernel */
	bool has_cgroup;
	char cgroups[256]; /* where cgroup v2 is mounted; empty: nowhere */
	uid_t uid;
	pid_t supervisor;
	pid_t cleaner, victim; /* processes outside, see victim.c; 0: none */
	int victim_pipe;       /* its end is theirs */
	int victim_fd;	       /* number of its descriptor of a secret */
	struct rf_scene_address connect, send, bind;
	struct rf_trial *trials; /* one per attempt, shared */
	struct rf_try *tries;	 /* one per attempt */
};

/* Finds the places and makes everything. Released with rf_scene_done whatever the answer. */
int rf_scene_make(struct rf_scene *scene, struct rf_err *err) RF_MUST_CHECK;
void rf_scene_done(struct rf_scene *scene);

/* The descriptors that attempts give to the fenced process; returns how many. */
size_t rf_scene_given(const struct rf_scene *scene, int *ret, size_t max);

/* Takes away what was made, but for memory and descriptors: what the cleaner does at the end. */
void rf_scene_remove(const struct rf_scene *scene);

/* Starts the process that cleans up, before anything is made. */
int rf_cleaner_start(struct rf_scene *scene, struct rf_err *err) RF_MUST_CHECK;
/* Starts the process that must not be touched, after all is made. */
int rf_victim_start(struct rf_scene *scene, struct rf_err *err) RF_MUST_CHECK;
/* Ends both, and with them all that was made; returns when they are gone. */
void rf_victim_end(struct rf_scene *scene);
/* The token in its memory, at the same address in every process forked from this one. */
const char *rf_victim_token(void);

/* What is expected of an attempt. */
struct rf_expectation {
	bool applies;	     /* false: n/a */
	const char *verdict; /* what `why` says: "denied", "killed", "allowed"; "-": not asked */
	int errno_value;     /* that the rule gives */
	char why_not[256];   /* with !applies */
};

void rf_expect(const struct rf_scene *scene, const struct rf_attempt *attempt,
	       const struct rf_try *t, struct rf_expectation *ret);

/*
 * Asks for one question: is it denied, and is that denial in force here? Fills *ret like rf_expect,
 * without the other premises.
 */
void rf_expect_question(const struct rf_scene *scene, const struct rf_question *q,
			struct rf_expectation *ret);

#endif
