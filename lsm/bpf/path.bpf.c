/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Names that come, go and move: the path_* hooks. POLICY.md 11 says which right each needs.
 */
#include "lsm/bpf/quick.bpf.h"
#include "lsm/bpf/sock.bpf.h"

#define RF_RENAME_EXCHANGE 2
#define RF_RENAME_WHITEOUT 4

/* This hook gets the number as the caller wrote it (fs/namei.c decodes it after asking). */
static __always_inline __u32 decoded(__u32 dev)
{
	__u32 major = (dev & 0xfff00) >> 8, minor = (dev & 0xff) | ((dev >> 12) & 0xfff00);

	return major << 20 | minor;
}

SEC("lsm/path_mknod")
int BPF_PROG(rf_path_mknod, const struct path *dir, struct dentry *dentry, umode_t mode,
	     unsigned int dev, int ret)
{
	__u32 type = mode & RF_S_IFMT;
	struct rf_quick q = {};
	struct rf_work *w;
	int r;

	if (ret)
		return ret;
	if ((type == 0 || type == RF_S_IFREG) && rf_quick_path(&q, dentry, dir->mnt, RF_A_CREATE))
		return 0;
	r = rf_begin(&w, RF_SEC_FILES, RF_H_PATH_MKNOD, RF_OP_MKNOD);
	if (!w)
		return r;
	if (type == 0 || type == RF_S_IFREG)
		w->rec.operation = RF_OP_CREATE;
	rf_path_check(w, dentry, dir->mnt, RF_A_CREATE);
	if (type == RF_S_IFSOCK)
		rf_unix_ask(w, RF_A_BIND);
	if ((type == RF_S_IFCHR && dev) || type == RF_S_IFBLK)
		rf_device_ask(w, type, decoded(dev), RF_A_DEV_MKNOD);
	rf_quick_end(&q, w, dentry);
	return rf_end(w);
}

/* One object below dir, one right; hides: as rf_hides_removed says. */
static __always_inline int check_name(__u32 hook, __u32 op, const struct path *dir,
				      struct dentry *dentry, __u32 right, bool hides)
{
	struct rf_quick q = {};
	struct rf_work *w;
	int r;

	if (!hides && rf_quick_path(&q, dentry, dir->mnt, right))
		return 0;
	r = rf_begin(&w, RF_SEC_FILES, hook, op);
	if (!w)
		return r;
	rf_path_check(w, dentry, dir->mnt, right);
	if (hides)
		rf_hidden_ask(w);
	rf_quick_end(&q, w, dentry);
	return rf_end(w);
}

SEC("lsm/path_mkdir")
int BPF_PROG(rf_path_mkdir, const struct path *dir, struct dentry *dentry, umode_t mode, int ret)
{
	return ret ? ret
		   : check_name(RF_H_PATH_MKDIR, RF_OP_MKDIR, dir, dentry, RF_A_CREATE, false);
}

SEC("lsm/path_symlink")
int BPF_PROG(rf_path_symlink, const struct path *dir, struct dentry *dentry, const char *target,
	     int ret)
{
	return ret ? ret
		   : check_name(RF_H_PATH_SYMLINK, RF_OP_SYMLINK, dir, dentry, RF_A_CREATE, false);
}

SEC("lsm/path_unlink")
int BPF_PROG(rf_path_unlink, const struct path *dir, struct dentry *dentry, int ret)
{
	return ret ? ret
		   : check_name(RF_H_PATH_UNLINK, RF_OP_UNLINK, dir, dentry, RF_A_REMOVE,
				rf_hides_removed(dentry));
}

SEC("lsm/path_rmdir")
int BPF_PROG(rf_path_rmdir, const struct path *dir, struct dentry *dentry, int ret)
{
	return ret ? ret
		   : check_name(RF_H_PATH_RMDIR, RF_OP_RMDIR, dir, dentry, RF_A_REMOVE, false);
}

/* One object by its own path, one right. */
static __always_inline int check_object(__u32 hook, __u32 op, const struct path *path, __u32 right)
{
	struct rf_quick q = {};
	struct inode *inode;
	struct rf_work *w;
	int r;

	if (rf_quick_path(&q, path->dentry, path->mnt, right))
		return 0;
	r = rf_begin(&w, RF_SEC_FILES, hook, op);
	if (!w)
		return r;
	rf_path_check(w, path->dentry, path->mnt, right);
	inode = BPF_CORE_READ(path, dentry, d_inode);
	if (inode)
		rf_links_check(w, inode, right);
	rf_quick_end(&q, w, path->dentry);
	return rf_end(w);
}

SEC("lsm/path_truncate")
int BPF_PROG(rf_path_trunc, const struct path *path, int ret)
{
	return ret ? ret : check_object(RF_H_PATH_TRUNCATE, RF_OP_TRUNCATE, path, RF_A_WRITE);
}

