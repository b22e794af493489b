/* SPDX-License-Identifier: Apache-2.0 */
/* A process outside: its memory, signals to it, its limits, and what is shared with it. */
#include <fcntl.h>
#include <linux/capability.h>
#include <mqueue.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "sandbox/attack/scene.h"

static pid_t victim(const struct rf_try *t)
{
	return t->scene->victim;
}

static void attach(struct rf_try *t)
{
	rf_try_result(t, ptrace(PTRACE_SEIZE, victim(t), NULL, NULL), "ptrace");
}

static void see_token(struct rf_try *t, ssize_t len, const char *text, const char *what)
{
	if (len < 0)
		rf_try_failed(t, what);
	else if (strncmp(text, t->scene->token, RF_TOKEN_LEN) == 0)
		rf_try_passed(t, "its memory was read");
	else
		rf_try_untried(t, "something else was read");
}

static void read_memory(struct rf_try *t)
{
	char text[RF_TOKEN_LEN + 1] = "";
	struct iovec mine = {text, RF_TOKEN_LEN};
	struct iovec its = {(void *)(uintptr_t)rf_victim_token(), RF_TOKEN_LEN};

	see_token(t, syscall(SYS_process_vm_readv, victim(t), &mine, 1, &its, 1, 0), text,
		  "process_vm_readv");
}

/* Writes what is there already. */
static void write_memory(struct rf_try *t)
{
	struct iovec mine = {(void *)(uintptr_t)t->scene->token, RF_TOKEN_LEN};
	struct iovec its = {(void *)(uintptr_t)rf_victim_token(), RF_TOKEN_LEN};

	rf_try_result(t, syscall(SYS_process_vm_writev, victim(t), &mine, 1, &its, 1, 0),
		      "process_vm_writev");
}

static int open_proc(const struct rf_try *t, const char *file)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", victim(t), file);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static void proc_memory(struct rf_try *t)
{
	char text[RF_TOKEN_LEN + 1] = "";
	int fd = open_proc(t, "mem");
	off_t at = (off_t)(uintptr_t)rf_victim_token();

	see_token(t, fd < 0 ? fd : pread(fd, text, RF_TOKEN_LEN, at), text, "/proc/PID/mem");
}

/*
 * Since Linux 6.16 who holds CAP_PERFMON reads these of anybody, and no security module is asked:
 * then they tell nothing about the fence.
 */
static bool has_perfmon(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};

	return syscall(SYS_capget, &head, data) == 0 &&
	       ((data[CAP_PERFMON / 32].effective >> (CAP_PERFMON % 32) & 1) ||
		(data[0].effective >> CAP_SYS_ADMIN & 1));
}

static void read_proc(struct rf_try *t, const char *file)
{
	char byte;
	int fd = open_proc(t, file);
	ssize_t len = fd < 0 ? fd : read(fd, &byte, 1);

	if (len >= 0 && has_perfmon() && !t->scene->lsm) {
		errno = 0;
		rf_try_untried(t, "with CAP_PERFMON the kernel asks nobody (Linux 6.16)");
		return;
	}
	rf_try_result(t, len, file);
}

static void proc_environ(struct rf_try *t)
{
	read_proc(t, "environ");
}

static void proc_maps(struct rf_try *t)
{
	read_proc(t, "maps");
}

static void compare(struct rf_try *t)
{
	rf_try_result(t, syscall(SYS_kcmp, getpid(), victim(t), 0, 0, 0), "kcmp");
}

/* SIGCONT does nothing to who was not stopped. */
static void send_signal(struct rf_try *t)
{
	rf_try_result(t, kill(victim(t), SIGCONT), "kill");
}

static void send_to_thread(struct rf_try *t)
{
	rf_try_result(t, syscall(SYS_tgkill, victim(t), victim(t), SIGCONT), "tgkill");
}

static void send_to_pidfd(struct rf_try *t)
{
	long fd = syscall(SYS_pidfd_open, victim(t), 0);

	if (fd < 0)
		rf_try_failed(t, "pidfd_open");
	else
		rf_try_result(t, syscall(SYS_pidfd_send_signal, fd, SIGCONT, NULL, 0),
			      "pidfd_send_signal");
}

static void queue_signal(struct rf_try *t)
{
	siginfo_t info = {.si_code = SI_QUEUE, .si_signo = SIGCONT};

	rf_try_result(t, syscall(SYS_rt_sigqueueinfo, victim(t), SIGCONT, &info),
		      "rt_sigqueueinfo");
}

static void set_limit(struct rf_try *t)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_CORE, &limit) < 0)
		rf_try_failed(t, "getrlimit");
	else
		rf_try_result(t, prlimit(victim(t), RLIMIT_CORE, &limit, NULL), "prlimit");
}

static void set_priority(struct rf_try *t)
{
	rf_try_result(t, setpriority(PRIO_PROCESS, (id_t)victim(t), 19), "setpriority");
}

static void set_affinity(struct rf_try *t)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		rf_try_failed(t, "sched_getaffinity");
	else
		rf_try_result(t, sched_setaffinity(victim(t), sizeof(set), &set),
			      "sched_setaffinity");
}

static void set_scheduler(struct rf_try *t)
{
	const struct sched_param param = {0};

	rf_try_result(t, sched_setscheduler(victim(t), SCHED_BATCH, &param), "sched_setscheduler");
}

static void set_io_priority(struct rf_try *t)
{
	rf_try_result(t, syscall(SYS_ioprio_set, 1, victim(t), 3 << 13), "ioprio_set");
}

/* ---- System V and POSIX objects of the outside ---- */

