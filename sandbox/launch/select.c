/* SPDX-License-Identifier: Apache-2.0 */
/* Choosing back-ends per section and combining their answers. See select.h. */
#include "sandbox/launch/select.h"

#include <string.h>

#include "sandbox/base/str.h"
#include "sandbox/launch/self_remark.h"

struct selector {
	struct rf_selection *selection;
	const struct rf_policy *policy;
	const struct rf_facts *facts;
	const struct rf_backend *usable[RF_SELECT_MAX]; /* those that said so */
	size_t n_usable;
};

static bool note_absent(struct selector *s, const struct rf_backend *backend, struct rf_err *why)
{
	struct rf_selection *selection = s->selection;

	if (selection->n_absent < RF_SELECT_MAX)
		selection->absent[selection->n_absent++] =
			(struct rf_absent){.backend = backend, .why = *why};
	return false;
}

static bool is_absent(const struct rf_selection *selection, const struct rf_backend *backend)
{
	for (size_t i = 0; i < selection->n_absent; i++)
		if (selection->absent[i].backend == backend)
			return true;
	return false;
}

static bool is_known_usable(const struct selector *s, const struct rf_backend *backend)
{
	for (size_t i = 0; i < s->n_usable; i++)
		if (s->usable[i] == backend)
			return true;
	return false;
}

static struct rf_chosen *find_chosen(struct rf_selection *selection,
				     const struct rf_backend *backend)
{
	for (size_t i = 0; i < selection->n; i++)
		if (selection->chosen[i].backend == backend)
			return &selection->chosen[i];
	return NULL;
}

/* Asked at most once per back-end: the answer is in the lists of usable and absent. */
static bool is_usable(struct selector *s, const struct rf_backend *backend)
{
	struct rf_err why = RF_ERR_INIT;

	if (is_known_usable(s, backend))
		return true;
	if (is_absent(s->selection, backend))
		return false;
	if (backend->needs_cgroup && !s->facts->has_cgroup) {
		rf_err_set(&why, -EOPNOTSUPP, "no cgroup can be made: %s",
			   s->facts->why_none ? s->facts->why_none : "unknown");
		return note_absent(s, backend, &why);
	}
	if (backend->needs_privilege && !s->policy->no_new_privileges && !s->facts->sys_admin) {
		rf_err_set(&why, -EOPNOTSUPP,
			   "no_new_privileges is false and the caller lacks CAP_SYS_ADMIN");
		return note_absent(s, backend, &why);
	}
	if (backend->available && backend->available(&why) < 0) {
		if (!why.code)
			rf_err_set(&why, -EOPNOTSUPP, "not available");
		return note_absent(s, backend, &why);
	}
	if (s->n_usable < RF_SELECT_MAX)
		s->usable[s->n_usable++] = backend;
	return true;
}

static int choose(struct selector *s, const struct rf_backend *backend, enum rf_section section,
		  bool second, struct rf_err *err)
{
	struct rf_chosen *chosen = find_chosen(s->selection, backend);

	if (!chosen && s->selection->n == RF_SELECT_MAX)
		return rf_err_set(err, -E2BIG, "more than %d back-ends for one policy",
				  RF_SELECT_MAX);
	if (!chosen) {
		chosen = &s->selection->chosen[s->selection->n++];
		*chosen = (struct rf_chosen){.backend = backend};
	}
	chosen->sections |= 1u << section;
	if (second)
		chosen->second |= 1u << section;
	return 0;
}

static bool is_same_item(const struct rf_coverage *a, const struct rf_coverage *b)
{
	return a->section == b->section && a->kind == b->kind && a->rule == b->rule &&
	       (a->kind != RF_ITEM_KERNEL || a->key == b->key) && rf_str_eq(a->id, b->id);
}

static void take_answer(struct rf_coverage *item, const struct rf_coverage *answer, bool second)
{
	/* A second layer counts only for what the first leaves open. */
	if (second && (item->hold != RF_HOLD_NONE || answer->hold == RF_HOLD_NONE))
		return;
	item->hold = answer->hold;
	item->by = answer->by;
	memcpy(item->why, answer->why, sizeof(item->why));
}

/* The answer about item, usually at the same place of a list made in the same order. */
static const struct rf_coverage *find_answer(const struct rf_report *answers, size_t guess,
					     const struct rf_coverage *item)
{
	if (guess < answers->n && is_same_item(item, &answers->items[guess]))
		return &answers->items[guess];
	for (size_t i = 0; i < answers->n; i++)
		if (is_same_item(item, &answers->items[i]))
			return &answers->items[i];
	return NULL;
}

/* What a back-end says of the section beside the items of the policy, e.g. what it cannot see. */
static int add_remarks(struct rf_report *report, size_t first, const struct rf_report *answers,
		       struct rf_err *err)
{
	size_t n = report->n - first;

