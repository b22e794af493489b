/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The @sets of system calls, by purpose: the data behind names such as "@keyring" in a policy.
 *
 * A set holds every sibling of a call (open, openat, openat2; the 16- and 32-bit and the time64
 * forms), so that denying a set leaves no other door to the same operation. A call may stand in
 * several sets; every call that libseccomp knows stands in at least one, which a test keeps true.
 * Names are sorted within a set, and sets by name, so that the table can be searched and a diff
 * shows what changed.
 */
#include "sandbox/policy/groups.h"

#include <stdlib.h>
#include <string.h>

static const char *const advice_calls[] = {"arm_fadvise64_64", "cachestat", "fadvise64",
					   "fadvise64_64", "readahead"};

static const char *const aio_calls[] = {
	"io_cancel", "io_destroy", "io_getevents",   "io_pgetevents",	  "io_pgetevents_time64",
	"io_setup",  "io_submit",  "io_uring_enter", "io_uring_register", "io_uring_setup"};

static const char *const basic_io_calls[] = {
	"_llseek",  "close",   "close_range", "dup",	 "dup2",     "dup3",
	"lseek",    "pread64", "preadv",      "preadv2", "pwrite64", "pwritev",
	"pwritev2", "read",    "readv",	      "write",	 "writev"};

static const char *const bpf_calls[] = {"bpf"};

static const char *const chown_calls[] = {"chown",    "chown32", "fchown",  "fchown32",
					  "fchownat", "lchown",	 "lchown32"};

static const char *const clock_calls[] = {"adjtimex",	   "clock_adjtime",   "clock_adjtime64",
					  "clock_settime", "clock_settime64", "settimeofday",
					  "stime"};

static const char *const cpu_emulation_calls[] = {"modify_ldt", "subpage_prot", "switch_endian",
						  "vm86", "vm86old"};

static const char *const debug_calls[] = {"kcmp",
					  "lookup_dcookie",
					  "perf_event_open",
					  "pidfd_getfd",
					  "process_vm_readv",
					  "process_vm_writev",
					  "ptrace",
					  "rtas",
					  "s390_runtime_instr",
					  "sys_debug_setcontext"};

static const char *const device_control_calls[] = {"ioctl"};

static const char *const file_handle_calls[] = {"name_to_handle_at", "open_by_handle_at"};

static const char *const file_system_calls[] = {"access",
						"chdir",
						"chmod",
						"close",
						"creat",
						"faccessat",
						"faccessat2",
						"fallocate",
						"fchdir",
						"fchmod",
						"fchmodat",
						"fchmodat2",
						"fcntl",
						"fcntl64",
						"fgetxattr",
						"file_getattr",
						"file_setattr",
						"flistxattr",
						"flock",
						"fremovexattr",
						"fsetxattr",
						"fstat",
						"fstat64",
						"fstatat64",
						"fstatfs",
						"fstatfs64",
						"ftruncate",
						"ftruncate64",
						"futimesat",
						"getcwd",
						"getdents",
						"getdents64",
						"getxattr",
						"getxattrat",
						"inotify_add_watch",
						"inotify_init",
						"inotify_init1",
						"inotify_rm_watch",
						"lgetxattr",
						"link",
						"linkat",
						"listxattr",
						"listxattrat",
						"llistxattr",
						"lremovexattr",
						"lsetxattr",
						"lstat",
						"lstat64",
						"mkdir",
						"mkdirat",
						"mknod",
						"mknodat",
						"name_to_handle_at",
						"newfstatat",
						"oldfstat",
						"oldlstat",
						"oldstat",
						"open",
						"open_by_handle_at",
						"openat",
						"openat2",
						"readdir",
						"readlink",
						"readlinkat",
						"removexattr",
						"removexattrat",
						"rename",
						"renameat",
						"renameat2",
						"rmdir",
						"setxattr",
						"setxattrat",
						"stat",
						"stat64",
						"statfs",
						"statfs64",
						"statx",
						"symlink",
						"symlinkat",
						"truncate",
						"truncate64",
						"umask",
						"unlink",
						"unlinkat",
						"ustat",
						"utime",
						"utimensat",
						"utimensat_time64",
						"utimes"};

static const char *const io_event_calls[] = {
	"_newselect",	   "epoll_create", "epoll_create1", "epoll_ctl",      "epoll_ctl_old",
	"epoll_pwait",	   "epoll_pwait2", "epoll_wait",    "epoll_wait_old", "eventfd",
	"eventfd2",	   "poll",	   "ppoll",	    "ppoll_time64",   "pselect6",
	"pselect6_time64", "select"};

