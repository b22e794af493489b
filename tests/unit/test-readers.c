/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of a stream: a reader that stops holds up nobody and is told what it missed. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "sandbox/audit/live.h"

/* More than any buffer holds that a reader gets. */
#define MANY 20000

struct side {
	char dir[32], path[64];
	int listen_fd, fd;
	struct rf_readers *readers;
};

static void start(struct side *s)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	(void)snprintf(s->dir, sizeof(s->dir), "/tmp/rf-readers-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	(void)snprintf(s->path, sizeof(s->path), "%s/1", s->dir);
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", s->path);
	s->listen_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(s->listen_fd, (void *)&address, sizeof(address)), 0);
	assert_int_equal(listen(s->listen_fd, 4), 0);
	s->readers = rf_readers_open(s->dir);
	assert_int_equal(rf_readers_count(s->readers), 1);
	s->fd = accept4(s->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	assert_true(s->fd >= 0);
}

static void end(struct side *s)
{
	s->readers = rf_readers_close(s->readers);
	(void)close(s->fd);
	(void)close(s->listen_fd);
	(void)unlink(s->path);
	(void)rmdir(s->dir);
}

static void offer(struct side *s, const char *type, unsigned int seq)
{
	char line[512];
	int n = snprintf(
		line, sizeof(line),
		"{\"v\":1,\"type\":\"%s\",\"seq\":%u,\"time\":\"2026-01-05T10:11:12.1Z\","
		"\"host\":\"h\",\"boot\":\"b\",\"sandbox\":{\"id\":\"1\",\"name\":\"}\\\"\"},"
		"\"more\":\"%0200d\",\"count\":2}\n",
		type, seq, 1);

	rf_readers_offer(s->readers, line, (size_t)n);
}

/* Numbers in the line, which follow what was told before; 0: nothing is there. */
static unsigned int take(struct side *s, unsigned int told, bool *lost, bool *ended)
{
	unsigned int first = 0, last = 0, count = 0;
	char line[4096];
	ssize_t n = recv(s->fd, line, sizeof(line) - 1, 0);
	const char *at;

	if (n < 0)
		return 0;
	line[n] = 0;
	assert_int_equal(line[n - 1], '\n');
	at = strstr(line, "\"seq\":");
	assert_non_null(at);
	assert_int_equal(sscanf(at, "\"seq\":%u,\"last\":%u", &first, &last) > 0, 1);
	*lost = strncmp(line, "{\"v\":1,\"type\":\"lost\"", 20) == 0;
	*ended = strncmp(line, "{\"v\":1,\"type\":\"sandbox_end\"", 27) == 0;
	assert_int_equal(first, told + 1);
	if (!*lost)
		return 1;
	assert_non_null(strstr(line, "\"sandbox\":{\"id\":\"1\",\"name\":\"}\\\"\"},\"count\":"));
	assert_int_equal(
		sscanf(strstr(line, "\"count\":"), "\"count\":%u,\"cause\":\"reader\"}", &count),
		1);
	assert_int_equal(count, 2 * (last - first + 1)); /* accesses */
	return last - first + 1;
}

static void one_that_stopped_is_told_what_it_missed(void **state RF_UNUSED)
{
	unsigned int told = 0, n, losses = 0;
	bool lost = false, ended = false;
	struct side s;

	start(&s);
	for (unsigned int i = 1; i <= MANY; i++)
		offer(&s, "access", i);
	for (int i = 0; i < 100; i++) {
		n = take(&s, told, &lost, &ended);
		assert_true(n == 1 && !lost);
		told += n;
	}
	offer(&s, "access", MANY + 1);
	while ((n = take(&s, told, &lost, &ended)) > 0) {
		told += n;
		losses += lost;
	}
	assert_int_equal(told, MANY + 1);
	assert_int_equal(losses, 1);
	assert_false(lost);
	end(&s);
}

/* Also if it never reads again before the stream's end. */
static void the_end_has_room_of_its_own(void **state RF_UNUSED)
{
	unsigned int told = 0, n, losses = 0;
	bool lost = false, ended = false;
	struct side s;

	start(&s);
	for (unsigned int i = 1; i <= MANY; i++)
		offer(&s, "access", i);
	offer(&s, "sandbox_end", MANY + 1);
	s.readers = rf_readers_close(s.readers);
	while ((n = take(&s, told, &lost, &ended)) > 0 && !ended) {
		told += n;
		losses += lost;
	}
	assert_int_equal(told, MANY);
	assert_int_equal(losses, 1);
	assert_true(ended);
	end(&s);
}

static void one_that_went_is_forgotten(void **state RF_UNUSED)
{
	struct side s;

	start(&s);
	(void)close(s.fd);
	offer(&s, "access", 1);
	offer(&s, "access", 2);
	s.readers = rf_readers_close(s.readers);
	(void)close(s.listen_fd);
	assert_null(rf_readers_open(s.dir));
	assert_int_equal(access(s.path, F_OK), -1);
	s.fd = s.listen_fd = -1;
	end(&s);
}

/* Between bind and listen a socket refuses like a dead one; its maker holds the folder's lock. */
static void one_that_does_not_listen_yet_is_not_taken_away(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char path[32] = "/tmp/rf-readers-XXXXXX";
	int fd, lock;

	(void)state;
	assert_non_null(mkdtemp(path));
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/1", path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (void *)&address, sizeof(address)), 0);
	lock = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(flock(lock, LOCK_EX), 0);
	assert_null(rf_readers_open(path));
	assert_int_equal(access(address.sun_path, F_OK), 0);
	(void)close(lock);
	assert_null(rf_readers_open(path));
	assert_int_equal(access(address.sun_path, F_OK), -1);
	(void)close(fd);
	assert_int_equal(rmdir(path), 0);
}

UNIT_MAIN(cmocka_unit_test(one_that_does_not_listen_yet_is_not_taken_away),
	  cmocka_unit_test(one_that_stopped_is_told_what_it_missed),
	  cmocka_unit_test(the_end_has_room_of_its_own),
	  cmocka_unit_test(one_that_went_is_forgotten));
