/* SPDX-License-Identifier: Apache-2.0 */
/* See sight.h. */
#include "lsm/sight.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lsm/abi.h"
#include "sandbox/base/cleanup.h"

static int no_symbols(struct rf_err *err)
{
	return rf_err_set(err, -EOPNOTSUPP,
			  "/proc/kallsyms does not tell where the kernel's mount_lock is, without "
			  "which no path can be judged; it does with CAP_SYSLOG, with "
			  "kernel.kptr_restrict below 2 and in a kernel with CONFIG_KALLSYMS_ALL");
}

/* The first symbols of a kernel may be at 0, but not a page of them. */
int rf_sight_symbols(struct rf_err *err)
{
	static const char hidden[] = "0000000000000000 ";
	RF_AUTOCLOSE int fd = open("/proc/kallsyms", O_RDONLY | O_CLOEXEC);
	char text[4096];
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (n <= 0)
		return no_symbols(err);
	text[n] = 0;
	for (const char *line = text; line[0]; line = strchr(line, '\n') + 1) {
		if (strncmp(line, hidden, strlen(hidden)) != 0)
			return 0;
		if (!strchr(line, '\n'))
			break;
	}
	return no_symbols(err);
}

int rf_sight_try(int fd, struct rf_err *err)
{
	for (int i = 0; i < 100; i++) { /* odd for a moment while somebody mounts */
		struct rf_look look = {0};
		LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = &look, .ctx_size_in = sizeof(look));

		if (bpf_prog_test_run_opts(fd, &opts) < 0)
			return rf_err_sys(err, -errno, "cannot ask what the BPF programs see");
		if (!(look.mount_seq & 1))
			return 0;
		usleep(1000);
	}
	return no_symbols(err);
}
