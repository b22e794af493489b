/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Not an attack: what is outside of every fence, as root, and takes away what the kernel side
 * needs, or makes more sandboxes than anybody has.
 */
#include <bpf/bpf.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "lsm/rules.h"
#include "sandbox/launch/image.h"
#include "sandbox/policy/load.h"
#include "sandbox/policy/problem.h"
#include "tests/vm/attack/attack.h"

#define PIN(name) "/sys/fs/bpf/ringfence/" name

static int say(const struct rf_err *err)
{
	fprintf(stderr, "%s\n", rf_err_text(err));
	return UNTRIED;
}

static int make_image(const char *file, struct rf_policy **policy, struct rf_image **image,
		      struct rf_err *err)
{
	const struct rf_load_options options = {.root = "/"};
	struct rf_problems problems = {0};
	int r = rf_policy_load(policy, &file, 1, &options, &problems, err);

	return r < 0 ? r : rf_image_make(image, *policy, err);
}

/* A child that waits until it is fenced, then tries FILE, tells how that went and sleeps. */
static pid_t spawn(const char *file, int go[2], int told[2])
{
	pid_t pid = fork();

	if (pid == 0) {
		char byte;

		/* Not with us: that its supervisor dies is what is tried. */
		close(go[1]);
		byte = read(go[0], &byte, 1) == 1 && open(file, O_RDONLY) < 0 && errno == EACCES
			       ? 'r'
			       : 'L';
		if (write(told[1], &byte, 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	return pid;
}

struct many {
	struct rf_lsm *lsm;
	struct rf_fence_spec spec;
	int go[2], told[2];
};

static int make_one(struct many *m, const char *file, uint64_t id, struct rf_err *err)
{
	uint32_t slot;
	char byte = 0;
	pid_t pid;
	int pidfd, r;

	m->spec.id = id;
	r = rf_fence_new(m->lsm, &m->spec, &slot, err);
	if (r < 0)
		return r;
	pid = spawn(file, m->go, m->told);
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pid < 0 || pidfd < 0)
		return rf_err_sys(err, -errno, "cannot start a process");
	r = rf_fence_task(m->lsm, slot, pidfd, RF_SESS_INIT, err);
	close(pidfd);
	if (r < 0)
		return r;
	if (write(m->go[1], "g", 1) != 1 || read(m->told[0], &byte, 1) != 1 || byte != 'r')
		return rf_err_set(err, -EACCES, "sandbox %u was not refused", slot);
	return 0;
}

/* many POLICY FILE N: so many sandboxes with a process each, every one of which is refused FILE. */
static int many(char **arg)
{
	struct many m = {.spec = {.supervisor = (uint32_t)getpid(),
				  .name = "many",
				  .policy = "many",
				  .ring_bytes = 4096}};
	struct rf_policy *policy = NULL;
	struct rf_image *image = NULL;
	struct rf_err err = RF_ERR_INIT;
	int n = atoi(arg[2]), r;

	r = make_image(arg[0], &policy, &image, &err);
	if (r == 0)
		r = rf_lsm_open(&m.lsm, &err);
	if (r < 0 || pipe(m.go) < 0 || pipe(m.told) < 0)
		return say(&err);
	m.spec.pages = image->pages;
	m.spec.n_pages = image->n_pages;
	for (int i = 0; r == 0 && i < n; i++)
		r = make_one(&m, arg[1], (uint64_t)i << 32 | 0x1234567, &err);
	if (r < 0)
		return say(&err);
	printf("%d\n", n);
	fflush(stdout);
	pause();
	return WORKED;
}

/* fill N: the first N slots are taken by a live process, this one; emptied again at SIGTERM. */
static int fill(char **arg)
{
	struct rf_lsm *lsm = NULL;
	struct rf_err err = RF_ERR_INIT;
	uint32_t n = (uint32_t)atoi(arg[0]);
	sigset_t set;
	int sig;

	if (n > RF_MAX_SANDBOXES || rf_lsm_open(&lsm, &err) < 0)
		return say(&err);
	for (uint32_t slot = 0; slot < n; slot++) {
		struct rf_sandbox *sb = rf_fence_at(lsm, slot);

		if (sb->self_tgid == 0)
			sb->self_tgid = UINT64_C(0xabcd) << 32 | (uint32_t)getpid();
	}
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	printf("full\n");
	fflush(stdout);
	sigwait(&set, &sig);
	for (uint32_t slot = 0; slot < n; slot++)
		if (rf_fence_at(lsm, slot)->self_tgid >> 32 == 0xabcd)
			rf_fence_at(lsm, slot)->self_tgid = 0;
	return WORKED;
}

/* Where the policy of the sandbox with a process is. */
static int find_image(unsigned int *at)
{
	struct rf_lsm *lsm = NULL;
	struct rf_err err = RF_ERR_INIT;

	if (rf_lsm_open(&lsm, &err) < 0)
		return say(&err);
	for (uint32_t slot = 0; slot < RF_MAX_SANDBOXES; slot++) {
		const struct rf_sandbox *sb = rf_fence_at(lsm, slot);

		if (sb->state == RF_SB_LIVE && sb->tasks > 0) {
			*at = rf_image_at(slot, sb->policy_gen);
			return WORKED;
		}
	}
	fprintf(stderr, "no sandbox\n");
	return UNTRIED;
}

/*
 * The first n are in use by the sandbox with this mark, the others by nobody. The processes that
 * would use them are stopped meanwhile, so that nothing in use is written over.
 */
static int set_busy(unsigned int n, unsigned int mark)
{
	int fd = bpf_obj_get(PIN("rf_work"));
	struct bpf_map_info info = {0};
	__u32 len = sizeof(info);
	unsigned char *value;

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &len) < 0)
		return untried("rf_work");
	value = calloc(1, info.value_size);
	for (unsigned int i = 0; i < info.max_entries; i++) {
		unsigned int busy = i < n ? mark : 0;

		memcpy(value, &busy, sizeof(busy));
		if (bpf_map_update_elem(fd, &i, value, BPF_ANY) < 0)
			return untried("update");
	}
	free(value);
	return WORKED;
}

