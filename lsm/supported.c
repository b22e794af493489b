/* SPDX-License-Identifier: Apache-2.0 */
/*
 * May BPF LSM be used here? See loader.h.
 */
#include <string.h>

#include "lsm/bpffs.h"
#include "lsm/loader.h"
#include "sandbox/base/fd.h"

static int check_active(struct rf_err *err)
{
	RF_AUTOFREE char *list = NULL;

	if (rf_fd_read_file("/sys/kernel/security/lsm", 4096, &list, NULL, NULL) < 0)
		return 0; /* securityfs is not mounted: the load itself will tell */
	for (const char *word = list; *word;) {
		size_t len = strcspn(word, ",\n");

		if (len == 3 && memcmp(word, "bpf", 3) == 0)
			return 0;
		word += len + (word[len] != '\0');
	}
	return rf_err_set(err, -EOPNOTSUPP,
			  "BPF LSM is not active in this kernel; boot with `bpf` added to lsm=");
}

int rf_lsm_supported(struct rf_err *err)
{
	int r;

	if (geteuid() != 0)
		return rf_err_set(err, -EPERM, "BPF LSM needs root");
	if (access("/sys/kernel/btf/vmlinux", R_OK) < 0)
		return rf_err_set(err, -EOPNOTSUPP,
				  "this kernel has no BTF; it needs CONFIG_DEBUG_INFO_BTF");
	r = check_active(err);
	return r < 0 ? r : rf_bpffs_ready(err);
}
