/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Numbers of hooks and operations in event records, and the words users see.
 *
 * One list each, expanded to an enum here (for BPF and C) and to a table of words in names.c, so
 * that neither can be forgotten. Append only: old readers know the old numbers.
 */
#ifndef RF_LSM_NAMES_H
#define RF_LSM_NAMES_H

/* X(suffix, "word"): the hook that refused, event member `hook`. */
#define RF_HOOKS(X)                                                                                \
	X(NONE, "none")                                                                            \
	X(FILE_OPEN, "file_open")                                                                  \
	X(FILE_RECEIVE, "file_receive")                                                            \
	X(FILE_TRUNCATE, "file_truncate")                                                          \
	X(FILE_IOCTL, "file_ioctl")                                                                \
	X(FILE_FCNTL, "file_fcntl")                                                                \
	X(FILE_PERMISSION, "file_permission")                                                      \
	X(FILE_LOCK, "file_lock")                                                                  \
	X(FILE_MPROTECT, "file_mprotect")                                                          \
	X(MMAP_FILE, "mmap_file")                                                                  \
	X(PATH_MKNOD, "path_mknod")                                                                \
	X(PATH_MKDIR, "path_mkdir")                                                                \
	X(PATH_SYMLINK, "path_symlink")                                                            \
	X(PATH_LINK, "path_link")                                                                  \
	X(PATH_RENAME, "path_rename")                                                              \
	X(PATH_UNLINK, "path_unlink")                                                              \
	X(PATH_RMDIR, "path_rmdir")                                                                \
	X(PATH_TRUNCATE, "path_truncate")                                                          \
	X(PATH_CHMOD, "path_chmod")                                                                \
	X(PATH_CHOWN, "path_chown")                                                                \
	X(PATH_CHROOT, "path_chroot")                                                              \
	X(PATH_NOTIFY, "path_notify")                                                              \
	X(INODE_SETATTR, "inode_setattr")                                                          \
	X(INODE_GETXATTR, "inode_getxattr")                                                        \
	X(INODE_SETXATTR, "inode_setxattr")                                                        \
	X(INODE_REMOVEXATTR, "inode_removexattr")                                                  \
	X(INODE_SET_ACL, "inode_set_acl")                                                          \
	X(INODE_REMOVE_ACL, "inode_remove_acl")                                                    \
	X(INODE_READLINK, "inode_readlink")                                                        \
	X(INODE_LISTXATTR, "inode_listxattr")                                                      \
	X(INODE_PERMISSION, "inode_permission")                                                    \
	X(INODE_INIT_ANON, "inode_init_security_anon")                                             \
	X(BPRM_CREDS_FOR_EXEC, "bprm_creds_for_exec")                                              \
	X(BPRM_CHECK, "bprm_check_security")                                                       \
	X(BPRM_COMMITTED, "bprm_committed_creds")                                                  \
	X(SOCKET_CREATE, "socket_create")                                                          \
	X(SOCKET_BIND, "socket_bind")                                                              \
	X(SOCKET_CONNECT, "socket_connect")                                                        \
	X(SOCKET_LISTEN, "socket_listen")                                                          \
	X(SOCKET_ACCEPT, "socket_accept")                                                          \
	X(SOCKET_SENDMSG, "socket_sendmsg")                                                        \
	X(SOCKET_SETSOCKOPT, "socket_setsockopt")                                                  \
	X(SCTP_BIND_CONNECT, "sctp_bind_connect")                                                  \
	X(UNIX_STREAM_CONNECT, "unix_stream_connect")                                              \
	X(UNIX_MAY_SEND, "unix_may_send")                                                          \
	X(NETLINK_SEND, "netlink_send")                                                            \
	X(CGROUP_DEVICE, "cgroup_device")                                                          \
	X(CGROUP_CONNECT, "cgroup_connect")                                                        \
	X(CGROUP_BIND, "cgroup_bind")                                                              \
	X(CGROUP_SENDMSG, "cgroup_sendmsg")                                                        \
	X(CGROUP_SOCK_CREATE, "cgroup_sock_create")                                                \
	X(CGROUP_UNIX_CONNECT, "cgroup_unix_connect")                                              \
	X(CGROUP_POST_BIND, "cgroup_post_bind")                                                    \
	X(SB_MOUNT, "sb_mount")                                                                    \
	X(SB_UMOUNT, "sb_umount")                                                                  \
	X(SB_REMOUNT, "sb_remount")                                                                \
	X(SB_PIVOTROOT, "sb_pivotroot")                                                            \
	X(SB_STATFS, "sb_statfs")                                                                  \
	X(SB_SET_MNT_OPTS, "sb_set_mnt_opts")                                                      \
	X(SB_KERN_MOUNT, "sb_kern_mount")                                                          \
	X(MOVE_MOUNT, "move_mount")                                                                \
	X(USERNS_CREATE, "userns_create")                                                          \
	X(TASK_ALLOC, "task_alloc")                                                                \
	X(TASK_KILL, "task_kill")                                                                  \
	X(TASK_PRLIMIT, "task_prlimit")                                                            \
	X(TASK_SETSCHEDULER, "task_setscheduler")                                                  \
	X(TASK_SETNICE, "task_setnice")                                                            \
	X(TASK_SETIOPRIO, "task_setioprio")                                                        \
	X(TASK_SETPGID, "task_setpgid")                                                            \
	X(TASK_MOVEMEMORY, "task_movememory")                                                      \
	X(TASK_PRCTL, "task_prctl")                                                                \
	X(PTRACE_ACCESS_CHECK, "ptrace_access_check")                                              \
	X(PTRACE_TRACEME, "ptrace_traceme")                                                        \
	X(FILE_SEND_SIGIOTASK, "file_send_sigiotask")                                              \
	X(CAPABLE, "capable")                                                                      \
	X(CAP_CAPABLE, "cap_capable")                                                              \
	X(BPF, "bpf")                                                                              \
	X(BPF_MAP, "bpf_map")                                                                      \
	X(BPF_PROG, "bpf_prog")                                                                    \
	X(PERF_EVENT_OPEN, "perf_event_open")                                                      \
	X(KEY_ALLOC, "key_alloc")                                                                  \
	X(KEY_PERMISSION, "key_permission")                                                        \
	X(KERNEL_READ_FILE, "kernel_read_file")                                                    \
	X(KERNEL_LOAD_DATA, "kernel_load_data")                                                    \
	X(KERNEL_MODULE_REQUEST, "kernel_module_request")                                          \
	X(LOCKED_DOWN, "locked_down")                                                              \
	X(QUOTACTL, "quotactl")                                                                    \
	X(SYSLOG, "syslog")                                                                        \
	X(SETTIME, "settime")                                                                      \
	X(URING_OVERRIDE_CREDS, "uring_override_creds")                                            \
	X(URING_SQPOLL, "uring_sqpoll")                                                            \
	X(URING_CMD, "uring_cmd")                                                                  \
	X(URING_ALLOWED, "uring_allowed")                                                          \
	X(IPC_PERMISSION, "ipc_permission")                                                        \
	X(SHM_SHMAT, "shm_shmat")                                                                  \
	X(MSG_QUEUE_MSGSND, "msg_queue_msgsnd")                                                    \
	X(MSG_QUEUE_MSGRCV, "msg_queue_msgrcv")                                                    \
	X(SEM_SEMOP, "sem_semop")                                                                  \
	X(SECCOMP, "seccomp")                                                                      \
	X(LANDLOCK, "landlock")                                                                    \
	X(SCHED_PROCESS_EXIT, "sched_process_exit")                                                \
	X(INODE_UNLINK, "inode_unlink")                                                            \
	X(INODE_COPY_UP, "inode_copy_up")                                                          \
	X(INODE_GET_ACL, "inode_get_acl")                                                          \
	X(SHM_ALLOC, "shm_alloc_security")                                                         \
	X(MSG_QUEUE_ALLOC, "msg_queue_alloc_security")                                             \
	X(SEM_ALLOC, "sem_alloc_security")