	for (size_t i = 0; i < answers->n; i++) {
		const struct rf_report items = {.items = report->items + first, .n = n};
		struct rf_coverage *remark;

		if (answers->items[i].kind != RF_ITEM_SECTION ||
		    find_answer(&items, i, &answers->items[i]))
			continue;
		remark = rf_report_add(report);
		if (!remark)
			return rf_err_sys(err, -ENOMEM, "cannot judge the policy");
		*remark = answers->items[i];
	}
	return 0;
}

/* Puts the answers of one back-end on the items from `first` on. */
static int judge(struct selector *s, const struct rf_backend *backend, enum rf_section section,
		 size_t first, bool second, struct rf_err *err)
{
	RF_CLEANUP(rf_report_done) struct rf_report answers = {0};
	struct rf_report *report = &s->selection->report;
	int r = backend->judge(s->policy, section, &answers, err);

	if (r < 0)
		return rf_err_wrap(err, r, "%s cannot judge the policy", backend->name);
	for (size_t i = first; i < report->n; i++) {
		const struct rf_coverage *answer =
			find_answer(&answers, i - first, &report->items[i]);

		if (answer)
			take_answer(&report->items[i], answer, second);
	}
	if (!report->looks)
		report->looks = RF_TAKE_PTR(answers.looks);
	return second ? 0 : add_remarks(report, first, &answers, err);
}

/* "bpf-lsm: reason; landlock: reason": why none of the section's candidates can be had. */
static void collect_reasons(const struct selector *s, const struct rf_candidate *candidates,
			    enum rf_section section, struct rf_str *out)
{
	for (const struct rf_candidate *c = candidates; c->backends[0]; c++) {
		for (size_t i = 0; c->section == section && i < s->selection->n_absent; i++) {
			const struct rf_absent *absent = &s->selection->absent[i];

			if (absent->backend == c->backends[0])
				rf_str_addf(out, "%s%s: %s", out->len ? "; " : "",
					    absent->backend->name, rf_err_text(&absent->why));
		}
	}
	if (!out->len)
		rf_str_add(out, "this build has no back-end for it");
}

static void explain_none(struct selector *s, const struct rf_candidate *candidates,
			 enum rf_section section, size_t first)
{
	RF_AUTOSTR struct rf_str reasons = RF_STR_INIT(RF_SELECT_MAX * sizeof(struct rf_err));

	collect_reasons(s, candidates, section, &reasons);
	for (size_t i = first; i < s->selection->report.n; i++)
		(void)snprintf(s->selection->report.items[i].why,
			       sizeof(s->selection->report.items[i].why), "%s",
			       rf_str_text(&reasons));
}

/* The first candidate of the section that is usable; NULL: none. */
static const struct rf_candidate *
find_candidate(struct selector *s, const struct rf_candidate *candidates, enum rf_section section)
{
	for (const struct rf_candidate *c = candidates; c->backends[0]; c++)
		if (c->section == section && is_usable(s, c->backends[0]))
			return c;
	return NULL;
}

static int choose_candidate(struct selector *s, const struct rf_candidate *c, struct rf_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < RF_CHOICE_MAX && c->backends[i]; i++)
		if (is_usable(s, c->backends[i]))
			r = choose(s, c->backends[i], c->section, i > 0, err);
	return r;
}

static int select_section(struct selector *s, const struct rf_candidate *candidates,
			  enum rf_section section, struct rf_err *err)
{
	size_t first = s->selection->report.n;
	const struct rf_candidate *c;
	int r = rf_report_items(&s->selection->report, s->policy, section, err);

	if (r < 0 || s->selection->report.n == first)
		return r;
	c = find_candidate(s, candidates, section);
	if (!c) {
		explain_none(s, candidates, section, first);
		return 0;
	}
	r = choose_candidate(s, c, err);
	for (size_t i = 0; r == 0 && i < RF_CHOICE_MAX && c->backends[i]; i++)
		if (is_usable(s, c->backends[i]))
			r = judge(s, c->backends[i], section, first, i > 0, err);
	return r;
}

/* Sections that back-ends hold, where the policy has them; section kernel always has its keys. */
static bool wants_backend(const struct rf_policy *policy, enum rf_section section)
{
	return section != RF_SECTION_PROCESS && section != RF_SECTION_RESOURCES &&
	       (section == RF_SECTION_KERNEL || policy->sections[section].present);
}

int rf_select_backends(struct rf_selection *ret, const struct rf_policy *policy,
		       const struct rf_candidate *candidates, const struct rf_facts *facts,
		       struct rf_err *err)
{
	struct selector s = {.selection = ret, .policy = policy, .facts = facts};
	int r = 0;

