/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A learning run: `ringfence run` in audit mode under a policy that refuses all that can be
 * recorded, its events read through a pipe.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "cli/cmd.h"
#include "cli/learn.h"
#include "cli/learn_unseen.h"
#include "sandbox/base/fd.h"
#include "sandbox/base/install.h"

/* Told here of the base that was named: what the run would tell of is a policy of ours. */
static int check_bases(const struct rf_learn *learn, const struct rf_learn_args *args,
		       struct rf_err *err)
{
	int r = 0;

	for (size_t i = 0; i < learn->n_bases && r == 0; i++) {
		struct rf_policy *policy = NULL;

		r = rf_policy_load(&policy, &learn->bases[i], 1, learn->load, NULL, err);
		(void)rf_policy_free(policy);
		if (r < 0)
			r = rf_err_wrap(err, r, "-p %s", args->bases[i]);
	}
	return r;
}

/* What the base allows is not recorded: the learned policy has it from the base. */
static int write_recording_policy(struct rf_learn *learn, const struct rf_learn_args *args,
				  int *ret, struct rf_err *err)
{
	RF_AUTOSTR struct rf_str text = RF_STR_INIT(65536);
	RF_AUTOCLOSE int fd = memfd_create("learn", 0);
	int r;

	if (fd < 0)
		return rf_err_sys(err, -errno, "make the recording policy");
	(void)rf_str_add(&text, "{\"ringfence\": 1, \"name\": \"learn\", \"extends\": [");
	for (size_t i = 0; i < learn->n_bases; i++) {
		(void)rf_str_add_json(&text, learn->bases[i]);
		(void)rf_str_add(&text, ", ");
	}
	(void)rf_str_add(&text, "\"@base\"], \"mode\": \"audit\",\n"
				" \"files\": {\"default\": \"deny\"},\n"
				" \"network\": {\"default\": \"deny\"},\n"
				" \"devices\": {\"default\": \"deny\"},\n"
				" \"capabilities\": {\"keep\": []},\n"
				" \"seccomp\": {\"base\": \"@container-default\"}}\n");
	if (rf_str_error(&text) < 0)
		return rf_err_sys(err, rf_str_error(&text), "make the recording policy");
	r = rf_learn_find_unseen(learn, args, &text, err);
	if (r == 0)
		r = rf_fd_write_all(fd, rf_str_text(&text), text.len, err);
	if (r < 0)
		return r;
	*ret = RF_TAKE_FD(fd);
	return 0;
}

struct start {
	char *exe, *policy, *events;
	char **argv;
};

static void start_done(struct start *s)
{
	free(s->exe);
	free(s->policy);
	free(s->events);
	free(s->argv);
}

static int make_start(struct start *s, const struct rf_learn_args *a, int policy, int events,
		      struct rf_err *err)
{
	size_t n_command = 0, n = 0;

	while (a->command[n_command])
		n_command++;
	s->argv = calloc(a->n_pass + n_command + 16, sizeof(*s->argv));
	if (!s->argv || asprintf(&s->policy, "/proc/self/fd/%d", policy) < 0 ||
	    asprintf(&s->events, "fd:%d", events) < 0)
		return rf_err_sys(err, -ENOMEM, "start the learning run");
	if (rf_install_executable(&s->exe, err) < 0)
		return err->code;
	s->argv[n++] = s->exe;
	s->argv[n++] = (char *)(uintptr_t) "run";
	s->argv[n++] = (char *)(uintptr_t) "-p";
	s->argv[n++] = s->policy;
	s->argv[n++] = (char *)(uintptr_t) "--mode";
	s->argv[n++] = (char *)(uintptr_t) "audit";
	s->argv[n++] = (char *)(uintptr_t) "--events";
	s->argv[n++] = s->events;
	if (!a->says_summary) {
		s->argv[n++] = (char *)(uintptr_t) "--summary";
		s->argv[n++] = (char *)(uintptr_t) "never";
	}
	for (size_t i = 0; i < a->n_pass; i++)
		s->argv[n++] = a->pass[i];
	s->argv[n++] = (char *)(uintptr_t) "--";
	for (size_t i = 0; i < n_command; i++)
		s->argv[n++] = a->command[i];
	return 0;
}

