/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Landlock as a back-end: files by what is granted, ptrace and signals by the domain.
 *
 * The parent builds the ruleset, the child only adds its own /proc/self and enters. A Landlock
 * domain is inherited, cannot be left, and ends with its last process: nothing to undo but our
 * descriptor. It needs no privilege, so it is what ordinary users and kernels without BPF LSM have.
 */
#include "sandbox/launch/backend.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>

#include "sandbox/launch/landlock_abi.h"
#include "sandbox/launch/landlock_grant.h"
#include "sandbox/launch/landlock_judge.h"
#include "sandbox/launch/landlock_looks.h"
#include "sandbox/launch/landlock_net.h"

#define CELL		 RF_CELL_LANDLOCK
#define SELF_TARGETS_MAX 32

/* Below /proc/self, opened by the child. */
struct self_target {
	char *path;
	uint64_t access;
	bool dir;
};

struct landlock {
	int fds[2]; /* the ruleset, -1 */
	int abi;
	struct self_target self[SELF_TARGETS_MAX];
	size_t n_self;
};

static struct landlock *landlock_free(struct landlock *state)
{
	for (size_t i = 0; i < state->n_self; i++)
		free(state->self[i].path);
	if (state->fds[0] >= 0)
		(void)close(state->fds[0]);
	free(state);
	return NULL;
}

RF_DEFINE_CLEANUP(struct landlock, landlock_freep, landlock_free)

static int available(struct rf_err *err)
{
	if (rf_landlock_abi() > 0)
		return 0;
	if (errno == EOPNOTSUPP)
		return rf_err_set(err, -EOPNOTSUPP,
				  "this kernel has Landlock but it is not active; add \"landlock\" "
				  "to the boot parameter lsm=");
	return rf_err_set(err, -EOPNOTSUPP,
			  "this kernel has no Landlock; it needs Linux 5.13 with "
			  "CONFIG_SECURITY_LANDLOCK");
}

static int judge(const struct rf_policy *policy, enum rf_section section, struct rf_report *report,
		 struct rf_err *err)
{
	int abi = rf_landlock_abi();

	if (section == RF_SECTION_KERNEL)
		return rf_ll_judge_kernel(policy, abi, report, err);
	if (section == RF_SECTION_NETWORK)
		return rf_ll_judge_network(policy, abi, report, err);
	return rf_ll_judge_files(policy, abi, report, err);
}

static int keep_self_target(struct landlock *state, const struct rf_ll_target *target,
			    struct rf_err *err)
{
	struct self_target *self = &state->self[state->n_self];

	if (state->n_self == SELF_TARGETS_MAX)
		return rf_err_set(err, -E2BIG, "more than %d paths below /proc/self",
				  SELF_TARGETS_MAX);
	self->path = strdup(target->path);
	if (!self->path)
		return rf_err_sys(err, -ENOMEM, "cannot prepare Landlock");
	self->access = target->access;
	self->dir = target->dir;
	state->n_self++;
	return 0;
}

static int grant(void *data, const struct rf_ll_target *target, struct rf_err *err)
{
	struct landlock *state = data;

	if (target->fd < 0)
		return keep_self_target(state, target, err);
	if (rf_landlock_allow_path(state->fds[0], target->fd, target->access) < 0)
		return rf_err_sys(err, -errno, "Landlock does not take %s", target->path);
	return 0;
}

/* One object as it was judged; what is another thing by now stays denied. */
static int grant_look(struct landlock *state, struct rf_ll_look *look, struct rf_err *err)
{
	RF_AUTOCLOSE int fd = RF_TAKE_FD(look->fd);
	struct rf_ll_target target = {
		.fd = -1, .path = look->path, .dir = look->dir, .access = look->access};
	struct stat st;

	if (look->seen != RF_LL_SEEN_SELF && fd < 0) {
		fd = rf_ll_open(look->path);
		if (fd < 0 || fstat(fd, &st) < 0 || S_ISLNK(st.st_mode) ||
		    S_ISDIR(st.st_mode) != look->dir)
			return 0;
	}
	target.fd = fd;
	return grant(state, &target, err);
}

static int grant_looks(struct landlock *state, struct rf_ll_looks *looks, struct rf_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < looks->looks.len; i++)
		if (looks->looks.data[i].access)
			r = grant_look(state, &looks->looks.data[i], err);
	return r;
}

