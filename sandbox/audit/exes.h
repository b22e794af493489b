/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Executables by the number of the exec record that started them.
 *
 * Every record carries the number of its process's last exec (inherited by fork in the kernel), so
 * the executable is known without looking at /proc, which may be gone or changed by then.
 */
#ifndef RF_AUDIT_EXES_H
#define RF_AUDIT_EXES_H

#include <stddef.h>
#include <stdint.h>

struct rf_exe {
	uint64_t exec_id;
	size_t len;
	char *path; /* bytes, not terminated */
};

struct rf_exes {
	struct rf_exe *items; /* ascending by exec_id */
	size_t n, cap;
};

/* Oldest entries go first beyond this many. */
#define RF_EXES_MAX 65536

/* Numbers come in ascending order; without memory the executable stays unknown. */
void rf_exes_add(struct rf_exes *exes, uint64_t exec_id, const void *path, size_t len);

/* NULL: not known. */
const struct rf_exe *rf_exes_find(const struct rf_exes *exes, uint64_t exec_id);

void rf_exes_done(struct rf_exes *exes);

#endif
