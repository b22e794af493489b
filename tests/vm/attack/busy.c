/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Not an attack: a tool outside of every fence whose program is in the way of ours (busy.bpf.c).
 *
 * busy PID LOOKUPS NULLS: forks on the processor that PID is to share until a program has looked
 * for PID's mark so often, and so often found none at an open, and at a fork; two minutes at most.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

/* Generated code drops const. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wcast-qual"
#include "busy.skel.h"
#pragma GCC diagnostic pop
#include "tests/vm/attack/attack.h"

#define FORKERS 4

static int mark_it(const struct busy_bpf *skel, pid_t pid)
{
	size_t size = bpf_map__value_size(skel->maps.mark);
	int fd = (int)syscall(SYS_pidfd_open, pid, 0), r;
	char *value = calloc(1, size);

	if (fd < 0 || !value)
		return -1;
	/* Spuriously refused, too. */
	for (int i = 0; i < 1000; i++) {
		r = bpf_map_update_elem(bpf_map__fd(skel->maps.mark), &fd, value, BPF_ANY);
		if (r == 0 || (errno != EBUSY && errno != EAGAIN))
			break;
	}
	free(value);
	close(fd);
	return r;
}

static void fork_on(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(0);
		if (pid > 0)
			waitpid(pid, NULL, 0);
	}
}

static void wait_for(const struct busy_bpf *skel, unsigned long lookups, unsigned long nulls)
{
	const volatile __typeof__(*skel->bss) *seen = skel->bss;
	time_t until = time(NULL) + 120;

	while (time(NULL) < until &&
	       (seen->lookups < lookups || seen->open_nulls < nulls || seen->fork_nulls < nulls))
		usleep(100000);
}

static int run(char **arg)
{
	struct busy_bpf *skel = busy_bpf__open_and_load();
	pid_t forkers[FORKERS];

	if (!skel)
		return untried("load");
	skel->bss->watched = (__u32)atol(arg[0]);
	if (mark_it(skel, (pid_t)atol(arg[0])))
		return untried("mark");
	if (busy_bpf__attach(skel))
		return untried("attach");
	for (int i = 0; i < FORKERS; i++) {
		forkers[i] = fork();
		if (forkers[i] == 0)
			fork_on();
	}
	wait_for(skel, strtoul(arg[1], NULL, 10), strtoul(arg[2], NULL, 10));
	for (int i = 0; i < FORKERS; i++)
		if (forkers[i] > 0)
			kill(forkers[i], SIGKILL);
	printf("{\"held\": %llu, \"lookups\": %llu, \"open_nulls\": %llu, \"fork_nulls\": %llu}\n",
	       (unsigned long long)skel->bss->held, (unsigned long long)skel->bss->lookups,
	       (unsigned long long)skel->bss->open_nulls,
	       (unsigned long long)skel->bss->fork_nulls);
	busy_bpf__destroy(skel);
	return WORKED;
}

int main(int argc, char **argv)
{
	if (argc != 4) {
		fprintf(stderr, "busy PID LOOKUPS NULLS\n");
		return UNTRIED;
	}
	return run(argv + 1);
}
