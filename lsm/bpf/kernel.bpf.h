/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's types and constants that our programs read, and nothing else.
 *
 * Kept by hand instead of a generated vmlinux.h: the build needs no BTF, and a reviewer sees every
 * member we touch. Offsets come from the running kernel (CO-RE); the order here means nothing.
 * Members that only some kernels have are asked for with bpf_core_field_exists first.
 */
#ifndef RF_BPF_KERNEL_H
#define RF_BPF_KERNEL_H

#include <linux/bpf.h>
#include <linux/types.h>

#include <stdbool.h>

#include <bpf/bpf_helpers.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

typedef __u16 umode_t;
typedef __u32 kuid_raw_t;

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct hlist_node {
	struct hlist_node *next;
};

struct hlist_head {
	struct hlist_node *first;
};

struct list_head {
	struct list_head *next, *prev;
};

struct hlist_bl_node {
	struct hlist_bl_node *next, **pprev;
};

struct qstr {
	union {
		struct {
			__u32 hash;
			__u32 len;
		};
		__u64 hash_len;
	};
	const unsigned char *name;
};

struct seqcount_spinlock {
	struct {
		unsigned int sequence;
	} seqcount;
};

/* For what is read as words: no struct of the kernel's is simpler. */
struct timespec64 {
	__s64 tv_sec;
	long tv_nsec;
};

struct itimerspec64 {
	struct timespec64 it_interval;
	struct timespec64 it_value;
};

struct file_system_type {
	const char *name;
};

struct unicode_map;

struct super_block {
	unsigned int s_dev;
	unsigned long s_flags;
	unsigned long s_magic;
	struct dentry *s_root;
	struct list_head s_mounts;
	struct list_head s_inodes;
	struct file_system_type *s_type;
	void *s_fs_info;
	int s_stack_depth;
};

enum proc_pidonly {
	PROC_PIDONLY_OFF = 0,
	PROC_PIDONLY_ON = 1, /* mounted with subset=pid */
};

struct proc_fs_info {
	enum proc_pidonly pidonly;
};

struct inode {
	umode_t i_mode;
	unsigned int i_flags;
	unsigned int i_nlink;
	unsigned int i_rdev;
	unsigned long i_ino;
	unsigned int i_generation;
	struct list_head i_sb_list;
	struct super_block *i_sb;
};

struct gendisk {
	struct block_device *part0; /* the whole disk */
};

struct block_device {
	unsigned int bd_dev;
	struct gendisk *bd_disk;
	void *bd_holder; /* who has it for himself */
};

struct bdev_inode {
	struct block_device bdev;
	struct inode vfs_inode;
};

struct dentry {
	unsigned int d_flags;
	struct seqcount_spinlock d_seq;
	struct hlist_bl_node d_hash;
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
	unsigned char d_iname[32]; /* until Linux 6.13; of older ones, where a short name is */
	struct super_block *d_sb;
	void *d_fsdata;
};

struct vfsmount {
	struct dentry *mnt_root;
	struct super_block *mnt_sb;
	int mnt_flags;
};

struct mnt_namespace {
	struct mount *root;
	__u64 seq; /* until 6.17 */
};

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
	struct list_head mnt_instance;
	struct mnt_namespace *mnt_ns;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct file {
	struct inode *f_inode;
	unsigned int f_flags;
	unsigned int f_mode;
	struct path f_path;
	void *private_data;
	void *f_op;
};

struct backing_file {
	struct file file;
	struct path user_path;
};

struct upid {
	int nr;
};

struct pid {
	unsigned int level;
	struct hlist_head tasks[1]; /* who is called so, as a thread first */
	struct upid numbers[1];
};

struct proc_inode {
	struct pid *pid;
	struct inode vfs_inode;
};

struct user_namespace;

struct kernel_cap_struct_61 {
	__u32 cap[2];
} __attribute__((preserve_access_index));

