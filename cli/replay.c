/* SPDX-License-Identifier: Apache-2.0 */
/* See replay.h. */
#include "cli/replay.h"

#include <string.h>

#include "cli/finding.h"
#include "cli/why_question.h"
#include "cli/why_recorded.h"
#include "sandbox/base/str.h"

#define ARENA_MAX     (64u << 20)
#define EXAMPLE_BYTES 300

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static struct rf_replay_row *find_row(struct rf_replay *replay, const struct rf_finding *f,
				      const char *layer, bool uncertain)
{
	struct rf_replay_row *row;

	for (size_t i = 0; i < replay->rows.len; i++) {
		row = &replay->rows.data[i];
		if (row->finding.verdict == f->verdict && row->finding.decided == f->decided &&
		    row->uncertain == uncertain && rf_str_eq(row->finding.rule, f->rule) &&
		    rf_str_eq(row->layer, layer))
			return row;
	}
	row = rf_replay_rows_add(&replay->rows);
	if (row)
		*row = (struct rf_replay_row){
			.finding = *f, .layer = layer, .uncertain = uncertain};
	return row;
}

static int add_example(struct rf_replay *replay, struct rf_replay_row *row, const char *text)
{
	for (size_t i = 0; i < row->n_examples; i++)
		if (strcmp(row->examples[i], text) == 0)
			return 0;
	if (row->n_examples == RF_REPLAY_EXAMPLES)
		return 0;
	row->examples[row->n_examples] = rf_arena_strdup(replay->arena, text);
	return row->examples[row->n_examples++] ? 0 : -ENOMEM;
}

/* The access was refused, or only let through by audit mode. */
static bool is_refused(const struct rf_finding *f)
{
	return f->verdict != RF_V_ALLOWED;
}

/* How many accesses a record stands for. */
static uint64_t count_of(const json_t *event)
{
	json_int_t count = json_integer_value(json_object_get(event, "count"));

	return count < 1 ? 1 : (uint64_t)count;
}

/* Once a record, by the verdict that decides. */
static void count_up(struct rf_replay *replay, const json_t *event, const struct rf_finding *f,
		     bool uncertain)
{
	const char *recorded = text_of(event, "verdict");
	uint64_t count = count_of(event);
	bool passed = rf_str_eq(recorded, "allowed") || rf_str_eq(recorded, "would_deny");

	replay->accesses += count;
	if (uncertain)
		replay->uncertain += count;
	else if (f->verdict == RF_V_WOULD_DENY)
		replay->would_deny += count;
	else if (is_refused(f))
		replay->denied += count;
	if (uncertain)
		return;
	if (is_refused(f) && passed)
		replay->newly_denied += count;
	if (!is_refused(f) && !passed)
		replay->newly_allowed += count;
}

static int take(struct rf_replay *replay, const json_t *event, const struct rf_finding *f,
		const char *text, bool uncertain)
{
	static const char *const layers[] = {"files",	"network", "devices", "capabilities",
					     "seccomp", "kernel",  "process"};
	struct rf_replay_row *row = find_row(replay, f, layers[f->section], uncertain);

	if (!row || add_example(replay, row, text) < 0)
		return -ENOMEM;
	row->accesses += count_of(event);
	return 0;
}

/*
 * What no rule can name: a family of sockets, an object that the kernel side could not judge. True
 * if the event is one, with what this policy does about it.
 */
static bool find_unnamed(const struct rf_replay *replay, const json_t *event, struct rf_finding *f,
			 const char **ret_text)
{
	const json_t *object = json_object_get(event, "object");
	const char *layer = text_of(event, "layer");
	const struct rf_policy *policy = replay->policy;
	uint32_t refused = policy->mode == RF_MODE_AUDIT ? RF_V_WOULD_DENY : RF_V_DENIED;

	if (!json_is_object(object))
		return false;
	if (rf_str_eq(layer, "process") &&
	    rf_str_eq(text_of(json_object_get(event, "rule"), "id"), "ringfence.self")) {
		*f = (struct rf_finding){.section = RF_SECTION_PROCESS,
					 .rule = "ringfence.self",
					 .reason = "ringfence protects itself, whatever the policy",
					 .verdict = RF_V_DENIED,
					 .enforced = true};
		*ret_text = text_of(event, "operation") ?: "a process of ringfence";
		return true;
	}
	if (rf_recorded_family(event, policy, f, ret_text))
		return true;
	if (!(rf_str_eq(layer, "files") && !text_of(object, "path")) &&
	    (json_object_size(object) || !rf_recorded_unasked(event)))
		return false;
	f->rule = "files.unjudged";
	f->reason = "what cannot be judged is denied";
	*ret_text = text_of(event, "operation") ?: "an object without a name";
	f->section = RF_SECTION_FILES;
	f->enforced = policy->sections[RF_SECTION_FILES].present;
	f->place = policy->sections[RF_SECTION_FILES].place;
	f->verdict = f->enforced ? refused : RF_V_ALLOWED;
	return true;
}

static const char *keep(struct rf_replay *replay, const char *text, bool *ok)
{
	const char *kept = text ? rf_arena_strdup(replay->arena, text) : NULL;

	*ok = *ok && (kept || !text);
	return kept;
}

/* What was refused and may be again, whatever the answer to other arguments: it counts as such. */
static int take_record(struct rf_replay *replay, const json_t *event, const struct rf_question *q,
		       struct rf_finding *f)
{
	char file[RF_WHY_TEXT_MAX];
	bool ok = true;

	if (!rf_recorded_decides(q, event, f, file, sizeof(file)))
		return 0;
	f->rule = keep(replay, f->rule, &ok);
	f->reason = keep(replay, f->reason, &ok);
	f->hint = keep(replay, f->hint, &ok);
	f->place.file = keep(replay, f->place.file, &ok);
	return ok ? 1 : -ENOMEM;
}

