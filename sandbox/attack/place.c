/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Choosing places by asking the policy about names that do not exist yet. See place.h.
 *
 * Best is a secret whose denial is in force, beside a writable folder in the same file system.
 */
#include "sandbox/attack/place.h"

#include <inttypes.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "sandbox/base/str.h"

#define BASES_MAX 8
#define NAMES_MAX 64

#define BASE_MAX 1025

struct base {
	char path[BASE_MAX];
	dev_t dev;
	bool open; /* the policy lets write below it */
};

struct search {
	struct base bases[BASES_MAX];
	size_t n_bases;
	char names[NAMES_MAX][64];
	size_t n_names;
	char tag[24]; /* name of our folder in a base */
};

static void add_base(struct search *s, const char *path)
{
	struct base *base = &s->bases[s->n_bases];
	char resolved[PATH_MAX];
	struct stat st;

	if (!path || path[0] != '/' || s->n_bases == BASES_MAX || !realpath(path, resolved) ||
	    strlen(resolved) >= BASE_MAX || stat(resolved, &st) < 0 || !S_ISDIR(st.st_mode) ||
	    access(resolved, W_OK | X_OK) < 0)
		return;
	memcpy(base->path, resolved, strlen(resolved) + 1);
	base->dev = st.st_dev;
	s->n_bases++;
}

static void add_name(struct search *s, const char *name)
{
	if (s->n_names < NAMES_MAX && name[0] && strlen(name) < sizeof(s->names[0]))
		(void)snprintf(s->names[s->n_names++], sizeof(s->names[0]), "%s", name);
}

/* A name that a pattern "**" "/.." of the policy may match; asking tells whether it does. */
static void add_from_pattern(struct search *s, const struct rf_pattern *pattern)
{
	char name[64];
	size_t n = 0;

	if (pattern->literal || !rf_str_has_prefix(pattern->text, "**/"))
		return;
	for (const char *c = pattern->text + 3; *c; c++) {
		if (n + 1 >= sizeof(name) || strchr("[{\\", *c))
			return;
		if (*c == '*' && n && name[n - 1] == '*')
			continue;
		name[n++] = *c;
	}
	name[n] = 0;
	for (size_t i = 0; i < n; i++)
		if (name[i] == '*' || name[i] == '?')
			name[i] = 'x';
	if (strchr(name, '/') == strrchr(name, '/'))
		add_name(s, name);
}

static void collect(const struct rf_policy *policy, struct search *s)
{
	uint32_t random = 0;
	const char *home = getenv("HOME");

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		random = (uint32_t)getpid();
	(void)snprintf(s->tag, sizeof(s->tag), ".rf-attack-%08" PRIx32, random);
	add_base(s, home ? home : "/root");
	add_base(s, getenv("TMPDIR"));
	add_base(s, "/tmp");
	add_base(s, "/var/tmp");
	add_base(s, "/dev/shm");
	add_base(s, "/srv");
	add_name(s, "secret");
	add_name(s, ".env");
	add_name(s, ".ssh/id_rsa");
	for (size_t i = 0; i < policy->n_files; i++)
		for (size_t j = 0; policy->files[i].rule.deny && j < policy->files[i].n_paths; j++)
			add_from_pattern(s, &policy->files[i].paths[j]);
}

static void ask(const struct rf_scene *scene, uint32_t rights, const char *path,
		struct rf_expectation *ret)
{
	struct rf_question q = {.kind = RF_WHY_FILE, .rights = rights};

	(void)snprintf(q.text, sizeof(q.text), "%s", path);
	rf_expect_question(scene, &q, ret);
}

static bool may_write(const struct rf_scene *scene, const struct search *s, const struct base *base)
{
	static const uint32_t rights[] = {RF_FILE_READ, RF_FILE_WRITE, RF_FILE_CREATE,
					  RF_FILE_REMOVE};
	char path[BASE_MAX + 128];

	(void)snprintf(path, sizeof(path), "%s/%s/o/0/file", base->path, s->tag);
	for (size_t i = 0; i < RF_ARRAY_LEN(rights); i++) {
		struct rf_expectation e;

		ask(scene, rights[i], path, &e);
		if (!rf_str_eq(e.verdict, "allowed"))
			return false;
	}
	return true;
}

