/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a question to the decision functions and back to words.
 */
#include "sandbox/launch/why_parts.h"

#include <stdlib.h>
#include <string.h>

#include "lsm/match_dev.h"
#include "sandbox/policy/sysanswer.h"

struct rf_asker {
	const struct rf_policy *policy;
	const struct rf_image *image;
	struct rf_allowers *allowers[2]; /* of paths, of unix names; made when needed, as below */
	struct rf_sys_model *models[2];	 /* by session */
};

static const char *const default_ids[] = {
	[RF_SEC_FILES] = "files.default",     [RF_SEC_NETWORK] = "network.default",
	[RF_SEC_DEVICES] = "devices.default", [RF_SEC_CAPABILITIES] = "capabilities",
	[RF_SEC_SECCOMP] = "seccomp.default", [RF_SEC_KERNEL] = "kernel",
	[RF_SEC_PROCESS] = "process",
};

static const char *const kernel_ids[RF_KERNEL_COUNT] = {
	"kernel.mount",	      "kernel.user_namespaces",
	"kernel.namespaces",  "kernel.ptrace",
	"kernel.signals",     "kernel.ipc",
	"kernel.io_uring",    "kernel.bpf",
	"kernel.perf_events", "kernel.keyrings",
	"kernel.modules",     "kernel.fileless_exec",
};

static const uint32_t section_of[] = {
	[RF_WHY_FILE] = RF_SEC_FILES,
	[RF_WHY_INET] = RF_SEC_NETWORK,
	[RF_WHY_UNIX] = RF_SEC_NETWORK,
	[RF_WHY_SYSCALL] = RF_SEC_SECCOMP,
	[RF_WHY_CAPABILITY] = RF_SEC_CAPABILITIES,
	[RF_WHY_DEVICE] = RF_SEC_DEVICES,
	[RF_WHY_KERNEL] = RF_SEC_KERNEL,
};

const char *rf_why_verdict_name(uint32_t verdict)
{
	static const char *const names[] = {"allowed", "denied", "killed", "would_deny"};

	return verdict < RF_ARRAY_LEN(names) ? names[verdict] : "?";
}

static void take_rule(struct rf_finding *f, const struct rf_rule *rule)
{
	f->decided = rule;
	f->rule = rule->id;
	f->place = rule->place;
	f->reason = rule->reason;
	f->hint = rule->hint;
	f->errno_value = rule->errno_value;
}

static void take_answer(struct rf_finding *f, const struct rf_policy *policy,
			const struct rf_answer *answer)
{
	f->verdict = answer->verdict;
	f->errno_value = answer->errno_value;
	if (answer->rule < policy->n_rules) {
		take_rule(f, policy->rules[answer->rule]);
	} else if (answer->rule == RF_RULE_SELF) {
		f->rule = "ringfence.self";
		f->reason = "ringfence protects itself, whatever the policy says";
	} else {
		f->rule = default_ids[f->section];
		f->place = policy->sections[f->section].place;
		if (!f->enforced)
			f->reason = "the policy does not have this section, so it is not enforced";
	}
}

/* Walks a path as the kernel side does. */
static int walk_path(const struct rf_img *img, const char *path, struct rf_dfa_pos *pos)
{
	__u8 name[RF_NAME_BUF];

	while (*path == '/' && path[1]) {
		size_t len = strcspn(path + 1, "/");

		if (len == 0)
			return -EINVAL;
		if (len >= sizeof(name))
			return -ENAMETOOLONG;
		memset(name, 0, sizeof(name));
		memcpy(name, path + 1, len);
		if (rf_dfa_component(img, pos, name))
			return -EBADMSG;
		path += 1 + len;
	}
	return 0;
}

static int damaged(struct rf_err *err)
{
	return rf_err_set(err, -EBADMSG, "the packed policy is damaged");
}

int rf_why_walk(const struct rf_img *img, const struct rf_dfa_head *dfa, const char *path,
		struct rf_dfa_pos *ret)
{
	return rf_dfa_enter(img, ret, dfa->start) ? -EBADMSG : walk_path(img, path, ret);
}