/* Where nothing was judged before: in tests. */
static int grant_files(struct landlock *state, const struct rf_policy *policy, struct rf_err *err)
{
	for (size_t i = 0; i < policy->n_files; i++) {
		struct rf_ll_gap gap = {.found = false};
		int r;

		if (policy->files[i].rule.deny)
			continue;
		r = rf_ll_rule_targets(&policy->files[i], state->abi, NULL, grant, state, &gap,
				       err);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool holds_files(const struct rf_policy *policy, uint32_t sections)
{
	return (sections & (1U << RF_SECTION_FILES)) &&
	       policy->sections[RF_SECTION_FILES].present &&
	       policy->files_default == RF_DEFAULT_DENY;
}

static bool holds_ptrace(const struct rf_policy *policy, uint32_t sections)
{
	return (sections & (1U << RF_SECTION_KERNEL)) &&
	       policy->kernel[RF_KERNEL_PTRACE].value == RF_KERNEL_INSIDE;
}

/*
 * What a domain without files handles, and grants everywhere: where only its ptrace rule is wanted,
 * it has to handle something, and where another domain is about files (cgroup_guard.h) each one has
 * to grant moving, or nothing is moved to another directory.
 */
static uint64_t domain_only(int abi)
{
	return abi >= RF_LL_ABI_REFER ? RF_LL_REFER : RF_LL_MAKE_BLOCK;
}

static int grant_domain_only(struct landlock *state, struct rf_err *err)
{
	RF_AUTOCLOSE int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (root < 0)
		return rf_err_sys(err, -errno, "cannot open /");
	if (rf_landlock_allow_path(state->fds[0], root, domain_only(state->abi)) < 0)
		return rf_err_sys(err, -errno, "Landlock does not take /");
	return 0;
}

static int grant_all(struct landlock *state, const struct rf_launch *launch,
		     const struct rf_ll_ruleset *ruleset, bool files, const struct rf_ll_net *net,
		     struct rf_err *err)
{
	int r = 0;

	if (files && launch->report && launch->report->looks)
		r = grant_looks(state, launch->report->looks, err);
	else if (files)
		r = grant_files(state, launch->policy, err);
	else if (ruleset->handled_fs)
		r = grant_domain_only(state, err);
	if (r == 0 && ruleset->handled_net)
		r = rf_ll_net_grant(state->fds[0], net, err);
	return r;
}

static int build(struct landlock *state, const struct rf_launch *launch, uint32_t sections,
		 struct rf_err *err)
{
	const struct rf_policy *policy = launch->policy;
	struct rf_ll_ruleset ruleset = {.handled_fs = 0};
	bool files = holds_files(policy, sections);
	struct rf_ll_net net = {.handled = 0};

	if (files)
		ruleset.handled_fs = rf_ll_access(RF_FILE_ALL, state->abi);
	if (sections & (1U << RF_SECTION_KERNEL))
		ruleset.scoped = rf_ll_scopes(policy, state->abi);
	if (sections & (1U << RF_SECTION_NETWORK))
		rf_ll_net_plan(&net, policy, state->abi);
	ruleset.handled_net = net.handled;
	if (!files && !ruleset.scoped && !net.handled) {
		if (!holds_ptrace(policy, sections))
			return 0;
		ruleset.handled_fs = domain_only(state->abi);
	}
	/* Domains about files refuse mounts, too: none is made of one that is about none. */
	if (!files && geteuid() == 0 && policy->kernel[RF_KERNEL_MOUNT].value != RF_KERNEL_ALLOW)
		ruleset.handled_fs = domain_only(state->abi);
	state->fds[0] = rf_landlock_create(&ruleset, state->abi);
	if (state->fds[0] < 0)
		return rf_err_sys(err, -errno, "cannot make a Landlock ruleset");
	return grant_all(state, launch, &ruleset, files, &net, err);
}

/* In audit mode nothing may be refused, and Landlock can do nothing else: no domain is made. */
static int prepare(struct rf_launch *launch, uint32_t sections, struct rf_err *err)
{
	RF_CLEANUP(landlock_freep) struct landlock *state = NULL;
	int r;

	if (launch->audit_mode || launch->policy->mode == RF_MODE_AUDIT)
		return 0;
	state = calloc(1, sizeof(*state));
	if (!state)
		return rf_err_sys(err, -ENOMEM, "cannot prepare Landlock");
	state->fds[0] = -1;
	state->fds[1] = -1;
	state->abi = rf_landlock_abi();
	if (state->abi == 0)
		return rf_err_sys(err, -errno, "Landlock is gone");
	r = build(state, launch, sections, err);
	if (r < 0)
		return r;
	launch->state[CELL] = RF_TAKE_PTR(state);
	return 0;
}

/* What cannot be opened stays denied; a directory named alone is not granted with all beneath. */
static void grant_self(const struct landlock *state, const struct self_target *self)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC | (self->dir ? O_DIRECTORY : O_NOFOLLOW),
		.resolve = RESOLVE_NO_MAGICLINKS, /* root, cwd and fd lead elsewhere */
	};
	int fd = (int)syscall(__NR_openat2, AT_FDCWD, self->path, &how, sizeof(how));
	struct stat st;

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) == self->dir)
		(void)rf_landlock_allow_path(state->fds[0], fd, self->access);
	(void)close(fd);
}

static int child(struct rf_launch *launch, struct rf_err *err)
{
	const struct landlock *state = launch->state[CELL];

	if (!state || state->fds[0] < 0)
		return 0;
	for (size_t i = 0; i < state->n_self; i++)
		grant_self(state, &state->self[i]);
	if (rf_landlock_restrict(state->fds[0], state->abi) < 0)
		return rf_err_sys(err, -errno, "cannot enter the Landlock domain");
	return 0;
}

static const int *child_fds(const struct rf_launch *launch)
{
	static const int none = -1;
	const struct landlock *state = launch->state[CELL];

	return state ? state->fds : &none;
}

static void undo(struct rf_launch *launch)
{
	struct landlock *state = launch->state[CELL];

	if (state)
		launch->state[CELL] = landlock_free(state);
}

const struct rf_backend rf_backend_landlock = {
	.name = RF_LL_NAME,
	.sections = 1U << RF_SECTION_FILES | 1U << RF_SECTION_NETWORK | 1U << RF_SECTION_KERNEL,
	.cell = CELL,
	.needs_privilege = true,
	.available = available,
	.judge = judge,
	.prepare = prepare,
	.child = child,
	.child_fds = child_fds,
	.undo = undo,
};
