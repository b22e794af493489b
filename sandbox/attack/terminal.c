/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Terminals. Typing into one: always into one of the attempt's own, with all that the kernel wants
 * for it, so that only the fence is left to refuse. And opening one of somebody outside.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>

#include "sandbox/attack/scene.h"

/* A new terminal: its other side, or -1, and its number. */
static int make_terminal(int *ret_number)
{
	int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC), unlock = 0;

	if (master >= 0 && ioctl(master, TIOCSPTLCK, &unlock) == 0 &&
	    ioctl(master, TIOCGPTN, ret_number) == 0)
		return master;
	if (master >= 0)
		(void)close(master);
	return -1;
}

static const char *path_of(int number)
{
	static char path[64];

	(void)snprintf(path, sizeof(path), "/dev/pts/%d", number);
	return path;
}

static int open_own(struct rf_try *t)
{
	int number = 0, slave;

	if (make_terminal(&number) < 0) {
		rf_try_untried(t, "no terminal of its own");
		return -1;
	}
	slave = open(path_of(number), O_RDWR | O_CLOEXEC);
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

/* Of the terminal that somebody outside has; it lives as long as this is open. */
static int outside = -1;

static int prepare_others(struct rf_try *t)
{
	int number = 0;

	outside = make_terminal(&number);
	t->value = number;
	return outside < 0 ? -errno : 0;
}

static void undo_others(const struct rf_try *t RF_UNUSED)
{
	if (outside >= 0)
		(void)close(RF_TAKE_FD(outside));
}

static void open_others(struct rf_try *t)
{
	rf_try_result(t, open(path_of((int)t->value), O_RDWR | O_NOCTTY | O_CLOEXEC), "open");
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
	{.id = "terminal.others",
	 .text = "open a terminal of somebody outside, to read what is typed there",
	 .ask = RF_ASK_KERNEL(SIGNALS),
	 .needs = RF_NEEDS_LSM,
	 .prepare = prepare_others,
	 .run = open_others,
	 .undo = undo_others},
};

const struct rf_attempt_group rf_attack_terminal = {attempts, RF_ARRAY_LEN(attempts)};
