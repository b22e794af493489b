/* SPDX-License-Identifier: Apache-2.0 */
/* The poll loop. See supervise.h. */
#include "sandbox/launch/supervise.h"

#include <poll.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "sandbox/launch/child.h"
#include "sandbox/launch/descendants.h"

/* Between the polite and the final signal of --timeout. */
#define GRACE_NS 2000000000u

enum phase {
	RUNNING,
	ASKED_TO_END, /* SIGTERM was sent */
	KILLED
};

struct loop {
	struct rf_supervision *s;
	struct rf_outcome *ret;
	struct rf_err *err;
	enum phase phase;
	uint64_t deadline; /* 0: none */
	bool ended;
	bool failed_in_child;
	bool watching[RF_WATCH_MAX];
};

enum {
	POLL_SIGNALS,
	POLL_PIDFD,
	POLL_ERROR,
	POLL_FIRST_WATCH
};

static void send_signal(const struct loop *l, int sig)
{
	(void)syscall(SYS_pidfd_send_signal, l->s->launch->pidfd, sig, NULL, 0);
}

static void kill_all(const struct loop *l)
{
	if (l->s->launch->cgroup_fd < 0 || l->s->launch->joins ||
	    rf_cgroup_kill(l->s->launch->cgroup_fd, NULL) < 0)
		send_signal(l, SIGKILL);
}