static const char *const io_uring_calls[] = {"io_uring_enter", "io_uring_register",
					     "io_uring_setup"};

static const char *const ipc_calls[] = {"ipc",
					"memfd_create",
					"memfd_secret",
					"mq_getsetattr",
					"mq_notify",
					"mq_open",
					"mq_timedreceive",
					"mq_timedreceive_time64",
					"mq_timedsend",
					"mq_timedsend_time64",
					"mq_unlink",
					"msgctl",
					"msgget",
					"msgrcv",
					"msgsnd",
					"pipe",
					"pipe2",
					"process_madvise",
					"process_vm_readv",
					"process_vm_writev",
					"semctl",
					"semget",
					"semop",
					"semtimedop",
					"semtimedop_time64",
					"shmat",
					"shmctl",
					"shmdt",
					"shmget"};

static const char *const keyring_calls[] = {"add_key", "keyctl", "request_key"};

static const char *const landlock_calls[] = {"landlock_add_rule", "landlock_create_ruleset",
					     "landlock_restrict_self"};

static const char *const memlock_calls[] = {"mlock", "mlock2", "mlockall", "munlock", "munlockall"};

static const char *const memory_calls[] = {"break",
					   "brk",
					   "cacheflush",
					   "get_mempolicy",
					   "madvise",
					   "map_shadow_stack",
					   "mbind",
					   "membarrier",
					   "mincore",
					   "mmap",
					   "mmap2",
					   "mprotect",
					   "mremap",
					   "mseal",
					   "msync",
					   "munmap",
					   "process_madvise",
					   "process_mrelease",
					   "remap_file_pages",
					   "s390_guarded_storage",
					   "set_mempolicy",
					   "set_mempolicy_home_node"};

static const char *const module_calls[] = {"create_module",   "delete_module", "finit_module",
					   "get_kernel_syms", "init_module",   "query_module"};

static const char *const mount_calls[] = {
	"chroot",	  "fsconfig",	"fsmount",	 "fsopen",     "fspick",
	"listmount",	  "mount",	"mount_setattr", "move_mount", "open_tree",
	"open_tree_attr", "pivot_root", "statmount",	 "umount",     "umount2"};

static const char *const namespace_calls[] = {"setns", "unshare"};

static const char *const network_io_calls[] = {
	"accept",     "accept4", "bind",       "connect",   "getpeername", "getsockname",
	"getsockopt", "listen",	 "recv",       "recvfrom",  "recvmmsg",	   "recvmmsg_time64",
	"recvmsg",    "send",	 "sendmmsg",   "sendmsg",   "sendto",	   "setsockopt",
	"shutdown",   "socket",	 "socketcall", "socketpair"};

static const char *const notify_calls[] = {"fanotify_init", "fanotify_mark"};

static const char *const obsolete_calls[] = {"_sysctl",	       "afs_syscall",	"bdflush",
					     "break",	       "create_module", "epoll_ctl_old",
					     "epoll_wait_old", "ftime",		"get_kernel_syms",
					     "getpmsg",	       "gtty",		"idle",
					     "lock",	       "mpx",		"multiplexer",
					     "nfsservctl",     "oldfstat",	"oldlstat",
					     "oldolduname",    "oldstat",	"olduname",
					     "prof",	       "profil",	"putpmsg",
					     "query_module",   "security",	"sgetmask",
					     "ssetmask",       "stty",		"sysfs",
					     "timerfd",	       "tuxcall",	"ulimit",
					     "uselib",	       "usr26",		"usr32",
					     "ustat",	       "vserver"};

static const char *const perf_calls[] = {"perf_event_open"};

static const char *const pkey_calls[] = {"pkey_alloc", "pkey_free", "pkey_mprotect"};

static const char *const privileged_calls[] = {
	"_sysctl",	  "acct",	   "bpf",
	"chroot",	  "fanotify_init", "fanotify_mark",
	"lookup_dcookie", "nfsservctl",	   "open_by_handle_at",
	"pivot_root",	  "quotactl",	   "quotactl_fd",
	"setdomainname",  "sethostname",   "syslog",
	"vhangup"};

