/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judging what was used against a base; see learn.h.
 */
#include "sandbox/launch/learn.h"

#include <stdlib.h>

#include "sandbox/launch/learn_parts.h"
#include "sandbox/policy/load.h"
#include "sandbox/policy/problem.h"

/* A policy and its packed form, for questions. */
struct asked {
	struct rf_policy *policy;
	struct rf_image *image;
	struct rf_asker *asker;
};

static void asked_done(struct asked *a)
{
	(void)rf_asker_free(a->asker);
	(void)rf_policy_free(a->policy);
	(void)rf_image_free(a->image);
	*a = (struct asked){0};
}

struct judges {
	struct asked rules, keys, filter; /* as enum rf_learn_asks */
};

static void frame_done(struct rf_learn_frame *frame)
{
	rf_str_done(&frame->extends);
}

static int ask_text(struct asked *ret, const struct rf_learn *learn, const struct rf_str *text,
		    struct rf_err *err)
{
	RF_CLEANUP(rf_problems_done) struct rf_problems problems = {0};
	int r = rf_str_error(text);

	if (r < 0)
		return rf_err_sys(err, r, "write the learned policy");
	asked_done(ret);
	r = rf_policy_load_text(&ret->policy, learn->name, text->data, text->len, learn->load,
				&problems, err);
	if (r == 0)
		r = rf_image_compile(&ret->image, ret->policy, err);
	return r < 0 ? r : rf_asker_new(&ret->asker, ret->policy, ret->image, err);
}

static int ask(const struct asked *a, const struct rf_use *use, uint32_t right,
	       struct rf_finding *ret, struct rf_err *err)
{
	struct rf_question q;

	rf_use_question(use, right, &q);
	return rf_asker_ask(a->asker, &q, ret, err);
}

static bool passes(const struct rf_finding *f)
{
	return f->verdict == RF_V_ALLOWED || f->verdict == RF_V_WOULD_DENY;
}

/* ---- the base ---- */

static void add_extends(struct rf_learn_frame *frame, const char *name)
{
	(void)rf_str_add(&frame->extends, frame->extends.len ? ", " : "");
	(void)rf_str_add_json(&frame->extends, name);
}

/* Does the base deny by a rule what everybody's secrets are? */
static int knows_secrets(const struct rf_learn *learn, const struct asked *base, bool *ret,
			 struct rf_err *err)
{
	struct rf_question q = {.kind = RF_WHY_FILE, .rights = RF_FILE_READ};
	struct rf_learn_names names;
	struct rf_finding f;
	int r;

	rf_learn_names_take(&names, learn->load->variables, learn->load->n_variables);
	(void)snprintf(q.text, sizeof(q.text), "%s/.ssh/id_rsa", names.home ? names.home : "/root");
	r = rf_asker_ask(base->asker, &q, &f, err);
	*ret = r == 0 && f.decided && f.decided->deny;
	return r;
}

static int load_base(const struct rf_learn *learn, struct rf_learn_frame *frame, struct asked *ret,
		     struct rf_err *err)
{
	RF_AUTOSTR struct rf_str text = RF_STR_INIT(RF_LEARN_TEXT_MAX);

	(void)rf_str_addf(&text,
			  "{\"ringfence\": 1, \"name\": \"base\", \"need\": \"should\", "
			  "\"extends\": [%s]}",
			  rf_str_text(&frame->extends));
	return ask_text(ret, learn, &text, err);
}

static void take_frame(struct rf_learn_frame *frame, const struct rf_policy *base)
{
	frame->should = base->need == RF_NEED_SHOULD;
	frame->has_filter = base->n_filters > 0;
	frame->has_keep = base->sections[RF_SECTION_CAPABILITIES].present;
	frame->keep = frame->has_keep ? base->capabilities_keep : UINT64_MAX;
	for (size_t i = 0; i < RF_KERNEL_COUNT; i++)
		frame->given[i] = base->kernel[i].given && base->kernel[i].value != RF_KERNEL_ALLOW;
}

static enum rf_section section_of(const struct rf_use *use)
{
	static const enum rf_section sections[] = {
		[RF_WHY_FILE] = RF_SECTION_FILES,
		[RF_WHY_INET] = RF_SECTION_NETWORK,
		[RF_WHY_UNIX] = RF_SECTION_NETWORK,
		[RF_WHY_SYSCALL] = RF_SECTION_SECCOMP,
		[RF_WHY_CAPABILITY] = RF_SECTION_CAPABILITIES,
		[RF_WHY_DEVICE] = RF_SECTION_DEVICES,
		[RF_WHY_KERNEL] = RF_SECTION_KERNEL,
	};

