/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files by their descriptors: opened, received, truncated, mapped.
 */
#include "lsm/bpf/call.bpf.h"
#include "lsm/bpf/mqueue.bpf.h"
#include "lsm/bpf/quick_ask.bpf.h"
#include "lsm/bpf/terminal.bpf.h"

/*
 * POLICY.md 11: what an open asks for. The kernel marks what it opens to execute, for reading; a
 * command that takes a caller's flags as they are (XFS_IOC_OPEN_BY_HANDLE, TIOCGPTPEER) lets
 * anybody do so.
 */
static __always_inline __u32 open_rights(__u32 mode, __u32 flags)
{
	__u32 rights = 0;

	if (flags & RF_FMODE_EXEC) {
		if (!(mode & RF_FMODE_WRITE) && rf_is_exec_call())
			return RF_A_EXEC;
		rights = RF_A_EXEC;
	}
	/* Access mode 3 opens for ioctl alone, and is permission-checked as both. */
	if ((flags & RF_O_ACCMODE) == RF_O_ACCMODE)
		return RF_A_READ | RF_A_WRITE;
	if (mode & RF_FMODE_READ)
		rights |= RF_A_READ;
	if (mode & RF_FMODE_WRITE)
		rights |=
			(flags & RF_O_APPEND) && !(mode & RF_FMODE_READ) ? RF_A_APPEND : RF_A_WRITE;
	return rights;
}

/* Devices are judged twice: by name and by number. */
static __always_inline void check_device(struct rf_work *w, struct inode *inode, __u32 asked)
{
	__u32 type = BPF_CORE_READ(inode, i_mode) & RF_S_IFMT, rights = 0;

	if (type != RF_S_IFCHR && type != RF_S_IFBLK)
		return;
	if (asked & RF_A_READ)
		rights |= RF_A_DEV_READ;
	if (asked & (RF_A_WRITE | RF_A_APPEND))
		rights |= RF_A_DEV_WRITE;
	rf_device_ask(w, type, BPF_CORE_READ(inode, i_rdev), rights);
}

static __always_inline void check_proc(struct rf_work *w, struct inode *inode, __u32 rights)
{
	if (!(rights & (RF_A_WRITE | RF_A_APPEND)))
		return;
	w->at_object = (__u64)inode;
	rf_proc_ask(w);
}

/* Executing what has no name any more, or never had one. */
static __always_inline void check_fileless(struct rf_work *w, struct inode *inode)
{
	if (w->spot.kind == RF_KIND_INNER)
		return;
	if (w->spot.kind == RF_KIND_NONE || !BPF_CORE_READ(inode, i_nlink))
		rf_kernel_ask(w, RF_K_FILELESS, 0);
}

static __always_inline int open_long(struct file *file, __u32 rights)
{
	struct rf_quick q = {};
	struct rf_work *w;
	int r;

	if (rf_quick_again(file) && rf_quick_file(&q, file, rights))
		return 0;
	r = rf_begin(&w, RF_SEC_FILES, RF_H_FILE_OPEN, RF_OP_OPEN);
	if (!w)
		return r;
	if (rights & RF_A_EXEC)
		w->rec.operation = RF_OP_EXEC;
	rf_path_check(w, file->f_path.dentry, file->f_path.mnt, rights);
	rf_links_check(w, file->f_inode, rights);
	if (rights & RF_A_EXEC)
		check_fileless(w, file->f_inode);
	else if (w->spot.kind == RF_KIND_PATH)
		check_device(w, file->f_inode, rights);
	rf_terminal_ask(w, file);
	check_proc(w, file->f_inode, rights);
	rf_mq_open_ask(w, file);
	rf_quick_end(&q, w, file->f_path.dentry);
	return rf_end(w);
}

SEC("lsm/file_open")
int BPF_PROG(rf_file_open, struct file *file, int ret)
{
	__u32 rights = open_rights(file->f_mode, file->f_flags);

	/* Its name, a number in the folder, is new. */
	if (file->f_flags & RF_O_TMPFILE)
		rights |= RF_A_CREATE;
	RF_FORGET(rights);
	if (ret || rf_quick_file_near(file, rights))
		return ret;
	RF_BARRIER(); /* what the long way needs is not prepared before */
	return open_long(file, rights);
}

extern const void bpf_map_fops __ksym __weak, bpf_prog_fops __ksym __weak;

/* What bpf(2) makes: a map that is mapped is changed without that call. */
static __always_inline bool is_bpf(const struct file *file)
{
	__u64 ops = (__u64)file->f_op;

	return ops && (ops == (__u64)&bpf_map_fops || ops == (__u64)&bpf_prog_fops);
}

static __noinline int receive_bpf(void)
{
	struct rf_work *w;
	int r = rf_begin(&w, RF_SEC_KERNEL, RF_H_FILE_RECEIVE, RF_OP_BPF);

	if (!w)
		return r;
	rf_kernel_ask(w, RF_K_BPF, 0);
	rf_power_held(w);
	return rf_end(w);
}