/* fanotify's marks of a whole mount or file system tell of names that no path was asked for. */
static __always_inline int check_wide_watch(void)
{
	struct rf_work *w;
	int r = rf_begin(&w, RF_SEC_FILES, RF_H_PATH_NOTIFY, RF_OP_NOTIFY);

	if (!w)
		return r;
	if (rf_has_files(w))
		rf_topology_ask(w);
	return rf_end(w);
}

/* FS_OPEN_PERM, FS_ACCESS_PERM, FS_OPEN_EXEC_PERM and (6.14) FS_PRE_ACCESS */
#define RF_WATCH_HOLDS 0x170000

/*
 * Who marks so is asked before each access of anybody, also outside, and need not answer: a mark on
 * ringfence's executable would keep everybody from stopping the sandbox.
 */
static __always_inline int check_holding(const struct path *path)
{
	struct rf_work *w;
	int r = rf_begin(&w, RF_SEC_FILES, RF_H_PATH_NOTIFY, RF_OP_NOTIFY);

	if (!w)
		return r;
	rf_path_check(w, path->dentry, path->mnt, 0);
	rf_refuse(w, RF_A_READ, RF_RULE_SELF, 0);
	w->errno_value = RF_E_PERM;
	return rf_end(w);
}

/* Who watches a folder is told the names in it, which is listing. */
SEC("lsm/path_notify")
int BPF_PROG(rf_path_notify, const struct path *path, __u64 mask, unsigned int obj_type, int ret)
{
	if (ret)
		return ret;
	if (mask & RF_WATCH_HOLDS)
		return check_holding(path);
	return obj_type ? check_wide_watch()
			: check_object(RF_H_PATH_NOTIFY, RF_OP_NOTIFY, path, RF_A_READ);
}

SEC("lsm/path_chmod")
int BPF_PROG(rf_path_chmod, const struct path *path, umode_t mode, int ret)
{
	return ret ? ret : check_object(RF_H_PATH_CHMOD, RF_OP_CHMOD, path, RF_A_METADATA);
}

SEC("lsm/path_chown")
int BPF_PROG(rf_path_chown, const struct path *path, unsigned int uid, unsigned int gid, int ret)
{
	return ret ? ret : check_object(RF_H_PATH_CHOWN, RF_OP_CHOWN, path, RF_A_METADATA);
}

SEC("lsm/path_link")
int BPF_PROG(rf_path_link, struct dentry *old, const struct path *dir, struct dentry *new, int ret)
{
	struct rf_work *w;
	int r;

	if (ret)
		return ret;
	r = rf_begin(&w, RF_SEC_FILES, RF_H_PATH_LINK, RF_OP_LINK);
	if (!w)
		return r;
	rf_path_check(w, old, dir->mnt, 0);
	rf_path_check_new(w, new, dir->mnt, RF_A_CREATE);
	rf_alias_ask(w, 0);
	return rf_end(w);
}

/* A socket's name decides who may connect to it; so do those of the folders above. */
static __always_inline void check_sockets(struct rf_work *w, __u32 type, __u32 back)
{
	if (type == RF_S_IFDIR || type == RF_S_IFSOCK)
		rf_unix_rename_ask(w, type == RF_S_IFDIR, back);
}

/* The other way of an exchange: the second object gets the first one's name. */
static __always_inline void check_back(struct rf_work *w, __u32 type)
{
	struct rf_spot first = w->old;

	w->old = w->spot;
	w->old_dentry = w->at_dentry;
	w->spot = first;
	rf_alias_ask(w, type == RF_S_IFDIR);
	check_sockets(w, type, 1);
}

SEC("lsm/path_rename")
int BPF_PROG(rf_path_rename, const struct path *old_dir, struct dentry *old,
	     const struct path *new_dir, struct dentry *new, unsigned int flags, int ret)
{
	__u32 leave = RF_A_REMOVE, enter = RF_A_CREATE, new_type;
	struct rf_work *w;
	int r;

	if (ret)
		return ret;
	r = rf_begin(&w, RF_SEC_FILES, RF_H_PATH_RENAME, RF_OP_RENAME);
	if (!w)
		return r;
	new_type = rf_dentry_type(new);
	if (flags & (RF_RENAME_EXCHANGE | RF_RENAME_WHITEOUT))
		leave |= RF_A_CREATE;
	if (new_type)
		enter |= RF_A_REMOVE;
	if (flags & RF_RENAME_EXCHANGE)
		w->rec.operation = RF_OP_EXCHANGE;
	rf_path_check(w, old, old_dir->mnt, leave);
	rf_path_check_new(w, new, new_dir->mnt, enter);
	if (new_type && new_type != RF_S_IFDIR && !(flags & RF_RENAME_EXCHANGE) &&
	    rf_hides_removed(new))
		rf_hidden_ask(w);
	rf_alias_ask(w, rf_dentry_type(old) == RF_S_IFDIR);
	check_sockets(w, rf_dentry_type(old), 0);
	if (flags & RF_RENAME_EXCHANGE)
		check_back(w, new_type);
	return rf_end(w);
}
