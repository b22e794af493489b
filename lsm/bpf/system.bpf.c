/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The keys of the kernel section that have a hook of their own: namespaces, BPF, perf,
 * keyrings, modules, io_uring.
 */
#include "lsm/bpf/layer.bpf.h"
#include "lsm/bpf/path.bpf.h"

/* A question without an object; power: refused, too, where the policy only records. */
static __always_inline int ask_key(__u32 key, __u32 hook, __u32 op, bool power)
{
	struct rf_work *w;
	int r = rf_begin(&w, RF_SEC_KERNEL, hook, op);

	if (!w)
		return r;
	rf_kernel_ask(w, key, 0);
	if (power)
		rf_power_held(w);
	return rf_end(w);
}

static __always_inline int check_key(__u32 key, __u32 hook, __u32 op)
{
	return ask_key(key, hook, op, false);
}

/* Who has it could take the fence down, which protects itself in audit mode, too. */
static __always_inline int check_power(__u32 key, __u32 hook, __u32 op)
{
	return ask_key(key, hook, op, true);
}

/* ---- namespaces ---- */

SEC("lsm/userns_create")
int BPF_PROG(rf_userns, const struct cred *cred, int ret)
{
	return ret ? ret : check_key(RF_K_USERNS, RF_H_USERNS_CREATE, RF_OP_UNSHARE);
}

/* ---- bpf, perf, keys ---- */

SEC("lsm/bpf")
int BPF_PROG(rf_bpf, int cmd, void *attr, unsigned int size, int ret)
{
	return ret ? ret : check_power(RF_K_BPF, RF_H_BPF, RF_OP_BPF);
}

/* Its arguments differ between kernels of one series; a program runs only if none refused before.
 */
SEC("lsm/perf_event_open")
int rf_perf(void *ctx)
{
	return check_key(RF_K_PERF, RF_H_PERF_EVENT_OPEN, RF_OP_PERF);
}

SEC("lsm/key_alloc")
int BPF_PROG(rf_key_alloc, void *key, const struct cred *cred, unsigned long flags, int ret)
{
	return ret ? ret : check_key(RF_K_KEYRINGS, RF_H_KEY_ALLOC, RF_OP_KEY);
}

/* File systems look keys up under credentials of their own: not the caller's doing. */
SEC("lsm/key_permission")
int BPF_PROG(rf_key_perm, void *key, const struct cred *cred, unsigned int need, int ret)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (ret || rf_is_layer(task))
		return ret;
	return check_key(RF_K_KEYRINGS, RF_H_KEY_PERMISSION, RF_OP_KEY);
}

/* ---- modules and what else becomes kernel code ---- */

#define RF_READING_MODULE 2 /* kexec image 3, kexec initramfs 4, policy 5 */
#define RF_READING_POLICY 5

SEC("lsm/kernel_read_file")
int BPF_PROG(rf_read_file, struct file *file, int id, bool contents, int ret)
{
	if (ret || id < RF_READING_MODULE || id > RF_READING_POLICY)
		return ret;
	return check_power(RF_K_MODULES, RF_H_KERNEL_READ_FILE, RF_OP_MODULE);
}

SEC("lsm/kernel_load_data")
int BPF_PROG(rf_load_data, int id, bool contents, int ret)
{
	if (ret || id < RF_READING_MODULE || id > RF_READING_POLICY)
		return ret;
	return check_power(RF_K_MODULES, RF_H_KERNEL_LOAD_DATA, RF_OP_MODULE);
}

/* The kernel loads one of its own modules on the caller's behalf, by modprobe, outside the fence.
 */
SEC("lsm/kernel_module_request")
int BPF_PROG(rf_mod_request, char *name, int ret)
{
	return ret ? ret : check_key(RF_K_MODULES, RF_H_KERNEL_MODULE_REQUEST, RF_OP_MODULE);
}

/* ---- io_uring ---- */

/* Another's credentials on a ring: refused even where rings are allowed. */
SEC("lsm/uring_override_creds")
int BPF_PROG(rf_uring_creds, const struct cred *new, int ret)
{
	struct rf_work *w;
	int r;

	if (ret)
		return ret;
	r = rf_begin(&w, RF_SEC_KERNEL, RF_H_URING_OVERRIDE_CREDS, RF_OP_IO_URING);
	if (!w)
		return r;
	w->rec.obj = RF_OBJ_KERNEL;
	w->rec.key = RF_K_IO_URING;
	rf_refuse(w, 1, RF_RULE_SELF, 0);
	return rf_end(w);
}

SEC("lsm/uring_sqpoll")
int BPF_PROG(rf_uring_sqpoll, int ret)
{
	return ret ? ret : check_key(RF_K_IO_URING, RF_H_URING_SQPOLL, RF_OP_IO_URING);
}

SEC("lsm/uring_cmd")
int BPF_PROG(rf_uring_cmd, void *cmd, int ret)
{
	return ret ? ret : check_key(RF_K_IO_URING, RF_H_URING_CMD, RF_OP_IO_URING);
}

/* The ring itself is an anonymous inode of this class, with or without a ring's hook. */
SEC("lsm/inode_init_security_anon")
int BPF_PROG(rf_anon_inode, struct inode *inode, const struct qstr *name,
	     const struct inode *context, int ret)
{
	const unsigned char *at;
	char class[16] = {};

	if (ret)
		return ret;
	at = BPF_CORE_READ(name, name);
	if (bpf_probe_read_kernel_str(class, sizeof(class), at) < 0)
		return -RF_E_ACCES;
	if (class[1] != 'i' || class[2] != 'o' || class[3] != '_' || class[4] != 'u')
		return 0;
	return check_key(RF_K_IO_URING, RF_H_INODE_INIT_ANON, RF_OP_IO_URING);
}
