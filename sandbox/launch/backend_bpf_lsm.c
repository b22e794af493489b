/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BPF LSM: files, network, devices, capabilities and kernel operations by our own programs.
 *
 * The programs are loaded once and pinned (lsm/loader.h); a launch fills a slot with the packed
 * policy and hands the waiting child its sandbox through its pidfd. Everything in these sections is
 * held exactly as written.
 *
 * A kernel that refuses such programs says so only when it is asked to load them, which takes tens
 * of milliseconds; so a refusal is remembered until the next boot, for this build, and `ringfence
 * load` and `probe` ask again.
 */
#include "sandbox/launch/backend.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "lsm/loader.h"
#include "lsm/rules.h"
#include "sandbox/base/fd.h"
#include "sandbox/base/str.h"
#include "sandbox/launch/chosen_port.h"
#include "sandbox/launch/image_card.h"
#include "sandbox/policy/netfacts.h"
#include "sandbox/policy/syslayer.h"

#define REFUSED_DIR  "/run/ringfence"
#define REFUSED_FILE "lsm-refused"

struct state {
	struct rf_lsm *lsm;
	uint32_t slot;
	bool live;
	int ring_fd, folds_fd;
};

static struct state *state_of(const struct rf_launch *launch)
{
	return launch->state[RF_CELL_BPF_LSM];
}

/* ---- what a kernel refused before ---- */

/* 1: the kernel refused this build's programs since it booted, err says why. */
static int was_refused(struct rf_err *err)
{
	RF_AUTOFREE char *text = NULL;
	const char *reason;

	if (rf_fd_read_file(REFUSED_DIR "/" REFUSED_FILE, 4096, &text, NULL, NULL) < 0)
		return 0;
	reason = strchr(text, '\n');
	if (!reason || strncmp(text, rf_lsm_build(), (size_t)(reason - text)) != 0)
		return 0;
	(void)rf_err_set(err, -EOPNOTSUPP, "%.*s", (int)strcspn(reason + 1, "\n"), reason + 1);
	return 1;
}

