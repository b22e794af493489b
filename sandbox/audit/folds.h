/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The owner's side of folding (lsm/abi_fold.h): it remembers the record that began each fold, tells
 * repeats that nobody told, and frees the folds of processes that are gone.
 *
 * The table is the kernel side's shared one, or, where there is none, private memory in which the
 * same counting is done for what user space hears itself.
 */
#ifndef RF_AUDIT_FOLDS_H
#define RF_AUDIT_FOLDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lsm/abi.h"
#include "sandbox/base/err.h"

struct rf_keeper;

/* map_fd: the table, borrowed and not needed afterwards; -1: private memory. */
RF_MUST_CHECK int rf_keeper_open(struct rf_keeper **ret, int map_fd, struct rf_err *err);
struct rf_keeper *rf_keeper_close(struct rf_keeper *keeper);

RF_DEFINE_CLEANUP(struct rf_keeper, rf_keeper_closep, rf_keeper_close)

/* Every record that is delivered, in order. Without memory a fold's repeats are told without it. */
void rf_keeper_saw(struct rf_keeper *keeper, const struct rf_record *record);

/*
 * Counts a denial of user space's own, complete but for its number. True: it is one more of what
 * was told before, and not to be delivered now. Else record->count says for how many it stands.
 */
bool rf_keeper_count(struct rf_keeper *keeper, struct rf_record *record, uint64_t period);

/*
 * For who is not told when a process ends: which processes of kept records are there no more? One
 * whose number another process has by now counts as there, and each where the caller is in a pid
 * namespace that has other numbers.
 */
void rf_keeper_look(struct rf_keeper *keeper);

/* Processes ended whose folds are to be told and freed: by the next flush. */
bool rf_keeper_has_gone(const struct rf_keeper *keeper);

enum rf_flush {
	RF_FLUSH_DUE, /* what has waited its period, and processes that are gone */
	RF_FLUSH_ALL  /* the end: everything */
};

/*
 * Hands on what is pending. tell: record is a copy to be numbered, with count and time set; NULL if
 * the fold's record was lost, then only the count is known. A negative answer stops and is handed
 * on. Answers how many folds still have something pending.
 */
RF_MUST_CHECK int rf_keeper_flush(struct rf_keeper *keeper, enum rf_flush flush, uint64_t period,
				  int (*tell)(void *data, struct rf_record *record, uint64_t count,
					      struct rf_err *err),
				  void *data, struct rf_err *err);

#endif
