/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests of back-ends: a policy by hand, a scratch folder, and a child that is fenced for real.
 *
 * A fenced child runs `body` after prepare, child and no_new_privs, as an ordinary user if asked;
 * its answer is body's (0 to 99), 120 if the fence could not be put up.
 */
#ifndef RF_TESTS_UNIT_FENCE_H
#define RF_TESTS_UNIT_FENCE_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/launch/backend.h"

#define FENCE_FAILED 120
#define FENCE_NOBODY 65534

struct fence {
	struct rf_policy policy;
	struct rf_launch launch;
	const struct rf_rule *rules[16];
	char dir[64]; /* of the test's own, 0755 */
};

static inline void fence_init(struct fence *fence)
{
	memset(fence, 0, sizeof(*fence));
	fence->policy.no_new_privileges = true;
	fence->policy.rules = fence->rules;
	for (size_t i = 0; i < RF_KERNEL_COUNT; i++)
		fence->policy.kernel[i].value = RF_KERNEL_ALLOW;
	fence->launch.policy = &fence->policy;
	fence->launch.sandbox_id = 0x1234;
	fence->launch.cgroup_fd = -1;
	fence->launch.pidfd = -1;
}

static inline const char *fence_dir(struct fence *fence)
{
	strcpy(fence->dir, "/var/tmp/rf-test-XXXXXX");
	if (!mkdtemp(fence->dir) || chmod(fence->dir, 0777) < 0)
		abort();
	return fence->dir;
}

static inline void fence_remove_dir(struct fence *fence)
{
	char command[128];

	(void)snprintf(command, sizeof(command), "rm -rf '%s'", fence->dir);
	if (system(command) != 0)
		abort();
}

/* Registers the common part of a rule and numbers it. */
static inline void fence_rule(struct fence *fence, struct rf_rule *rule, enum rf_section section,
			      const char *id, bool deny)
{
	rule->section = section;
	rule->id = id;
	rule->deny = deny;
	rule->index = (uint32_t)fence->policy.n_rules;
	fence->rules[fence->policy.n_rules++] = rule;
	fence->policy.sections[section].present = true;
}

static inline int fence_child(struct fence *fence, const struct rf_backend *const *backends,
			      uid_t uid, int (*body)(void *data), void *data)
{
	struct rf_err err = RF_ERR_INIT;
	int r = 0;

	if (uid && (setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0))
		return FENCE_FAILED;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return FENCE_FAILED;
	for (size_t i = 0; backends[i] && r == 0; i++)
		if (backends[i]->child)
			r = backends[i]->child(&fence->launch, &err);
	if (r < 0) {
		fprintf(stderr, "fence: %s\n", rf_err_text(&err));
		return FENCE_FAILED;
	}
	return body(data);
}

/* Prepares (as ourselves), forks, and returns the child's answer; undoes what was prepared. */
static inline int fence_run(struct fence *fence, const struct rf_backend *const *backends,
			    uint32_t sections, uid_t uid, int (*body)(void *data), void *data)
{
	struct rf_err err = RF_ERR_INIT;
	int status = -1, r = 0;
	pid_t pid;

	for (size_t i = 0; backends[i] && r == 0; i++)
		if (backends[i]->prepare)
			r = backends[i]->prepare(&fence->launch, sections, &err);
	if (r < 0) {
		fprintf(stderr, "fence: %s\n", rf_err_text(&err));
	} else {
		fflush(NULL);
		pid = fork();
		if (pid == 0)
			_exit(fence_child(fence, backends, uid, body, data));
		if (pid > 0 && waitpid(pid, &status, 0) == pid)
			status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	}
	for (size_t i = 0; backends[i]; i++)
		if (backends[i]->undo)
			backends[i]->undo(&fence->launch);
	return r < 0 ? FENCE_FAILED : status;
}

#endif
