/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the attack helpers share: each tries one thing and reports its effect. Exit 0: it worked,
 * 1: it was refused (the error's name on standard error), 2: it could not even be tried.
 */
#ifndef RF_TESTS_VM_ATTACK_H
#define RF_TESTS_VM_ATTACK_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	WORKED = 0,
	REFUSED = 1,
	UNTRIED = 2
};

static inline int refused(const char *what)
{
	const char *name = strerrorname_np(errno);

	fprintf(stderr, "%s: %s\n", what, name ? name : "?");
	return REFUSED;
}

static inline int untried(const char *what)
{
	(void)refused(what);
	return UNTRIED;
}

/* Shows what can be read from a descriptor: the effect that a test looks for. */
static inline int show_fd(int fd)
{
	char text[4096];
	ssize_t n = read(fd, text, sizeof(text));

	if (n < 0)
		return refused("read");
	return write(STDOUT_FILENO, text, (size_t)n) == n ? WORKED : UNTRIED;
}

struct attack {
	const char *name;
	int args;
	int (*run)(char **arg);
};

static inline int run_attack(const struct attack *table, int argc, char **argv)
{
	for (; argc > 1 && table->name; table++) {
		if (strcmp(table->name, argv[1]) == 0 && argc - 2 >= table->args)
			return table->run(argv + 2);
	}
	fprintf(stderr, "no such attack, or too few arguments\n");
	return UNTRIED;
}

#endif
