/* SPDX-License-Identifier: Apache-2.0 */
/* Arming a container's cgroup: see oci_arm.h. What takes it back is oci_collect.c. */
#include "sandbox/launch/oci_arm.h"

#include <inttypes.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "lsm/armed.h"
#include "lsm/cgroup.h"
#include "lsm/loader.h"
#include "lsm/rules.h"
#include "sandbox/base/str.h"
#include "sandbox/launch/image.h"
#include "sandbox/launch/nails.h"
#include "sandbox/launch/oci_collect.h"
#include "sandbox/launch/oci_pin.h"
#include "sandbox/launch/oci_record.h"

struct arming {
	const struct rf_oci_container *container;
	struct rf_lsm *lsm;
	int armed_fd;
	uint64_t id;
	uint32_t slot;
	bool live, armed, linked; /* what is to be taken back on failure */
};

static int make_id(uint64_t *ret, struct rf_err *err)
{
	*ret = 0;
	while (*ret == 0)
		if (getrandom(ret, sizeof(*ret), 0) != sizeof(*ret) && errno != EINTR)
			return rf_err_sys(err, -errno, "cannot make an id for the sandbox");
	return 0;
}

/* 1: it is armed as asked for. 0: go on. What a killed hook left there is taken away. */
static int check_armed(struct arming *a, struct rf_err *err)
{
	const struct rf_oci_container *c = a->container;
	const struct rf_sandbox *sb;
	struct rf_about about;
	struct rf_armed entry;

	if (rf_armed_get(a->armed_fd, c->cgroup->id, &entry) < 0)
		return 0;
	sb = rf_fence_at(a->lsm, entry.slot);
	if (!sb || sb->id != entry.sandbox || sb->state != RF_SB_LIVE ||
	    rf_fence_about(a->lsm, entry.slot, &about) < 0) {
		rf_armed_remove(a->armed_fd, c->cgroup->id);
		return 0;
	}
	if (rf_str_eq(about.container, c->id) && rf_str_eq(about.sha256, c->policy->sha256)) {
		rf_fence_keep(a->lsm, entry.slot); /* the hook that made it may have died since */
		return 1;
	}
	return rf_err_set(err, -EEXIST,
			  "the container's cgroup is armed already, for container %s with policy "
			  "%s",
			  about.container, about.policy);
}

/* What lies around it is fenced already, and would be the fence that counts. */
static int check_around(const struct arming *a, struct rf_err *err)
{
	const char *path = a->container->cgroup->path;
	char parent[4096];
	char *last;

	(void)snprintf(parent, sizeof(parent), "%s", path);
	while ((last = strrchr(parent, '/')) && last != parent) {
		struct rf_armed entry;
		struct stat st;

		*last = '\0';
		if (stat(parent, &st) == 0 && rf_armed_get(a->armed_fd, st.st_ino, &entry) == 0)
			return rf_err_set(err, -EPERM,
					  "the container's cgroup lies in that of another fenced "
					  "container, %.160s",
					  parent);
	}
	return 0;
}

static int make_sandbox(struct arming *a, struct rf_err *err)
{
	RF_CLEANUP(rf_image_freep) struct rf_image *image = NULL;
	const struct rf_oci_container *c = a->container;
	struct rf_fence_spec spec = {
		.cgroup = c->cgroup->id,
		.supervisor = (uint32_t)getpid(), /* until everything is there */
		.name = c->id,
		.policy = c->policy->name,
		.sha256 = c->policy->sha256,
		.container = c->id,
		.runtime = c->cgroup->runtime,
		.pod = c->pod,
	};
	int r = rf_image_make(&image, c->policy, err);

	if (r == 0)
		r = make_id(&a->id, err);
	if (r < 0)
		return r;
	spec.id = a->id;
	spec.pages = image->pages;
	spec.n_pages = image->n_pages;
	spec.image_key = image->key;
	r = rf_fence_new(a->lsm, &spec, &a->slot, err);
	a->live = r == 0;
	if (r == 0)
		r = rf_nails_set(a->lsm, a->slot, &c->world, c->policy, image, false, err);
	return r;
}

