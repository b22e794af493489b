/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Repeats of denials, told in time; see folds.h.
 */
#include "sandbox/audit/folds.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

#include "lsm/match_fold.h"

struct kept {
	struct rf_record *record; /* the last one of its kind that was delivered; NULL: none */
	bool gone;		  /* its process ended */
};

struct rf_keeper {
	struct rf_folds *folds;
	struct kept kept[RF_FOLDS];
	bool some_gone;
};

int rf_keeper_open(struct rf_keeper **ret, int map_fd, struct rf_err *err)
{
	RF_AUTOFREE struct rf_keeper *keeper = calloc(1, sizeof(*keeper));
	int flags = map_fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
	void *p;

	if (!keeper)
		return rf_err_sys(err, -ENOMEM, "count repeated denials");
	p = mmap(NULL, sizeof(*keeper->folds), PROT_READ | PROT_WRITE, flags, map_fd, 0);
	if (p == MAP_FAILED)
		return rf_err_sys(err, -errno, "map the table of repeated denials");
	keeper->folds = p;
	*ret = RF_TAKE_PTR(keeper);
	return 0;
}

struct rf_keeper *rf_keeper_close(struct rf_keeper *keeper)
{
	if (!keeper)
		return NULL;
	for (size_t i = 0; i < RF_FOLDS; i++)
		free(keeper->kept[i].record);
	(void)munmap(keeper->folds, sizeof(*keeper->folds));
	free(keeper);
	return NULL;
}

static void mark_gone(struct rf_keeper *keeper, const struct rf_record *exit)
{
	for (size_t i = 0; i < RF_FOLDS; i++) {
		struct kept *kept = &keeper->kept[i];

		if (!kept->record || kept->record->pid != exit->pid ||
		    kept->record->start != exit->start)
			continue;
		kept->gone = true;
		keeper->some_gone = true;
	}
}

static struct rf_fold_sum sum_of(const struct rf_folds *folds, const struct rf_record *record)
{
	struct rf_fold_sum sum = {folds->seed[0], folds->seed[1]};
	size_t len = record->size - sizeof(*record);

	rf_fold_add_record(&sum, record);
	for (size_t at = 0; at < len; at += 8) {
		uint64_t word = 0;

		memcpy(&word, record->text + at, len - at < 8 ? len - at : 8);
		rf_fold_add(&sum, word);
	}
	return sum;
}

void rf_keeper_saw(struct rf_keeper *keeper, const struct rf_record *record)
{
	struct rf_fold_sum sum;
	struct kept *kept;

	if (record->type == RF_REC_EXIT)
		mark_gone(keeper, record);
	if (record->fold == 0 || record->fold > RF_FOLDS)
		return;
	sum = sum_of(keeper->folds, record);
	if (keeper->folds->at[record->fold - 1].hash[0] != sum.a)
		return; /* freed since, and another kind's now */
	kept = &keeper->kept[record->fold - 1];
	free(kept->record);
	kept->gone = false;
	kept->record = malloc(record->size);
	if (kept->record)
		memcpy(kept->record, record, record->size);
}

bool rf_keeper_count(struct rf_keeper *keeper, struct rf_record *record, uint64_t period)
{
	struct rf_folds *folds = keeper->folds;
	struct rf_fold_sum sum;

	if (period == 0 || record->type != RF_REC_ACCESS || record->verdict == RF_V_ALLOWED)
		return false;
	sum = sum_of(folds, record);
	record->fold = (__u16)rf_fold_find(folds, &sum);
	if (record->fold != 0) {
		record->count = rf_fold_repeat(&folds->at[record->fold - 1], record->time, period);
		return record->count == 0;
	}
	record->fold = (__u16)rf_fold_begin(folds, &sum, record->time, period);
	return false;
}

#define PID_NS_INIT_INO 0xeffffffcu /* proc_ns.h: fixed since Linux 3.8 */