	return sections[use->kind];
}

/*
 * What was denied is added to the base as it is. Else the policy is to say all: what was not used
 * is denied, but for sections whose uses only a recording in audit mode would show.
 */
static void choose_sections(const struct rf_learn *learn, struct rf_learn_frame *frame)
{
	static const enum rf_section ruled[] = {RF_SECTION_FILES, RF_SECTION_NETWORK,
						RF_SECTION_DEVICES};

	if (learn->only_denied)
		return;
	for (size_t i = 0; i < RF_ARRAY_LEN(ruled); i++)
		frame->section[ruled[i]] = true;
	frame->section[RF_SECTION_CAPABILITIES] = learn->complete;
	frame->section[RF_SECTION_SECCOMP] = learn->complete;
	for (size_t i = 0; i < learn->uses.items.len; i++)
		frame->section[section_of(&learn->uses.items.data[i])] = true;
	for (size_t i = 0; i < RF_SECTION_COUNT; i++)
		if (learn->unseen >> i & 1)
			frame->section[i] = false;
}

static int find_frame(const struct rf_learn *learn, struct rf_learn_frame *frame,
		      struct rf_err *err)
{
	RF_CLEANUP(asked_done) struct asked base = {0};
	bool secrets = false;
	int r = 0;

	for (size_t i = 0; i < learn->n_bases; i++)
		add_extends(frame, learn->bases[i]);
	if (learn->n_bases) {
		r = load_base(learn, frame, &base, err);
		if (r == 0)
			r = knows_secrets(learn, &base, &secrets, err);
	}
	if (r == 0 && !secrets) {
		add_extends(frame, "@base"); /* known secrets stay denied, whatever the base */
		r = load_base(learn, frame, &base, err);
	}
	if (r < 0)
		return r;
	take_frame(frame, base.policy);
	choose_sections(learn, frame);
	return 0;
}

/* ---- one use ---- */

static int withhold(struct rf_use *use, uint32_t right, const struct rf_finding *f, const char *why,
		    struct rf_err *err)
{
	use->withheld |= right;
	if (use->why)
		return 0;
	if (f && f->decided && f->place.line)
		(void)!asprintf(&use->why, "denied by %s (%s:%u)%s%s", f->rule, f->place.file,
				f->place.line, f->reason ? ": " : "", f->reason ? f->reason : "");
	else
		use->why = strdup(why ? why : f && f->reason ? f->reason : "the base refuses it");
	return use->why ? 0 : rf_err_sys(err, -ENOMEM, "judge what was used");
}

static int judge_capability(const struct rf_learn_frame *frame, struct rf_use *use,
			    struct rf_err *err)
{
	if (!(frame->keep >> use->number & 1))
		return withhold(use, 1, NULL,
				"the base does not keep it, and a policy that extends it cannot",
				err);
	use->needed = frame->section[RF_SECTION_CAPABILITIES];
	return 0;
}

/* Why a learned policy cannot allow a key; NULL: it can. */
static const char *key_refusal(const struct rf_learn_frame *frame, uint32_t key)
{
	if (key == RF_KERNEL_BPF || key == RF_KERNEL_MODULES)
		return "allowing it would void self-protection: the command could remove its fence";
	if (frame->given[key])
		return "the base refuses it, and a policy that extends it cannot allow it";
	return NULL;
}

static int judge_kernel(struct rf_learn_frame *frame, struct rf_use *use, struct rf_err *err)
{
	const char *why = key_refusal(frame, use->number);

	if (why)
		return withhold(use, 1, NULL, why, err);
	use->needed = 1;
	frame->keys |= UINT64_C(1) << use->number;
	return 0;
}

/* The key whose id this is, or RF_KERNEL_COUNT. */
static uint32_t find_key(const char *id)
{
	for (uint32_t i = 0; i < RF_KERNEL_COUNT; i++)
		if (rf_str_has_prefix(id, "kernel.") &&
		    strcmp(id + strlen("kernel."), rf_kernel_key_name((enum rf_kernel_key)i)) == 0)
			return i;
	return RF_KERNEL_COUNT;
}

