/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BPF LSM for an ordinary user: the same programs and the same image as backend_bpf_lsm, put in
 * place by the service (`ringfence serve`), which alone may write to the kernel side's maps.
 *
 * no_new_privs is set on the supervisor before it forks, and so on the child from its first moment:
 * the service fences nobody who could gain rights later. Events come as messages on the connection
 * that the sandbox was made on; its end ends the sandbox.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "sandbox/base/str.h"
#include "sandbox/launch/image.h"
#include "sandbox/launch/service_client.h"
#include "sandbox/policy/fixed.h"

struct state {
	int fd;
};

/* What available() opened, until a launch takes it. */
static struct {
	bool allowed;
	int fd;
	uint64_t id;
} offer = {.fd = -1};

void rf_service_allow(void)
{
	offer.allowed = true;
}

uint64_t rf_service_chosen(const struct rf_selection *selection)
{
	for (size_t i = 0; i < selection->n; i++)
		if (selection->chosen[i].backend == &rf_backend_service)
			return offer.id;
	return 0;
}

static int available(struct rf_err *err)
{
	struct rf_service_answer hello;
	int r;

	if (!offer.allowed)
		return rf_err_set(err, -EOPNOTSUPP, "this command does not use the service");
	if (geteuid() == 0)
		return rf_err_set(err, -EOPNOTSUPP, "the service is for ordinary users");
	if (offer.fd >= 0)
		return 0;
	r = rf_service_connect(&offer.fd, &hello, err);
	if (r < 0)
		return -EOPNOTSUPP;
	offer.id = hello.id;
	return 0;
}

static int judge(const struct rf_policy *policy, enum rf_section section, struct rf_report *report,
		 struct rf_err *err)
{
	return rf_backend_bpf_lsm.judge(policy, section, report, err);
}

/* ---- the names that deny rules fix, for the service to nail ---- */

static int add_name(void *data, const char *name)
{
	struct rf_str *names = data;

	return rf_str_add_n(names, name, strlen(name) + 1);
}

static int collect_names(struct rf_str *names, const struct rf_policy *policy, struct rf_err *err)
{
	int r = 0;

	for (size_t i = 0; i < policy->n_files; i++) {
		const struct rf_file_rule *rule = &policy->files[i];

		for (size_t k = 0; rule->rule.deny && k < rule->n_paths && r == 0; k++)
			if (rf_pattern_is_fixed(&rule->paths[k]))
				r = rf_pattern_each_name(&rule->paths[k], add_name, names);
	}
	if (r == 0)
		r = rf_str_error(names);
	return r < 0 ? rf_err_sys(err, r, "collect the names that deny rules fix") : 0;
}

static int send_sandbox(const struct rf_launch *launch, int fd, const struct rf_image *image,
			const struct rf_str *names, struct rf_err *err)
{
	struct rf_service_sandbox message = {
		.head = rf_service_head(RF_SERVICE_SANDBOX, sizeof(message)),
		.id = launch->sandbox_id,
		.cgroup = launch->cgroup_id,
		.n_pages = (uint32_t)image->n_pages,
		.words_size = (uint32_t)strlen(launch->words),
		.names_size = (uint32_t)names->len,
	};
	int r;

	(void)snprintf(message.name, sizeof(message.name), "%s", launch->sandbox_name);
	(void)snprintf(message.policy, sizeof(message.policy), "%s", launch->policy->name);
	(void)snprintf(message.sha256, sizeof(message.sha256), "%s", launch->policy->sha256);
	r = rf_service_send(fd, &message, sizeof(message), -1, err);
	if (r == 0)
		r = rf_service_send_body(fd, image->pages, image->n_pages * sizeof(image->pages[0]),
					 err);
	if (r == 0)
		r = rf_service_send_body(fd, launch->words, strlen(launch->words), err);
	return r == 0 ? rf_service_send_body(fd, rf_str_text(names), names->len, err) : r;
}

static int make_sandbox(struct rf_launch *launch, int fd, struct rf_err *err)
{
	RF_AUTOSTR struct rf_str names = RF_STR_INIT(RF_SERVICE_NAMES_MAX);
	RF_CLEANUP(rf_image_freep) struct rf_image *image = NULL;
	struct rf_service_answer answer;
	int r;

	if (!launch->words)
		return rf_err_set(err, -EINVAL, "the rules have no words");
	if (launch->ring_bytes)
		return rf_err_set(err, -EOPNOTSUPP,
				  "the service gives no larger ring; use --on-loss report");
	r = collect_names(&names, launch->policy, err);
	if (r == 0)
		r = rf_image_make(&image, launch->policy, err);
	if (r == 0)
		r = send_sandbox(launch, fd, image, &names, err);
	if (r == 0)
		r = rf_service_wait(fd, &answer, err);
	if (r == 0) {
		launch->lines_fd = fd;
		launch->hears_all = true;
	}
	return r;
}

static int join(const struct rf_launch *launch, int fd, struct rf_err *err)
{
	struct rf_service_answer answer;
	int r = rf_service_send_which(fd, RF_SERVICE_JOIN, launch->sandbox_id, 0, err);

	return r < 0 ? r : rf_service_wait(fd, &answer, err);
}

static int prepare(struct rf_launch *launch, uint32_t sections RF_UNUSED, struct rf_err *err)
{
	struct state *state = calloc(1, sizeof(*state));

	if (!state)
		return rf_err_sys(err, -ENOMEM, "set up the service");
	launch->state[RF_CELL_SERVICE] = state; /* undo frees it */
	state->fd = RF_TAKE_FD(offer.fd);
	if (state->fd < 0)
		return rf_err_set(err, -ENOTCONN, "there is no connection to the service");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return rf_err_sys(err, -errno, "cannot set no_new_privs");
	return launch->joins ? join(launch, state->fd, err) : make_sandbox(launch, state->fd, err);
}

static int attach(struct rf_launch *launch, struct rf_err *err)
{
	const struct rf_service_head task = rf_service_head(RF_SERVICE_TASK, sizeof(task));
	const struct state *state = launch->state[RF_CELL_SERVICE];
	struct rf_service_answer answer;
	int r = rf_service_send(state->fd, &task, sizeof(task), launch->pidfd, err);

	return r < 0 ? r : rf_service_wait(state->fd, &answer, err);
}

static void undo(struct rf_launch *launch)
{
	struct state *state = launch->state[RF_CELL_SERVICE];

	if (!state)
		return;
	launch->state[RF_CELL_SERVICE] = NULL;
	launch->lines_fd = -1;
	if (state->fd >= 0)
		(void)close(state->fd);
	free(state);
}

#define BIT(section) (UINT32_C(1) << (section))

const struct rf_backend rf_backend_service = {
	.name = "service",
	.sections = BIT(RF_SECTION_FILES) | BIT(RF_SECTION_NETWORK) | BIT(RF_SECTION_DEVICES) |
		    BIT(RF_SECTION_CAPABILITIES) | BIT(RF_SECTION_KERNEL),
	.cell = RF_CELL_SERVICE,
	.protects_self = true,
	.needs_privilege = true,
	.available = available,
	.judge = judge,
	.prepare = prepare,
	.attach = attach,
	.undo = undo,
};
