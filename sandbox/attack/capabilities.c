/* SPDX-License-Identifier: Apache-2.0 */
/* Getting back capabilities that the policy does not keep. */
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "sandbox/attack/scene.h"

struct sets {
	struct __user_cap_header_struct head;
	struct __user_cap_data_struct data[2];
};

static int get(struct sets *sets)
{
	memset(sets, 0, sizeof(*sets));
	sets->head.version = _LINUX_CAPABILITY_VERSION_3;
	return (int)syscall(SYS_capget, &sets->head, sets->data);
}

static bool is_effective(unsigned int cap)
{
	struct sets sets;

	return get(&sets) == 0 && (sets.data[cap / 32].effective >> (cap % 32) & 1);
}

static int raise_all(unsigned int cap)
{
	struct sets sets;
	uint32_t bit = UINT32_C(1) << (cap % 32);

	if (get(&sets) < 0)
		return -1;
	sets.data[cap / 32].effective |= bit;
	sets.data[cap / 32].permitted |= bit;
	sets.data[cap / 32].inheritable |= bit;
	return (int)syscall(SYS_capset, &sets.head, sets.data);
}

static void tell(struct rf_try *t, unsigned int cap, const char *what)
{
	if (is_effective(cap))
		rf_try_passed(t, "the capability is effective");
	else
		rf_try_held(t, errno, what);
}

static void set(struct rf_try *t)
{
	errno = 0;
	(void)raise_all(CAP_SYS_ADMIN);
	tell(t, CAP_SYS_ADMIN, "capset");
}

static void set_module(struct rf_try *t)
{
	errno = 0;
	(void)raise_all(CAP_SYS_MODULE);
	tell(t, CAP_SYS_MODULE, "capset");
}

static void ambient(struct rf_try *t)
{
	long r;

	(void)raise_all(CAP_SYS_ADMIN);
	errno = 0;
	r = prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_ADMIN, 0, 0);
	if (r == 0)
		rf_try_passed(t, "it is ambient");
	else
		tell(t, CAP_SYS_ADMIN, "PR_CAP_AMBIENT_RAISE");
}

/* Becoming somebody else and root again, with the bits that make the kernel generous. */
static void change_user(struct rf_try *t)
{
	(void)prctl(PR_SET_SECUREBITS, 0, 0, 0, 0);
	(void)prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
	errno = 0;
	if (syscall(SYS_setresuid, 65534, 65534, 0) == 0)
		(void)syscall(SYS_setresuid, 0, 0, 0);
	tell(t, CAP_SYS_ADMIN, "setresuid");
}

/* After exec root has what the bounding set holds: cat(1) shows it. */
static void by_exec(struct rf_try *t)
{
	long r;

	errno = 0;
	r = prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN, 0, 0, 0);
	if (r == 1 && (geteuid() == 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1))
		rf_try_passed(t, "an exec as root would bring it back");
	else
		rf_try_held(t, errno, "bounding set");
}

#define ROW(name, words, cap, fn)                                                                  \
	{                                                                                          \
		.id = "capabilities." name, .text = words, .ask = RF_ASK_CAP(cap), .run = fn       \
	}

static const struct rf_attempt attempts[] = {
	ROW("set", "set CAP_SYS_ADMIN", CAP_SYS_ADMIN, set),
	ROW("set-module", "set CAP_SYS_MODULE", CAP_SYS_MODULE, set_module),
	ROW("ambient", "make CAP_SYS_ADMIN ambient", CAP_SYS_ADMIN, ambient),
	ROW("user", "get CAP_SYS_ADMIN back by changing the user", CAP_SYS_ADMIN, change_user),
	ROW("exec", "get it back by an exec", CAP_SYS_ADMIN, by_exec),
};

const struct rf_attempt_group rf_attack_capabilities = {attempts, RF_ARRAY_LEN(attempts)};
