/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known about our programs by name; see programs.h.
 */
#include "lsm/programs.h"

#include <string.h>

#include "sandbox/base/cleanup.h"

/* Each with the kernel that brought its hook, and what stands in for it before. */
static const char *const optional[] = {
	"rf_file_trunc", /* 6.2; before that path_truncate sees ftruncate too */
	"rf_ioctl_cmpt", /* 6.8 and stable; 32-bit ioctls, which seccomp refuses to fenced tasks */
	"rf_get_acl",	 /* 6.2; before that inode_getxattr */
	"rf_set_acl",	 /* 6.2; before that inode_setxattr */
	"rf_remove_acl", /* 6.2; before that inode_removexattr */
	"rf_move_begin", /* these two: without them each path is walked */
	"rf_move_end",
	"rf_fork_creds", /* these two: for kernels that lose a storage, see fork.bpf.c */
	"rf_fork_failed",
	"rf_uring_allow", /* 6.18; inode_init_security_anon stands in */
};

bool rf_program_is_optional(const char *name)
{
	for (size_t i = 0; i < RF_ARRAY_LEN(optional); i++)
		if (!strcmp(optional[i], name))
			return true;
	return false;
}

bool rf_map_is_kept(const char *name)
{
	/* Others are work space and caches, which each build makes as it likes. */
	static const char *const kept[] = {
		"rf_meta",
		"rf_task",
		"rf_sandbox",
		"rf_image",
		"rf_ring",
		"rf_fold",
		"rf_nail",
		"rf_about",
		"rf_armed",
		"rf_nail_object",
		"rf_user_object",
		/* Whose things are that live on: without these they would be others'. */
		"rf_ipc",
		"rf_mq_begun",
		"rf_mq_maker",
		"rf_terminal",
	};

	for (size_t i = 0; i < RF_ARRAY_LEN(kept); i++)
		if (!strcmp(kept[i], name))
			return true;
	return false;
}
