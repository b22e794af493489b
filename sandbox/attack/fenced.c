/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the fence: one process per attempt, each with its time. See fenced.h.
 *
 * No more than fork, wait and sleep is asked of the policy's filter, and results go into shared
 * memory, so that even a strict policy lets every attempt be tried.
 */
#include "sandbox/attack/fenced.h"

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#define NS_PER_MS 1000000ll

/* An attempt takes a few milliseconds, some hundred in an emulated machine. */
#define ATTEMPT_MS 8000
/* At a time: while one waits for its turn, others go on. */
#define SLOTS	   3
#define NAP_MIN_NS (NS_PER_MS / 8)
#define NAP_MAX_NS (4 * NS_PER_MS)
/* All of them: what is left of a minute is for making and cleaning. */
#define TOTAL_MS 40000

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / NS_PER_MS;
}

static void nap(long ns)
{
	const struct timespec time = {.tv_nsec = ns};

	(void)nanosleep(&time, NULL);
}

_Noreturn static void attempt(const struct rf_attempt *a, struct rf_try *t)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	(void)setpgid(0, 0);
	(void)signal(SIGPIPE, SIG_IGN);
	a->run(t);
	_exit(t->trial->state == RF_TRIAL_STARTED ? 1 : 0);
}

static void take_end(const struct rf_attempt *a, struct rf_trial *trial, int status)
{
	if (trial->state != RF_TRIAL_STARTED)
		return;
	if (WIFSIGNALED(status)) {
		int sig = WTERMSIG(status);

		trial->state = sig == SIGSYS || sig == SIGKILL ? RF_TRIAL_KILLED : RF_TRIAL_CRASHED;
		(void)snprintf(trial->note, sizeof(trial->note), "ended by signal %d", sig);
	} else if (a->becomes) {
		trial->state = WEXITSTATUS(status) == 0 ? RF_TRIAL_PASSED : RF_TRIAL_HELD;
		(void)snprintf(trial->note, sizeof(trial->note), "ended with status %d",
			       WEXITSTATUS(status));
	} else {
		trial->state = RF_TRIAL_CRASHED;
	}
}

/* One attempt that is under way. */
struct slot {
	const struct rf_attempt *attempt;
	struct rf_try *t;
	pid_t pid; /* 0: the slot is free */
	int64_t start;
};

static void start(struct slot *slot, const struct rf_attempt *a, struct rf_try *t)
{
	*slot = (struct slot){.attempt = a, .t = t, .start = now_ms()};
	t->trial->state = RF_TRIAL_STARTED;
	slot->pid = fork();
	if (slot->pid == 0)
		attempt(a, t);
	if (slot->pid < 0) {
		slot->pid = 0;
		rf_try_untried(t, "no process can be made for it inside the fence");
	}
}

/* True if the slot is free now. What the attempt started and left goes with it. */
static bool look_after(struct slot *slot)
{
	struct rf_trial *trial = slot->t->trial;
	int status = 0;
	pid_t got = waitpid(slot->pid, &status, WNOHANG);
	bool late = got == 0 && now_ms() - slot->start > ATTEMPT_MS;

	if ((got == 0 && !late) || (got < 0 && errno == EINTR))
		return false;
	(void)kill(-slot->pid, SIGKILL);
	if (late) {
		trial->state = RF_TRIAL_HUNG;
		(void)kill(slot->pid, SIGKILL);
		(void)waitpid(slot->pid, &status, 0);
	} else {
		take_end(slot->attempt, trial, status);
	}
	trial->ms = (int32_t)(now_ms() - slot->start);
	slot->pid = 0;
	return true;
}

/* The next attempt that applies, from *index on; false: none is left. */
static bool start_next(struct slot *slot, const struct rf_scene *scene, size_t *index)
{
	for (; *index < rf_attack_count(); (*index)++) {
		struct rf_try *t = &scene->tries[*index];

		if (!t->wanted || t->trial->state != RF_TRIAL_NONE)
			continue;
		start(slot, rf_attack_at((*index)++), t);
		return true;
	}
	return false;
}

int rf_attack_fenced(void *data)
{
	const struct rf_scene *scene = data;
	struct slot slots[SLOTS] = {{.pid = 0}};
	int64_t end = now_ms() + TOTAL_MS;
	long pause_ns = NAP_MIN_NS;
	size_t index = 0;

	for (;;) {
		bool busy = false, moved = false;

		for (size_t i = 0; i < SLOTS; i++) {
			if (slots[i].pid)
				moved |= look_after(&slots[i]);
			if (!slots[i].pid && now_ms() < end)
				moved |= start_next(&slots[i], scene, &index);
			busy |= slots[i].pid != 0;
		}
		if (!busy && !moved)
			return 0;
		pause_ns = moved ? NAP_MIN_NS : pause_ns < NAP_MAX_NS ? pause_ns * 2 : pause_ns;
		nap(pause_ns);
	}
}