/* Records have the numbers of the initial pid namespace: are they the ones that we see? */
static bool sees_numbers(void)
{
	struct stat mine;

	return stat("/proc/self/ns/pid", &mine) == 0 && mine.st_ino == PID_NS_INIT_INO;
}

void rf_keeper_look(struct rf_keeper *keeper)
{
	if (!sees_numbers())
		return;
	for (size_t i = 0; i < RF_FOLDS; i++) {
		struct kept *kept = &keeper->kept[i];

		if (!kept->record || kill((pid_t)kept->record->pid, 0) == 0 || errno != ESRCH)
			continue;
		kept->gone = true;
		keeper->some_gone = true;
	}
}

bool rf_keeper_has_gone(const struct rf_keeper *keeper)
{
	return keeper->some_gone;
}

static uint64_t boot_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

/* The copy is the caller's to change: delivering it replaces what is kept. */
static struct rf_record *copy_of(const struct kept *kept, const struct rf_fold *fold)
{
	struct rf_record *copy = kept->record ? malloc(kept->record->size) : NULL;

	if (!copy)
		return NULL;
	memcpy(copy, kept->record, kept->record->size);
	copy->time = __atomic_load_n(&fold->last, __ATOMIC_RELAXED);
	return copy;
}

struct flush {
	struct rf_keeper *keeper;
	enum rf_flush how;
	uint64_t now, period;
	int (*tell)(void *data, struct rf_record *record, uint64_t count, struct rf_err *err);
	void *data;
};

/* Is it this fold's turn? What has no record yet is on its way in the ring, or lost for good. */
static bool is_due(const struct flush *flush, const struct rf_fold *fold, const struct kept *kept)
{
	return flush->how == RF_FLUSH_ALL ||
	       (kept->record &&
		(kept->gone || flush->now >= __atomic_load_n(&fold->due, __ATOMIC_RELAXED)));
}

/* Once: the fenced side may raise the count as fast as we could tell it. */
static int tell_one(const struct flush *flush, struct rf_fold *fold, const struct kept *kept,
		    struct rf_err *err)
{
	RF_AUTOFREE struct rf_record *copy = copy_of(kept, fold);
	uint32_t count;

	__atomic_store_n(&fold->due, flush->now + flush->period, __ATOMIC_RELAXED);
	count = rf_fold_take(fold);
	if (copy)
		copy->count = count;
	return count == 0 ? 0 : flush->tell(flush->data, copy, count, err);
}

/* 1: something is left pending. */
static int flush_one(const struct flush *flush, size_t i, struct rf_err *err)
{
	struct rf_fold *fold = &flush->keeper->folds->at[i];
	struct kept *kept = &flush->keeper->kept[i];
	bool gone = kept->gone; /* what is told now is kept anew */
	int r = 0;

	if (__atomic_load_n(&fold->pending, __ATOMIC_ACQUIRE) > 0) {
		if (!is_due(flush, fold, kept))
			return 1;
		r = tell_one(flush, fold, kept, err);
	}
	if (r == 0 && gone) {
		free(RF_TAKE_PTR(kept->record));
		kept->gone = false;
		__atomic_store_n(&fold->state, RF_FOLD_FREE, __ATOMIC_RELEASE);
	}
	return r;
}

int rf_keeper_flush(struct rf_keeper *keeper, enum rf_flush how, uint64_t period,
		    int (*tell)(void *data, struct rf_record *record, uint64_t count,
				struct rf_err *err),
		    void *data, struct rf_err *err)
{
	const struct flush flush = {.keeper = keeper,
				    .how = how,
				    .now = boot_ns(),
				    .period = period,
				    .tell = tell,
				    .data = data};
	int left = 0;

	for (size_t i = 0; i < RF_FOLDS; i++) {
		int r = 0;

		if (__atomic_load_n(&keeper->folds->at[i].state, __ATOMIC_ACQUIRE) == RF_FOLD_LIVE)
			r = flush_one(&flush, i, err);
		if (r < 0)
			return r;
		left += r;
	}
	keeper->some_gone = false;
	return left;
}