static int ask_name(const struct rf_img *img, const struct rf_image_head *head,
		    const struct rf_question *q, struct rf_answer *answer, struct rf_err *err)
{
	const struct rf_dfa_head *dfa = q->kind == RF_WHY_FILE ? &head->files : &head->unix_names;
	struct rf_dfa_pos pos;
	int r;

	if (rf_dfa_enter(img, &pos, dfa->start))
		return damaged(err);
	if (q->kind == RF_WHY_FILE)
		r = walk_path(img, q->text, &pos);
	else
		r = rf_dfa_bytes(img, &pos, (const __u8 *)q->text, (__u32)strlen(q->text),
				 RF_WHY_TEXT_MAX);
	if (r < 0)
		return rf_err_sys(err, r == -1 ? -EBADMSG : r, "cannot judge the name %.200s",
				  q->text);
	return rf_dfa_answer(img, head, dfa, &pos, q->session, q->rights, answer) ? damaged(err)
										  : 0;
}

/* The automaton says that it is allowed, not by which rule. */
static int name_allow_rule(struct rf_asker *asker, const struct rf_question *q,
			   struct rf_answer *answer, struct rf_err *err)
{
	bool is_unix = q->kind == RF_WHY_UNIX;
	int r = 0;

	if (answer->verdict != RF_V_ALLOWED || answer->rule != RF_RULE_NONE)
		return 0;
	if (!asker->allowers[is_unix])
		r = rf_allowers_new(&asker->allowers[is_unix], asker->policy, is_unix, err);
	return r < 0 ? r
		     : rf_allowers_find(asker->allowers[is_unix], q->text, q->session,
					q->rights & -q->rights, &answer->rule, err);
}

static int ask_device(const struct rf_img *img, const struct rf_image_head *head,
		      const struct rf_question *q, struct rf_answer *answer, struct rf_err *err)
{
	const struct rf_dev_query query = {.type = q->dev_type,
					   .major = q->dev_major,
					   .minor = q->dev_minor,
					   .session = q->session,
					   .rights = q->rights};

	return rf_dev_answer(img, head, &query, answer) ? damaged(err) : 0;
}

int rf_asker_model(struct rf_asker *asker, uint32_t session, const struct rf_sys_model **ret,
		   struct rf_err *err)
{
	const struct rf_sys_context context = {
		.session = session ? RF_SESSION_EXEC : RF_SESSION_INIT,
		.hold_self = true, /* a hook does, or the filter */
	};
	int r = 0;

	if (!asker->models[session & 1])
		r = rf_sys_model_new(&asker->models[session & 1], asker->policy, &context, err);
	if (r == 0)
		*ret = asker->models[session & 1];
	return r;
}

static int ask_syscall(struct rf_asker *asker, const struct rf_question *q, struct rf_finding *f,
		       struct rf_err *err)
{
	const struct rf_sys_model *model = NULL;
	struct rf_sys_answer a;
	int r = rf_asker_model(asker, q->session, &model, err);

	if (r != 0)
		return r;
	rf_sys_model_explain(model, q->audit_arch, q->nr, q->args, &a);
	switch (a.verdict) {
	case RF_SYS_ALLOWED:
		f->verdict = RF_V_ALLOWED;
		break;
	case RF_SYS_LOGGED:
		f->verdict = a.would_deny ? RF_V_WOULD_DENY : RF_V_ALLOWED;
		break;
	case RF_SYS_KILLED:
	case RF_SYS_TRAPPED:
		f->verdict = RF_V_KILLED;
		break;
	case RF_SYS_DENIED:
	default:
		f->verdict = RF_V_DENIED;
		break;
	}
	if (a.rule)
		take_rule(f, a.rule);
	f->rule = a.rule_id;
	f->place = a.place;
	f->errno_value = a.errno_value;
	f->depends_on_args = a.depends_on_args;
	if (!a.rule && a.origin == RF_SYS_UNKNOWN)
		f->reason = "no such call on this machine's tables, so it gets ENOSYS";
	else if (!a.rule && a.origin == RF_SYS_SELF)
		f->reason = "always refused, whatever the policy says";
	else if (!a.rule && !f->enforced && f->verdict == RF_V_ALLOWED)
		f->reason = "the policy does not have this section, so it is not enforced";
	return 0;
}

static void ask_capability(const struct rf_policy *policy, const struct rf_question *q,
			   struct rf_finding *f)
{
	bool kept = !f->enforced || policy->capabilities_keep >> q->number & 1;

