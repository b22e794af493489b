/* SPDX-License-Identifier: Apache-2.0 */
/* See audit_status.h. AUDIT_GET of linux/audit.h; it only asks. */
#include "lsm/audit_status.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define ANSWER_MS 200 /* a thread of the kernel answers */

/* 1 or 0 by a message of that length, a negative errno, or -EAGAIN for one about something else. */
static int read_answer(const void *message, size_t len)
{
	struct nlmsghdr head;
	struct nlmsgerr error;
	struct audit_status status = {0};
	size_t room;

	if (len < sizeof(head))
		return -EPROTO;
	memcpy(&head, message, sizeof(head));
	room = len - NLMSG_HDRLEN;
	if (head.nlmsg_type == NLMSG_ERROR && room >= sizeof(error)) {
		memcpy(&error, (const char *)message + NLMSG_HDRLEN, sizeof(error));
		return error.error < 0 ? error.error : -EAGAIN;
	}
	/* The kernel may know members that we do not, or the other way round. */
	if (head.nlmsg_type != AUDIT_GET || room < offsetof(struct audit_status, failure))
		return -EAGAIN;
	memcpy(&status, (const char *)message + NLMSG_HDRLEN,
	       room < sizeof(status) ? room : sizeof(status));
	return status.enabled != 0;
}

int rf_audit_is_on(void)
{
	struct nlmsghdr ask = {
		.nlmsg_len = sizeof(ask), .nlmsg_type = AUDIT_GET, .nlmsg_flags = NLM_F_REQUEST};
	RF_AUTOCLOSE int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	int r = -EAGAIN;

	if (fd < 0 || send(fd, &ask, sizeof(ask), 0) < 0)
		return -errno;
	while (r == -EAGAIN) {
		char message[NLMSG_HDRLEN + sizeof(struct audit_status) + 64];
		ssize_t len;

		r = poll(&wait, 1, ANSWER_MS);
		if (r < 0 && errno != EINTR)
			return -errno;
		if (r == 0)
			return -ETIMEDOUT;
		r = -EAGAIN;
		len = recv(fd, message, sizeof(message), MSG_DONTWAIT);
		if (len < 0 && errno != EINTR && errno != EAGAIN)
			return -errno;
		if (len >= 0)
			r = read_answer(message, (size_t)len);
	}
	return r;
}
