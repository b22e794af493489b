/* SPDX-License-Identifier: Apache-2.0 */
/* Listening, looking who asks, answering, closing; see run_last.h. */
#include "cli/run_last.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "sandbox/launch/member.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77 /* Linux 6.5 */
#endif

#define BACKLOG	   8
#define AT_ONCE	   4 /* answered in one go; the others wait for the next */
#define ANSWER_MAX ((size_t)RF_LAST_KEPT * (RF_LAST_LINE_MAX + 128))

struct rf_run_last {
	int fd;
	const struct rf_launch *launch;
	const struct rf_last *last;
};

struct rf_run_last *rf_run_last_open(const struct rf_launch *launch, const struct rf_last *last)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	RF_AUTOFREE struct rf_run_last *server = calloc(1, sizeof(*server));
	RF_AUTOCLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int n = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, RF_LAST_NAME_FORMAT,
			 launch->sandbox_id);
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n);

	if (!server || fd < 0 || bind(fd, (const struct sockaddr *)&address, len) < 0 ||
	    listen(fd, BACKLOG) < 0)
		return NULL;
	server->fd = RF_TAKE_FD(fd);
	server->launch = launch;
	server->last = last;
	return RF_TAKE_PTR(server);
}

struct rf_run_last *rf_run_last_close(struct rf_run_last *server)
{
	if (!server)
		return NULL;
	(void)close(server->fd);
	free(server);
	return NULL;
}

int rf_run_last_fd(const struct rf_run_last *server)
{
	return server->fd;
}

/*
 * Numbers are given again, so the process is held by a pidfd while it is looked at: if it still
 * lives afterwards, it was the one that was found.
 */
static bool is_inside(const struct rf_run_last *server, int peer)
{
	RF_AUTOCLOSE int pidfd = -1;
	struct ucred cred = {0};
	socklen_t len = sizeof(cred);

	if (getsockopt(peer, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0 || cred.pid <= 0)
		return false;
	len = sizeof(pidfd);
	if (getsockopt(peer, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &len) < 0)
		pidfd = (int)syscall(SYS_pidfd_open, cred.pid, 0);
	return pidfd >= 0 && rf_member_find(server->launch, (uint32_t)cred.pid) == RF_MEMBER_YES &&
	       syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0) == 0;
}

void rf_run_last_answer(struct rf_run_last *server)
{
	RF_AUTOSTR struct rf_str text = RF_STR_INIT(ANSWER_MAX);

	if (rf_last_json(server->last, &text) < 0)
		return;
	for (int i = 0; i < AT_ONCE; i++) {
		RF_AUTOCLOSE int peer =
			accept4(server->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (peer < 0)
			return;
		if (is_inside(server, peer))
			(void)!send(peer, rf_str_text(&text), text.len, MSG_NOSIGNAL);
	}
}
