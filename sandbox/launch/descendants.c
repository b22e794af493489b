/* SPDX-License-Identifier: Apache-2.0 */
/* Adopting and killing. See descendants.h. */
#include "sandbox/launch/descendants.h"

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "sandbox/base/fd.h"
#include "sandbox/base/str.h"
#include "sandbox/launch/supervise.h"

/* Room for the numbers of some 100,000 children. */
#define CHILDREN_MAX (1u << 20)

#define PID_LIMIT (1u << 22)

void rf_descendants_adopt(void)
{
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

/* Kills every child of ours that the kernel lists now. */
static void kill_children(void)
{
	RF_AUTOFREE char *text = NULL;
	char path[64], *at;

	(void)snprintf(path, sizeof(path), "/proc/self/task/%ld/children", (long)getpid());
	if (rf_fd_read_file(path, CHILDREN_MAX, &text, NULL, NULL) < 0)
		return;
	at = text;
	for (const char *word = strsep(&at, " "); word; word = strsep(&at, " ")) {
		uint64_t pid;

		if (rf_parse_u64(word, PID_LIMIT, &pid) == 0 && pid > 1)
			(void)kill((pid_t)pid, SIGKILL);
	}
}

void rf_descendants_kill(uint64_t until_ns)
{
	const struct timespec moment = {.tv_nsec = 1000000};

	while (rf_now_ns() < until_ns) {
		pid_t pid;

		kill_children();
		do
			pid = waitpid(-1, NULL, WNOHANG);
		while (pid > 0);
		if (pid < 0 && errno == ECHILD)
			return;
		(void)nanosleep(&moment, NULL);
	}
}
