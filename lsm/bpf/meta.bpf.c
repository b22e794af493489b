/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Metadata by hooks that know no mount: times, extended attributes, ACLs, link texts.
 *
 * The object has a path in each mount of its file system that the caller's namespace holds and that
 * reaches it. The right is asked for on every one of them: whichever was used, it was among them.
 */
#include "lsm/bpf/layer.bpf.h"
#include "lsm/bpf/path.bpf.h"
#include "lsm/bpf/sock.bpf.h"

#define RF_MOUNTS_MAX 256   /* of one file system in one namespace; more cannot be judged */
#define RF_MOUNTS_ALL 65536 /* of one file system, wherever; whoever may mount makes some */

/* Where inode_setattr's dentry stands: 0 before 6.9 or so, 1 since it has an idmap. By the loader.
 */
const volatile __u32 rf_setattr_at = 1;

struct mounts {
	struct rf_work *w;
	__u64 head; /* super_block.s_mounts */
	__u64 next; /* cursor in it */
	__u64 ns;   /* the caller's */
	__u32 right;
	__u32 is_unix; /* asks as a socket's name, not as a file's */
	__u32 seen;    /* mounts that reach the object */
	__u32 judged;  /* mounts of the namespace */
	__u32 ended;
	__u32 fixed; /* asks nothing, counts names that deny rules fix */
	__u32 n_fixed;
	__u64 would_at; /* the first that would be refused by, and the first whose use is */
	__u64 audit_at; /* recorded; 0: none */
};

/* By the name it has in the mount at w->at_mnt. */
static __always_inline void judge_again(struct rf_work *w)
{
	w->text_base = 0;
	w->text_len = 0;
	rf_path_judge(w);
}

static __always_inline void ask_right(const struct mounts *s)
{
	if (s->is_unix)
		rf_unix_ask(s->w, s->right);
	else
		rf_path_ask(s->w, s->right);
}

static __always_inline long start_again(struct mounts *s)
{
	struct list_head *head = (void *)s->head;

	s->next = (__u64)BPF_CORE_READ(head, next);
	s->seen = 0;
	s->judged = 0;
	s->n_fixed = 0;
	return 0;
}

static long ask_mount(__u64 i, struct mounts *s)
{
	__u64 off = bpf_core_field_offset(struct mount, mnt_instance);
	struct rf_work *w = s->w;
	struct mount *mount;
	__u32 judged;

	if (!s->next) /* the cursor's mount was taken off the list: its link is poison */
		return start_again(s);
	if (s->next == s->head) {
		s->ended = 1;
		return 1;
	}
	mount = (void *)(s->next - off);
	s->next = (__u64)BPF_CORE_READ(mount, mnt_instance.next);
	if ((__u64)BPF_CORE_READ(mount, mnt_ns) != s->ns)
		return 0;
	judged = s->judged;
	RF_FORGET(judged); /* else the verifier would follow each turn */
	if (judged >= RF_MOUNTS_MAX)
		return 1;
	s->judged = judged + 1;
	w->at_mnt = (__u64)mount + bpf_core_field_offset(struct mount, mnt);
	judge_again(w);
	if (w->spot.code == RF_CODE_DISCONNECTED)
		return 0;
	s->seen++;
	if (s->fixed) {
		s->n_fixed += !w->spot.code && (w->spot.accept & RF_ACC_NAIL);
		return 0;
	}
	ask_right(s);
	if (!s->would_at && w->would)
		s->would_at = w->at_mnt;
	if (!s->audit_at && w->audit)
		s->audit_at = w->at_mnt;
	return w->missing ? 1 : 0;
}

/* What is recorded, but not refused, is by the name and the rule of the mount where it was found.
 */
static __always_inline void ask_told(const struct mounts *s)
{
	__u64 told = s->would_at ? s->would_at : s->audit_at;
	struct rf_work *w = s->w;

	if (!told || told == w->at_mnt)
		return;
	w->at_mnt = told;
	w->code = 0;
	w->would = 0;
	w->audit = 0;
	judge_again(w);
	ask_right(s);
}

static __always_inline void each_mount(struct mounts *s, struct super_block *sb)
{
	struct task_struct *task = bpf_get_current_task_btf();

	s->ns = (__u64)BPF_CORE_READ(task, nsproxy, mnt_ns);
	s->head = (__u64)sb + bpf_core_field_offset(struct super_block, s_mounts);
	(void)start_again(s);
	bpf_loop(RF_MOUNTS_ALL, ask_mount, s, 0);
}

int rf_dentry_fixed(struct rf_work *w)
{
	struct mounts s = {.w = w, .fixed = 1};
	struct dentry *dentry;

	if (!w)
		return 0;
	dentry = (void *)w->at_dentry;
	each_mount(&s, BPF_CORE_READ(dentry, d_sb));
	return s.ended && s.seen && s.n_fixed == s.seen;
}

