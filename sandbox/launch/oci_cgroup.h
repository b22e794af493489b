/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cgroup of a container that is being made: found by its first process, and refused unless it
 * is the container's alone, because what is armed there fences whoever execs in it.
 */
#ifndef RF_LAUNCH_OCI_CGROUP_H
#define RF_LAUNCH_OCI_CGROUP_H

#include <stdint.h>
#include <sys/types.h>

#include "sandbox/base/err.h"

struct rf_oci_cgroup {
	char path[4096]; /* absolute, in the file system */
	int fd;		 /* that directory */
	uint64_t id;
	pid_t pid; /* the first process */
	int pidfd;
	uint64_t init_start; /* when it began, in clock ticks since boot */
	char runtime[16];    /* what our parent is called */
};

#define RF_OCI_CGROUP_INIT                                                                         \
	{                                                                                          \
		.fd = -1, .pidfd = -1                                                              \
	}

/*
 * Fills *ret (initialised) for the process pid. -EPERM where the cgroup is the root, the caller's
 * or the runtime's, or holds other processes; -ESRCH where the process is gone. Released with
 * rf_oci_cgroup_done whatever the answer.
 */
int rf_oci_cgroup_find(struct rf_oci_cgroup *ret, pid_t pid, struct rf_err *err) RF_MUST_CHECK;
void rf_oci_cgroup_done(struct rf_oci_cgroup *cgroup);

/* Is the first process still the one that was found? -ESRCH if it is gone. */
int rf_oci_cgroup_alive(const struct rf_oci_cgroup *cgroup, struct rf_err *err) RF_MUST_CHECK;

/*
 * A descriptor of the cgroup with this id, by the kernel's own handle; -ESTALE if there is none any
 * more. The caller closes it.
 */
int rf_oci_cgroup_by_id(uint64_t id);

/* Where cgroup v2 is mounted. NULL: nowhere that we know. */
const char *rf_oci_cgroup_root(void);

#endif
