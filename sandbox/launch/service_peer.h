/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom the service serves: an ordinary process outside of every fence, and of its children only one
 * that is what a launcher's waiting child is.
 */
#ifndef RF_LAUNCH_SERVICE_PEER_H
#define RF_LAUNCH_SERVICE_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "lsm/rules.h"
#include "sandbox/base/err.h"

#define RF_PEER_GROUPS 1024

struct rf_peer {
	pid_t pid;
	uid_t uid;
	gid_t gid;
	gid_t groups[RF_PEER_GROUPS];
	size_t n_groups;
	int pidfd; /* of the process that connected */
};

#define RF_PEER_INIT                                                                               \
	{                                                                                          \
		.pidfd = -1                                                                        \
	}

/* What /proc tells of a process. */
struct rf_process {
	pid_t pid, tgid, parent;
	uid_t uids[4];
	uint64_t threads;
	uint64_t capabilities; /* permitted */
	bool no_new_privs;
	bool forked; /* it never executed anything since it was forked */
	bool own; /* its files in /proc are its user's: it holds nothing that others may not see */
};

/* Reads the texts of status and stat; pure. -EPROTO where something is missing or no number. */
int rf_process_parse(struct rf_process *ret, const char *status, const char *stat) RF_MUST_CHECK;

/* Why this process may not be fenced for the peer; 0: it may. Pure. */
int rf_process_judge(const struct rf_process *process, const struct rf_peer *peer,
		     struct rf_err *err) RF_MUST_CHECK;

/*
 * Who has connected. It must live, see the same files as the service and be in no fence (lsm: the
 * open kernel side; NULL: none is loaded, so nobody is). Released with rf_peer_done.
 */
int rf_peer_take(struct rf_peer *ret, int conn, struct rf_lsm *lsm, struct rf_err *err)
	RF_MUST_CHECK;
void rf_peer_done(struct rf_peer *peer);

/* May the process behind the pidfd be fenced for the peer? What it is in *ret. */
int rf_peer_child(const struct rf_peer *peer, int pidfd, struct rf_process *ret, struct rf_err *err)
	RF_MUST_CHECK;

/*
 * Looks at files as the peer would (fsuid, fsgid, groups) until rf_peer_back. Ends the process
 * where that cannot be had or undone.
 */
void rf_peer_become(const struct rf_peer *peer);
void rf_peer_back(void);

#endif
