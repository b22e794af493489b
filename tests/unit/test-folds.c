/* SPDX-License-Identifier: Apache-2.0 */
/* Repeats of a denial are counted, told in time, and never twice or not at all. */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lsm/match_fold.h"
#include "sandbox/audit/folds.h"

#define SECOND UINT64_C(1000000000)

struct told {
	uint64_t known, unknown;
	size_t n;
	struct rf_keeper *keeper;
};

static int tell(void *data, struct rf_record *record, uint64_t count, struct rf_err *err RF_UNUSED)
{
	struct told *told = data;

	told->n++;
	*(record ? &told->known : &told->unknown) += count;
	if (record) {
		assert_int_equal(record->count, count);
		rf_keeper_saw(told->keeper, record); /* as the stream does */
	}
	return 0;
}

/* A denial of read on /path by process pid. */
static struct rf_record *denial(uint32_t pid, const char *path, uint64_t time)
{
	size_t len = strlen(path);
	struct rf_record *record = calloc(1, sizeof(*record) + len);

	assert_non_null(record);
	record->size = (__u16)(sizeof(*record) + len);
	record->version = RF_ABI_VERSION;
	record->type = RF_REC_ACCESS;
	record->verdict = RF_V_DENIED;
	record->obj = RF_OBJ_FILE;
	record->o.file.path_len = (__u32)len;
	record->pid = pid;
	record->tid = pid + (__u32)(time & 3); /* threads are of one process */
	record->time = time;
	record->count = 1;
	memcpy(record->text, path, len);
	return record;
}

/* How many the record tells of; 0: it was counted only. */
static uint32_t count(struct rf_keeper *keeper, uint32_t pid, const char *path, uint64_t time,
		      uint64_t period)
{
	RF_AUTOFREE struct rf_record *record = denial(pid, path, time);

	if (rf_keeper_count(keeper, record, period))
		return 0;
	rf_keeper_saw(keeper, record);
	return record->count;
}

static struct rf_keeper *start(struct told *told)
{
	struct rf_err err = RF_ERR_INIT;

	assert_int_equal(rf_keeper_open(&told->keeper, -1, &err), 0);
	return told->keeper;
}

static void first_at_once_repeats_after_the_period(void **state RF_UNUSED)
{
	struct told told = {0};
	struct rf_keeper *keeper = start(&told);

	assert_int_equal(count(keeper, 1, "/a", 0, SECOND), 1);
	assert_int_equal(count(keeper, 1, "/a", 1, SECOND), 0);
	assert_int_equal(count(keeper, 1, "/a", SECOND - 1, SECOND), 0);
	assert_int_equal(count(keeper, 1, "/a", SECOND, SECOND), 3);
	assert_int_equal(count(keeper, 1, "/a", SECOND + 1, SECOND), 0);
	assert_int_equal(rf_keeper_flush(keeper, RF_FLUSH_ALL, SECOND, tell, &told, NULL), 0);
	assert_int_equal(told.known, 1);
	assert_int_equal(rf_keeper_flush(keeper, RF_FLUSH_ALL, SECOND, tell, &told, NULL), 0);
	assert_int_equal(told.known, 1);
	rf_keeper_close(keeper);
}

static void what_differs_is_apart(void **state RF_UNUSED)
{
	struct told told = {0};
	struct rf_keeper *keeper = start(&told);

	assert_int_equal(count(keeper, 1, "/a", 0, SECOND), 1);
	assert_int_equal(count(keeper, 2, "/a", 0, SECOND), 1);
	assert_int_equal(count(keeper, 1, "/b", 0, SECOND), 1);
	assert_int_equal(count(keeper, 1, "/a-rather-long-name", 0, SECOND), 1);
	assert_int_equal(count(keeper, 1, "/a-rather-long-namf", 0, SECOND), 1);
	assert_int_equal(count(keeper, 1, "/a", 0, SECOND), 0);
	rf_keeper_close(keeper);
}

static void no_period_no_folding(void **state RF_UNUSED)
{
	struct told told = {0};
	struct rf_keeper *keeper = start(&told);

	assert_int_equal(count(keeper, 1, "/a", 0, 0), 1);
	assert_int_equal(count(keeper, 1, "/a", 0, 0), 1);
	rf_keeper_close(keeper);
}

static void without_room_unfolded_and_the_sum_holds(void **state RF_UNUSED)
{
	struct told told = {0};
	struct rf_keeper *keeper = start(&told);
	uint64_t delivered = 0;
	char path[32];

	for (int round = 0; round < 3; round++)
		for (int i = 0; i < 3 * RF_FOLDS; i++) {
			(void)snprintf(path, sizeof(path), "/%d", i);
			delivered += count(keeper, 1, path, 0, SECOND);
		}
	assert_int_equal(rf_keeper_flush(keeper, RF_FLUSH_ALL, SECOND, tell, &told, NULL), 0);
	assert_true(told.known > RF_FOLDS); /* most of the table was used */
	assert_int_equal(delivered + told.known, 9 * RF_FOLDS);
	rf_keeper_close(keeper);
}

