/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is to be expected of an attempt: the verdict of the policy's decision functions, and from
 * the enforcement report whether that verdict is in force on this machine.
 */
#include <stdarg.h>
#include <string.h>

#include "sandbox/attack/scene.h"
#include "sandbox/base/str.h"
#include "sandbox/policy/syscalls.h"

#define SELF "ringfence.self"

static void not_applicable(struct rf_expectation *e, const char *fmt, ...) RF_PRINTF(2, 3);

static void not_applicable(struct rf_expectation *e, const char *fmt, ...)
{
	va_list args;

	e->applies = false;
	va_start(args, fmt);
	(void)vsnprintf(e->why_not, sizeof(e->why_not), fmt, args);
	va_end(args);
}

static bool has_backend(const struct rf_scene *scene, const char *name)
{
	for (size_t i = 0; i < scene->selection->n; i++)
		if (strcmp(scene->selection->chosen[i].backend->name, name) == 0)
			return true;
	return false;
}

static const struct rf_coverage *item_by_id(const struct rf_scene *scene, const char *id)
{
	const struct rf_report *report = &scene->selection->report;

	for (size_t i = 0; i < report->n; i++)
		if (!report->items[i].rule && strcmp(report->items[i].id, id) == 0)
			return &report->items[i];
	return NULL;
}

static const struct rf_coverage *item_of(const struct rf_scene *scene, const struct rf_finding *f)
{
	const struct rf_report *report = &scene->selection->report;

	if (!f->decided)
		return f->rule ? item_by_id(scene, f->rule) : NULL;
	for (size_t i = 0; i < report->n; i++)
		if (report->items[i].rule == f->decided)
			return &report->items[i];
	return NULL;
}

static void judge_item(const struct rf_coverage *item, struct rf_expectation *e)
{
	if (item->hold == RF_HOLD_NONE)
		not_applicable(e, "%s is not enforced here: %s", item->id, item->why);
}

/*
 * Self-protection by name is a matter of the path engine. A back-end that only grants holds it as
 * far as the policy itself grants nothing there.
 */
static void judge_self_file(const struct rf_scene *scene, const struct rf_question *q,
			    struct rf_expectation *e)
{
	const struct rf_policy *policy = scene->policy;
	const struct rf_coverage *item = NULL;
	struct rf_err err = RF_ERR_INIT;
	uint16_t rule = RF_RULE_NONE;

	if (scene->lsm)
		return;
	if (!has_backend(scene, "landlock") ||
	    rf_allowers_find(scene->allowers, q->text, q->session, q->rights, &rule, &err) < 0) {
		not_applicable(e, "ringfence protects its files with BPF LSM, which is not there");
		return;
	}
	if (rule < policy->n_rules && policy->rules[rule]->deny) {
		const struct rf_finding f = {.decided = policy->rules[rule]};

		item = item_of(scene, &f);
	} else if (rule == RF_RULE_NONE && policy->files_default == RF_DEFAULT_DENY) {
		item = item_by_id(scene, "files.default");
	}
	if (item)
		judge_item(item, e);
	else
		not_applicable(e, "the policy grants this, and only BPF LSM protects ringfence "
				  "from that");
}

static void judge_in_force(const struct rf_scene *scene, const struct rf_question *q,
			   const struct rf_finding *f, struct rf_expectation *e)
{
	const struct rf_coverage *item;

	if (strcmp(f->rule, SELF) == 0 && q->kind == RF_WHY_FILE) {
		judge_self_file(scene, q, e);
		return;
	}
	/* The report's item of that name is about files. */
	item = strcmp(f->rule, SELF) == 0 ? NULL : item_of(scene, f);
	if (item)
		judge_item(item, e);
	else if (q->kind == RF_WHY_SYSCALL && !has_backend(scene, "seccomp"))
		not_applicable(e, "no filter of system calls is in force here");
	else if (q->kind != RF_WHY_SYSCALL && !scene->lsm)
		not_applicable(e, "%s is not enforced here", f->rule);
}

void rf_expect_question(const struct rf_scene *scene, const struct rf_question *q,
			struct rf_expectation *ret)
{
	struct rf_err err = RF_ERR_INIT;
	struct rf_finding f;

