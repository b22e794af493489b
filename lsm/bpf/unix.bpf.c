/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Unix sockets: by the name that the peer is bound to, not by the one that was typed.
 */
#include "lsm/bpf/others.bpf.h"
#include "lsm/bpf/sock.bpf.h"

#define RF_SUN_PATH 108

/* Copies "@name"; abstract names may hold any byte. */
static __always_inline int read_abstract(struct rf_work *w, struct unix_address *addr)
{
	__u32 len = BPF_CORE_READ(addr, len),
	      off = bpf_core_field_offset(struct unix_address, name);
	const char *from = (const char *)addr + off + sizeof(__u16);

	len -= sizeof(__u16);
	if (len == 0 || len > RF_SUN_PATH)
		return -1;
	RF_PIN(len);
	len &= 127;
	if (bpf_probe_read_kernel(w->text, len, from))
		return -1;
	w->text[0] = '@';
	w->text_base = 0;
	w->text_len = len;
	w->path_len = len;
	return 0;
}

int rf_unix_name(struct rf_work *w)
{
	struct unix_sock *u;
	struct unix_address *addr;
	__u64 dentry, mnt;

	if (!w)
		return 1;
	u = (void *)w->at_object;
	dentry = (__u64)BPF_CORE_READ(u, path.dentry);
	mnt = (__u64)BPF_CORE_READ(u, path.mnt);
	w->spot.code = 0;
	if (dentry) {
		w->at_dentry = dentry;
		w->at_mnt = mnt;
		rf_path_judge(w);
		return 0;
	}
	addr = BPF_CORE_READ(u, addr);
	if (!addr)
		return 1;
	if (read_abstract(w, addr))
		w->spot.code = RF_CODE_LOOKUP;
	return 0;
}

static __always_inline int answer_unix(struct rf_work *w, const struct rf_img *img,
				       const struct rf_image_head *head, __u32 rights)
{
	struct rf_answer answer = {};
	struct rf_dfa_pos pos;

	w->spot.state = head->unix_names.start;
	if (rf_text_step(w, 0, w->path_len) || rf_dfa_enter(img, &pos, w->spot.state))
		return -1;
	if (rf_dfa_answer(img, head, &head->unix_names, &pos, w->session & 1, rights, &answer))
		return -1;
	rf_take_answer(w, &answer);
	if (head->audit_connect && !answer.missing && !answer.would)
		w->audit |= rights & RF_A_CONNECT;
	return 0;
}

int rf_unix_ask(struct rf_work *w, __u32 rights)
{
	const struct rf_image_head *head;
	struct rf_img img;
	int r = 0;

	if (!w)
		return -1;
	if (w->missing)
		return 0;
	head = rf_head_of(w->image, &img);
	if (head && !(head->sections & (1U << RF_SEC_NETWORK)))
		return 0;
	w->access = rights;
	if (!head)
		rf_refuse(w, rights, RF_RULE_UNJUDGED, RF_CODE_IMAGE);
	else if (w->spot.code || w->text_cut)
		rf_refuse(w, rights, RF_RULE_UNJUDGED,
			  w->spot.code ? w->spot.code : RF_CODE_TOO_LONG);
	else
		r = answer_unix(w, &img, head, rights);
	if (r)
		rf_refuse(w, rights, RF_RULE_UNJUDGED, RF_CODE_IMAGE);
	if (!w->missing && !w->would && !w->audit)
		return 0;
	w->rec.layer = RF_SEC_NETWORK;
	w->rec.obj = RF_OBJ_UNIX;
	__builtin_memset(&w->rec.o, 0, sizeof(w->rec.o));
	w->rec.o.unix_name.name_len = w->path_len;
	return 0;
}

