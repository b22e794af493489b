/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the processes of a sandbox hold open or mapped, put to a policy: POLICY.md 14 leaves it to
 * them when the policy is replaced, and has it told.
 *
 * Looked for: open files and devices, files that are mapped executable, connected and listening
 * sockets of TCP and UDP, and unix sockets that listen under a name. Not found: the names that unix
 * sockets are connected to, and what only sleeps in a socket's queue.
 */
#ifndef RF_LAUNCH_HOLDERS_H
#define RF_LAUNCH_HOLDERS_H

#include <stdint.h>
#include <sys/types.h>

#include "lsm/rules.h"
#include "sandbox/launch/why.h"

struct rf_holding {
	pid_t pid;
	int pidfd;	  /* valid during the call */
	const char *comm; /* of the process */
	int fd;		  /* its descriptor; -1: a mapping */
	const struct rf_question *question;
	const struct rf_finding *finding; /* not allowed */
};

/*
 * Calls fn for all that is held and that the asker's policy denies. A negative answer ends it. What
 * goes away while it looks may be told or not. *ret_n: processes of the sandbox that were seen.
 */
int rf_holders_find(struct rf_lsm *lsm, uint64_t sandbox, struct rf_asker *asker,
		    int (*fn)(void *data, const struct rf_holding *holding, struct rf_err *err),
		    void *data, size_t *ret_n, struct rf_err *err) RF_MUST_CHECK;

#endif