static int link_devices(struct arming *a, struct rf_err *err)
{
	const struct rf_oci_container *c = a->container;
	const struct rf_cg_bind bind = {
		.sandbox = a->id, .slot = a->slot, .flags = RF_CGB_BOTH_SESSIONS | RF_CGB_SET_UP};
	char pin[RF_OCI_PIN_PATH_MAX];
	struct rf_cg *cg = NULL;
	uint64_t cgroup = 0;
	int r;

	if (!c->policy->sections[RF_SECTION_DEVICES].present)
		return 0;
	if (mkdir(RF_OCI_PIN_DIR, 0700) < 0 && errno != EEXIST)
		return rf_err_sys(err, -errno, "cannot make %s", RF_OCI_PIN_DIR);
	rf_oci_pin_path(a->id, pin);
	r = rf_cg_open(&cg, true, err);
	if (r == 0)
		r = rf_cg_link_devices(cg, c->cgroup->fd, c->cgroup->id, &bind, pin, err);
	(void)rf_cg_free(cg);
	a->linked = r == 0;
	if (r == 0 && (rf_cg_link_cgroup(pin, &cgroup) < 0 || cgroup != c->cgroup->id))
		r = rf_err_set(err, -EUCLEAN,
			       "the device program is not linked to the container's cgroup");
	return r;
}

static int put_entry(struct arming *a, struct rf_err *err)
{
	const struct rf_oci_container *c = a->container;
	const struct rf_armed entry = {
		.sandbox = a->id,
		.slot = a->slot,
		.init_pid = (uint32_t)c->cgroup->pid,
		.init_start = c->cgroup->init_start,
		.flags = c->policy->need == RF_NEED_MUST ? RF_ARMED_MUST : 0,
	};
	int r = rf_armed_put(a->armed_fd, c->cgroup->id, &entry, err);

	a->armed = r == 0;
	return r;
}

static void take_back(struct arming *a)
{
	char pin[RF_OCI_PIN_PATH_MAX];

	if (a->armed)
		rf_armed_remove(a->armed_fd, a->container->cgroup->id);
	rf_oci_pin_path(a->id, pin);
	if (a->linked)
		(void)unlink(pin);
	(void)rmdir(RF_OCI_PIN_DIR);
	if (a->live)
		rf_fence_end(a->lsm, a->slot);
	rf_oci_record_remove(a->id);
}

static int arm(struct arming *a, struct rf_err *err)
{
	int r = check_armed(a, err);

	if (r != 0)
		return r;
	if ((r = check_around(a, err)) < 0 || (r = make_sandbox(a, err)) < 0 ||
	    (r = link_devices(a, err)) < 0 ||
	    (r = rf_oci_record_write(a->container, a->id, err)) < 0 ||
	    (r = put_entry(a, err)) < 0 ||
	    (r = rf_oci_cgroup_alive(a->container->cgroup, err)) < 0) {
		take_back(a);
		return r;
	}
	rf_fence_keep(a->lsm, a->slot);
	return 0;
}

int rf_oci_arm(const struct rf_oci_container *container, struct rf_err *err)
{
	struct arming a = {.container = container, .armed_fd = -1};
	int r = rf_lsm_load(false, err);

	if (r == 0)
		r = rf_lsm_open(&a.lsm, err);
	if (r == 0) {
		a.armed_fd = rf_armed_open(err);
		r = a.armed_fd < 0 ? a.armed_fd : 0;
	}
	if (r == 0) {
		(void)rf_oci_sweep(a.lsm, a.armed_fd);
		r = arm(&a, err);
	}
	if (a.armed_fd >= 0)
		(void)close(a.armed_fd);
	(void)rf_lsm_close(a.lsm);
	return r < 0 ? r : 0;
}