struct cred {
	struct user_namespace *user_ns;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct nsproxy {
	struct mnt_namespace *mnt_ns;
};

struct bpf_local_storage;

struct mm_struct {
	struct file *exe_file;
};

struct thread_info {
	unsigned int status;
};

struct task_struct {
	struct thread_info thread_info;
	unsigned int flags;
	int pid, tgid;
	int exit_code;
	char comm[16];
	__u64 start_boottime;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct mm_struct *mm;
	struct pid *thread_pid;
	struct hlist_node pid_links[1];
	struct nsproxy *nsproxy;
	struct files_struct *files;
	const struct cred *cred;
	const struct cred *real_cred;
	struct signal_struct *signal;
	struct bpf_local_storage *bpf_storage;
};

struct bpf_map {
	__u32 id;
};

struct bpf_local_storage_map {
	struct bpf_map map;
	__u16 cache_idx;
};

struct bpf_local_storage_data {
	struct bpf_local_storage_map *smap;
	__u8 data[];
};

struct bpf_local_storage_elem {
	struct hlist_node snode;
	struct bpf_local_storage_data sdata;
};

struct bpf_local_storage {
	struct bpf_local_storage_data *cache[16];
	struct hlist_head list;
};

struct linux_binprm {
	struct file *file;
	struct file *interpreter;
	struct file *executable;
	const char *filename;
	const char *interp;
};

struct vm_area_struct {
	unsigned long vm_start, vm_end;
	unsigned long vm_flags;
	unsigned long vm_pgoff;
	struct file *vm_file;
};

struct sockaddr {
	__u16 sa_family;
};

/* One word since Linux 6.8: the last port in its upper half. */
struct local_ports {
	__u32 range;
};

struct local_ports___pair {
	int range[2];
};

struct netns_ipv4 {
	struct local_ports ip_local_ports;
};

struct net {
	struct netns_ipv4 ipv4;
};

struct sock_common {
	__u32 skc_rcv_saddr;
	__u16 skc_num;
	__u16 skc_family;
	int skc_bound_dev_if;
	struct {
		struct net *net;
	} skc_net;
	struct {
		__u32 word[4];
	} skc_v6_rcv_saddr;
};

struct sock {
	struct sock_common __sk_common;
	__u16 sk_type;
	__u16 sk_protocol;
	struct socket *sk_socket;
	struct pid *sk_peer_pid;
};

struct inet_sock {
	__u32 inet_saddr;
	int uc_index;
};

struct sockaddr_un {
	__u16 sun_family;
	char sun_path[108];
};

struct unix_address {
	int len;
	struct sockaddr_un name[];
};

struct unix_sock {
	struct unix_address *addr;
	struct path path;
};

struct socket {
	short type;
	struct sock *sk;
};

struct msghdr {
	void *msg_control;
	unsigned long msg_controllen;
	void *msg_name;
	int msg_namelen;
	unsigned int msg_flags;
};

struct pt_regs {
#if defined(__TARGET_ARCH_x86)
	unsigned long r10, r9, r8, dx, si, di, orig_ax, ip, bx, cx, bp;
#else
	unsigned long regs[31];
	unsigned long pc;
	int syscallno;
#endif
};

struct signal_struct {
	struct {
		int counter;
	} live;
	int group_exit_code;
	unsigned int flags;
	struct tty_struct *tty;
};

struct tty_struct {
	struct {
		struct pid *session;
	} ctrl;
};

#pragma clang attribute pop

/* ---- constants of the kernel that no exported header has ---- */

#define RF_E_PERM   1
#define RF_E_NOENT  2
#define RF_E_NOMEM  12
#define RF_E_ACCES  13
#define RF_E_BUSY   16
#define RF_E_XDEV   18
#define RF_E_INVAL  22
#define RF_E_NOSYS  38
#define RF_SIG_KILL 9

#define RF_S_IFMT    0170000
#define RF_S_IFSHIFT 12
#define RF_S_IFDIR   0040000
#define RF_S_IFCHR   0020000
#define RF_S_IFBLK   0060000
#define RF_S_IFREG   0100000
#define RF_S_IFSOCK  0140000
#define RF_S_IFLNK   0120000

#define RF_O_ACCMODE 3
#define RF_O_WRONLY  1
#define RF_O_RDWR    2
#define RF_O_CREAT   0100
#define RF_O_TRUNC   01000
#define RF_O_ACCMODE 3
#define RF_O_APPEND  02000
#define RF_O_ASYNC   020000
#define RF_O_TMPFILE 020000000 /* __O_TMPFILE */

#define RF_FMODE_READ	 0x1
#define RF_FMODE_WRITE	 0x2
#define RF_FMODE_EXEC	 0x20 /* in f_flags: opened to execute */
#define RF_FMODE_PATH	 0x4000
#define RF_FMODE_BACKING 0x1000000 /* 6.12: a file inside struct backing_file */

#define RF_SB_KERNMOUNT	       (1UL << 22)
#define RF_DCACHE_COMPARE      0x2 /* d_flags: the file system compares names its own way */
#define RF_S_SWAPFILE	       (1 << 8)
#define RF_S_CASEFOLD	       (1 << 15)
#define RF_MAGIC_PROC	       0x9fa0
#define RF_MAGIC_BPFFS	       0xcafe4a11
#define RF_MAGIC_CGROUP2       0x63677270
#define RF_MAGIC_CGROUP1       0x27e0eb
#define RF_MAGIC_OVERLAY       0x794c7630
#define RF_MAGIC_TMPFS	       0x01021994
#define RF_MAGIC_RAMFS	       0x858458f6
#define RF_MAGIC_XFS	       0x58465342
#define RF_MAGIC_BTRFS	       0x9123683e
#define RF_MAGIC_SQUASHFS      0x73717368
#define RF_MAGIC_EROFS	       0xe0f5e1e2
#define RF_MAGIC_EXT4	       0xef53
#define RF_MAGIC_F2FS	       0xf2f52010
#define RF_MAGIC_NFS	       0x6969
#define RF_MAGIC_FUSE	       0x65735546
#define RF_MAGIC_TRACEFS       0x74726163
#define RF_MAGIC_DEBUGFS       0x64626720
#define RF_MAGIC_MQUEUE	       0x19800202
#define RF_MAGIC_SYSFS	       0x62656572
#define RF_MAGIC_BINFMT	       0x42494e4d
#define RF_MAGIC_SECURITYFS    0x73636673
#define RF_MAGIC_CONFIGFS      0x62656570
#define RF_MAGIC_DEVPTS	       0x1cd1
#define RF_SIGNAL_GROUP_EXIT   0x4
#define RF_PF_KTHREAD	       0x200000
#define RF_PROT_READ	       1
#define RF_PROT_WRITE	       2
#define RF_PROT_EXEC	       4
#define RF_VM_WRITE	       0x2
#define RF_VM_EXEC	       0x4
#define RF_VM_SHARED	       0x8
#define RF_MAP_TYPE	       0xf
#define RF_MAP_SHARED	       1
#define RF_MAP_SHARED_VALIDATE 3

/* Keeps clang from moving a bounds check away from the access that the verifier sees. */
#define RF_PIN(x) asm volatile("" : "+r"(x))

/* Keeps clang from moving a load to the other side. */
#define RF_BARRIER() asm volatile("" : : : "memory")

#define RF_ERR_PTR_MIN ((__u64)-4095)

#endif
