/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Landlock's kernel interface, as raw system calls.
 *
 * The headers of a distribution are as old as its kernel, while the running kernel may be newer, so
 * everything that came after Linux 5.13 is defined here with the release that brought it; what the
 * running kernel has is asked at run time (rf_landlock_abi). The attribute structure grew at its
 * end: the size handed to the kernel tells which members it sees.
 */
#ifndef RF_LAUNCH_LANDLOCK_ABI_H
#define RF_LAUNCH_LANDLOCK_ABI_H

#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/landlock.h>

/* The same numbers on every architecture, 5.13. */
#ifndef __NR_landlock_create_ruleset
#define __NR_landlock_create_ruleset 444
#define __NR_landlock_add_rule	     445
#define __NR_landlock_restrict_self  446
#endif

/* Access to files: bits 0 to 12 are ABI 1, Linux 5.13. */
#define RF_LL_EXECUTE	  (UINT64_C(1) << 0)
#define RF_LL_WRITE_FILE  (UINT64_C(1) << 1)
#define RF_LL_READ_FILE	  (UINT64_C(1) << 2)
#define RF_LL_READ_DIR	  (UINT64_C(1) << 3)
#define RF_LL_REMOVE_DIR  (UINT64_C(1) << 4)
#define RF_LL_REMOVE_FILE (UINT64_C(1) << 5)
#define RF_LL_MAKE_CHAR	  (UINT64_C(1) << 6)
#define RF_LL_MAKE_DIR	  (UINT64_C(1) << 7)
#define RF_LL_MAKE_REG	  (UINT64_C(1) << 8)
#define RF_LL_MAKE_SOCK	  (UINT64_C(1) << 9)
#define RF_LL_MAKE_FIFO	  (UINT64_C(1) << 10)
#define RF_LL_MAKE_BLOCK  (UINT64_C(1) << 11)
#define RF_LL_MAKE_SYM	  (UINT64_C(1) << 12)
#define RF_LL_REFER	  (UINT64_C(1) << 13) /* ABI 2, Linux 5.19 */
#define RF_LL_TRUNCATE	  (UINT64_C(1) << 14) /* ABI 3, Linux 6.2 */
#define RF_LL_IOCTL_DEV                                                                            \
	(UINT64_C(1) << 15) /* ABI 5, Linux 6.10; never handled, see landlock_grant.h */

#define RF_LL_MAKE                                                                                 \
	(RF_LL_MAKE_CHAR | RF_LL_MAKE_DIR | RF_LL_MAKE_REG | RF_LL_MAKE_SOCK | RF_LL_MAKE_FIFO |   \
	 RF_LL_MAKE_BLOCK | RF_LL_MAKE_SYM)
#define RF_LL_REMOVE (RF_LL_REMOVE_DIR | RF_LL_REMOVE_FILE)

/* What the kernel accepts for an object that is not a directory. */
#define RF_LL_FILE_ONLY (RF_LL_EXECUTE | RF_LL_WRITE_FILE | RF_LL_READ_FILE | RF_LL_TRUNCATE)

/* TCP by port: ABI 4, Linux 6.7. */
#define RF_LL_NET_BIND_TCP    (UINT64_C(1) << 0)
#define RF_LL_NET_CONNECT_TCP (UINT64_C(1) << 1)

/* Scopes: ABI 6, Linux 6.12. */
#define RF_LL_SCOPE_ABSTRACT_UNIX (UINT64_C(1) << 0)
#define RF_LL_SCOPE_SIGNAL	  (UINT64_C(1) << 1)

/* restrict_self: log denials of what is executed later, too. ABI 7, Linux 6.15. */
#define RF_LL_LOG_NEW_EXEC (1U << 1)

#define RF_LL_RULE_PATH 1 /* ABI 1 */
#define RF_LL_RULE_PORT 2 /* ABI 4 */

#define RF_LL_ABI_REFER	   2
#define RF_LL_ABI_TRUNCATE 3
#define RF_LL_ABI_NET	   4
#define RF_LL_ABI_SCOPE	   6
#define RF_LL_ABI_LOG	   7

struct rf_ll_ruleset {
	uint64_t handled_fs;  /* ABI 1 */
	uint64_t handled_net; /* ABI 4 */
	uint64_t scoped;      /* ABI 6 */
};

struct rf_ll_path {
	uint64_t allowed;
	int32_t fd;
} __attribute__((packed));

struct rf_ll_port {
	uint64_t allowed;
	uint64_t port;
};

/* The kernel's Landlock ABI, at least 1; or 0 with errno ENOSYS (not built in) or EOPNOTSUPP (off).
 */
static inline int rf_landlock_abi(void)
{
	long abi = syscall(__NR_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return abi > 0 ? (int)abi : 0;
}

/* A ruleset's descriptor (close-on-exec), or -1 and errno. */
static inline int rf_landlock_create(const struct rf_ll_ruleset *ruleset, int abi)
{
	size_t size = abi >= RF_LL_ABI_SCOPE ? sizeof(*ruleset)
		      : abi >= RF_LL_ABI_NET ? offsetof(struct rf_ll_ruleset, scoped)
					     : offsetof(struct rf_ll_ruleset, handled_net);

	return (int)syscall(__NR_landlock_create_ruleset, ruleset, size, 0);
}

static inline int rf_landlock_allow_path(int ruleset, int path_fd, uint64_t allowed)
{
	struct rf_ll_path rule = {.allowed = allowed, .fd = path_fd};

	return (int)syscall(__NR_landlock_add_rule, ruleset, RF_LL_RULE_PATH, &rule, 0);
}

static inline int rf_landlock_allow_port(int ruleset, uint64_t port, uint64_t allowed)
{
	struct rf_ll_port rule = {.allowed = allowed, .port = port};

	return (int)syscall(__NR_landlock_add_rule, ruleset, RF_LL_RULE_PORT, &rule, 0);
}

static inline int rf_landlock_restrict(int ruleset, int abi)
{
	return (int)syscall(__NR_landlock_restrict_self, ruleset,
			    abi >= RF_LL_ABI_LOG ? RF_LL_LOG_NEW_EXEC : 0);
}

#endif