/* *ret_worst: the finding that decides about the record so far; its rule is NULL before the first.
 */
static int ask(struct rf_replay *replay, const json_t *event, const struct rf_question *q,
	       struct rf_finding *ret_worst, struct rf_err *err)
{
	RF_AUTOSTR struct rf_str text = RF_STR_INIT(2 * RF_WHY_TEXT_MAX);
	struct rf_question one = *q;
	struct rf_finding f, worst = {0};
	bool have = false, uncertain;
	int r;

	/* Right by right: the first that is refused decides, as in the kernel. */
	for (uint32_t bit = 1; bit <= RF_FILE_EXEC; bit <<= 1) {
		if (q->rights && !(q->rights & bit))
			continue;
		one.rights = q->rights & bit;
		r = rf_asker_ask(replay->asker, &one, &f, err);
		if (r < 0)
			return r == -ENOMEM ? r : -EINVAL;
		if (!have || (!is_refused(&worst) && is_refused(&f)))
			worst = f;
		have = true;
		if (!q->rights)
			break;
	}
	r = take_record(replay, event, q, &worst);
	if (r < 0)
		return rf_err_sys(err, r, "replay an event");
	uncertain = r == 0 && q->kind == RF_WHY_SYSCALL && q->n_args == 0 && !q->blind &&
		    worst.depends_on_args;
	rf_why_describe(q, &text);
	r = take(replay, event, &worst, rf_str_text(&text), uncertain);
	if (r < 0)
		return rf_err_sys(err, r, "replay an event");
	if (!ret_worst->rule || (!is_refused(ret_worst) && is_refused(&worst)))
		*ret_worst = worst;
	return uncertain;
}

/* Asks about one right to one name. */
static int ask_name(struct rf_replay *replay, struct rf_question *q, const char *name, uint32_t bit,
		    struct rf_finding *ret, struct rf_err *err)
{
	int r;

	(void)snprintf(q->text, sizeof(q->text), "%s", name);
	q->rights = bit;
	r = rf_asker_ask(replay->asker, q, ret, err);
	return r < 0 && r != -ENOMEM ? -EINVAL : r;
}

/*
 * A link or rename must not give the object a name that adds rights; exec is not among them. What
 * is beneath a directory is not looked at here, so this says no less often than the kernel side.
 */
static int ask_alias(struct rf_replay *replay, const json_t *event, const struct rf_question *like,
		     struct rf_finding *ret_worst, struct rf_err *err)
{
	RF_AUTOSTR struct rf_str text = RF_STR_INIT(3 * RF_WHY_TEXT_MAX);
	const json_t *object = json_object_get(event, "object");
	const char *from = text_of(object, "path"), *to = text_of(object, "new_path");
	struct rf_question q = *like;
	struct rf_finding old, fresh;
	int r = 0;

	if (!from || !to || strlen(from) >= sizeof(q.text) || strlen(to) >= sizeof(q.text))
		return 0;
	for (uint32_t bit = 1; bit < RF_FILE_EXEC; bit <<= 1) {
		r = ask_name(replay, &q, to, bit, &fresh, err);
		if (r == 0 && !is_refused(&fresh))
			r = ask_name(replay, &q, from, bit, &old, err);
		if (r < 0)
			return r;
		if (is_refused(&fresh) || !is_refused(&old))
			continue;
		rf_str_addf(&text, "%s %s -> %s", text_of(event, "operation") ?: "link", from, to);
		r = take(replay, event, &old, rf_str_text(&text), false);
		if (!is_refused(ret_worst))
			*ret_worst = old;
		return r < 0 ? rf_err_sys(err, r, "replay an event") : 0;
	}
	return 0;
}

static int replay_access(struct rf_replay *replay, const json_t *event, struct rf_err *err)
{
	struct rf_question questions[2];
	struct rf_finding f = {0};
	const char *text;
	size_t n;
	int r;

	if (find_unnamed(replay, event, &f, &text)) {
		r = take(replay, event, &f, text, false);
		if (r < 0)
			return rf_err_sys(err, r, "replay an event");
		count_up(replay, event, &f, false);
		return 0;
	}
	r = rf_questions_from_event(questions, &n, event, err);
	for (size_t i = 0; i < n && r == 0; i++)
		r = ask(replay, event, &questions[i], &f, err);
	if (r == 0 && questions[0].kind == RF_WHY_FILE)
		r = ask_alias(replay, event, &questions[0], &f, err);
	if (r < 0)
		return r;
	count_up(replay, event, &f, r > 0);
	return 0;
}

int rf_replay_event(struct rf_replay *replay, const json_t *event, struct rf_err *err)
{
	const char *type = text_of(event, "type");
	json_int_t count = json_integer_value(json_object_get(event, "count"));
	int r;

	if (!replay->arena)
		replay->arena = rf_arena_new(ARENA_MAX);
	if (!replay->arena)
		return rf_err_sys(err, -ENOMEM, "replay an event");
	if (!type)
		return rf_err_set(err, -EINVAL, "it has no type");
	if (strcmp(type, "access") != 0) {
		replay->others++;
		if (strcmp(type, "lost") == 0)
			replay->lost += count > 0 ? (uint64_t)count : 1;
		return 0;
	}
	r = replay_access(replay, event, err);
	if (r == 0)
		replay->records++;
	return r;
}

void rf_replay_done(struct rf_replay *replay)
{
	rf_replay_rows_done(&replay->rows);
	(void)rf_arena_free(replay->arena);
	replay->arena = NULL;
}