/* The child said why it could not exec, or said nothing because it did. */
static int take_child_record(struct loop *l)
{
	struct rf_child_record record;
	ssize_t len = read(l->s->error_fd, &record, sizeof(record));

	if (len < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	(void)close(RF_TAKE_FD(l->s->error_fd));
	if (len == 0)
		return 0;
	if (len != sizeof(record))
		return rf_err_set(l->err, -EIO, "the child's report is damaged");
	record.err.msg[sizeof(record.err.msg) - 1] = '\0';
	*l->err = record.err;
	l->failed_in_child = true;
	l->ret->end = record.status == 125 ? RF_END_NOT_STARTED : RF_END_NO_EXEC;
	l->ret->value = record.status;
	return 0;
}

/* The command stopped: so do we, and it goes on when we do (SIGCONT is passed on). */
static void follow_stop(struct loop *l)
{
	siginfo_t info = {0};

	if (waitid(P_PIDFD, (id_t)l->s->launch->pidfd, &info, WSTOPPED | WNOHANG) < 0 ||
	    info.si_pid == 0 || sigismember(&l->s->request->inherited->ignored, SIGTSTP) == 1)
		return;
	rf_stop_like_child(l->deadline);
	rf_terminal_lend(l->s->request->inherited->terminal, l->s->launch->pid);
}

/*
 * A signal from the terminal went to the whole process group: the command has it already. One that
 * the command sent to its group must not come back to it.
 */
static bool reached_command(const struct loop *l, const struct signalfd_siginfo *info)
{
	if (info->ssi_code == SI_KERNEL)
		return !l->s->request->policy->new_session;
	return info->ssi_signo != SIGCONT && (pid_t)info->ssi_pid == l->s->launch->pid;
}

/* A session of its own has no shell above it, and there the kernel drops SIGTSTP. */
static void pass_on(const struct loop *l, int sig)
{
	bool stops = sig == SIGTSTP && l->s->request->policy->new_session;

	send_signal(l, stops ? SIGSTOP : sig);
}

static int take_signals(struct loop *l, int signal_fd)
{
	struct signalfd_siginfo info[16];
	ssize_t len = read(signal_fd, info, sizeof(info));
	bool child_changed = false, continued = false;

	if (len < 0 && errno != EINTR && errno != EAGAIN)
		return rf_err_sys(l->err, -errno, "cannot read signals");
	for (ssize_t i = 0; i < len / (ssize_t)sizeof(info[0]); i++) {
		child_changed |= info[i].ssi_signo == SIGCHLD;
		continued |= info[i].ssi_signo == SIGCONT;
		if (info[i].ssi_signo != SIGCHLD && !reached_command(l, &info[i]))
			pass_on(l, (int)info[i].ssi_signo);
	}
	/* Continued together with the command: its stop is yesterday's news, even if still seen. */
	if (child_changed && !continued)
		follow_stop(l);
	return 0;
}

static int take_end(struct loop *l)
{
	siginfo_t info = {0};

	if (waitid(P_PIDFD, (id_t)l->s->launch->pidfd, &info, WEXITED | WNOHANG) < 0)
		return rf_err_sys(l->err, -errno, "cannot wait for the command");
	if (info.si_pid == 0)
		return 0;
	l->ended = true;
	/* A record may still be in the pipe: the child ends right after writing it. */
	if (l->s->error_fd >= 0) {
		int r = take_child_record(l);

		if (r < 0)
			return r;
	}
	if (l->failed_in_child)
		return 0;
	l->ret->end = info.si_code == CLD_EXITED ? RF_END_EXITED : RF_END_SIGNALED;
	l->ret->value = info.si_status;
	if (l->phase != RUNNING)
		l->ret->end = RF_END_TIMEOUT;
	return 0;
}

static void check_deadline(struct loop *l)
{
	if (!l->deadline || rf_now_ns() < l->deadline)
		return;
	if (l->phase == RUNNING) {
		l->phase = ASKED_TO_END;
		l->deadline = rf_now_ns() + GRACE_NS;
		send_signal(l, SIGTERM);
		send_signal(l, SIGCONT);
		return;
	}
	l->phase = KILLED;
	l->deadline = 0;
	kill_all(l);
}

static void call_watch(struct loop *l, size_t i, bool last)
{
	struct rf_watch *watch = &l->s->watches[i];

	if (l->watching[i] && watch->ready(watch->data, last) < 0)
		l->watching[i] = false;
}

/* Time until somebody wants to be called, for poll; -1: nobody. */
static int poll_time(const struct loop *l)
{
	int64_t least = -1;

	if (l->deadline) {
		uint64_t now = rf_now_ns();

		least = now >= l->deadline ? 0 : (int64_t)((l->deadline - now) / 1000000 + 1);
	}
	for (size_t i = 0; i < l->s->n_watches; i++) {
		int wish = l->s->watches[i].timeout_ms;

		if (l->watching[i] && wish >= 0 && (least < 0 || wish < least))
			least = wish;
	}
	return least > 3600000 ? 3600000 : (int)least;
}

static int wait_once(struct loop *l, int signal_fd)
{
	struct pollfd fds[POLL_FIRST_WATCH + RF_WATCH_MAX] = {
		[POLL_SIGNALS] = {.fd = signal_fd, .events = POLLIN},
		[POLL_PIDFD] = {.fd = l->s->launch->pidfd, .events = POLLIN},
		[POLL_ERROR] = {.fd = l->s->error_fd, .events = POLLIN},
	};
	int n, r = 0;

	for (size_t i = 0; i < l->s->n_watches; i++)
		fds[POLL_FIRST_WATCH + i] = (struct pollfd){
			.fd = l->watching[i] ? l->s->watches[i].fd : -1, .events = POLLIN};
	n = poll(fds, POLL_FIRST_WATCH + l->s->n_watches, poll_time(l));
	if (n < 0 && errno != EINTR)
		return rf_err_sys(l->err, -errno, "cannot wait for the command");
	for (size_t i = 0; i < l->s->n_watches; i++)
		if (n == 0 || (n > 0 && fds[POLL_FIRST_WATCH + i].revents))
			call_watch(l, i, false);
	if (n > 0 && fds[POLL_ERROR].revents)
		r = take_child_record(l);
	if (r == 0 && n > 0 && fds[POLL_SIGNALS].revents)
		r = take_signals(l, signal_fd);
	if (r == 0 && n > 0 && fds[POLL_PIDFD].revents)
		r = take_end(l);
	if (r == 0 && !l->ended)
		check_deadline(l);
	return r;
}

static int open_signals(struct rf_err *err)
{
	sigset_t blocked;
	int fd;

	if (sigprocmask(SIG_SETMASK, NULL, &blocked) < 0)
		return rf_err_sys(err, -errno, "cannot read the signal mask");
	fd = signalfd(-1, &blocked, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? rf_err_sys(err, -errno, "cannot open a signal descriptor") : fd;
}

int rf_supervise(struct rf_supervision *s, struct rf_outcome *ret, struct rf_err *err)
{
	RF_AUTOCLOSE int signal_fd = open_signals(err);
	struct loop l = {.s = s, .ret = ret, .err = err};
	int r = signal_fd < 0 ? signal_fd : 0;

	if (s->request->timeout_ns)
		l.deadline = rf_now_ns() + s->request->timeout_ns;
	if (s->request->timeout_ns && (s->launch->cgroup_fd < 0 || s->launch->joins))
		rf_descendants_adopt();
	for (size_t i = 0; i < s->n_watches; i++)
		l.watching[i] = true;
	while (r == 0 && !l.ended)
		r = wait_once(&l, signal_fd);
	if (r == 0 && ret->end == RF_END_TIMEOUT && s->launch->cgroup_fd >= 0 && !s->launch->joins)
		kill_all(&l);
	else if (r == 0 && ret->end == RF_END_TIMEOUT)
		rf_descendants_kill(rf_now_ns() + GRACE_NS);
	rf_terminal_reclaim(s->request->inherited->terminal);
	return r;
}
