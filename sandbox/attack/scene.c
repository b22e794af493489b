/* SPDX-License-Identifier: Apache-2.0 */
/* Finding the places of the attempts, making what they need, and removing it. See scene.h. */
#include "sandbox/attack/scene.h"

#include <fcntl.h>
#include <ftw.h>
#include <mntent.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "sandbox/attack/network.h"
#include "sandbox/attack/place.h"
#include "sandbox/base/fd.h"

static int make_token(struct rf_scene *scene, struct rf_err *err)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char raw[RF_TOKEN_LEN];

	if (getrandom(raw, sizeof(raw), 0) != sizeof(raw))
		return rf_err_sys(err, -errno, "cannot make a secret");
	for (size_t i = 0; i < RF_TOKEN_LEN; i++)
		scene->token[i] = digits[raw[i] & 15];
	scene->token[RF_TOKEN_LEN] = 0;
	return 0;
}

/* Shared, so that whoever cleans up knows what was made after it was born. */
static void *share(size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

static void find_cgroups(struct rf_scene *scene)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	const struct mntent *entry;

	while (mounts && !scene->cgroups[0] && (entry = getmntent(mounts)))
		if (strcmp(entry->mnt_type, "cgroup2") == 0 &&
		    strlen(entry->mnt_dir) < sizeof(scene->cgroups))
			(void)snprintf(scene->cgroups, sizeof(scene->cgroups), "%s",
				       entry->mnt_dir);
	if (mounts)
		(void)endmntent(mounts);
}

static int allocate(struct rf_scene *scene, struct rf_err *err)
{
	scene->trials = share(rf_attack_count() * sizeof(*scene->trials));
	scene->tries = share(rf_attack_count() * sizeof(*scene->tries));
	if (!scene->trials || !scene->tries)
		return rf_err_sys(err, -errno, "cannot map memory for the attempts");
	return 0;
}

static int write_file(const char *path, const char *text, mode_t mode)
{
	RF_AUTOCLOSE int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

	if (fd < 0)
		return -errno;
	return rf_fd_write_all(fd, text, strlen(text), NULL);
}

/* The secret, and the folder it may have within its own. */
static int make_secret(const struct rf_try *t)
{
	char above[PATH_MAX];

	if (mkdir(t->dir, 0755) < 0)
		return -errno;
	(void)snprintf(above, sizeof(above), "%s", t->secret);
	*strrchr(above, '/') = 0;
	if (strcmp(above, t->dir) != 0 && mkdir(above, 0755) < 0)
		return -errno;
	return write_file(t->secret, t->scene->token, 0644);
}

/* Names only: what is made depends on what is asked about them. */
static void name_try(struct rf_scene *scene, size_t index)
{
	struct rf_try *t = &scene->tries[index];
	char name[24];

	(void)snprintf(name, sizeof(name), "%zu", index);
	t->scene = scene;
	t->trial = &scene->trials[index];
	if (scene->closed[0]) {
		(void)snprintf(t->dir, sizeof(t->dir), "%s", rf_try_path(scene->closed, name));
		(void)snprintf(t->secret, sizeof(t->secret), "%s",
			       rf_try_path(t->dir, scene->secret));
	}
	if (scene->open[0])
		(void)snprintf(t->open, sizeof(t->open), "%s", rf_try_path(scene->open, name));
}

static int make_try(const struct rf_attempt *a, const struct rf_try *t)
{
	uint32_t needs = a->needs | a->also;
	int r = 0;

	if (needs & RF_NEEDS_SECRET)
		r = make_secret(t);
	if (r == 0 && (needs & RF_NEEDS_OPEN) && mkdir(t->open, 0777) < 0)
		r = -errno;
	return r;
}

static void prepare_one(const struct rf_attempt *a, struct rf_try *t)
{
	int r = a->prepare ? a->prepare(t) : 0;

	if (r == 0)
		return;
	errno = -r;
	rf_try_untried(t, "what it needs cannot be made here");
}

static int make_tries(struct rf_scene *scene, struct rf_err *err)
{
	size_t n = rf_attack_count();

	for (size_t i = 0; i < n; i++) {
		const struct rf_attempt *a = rf_attack_at(i);
		struct rf_try *t = &scene->tries[i];
		struct rf_expectation e;
		int r;

		name_try(scene, i);
		rf_expect(scene, a, t, &e);
		t->refusal = e.errno_value;
		t->wanted = e.applies;
		r = e.applies ? make_try(a, t) : 0;
		if (r < 0)
			return rf_err_sys(err, r,
					  "cannot make the objects of the attempts in %.200s",
					  scene->closed[0] ? scene->closed : scene->open);
		if (e.applies)
			prepare_one(a, t);
	}
	return 0;
}

int rf_scene_make(struct rf_scene *scene, struct rf_err *err)
{
	int r;

	scene->victim_pipe = -1;
	scene->supervisor = getpid();
	scene->uid = geteuid();
	scene->lsm = rf_selection_first(scene->selection, RF_SECTION_KERNEL) == &rf_backend_bpf_lsm;
	find_cgroups(scene);
	r = make_token(scene, err);
	if (r == 0)
		r = rf_asker_new(&scene->asker, scene->policy, scene->image, err);
	if (r == 0 && !scene->lsm)
		r = rf_allowers_new(&scene->allowers, scene->policy, false, err);
	if (r == 0)
		r = allocate(scene, err);
	if (r == 0)
		r = rf_place_find(scene, err);
	if (r == 0)
		rf_network_find(scene);
	/* From here on the process outside takes away what is made, whatever happens to us. */
	if (r == 0)
		r = rf_cleaner_start(scene, err);
	if (r == 0)
		r = rf_place_make(scene, err);
	if (r == 0)
		r = make_tries(scene, err);
	if (r == 0)
		r = rf_victim_start(scene, err);
	return r;
}

size_t rf_scene_given(const struct rf_scene *scene, int *ret, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < rf_attack_count() && n < max; i++)
		if (rf_attack_at(i)->gives && scene->tries[i].wanted && scene->tries[i].value > 2)
			ret[n++] = (int)scene->tries[i].value;
	return n;
}

static int remove_one(const char *path, const struct stat *st RF_UNUSED, int kind RF_UNUSED,
		      struct FTW *at RF_UNUSED)
{
	(void)remove(path);
	return 0;
}

/* The folder above is shared by both parts: whoever is last takes it away. */
static void remove_part(const char *path)
{
	char above[PATH_MAX];

	if (!path[0])
		return;
	(void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	(void)snprintf(above, sizeof(above), "%s", path);
	*strrchr(above, '/') = 0;
	(void)rmdir(above);
}

void rf_scene_remove(const struct rf_scene *scene)
{
	for (size_t i = 0; i < rf_attack_count(); i++)
		if (scene->tries[i].scene && rf_attack_at(i)->undo)
			rf_attack_at(i)->undo(&scene->tries[i]);
	remove_part(scene->closed);
	remove_part(scene->open);
}

void rf_scene_done(struct rf_scene *scene)
{
	rf_victim_end(scene);
	scene->asker = rf_asker_free(scene->asker);
	scene->allowers = rf_allowers_free(scene->allowers);
	if (scene->trials)
		(void)munmap(scene->trials, rf_attack_count() * sizeof(*scene->trials));
	if (scene->tries)
		(void)munmap(scene->tries, rf_attack_count() * sizeof(*scene->tries));
	scene->trials = NULL;
	scene->tries = NULL;
}
