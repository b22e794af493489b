/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Typing into a terminal: always into one of the attempt's own, with all that the kernel wants for
 * it, so that only the fence is left to refuse.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>

#include "sandbox/attack/scene.h"

static int open_own(struct rf_try *t)
{
	int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC), unlock = 0, number;
	char path[64];
	int slave;

	if (master < 0 || ioctl(master, TIOCSPTLCK, &unlock) < 0 ||
	    ioctl(master, TIOCGPTN, &number) < 0) {
		rf_try_untried(t, "no terminal of its own");
		return -1;
	}
	(void)snprintf(path, sizeof(path), "/dev/pts/%d", number);
	slave = open(path, O_RDWR | O_CLOEXEC);
	if (slave < 0)
		rf_try_untried(t, "no terminal of its own");
	return slave;
}

static void type(struct rf_try *t, unsigned long request)
{
	char byte[2] = {'x', 0};
	int slave;

	if (setsid() < 0) {
		rf_try_failed(t, "setsid");
		return;
	}
	slave = open_own(t);
	if (slave < 0)
		return;
	(void)ioctl(slave, TIOCSCTTY, 0);
	rf_try_result(t, syscall(SYS_ioctl, slave, request, byte), "ioctl");
}

/* In a child, since a session wants a process that leads no group. */
static void type_in_child(struct rf_try *t, unsigned long request)
{
	pid_t pid = fork();

	if (pid == 0) {
		type(t, request);
		_exit(0);
	}
	if (pid < 0)
		rf_try_failed(t, "fork");
	else
		(void)waitpid(pid, NULL, 0);
}

static void type_byte(struct rf_try *t)
{
	type_in_child(t, TIOCSTI);
}

/* The kernel takes 32 bits of the request. */
static void type_high(struct rf_try *t)
{
	type_in_child(t, TIOCSTI | 0x100000000ul);
}

/* On a terminal that is no console the kernel knows no such request. */
static void console(struct rf_try *t)
{
	char byte[2] = {10, 0};
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (ioctl(fd, TIOCLINUX, byte) < 0 && errno == ENOTTY)
		rf_try_passed(t, "the request reached the device");
	else
		rf_try_failed(t, "ioctl");
}

#define ROW(name, words, request, fn)                                                              \
	{                                                                                          \
		.id = "terminal." name, .text = words,                                             \
		.ask = RF_ASK_CALL(SYS_ioctl, .args = {0, request}), .run = fn                     \
	}

static const struct rf_attempt attempts[] = {
	ROW("type", "type into a terminal (TIOCSTI)", TIOCSTI, type_byte),
	ROW("type-high", "do so with the high half of the request set", TIOCSTI, type_high),
	ROW("console", "select and paste on a console (TIOCLINUX)", TIOCLINUX, console),
};

const struct rf_attempt_group rf_attack_terminal = {attempts, RF_ARRAY_LEN(attempts)};