static int make_shm(struct rf_try *t)
{
	char *at;

	t->value = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0666);
	if (t->value < 0)
		return -errno;
	at = shmat((int)t->value, NULL, 0);
	if (at == (void *)-1)
		return -errno;
	memcpy(at, t->scene->token, RF_TOKEN_LEN);
	(void)shmdt(at);
	return 0;
}

static void attach_shm(struct rf_try *t)
{
	const char *at = shmat((int)t->value, NULL, SHM_RDONLY);

	if (at == (void *)-1)
		rf_try_failed(t, "shmat");
	else
		see_token(t, 0, at, "shmat");
}

static void remove_shm(const struct rf_try *t)
{
	if (t->wanted)
		(void)shmctl((int)t->value, IPC_RMID, NULL);
}

static void delete_shm(struct rf_try *t)
{
	rf_try_result(t, shmctl((int)t->value, IPC_RMID, NULL), "shmctl");
}

struct message {
	long type;
	char text[RF_TOKEN_LEN];
};

static int make_queue(struct rf_try *t)
{
	struct message message = {.type = 1};

	memcpy(message.text, t->scene->token, sizeof(message.text));
	t->value = msgget(IPC_PRIVATE, IPC_CREAT | 0666);
	if (t->value < 0 || msgsnd((int)t->value, &message, sizeof(message.text), IPC_NOWAIT) < 0)
		return -errno;
	return 0;
}

static void take_message(struct rf_try *t)
{
	struct message message = {.type = 0};

	see_token(t, msgrcv((int)t->value, &message, sizeof(message.text), 0, IPC_NOWAIT),
		  message.text, "msgrcv");
}

static void remove_queue(const struct rf_try *t)
{
	if (t->wanted)
		(void)msgctl((int)t->value, IPC_RMID, NULL);
}

static int make_semaphore(struct rf_try *t)
{
	t->value = semget(IPC_PRIVATE, 1, IPC_CREAT | 0666);
	return t->value < 0 ? -errno : 0;
}

static void raise_semaphore(struct rf_try *t)
{
	struct sembuf up = {.sem_op = 1, .sem_flg = IPC_NOWAIT};

	rf_try_result(t, semop((int)t->value, &up, 1), "semop");
}

static void remove_semaphore(const struct rf_try *t)
{
	if (t->wanted)
		(void)semctl((int)t->value, 0, IPC_RMID);
}

static const char *queue_name(const struct rf_try *t)
{
	static char name[64];

	(void)snprintf(name, sizeof(name), "/rf-attack-%.16s", t->scene->token);
	return name;
}

static int make_mqueue(struct rf_try *t)
{
	struct mq_attr attr = {.mq_maxmsg = 1, .mq_msgsize = RF_TOKEN_LEN};
	mqd_t queue = mq_open(queue_name(t), O_RDWR | O_CREAT | O_EXCL, 0644, &attr);

	if (queue < 0)
		return -errno;
	(void)mq_close(queue);
	return 0;
}

static void open_mqueue(struct rf_try *t)
{
	rf_try_result(t, mq_open(queue_name(t), O_RDONLY), "mq_open");
}

static void remove_mqueue(const struct rf_try *t)
{
	if (t->wanted)
		(void)mq_unlink(queue_name(t));
}

#define ROW(name, words, key, fn, ...)                                                             \
	{                                                                                          \
		.id = "processes." name, .text = words, .ask = RF_ASK_KERNEL(key), .run = fn,      \
		##__VA_ARGS__                                                                      \
	}
#define LSM .needs = RF_NEEDS_LSM

static const struct rf_attempt attempts[] = {
	ROW("trace", "trace a process outside", PTRACE, attach),
	ROW("read", "read its memory", PTRACE, read_memory),
	ROW("write", "write its memory", PTRACE, write_memory),
	ROW("mem", "read it through /proc/PID/mem", PTRACE, proc_memory),
	ROW("environ", "read its environment", PTRACE, proc_environ),
	ROW("maps", "read where its memory is", PTRACE, proc_maps),
	ROW("kcmp", "compare its descriptors with one's own", PTRACE, compare),
	ROW("signal", "send it a signal", SIGNALS, send_signal),
	ROW("tgkill", "send one to its thread", SIGNALS, send_to_thread),
	ROW("pidfd", "send one by a pidfd", SIGNALS, send_to_pidfd),
	ROW("queue", "send one with a value", SIGNALS, queue_signal),
	ROW("limit", "set a limit of it", SIGNALS, set_limit, LSM),
	ROW("priority", "set its priority", SIGNALS, set_priority, LSM),
	ROW("affinity", "set its processors", SIGNALS, set_affinity, LSM),
	ROW("scheduler", "set its scheduler", SIGNALS, set_scheduler, LSM),
	ROW("io-priority", "set its I/O priority", SIGNALS, set_io_priority, LSM),
	ROW("shm", "read shared memory of the outside", IPC, attach_shm, .prepare = make_shm,
	    .undo = remove_shm),
	ROW("shm-remove", "remove it", IPC, delete_shm, .prepare = make_shm, .undo = remove_shm),
	ROW("message", "take a message from a queue of the outside", IPC, take_message,
	    .prepare = make_queue, .undo = remove_queue),
	ROW("semaphore", "raise a semaphore of the outside", IPC, raise_semaphore,
	    .prepare = make_semaphore, .undo = remove_semaphore),
	ROW("mqueue", "open a POSIX queue of the outside", IPC, open_mqueue, .prepare = make_mqueue,
	    .undo = remove_mqueue),
};

const struct rf_attempt_group rf_attack_processes = {attempts, RF_ARRAY_LEN(attempts)};
