/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kill-at N COMMAND…: runs a command and kills it at its Nth stop before or after a system call.
 *
 * Shows what a death at any moment leaves behind: children are not traced. Exit status: 0 killed
 * there; 1 the command ended before, its number of stops is printed; 2 this helper failed. N of 0
 * kills at the first poll(2).
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static int is_at_poll(pid_t pid)
{
	struct __ptrace_syscall_info info;

	memset(&info, 0, sizeof(info));
	return ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) > 0 &&
	       info.op == PTRACE_SYSCALL_INFO_ENTRY && info.entry.nr == SYS_poll;
}

static int follow(pid_t pid, long n)
{
	int status, at = 0;

	if (waitpid(pid, &status, 0) < 0 || !WIFSTOPPED(status))
		return 2;
	if (ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL) < 0)
		return 2;
	for (int sig = 0;; at++) {
		if (ptrace(PTRACE_SYSCALL, pid, NULL, sig) < 0 || waitpid(pid, &status, 0) < 0)
			return 2;
		if (!WIFSTOPPED(status)) {
			printf("%d\n", at);
			return 1;
		}
		/* The kernel's own traps, at calls and at exec, are not the command's signals. */
		sig = (WSTOPSIG(status) & 0x7f) == SIGTRAP ? 0 : WSTOPSIG(status);
		if (n ? at == n : is_at_poll(pid))
			break;
	}
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, &status, 0);
	if (!n)
		printf("%d\n", at);
	return 0;
}

int main(int argc, char **argv)
{
	pid_t pid;

	if (argc < 3)
		return 2;
	pid = fork();
	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 || raise(SIGSTOP))
			_exit(2);
		execv(argv[2], argv + 2);
		_exit(2);
	}
	return pid < 0 ? 2 : follow(pid, strtol(argv[1], NULL, 10));
}
