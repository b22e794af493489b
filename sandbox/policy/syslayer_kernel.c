/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layers that every policy has: calls ringfence always refuses, and section `kernel` as far as
 * system calls express it.
 *
 * Section `kernel` is held by LSM hooks where there are any; here it is a second layer that also
 * holds where there are none. Only what a call's number and registers tell can be refused: clone3's
 * flags are behind a pointer, so where namespaces are refused it does not exist (ENOSYS), and libc
 * falls back to clone, whose flags are in a register.
 */
#include "sandbox/policy/syslayer.h"

#include <asm/ioctls.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/sched.h>

/* clone's low byte is the exit signal, so CLONE_NEWTIME (0x80) exists for unshare only. */
#define CLONE_OTHER_NS                                                                             \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET)

int rf_sys_layer_refuse(struct rf_sys_layer *layer, struct rf_sys_maker *maker, const char *call,
			const struct rf_sys_cond *conds, size_t n, struct rf_sys_clause clause)
{
	struct rf_sys_cond *copy = NULL;

	if (n > 0) {
		copy = rf_arena_memdup(maker->arena, conds, n * sizeof(*conds));
		if (!copy)
			return rf_err_set(maker->err, -ENOMEM, "system calls: no memory");
	}
	clause.conds = copy;
	clause.n_conds = n;
	return rf_sys_layer_add(layer, maker, call, RF_PHASE_DENY, &clause);
}

/* Of a write: at the offset, though the descriptor appends; since Linux 6.9. */
#define RWF_NOAPPEND_BIT 0x20

/*
 * Who may append may do nothing else to what is there. The LSM's only hook on the way of these
 * calls is that of every read and write, which would cost all of them; so where a rule grants
 * appending alone, nobody in the fence has the calls. Audit mode refuses nothing.
 */
static int refuse_beside_append(struct rf_sys_layer *layer, struct rf_sys_maker *maker)
{
	const struct rf_sys_cond no_append = {
		.index = 5, .op = RF_ARG_MASKED_EQ, .negate = true, .mask = RWF_NOAPPEND_BIT};
	const struct rf_sys_clause clause = {.action = SECCOMP_RET_ERRNO | EOPNOTSUPP,
					     .origin = RF_SYS_SELF};
	bool alone = false;
	int r;

	for (size_t i = 0; i < maker->policy->n_files; i++)
		alone |= rf_grants_append_alone(maker->policy, &maker->policy->files[i]);
	if (!alone || maker->policy->mode == RF_MODE_AUDIT)
		return 0;
	r = rf_sys_layer_refuse(layer, maker, "pwritev2", &no_append, 1, clause);
	/* It takes the same flags, behind a pointer. */
	if (r == 0)
		r = rf_sys_layer_refuse(layer, maker, "io_submit", NULL, 0, clause);
	return r < 0 ? r : rf_sys_layer_refuse(layer, maker, "fallocate", NULL, 0, clause);
}

/*
 * What gives everybody's memory, whatever the rules say. Only where no hook holds it
 * (lsm/bpf/caps.bpf.c): a profile's filter else decides every call as a runtime's would.
 */
static int refuse_memory(struct rf_sys_layer *layer, struct rf_sys_maker *maker)
{
	static const char *const calls[] = {"swapon", "swapoff", "iopl", "ioperm"};
	const struct rf_sys_clause clause = {.action = SECCOMP_RET_ERRNO | EPERM,
					     .origin = RF_SYS_SELF};
	int r = 0;

	for (size_t i = 0; maker->context->hold_self && i < RF_ARRAY_LEN(calls) && r == 0; i++)
		r = rf_sys_layer_refuse(layer, maker, calls[i], NULL, 0, clause);
	return r;
}

/* Attributes of mounts, which nobody knows by name; as above. The key mount refuses them itself. */
static int refuse_mount_changes(struct rf_sys_layer *layer, struct rf_sys_maker *maker)
{
	static const char *const calls[] = {"mount_setattr", "open_tree_attr"};
	const struct rf_sys_clause clause = {.action = SECCOMP_RET_ERRNO | EPERM,
					     .origin = RF_SYS_SELF};
	int r = 0;

	if (!maker->context->hold_self ||
	    maker->policy->kernel[RF_KERNEL_MOUNT].value == RF_KERNEL_DENY)
		return 0;
	for (size_t i = 0; i < RF_ARRAY_LEN(calls) && r == 0; i++)
		r = rf_sys_layer_refuse(layer, maker, calls[i], NULL, 0, clause);
	return r;
}