int rf_dentry_ask(struct rf_work *w, __u32 right, __u32 is_unix)
{
	struct mounts s = {.w = w, .right = right, .is_unix = is_unix};
	struct super_block *sb;
	struct dentry *dentry;

	if (!w)
		return -1;
	dentry = (void *)w->at_dentry;
	sb = BPF_CORE_READ(dentry, d_sb);
	each_mount(&s, sb);
	if (w->missing)
		return 0;
	ask_told(&s);
	if (w->missing)
		return 0;
	if (!s.ended)
		return rf_refuse(w, right, RF_RULE_UNJUDGED, RF_CODE_TOO_DEEP);
	if (!s.seen && !(BPF_CORE_READ(sb, s_flags) & RF_SB_KERNMOUNT))
		return rf_refuse(w, right, RF_RULE_UNJUDGED, RF_CODE_FOREIGN_NS);
	return 0;
}

static __always_inline int check_dentry(__u32 hook, __u32 op, const void *dentry, __u32 right)
{
	struct inode *inode;
	struct rf_work *w;
	int r;

	if (rf_is_layer(bpf_get_current_task_btf()))
		return 0;
	r = rf_begin(&w, RF_SEC_FILES, hook, op);
	if (!w)
		return r;
	rf_path_at(w, dentry, NULL);
	rf_path_describe(w);
	rf_dentry_ask(w, right, 0);
	inode = BPF_CORE_READ((struct dentry *)dentry, d_inode);
	if (inode)
		rf_links_check(w, inode, right);
	return rf_end(w);
}

struct iattr {
	unsigned int ia_valid;
} __attribute__((preserve_access_index));

#define RF_ATTR_JUDGED 0xf  /* mode, owner, group, size: path_chmod, path_chown, truncate */
#define RF_ATTR_TIMES  0x30 /* atime, mtime */

/* Arguments are read raw: their places differ between kernels. */
SEC("lsm/inode_setattr")
int rf_setattr(__u64 *ctx)
{
	__u32 at = rf_setattr_at & 1, valid;
	__u64 args[3] = {};
	struct iattr *attr;

	if (bpf_probe_read_kernel(args, sizeof(args), ctx))
		return -RF_E_ACCES;
	attr = (void *)(at ? args[2] : args[1]);
	valid = BPF_CORE_READ(attr, ia_valid);
	if ((valid & RF_ATTR_JUDGED) || !(valid & RF_ATTR_TIMES))
		return 0;
	return check_dentry(RF_H_INODE_SETATTR, RF_OP_UTIMES, (void *)(at ? args[1] : args[0]),
			    RF_A_METADATA);
}

SEC("lsm/inode_setxattr")
int BPF_PROG(rf_setxattr, void *idmap, struct dentry *dentry)
{
	return check_dentry(RF_H_INODE_SETXATTR, RF_OP_SETXATTR, dentry, RF_A_METADATA);
}

SEC("lsm/inode_removexattr")
int BPF_PROG(rf_removexattr, void *idmap, struct dentry *dentry)
{
	return check_dentry(RF_H_INODE_REMOVEXATTR, RF_OP_REMOVEXATTR, dentry, RF_A_METADATA);
}

SEC("lsm/inode_set_acl")
int BPF_PROG(rf_set_acl, void *idmap, struct dentry *dentry)
{
	return check_dentry(RF_H_INODE_SET_ACL, RF_OP_SETACL, dentry, RF_A_METADATA);
}

SEC("lsm/inode_remove_acl")
int BPF_PROG(rf_remove_acl, void *idmap, struct dentry *dentry)
{
	return check_dentry(RF_H_INODE_REMOVE_ACL, RF_OP_SETACL, dentry, RF_A_METADATA);
}

SEC("lsm/inode_get_acl")
int BPF_PROG(rf_get_acl, void *idmap, struct dentry *dentry, const char *name, int ret)
{
	if (ret)
		return ret;
	return check_dentry(RF_H_INODE_GET_ACL, RF_OP_GETXATTR, dentry, RF_A_READ);
}

SEC("lsm/inode_getxattr")
int BPF_PROG(rf_getxattr, struct dentry *dentry)
{
	return check_dentry(RF_H_INODE_GETXATTR, RF_OP_GETXATTR, dentry, RF_A_READ);
}

SEC("lsm/inode_readlink")
int BPF_PROG(rf_readlink, struct dentry *dentry)
{
	return check_dentry(RF_H_INODE_READLINK, RF_OP_READLINK, dentry, RF_A_READ);
}