/* Without the note the next launch asks again: slower, not weaker. */
static void note_refusal(const struct rf_err *why)
{
	RF_AUTOSTR struct rf_str text = RF_STR_INIT(4096);
	RF_AUTOCLOSE int dir = open(REFUSED_DIR, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	(void)rf_str_addf(&text, "%s\n%s\n", rf_lsm_build(), rf_err_text(why));
	if (dir >= 0)
		(void)!rf_fd_write_atomic(dir, REFUSED_FILE, 0600, rf_str_text(&text), text.len,
					  NULL);
}

static int available(struct rf_err *err)
{
	struct rf_err why = RF_ERR_INIT;
	enum rf_lsm_state state;
	int r = rf_lsm_supported(err);

	if (r < 0)
		return -EOPNOTSUPP;
	if (rf_lsm_state(&state, &why) == 0 && state == RF_LSM_CURRENT)
		return 0;
	if (was_refused(err))
		return -EOPNOTSUPP;
	rf_err_clear(&why);
	r = rf_lsm_load(false, &why);
	if (r == 0)
		return 0;
	if (r == -EPERM || r == -EOPNOTSUPP)
		note_refusal(&why);
	return rf_err_set(err, -EOPNOTSUPP, "%s", rf_err_text(&why));
}

static bool grants_append_alone(const struct rf_policy *policy, const struct rf_rule *rule)
{
	for (size_t i = 0; rule && i < policy->n_files; i++)
		if (rule == &policy->files[i].rule)
			return rf_grants_append_alone(policy, &policy->files[i]);
	return false;
}

/* Rings write and punch through any descriptor that can be written to, and no hook is told how. */
static void judge_item(const struct rf_policy *policy, enum rf_section section,
		       struct rf_coverage *item)
{
	item->hold = RF_HOLD_EXACT;
	item->by = rf_backend_bpf_lsm.name;
	if (section != RF_SECTION_FILES || policy->mode == RF_MODE_AUDIT ||
	    policy->kernel[RF_KERNEL_IO_URING].value != RF_KERNEL_ALLOW ||
	    !grants_append_alone(policy, item->rule))
		return;
	item->hold = RF_HOLD_NONE;
	item->by = NULL;
	(void)snprintf(item->why, sizeof(item->why), "%s",
		       "io_uring overwrites what may only be appended to");
}

/* What is held more strictly than any rule asks for; its reason is the caller's to write. */
static struct rf_coverage *add_remark(const struct rf_policy *policy, struct rf_report *report,
				      const char *id)
{
	struct rf_coverage *item = rf_report_add(report);

	if (!item)
		return NULL;
	item->section = RF_SECTION_NETWORK;
	item->kind = RF_ITEM_SECTION;
	item->id = id;
	item->place = policy->sections[RF_SECTION_NETWORK].place;
	item->need = RF_NEED_SHOULD;
	item->hold = RF_HOLD_STRICTER;
	item->by = rf_backend_bpf_lsm.name;
	return item;
}

/* No hook is told which port the kernel chose for port 0 (docs/decisions/0044). */
static int add_ports(const struct rf_policy *policy, struct rf_report *report, struct rf_err *err)
{
	bool binding, listening = false;
	unsigned int first, last, port;
	struct rf_coverage *item;

	if (policy->mode == RF_MODE_AUDIT)
		return 0;
	rf_chosen_range(&first, &last);
	binding = rf_chosen_is_mixed(policy, RF_NET_BIND, first, last, &port);
	if (!binding)
		listening = rf_chosen_is_mixed(policy, RF_NET_LISTEN, first, last, &port);
	if (!binding && !listening)
		return 0;
	item = add_remark(policy, report, "network.ports");
	if (!item)
		return rf_err_sys(err, -ENOMEM, "cannot judge the policy");
	(void)snprintf(item->why, sizeof(item->why),
		       "%s is refused where any port that the kernel may choose is: %u may be "
		       "(net.ipv4.ip_local_port_range)",
		       binding ? "a bind to port 0" : "listening without a bind", port);
	return 0;
}

/* What reaches addresses without asking is not made where a rule refuses any. */
static int add_sockets(const struct rf_policy *policy, struct rf_report *report, struct rf_err *err)
{
	struct rf_coverage *item;
	struct rf_net_facts facts;

	rf_net_facts(&facts, policy);
	if (!facts.inet_denied || policy->network_default != RF_DEFAULT_ALLOW)
		return 0;
	item = add_remark(policy, report, "network.sockets");
	if (!item)
		return rf_err_sys(err, -ENOMEM, "cannot judge the policy");
	(void)snprintf(item->why, sizeof(item->why), "%s",
		       "raw and packet sockets and rare families that reach addresses cannot be "
		       "made");
	return 0;
}

static int judge(const struct rf_policy *policy, enum rf_section section, struct rf_report *report,
		 struct rf_err *err)
{
	size_t first = report->n;
	int r = rf_report_items(report, policy, section, err);

	for (size_t i = first; r == 0 && i < report->n; i++)
		judge_item(policy, section, &report->items[i]);
	if (r == 0 && section == RF_SECTION_NETWORK && report->n > first)
		r = add_sockets(policy, report, err);
	if (r == 0 && section == RF_SECTION_NETWORK && report->n > first)
		r = add_ports(policy, report, err);
	return r;
}

static int make_sandbox(struct rf_launch *launch, struct state *state, const struct rf_image *image,
			uint64_t key, const struct rf_nail_list *nails, struct rf_err *err)
{
	struct rf_fence_spec spec = {.id = launch->sandbox_id,
				     .cgroup = launch->cgroup_id,
				     .supervisor = (uint32_t)getpid(),
				     .name = launch->sandbox_name,
				     .policy = launch->policy->name,
				     .sha256 = launch->policy->sha256,
				     .pages = image ? image->pages : NULL,
				     .n_pages = image ? image->n_pages : 0,
				     .image_key = key,
				     .ring_bytes = launch->ring_bytes,
				     .stacks = launch->stacks};
	const struct rf_world whole = {.root = "/"};
	int r = rf_fence_new(state->lsm, &spec, &state->slot, err);

	if (r < 0)
		return r;
	state->live = true;
	launch->slot = state->slot;
	return rf_nails_put(state->lsm, state->slot, &whole, nails, false, err);
}

/* Most launches find a slot that has the image, and need not read it. 1: none has. */
static int make_by_card(struct rf_launch *launch, struct state *state, const char *name,
			struct rf_err *err)
{
	RF_AUTOFREE void *memory = NULL;
	struct rf_image_card card;
	int r;

	if (rf_image_card_get(&card, &memory, name) < 0)
		return 1;
	r = make_sandbox(launch, state, NULL, card.key, &card.nails, err);
	if (r != -ENODATA || state->live)
		return r;
	rf_err_clear(err);
	return 1;
}

static int make_by_image(struct rf_launch *launch, struct state *state, const char *name,
			 struct rf_err *err)
{
	RF_CLEANUP(rf_image_freep) struct rf_image *image = NULL;
	RF_AUTOFREE char *bytes = NULL;
	struct rf_image_card card;
	int r = rf_image_make_named(&image, launch->policy, name, err);

	if (r < 0)
		return r;
	card.key = image->key;
	r = rf_nail_list_make(&card.nails, &bytes, launch->policy, image, err);
	if (r == 0)
		r = make_sandbox(launch, state, image, image->key, &card.nails, err);
	if (r == 0)
		rf_image_card_keep(name, &card);
	return r;
}

static int make_by_policy(struct rf_launch *launch, struct state *state, struct rf_err *err)
{
	char name[RF_HASH_HEX_LEN + 1];
	int r;

	if (launch->image_part)
		r = rf_image_name_with(launch->image_part, launch->policy, name, err);
	else
		r = rf_image_name(launch->policy, name, err);
	if (r == 0)
		r = make_by_card(launch, state, name, err);
	return r == 1 ? make_by_image(launch, state, name, err) : r;
}

static int open_stream(struct rf_launch *launch, struct state *state, struct rf_err *err)
{
	state->ring_fd = rf_fence_ring(state->lsm, state->slot, err);
	if (state->ring_fd < 0)
		return state->ring_fd;
	state->folds_fd = rf_fence_folds(state->lsm, state->slot, err);
	if (state->folds_fd < 0)
		return state->folds_fd;
	launch->ring_fd = state->ring_fd;
	launch->folds_fd = state->folds_fd;
	launch->counters = rf_fence_at(state->lsm, state->slot);
	launch->hears_all = true;
	return 0;
}

static int prepare(struct rf_launch *launch, uint32_t sections RF_UNUSED, struct rf_err *err)
{
	struct state *state = calloc(1, sizeof(*state));
	int r;

	if (!state)
		return rf_err_sys(err, -ENOMEM, "set up BPF LSM");
	state->ring_fd = state->folds_fd = -1;
	launch->state[RF_CELL_BPF_LSM] = state; /* undo frees it */
	r = rf_lsm_open(&state->lsm, err);
	if (r == 0 && launch->joins) {
		r = rf_fence_find(state->lsm, launch->sandbox_id, &state->slot);
		launch->slot = state->slot;
		return r < 0 ? rf_err_sys(err, r, "cannot find the sandbox") : 0;
	}
	if (r == 0)
		r = make_by_policy(launch, state, err);
	return r < 0 ? r : open_stream(launch, state, err);
}

static int attach(struct rf_launch *launch, struct rf_err *err)
{
	struct state *state = state_of(launch);

	return rf_fence_task(state->lsm, state->slot, launch->pidfd,
			     launch->joins ? RF_SESS_EXEC : RF_SESS_INIT, err);
}

/* Tasks that are left keep the slot, and with it their fence. */
static void undo(struct rf_launch *launch)
{
	struct state *state = state_of(launch);

	if (!state)
		return;
	launch->state[RF_CELL_BPF_LSM] = NULL;
	launch->ring_fd = launch->folds_fd = -1;
	launch->counters = NULL;
	if (state->live)
		rf_fence_end(state->lsm, state->slot);
	if (state->ring_fd >= 0)
		(void)close(state->ring_fd);
	if (state->folds_fd >= 0)
		(void)close(state->folds_fd);
	(void)rf_lsm_close(state->lsm);
	free(state);
}

#define BIT(section) (UINT32_C(1) << (section))

const struct rf_backend rf_backend_bpf_lsm = {
	.name = "bpf-lsm",
	.sections = BIT(RF_SECTION_FILES) | BIT(RF_SECTION_NETWORK) | BIT(RF_SECTION_DEVICES) |
		    BIT(RF_SECTION_CAPABILITIES) | BIT(RF_SECTION_KERNEL),
	.cell = RF_CELL_BPF_LSM,
	.protects_self = true,
	.available = available,
	.judge = judge,
	.prepare = prepare,
	.attach = attach,
	.undo = undo,
};
