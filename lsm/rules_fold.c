/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of repeats that a slot has: made once, emptied for each sandbox (lsm/abi_fold.h).
 */
#include <bpf/bpf.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

#include "lsm/abi.h"
#include "lsm/rules_parts.h"

/* An empty table under a new key. Nobody counts in it: the slot has no task,
 * or (cgroup.c) no id by which a program would find it its own. */
static int empty_folds(int fd, struct rf_err *err)
{
	struct rf_folds *folds =
		mmap(NULL, sizeof(*folds), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (folds == MAP_FAILED)
		return rf_err_sys(err, -errno, "cannot map the table of repeats");
	memset(folds, 0, sizeof(*folds));
	if (getrandom(folds->seed, sizeof(folds->seed), 0) != (ssize_t)sizeof(folds->seed)) {
		(void)munmap(folds, sizeof(*folds));
		return rf_err_set(err, -EIO, "no random key for the table of repeats");
	}
	(void)munmap(folds, sizeof(*folds));
	return 0;
}

int rf_folds_fill(int outer, uint32_t slot, struct rf_err *err)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
	RF_AUTOCLOSE int fd = rf_inner_fd(outer, slot);
	int r;

	if (fd >= 0)
		return empty_folds(fd, err);
	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "rf_fold_inner", sizeof(uint32_t),
			    sizeof(struct rf_folds), 1, &opts);
	if (fd < 0)
		return rf_err_sys(err, -errno, "cannot make a table of repeats");
	r = empty_folds(fd, err);
	if (r == 0 && bpf_map_update_elem(outer, &slot, &fd, BPF_ANY) < 0)
		r = rf_err_sys(err, -errno, "cannot publish the table of repeats");
	return r;
}