static void a_process_that_ended_gives_its_folds_back(void **state RF_UNUSED)
{
	struct told told = {0};
	struct rf_keeper *keeper = start(&told);
	struct rf_record gone = {.size = sizeof(gone), .type = RF_REC_EXIT};

	for (uint32_t pid = 1; pid < 10 * RF_FOLDS; pid++) {
		assert_int_equal(count(keeper, pid, "/a", 0, 3600 * SECOND), 1);
		assert_int_equal(count(keeper, pid, "/a", 0, 3600 * SECOND), 0);
		gone.pid = pid;
		rf_keeper_saw(keeper, &gone);
		assert_true(rf_keeper_has_gone(keeper));
		assert_int_equal(
			rf_keeper_flush(keeper, RF_FLUSH_DUE, 3600 * SECOND, tell, &told, NULL), 0);
		assert_int_equal(told.known, pid);
	}
	rf_keeper_close(keeper);
}

static void repeats_of_a_lost_record_are_told_as_a_number(void **state RF_UNUSED)
{
	struct told told = {0};
	struct rf_keeper *keeper = start(&told);
	RF_AUTOFREE struct rf_record *lost = denial(1, "/a", 0);

	assert_false(rf_keeper_count(keeper, lost, SECOND)); /* and it is never seen */
	assert_int_equal(count(keeper, 1, "/a", 0, SECOND), 0);
	assert_int_equal(rf_keeper_flush(keeper, RF_FLUSH_DUE, SECOND, tell, &told, NULL), 1);
	assert_int_equal(told.n, 0);
	assert_int_equal(rf_keeper_flush(keeper, RF_FLUSH_ALL, SECOND, tell, &told, NULL), 0);
	assert_int_equal(told.unknown, 1);
	rf_keeper_close(keeper);
}

static void a_count_is_never_cut(void **state RF_UNUSED)
{
	struct rf_fold fold = {.pending = 2 * RF_FOLD_COUNT_MAX + 5};

	assert_true(rf_fold_take(&fold) == RF_FOLD_COUNT_MAX);
	assert_true(rf_fold_take(&fold) == RF_FOLD_COUNT_MAX);
	assert_int_equal(rf_fold_take(&fold), 5);
	assert_int_equal(rf_fold_take(&fold), 0);
}

/* Without being told: one that is gone has its repeats told and its place freed, a live one not. */
static void a_process_that_is_not_there_is_found(void **state RF_UNUSED)
{
	struct told told = {0};
	struct rf_keeper *keeper = start(&told);
	struct stat ns;
	pid_t gone;

	if (stat("/proc/self/ns/pid", &ns) < 0 || ns.st_ino != 0xeffffffcu) {
		rf_keeper_close(keeper);
		skip();
	}
	gone = fork();
	if (gone == 0)
		_exit(0);
	assert_int_equal(waitpid(gone, NULL, 0), gone);
	assert_int_equal(count(keeper, (uint32_t)getpid(), "/a", 0, SECOND), 1);
	rf_keeper_look(keeper);
	assert_false(rf_keeper_has_gone(keeper));
	assert_int_equal(count(keeper, (uint32_t)gone, "/a", 0, SECOND), 1);
	assert_int_equal(count(keeper, (uint32_t)gone, "/a", 1, SECOND), 0);
	rf_keeper_look(keeper);
	assert_true(rf_keeper_has_gone(keeper));
	assert_int_equal(rf_keeper_flush(keeper, RF_FLUSH_DUE, SECOND, tell, &told, NULL), 0);
	assert_int_equal(told.known, 1);
	assert_int_equal(count(keeper, (uint32_t)gone, "/a", 2, SECOND), 1); /* anew */
	assert_int_equal(count(keeper, (uint32_t)getpid(), "/a", 2, SECOND), 0);
	rf_keeper_close(keeper);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_at_once_repeats_after_the_period),
		cmocka_unit_test(what_differs_is_apart),
		cmocka_unit_test(no_period_no_folding),
		cmocka_unit_test(without_room_unfolded_and_the_sum_holds),
		cmocka_unit_test(a_process_that_ended_gives_its_folds_back),
		cmocka_unit_test(repeats_of_a_lost_record_are_told_as_a_number),
		cmocka_unit_test(a_count_is_never_cut),
		cmocka_unit_test(a_process_that_is_not_there_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