/* 0: not denied; 1: denied, but not in force here; 4: denied. */
static int worth(const struct rf_scene *scene, const struct search *s, const struct base *base,
		 const char *name)
{
	char path[BASE_MAX + 128];
	struct rf_expectation e;

	(void)snprintf(path, sizeof(path), "%s/%s/s/0/%s", base->path, s->tag, name);
	ask(scene, RF_FILE_READ, path, &e);
	if (e.applies)
		return 4;
	return rf_str_eq(e.verdict, "denied") || rf_str_eq(e.verdict, "killed") ? 1 : 0;
}

static const struct base *open_beside(const struct search *s, dev_t dev)
{
	const struct base *any = NULL;

	for (size_t i = 0; i < s->n_bases; i++) {
		if (s->bases[i].open && s->bases[i].dev == dev)
			return &s->bases[i];
		if (s->bases[i].open && !any)
			any = &s->bases[i];
	}
	return any;
}

static void take(struct rf_scene *scene, const struct search *s, const struct base *closed,
		 const char *name)
{
	const struct base *open = open_beside(s, closed->dev);

	(void)snprintf(scene->closed, sizeof(scene->closed), "%s/%s", closed->path, s->tag);
	(void)snprintf(scene->secret, sizeof(scene->secret), "%s", name);
	scene->open[0] = 0;
	if (open)
		(void)snprintf(scene->open, sizeof(scene->open), "%s/%s", open->path, s->tag);
	scene->same = open && open->dev == closed->dev;
}

static void choose(struct rf_scene *scene, const struct search *s)
{
	int best = 0;

	for (size_t i = 0; i < s->n_bases; i++) {
		const struct base *open = open_beside(s, s->bases[i].dev);
		int beside = !open ? 0 : open->dev == s->bases[i].dev ? 2 : 1;

		for (size_t j = 0; j < s->n_names; j++) {
			int value = worth(scene, s, &s->bases[i], s->names[j]);

			if (!value || value + beside <= best)
				continue;
			best = value + beside;
			take(scene, s, &s->bases[i], s->names[j]);
		}
	}
	if (!best && open_beside(s, 0))
		(void)snprintf(scene->open, sizeof(scene->open), "%s/%s", open_beside(s, 0)->path,
			       s->tag);
}

/* Both kinds of folders get a part of their own, since they may share the one above. */
static void add_part(char *path, char part)
{
	size_t len = strlen(path);

	if (len && len + 3 < PATH_MAX) {
		path[len] = '/';
		path[len + 1] = part;
		path[len + 2] = 0;
	}
}

int rf_place_find(struct rf_scene *scene, struct rf_err *err)
{
	RF_AUTOFREE struct search *s = calloc(1, sizeof(*s));

	if (!s)
		return rf_err_sys(err, -ENOMEM, "cannot look for places to attack");
	collect(scene->policy, s);
	for (size_t i = 0; i < s->n_bases; i++)
		s->bases[i].open = may_write(scene, s, &s->bases[i]);
	choose(scene, s);
	add_part(scene->closed, 's');
	add_part(scene->open, 'o');
	return 0;
}

static int make_folder(const char *path, struct rf_err *err)
{
	char above[PATH_MAX];

	if (!path[0])
		return 0;
	(void)snprintf(above, sizeof(above), "%s", path);
	*strrchr(above, '/') = 0;
	if (mkdir(above, 0755) < 0 && errno != EEXIST)
		return rf_err_sys(err, -errno, "cannot make %.200s for the attempts", above);
	if (mkdir(path, 0755) < 0)
		return rf_err_sys(err, -errno, "cannot make %.200s for the attempts", path);
	return 0;
}

int rf_place_make(const struct rf_scene *scene, struct rf_err *err)
{
	int r = make_folder(scene->closed, err);

	return r < 0 ? r : make_folder(scene->open, err);
}
