/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at containers that run. See oci_running.h. */
#include "cli/oci_running.h"

#include <dirent.h>
#include <jansson.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

#include "lsm/abi.h"
#include "lsm/rules.h"
#include "sandbox/base/fd.h"
#include "sandbox/base/str.h"
#include "sandbox/base/vec.h"
#include "sandbox/launch/oci_state.h"

#define JSON_MAX ((size_t)16 << 20)

/* A container between its start and its first exec, which takes it into the fence. */
#define LOOKS	10
#define PAUSE_S 0.1

/* containerd keeps both runtimes' in one folder. */
static const struct {
	const char *dir, *file;
} runtimes[] = {
	{"/run/crun", "status"},
	{"/run/runc", "state.json"},
	{"/run/containerd/runc/k8s.io", "state.json"},
	{"/run/containerd/runc/k8s.io", "status"},
	{"/run/containerd/runc/default", "state.json"},
	{"/run/containerd/runc/default", "status"},
};

struct container {
	char id[NAME_MAX + 1];
	struct rf_oci_state state; /* of which there are the annotations */
	pid_t pid;
	bool waits; /* made, and not started yet */
};

RF_VEC_DEFINE(containers, struct container);

struct look {
	struct containers all;
	struct rf_lsm *lsm; /* NULL: nothing is loaded */
	void (*report)(void *data, bool sure, const char *text);
	void *data;
};

static void tell(const struct look *look, bool sure, const char *fmt, ...) RF_PRINTF(3, 4);

static void tell(const struct look *look, bool sure, const char *fmt, ...)
{
	char line[4096];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	look->report(look->data, sure, line);
}

/* ---- what runtimes keep ---- */

static json_t *load(const char *path)
{
	RF_AUTOFREE char *text = NULL;
	size_t len;

	if (rf_fd_read_file(path, JSON_MAX, &text, &len, NULL) < 0)
		return NULL;
	return json_loadb(text, len, 0, NULL);
}

/* runc keeps annotations as "KEY=VALUE" texts. */
static json_t *annotations_of_labels(const json_t *labels)
{
	json_t *ret = json_object(), *value;
	size_t at;

	json_array_foreach (labels, at, value) {
		const char *text = json_is_string(value) ? json_string_value(value) : "";
		const char *is = strchr(text, '=');

		if (is)
			(void)json_object_setn_new(ret, text, (size_t)(is - text),
						   json_string(is + 1));
	}
	return ret;
}

/* crun's status names the bundle, whose config.json has the annotations; runc's state has all. */
static json_t *annotations_of(const json_t *kept)
{
	const char *bundle = json_string_value(json_object_get(kept, "bundle"));
	const json_t *runc = json_object_get(kept, "config");
	json_t *config, *ret;
	char path[PATH_MAX];

	if (runc)
		return annotations_of_labels(json_object_get(runc, "labels"));
	if (!bundle || snprintf(path, sizeof(path), "%s/config.json", bundle) >= PATH_MAX)
		return NULL;
	config = load(path);
	ret = json_incref(json_object_get(config, "annotations"));
	json_decref(config);
	return ret;
}

static void add(struct look *look, const char *dir, const char *id, const char *file)
{
	char path[PATH_MAX];
	struct container *c;
	json_t *kept, *annotations;

	if (snprintf(path, sizeof(path), "%s/%s/%s", dir, id, file) >= PATH_MAX)
		return;
	kept = load(path);
	annotations = kept ? annotations_of(kept) : NULL;
	c = json_is_object(annotations) ? containers_add(&look->all) : NULL;
	if (c) {
		const char *pid = json_object_get(kept, "config") ? "init_process_pid" : "pid";

		(void)snprintf(c->id, sizeof(c->id), "%s", id);
		c->pid = (pid_t)json_integer_value(json_object_get(kept, pid));
		c->state.root = json_pack("{s:O}", "annotations", annotations);
		/* Both runtimes take it away when they start the container. */
		(void)snprintf(path, sizeof(path), "%s/%s/exec.fifo", dir, id);
		c->waits = access(path, F_OK) == 0;
	}
	json_decref(annotations);
	json_decref(kept);
}

static void collect(struct look *look)
{
	for (size_t i = 0; i < RF_ARRAY_LEN(runtimes); i++) {
		RF_AUTOCLOSEDIR DIR *dir = opendir(runtimes[i].dir);

		for (struct dirent *entry = dir ? readdir(dir) : NULL; entry; entry = readdir(dir))
			if (entry->d_name[0] != '.')
				add(look, runtimes[i].dir, entry->d_name, runtimes[i].file);
	}
}

/* ---- who is not fenced ---- */

/* As the hook sees it; one that it would refuse asks, too. A pod's own (pause) container has the
 * pod's annotations, but engines call no hook for it. */
