/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading, pinning, checking and removing the kernel side.
 *
 * It is loaded once, by `ringfence load` or the first `run`, and stays until `unload` or the next
 * boot: programs, links and maps are pinned below RF_LSM_PIN_DIR and need no process. What a load
 * that failed left behind is removed by the next one. One load at a time, by a lock file.
 */
#ifndef RF_LSM_LOADER_H
#define RF_LSM_LOADER_H

#include <stdbool.h>

#include "sandbox/base/err.h"

#define RF_LSM_BPFFS   "/sys/fs/bpf"
#define RF_LSM_PIN_DIR "/sys/fs/bpf/ringfence"
#define RF_LSM_RUN_DIR "/run/ringfence"

enum rf_lsm_state {
	RF_LSM_ABSENT,	/* nothing is loaded */
	RF_LSM_CURRENT, /* what this executable would load is loaded */
	RF_LSM_OTHER,	/* another version of ringfence is loaded */
};

/*
 * May BPF LSM be used here, now, by this caller? 0; or -EOPNOTSUPP or -EPERM with a sentence that
 * says what is missing and what to do. Loads nothing.
 */
int rf_lsm_supported(struct rf_err *err) RF_MUST_CHECK;

/* A name for this build's kernel side, different for each: hexadecimal text, static. */
const char *rf_lsm_build(void);

/*
 * Tells each hook that our programs use (as "lsm/file_open"), whether this kernel has it, and
 * whether it can do without. Loads nothing.
 */
int rf_lsm_each_hook(void (*fn)(void *data, const char *section, bool present, bool optional),
		     void *data, struct rf_err *err);

/* What is pinned. Negative: it cannot be told (not root, bpffs not there). */
int rf_lsm_state(enum rf_lsm_state *ret, struct rf_err *err) RF_MUST_CHECK;

/*
 * Makes sure that this executable's kernel side is loaded; does nothing if it is. Another version
 * is replaced if `replace` is set or no sandbox lives, else -EBUSY. Everything or nothing.
 */
int rf_lsm_load(bool replace, struct rf_err *err) RF_MUST_CHECK;

/*
 * Are all programs of this build that the kernel has a hook for pinned and attached? -EUCLEAN names
 * the first that is not.
 */
int rf_lsm_verify(struct rf_err *err) RF_MUST_CHECK;

/* Removes the kernel side. -EBUSY while sandboxes live, unless `force`: they lose their fence. */
int rf_lsm_unload(bool force, struct rf_err *err) RF_MUST_CHECK;

#endif
