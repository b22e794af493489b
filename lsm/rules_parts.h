/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What rules.c is made of, for itself, table.c, rules_image.c, rules_fold.c, replace.c and nails.c.
 */
#ifndef RF_LSM_RULES_PARTS_H
#define RF_LSM_RULES_PARTS_H

#include <stdint.h>

#include "lsm/abi.h"
#include "lsm/rules.h"
#include "sandbox/base/err.h"

struct rf_lsm {
	int task_fd, sandbox_fd, image_fd, ring_fd, fold_fd, about_fd, meta_fd;
	int nail_fd, nail_object_fd, user_object_fd, identify_fd, swap_fd;
	struct rf_sandbox *sandboxes; /* RF_MAX_SANDBOXES, shared with the kernel: rf_fence_at */
	uint64_t mapped;	      /* which 64ths of them are there */
	struct rf_meta *meta;	      /* shared between processes */
};

/* Room for the table of sandboxes; rf_fence_at puts there what is asked for. */
int rf_table_reserve(struct rf_lsm *lsm, struct rf_err *err) RF_MUST_CHECK;
void rf_table_release(struct rf_lsm *lsm);

/* A descriptor of the map in a slot of a map of maps, the caller's; negative: none. */
int rf_inner_fd(int outer, uint32_t slot);

/* A map that holds these pages, the caller's, and how many it has room for. Negative: none. */
int rf_image_map(const struct rf_page *pages, size_t n, uint32_t *ret_room, struct rf_err *err)
	RF_MUST_CHECK;

/* Gives the slot the policy of its next sandbox; see rf_fence_new for pages that are NULL. */
int rf_image_fill(struct rf_lsm *lsm, uint32_t slot, const struct rf_fence_spec *spec,
		  struct rf_err *err) RF_MUST_CHECK;

/* Notes the terminals that the process behind the pidfd holds as 0 to 2 as the sandbox's. */
int rf_fence_terminals(struct rf_lsm *lsm, uint32_t slot, int pidfd, struct rf_err *err)
	RF_MUST_CHECK;

/* What replaced the policy of the slot's last sandbox is nobody's any more. */
void rf_image_forget(struct rf_lsm *lsm, uint32_t slot);

/* Gives the slot an empty table of repeats under a new key. */
int rf_folds_fill(int outer, uint32_t slot, struct rf_err *err) RF_MUST_CHECK;

#endif
