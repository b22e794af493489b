/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folders of ringfence's executables. See homes.h.
 */
#include "lsm/homes.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <string.h>

#include "sandbox/base/cleanup.h"
#include "sandbox/base/install.h"

static int find(int identify_fd, const char *dir, struct rf_home *ret, struct rf_err *err)
{
	RF_AUTOCLOSE int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct rf_identify ask = {.fd = (uint32_t)fd};
	/* Programs of this kind answer in what they were given. */
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = &ask, .ctx_size_in = sizeof(ask));

	if (fd < 0 && errno == ENOENT)
		return 0; /* a copy of the one executable: nothing is started from there */
	if (fd < 0)
		return rf_err_sys(err, -errno, "cannot open %s, where ringfence's executables are",
				  dir);
	if (bpf_prog_test_run_opts(identify_fd, &opts) < 0)
		return rf_err_sys(err, -errno, "cannot ask the kernel what identifies %s", dir);
	if (!ask.found)
		return rf_err_set(err, -EBADF,
				  "the kernel does not tell what identifies %s, so the processes "
				  "started from there could not be protected",
				  dir);
	ret->dev = ask.object.dev;
	ret->ino = ask.object.ino;
	return 0;
}

int rf_homes_find(int identify_fd, struct rf_home ret[RF_HOMES], struct rf_err *err)
{
	RF_AUTOFREE char *libexec = NULL, *command = NULL;
	char *slash;
	int r;

	memset(ret, 0, RF_HOMES * sizeof(*ret));
	r = rf_install_libexecdir(&libexec, err);
	if (r == 0)
		r = find(identify_fd, libexec, &ret[RF_HOME_OWN], err);
	if (r == 0)
		r = rf_install_executable(&command, err);
	if (r < 0)
		return r;
	slash = command ? strrchr(command, '/') : NULL;
	if (!slash)
		return rf_err_set(err, -EINVAL, "ringfence's own path has no folder");
	slash[slash == command] = '\0';
	return find(identify_fd, command, &ret[RF_HOME_SHARED], err);
}