	f->rule = default_ids[RF_SEC_CAPABILITIES];
	f->place = policy->sections[RF_SECTION_CAPABILITIES].place;
	for (size_t i = policy->n_keeps; i-- > 0;)
		if (!(policy->keeps[i].bits >> q->number & 1))
			f->place = policy->keeps[i].place;
	f->verdict = RF_V_ALLOWED;
	if (!kept)
		f->verdict = policy->mode == RF_MODE_AUDIT ? RF_V_WOULD_DENY : RF_V_DENIED;
	if (!f->enforced)
		f->reason = "the policy does not have this section, so it is not enforced";
	else if (!kept)
		f->reason = "it is not in capabilities.keep";
}

static void ask_kernel(const struct rf_policy *policy, const struct rf_image_head *head,
		       const struct rf_question *q, struct rf_finding *f)
{
	const struct rf_kernel_setting *setting = &policy->kernel[q->number];

	f->rule = kernel_ids[q->number];
	f->place = setting->place;
	f->verdict = RF_V_ALLOWED;
	if (rf_kernel_refuses(head, q->number, 0))
		f->verdict = head->audit_mode ? RF_V_WOULD_DENY : RF_V_DENIED;
	/* As check_power of lsm/bpf/system.bpf.c. */
	if (f->verdict == RF_V_WOULD_DENY &&
	    (q->number == RF_KERNEL_BPF || q->number == RF_KERNEL_MODULES)) {
		f->verdict = RF_V_DENIED;
		f->reason = "who has it could take the fence down, so it is refused in audit mode, "
			    "too";
		return;
	}
	if (head->kernel[q->number] == RF_K_INSIDE)
		f->reason = "only among processes of the same sandbox";
	else if (!setting->given)
		f->reason = "the key is not given, and this is its default";
}

struct rf_asker *rf_asker_free(struct rf_asker *asker)
{
	for (int i = 0; asker && i < 2; i++) {
		(void)rf_allowers_free(asker->allowers[i]);
		(void)rf_sys_model_free(asker->models[i]);
	}
	free(asker);
	return NULL;
}

int rf_asker_new(struct rf_asker **ret, const struct rf_policy *policy,
		 const struct rf_image *image, struct rf_err *err)
{
	struct rf_asker *asker = calloc(1, sizeof(*asker));

	if (!asker)
		return rf_err_set(err, -ENOMEM, "no memory to ask the policy");
	asker->policy = policy;
	asker->image = image;
	*ret = asker;
	return 0;
}

int rf_asker_ask(struct rf_asker *asker, const struct rf_question *question, struct rf_finding *ret,
		 struct rf_err *err)
{
	const struct rf_policy *policy = asker->policy;
	const struct rf_img img = {.pages = asker->image->pages,
				   .n_pages = (__u32)asker->image->n_pages};
	const struct rf_image_head *head = rf_img_head(&img);
	struct rf_finding f = {.section = section_of[question->kind]};
	struct rf_answer answer = {0};
	int r = 0;

	if (!head)
		return damaged(err);
	f.enforced = policy->sections[f.section].present || f.section == RF_SEC_KERNEL;
	switch (question->kind) {
	case RF_WHY_FILE:
	case RF_WHY_UNIX:
		r = ask_name(&img, head, question, &answer, err);
		if (r == 0)
			r = name_allow_rule(asker, question, &answer, err);
		break;
	case RF_WHY_INET:
		r = rf_why_inet(policy, &img, question, &answer, &f.chosen);
		if (r < 0)
			r = r == -ENOMEM ? rf_err_set(err, r, "no memory to ask the policy")
					 : damaged(err);
		break;
	case RF_WHY_DEVICE:
		r = ask_device(&img, head, question, &answer, err);
		break;
	case RF_WHY_SYSCALL:
		r = ask_syscall(asker, question, &f, err);
		break;
	case RF_WHY_CAPABILITY:
		ask_capability(policy, question, &f);
		break;
	case RF_WHY_KERNEL:
	default:
		ask_kernel(policy, head, question, &f);
		break;
	}
	if (r < 0)
		return r;
	if (!f.rule)
		take_answer(&f, policy, &answer);
	*ret = f;
	return 0;
}

int rf_why_ask(const struct rf_policy *policy, const struct rf_image *image,
	       const struct rf_question *question, struct rf_finding *ret, struct rf_err *err)
{
	RF_CLEANUP(rf_asker_freep) struct rf_asker *asker = NULL;
	int r = rf_asker_new(&asker, policy, image, err);

	return r < 0 ? r : rf_asker_ask(asker, question, ret, err);
}