/* A call may be refused twice: by a key of "kernel", and by the filter. */
static int judge_call(struct rf_learn_frame *frame, const struct judges *judges, struct rf_use *use,
		      struct rf_err *err)
{
	struct rf_finding f;
	uint32_t key = RF_KERNEL_COUNT;
	int r = ask(&judges->keys, use, 0, &f, err);

	if (r == 0 && !passes(&f)) {
		key = find_key(f.rule);
		if (key == RF_KERNEL_COUNT || key_refusal(frame, key))
			return withhold(use, 1, &f,
					key < RF_KERNEL_COUNT ? key_refusal(frame, key) : NULL,
					err);
	}
	if (r == 0)
		r = ask(&judges->filter, use, 0, &f, err);
	if (r < 0)
		return r;
	use->listed = !passes(&f);
	use->unsure = use->blind && key == RF_KERNEL_COUNT && !use->listed && f.depends_on_args;
	if (use->unsure)
		return withhold(use, 1, NULL,
				"it was refused for its arguments, which were not recorded: "
				"ringfence why tells which are allowed",
				err);
	if (use->listed && (frame->has_filter || strcmp(f.rule, "seccomp.default") != 0))
		return withhold(use, 1, &f, "the base's filter refuses it", err);
	use->needed = use->listed || key < RF_KERNEL_COUNT;
	if (key < RF_KERNEL_COUNT)
		frame->keys |= UINT64_C(1) << key;
	return 0;
}

/* What events of a sound stream never tell, and no rule can say. */
static bool is_nonsense(const struct rf_use *use, uint32_t right)
{
	return use->kind == RF_WHY_INET && right == RF_NET_LISTEN &&
	       (use->protocol == RF_PROTO_UDP || use->protocol == RF_PROTO_ICMP);
}

/* Right by right: the base may have some of them. */
static int judge_ruled(const struct asked *skeleton, struct rf_use *use, struct rf_err *err)
{
	int r = 0;

	for (uint32_t right = 1; right <= RF_FILE_EXEC && r == 0; right <<= 1) {
		struct rf_finding f;

		if (!(use->rights & right))
			continue;
		r = ask(skeleton, use, right, &f, err);
		if (r < 0 || passes(&f))
			continue;
		if (is_nonsense(use, right))
			r = withhold(use, right, NULL, "sockets of this protocol do not listen",
				     err);
		else if (f.decided || strcmp(f.rule, "ringfence.self") == 0)
			r = withhold(use, right, &f, NULL, err);
		else
			use->needed |= right;
	}
	return r;
}

static int judge(struct rf_learn_frame *frame, const struct judges *judges, struct rf_use *use,
		 struct rf_err *err)
{
	use->needed = use->withheld = 0;
	switch (use->kind) {
	case RF_WHY_CAPABILITY:
		return judge_capability(frame, use, err);
	case RF_WHY_KERNEL:
		return judge_kernel(frame, use, err);
	case RF_WHY_SYSCALL:
		return judge_call(frame, judges, use, err);
	default:
		return judge_ruled(&judges->rules, use, err);
	}
}

static int ask_skeleton(struct asked *ret, const struct rf_learn *learn,
			const struct rf_learn_frame *frame, enum rf_learn_asks asks,
			struct rf_err *err)
{
	RF_AUTOSTR struct rf_str text = RF_STR_INIT(RF_LEARN_TEXT_MAX);
	int r;

	(void)rf_str_add(&text, "{\n");
	r = rf_learn_skeleton(frame, asks, &text);
	(void)rf_str_add(&text, "\n}\n");
	return r < 0 ? rf_err_sys(err, r, "make a skeleton") : ask_text(ret, learn, &text, err);
}

static void judges_done(struct judges *judges)
{
	asked_done(&judges->rules);
	asked_done(&judges->keys);
	asked_done(&judges->filter);
}

static int judge_all(struct rf_learn *learn, struct rf_learn_frame *frame, struct rf_err *err)
{
	RF_CLEANUP(judges_done) struct judges judges = {.rules = {NULL, NULL}};
	int r = ask_skeleton(&judges.rules, learn, frame, RF_LEARN_RULES, err);

	if (r == 0)
		r = ask_skeleton(&judges.keys, learn, frame, RF_LEARN_KEYS, err);
	if (r == 0)
		r = ask_skeleton(&judges.filter, learn, frame, RF_LEARN_FILTER, err);
	for (size_t i = 0; i < learn->uses.items.len && r == 0; i++) {
		struct rf_use *use = &learn->uses.items.data[i];

		if (!(learn->unseen >> section_of(use) & 1)) /* of a part, nothing can be said */
			r = judge(frame, &judges, use, err);
	}
	return r;
}