	memset(ret, 0, sizeof(*ret));
	for (int section = 0; r == 0 && section < RF_SECTION_COUNT; section++) {
		const struct rf_candidate *c = NULL;

		if (wants_backend(policy, (enum rf_section)section))
			c = find_candidate(&s, candidates, (enum rf_section)section);
		if (c)
			r = choose_candidate(&s, c, err);
	}
	return r;
}

void rf_hard_limits(uint64_t ret[RLIM_NLIMITS])
{
	for (int i = 0; i < RLIM_NLIMITS; i++) {
		struct rlimit now;

		ret[i] =
			getrlimit((__rlimit_resource_t)i, &now) == 0 ? now.rlim_max : RLIM_INFINITY;
	}
}

/* A launch never raises a limit: the lower one stays. */
static void judge_limits(struct rf_coverage *item, const struct selector *s)
{
	for (size_t i = 0; s->facts->hard && i < s->policy->n_rlimits; i++) {
		const struct rf_rlimit *limit = &s->policy->rlimits[i];
		uint64_t hard = s->facts->hard[limit->resource];

		if (limit->hard <= hard)
			continue;
		item->hold = RF_HOLD_STRICTER;
		(void)snprintf(item->why, sizeof(item->why),
			       "the caller's hard limit %s is %llu, lower than the policy's, and "
			       "is not raised",
			       limit->name, (unsigned long long)hard);
		return;
	}
}

/* Sections that the launcher holds itself. */
static int select_process(struct selector *s, struct rf_err *err)
{
	struct rf_report *report = &s->selection->report;
	size_t first = report->n;
	int r = rf_report_items(report, s->policy, RF_SECTION_PROCESS, err);

	for (size_t i = first; r == 0 && i < report->n; i++) {
		report->items[i].hold = RF_HOLD_EXACT;
		report->items[i].by = "launcher";
		judge_limits(&report->items[i], s);
	}
	return r;
}

static uint32_t controller_of(const char *id)
{
	if (rf_str_eq(id, "resources.memory_max"))
		return RF_CONTROLLER_MEMORY;
	if (rf_str_eq(id, "resources.pids_max"))
		return RF_CONTROLLER_PIDS;
	return RF_CONTROLLER_CPU;
}

static int select_resources(struct selector *s, struct rf_err *err)
{
	struct rf_report *report = &s->selection->report;
	size_t first = report->n;
	int r = rf_report_items(report, s->policy, RF_SECTION_RESOURCES, err);

	for (size_t i = first; r == 0 && i < report->n; i++) {
		struct rf_coverage *item = &report->items[i];

		if (!s->facts->has_cgroup) {
			(void)snprintf(item->why, sizeof(item->why), "no cgroup can be made: %s",
				       s->facts->why_none ? s->facts->why_none : "unknown");
		} else if (!(s->facts->controllers & controller_of(item->id))) {
			(void)snprintf(item->why, sizeof(item->why),
				       "the cgroup controller is not available to the sandbox");
		} else {
			item->hold = RF_HOLD_EXACT;
			item->by = "cgroup";
		}
	}
	return r;
}

int rf_select(struct rf_selection *ret, const struct rf_policy *policy,
	      const struct rf_candidate *candidates, const struct rf_facts *facts,
	      struct rf_err *err)
{
	struct selector s = {.selection = ret, .policy = policy, .facts = facts};

	memset(ret, 0, sizeof(*ret));
	for (int section = 0; section < RF_SECTION_COUNT; section++) {
		int r;

		if (section == RF_SECTION_PROCESS)
			r = select_process(&s, err);
		else if (section == RF_SECTION_RESOURCES)
			r = select_resources(&s, err);
		else
			r = select_section(&s, candidates, (enum rf_section)section, err);
		if (r == 0 && section == RF_SECTION_KERNEL)
			r = rf_report_self(&ret->report, policy, err);
		if (r < 0)
			return r;
	}
	return rf_self_remark(ret, policy, facts->as_user, err);
}

void rf_selection_done(struct rf_selection *selection)
{
	rf_report_done(&selection->report);
	memset(selection, 0, sizeof(*selection));
}

bool rf_coverage_refuses(const struct rf_coverage *item)
{
	return item->need == RF_NEED_MUST && item->hold != RF_HOLD_EXACT;
}

size_t rf_selection_refused(const struct rf_selection *selection)
{
	size_t n = 0;

	for (size_t i = 0; i < selection->report.n; i++)
		n += rf_coverage_refuses(&selection->report.items[i]);
	return n;
}

const struct rf_backend *rf_selection_first(const struct rf_selection *selection,
					    enum rf_section section)
{
	for (size_t i = 0; i < selection->n; i++) {
		const struct rf_chosen *chosen = &selection->chosen[i];

		if ((chosen->sections & ~chosen->second) & (1u << section))
			return chosen->backend;
	}
	return NULL;
}
