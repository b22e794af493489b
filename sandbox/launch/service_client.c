/* SPDX-License-Identifier: Apache-2.0 */
/* Talking to the service. See service_client.h. */
#include "sandbox/launch/service_client.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "sandbox/base/fd.h"

/* A launch waits for the service that long and no longer; a loaded machine needs seconds. */
#define WAIT_S 60

static int receive(int fd, struct rf_service_answer *ret, struct rf_err *err)
{
	struct rf_service_answer bytes;
	int resets = 0;
	ssize_t n;
	int r;

	/* A service that refuses before it read all resets the connection; its answer comes after
	 * that. */
	do
		n = recv(fd, &bytes, sizeof(bytes), 0);
	while (n < 0 && (errno == EINTR || (errno == ECONNRESET && resets++ == 0)));
	if (n < 0 && errno == EAGAIN)
		return rf_err_set(err, -ETIMEDOUT, "the service does not answer");
	if (n <= 0)
		return rf_err_set(err, -EPIPE, "the service ended the conversation");
	r = rf_service_parse_answer(ret, &bytes, (size_t)n, err);
	if (r == 0 && ret->code)
		r = rf_err_set(err, ret->code, "the service refuses: %s", ret->text);
	return r;
}

/* Whoever may be asked to fence processes must be root: nobody else's promise counts. */
static int check_server(int fd, struct rf_err *err)
{
	struct ucred cred = {.uid = (uid_t)-1};
	socklen_t size = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size) < 0 || cred.uid != 0)
		return rf_err_set(err, -EPERM, "what listens on %s is not root's",
				  RF_SERVICE_SOCKET);
	return 0;
}

int rf_service_connect(int *ret, struct rf_service_answer *hello, struct rf_err *err)
{
	const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = RF_SERVICE_SOCKET};
	const struct timeval wait = {.tv_sec = WAIT_S};
	RF_AUTOCLOSE int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	int r;

	if (fd < 0)
		return rf_err_sys(err, -errno, "cannot make a socket");
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return rf_err_set(err, errno == EACCES ? -EACCES : -ENOENT,
				  "the service is not running (`ringfence serve`, by root)");
	r = check_server(fd, err);
	if (r == 0)
		r = receive(fd, hello, err);
	if (r < 0)
		return r;
	*ret = RF_TAKE_FD(fd);
	return 0;
}

int rf_service_send(int fd, const void *message, size_t size, int pass, struct rf_err *err)
{
	struct iovec iov = {.iov_base = (void *)(uintptr_t)message, .iov_len = size};
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	ssize_t n;

	if (pass >= 0) {
		control.head = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)),
						.cmsg_level = SOL_SOCKET,
						.cmsg_type = SCM_RIGHTS};
		memcpy(CMSG_DATA(&control.head), &pass, sizeof(pass));
		msg.msg_control = control.bytes;
		msg.msg_controllen = sizeof(control.bytes);
	}
	do
		n = sendmsg(fd, &msg, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EPIPE || errno == ECONNRESET))
		return 0; /* why, its answer says */
	return n < 0 ? rf_err_sys(err, -errno, "cannot talk to the service") : 0;
}

int rf_service_send_body(int fd, const void *data, size_t size, struct rf_err *err)
{
	RF_AUTOFREE char *message = malloc(sizeof(struct rf_service_head) + RF_SERVICE_CHUNK);
	const char *at = data;

	if (!message)
		return rf_err_sys(err, -ENOMEM, "talk to the service");
	while (size) {
		size_t piece = size < RF_SERVICE_CHUNK ? size : RF_SERVICE_CHUNK;
		struct rf_service_head head =
			rf_service_head(RF_SERVICE_DATA, sizeof(head) + piece);
		int r;

		memcpy(message, &head, sizeof(head));
		memcpy(message + sizeof(head), at, piece);
		r = rf_service_send(fd, message, sizeof(head) + piece, -1, err);
		if (r < 0)
			return r;
		at += piece;
		size -= piece;
	}
	return 0;
}

int rf_service_wait(int fd, struct rf_service_answer *ret, struct rf_err *err)
{
	return receive(fd, ret, err);
}

int rf_service_send_which(int fd, enum rf_service_type type, uint64_t id, uint32_t flags,
			  struct rf_err *err)
{
	const struct rf_service_which which = {
		.head = rf_service_head(type, sizeof(which)), .id = id, .flags = flags};
	const struct rf_service_head head = rf_service_head(type, sizeof(head));

	return id ? rf_service_send(fd, &which, sizeof(which), -1, err)
		  : rf_service_send(fd, &head, sizeof(head), -1, err);
}
