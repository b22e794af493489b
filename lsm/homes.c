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

static void find(int identify_fd, const char *dir, struct rf_home *ret)
{
	RF_AUTOCLOSE int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct rf_identify ask = {.fd = (uint32_t)fd};
	/* Programs of this kind answer in what they were given. */
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = &ask, .ctx_size_in = sizeof(ask));

	if (fd < 0 || bpf_prog_test_run_opts(identify_fd, &opts) < 0 || !ask.found)
		return;
	ret->dev = ask.object.dev;
	ret->ino = ask.object.ino;
}

void rf_homes_find(int identify_fd, struct rf_home ret[RF_HOMES])
{
	RF_AUTOFREE char *libexec = NULL, *command = NULL;
	char *slash;

	memset(ret, 0, RF_HOMES * sizeof(*ret));
	if (rf_install_libexecdir(&libexec, NULL) == 0)
		find(identify_fd, libexec, &ret[RF_HOME_OWN]);
	if (rf_install_executable(&command, NULL) != 0)
		return;
	slash = strrchr(command, '/');
	if (!slash || slash == command)
		return;
	*slash = '\0';
	find(identify_fd, command, &ret[RF_HOME_SHARED]);
}
