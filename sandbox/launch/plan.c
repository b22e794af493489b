/* SPDX-License-Identifier: Apache-2.0 */
/* Making and printing the plan. See plan.h. */
#include "sandbox/launch/plan.h"

#include <stdarg.h>
#include <string.h>

#include "sandbox/launch/record.h"

static const char *const names[] = {
	[RF_STEP_STATE] = "state",
	[RF_STEP_CGROUP] = "cgroup",
	[RF_STEP_RESOURCES] = "resources",
	[RF_STEP_PREPARE] = "prepare",
	[RF_STEP_CLONE] = "clone3",
	[RF_STEP_ATTACH] = "attach",
	[RF_STEP_SIGNALS] = "signals",
	[RF_STEP_SESSION] = "session",
	[RF_STEP_RLIMITS] = "rlimits",
	[RF_STEP_ENV] = "environment",
	[RF_STEP_CWD] = "workdir",
	[RF_STEP_USER] = "user",
	[RF_STEP_DESCRIPTORS] = "descriptors",
	[RF_STEP_CAPABILITIES] = "capabilities",
	[RF_STEP_NO_NEW_PRIVS] = "no_new_privs",
	[RF_STEP_FENCE] = "fence",
	[RF_STEP_LAST] = "seccomp",
	[RF_STEP_EXEC] = "exec",
	[RF_STEP_PAYLOAD] = "payload",
};
_Static_assert(RF_ARRAY_LEN(names) == RF_STEP_COUNT, "a name for each step");

struct maker {
	struct rf_plan *plan;
	const struct rf_request *request;
	const struct rf_chosen *chosen; /* of the step being added, or NULL */
	int error;
};

static void add(struct maker *m, enum rf_step_kind kind, const char *fmt, ...) RF_PRINTF(3, 4);

static void add(struct maker *m, enum rf_step_kind kind, const char *fmt, ...)
{
	struct rf_step *step;
	va_list args;

	if (m->plan->n == RF_PLAN_MAX) {
		m->error = -E2BIG;
		return;
	}
	step = &m->plan->steps[m->plan->n++];
	step->kind = kind;
	if (m->chosen) {
		step->backend = m->chosen->backend;
		step->sections = m->chosen->sections;
		step->second = m->chosen->second;
	}
	va_start(args, fmt);
	(void)vsnprintf(step->text, sizeof(step->text), fmt, args);
	va_end(args);
}

/* "files network": the sections of a mask. */
static void list_sections(uint32_t sections, char *ret, size_t size)
{
	size_t len = 0;

	ret[0] = '\0';
	for (int i = 0; i < RF_SECTION_COUNT && len < size; i++)
		if (sections & (1u << i))
			len += (size_t)snprintf(ret + len, size - len, "%s%s", len ? " " : "",
						rf_section_name((enum rf_section)i));
}

static void add_prepare(struct maker *m)
{
	const struct rf_selection *selection = m->request->selection;

	for (size_t i = 0; i < selection->n; i++) {
		char sections[96];

		m->chosen = &selection->chosen[i];
		list_sections(m->chosen->sections, sections, sizeof(sections));
		if (m->chosen->backend->prepare)
			add(m, RF_STEP_PREPARE, "%s: %s", m->chosen->backend->name, sections);
	}
	m->chosen = NULL;
}

static void add_attach(struct maker *m)
{
	const struct rf_selection *selection = m->request->selection;

	for (size_t i = 0; i < selection->n; i++) {
		m->chosen = &selection->chosen[i];
		if (m->chosen->backend->attach)
			add(m, RF_STEP_ATTACH, "%s: the task gets its fence",
			    m->chosen->backend->name);
	}
	m->chosen = NULL;
}

static void add_children(struct maker *m, enum rf_stage stage, enum rf_step_kind kind)
{
	const struct rf_selection *selection = m->request->selection;

	for (size_t i = 0; i < selection->n; i++) {
		m->chosen = &selection->chosen[i];
		if (m->chosen->backend->child && m->chosen->backend->stage == stage)
			add(m, kind, "%s", m->chosen->backend->name);
	}
	m->chosen = NULL;
}

