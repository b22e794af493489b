/* SPDX-License-Identifier: Apache-2.0 */
/* The system's log, for a hook. See oci_log.h. */
#include "cli/oci_log.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

struct message {
	char data[RF_OCI_LOG_MAX];
	int len, head; /* all of it; of that, what stands before the text */
};

static int log_fd = -1;
static struct message late[2];
static volatile sig_atomic_t current; /* of late: the other one is being written */

void rf_oci_log_open(void)
{
	const char *path = getenv("RINGFENCE_SYSLOG_SOCKET"); /* for tests */
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	path = path ? path : "/dev/log";
	if (strlen(path) >= sizeof(address.sun_path))
		return;
	memcpy(address.sun_path, path, strlen(path) + 1);
	log_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (log_fd >= 0 &&
	    connect(log_fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		(void)close(log_fd);
		log_fd = -1;
	}
}

static void make(struct message *ret, const char *text)
{
	ret->head = snprintf(ret->data, sizeof(ret->data),
			     "<%d>ringfence[%d]: ", LOG_DAEMON | LOG_ERR, (int)getpid());
	ret->len = ret->head + snprintf(ret->data + ret->head,
					sizeof(ret->data) - (size_t)ret->head, "%s", text);
	if (ret->len >= (int)sizeof(ret->data))
		ret->len = (int)sizeof(ret->data) - 1;
}

void rf_oci_log(const char *text)
{
	struct message message;

	make(&message, text);
	if (log_fd >= 0)
		(void)!send(log_fd, message.data, (size_t)message.len, MSG_NOSIGNAL);
}

void rf_oci_log_prepare(const char *text)
{
	int next = !current;

	make(&late[next], text);
	current = next;
}

void rf_oci_log_late(void)
{
	static const char name[] = "ringfence: ";
	const struct message *m = &late[current];

	if (log_fd >= 0)
		(void)!send(log_fd, m->data, (size_t)m->len, MSG_NOSIGNAL | MSG_DONTWAIT);
	(void)!write(STDERR_FILENO, name, sizeof(name) - 1);
	(void)!write(STDERR_FILENO, m->data + m->head, (size_t)(m->len - m->head));
	(void)!write(STDERR_FILENO, "\n", 1);
}