/* X(suffix, "word"): what was tried, event member `operation`. */
#define RF_OPERATIONS(X)                                                                           \
	X(NONE, "none")                                                                            \
	X(OPEN, "open")                                                                            \
	X(CREATE, "create")                                                                        \
	X(MKDIR, "mkdir")                                                                          \
	X(MKNOD, "mknod")                                                                          \
	X(SYMLINK, "symlink")                                                                      \
	X(LINK, "link")                                                                            \
	X(RENAME, "rename")                                                                        \
	X(EXCHANGE, "exchange")                                                                    \
	X(UNLINK, "unlink")                                                                        \
	X(RMDIR, "rmdir")                                                                          \
	X(TRUNCATE, "truncate")                                                                    \
	X(CHMOD, "chmod")                                                                          \
	X(CHOWN, "chown")                                                                          \
	X(UTIMES, "utimes")                                                                        \
	X(GETXATTR, "getxattr")                                                                    \
	X(SETXATTR, "setxattr")                                                                    \
	X(REMOVEXATTR, "removexattr")                                                              \
	X(SETACL, "setacl")                                                                        \
	X(READLINK, "readlink")                                                                    \
	X(IOCTL, "ioctl")                                                                          \
	X(FCNTL, "fcntl")                                                                          \
	X(MMAP, "mmap")                                                                            \
	X(MPROTECT, "mprotect")                                                                    \
	X(EXEC, "exec")                                                                            \
	X(RECEIVE, "receive")                                                                      \
	X(NOTIFY, "notify")                                                                        \
	X(CHROOT, "chroot")                                                                        \
	X(SOCKET, "socket")                                                                        \
	X(CONNECT, "connect")                                                                      \
	X(SEND, "send")                                                                            \
	X(BIND, "bind")                                                                            \
	X(LISTEN, "listen")                                                                        \
	X(ACCEPT, "accept")                                                                        \
	X(MOUNT, "mount")                                                                          \
	X(UMOUNT, "umount")                                                                        \
	X(PIVOT_ROOT, "pivot_root")                                                                \
	X(UNSHARE, "unshare")                                                                      \
	X(CLONE, "clone")                                                                          \
	X(PTRACE, "ptrace")                                                                        \
	X(SIGNAL, "signal")                                                                        \
	X(PRLIMIT, "prlimit")                                                                      \
	X(SCHED, "sched")                                                                          \
	X(IPC, "ipc")                                                                              \
	X(IO_URING, "io_uring")                                                                    \
	X(BPF, "bpf")                                                                              \
	X(PERF, "perf_event_open")                                                                 \
	X(KEY, "key")                                                                              \
	X(MODULE, "module")                                                                        \
	X(SYSCALL, "syscall")                                                                      \
	X(CAPABLE, "capable")                                                                      \
	X(READ, "read")                                                                            \
	X(WRITE, "write")                                                                          \
	X(EXIT, "exit")                                                                            \
	X(FORK, "fork")

#define RF_NAME_HOOK_ENUM(suffix, word) RF_H_##suffix,
#define RF_NAME_OP_ENUM(suffix, word)	RF_OP_##suffix,
enum rf_hook {
	RF_HOOKS(RF_NAME_HOOK_ENUM) RF_H_COUNT
};
enum rf_operation {
	RF_OPERATIONS(RF_NAME_OP_ENUM) RF_OP_COUNT
};

#ifndef __bpf__
/* Words for numbers; NULL for a number out of range. `code` is RF_CODE_* of lsm/abi.h. */
const char *rf_hook_name(unsigned int hook);
const char *rf_operation_name(unsigned int operation);
const char *rf_code_name(unsigned int code);
const char *rf_layer_name(unsigned int layer);
const char *rf_kernel_word(unsigned int key);
#endif

#endif