#define F_SETDELEG_NR 1040 /* F_SETDELEG, since Linux 6.19 */

/*
 * Leases: everybody who opens the file waits for who has one. As above; and with a condition
 * `fcntl` leaves the kernel's bitmap of calls that are always allowed.
 */
static int refuse_leases(struct rf_sys_layer *layer, struct rf_sys_maker *maker)
{
	const struct rf_sys_cond lease[] = {
		{.index = 1, .op = RF_ARG_EQ, .narrow = true, .value = F_SETLEASE},
		{.index = 2, .op = RF_ARG_EQ, .negate = true, .narrow = true, .value = F_UNLCK}};
	const struct rf_sys_cond delegation = {
		.index = 1, .op = RF_ARG_EQ, .narrow = true, .value = F_SETDELEG_NR};
	const struct rf_sys_clause clause = {.action = SECCOMP_RET_ERRNO | EPERM,
					     .origin = RF_SYS_SELF};
	static const char *const calls[] = {"fcntl", "fcntl64"};
	int r = 0;

	for (size_t i = 0; maker->context->hold_self && i < 2 && r == 0; i++) {
		r = rf_sys_layer_refuse(layer, maker, calls[i], lease, 2, clause);
		if (r == 0)
			r = rf_sys_layer_refuse(layer, maker, calls[i], &delegation, 1, clause);
	}
	return r;
}

#define FS_SHUTDOWN_NR 0x8004587d /* FS_IOC_SHUTDOWN, in no header of the kernel's */

/*
 * Pushing characters into a terminal, and the console's copy of it; whatever the mode. Where no
 * hook does it, stopping a whole file system for everybody.
 */
int rf_sys_layer_self(struct rf_sys_layer *layer, struct rf_sys_maker *maker)
{
	static const uint64_t commands[] = {TIOCSTI, TIOCLINUX, FS_SHUTDOWN_NR, FIFREEZE, FITHAW};
	const struct rf_sys_cond cond = {
		.index = 1,
		.op = RF_ARG_IN,
		.values = commands,
		.n_values = maker->context->hold_self ? RF_ARRAY_LEN(commands) : 2};
	const struct rf_sys_clause clause = {.action = SECCOMP_RET_ERRNO | EPERM,
					     .origin = RF_SYS_SELF};

	int r = rf_sys_layer_refuse(layer, maker, "ioctl", &cond, 1, clause);

	if (r == 0)
		r = refuse_memory(layer, maker);
	if (r == 0)
		r = refuse_leases(layer, maker);
	if (r == 0)
		r = refuse_mount_changes(layer, maker);
	return r < 0 ? r : refuse_beside_append(layer, maker);
}

/* Calls that a key refuses whole. */
static const struct {
	enum rf_kernel_key key;
	const char *call;
} whole[] = {
	{RF_KERNEL_MOUNT, "mount"},
	{RF_KERNEL_MOUNT, "umount"},
	{RF_KERNEL_MOUNT, "umount2"},
	{RF_KERNEL_MOUNT, "pivot_root"},
	{RF_KERNEL_MOUNT, "fsopen"},
	{RF_KERNEL_MOUNT, "fsconfig"},
	{RF_KERNEL_MOUNT, "fsmount"},
	{RF_KERNEL_MOUNT, "fspick"},
	{RF_KERNEL_MOUNT, "move_mount"},
	{RF_KERNEL_MOUNT, "open_tree"},
	{RF_KERNEL_MOUNT, "open_tree_attr"},
	{RF_KERNEL_MOUNT, "mount_setattr"},
	{RF_KERNEL_NAMESPACES, "setns"},
	{RF_KERNEL_PTRACE, "ptrace"},
	{RF_KERNEL_IPC, "shmget"},
	{RF_KERNEL_IPC, "shmat"},
	{RF_KERNEL_IPC, "shmdt"},
	{RF_KERNEL_IPC, "shmctl"},
	{RF_KERNEL_IPC, "semget"},
	{RF_KERNEL_IPC, "semop"},
	{RF_KERNEL_IPC, "semtimedop"},
	{RF_KERNEL_IPC, "semtimedop_time64"},
	{RF_KERNEL_IPC, "semctl"},
	{RF_KERNEL_IPC, "msgget"},
	{RF_KERNEL_IPC, "msgsnd"},
	{RF_KERNEL_IPC, "msgrcv"},
	{RF_KERNEL_IPC, "msgctl"},
	{RF_KERNEL_IPC, "mq_open"},
	{RF_KERNEL_IPC, "mq_unlink"},
	{RF_KERNEL_IO_URING, "io_uring_setup"},
	{RF_KERNEL_IO_URING, "io_uring_enter"},
	{RF_KERNEL_IO_URING, "io_uring_register"},
	{RF_KERNEL_BPF, "bpf"},
	{RF_KERNEL_PERF_EVENTS, "perf_event_open"},
	{RF_KERNEL_KEYRINGS, "add_key"},
	{RF_KERNEL_KEYRINGS, "request_key"},
	{RF_KERNEL_KEYRINGS, "keyctl"},
	{RF_KERNEL_MODULES, "init_module"},
	{RF_KERNEL_MODULES, "finit_module"},
	{RF_KERNEL_MODULES, "delete_module"},
	{RF_KERNEL_MODULES, "create_module"},
	{RF_KERNEL_MODULES, "query_module"},
	{RF_KERNEL_MODULES, "get_kernel_syms"},
	{RF_KERNEL_MODULES, "kexec_load"},
	{RF_KERNEL_MODULES, "kexec_file_load"},
};

