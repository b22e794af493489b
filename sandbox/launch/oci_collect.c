/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taking back what containers had: at poststop, and whatever a killed hook, a failed create or a
 * runtime that runs no poststop left. See oci_arm.h.
 */
#include "sandbox/launch/oci_collect.h"

#include <dirent.h>
#include <signal.h>
#include <string.h>

#include "lsm/armed.h"
#include "lsm/cgroup.h"
#include "lsm/loader.h"
#include "lsm/rules.h"
#include "sandbox/base/str.h"
#include "sandbox/launch/cgroup.h"
#include "sandbox/launch/oci_pin.h"
#include "sandbox/launch/oci_record.h"

/* Is anybody in the cgroup with this id, or can that not be told? */
static bool is_populated(uint64_t cgroup)
{
	RF_AUTOCLOSE int fd = rf_oci_cgroup_by_id(cgroup);

	if (fd < 0)
		return fd != -ESTALE && fd != -ENOENT;
	return rf_cgroup_populated(fd) != 0;
}

/* A hook is still making it. */
static bool is_being_made(const struct rf_sandbox *sb)
{
	pid_t pid = (pid_t)(uint32_t)__atomic_load_n(&sb->self_tgid, __ATOMIC_ACQUIRE);

	return pid > 0 && pid != getpid() && (kill(pid, 0) == 0 || errno != ESRCH);
}

static void take_back(struct rf_lsm *lsm, int armed_fd, uint32_t slot)
{
	const struct rf_sandbox *sb = rf_fence_at(lsm, slot);
	char pin[RF_OCI_PIN_PATH_MAX];
	struct rf_armed entry;

	if (rf_armed_get(armed_fd, sb->cgroup, &entry) == 0 && entry.sandbox == sb->id)
		rf_armed_remove(armed_fd, sb->cgroup);
	rf_oci_pin_path(sb->id, pin);
	(void)unlink(pin);
	rf_oci_record_remove(sb->id);
	rf_fence_end(lsm, slot);
}

/* Containers (of this id, or all) whose cgroup is empty or gone; *busy counts the others. */
static unsigned sweep_slots(struct rf_lsm *lsm, int armed_fd, const char *id, unsigned *busy)
{
	unsigned n = 0;

	for (uint32_t slot = 0; slot < rf_fence_limit(lsm); slot++) {
		const struct rf_sandbox *sb = rf_fence_at(lsm, slot);
		struct rf_about about;

		if (sb->state != RF_SB_LIVE || rf_fence_about(lsm, slot, &about) < 0 ||
		    !about.container[0] || about.id != sb->id ||
		    (id && !rf_str_eq(id, about.container)) || is_being_made(sb))
			continue;
		if (is_populated(sb->cgroup)) {
			++*busy;
			continue;
		}
		take_back(lsm, armed_fd, slot);
		n++;
	}
	return n;
}

/* Entries whose sandbox is none any more, of cgroups that are gone. */
static unsigned sweep_entries(struct rf_lsm *lsm, int armed_fd)
{
	uint64_t dead[64];
	__u64 at = 0;
	unsigned n = 0;

	while (n < RF_ARRAY_LEN(dead) && rf_armed_next(armed_fd, at, &at) == 0) {
		const struct rf_sandbox *sb;
		struct rf_armed entry;

		if (rf_armed_get(armed_fd, at, &entry) < 0)
			continue;
		sb = rf_fence_at(lsm, entry.slot);
		if ((!sb || sb->id != entry.sandbox || sb->state != RF_SB_LIVE) &&
		    !is_populated(at))
			dead[n++] = at;
	}
	for (unsigned i = 0; i < n; i++)
		rf_armed_remove(armed_fd, dead[i]);
	return n;
}

/* Links whose cgroup is gone; and temporary names, which only a dead hook leaves for long. */
static unsigned sweep_pins(struct rf_lsm *lsm)
{
	RF_AUTOCLOSEDIR DIR *dir = opendir(RF_OCI_PIN_DIR);
	unsigned n = 0;

	for (struct dirent *entry = dir ? readdir(dir) : NULL; entry; entry = readdir(dir)) {
		char text[32], path[sizeof(RF_OCI_PIN_DIR) + 256];
		uint64_t id, cgroup = 0;
		uint32_t slot;

		(void)snprintf(text, sizeof(text), "0x%.16s", entry->d_name);
		if (entry->d_name[0] == '.' || rf_parse_u64_any(text, UINT64_MAX, &id) < 0 ||
		    rf_fence_find(lsm, id, &slot) == 0)
			continue;
		(void)snprintf(path, sizeof(path), RF_OCI_PIN_DIR "/%s", entry->d_name);
		if (rf_cg_link_cgroup(path, &cgroup) < 0 || cgroup == 0 || !is_populated(cgroup))
			n += unlink(path) == 0;
	}
	(void)rmdir(RF_OCI_PIN_DIR);
	return n;
}

unsigned rf_oci_sweep(struct rf_lsm *lsm, int armed_fd)
{
	unsigned busy = 0, n = sweep_slots(lsm, armed_fd, NULL, &busy);

	n += sweep_entries(lsm, armed_fd);
	return n + sweep_pins(lsm);
}

/* 1: open; 0: nothing is loaded that could hold anything. */
static int open_kernel_side(struct rf_lsm **ret, int *ret_armed, struct rf_err *err)
{
	struct rf_err why = RF_ERR_INIT;
	int r = rf_lsm_open(ret, &why);

	if (r == -ENOENT || r == -ESTALE)
		return 0;
	if (r < 0)
		return rf_err_set(err, r, "%s", rf_err_text(&why));
	*ret_armed = rf_armed_open(err);
	return *ret_armed < 0 ? *ret_armed : 1;
}

int rf_oci_disarm(const char *id, unsigned *ret_busy, struct rf_err *err)
{
	RF_CLEANUP(rf_lsm_closep) struct rf_lsm *lsm = NULL;
	RF_AUTOCLOSE int armed_fd = -1;
	int r = open_kernel_side(&lsm, &armed_fd, err);

	*ret_busy = 0;
	if (r <= 0)
		return r;
	(void)sweep_slots(lsm, armed_fd, id, ret_busy);
	(void)rf_oci_sweep(lsm, armed_fd);
	return 0;
}

int rf_oci_collect(unsigned *ret, struct rf_err *err)
{
	RF_CLEANUP(rf_lsm_closep) struct rf_lsm *lsm = NULL;
	RF_AUTOCLOSE int armed_fd = -1;
	int r = open_kernel_side(&lsm, &armed_fd, err);

	*ret = r > 0 ? rf_oci_sweep(lsm, armed_fd) : 0;
	return r < 0 ? r : 0;
}
