/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A unix socket (stream, one line an event), and the system log by its datagram socket.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "sandbox/audit/sink.h"
#include "sandbox/audit/text.h"
#include "sandbox/base/str.h"

#define SYSLOG_MAX 8192 /* of one message; longer ones end in "..." */

struct peer {
	int fd;
};

static void close_peer(void *self)
{
	struct peer *peer = self;

	if (peer->fd >= 0)
		(void)close(peer->fd);
	free(peer);
}

static int connect_to(void **ret, const char *path, int type, struct rf_err *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct peer *peer;
	int r;

	if (strlen(path) >= sizeof(address.sun_path) || path[0] == '\0')
		return rf_err_set(err, -EINVAL, "\"%s\" is no name of a socket", path);
	memcpy(address.sun_path, path, strlen(path) + 1);
	peer = calloc(1, sizeof(*peer));
	if (!peer)
		return rf_err_sys(err, -ENOMEM, "connect to %s", path);
	peer->fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (peer->fd < 0 ||
	    connect(peer->fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		r = rf_err_sys(err, -errno, "connect to %s", path);
		close_peer(peer);
		return r;
	}
	*ret = peer;
	return 0;
}

static int open_unix(void **ret, const char *rest, struct rf_err *err)
{
	return connect_to(ret, rest, SOCK_STREAM, err);
}

static int send_all(const struct peer *peer, const char *data, size_t len, struct rf_err *err)
{
	while (len > 0) {
		ssize_t n = send(peer->fd, data, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return rf_err_sys(err, -errno, "send an event");
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static int write_unix(void *self, const struct rf_node *event RF_UNUSED, const char *line,
		      size_t len, struct rf_err *err)
{
	return send_all(self, line, len, err);
}

static int open_syslog(void **ret, const char *rest RF_UNUSED, struct rf_err *err)
{
	const char *path = getenv("RINGFENCE_SYSLOG_SOCKET"); /* for tests */

	return connect_to(ret, path ? path : "/dev/log", SOCK_DGRAM, err);
}

/* Facility authpriv (10); a denial is a warning, the rest is for information. */
static int write_syslog(void *self, const struct rf_node *event, const char *line RF_UNUSED,
			size_t len RF_UNUSED, struct rf_err *err)
{
	RF_AUTOSTR struct rf_str text = RF_STR_INIT((size_t)4 << 20);
	const char *verdict = rf_node_get_text(event, "verdict");
	bool denied = verdict && strcmp(verdict, "allowed") != 0;
	int r;

	(void)rf_str_addf(&text, "<%d>ringfence[%d]: ", 10 * 8 + (denied ? 4 : 6), (int)getpid());
	r = rf_event_text(&text, event, false);
	if (r < 0)
		return rf_err_sys(err, -EINVAL, "format an event");
	if (text.len > SYSLOG_MAX)
		memcpy(text.data + SYSLOG_MAX - 4, "...\n", 4);
	return send_all(self, text.data, (text.len > SYSLOG_MAX ? SYSLOG_MAX : text.len) - 1, err);
}

const struct rf_sink_kind rf_sink_unix = {"unix:", open_unix, write_unix, NULL, close_peer, NULL};
const struct rf_sink_kind rf_sink_syslog = {"syslog", open_syslog, write_syslog,
					    NULL,     close_peer,  NULL};