/* Whoever has these could take the fence down, so they are no matter of what is only recorded. */
static bool is_power(enum rf_kernel_key key)
{
	return key == RF_KERNEL_BPF || key == RF_KERNEL_MODULES;
}

static struct rf_sys_clause refused_by(const struct rf_sys_maker *maker, enum rf_kernel_key key)
{
	bool records = maker->policy->mode == RF_MODE_AUDIT && !is_power(key);

	return (struct rf_sys_clause){
		.action = records ? SECCOMP_RET_LOG : SECCOMP_RET_ERRNO | EPERM,
		.origin = RF_SYS_KERNEL,
		.key = key,
	};
}

/* unshare and clone by their flags; setns by type, of which 0 is any; clone3 cannot be judged. */
static int refuse_namespaces(struct rf_sys_layer *layer, struct rf_sys_maker *maker,
			     enum rf_kernel_key key, uint64_t kinds)
{
	const struct rf_sys_clause clause = refused_by(maker, key);
	struct rf_sys_clause absent = clause;
	struct rf_sys_cond flags = {.op = RF_ARG_MASKED_EQ, .negate = true, .mask = kinds};
	struct rf_sys_cond type = {.index = 1, .op = RF_ARG_EQ};
	int r;

	r = rf_sys_layer_refuse(layer, maker, "clone", &flags, 1, clause);
	if (key == RF_KERNEL_NAMESPACES)
		flags.mask |= CLONE_NEWTIME;
	if (r == 0)
		r = rf_sys_layer_refuse(layer, maker, "unshare", &flags, 1, clause);
	flags.index = 1;
	if (r == 0)
		r = rf_sys_layer_refuse(layer, maker, "setns", &flags, 1, clause);
	if (r == 0)
		r = rf_sys_layer_refuse(layer, maker, "setns", &type, 1, clause);
	if (r < 0 || maker->policy->mode == RF_MODE_AUDIT)
		return r;
	absent.action = SECCOMP_RET_ERRNO | ENOSYS;
	absent.quiet = true;
	return rf_sys_layer_refuse(layer, maker, "clone3", NULL, 0, absent);
}

static bool is_refused(const struct rf_sys_maker *maker, enum rf_kernel_key key)
{
	if (maker->policy->mode == RF_MODE_AUDIT && maker->context->kernel_elsewhere & 1u << key)
		return false;
	return maker->policy->kernel[key].value == RF_KERNEL_DENY;
}

int rf_sys_layer_kernel(struct rf_sys_layer *layer, struct rf_sys_maker *maker)
{
	int r = 0;

	for (size_t i = 0; i < RF_ARRAY_LEN(whole) && r == 0; i++)
		if (is_refused(maker, whole[i].key))
			r = rf_sys_layer_refuse(layer, maker, whole[i].call, NULL, 0,
						refused_by(maker, whole[i].key));
	if (r == 0 && is_refused(maker, RF_KERNEL_USER_NAMESPACES))
		r = refuse_namespaces(layer, maker, RF_KERNEL_USER_NAMESPACES, CLONE_NEWUSER);
	if (r == 0 && is_refused(maker, RF_KERNEL_NAMESPACES))
		r = refuse_namespaces(layer, maker, RF_KERNEL_NAMESPACES, CLONE_OTHER_NS);
	return r;
}