/*
 * exhaust on|off|own|other: every work space is in use, or none is; or the first half is, by the
 * sandbox with a process, or by another.
 */
static int exhaust(char **arg)
{
	unsigned int at = 0, mark;

	if (strcmp(arg[0], "on") == 0 || strcmp(arg[0], "off") == 0)
		return set_busy(arg[0][1] == 'n' ? UINT_MAX : 0, 1);
	if (find_image(&at))
		return UNTRIED;
	mark = (at & (RF_MAX_SANDBOXES - 1)) + 1;
	return set_busy(128, strcmp(arg[0], "own") == 0 ? mark : mark + 1);
}

/* fill-nails root|users: no object more can be known. */
static int fill_nails(char **arg)
{
	bool users = strcmp(arg[0], "users") == 0;
	int fd = bpf_obj_get(users ? PIN("rf_user_object") : PIN("rf_nail_object"));
	struct rf_nail_object object = {.dev = 0xfff00000};
	__u64 serial = 3;

	if (fd < 0)
		return untried("the table of objects");
	while (bpf_map_update_elem(fd, &object, &serial, BPF_ANY) == 0)
		object.ino++;
	printf("%llu\n", (unsigned long long)object.ino);
	return errno == E2BIG ? WORKED : untried("update");
}

/* empty-nails root|users: what was filled is free. */
static int empty_nails(char **arg)
{
	bool users = strcmp(arg[0], "users") == 0;
	int fd = bpf_obj_get(users ? PIN("rf_user_object") : PIN("rf_nail_object"));
	struct rf_nail_object object = {.dev = 0xfff00000};

	for (; object.ino < RF_NAIL_OBJECTS; object.ino++)
		(void)bpf_map_delete_elem(fd, &object);
	return WORKED;
}

/* fill-ipc: whose no object of System V more can be known. */
static int fill_ipc(char **arg)
{
	int fd = bpf_obj_get(PIN("rf_ipc"));
	__u64 object = 0, maker = 3; /* no addresses of the kernel's */

	(void)arg;
	if (fd < 0)
		return untried("rf_ipc");
	while (bpf_map_update_elem(fd, &object, &maker, BPF_ANY) == 0)
		object++;
	printf("%llu\n", (unsigned long long)object);
	return errno == E2BIG ? WORKED : untried("update");
}

/* empty-ipc: what was filled is free. */
static int empty_ipc(char **arg)
{
	int fd = bpf_obj_get(PIN("rf_ipc"));
	__u64 object = 0;

	(void)arg;
	while (bpf_map_delete_elem(fd, &object) == 0)
		object++;
	return object > 0 ? WORKED : untried("delete");
}

/* damage FIRST: the pages of its policy from this one on become all ones. */
static int damage(char **arg)
{
	static struct rf_page page;
	int outer = bpf_obj_get(PIN("rf_image")), fd;
	struct bpf_map_info info = {0};
	__u32 len = sizeof(info), id;
	unsigned int at;

	memset(&page, 0xff, sizeof(page));
	if (find_image(&at) || bpf_map_lookup_elem(outer, &at, &id) < 0)
		return untried("rf_image");
	fd = bpf_map_get_fd_by_id(id);
	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &len) < 0)
		return untried("image");
	for (unsigned int i = (unsigned int)atoi(arg[0]); i < info.max_entries; i++)
		if (bpf_map_update_elem(fd, &i, &page, BPF_ANY) < 0)
			return untried("page");
	return WORKED;
}

/* lose: its policy is taken away. */
static int lose(char **arg)
{
	int outer = bpf_obj_get(PIN("rf_image"));
	unsigned int at;

	(void)arg;
	return find_image(&at) || bpf_map_delete_elem(outer, &at) < 0 ? untried("image") : WORKED;
}

int main(int argc, char **argv)
{
	static const struct attack attacks[] = {{"many", 3, many},
						{"fill", 1, fill},
						{"exhaust", 1, exhaust},
						{"fill-nails", 1, fill_nails},
						{"empty-nails", 1, empty_nails},
						{"fill-ipc", 0, fill_ipc},
						{"empty-ipc", 0, empty_ipc},
						{"damage", 1, damage},
						{"lose", 0, lose},
						{NULL, 0, NULL}};

	return run_attack(attacks, argc, argv);
}
