/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process that listens: it accepts, counts, forks, and sleeps until somebody comes. It reads
 * nothing from a caller.
 */
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#include "cli/cmd.h"
#include "cli/serve.h"
#include "cli/serve_talk.h"
#include "lsm/loader.h"
#include "sandbox/audit/live.h"
#include "sandbox/base/fd.h"
#include "sandbox/base/str.h"
#include "sandbox/launch/backend.h"

#define BACKLOG	     128
#define LISTEN_FD    3 /* sd_listen_fds(3) */
#define CALLERS_MAX  1024
#define BESIDES	     8 /* a user's connections beside those of his sandboxes: stop, status */
#define AUDIT_SOON_S 2 /* an audit that ends sooner never worked */

struct caller {
	pid_t pid;
	uid_t uid;
};

struct listener {
	struct rf_serve *serve;
	int fd, signal_fd;
	bool made; /* the socket's file is ours to remove */
	struct caller callers[CALLERS_MAX];
	size_t n;
	pid_t audit;
	time_t audit_started;
	int64_t audit_pause; /* s; 0: it runs */
};

/* ---- the socket ---- */

/* What systemd listens on for us, if it does and if it is what we would have made. 0: it does not.
 */
static int take_given(int *ret, struct rf_err *err)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	int type = 0, listens = 0, domain = 0;
	socklen_t size = sizeof(int);
	uint64_t number;

	if (!pid || !fds || rf_parse_u64(pid, INT32_MAX, &number) < 0 || (pid_t)number != getpid())
		return 0;
	if (!rf_str_eq(fds, "1") || getsockopt(LISTEN_FD, SOL_SOCKET, SO_TYPE, &type, &size) < 0 ||
	    getsockopt(LISTEN_FD, SOL_SOCKET, SO_DOMAIN, &domain, &size) < 0 ||
	    getsockopt(LISTEN_FD, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) < 0 ||
	    type != SOCK_SEQPACKET || domain != AF_UNIX || !listens)
		return rf_err_set(err, -EINVAL,
				  "what systemd passed is not one listening unix socket of type "
				  "SequentialPacket");
	(void)fcntl(LISTEN_FD, F_SETFD, FD_CLOEXEC);
	(void)fcntl(LISTEN_FD, F_SETFL, O_NONBLOCK);
	*ret = LISTEN_FD;
	return 1;
}

/* A socket that nobody listens on was left by a service that was killed. */
static bool is_served(const struct sockaddr_un *address)
{
	RF_AUTOCLOSE int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	return connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
	       errno == EAGAIN;
}

static int open_dir(struct rf_err *err)
{
	RF_AUTOCLOSE int dir = -1;
	int r = rf_fd_mkdirs(RF_SERVICE_DIR, 0755, err);

	if (r < 0)
		return r;
	dir = open(RF_SERVICE_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return rf_err_sys(err, -errno, "open %s", RF_SERVICE_DIR);
	return rf_fd_secure_dir_check(dir, RF_SERVICE_DIR, err);
}

static int find_group(const char *name, gid_t *ret, struct rf_err *err)
{
	RF_AUTOFCLOSE FILE *file = name ? fopen("/etc/group", "re") : NULL;
	const struct group *entry;

	*ret = 0;
	while (file && (entry = fgetgrent(file)))
		if (rf_str_eq(entry->gr_name, name)) {
			*ret = entry->gr_gid;
			return 0;
		}
	return name ? rf_err_set(err, -EINVAL, "--group %s: there is no such group in /etc/group",
				 name)
		    : 0;
}

/*
 * Under the lock of those who read events, which only root can take: of two services that start
 * together, the second would find the first one's socket between bind and listen, and dead.
 */
static int open_socket(struct listener *l, struct rf_err *err)
{
	const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = RF_SERVICE_SOCKET};
	mode_t mask, mode = l->serve->group ? 0660 : 0666;
	gid_t group = 0;
	RF_AUTOCLOSE int lock = -1;
	int r = find_group(l->serve->group, &group, err);

	if (r == 0)
		r = open_dir(err);
	if (r == 0)
		r = lock = rf_live_lock(err);
	if (r < 0)
		return r;
	if (is_served(&address))
		return rf_err_set(err, -EADDRINUSE, "another service listens on %s",
				  RF_SERVICE_SOCKET);
	(void)unlink(RF_SERVICE_SOCKET);
	l->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (l->fd < 0)
		return rf_err_sys(err, -errno, "make a socket");
	mask = umask(0177);
	r = bind(l->fd, (const struct sockaddr *)&address, sizeof(address));
	(void)umask(mask);
	if (r < 0)
		return rf_err_sys(err, -errno, "cannot listen on %s", RF_SERVICE_SOCKET);
	l->made = true;
	if (chown(RF_SERVICE_SOCKET, 0, group) < 0 || chmod(RF_SERVICE_SOCKET, mode) < 0 ||
	    listen(l->fd, BACKLOG) < 0) {
		r = rf_err_sys(err, -errno, "cannot listen on %s", RF_SERVICE_SOCKET);
		(void)unlink(RF_SERVICE_SOCKET); /* while nobody else can have made it */
		l->made = false;
	}
	return r;
}

/* ---- callers ---- */

static size_t count_of(const struct listener *l, uid_t uid)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		n += l->callers[i].uid == uid;
	return n;
}

static void refuse(int conn, const char *why)
{
	RF_AUTOFREE struct rf_talk *talk = calloc(1, sizeof(*talk));
	struct rf_err err = RF_ERR_INIT;

	if (talk) {
		talk->conn = conn;
		(void)rf_err_set(&err, -EUSERS, "%s", why);
		rf_talk_answer(talk, RF_SERVICE_HELLO, 0, 0, &err);
		conn = talk->conn;
	}
	if (conn >= 0)
		(void)close(conn);
}