static void add_resources(struct maker *m)
{
	const struct rf_policy *policy = m->request->policy;
	char memory[48] = "", pids[48] = "", cpu[48] = "";

	if (!m->request->site || m->request->join ||
	    !policy->sections[RF_SECTION_RESOURCES].present)
		return;
	if (policy->memory_max)
		(void)snprintf(memory, sizeof(memory), " memory %llu",
			       (unsigned long long)policy->memory_max);
	if (policy->pids_max)
		(void)snprintf(pids, sizeof(pids), " pids %llu",
			       (unsigned long long)policy->pids_max);
	if (policy->cpu_max_permille)
		(void)snprintf(cpu, sizeof(cpu), " cpu %llu/1000",
			       (unsigned long long)policy->cpu_max_permille);
	if (memory[0] || pids[0] || cpu[0])
		add(m, RF_STEP_RESOURCES, "limit%s%s%s", memory, pids, cpu);
}

static void add_parent_steps(struct maker *m)
{
	const struct rf_request *request = m->request;

	add(m, RF_STEP_STATE, "%s the sandbox, policy %s %.12s", request->join ? "enter" : "note",
	    request->policy->name, request->policy->sha256);
	if (request->join && request->join->cgroup_path[0])
		add(m, RF_STEP_CGROUP, "%.160s", request->join->cgroup_path);
	else if (request->site)
		add(m, RF_STEP_CGROUP, "make one below %.120s", request->site->parent);
	add_resources(m);
	add_prepare(m);
	add(m, RF_STEP_CLONE, "%s",
	    request->site ? "into the cgroup, with a pidfd" : "with a pidfd, without a cgroup");
	add_attach(m);
}

static void add_identity_steps(struct maker *m)
{
	const struct rf_request *request = m->request;

	if (request->change_dir)
		add(m, RF_STEP_CWD, "%s", request->cwd);
	if (request->user)
		add(m, RF_STEP_USER, "uid %u gid %u, %zu groups", request->user->uid,
		    request->user->gid, request->user->n_groups);
	add(m, RF_STEP_DESCRIPTORS, "close all but 0-2 and %zu kept", request->n_keep_fds);
}

static void add_child_steps(struct maker *m)
{
	const struct rf_policy *policy = m->request->policy;

	add(m, RF_STEP_SIGNALS, "default dispositions, nothing blocked");
	add(m, RF_STEP_SESSION, "%s",
	    policy->new_session ? "new session, no terminal" : "the caller's session and terminal");
	add(m, RF_STEP_RLIMITS, "%zu of the policy", policy->n_rlimits);
	add(m, RF_STEP_ENV, "%zu variables", m->request->env->n);
	add_identity_steps(m);
	add_children(m, RF_STAGE_CAPABILITIES, RF_STEP_CAPABILITIES);
	if (policy->no_new_privileges)
		add(m, RF_STEP_NO_NEW_PRIVS, "set");
	add_children(m, RF_STAGE_FENCE, RF_STEP_FENCE);
	add_children(m, RF_STAGE_LAST, RF_STEP_LAST);
	if (m->request->payload)
		add(m, RF_STEP_PAYLOAD, "in a process of its own, without exec");
	else
		add(m, RF_STEP_EXEC, "%.160s", m->request->argv[0]);
}

int rf_plan_make(struct rf_plan *ret, const struct rf_request *request, struct rf_err *err)
{
	struct maker m = {.plan = ret, .request = request};

	ret->n = 0;
	if (!request->argv == !request->payload)
		return rf_err_set(err, -EINVAL, "a launch has either a command or a payload");
	add_parent_steps(&m);
	add_child_steps(&m);
	return m.error ? rf_err_set(err, m.error, "the plan has more than %d steps", RF_PLAN_MAX)
		       : 0;
}

const char *rf_step_name(const struct rf_step *step)
{
	return names[step->kind];
}

bool rf_step_in_child(const struct rf_step *step)
{
	return step->kind >= RF_STEP_SIGNALS;
}

int rf_plan_format(const struct rf_plan *plan, struct rf_str *out)
{
	for (size_t i = 0; i < plan->n; i++) {
		const struct rf_step *step = &plan->steps[i];

		rf_str_addf(out, "%2zu %-6s %-12s ", i + 1,
			    rf_step_in_child(step) ? "child" : "parent", rf_step_name(step));
		rf_str_add_printable(out, step->text);
		rf_str_add_char(out, '\n');
	}
	return rf_str_error(out);
}