static volatile sig_atomic_t run_pid;

static void pass_on(int sig)
{
	if (run_pid > 0)
		(void)kill((pid_t)run_pid, sig);
}

/* The terminal's signals reach the run by themselves; what is sent to us is passed on. */
static void set_signals(void)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct sigaction pass = {.sa_handler = pass_on, .sa_flags = SA_RESTART};

	(void)sigaction(SIGINT, &ignore, NULL);
	(void)sigaction(SIGQUIT, &ignore, NULL);
	(void)sigaction(SIGTERM, &pass, NULL);
	(void)sigaction(SIGHUP, &pass, NULL);
}

static pid_t spawn(const struct start *s, int events_read, struct rf_err *err)
{
	pid_t pid = fork();

	if (pid < 0)
		return rf_err_sys(err, -errno, "start the learning run");
	if (pid == 0) {
		(void)close(events_read);
		(void)execv(s->exe, s->argv);
		(void)dprintf(STDERR_FILENO, "ringfence: cannot start %s: %s\n", s->exe,
			      strerror(errno));
		_exit(RF_EXIT_FAILED);
	}
	return pid;
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return RF_EXIT_FAILED;
	return WIFSIGNALED(status) ? RF_EXIT_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Reads to the end even if it cannot be used: the run must not wait for us. */
static void drain(int fd)
{
	char buffer[4096];
	ssize_t n;

	do {
		n = read(fd, buffer, sizeof(buffer));
	} while (n > 0 || (n < 0 && errno == EINTR));
}

/*
 * Whether the command was started: 125, 126 and 127 may be its own as well as the run's. Where
 * execs are recorded, one tells; else only system calls are, and there are none without it.
 */
static bool was_started(int status, const struct rf_reading_stats *stats)
{
	if (status < RF_EXIT_FAILED || status > RF_EXIT_NOT_FOUND || stats->execs > 0)
		return true;
	return stats->records > 0 && stats->objects == 0;
}

int rf_learn_run(struct rf_learn *learn, const struct rf_learn_args *args, bool *ret_ran,
		 struct rf_reading_stats *stats)
{
	RF_CLEANUP(start_done) struct start start = {NULL, NULL, NULL, NULL};
	RF_AUTOCLOSE int policy = -1;
	RF_AUTOCLOSE int reader = -1;
	RF_AUTOCLOSE int writer = -1;
	struct rf_err err = RF_ERR_INIT;
	int ends[2], r, status;
	pid_t pid;

	if (check_bases(learn, args, &err) < 0 ||
	    write_recording_policy(learn, args, &policy, &err) < 0)
		return rf_cmd_fail(RF_EXIT_FAILED, &err);
	if (pipe(ends) < 0) {
		rf_err_sys(&err, -errno, "make a pipe for events");
		return rf_cmd_fail(RF_EXIT_FAILED, &err);
	}
	reader = ends[0];
	writer = ends[1];
	if (make_start(&start, args, policy, writer, &err) < 0)
		return rf_cmd_fail(RF_EXIT_FAILED, &err);
	pid = spawn(&start, reader, &err);
	if (pid < 0)
		return rf_cmd_fail(RF_EXIT_FAILED, &err);
	run_pid = pid;
	set_signals();
	(void)close(writer);
	writer = -1;
	learn->complete = true;
	r = rf_learn_read_fd(learn, reader, "the run's events", stats, &err);
	if (r < 0)
		drain(reader);
	status = wait_for(pid);
	run_pid = 0;
	if (r < 0)
		return rf_cmd_fail(RF_EXIT_FAILED, &err);
	*ret_ran = was_started(status, stats);
	return status;
}
