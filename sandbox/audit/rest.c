/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The timer at the end of a rest; see rest.h.
 */
#include "sandbox/audit/rest.h"

#include <errno.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define NS UINT64_C(1000000000)

int rf_rest_open(int epoll_fd)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLET};
	int fd = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0)
		return fd;
	(void)close(fd);
	return -errno;
}

void rf_rest_set(int fd, uint64_t until)
{
	uint64_t at = until + NS / 1000;
	struct itimerspec when = {
		.it_value = {.tv_sec = (time_t)(at / NS), .tv_nsec = (long)(at % NS)}};
	struct timespec now;

	if (fd < 0 || clock_gettime(CLOCK_BOOTTIME, &now) < 0 ||
	    (uint64_t)now.tv_sec * NS + (uint64_t)now.tv_nsec >= at)
		return;
	(void)timerfd_settime(fd, TFD_TIMER_ABSTIME, &when, NULL);
}
