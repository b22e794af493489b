/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which terminals a sandbox is given; see lsm/bpf/terminal.bpf.h.
 *
 * What its first process holds as descriptors 0 to 2 it may open by name, too. The kernel side
 * knows such a terminal by a number in its inode, which goes with it.
 */
#include <bpf/bpf.h>
#include <sys/pidfd.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "lsm/loader.h"
#include "lsm/rules_parts.h"
#include "sandbox/base/cleanup.h"

#define PTS_FIRST 136 /* UNIX98_PTY_SLAVE_MAJOR and the seven behind it */
#define PTS_LAST  143

static bool is_terminal(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && major(st.st_rdev) >= PTS_FIRST &&
	       major(st.st_rdev) <= PTS_LAST;
}

/* Its number in the map, which it is given if it has none. */
static int number_of(int map, int fd, __u64 *ret)
{
	struct rf_terminal terminal = {0};

	/* Twice: somebody else may number it in between. */
	for (int i = 0; i < 2; i++) {
		if (bpf_map_lookup_elem(map, &fd, &terminal) == 0 && terminal.serial)
			break;
		if (getrandom(&terminal.serial, sizeof(terminal.serial), 0) < 0)
			return -errno;
		if (bpf_map_update_elem(map, &fd, &terminal,
					terminal.maker ? BPF_EXIST : BPF_NOEXIST) == 0)
			break;
		if (errno != EEXIST)
			return -errno;
		terminal.serial = 0;
	}
	*ret = terminal.serial;
	return terminal.serial ? 0 : -EBUSY;
}

int rf_fence_terminals(struct rf_lsm *lsm, uint32_t slot, int pidfd, struct rf_err *err)
{
	struct rf_sandbox *sb = rf_fence_at(lsm, slot);
	RF_AUTOCLOSE int map = -1;
	int r;

	for (int i = 0; sb && i < RF_TERMINALS; i++) {
		RF_AUTOCLOSE int fd = pidfd_getfd(pidfd, i, 0);

		/* Closed, or nothing that we may look at: then it is opened by name as others. */
		if (fd < 0 || !is_terminal(fd))
			continue;
		if (map < 0)
			map = bpf_obj_get(RF_LSM_PIN_DIR "/rf_terminal");
		if (map < 0)
			return rf_err_sys(err, -errno, "cannot open %s",
					  RF_LSM_PIN_DIR "/rf_terminal");
		r = number_of(map, fd, &sb->terminal[i]);
		if (r < 0)
			return rf_err_sys(err, r, "cannot note the terminal of descriptor %d", i);
	}
	return 0;
}