/* Received over a socket, or taken with pidfd_getfd: as if it were opened now. */
SEC("lsm/file_receive")
int BPF_PROG(rf_file_recv, struct file *file, int ret)
{
	__u32 mode = file->f_mode, rights = open_rights(mode, file->f_flags);
	struct rf_quick q = {};
	struct rf_work *w;
	int r;

	if (ret || (mode & RF_FMODE_PATH) || rf_quick_file(&q, file, rights))
		return ret;
	if (is_bpf(file))
		return receive_bpf();
	r = rf_begin(&w, RF_SEC_FILES, RF_H_FILE_RECEIVE, RF_OP_RECEIVE);
	if (!w)
		return r;
	rf_path_check(w, file->f_path.dentry, file->f_path.mnt, rights);
	rf_links_check(w, file->f_inode, rights);
	rf_mq_open_ask(w, file);
	if (w->spot.kind == RF_KIND_PATH) {
		check_device(w, file->f_inode, rights);
		rf_terminal_ask(w, file);
		check_proc(w, file->f_inode, rights);
	}
	rf_quick_end(&q, w, file->f_path.dentry);
	return rf_end(w);
}

SEC("lsm/file_truncate")
int BPF_PROG(rf_file_trunc, struct file *file, int ret)
{
	struct rf_quick q = {};
	struct rf_work *w;
	int r;

	if (ret || rf_quick_file(&q, file, RF_A_WRITE))
		return ret;
	r = rf_begin(&w, RF_SEC_FILES, RF_H_FILE_TRUNCATE, RF_OP_TRUNCATE);
	if (!w)
		return r;
	rf_path_check(w, file->f_path.dentry, file->f_path.mnt, RF_A_WRITE);
	rf_quick_end(&q, w, file->f_path.dentry);
	return rf_end(w);
}

#define RF_F_SETFL     4
#define RF_F_SETOWN    8
#define RF_F_SETSIG    10
#define RF_F_SETOWN_EX 15
#define RF_F_SETLEASE  1024
#define RF_F_SETDELEG  1040 /* since Linux 6.19 */
#define RF_F_UNLCK     2

static __always_inline int check_owner(unsigned int cmd, int owner)
{
	struct rf_work *w;
	int r = rf_begin(&w, RF_SEC_KERNEL, RF_H_FILE_FCNTL, RF_OP_FCNTL);

	if (!w)
		return r;
	rf_owner_ask(w, owner, cmd == RF_F_SETOWN);
	return rf_end(w);
}

/*
 * A terminal makes its foreground processes the owner of who asks for signals, whoever they are,
 * and sends the one that F_SETSIG says.
 */
static __always_inline bool is_signal_of_terminal(struct file *file, unsigned int cmd,
						  unsigned long arg)
{
	if (!(cmd == RF_F_SETFL && (arg & RF_O_ASYNC)) && !(cmd == RF_F_SETSIG && arg))
		return false;
	return (file->f_inode->i_mode & RF_S_IFMT) == RF_S_IFCHR;
}

/*
 * Who has a lease is asked before anybody opens the file, also outside, and everybody waits for the
 * answer; having been able to read it is enough. One on ringfence's executable or a policy would
 * keep everybody from running and stopping sandboxes.
 */
static __always_inline int check_lease(struct file *file)
{
	struct rf_work *w;
	int r = rf_begin(&w, RF_SEC_FILES, RF_H_FILE_FCNTL, RF_OP_FCNTL);

	if (!w)
		return r;
	rf_path_check(w, file->f_path.dentry, file->f_path.mnt, 0);
	rf_refuse(w, RF_A_READ, RF_RULE_SELF, 0);
	w->errno_value = RF_E_PERM;
	return rf_end(w);
}

/* Taking O_APPEND away turns an append into a write. */
SEC("lsm/file_fcntl")
int BPF_PROG(rf_file_fcntl, struct file *file, unsigned int cmd, unsigned long arg, int ret)
{
	struct rf_work *w;
	int r;

	if (ret)
		return ret;
	if (cmd == RF_F_SETOWN || cmd == RF_F_SETOWN_EX)
		return check_owner(cmd, (int)arg);
	if (is_signal_of_terminal(file, cmd, arg)) {
		r = check_owner(cmd, -1);
		if (r)
			return r;
	}
	if (cmd == RF_F_SETLEASE || cmd == RF_F_SETDELEG)
		return arg == RF_F_UNLCK && cmd == RF_F_SETLEASE ? 0 : check_lease(file);
	if (cmd != RF_F_SETFL || (arg & RF_O_APPEND))
		return 0;
	if (!(file->f_flags & RF_O_APPEND) || !(file->f_mode & RF_FMODE_WRITE))
		return 0;
	r = rf_begin(&w, RF_SEC_FILES, RF_H_FILE_FCNTL, RF_OP_FCNTL);
	if (!w)
		return r;
	rf_path_check(w, file->f_path.dentry, file->f_path.mnt, RF_A_WRITE);
	return rf_end(w);
}