static const char *const process_calls[] = {"arch_prctl",
					    "capget",
					    "capset",
					    "clone",
					    "clone3",
					    "execve",
					    "execveat",
					    "exit",
					    "exit_group",
					    "fork",
					    "futex",
					    "futex_requeue",
					    "futex_time64",
					    "futex_wait",
					    "futex_waitv",
					    "futex_wake",
					    "get_robust_list",
					    "get_thread_area",
					    "get_tls",
					    "getcpu",
					    "getegid",
					    "getegid32",
					    "geteuid",
					    "geteuid32",
					    "getgid",
					    "getgid32",
					    "getgroups",
					    "getgroups32",
					    "getpgid",
					    "getpgrp",
					    "getpid",
					    "getppid",
					    "getresgid",
					    "getresgid32",
					    "getresuid",
					    "getresuid32",
					    "getrusage",
					    "getsid",
					    "gettid",
					    "getuid",
					    "getuid32",
					    "kill",
					    "lsm_get_self_attr",
					    "lsm_list_modules",
					    "lsm_set_self_attr",
					    "personality",
					    "pidfd_open",
					    "pidfd_send_signal",
					    "prctl",
					    "restart_syscall",
					    "rseq",
					    "rt_sigqueueinfo",
					    "rt_tgsigqueueinfo",
					    "set_robust_list",
					    "set_thread_area",
					    "set_tid_address",
					    "set_tls",
					    "setpgid",
					    "setsid",
					    "swapcontext",
					    "syscall",
					    "tgkill",
					    "times",
					    "tkill",
					    "vfork",
					    "wait4",
					    "waitid",
					    "waitpid"};

static const char *const processor_calls[] = {
	"breakpoint", "cachectl",   "cacheflush", "riscv_flush_icache",
	"s390_sthyi", "spu_create", "spu_run",	  "sysmips"};

static const char *const raw_io_calls[] = {"ioperm",
					   "iopl",
					   "pciconfig_iobase",
					   "pciconfig_read",
					   "pciconfig_write",
					   "s390_pci_mmio_read",
					   "s390_pci_mmio_write"};

static const char *const reboot_calls[] = {"kexec_file_load", "kexec_load", "reboot"};

static const char *const resources_calls[] = {"getpriority",
					      "getrlimit",
					      "ioprio_get",
					      "ioprio_set",
					      "mbind",
					      "migrate_pages",
					      "move_pages",
					      "nice",
					      "prlimit64",
					      "sched_get_priority_max",
					      "sched_get_priority_min",
					      "sched_getaffinity",
					      "sched_getattr",
					      "sched_getparam",
					      "sched_getscheduler",
					      "sched_rr_get_interval",
					      "sched_rr_get_interval_time64",
					      "sched_setaffinity",
					      "sched_setattr",
					      "sched_setparam",
					      "sched_setscheduler",
					      "sched_yield",
					      "set_mempolicy",
					      "setpriority",
					      "setrlimit",
					      "ugetrlimit"};

static const char *const sandbox_calls[] = {"landlock_add_rule", "landlock_create_ruleset",
					    "landlock_restrict_self", "lsm_set_self_attr",
					    "seccomp"};

static const char *const setuid_calls[] = {
	"setfsgid",  "setfsgid32",  "setfsuid", "setfsuid32", "setgid",	   "setgid32",
	"setgroups", "setgroups32", "setregid", "setregid32", "setresgid", "setresgid32",
	"setresuid", "setresuid32", "setreuid", "setreuid32", "setuid",	   "setuid32"};

static const char *const signal_calls[] = {"kill",
					   "pause",
					   "pidfd_send_signal",
					   "rt_sigaction",
					   "rt_sigpending",
					   "rt_sigprocmask",
					   "rt_sigqueueinfo",
					   "rt_sigreturn",
					   "rt_sigsuspend",
					   "rt_sigtimedwait",
					   "rt_sigtimedwait_time64",
					   "rt_tgsigqueueinfo",
					   "sigaction",
					   "sigaltstack",
					   "signal",
					   "signalfd",
					   "signalfd4",
					   "sigpending",
					   "sigprocmask",
					   "sigreturn",
					   "sigsuspend",
					   "tgkill",
					   "tkill"};

static const char *const splice_calls[] = {"copy_file_range", "sendfile", "sendfile64",
					   "splice",	      "tee",	  "vmsplice"};

static const char *const swap_calls[] = {"swapoff", "swapon"};

static const char *const sync_calls[] = {
	"arm_sync_file_range", "fdatasync",	   "fsync", "msync", "sync",
	"sync_file_range",     "sync_file_range2", "syncfs"};

static const char *const system_info_calls[] = {"getrandom", "oldolduname", "olduname", "sysinfo",
						"uname"};