	*ret = (struct rf_expectation){.applies = true, .verdict = "-"};
	if (rf_asker_ask(scene->asker, q, &f, &err) < 0) {
		not_applicable(ret, "the policy cannot be asked: %s", rf_err_text(&err));
		return;
	}
	ret->verdict = rf_why_verdict_name(f.verdict);
	ret->errno_value = f.errno_value;
	if (f.verdict == RF_V_ALLOWED)
		not_applicable(ret, "the policy allows it");
	else if (f.verdict == RF_V_WOULD_DENY)
		not_applicable(ret, "in audit mode it passes and is recorded");
	else
		judge_in_force(scene, q, &f, ret);
}

/* "%secret", "%dir/x", "%open/x", or the path itself. */
static void expand(const struct rf_try *t, const char *object, char *ret, size_t size)
{
	static const char *const words[] = {"%secret", "%dir", "%open", "%cgroup"};
	const char *const values[] = {t->secret, t->dir, t->open, t->scene->cgroups};

	for (size_t i = 0; i < RF_ARRAY_LEN(words); i++) {
		if (!rf_str_has_prefix(object, words[i]))
			continue;
		(void)snprintf(ret, size, "%s%s", values[i], object + strlen(words[i]));
		return;
	}
	(void)snprintf(ret, size, "%s", rf_try_installed(object));
}

static bool take_address(const struct rf_scene *scene, struct rf_question *q)
{
	const struct rf_scene_address *a = q->rights & RF_NET_CONNECT ? &scene->connect
					   : q->rights & RF_NET_SEND  ? &scene->send
								      : &scene->bind;

	memcpy(q->address, a->address, sizeof(q->address));
	q->port = a->port;
	return a->found;
}

static bool make_question(const struct rf_scene *scene, const struct rf_ask *ask,
			  const struct rf_try *t, struct rf_question *q)
{
	const struct rf_abi *abi = rf_abi_at(0);

	*q = (struct rf_question){.kind = ask->kind,
				  .rights = ask->rights,
				  .protocol = ask->protocol,
				  .number = ask->number,
				  .audit_arch = abi->audit_arch,
				  .nr = ask->number,
				  .n_args = RF_ARRAY_LEN(ask->args),
				  .dev_type = ask->dev_type,
				  .dev_major = ask->major,
				  .dev_minor = ask->minor};
	memcpy(q->args, ask->args, sizeof(ask->args));
	if (ask->object)
		expand(t, ask->object, q->text, sizeof(q->text));
	return q->kind != RF_WHY_INET || take_address(scene, q);
}

/* What must be true beside the verdict. */
static void judge_premises(const struct rf_scene *scene, const struct rf_attempt *a,
			   struct rf_expectation *e)
{
	uint32_t needs = a->needs | a->also;
	const struct rf_coverage *item = a->item && !scene->lsm ? item_by_id(scene, a->item) : NULL;

	if ((needs & RF_NEEDS_OPEN) && !scene->open[0])
		not_applicable(e, "the policy lets write nowhere");
	else if ((needs & RF_NEEDS_SAME) && !scene->same)
		not_applicable(e, "no denied and writable places in one file system");
	else if ((needs & RF_NEEDS_LSM) && !scene->lsm)
		not_applicable(e, "only BPF LSM holds this, which is not there");
	else if ((needs & RF_NEEDS_ROOT) && scene->uid != 0)
		not_applicable(e, "only root could, fence or not");
	else if ((needs & RF_NEEDS_CGROUP) && (!scene->has_cgroup || !scene->cgroups[0]))
		not_applicable(e, "the sandbox has no cgroup of its own");
	else if (item)
		judge_item(item, e);
}

void rf_expect(const struct rf_scene *scene, const struct rf_attempt *attempt,
	       const struct rf_try *t, struct rf_expectation *ret)
{
	uint32_t needs = attempt->needs | attempt->also;
	struct rf_question q;

	*ret = (struct rf_expectation){.applies = true, .verdict = "-"};
	if ((needs & RF_NEEDS_SECRET) && !scene->closed[0]) {
		not_applicable(ret, "the policy denies no file that could be made for this");
		return;
	}
	if (!make_question(scene, &attempt->ask, t, &q)) {
		not_applicable(ret, "the policy denies no address that could be tried");
		return;
	}
	rf_expect_question(scene, &q, ret);
	if ((needs & RF_NEEDS_SELF) && !ret->applies && scene->lsm)
		*ret = (struct rf_expectation){.applies = true, .verdict = "denied"};
	if (ret->applies)
		judge_premises(scene, attempt, ret);
}
