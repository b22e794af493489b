/* SPDX-License-Identifier: Apache-2.0 */
/* Messages from and to one caller of the service. See serve_talk.h. */
#include "cli/serve_talk.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "sandbox/base/fd.h"

/* Room for a burst of events while the caller works. */
#define SEND_BUFFER (1 << 20)

/* More descriptors than one are refused; this many are taken, and closed. */
#define PASSED_MAX 16

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void rf_talk_begin(struct rf_talk *talk, int conn, int seconds)
{
	int size = SEND_BUFFER;

	talk->conn = conn;
	talk->passed = -1;
	talk->deadline = now_ms() + (int64_t)seconds * 1000;
	(void)setsockopt(conn, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
}

void rf_talk_done(struct rf_talk *talk)
{
	if (talk->passed >= 0)
		(void)close(RF_TAKE_FD(talk->passed));
	if (talk->conn >= 0)
		(void)close(RF_TAKE_FD(talk->conn));
}

/* Keeps one descriptor; answers how many there were. */
static size_t take_passed(struct rf_talk *talk, struct msghdr *msg)
{
	size_t n = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t fds = c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS
				     ? (c->cmsg_len - CMSG_LEN(0)) / sizeof(int)
				     : 0;

		for (size_t i = 0; i < fds; i++, n++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
			if (talk->passed < 0)
				talk->passed = fd;
			else
				(void)close(fd);
		}
	}
	return n;
}

/* One message as bytes. */
static ssize_t receive(struct rf_talk *talk, struct rf_err *err)
{
	struct iovec iov = {.iov_base = talk->bytes, .iov_len = sizeof(talk->bytes)};
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(PASSED_MAX * sizeof(int))];
	} control;
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control.bytes,
			     .msg_controllen = sizeof(control.bytes)};
	ssize_t n;
	size_t passed;

	if (talk->passed >= 0)
		(void)close(RF_TAKE_FD(talk->passed));
	do
		n = recvmsg(talk->conn, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return -EAGAIN;
	passed = n < 0 ? 0 : take_passed(talk, &msg);
	if (n <= 0)
		return rf_err_set(err, -EPIPE, "the caller went away");
	if ((msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) || passed > 1)
		return rf_err_set(err, -EPROTO, "the message is too large");
	return n;
}

static int wait_for(struct rf_talk *talk, struct rf_err *err)
{
	struct pollfd p = {.fd = talk->conn, .events = POLLIN};
	int64_t left = talk->deadline - now_ms();
	int r = left > 0 ? poll(&p, 1, (int)left) : 0;

	if (r == 0)
		return rf_err_set(err, -ETIMEDOUT, "the caller took too long");
	return r < 0 && errno != EINTR ? rf_err_sys(err, -errno, "cannot wait for the caller") : 0;
}

int rf_talk_receive(struct rf_talk *talk, struct rf_service_message *ret, bool wait,
		    struct rf_err *err)
{
	ssize_t n = receive(talk, err);
	int r = 0;

	while (n == -EAGAIN && wait && r == 0) {
		r = wait_for(talk, err);
		if (r == 0)
			n = receive(talk, err);
	}
	if (r < 0 || n < 0)
		return r < 0 ? r : (int)n;
	r = rf_service_parse(ret, talk->bytes, (size_t)n, err);
	if (r == 0 && (ret->type == RF_SERVICE_TASK) != (talk->passed >= 0))
		r = rf_err_set(err, -EPROTO, "a descriptor goes with TASK, and with nothing else");
	return r;
}

static bool send_whole(struct rf_talk *talk, const struct iovec *iov, size_t n, int flags)
{
	const struct msghdr msg = {.msg_iov = (struct iovec *)(uintptr_t)iov, .msg_iovlen = n};
	ssize_t sent;

	if (talk->conn < 0)
		return true; /* nobody misses it */
	do
		sent = sendmsg(talk->conn, &msg, MSG_NOSIGNAL | flags);
	while (sent < 0 && errno == EINTR);
	if (sent >= 0)
		return true;
	if (errno == EAGAIN || errno == ENOBUFS)
		return false;
	(void)close(RF_TAKE_FD(talk->conn));
	return true;
}

void rf_talk_answer(struct rf_talk *talk, enum rf_service_type type, uint64_t id, uint32_t value,
		    const struct rf_err *why)
{
	struct rf_service_answer answer = {
		.head = rf_service_head(type, sizeof(answer)), .id = id, .value = value};
	const struct iovec iov = {.iov_base = &answer, .iov_len = sizeof(answer)};

	if (why) {
		answer.code = why->code ? why->code : -EIO;
		(void)snprintf(answer.text, sizeof(answer.text), "%s", rf_err_text(why));
	}
	(void)send_whole(talk, &iov, 1, MSG_DONTWAIT);
}

int rf_talk_event(struct rf_talk *talk, const struct rf_record *record, const char *line,
		  size_t len)
{
	size_t record_size = record ? record->size : 0;
	struct rf_service_event event = {
		.head = rf_service_head(RF_SERVICE_EVENT, sizeof(event) + record_size + len),
		.record_size = (uint32_t)record_size,
		.line_size = (uint32_t)len,
	};
	const struct iovec iov[] = {
		{.iov_base = &event, .iov_len = sizeof(event)},
		{.iov_base = (void *)(uintptr_t)record, .iov_len = record_size},
		{.iov_base = (void *)(uintptr_t)line, .iov_len = len},
	};

	if (sizeof(event) + record_size + len > RF_SERVICE_MESSAGE_MAX)
		return -EAGAIN; /* counted as missed; no event is that long */
	return send_whole(talk, iov, RF_ARRAY_LEN(iov), MSG_DONTWAIT) ? 0 : -EAGAIN;
}

void rf_talk_text(struct rf_talk *talk, const char *text, size_t len)
{
	const struct rf_service_head head = rf_service_head(RF_SERVICE_TEXT, sizeof(head) + len);
	const struct iovec iov[] = {
		{.iov_base = (void *)(uintptr_t)&head, .iov_len = sizeof(head)},
		{.iov_base = (void *)(uintptr_t)text, .iov_len = len},
	};

	(void)send_whole(talk, iov, RF_ARRAY_LEN(iov), MSG_DONTWAIT);
}

void rf_talk_wait(const struct rf_talk *talk, int ms)
{
	struct pollfd p = {.fd = talk->conn, .events = POLLOUT};

	if (talk->conn >= 0)
		(void)!poll(&p, 1, ms);
}
