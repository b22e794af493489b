/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asking and setting how paths are judged; see tree.h.
 */
#include "lsm/tree.h"

#include <bpf/bpf.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lsm/loader.h"
#include "sandbox/base/cleanup.h"
#include "sandbox/base/fd.h"

#define TREE_PIN RF_LSM_PIN_DIR "/rf_tree"
#define TRY_FROM RF_LSM_RUN_DIR "/moved.from"
#define TRY_TO	 RF_LSM_RUN_DIR "/moved.to"

static int map_tree(struct rf_tree **ret, struct rf_err *err)
{
	RF_AUTOCLOSE int fd = bpf_obj_get(TREE_PIN);
	void *at;

	if (fd < 0)
		return rf_err_sys(err, -errno, "cannot open %s", TREE_PIN);
	at = mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return rf_err_sys(err, -errno, "cannot map %s", TREE_PIN);
	*ret = at;
	return 0;
}

static void unmap_tree(struct rf_tree *tree)
{
	munmap(tree, (size_t)sysconf(_SC_PAGESIZE));
}

int rf_tree_read(struct rf_tree *ret, struct rf_err *err)
{
	struct rf_tree *tree = NULL;
	int r = map_tree(&tree, err);

	if (r < 0)
		return r;
	*ret = *tree;
	unmap_tree(tree);
	return 0;
}

int rf_tree_set(uint32_t mode, struct rf_err *err)
{
	struct rf_tree *tree = NULL;
	int r = map_tree(&tree, err);

	if (r < 0)
		return r;
	__atomic_store_n(&tree->mode, mode, __ATOMIC_SEQ_CST);
	unmap_tree(tree);
	return 0;
}

/* Does this kernel preempt under spinlocks? Then a trampoline may be skipped as a recursion. */
static bool is_realtime(void)
{
	RF_AUTOFREE char *text = NULL;

	return rf_fd_read_file("/sys/kernel/realtime", 16, &text, NULL, NULL) == 0 &&
	       text[0] == '1';
}

/* A directory is moved there and back. */
static int move(struct rf_err *err)
{
	(void)rmdir(TRY_TO);
	if (mkdir(TRY_FROM, 0700) < 0 && errno != EEXIST)
		return rf_err_sys(err, -errno, "cannot make %s", TRY_FROM);
	if (rename(TRY_FROM, TRY_TO) < 0 || rename(TRY_TO, TRY_FROM) < 0 || rmdir(TRY_FROM) < 0)
		return rf_err_sys(err, -errno, "cannot move %s", TRY_FROM);
	return 0;
}

/* 4 for each move, 2 if only its end was seen; odd if only its begin was. Others move too. */
static int try_on(struct rf_tree *tree, struct rf_err *err)
{
	uint64_t moves = __atomic_load_n(&tree->generation, __ATOMIC_SEQ_CST);
	int r = move(err);

	if (r < 0)
		return r;
	for (int i = 0; i < 100; i++) {
		uint64_t now = __atomic_load_n(&tree->generation, __ATOMIC_SEQ_CST);

		if (!(now & 1) && now >= moves + 8)
			return 0;
		usleep(1000);
	}
	return rf_err_set(err, -EOPNOTSUPP, "this kernel does not tell when a directory moves");
}

/* Do loads of one processor stay in their order? The kernel side has no barriers. */
static bool is_ordered(void)
{
#if defined(__x86_64__) || defined(__i386__)
	return true;
#else
	return false;
#endif
}

int rf_tree_try(struct rf_err *err)
{
	struct rf_tree *tree = NULL;
	int r;

	if (!is_ordered())
		return rf_err_set(err, -EOPNOTSUPP,
				  "this processor may look at a path's parts out of order");
	if (is_realtime())
		return rf_err_set(err, -EOPNOTSUPP,
				  "a realtime kernel may not tell when a "
				  "directory moves");
	r = map_tree(&tree, err);
	if (r < 0)
		return r;
	r = try_on(tree, err);
	unmap_tree(tree);
	return r;
}