static bool asks(const struct container *c)
{
	const char *policy = NULL;

	if (rf_str_eq(rf_oci_state_type(&c->state), "sandbox"))
		return false;
	return rf_oci_state_policy(&c->state, NULL, &policy, NULL) < 0 || policy;
}

static bool is_armed(const struct look *look, const char *id)
{
	for (uint32_t slot = 0; look->lsm && slot < rf_fence_limit(look->lsm); slot++) {
		struct rf_about about;

		if (rf_fence_at(look->lsm, slot)->state == RF_SB_LIVE &&
		    rf_fence_about(look->lsm, slot, &about) == 0 &&
		    strcmp(about.container, id) == 0)
			return true;
	}
	return false;
}

/* Armed is not enough: who was restored from a checkpoint never execs, so is never taken in. */
static bool is_fenced(const struct look *look, const struct container *c)
{
	RF_AUTOCLOSE int pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);
	const struct timespec pause = {.tv_nsec = (long)(PAUSE_S * 1e9)};
	struct rf_task task;

	if (!is_armed(look, c->id))
		return false;
	for (int i = 0; i < LOOKS && !c->waits; i++) {
		if (pidfd < 0 || rf_fence_of(look->lsm, pidfd, &task) != -ENOENT)
			return true; /* or it is gone, or cannot be told */
		(void)nanosleep(&pause, NULL);
	}
	return c->waits;
}

static void check_fence(const struct look *look, const struct container *c)
{
	if (asks(c) && c->pid > 0 && kill(c->pid, 0) == 0 && !is_fenced(look, c))
		tell(look, true,
		     "container %s runs (process %d), asks for a policy and is not fenced", c->id,
		     (int)c->pid);
}

/* ---- annotations for nobody ---- */

/* How an engine tells containers of one pod from those of another. */
static const char *pod_of(const struct container *c)
{
	const char *id = rf_oci_annotation(&c->state, "io.kubernetes.cri.sandbox-id");

	return id ? id : rf_oci_annotation(&c->state, "io.kubernetes.cri-o.SandboxID");
}

static bool is_in_pod(const struct container *c, const char *pod)
{
	return rf_str_eq(pod_of(c), pod);
}

static bool has_container(const struct look *look, const char *pod, const char *name)
{
	for (size_t i = 0; i < look->all.len; i++)
		if (is_in_pod(&look->all.data[i], pod) &&
		    rf_str_eq(rf_oci_state_container(&look->all.data[i].state), name))
			return true;
	return false;
}

/* Where kubelets keep logs there is a folder of each container that the pod ever had. */
static bool had_container(const struct container *c, const char *name)
{
	const char *uid = rf_oci_annotation(&c->state, "io.kubernetes.cri.sandbox-uid");
	char pod[512], path[PATH_MAX];
	char *slash;

	uid = uid ? uid : rf_oci_annotation(&c->state, "io.kubernetes.pod.uid");
	rf_oci_state_pod(&c->state, pod, sizeof(pod));
	slash = strchr(pod, '/');
	if (!uid || !slash || strchr(name, '/'))
		return false;
	*slash = '_';
	return snprintf(path, sizeof(path), "/var/log/pods/%s_%s/%s", pod, uid, name) < PATH_MAX &&
	       access(path, F_OK) == 0;
}

/* Each container of a pod has the pod's annotations: the first one tells for all. */
static bool was_told(const struct look *look, size_t before, const char *pod, const char *key)
{
	for (size_t i = 0; i < before; i++)
		if (is_in_pod(&look->all.data[i], pod) &&
		    rf_oci_annotation(&look->all.data[i].state, key))
			return true;
	return false;
}

static void check_names(const struct look *look, size_t at)
{
	const struct container *c = &look->all.data[at];
	json_t *annotations = json_object_get(c->state.root, "annotations"), *value;
	const char *pod = pod_of(c), *key;
	char name[160];

	if (!pod)
		return;
	rf_oci_state_pod(&c->state, name, sizeof(name));
	json_object_foreach (annotations, key, value) {
		const char *who = rf_oci_policy_for(key);

		if (who && !has_container(look, pod, who) && !had_container(c, who) &&
		    !was_told(look, at, pod, key))
			tell(look, false,
			     "pod %s: annotation %.160s names no container that runs in it; unless "
			     "one of this name has ended or is still to come, it fences nobody",
			     *name ? name : pod, key);
	}
}

void rf_oci_running_check(void (*report)(void *data, bool sure, const char *text), void *data)
{
	RF_CLEANUP(rf_lsm_closep) struct rf_lsm *lsm = NULL;
	struct look look = {.report = report, .data = data};

	look.lsm = rf_lsm_open(&lsm, NULL) < 0 ? NULL : lsm;
	collect(&look);
	for (size_t i = 0; i < look.all.len; i++) {
		check_fence(&look, &look.all.data[i]);
		check_names(&look, i);
	}
	for (size_t i = 0; i < look.all.len; i++)
		rf_oci_state_done(&look.all.data[i].state);
	containers_done(&look.all);
}
