/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * System V IPC: an object belongs to the sandbox that made it, others are outside.
 *
 * The kernel gives programs no storage in these objects, so makers are kept in a hash by address
 * and forgotten when the object is freed. No room in it: no object.
 */
#include "lsm/bpf/scope.bpf.h"

#define RF_IPC_MAX 65536

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, RF_IPC_MAX);
	__type(key, __u64);
	__type(value, __u64);
} rf_ipc SEC(".maps");

static __always_inline int note_maker(const void *object, __u32 hook)
{
	struct rf_task self = {};
	__u64 key = (__u64)object;
	int r = rf_self(&self);

	if (r == 0)
		return 0;
	if (r < 0)
		return -RF_E_NOMEM;
	if (!bpf_map_update_elem(&rf_ipc, &key, &self.sandbox, BPF_ANY))
		return 0;
	rf_tell_unjudged(&self, RF_SEC_KERNEL, hook, RF_OP_IPC, RF_CODE_LOOKUP, RF_E_NOMEM);
	return -RF_E_NOMEM;
}

static __always_inline int forget(const void *object)
{
	__u64 key = (__u64)object;

	bpf_map_delete_elem(&rf_ipc, &key);
	return 0;
}

SEC("lsm/shm_alloc_security")
int BPF_PROG(rf_shm_alloc, void *perm)
{
	return note_maker(perm, RF_H_SHM_ALLOC);
}

SEC("lsm/msg_queue_alloc_security")
int BPF_PROG(rf_msg_alloc, void *perm)
{
	return note_maker(perm, RF_H_MSG_QUEUE_ALLOC);
}

SEC("lsm/sem_alloc_security")
int BPF_PROG(rf_sem_alloc, void *perm)
{
	return note_maker(perm, RF_H_SEM_ALLOC);
}

SEC("lsm/shm_free_security")
int BPF_PROG(rf_shm_free, void *perm)
{
	return forget(perm);
}

SEC("lsm/msg_queue_free_security")
int BPF_PROG(rf_msg_free, void *perm)
{
	return forget(perm);
}

SEC("lsm/sem_free_security")
int BPF_PROG(rf_sem_free, void *perm)
{
	return forget(perm);
}

/* Not an object, but a question about all of them, where there is none. */
static __always_inline int check_object(const void *perm, __u32 errno_value)
{
	__u64 key = rf_address_of(perm), *maker;
	struct rf_work *w;
	int r;

	if (!key)
		return 0;
	r = rf_begin(&w, RF_SEC_KERNEL, RF_H_IPC_PERMISSION, RF_OP_IPC);
	if (!w)
		return r;
	maker = bpf_map_lookup_elem(&rf_ipc, &key);
	rf_kernel_ask(w, RF_K_IPC, maker && *maker == w->sandbox);
	if (w->missing)
		w->errno_value = errno_value;
	return rf_end(w);
}

/* Whatever the hook answers, callers get EACCES (ipc/util.c: ipcperms). */
SEC("lsm/ipc_permission")
int BPF_PROG(rf_ipc_perm, void *perm)
{
	return check_object(perm, RF_E_ACCES);
}

/* Changing and removing ask for no permission of the object's mode. */
SEC("lsm/shm_shmctl")
int BPF_PROG(rf_shmctl, void *perm)
{
	return check_object(perm, 0);
}

SEC("lsm/msg_queue_msgctl")
int BPF_PROG(rf_msgctl, void *perm)
{
	return check_object(perm, 0);
}

SEC("lsm/sem_semctl")
int BPF_PROG(rf_semctl, void *perm)
{
	return check_object(perm, 0);
}