static const char *const time_calls[] = {"alarm",
					 "clock_getres",
					 "clock_getres_time64",
					 "clock_gettime",
					 "clock_gettime64",
					 "clock_nanosleep",
					 "clock_nanosleep_time64",
					 "getitimer",
					 "gettimeofday",
					 "nanosleep",
					 "setitimer",
					 "time",
					 "timer_create",
					 "timer_delete",
					 "timer_getoverrun",
					 "timer_gettime",
					 "timer_gettime64",
					 "timer_settime",
					 "timer_settime64",
					 "timerfd_create",
					 "timerfd_gettime",
					 "timerfd_gettime64",
					 "timerfd_settime",
					 "timerfd_settime64"};

static const char *const userfault_calls[] = {"userfaultfd"};

#define GROUP(name, purpose, calls)                                                                \
	{                                                                                          \
		name, purpose, calls, RF_ARRAY_LEN(calls)                                          \
	}

/* clang-format off */
static const struct rf_group groups[] = {
	GROUP("advice", "hints about how files are read", advice_calls),
	GROUP("aio", "asynchronous input and output of the older kind, and io_uring", aio_calls),
	GROUP("basic-io", "reading, writing and closing what is open", basic_io_calls),
	GROUP("bpf", "loading programs into the kernel", bpf_calls),
	GROUP("chown", "changing owners", chown_calls),
	GROUP("clock", "setting the system's clock", clock_calls),
	GROUP("cpu-emulation", "old processor modes", cpu_emulation_calls),
	GROUP("debug", "looking into and changing other processes, measuring the kernel", debug_calls),
	GROUP("device-control", "commands to devices and terminals", device_control_calls),
	GROUP("file-handle", "opening files by handle instead of by name", file_handle_calls),
	GROUP("file-system", "names, contents and attributes of files", file_system_calls),
	GROUP("io-event", "waiting for events", io_event_calls),
	GROUP("io-uring", "io_uring, whose operations no filter sees", io_uring_calls),
	GROUP("ipc", "pipes, queues, semaphores and memory between processes", ipc_calls),
	GROUP("keyring", "the kernel's key store", keyring_calls),
	GROUP("landlock", "Landlock rule sets", landlock_calls),
	GROUP("memlock", "pinning memory", memlock_calls),
	GROUP("memory", "a process's own memory", memory_calls),
	GROUP("module", "kernel modules", module_calls),
	GROUP("mount", "the mount table and file systems", mount_calls),
	GROUP("namespace", "making and entering namespaces (clone and clone3 too, by their flags)", namespace_calls),
	GROUP("network-io", "sockets", network_io_calls),
	GROUP("notify", "watching a file system for everybody", notify_calls),
	GROUP("obsolete", "calls that no kernel of today serves, or that nothing needs", obsolete_calls),
	GROUP("perf", "performance events", perf_calls),
	GROUP("pkey", "memory protection keys", pkey_calls),
	GROUP("privileged", "what only the system's administrator does", privileged_calls),
	GROUP("process", "making, replacing, waiting for and ending processes and threads", process_calls),
	GROUP("processor", "calls of one processor family", processor_calls),
	GROUP("raw-io", "ports and devices past their drivers", raw_io_calls),
	GROUP("reboot", "restarting and replacing the kernel", reboot_calls),
	GROUP("resources", "priorities, limits, processors and memory placement", resources_calls),
	GROUP("sandbox", "giving up rights", sandbox_calls),
	GROUP("setuid", "changing user and groups", setuid_calls),
	GROUP("signal", "receiving and sending signals", signal_calls),
	GROUP("splice", "moving data between descriptors inside the kernel", splice_calls),
	GROUP("swap", "swap space", swap_calls),
	GROUP("sync", "writing cached data out", sync_calls),
	GROUP("system-info", "asking about the system", system_info_calls),
	GROUP("time", "telling the time and sleeping", time_calls),
	GROUP("userfault", "handling page faults in user space", userfault_calls),
};
/* clang-format on */

static int compare_group(const void *name, const void *group)
{
	return strcmp(name, ((const struct rf_group *)group)->name);
}

const struct rf_group *rf_group_find(const char *name)
{
	return bsearch(name, groups, RF_ARRAY_LEN(groups), sizeof(groups[0]), compare_group);
}

const struct rf_group *rf_group_at(size_t index)
{
	return index < RF_ARRAY_LEN(groups) ? &groups[index] : NULL;
}