_Noreturn static void become_client(struct listener *l, int conn)
{
	sigset_t none;

	(void)close(l->fd);
	(void)close(l->signal_fd);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)prctl(PR_SET_NAME, "rf-serve-user");
	rf_serve_client(l->serve, conn);
}

/* A caller counts from the beginning, so that waiting is bounded too. */
static void take_caller(struct listener *l, int conn)
{
	struct ucred cred = {.uid = (uid_t)-1};
	socklen_t size = sizeof(cred);
	pid_t pid;

	if (getsockopt(conn, SOL_SOCKET, SO_PEERCRED, &cred, &size) < 0) {
		(void)close(conn);
		return;
	}
	if (count_of(l, cred.uid) >= l->serve->per_user + BESIDES) {
		refuse(conn, "you have as many connections as a user may have");
		return;
	}
	if (l->n >= l->serve->total || l->n == CALLERS_MAX) {
		refuse(conn, "there are as many connections as there may be");
		return;
	}
	pid = fork();
	if (pid == 0)
		become_client(l, conn);
	if (pid < 0)
		refuse(conn, "the service cannot start a process");
	else
		(void)close(conn);
	if (pid > 0)
		l->callers[l->n++] = (struct caller){.pid = pid, .uid = cred.uid};
}

static void accept_callers(struct listener *l)
{
	for (int i = 0; i < BACKLOG; i++) {
		int conn = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC);

		if (conn < 0)
			return;
		take_caller(l, conn);
	}
}

/* ---- the audit that feeds the sinks ---- */

static int start_audit(struct listener *l, struct rf_err *err)
{
	if (!l->serve->audit)
		return 0;
	l->audit_started = time(NULL);
	l->audit = rf_serve_audit(l->serve->audit, l->serve->prints, err);
	return l->audit < 0 ? (int)l->audit : 0;
}

/* One that never worked ends the service; one that broke is started again, after pauses. */
static int audit_ended(struct listener *l, int status, bool *over)
{
	bool soon = time(NULL) - l->audit_started < AUDIT_SOON_S;

	l->audit = 0;
	if (soon && l->audit_pause == 0) {
		*over = true;
		return WIFEXITED(status) && WEXITSTATUS(status) ? WEXITSTATUS(status)
								: RF_EXIT_FAILED;
	}
	l->audit_pause = soon && l->audit_pause < 60 ? l->audit_pause * 2 : 1;
	return 0;
}

static int reap(struct listener *l, bool *over)
{
	int status, result = 0;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == l->audit)
			result = audit_ended(l, status, over);
		for (size_t i = 0; i < l->n; i++)
			if (l->callers[i].pid == pid)
				l->callers[i--] = l->callers[--l->n];
	}
	return result;
}

/* ---- */

static int open_signals(struct listener *l, struct rf_err *err)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	l->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return l->signal_fd < 0 ? rf_err_sys(err, -errno, "wait for signals") : 0;
}

/* Loading takes memory that would stay with us, so a child does it; without it we go on. */
static void load_kernel_side(const struct listener *l RF_UNUSED)
{
	struct rf_err err = RF_ERR_INIT;
	pid_t pid = fork();

	if (pid == 0) {
		if (rf_backend_bpf_lsm.available(&err) < 0)
			(void)fprintf(stderr,
				      "ringfence: nobody can be fenced by BPF LSM here: %s\n",
				      rf_err_text(&err));
		_exit(0);
	}
	if (pid > 0)
		(void)waitpid(pid, NULL, 0);
}

/* Over: *status. */
static bool take_signals(struct listener *l, int *status)
{
	struct signalfd_siginfo info;
	bool over = false;

	while (read(l->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo != SIGCHLD)
			return true;
		*status = reap(l, &over);
		if (over)
			return true;
	}
	return false;
}

static int serve(struct listener *l, struct rf_err *err)
{
	int status = 0;

	for (;;) {
		struct pollfd p[] = {{.fd = l->signal_fd, .events = POLLIN},
				     {.fd = l->fd, .events = POLLIN}};
		bool broken = l->serve->audit && l->audit == 0;
		int n = poll(p, RF_ARRAY_LEN(p), broken ? (int)l->audit_pause * 1000 : -1);

		if (n < 0 && errno != EINTR)
			return rf_err_sys(err, -errno, "wait for callers");
		if (n == 0 && broken && start_audit(l, err) < 0)
			return err->code;
		if (p[0].revents && take_signals(l, &status))
			return status;
		if (p[1].revents)
			accept_callers(l);
	}
}

int rf_serve_listen(struct rf_serve *serve_, struct rf_err *err)
{
	RF_AUTOFREE struct listener *l = calloc(1, sizeof(*l));
	int r;

	if (!l)
		return rf_err_sys(err, -ENOMEM, "serve");
	*l = (struct listener){.serve = serve_, .fd = -1, .signal_fd = -1};
	r = take_given(&l->fd, err);
	/* Before there is a socket that would stay: a signal that comes meanwhile just ends us. */
	if (r >= 0)
		load_kernel_side(l);
	if (r >= 0 && open_signals(l, err) < 0)
		r = err->code;
	if (r == 0)
		r = open_socket(l, err);
	if (r >= 0)
		r = start_audit(l, err);
	if (r == 0)
		r = serve(l, err);
	if (l->audit > 0) {
		(void)kill(l->audit, SIGTERM);
		(void)waitpid(l->audit, NULL, 0);
	}
	if (l->made)
		(void)unlink(RF_SERVICE_SOCKET);
	if (l->fd >= 0)
		(void)close(l->fd);
	if (l->signal_fd >= 0)
		(void)close(l->signal_fd);
	return r;
}