/* ---- the proof ---- */

/* 1: the use was missed by its pattern, and is to be named exactly. */
static int prove_use(const struct asked *made, struct rf_use *use, struct rf_err *err)
{
	uint32_t rights = use->unsure ? 0 : use->needed | use->withheld;

	for (uint32_t right = 1; right <= RF_FILE_EXEC; right <<= 1) {
		bool want = use->needed & right;
		struct rf_finding f;
		int r;

		if (!(rights & right) || is_nonsense(use, right))
			continue;
		r = ask(made, use, right, &f, err);
		if (r < 0)
			return r;
		if (passes(&f) == want)
			continue;
		if (want && !use->exact) {
			use->exact = true;
			return 1;
		}
		return rf_err_set(err, -EINVAL,
				  "the learned policy %s %s, which it should not (%s): this is a "
				  "mistake in ringfence",
				  want ? "refuses" : "allows", use->text, f.rule);
	}
	return 0;
}

/* 0: the text decides every use as it should. 1: write it once more. */
static int prove(const struct rf_learn *learn, const struct rf_str *text, struct rf_err *err)
{
	RF_CLEANUP(asked_done) struct asked made = {0};
	int r = ask_text(&made, learn, text, err), again = 0;

	for (size_t i = 0; i < learn->uses.items.len && r >= 0; i++) {
		r = prove_use(&made, &learn->uses.items.data[i], err);
		again |= r > 0;
	}
	return r < 0 ? r : again;
}

static int write_proved(const struct rf_learn *learn, const struct rf_learn_frame *frame,
			struct rf_str *ret, struct rf_err *err)
{
	int r = 1;

	for (int i = 0; i < 2 && r > 0; i++) {
		rf_str_reset(ret);
		r = rf_learn_write(learn, frame, ret);
		if (r < 0)
			return rf_err_sys(err, r, "write the learned policy");
		r = prove(learn, ret, err);
	}
	return r;
}

int rf_learn_policy(struct rf_learn *learn, struct rf_str *ret, size_t *ret_withheld,
		    struct rf_err *err)
{
	RF_CLEANUP(frame_done) struct rf_learn_frame frame = {.extends = {.limit = 65536}};
	int r = rf_learn_spread(learn, err);

	if (r < 0)
		return r;
	rf_uses_sort(&learn->uses);
	r = find_frame(learn, &frame, err);
	if (r == 0)
		r = judge_all(learn, &frame, err);
	if (r < 0)
		return r;
	*ret_withheld = learn->ungrantable.len;
	for (size_t i = 0; i < learn->uses.items.len; i++)
		*ret_withheld += learn->uses.items.data[i].withheld != 0;
	return write_proved(learn, &frame, ret, err);
}

int rf_learn_ungrantable(struct rf_learn *learn, const char *what, const char *why, uint64_t count,
			 const char *by, struct rf_err *err)
{
	struct rf_tally tally = {.count = count};
	struct rf_ungrantable item;

	if (by && by[0])
		(void)snprintf(tally.by[tally.n_by++], sizeof(tally.by[0]), "%s", by);
	for (size_t i = 0; i < learn->ungrantable.len; i++) {
		if (strcmp(learn->ungrantable.data[i].what, what) == 0) {
			rf_tally_add(&learn->ungrantable.data[i].tally, &tally);
			return 0;
		}
	}
	item = (struct rf_ungrantable){.what = strdup(what), .why = strdup(why), .tally = tally};
	if (item.what && item.why && rf_ungrantable_vec_push(&learn->ungrantable, item) == 0)
		return 0;
	free(item.what);
	free(item.why);
	return rf_err_sys(err, -ENOMEM, "remember what was used");
}

void rf_learn_done(struct rf_learn *learn)
{
	rf_uses_done(&learn->uses);
	for (size_t i = 0; i < learn->ungrantable.len; i++) {
		free(learn->ungrantable.data[i].what);
		free(learn->ungrantable.data[i].why);
	}
	rf_ungrantable_vec_done(&learn->ungrantable);
	for (size_t i = 0; i < learn->renamings.len; i++) {
		free(learn->renamings.data[i].from);
		free(learn->renamings.data[i].to);
	}
	rf_renamings_done(&learn->renamings);
}