/* 1 fine, 0 it adds rights, negative: damaged image or paths that are not known whole. */
static __always_inline int compare_names(struct rf_work *w, const struct rf_img *img,
					 const struct rf_dfa_head *dfa, __u32 is_dir, __u32 back)
{
	struct rf_dfa_pos old, new;
	__u32 first, second;

	w->spot.state = dfa->start;
	if (w->text_cut || rf_text_step(w, 0, w->path_len))
		return -1;
	first = w->spot.state;
	w->spot.state = dfa->start;
	if (rf_text_step(w, w->path_len, w->new_len))
		return -1;
	second = w->spot.state;
	if (rf_dfa_enter(img, &old, back ? second : first) ||
	    rf_dfa_enter(img, &new, back ? first : second))
		return -1;
	if (is_dir)
		return rf_alias_tree(img, dfa, &old, &new);
	return !rf_alias_added(rf_dfa_accept(&old), rf_dfa_accept(&new));
}

int rf_unix_rename_ask(struct rf_work *w, __u32 is_dir, __u32 back)
{
	const struct rf_image_head *head;
	struct rf_spot spot;
	struct rf_img img;
	int r;

	if (!w || w->missing)
		return 0;
	head = rf_head_of(w->image, &img);
	if (head && !(head->sections & (1U << RF_SEC_NETWORK)))
		return 0;
	spot = w->spot;
	r = head ? compare_names(w, &img, &head->unix_names, is_dir, back) : -1;
	w->spot = spot;
	return r > 0 ? 0 : rf_refuse(w, RF_A_CREATE, RF_RULE_UNJUDGED, RF_CODE_ALIAS);
}

/*
 * A server in another mount namespace is bound through a mount of its own (a socket that was bind
 * mounted into a container): then the names that the caller has for it count.
 */
int rf_unix_peer_ask(struct rf_work *w, __u32 rights)
{
	const struct rf_image_head *head;
	struct rf_img img;

	if (!w)
		return -1;
	head = rf_head_of(w->image, &img);
	if (head && !(head->sections & (1U << RF_SEC_NETWORK)))
		return 0;
	if (rf_unix_name(w))
		return 0;
	if (w->spot.code == RF_CODE_FOREIGN_NS || w->spot.code == RF_CODE_DETACHED)
		return rf_dentry_ask(w, rights, 1);
	return rf_unix_ask(w, rights);
}

/*
 * The supervisor of this very sandbox, which answers `why --last` and nothing else: a listening
 * socket remembers whose it is. The answer is given whatever the network section says. Its number
 * may be another process's by now: that one does not run our executable.
 */
static __always_inline bool is_own_supervisor(const struct rf_work *w, struct sock *other)
{
	struct rf_sandbox *sb = rf_sandbox_of(w->slot);
	__u32 tgid = sb ? (__u32)sb->self_tgid : 0;
	struct pid *pid = BPF_CORE_READ(other, sk_peer_pid);
	struct task_struct *task;

	if (!tgid || !pid || (__u32)BPF_CORE_READ(pid, numbers[0].nr) != tgid)
		return false;
	task = rf_task_called(pid);
	return task && rf_runs_ours((__u64)task);
}

/* Stream and seqpacket: `other` is the listener. */
SEC("lsm/unix_stream_connect")
int BPF_PROG(rf_unix_connect, struct sock *sock, struct sock *other, struct sock *newsk, int ret)
{
	struct rf_work *w;
	int r;

	if (ret)
		return ret;
	r = rf_begin(&w, RF_SEC_NETWORK, RF_H_UNIX_STREAM_CONNECT, RF_OP_CONNECT);
	if (!w)
		return r;
	if (is_own_supervisor(w, other)) {
		rf_work_put(w);
		return 0;
	}
	w->at_object = (__u64)other;
	rf_unix_peer_ask(w, RF_A_CONNECT);
	return rf_end(w);
}

/* Datagrams: connect and send. An unnamed peer can only be one that was paired or passed on. */
SEC("lsm/unix_may_send")
int BPF_PROG(rf_unix_send, struct socket *sock, struct socket *other, int ret)
{
	struct rf_work *w;
	int r;

	if (ret)
		return ret;
	r = rf_begin(&w, RF_SEC_NETWORK, RF_H_UNIX_MAY_SEND, RF_OP_SEND);
	if (!w)
		return r;
	w->at_object = (__u64)BPF_CORE_READ(other, sk);
	rf_unix_peer_ask(w, RF_A_SEND);
	return rf_end(w);
}
