/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A user's own sandboxes; see serve_own.h. Which they are, the kernel side knows: each slot keeps
 * whom the service made it for.
 */
#include "cli/serve_own.h"

#include <dirent.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

#include "cli/status_list.h"
#include "sandbox/base/str.h"

#define STOP_MS	  10000
#define ROUND_MS  100
#define PID_LIMIT (1u << 22)

static bool is_own(const struct rf_sandbox *sb, const struct rf_peer *peer)
{
	return sb->owner == (uint64_t)peer->uid + 1;
}

int rf_own_find(struct rf_lsm *lsm, const struct rf_peer *peer, uint64_t id, uint32_t *ret,
		struct rf_err *err)
{
	/* Another user's is not even there; one whose command has ended is, while it has tasks. */
	for (uint32_t slot = 0; slot < rf_fence_limit(lsm); slot++) {
		const struct rf_sandbox *sb = rf_fence_at(lsm, slot);

		if (sb->id == id && is_own(sb, peer) && rf_fence_in_use(sb)) {
			*ret = slot;
			return 0;
		}
	}
	return rf_err_set(err, -ENOENT, "there is no such sandbox of yours");
}

int rf_own_list(struct rf_lsm *lsm, const struct rf_peer *peer, struct rf_talk *talk,
		struct rf_err *err)
{
	RF_AUTOSTR struct rf_str text = RF_STR_INIT(RF_SERVICE_CHUNK * 2);
	int r;

	(void)rf_str_add_char(&text, '[');
	rf_status_sandboxes(&text, lsm, true, (uint64_t)peer->uid + 1);
	r = rf_str_add_char(&text, ']');
	if (r < 0)
		return rf_err_sys(err, r, "list the sandboxes");
	rf_talk_text(talk, rf_str_text(&text), text.len);
	rf_talk_answer(talk, RF_SERVICE_ANSWER, 0, 0, NULL);
	return 0;
}

/* Its number may be another's by now; the pidfd is what is asked about and signalled. */
static void signal_member(struct rf_lsm *lsm, uint64_t id, pid_t pid, int sig)
{
	RF_AUTOCLOSE int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct rf_task task;

	if (pidfd < 0 || rf_fence_of(lsm, pidfd, &task) < 0 || task.sandbox != id)
		return;
	(void)syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0);
	if (sig != SIGKILL)
		(void)syscall(SYS_pidfd_send_signal, pidfd, SIGCONT, NULL, 0);
}

static int signal_all(struct rf_lsm *lsm, uint64_t id, int sig, struct rf_err *err)
{
	RF_AUTOCLOSEDIR DIR *dir = opendir("/proc");

	if (!dir)
		return rf_err_sys(err, -errno, "cannot look for the sandbox's processes");
	for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
		uint64_t pid;

		if (rf_parse_u64(entry->d_name, PID_LIMIT, &pid) == 0 && pid > 1)
			signal_member(lsm, id, (pid_t)pid, sig);
	}
	return 0;
}

/* Until its last task is gone; a fork that a round missed is met by the next. */
static int end_all(struct rf_lsm *lsm, uint64_t id, const struct rf_sandbox *sb, bool kill,
		   struct rf_err *err)
{
	const struct timespec pause = {.tv_nsec = ROUND_MS * 1000000L};

	for (int ms = 0; ms < STOP_MS; ms += ROUND_MS) {
		int r = kill || ms == 0 ? signal_all(lsm, id, kill ? SIGKILL : SIGTERM, err) : 0;

		if (r < 0)
			return r;
		for (int i = 0; i < 10; i++) {
			const struct timespec step = {.tv_nsec = pause.tv_nsec / 10};

			if (sb->id != id || __atomic_load_n(&sb->tasks, __ATOMIC_ACQUIRE) == 0)
				return 0;
			(void)nanosleep(&step, NULL);
		}
	}
	return 1;
}

int rf_own_stop(struct rf_lsm *lsm, const struct rf_peer *peer, struct rf_talk *talk,
		const struct rf_service_which *which, struct rf_err *err)
{
	uint32_t slot = 0;
	int r = rf_own_find(lsm, peer, which->id, &slot, err);

	if (r == 0)
		r = end_all(lsm, which->id, rf_fence_at(lsm, slot), which->flags & RF_SERVICE_KILL,
			    err);
	if (r < 0)
		return r;
	rf_talk_answer(talk, RF_SERVICE_ANSWER, which->id, (uint32_t)r, NULL);
	return 0;
}
