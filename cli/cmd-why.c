/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ringfence why POLICY QUESTION`: the verdict of a policy on one access, and who gives it.
 */
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "cli/cmd.h"
#include "cli/finding.h"
#include "cli/policy.h"
#include "cli/why_last.h"
#include "cli/why_question.h"
#include "cli/why_recorded.h"
#include "sandbox/base/fd.h"
#include "sandbox/base/str.h"
#include "sandbox/policy/problem.h"

#define EVENTS_MAX_BYTES ((size_t)256 << 20)
#define TEXT_MAX_BYTES	 65536

static const char usage[] =
	"usage: ringfence why [--json] [--session init|exec] [--set VAR=VALUE]... POLICY QUESTION\n"
	"       ringfence why --last [--json]   inside a fence: what was denied here last, and why\n"
	"\n"
	"Tells what the policy decides, which rule decides it, and the smallest change.\n"
	"\n"
	"questions:\n"
	"  read|write|append|create|remove|metadata|exec PATH\n"
	"  connect|bind|listen|send tcp|udp|sctp|icmp ADDR:PORT   (IPv6 in brackets)\n"
	"  connect|send|bind|listen unix PATH|@NAME\n"
	"  syscall NAME [ARGUMENT...]\n"
	"  capability NAME\n"
	"  device read|write|mknod char|block MAJOR:MINOR\n"
	"  kernel KEY\n"
	"  event FILE|-\n"
	"\n"
	"PATH is judged as the kernel would resolve it; a name that does not exist by itself.\n"
	"Exit status: 0 allowed; 1 denied; 2 usage; 125 the policy cannot be loaded.\n";

struct why {
	struct rf_policy_args args;
	struct rf_policy *policy;
	struct rf_image *image;
	uint32_t session;
	bool json;
};

static void done(struct why *w)
{
	rf_policy_args_done(&w->args);
	(void)rf_policy_free(w->policy);
	(void)rf_image_free(w->image);
}

struct explained {
	struct rf_finding finding, otherwise;
	bool has_otherwise;
	enum rf_why_kind kind; /* of the question that the finding answers */
	bool lacks_mknod;      /* the devices allow to make it, the capabilities do not */
	bool recorded;	       /* not asked: what the record says */
	char change[4 * RF_WHY_TEXT_MAX];
	char file[RF_WHY_TEXT_MAX]; /* of a recorded rule */
};

/* Sections are asked one by one; a node that one lets be made cannot be without the other. */
static int ask_mknod(const struct why *w, const struct rf_question *q, struct explained *ret,
		     struct rf_err *err)
{
	struct rf_question capability = {.kind = RF_WHY_CAPABILITY,
					 .number = CAP_MKNOD,
					 .session = q->session,
					 .text = "mknod"};
	struct rf_finding finding = {0};
	int r;

	if (q->kind != RF_WHY_DEVICE || !(q->rights & RF_DEV_MKNOD) ||
	    !rf_finding_passes(&ret->finding))
		return 0;
	r = rf_why_ask(w->policy, w->image, &capability, &finding, err);
	if (r == 0)
		ret->lacks_mknod = !rf_finding_passes(&finding);
	return r;
}

/* What the kernel asks, too: of a node that is here its device, of a socket's path the new name. */
static bool find_second(const struct rf_question *q, struct rf_question *ret)
{
	struct stat node;

	*ret = *q;
	if (q->kind == RF_WHY_UNIX && (q->rights & RF_NET_BIND) && q->text[0] == '/') {
		ret->kind = RF_WHY_FILE;
		ret->rights = RF_FILE_CREATE;
		return true;
	}
	if (q->kind != RF_WHY_FILE || lstat(q->text, &node) < 0 ||
	    !(S_ISCHR(node.st_mode) || S_ISBLK(node.st_mode)))
		return false;
	ret->kind = RF_WHY_DEVICE;
	ret->dev_type = S_ISBLK(node.st_mode) ? 1 : 2;
	ret->dev_major = major(node.st_rdev);
	ret->dev_minor = minor(node.st_rdev);
	ret->rights = (q->rights & RF_FILE_READ ? RF_DEV_READ : 0u) |
		      (q->rights & (RF_FILE_WRITE | RF_FILE_APPEND) ? RF_DEV_WRITE : 0u);
	return ret->rights;
}

/* Both refuse: the change is two. What has no room is proposed when the first is made. */
static int add_second_change(const struct why *w, const struct rf_question *second,
			     const struct rf_finding *finding, struct explained *ret,
			     struct rf_err *err)
{
	RF_AUTOSTR struct rf_str both = RF_STR_INIT(sizeof(ret->change));
	char change[sizeof(ret->change)] = "";
	struct rf_finding otherwise;
	int r = rf_why_otherwise(w->policy, second, finding, &otherwise, err);

	if (r >= 0)
		r = rf_why_change(w->policy, second, finding, r > 0 ? &otherwise : NULL, change,
				  sizeof(change), err);
	if (r < 0)
		return r;
	rf_str_addf(&both, "%s, and %s", ret->change, change);
	if (ret->change[0] && change[0] && rf_str_error(&both) == 0)
		(void)snprintf(ret->change, sizeof(ret->change), "%s", rf_str_text(&both));
	return 0;
}

static int explain(const struct why *w, const struct rf_question *q, const json_t *event,
		   struct explained *ret, struct rf_err *err)
{
	struct rf_finding finding = {0};
	struct rf_question second;
	bool both;
	int r = rf_why_ask(w->policy, w->image, q, &ret->finding, err);

	ret->kind = q->kind;
	both = r == 0 && find_second(q, &second);
	if (both) {
		r = rf_why_ask(w->policy, w->image, &second, &finding, err);
		both = r == 0 && !rf_finding_passes(&finding);
	}
	if (both && rf_finding_passes(&ret->finding)) {
		ret->finding = finding;
		q = &second;
		ret->kind = q->kind;
		both = false;
	}
	if (r < 0)
		return r;
	ret->recorded = rf_recorded_decides(q, event, &ret->finding, ret->file, sizeof(ret->file));
	/* Each of the two names may be what the policy allows; together they were not. */
	if (!ret->recorded && ret->finding.verdict == RF_V_ALLOWED && ret->finding.enforced &&
	    rf_recorded_alias(event)) {
		rf_recorded_finding(event, &ret->finding, ret->file, sizeof(ret->file));
		ret->recorded = true;
	}
	if (ret->recorded)
		return 0;
	r = rf_why_otherwise(w->policy, q, &ret->finding, &ret->otherwise, err);
	if (r < 0)
		return r;
	ret->has_otherwise = r > 0;
	r = ask_mknod(w, q, ret, err);
	if (r < 0)
		return r;
	r = rf_why_change(w->policy, q, &ret->finding, ret->has_otherwise ? &ret->otherwise : NULL,
			  ret->change, sizeof(ret->change), err);
	return r < 0 || !both ? r : add_second_change(w, &second, &finding, ret, err);
}

static int print_text(const struct rf_question *q, const struct explained *e)
{
	const struct rf_finding *f = &e->finding;
	RF_AUTOSTR struct rf_str out = RF_STR_INIT(TEXT_MAX_BYTES);
	RF_AUTOSTR struct rf_str asked = RF_STR_INIT(2 * RF_WHY_TEXT_MAX);

	rf_finding_add_decider(&out, rf_finding_passes(f) ? "allowed by " : "denied by ", f);
	if (f->verdict == RF_V_KILLED)
		rf_str_add(&out, ", which kills");
	if (f->verdict == RF_V_WOULD_DENY)
		rf_str_add(&out, " in audit mode: it would be denied");
	rf_why_describe(q, &asked);
	rf_finding_add_line(&out, "\nasked: ", rf_str_text(&asked));
	rf_finding_add_line(&out, "\nreason: ", f->reason);
	rf_finding_add_line(&out, "\nhint: ", f->hint);
	if (e->recorded && !f->depends_on_args)
		rf_str_add(&out, "\nnote: no rule is about it; this is what the record says");
	else if (e->recorded)
		rf_str_add(&out, "\nnote: the answer depends on arguments, which were not "
				 "recorded; this is what the record says");
	else if (f->depends_on_args)
		rf_str_add(&out, "\nnote: other arguments may get another answer");
	if (f->chosen)
		rf_str_addf(&out, "\nnote: the kernel chooses the port, and may choose %u",
			    f->chosen);
	if (e->lacks_mknod)
		rf_str_add(&out,
			   "\nnote: it also takes the capability mknod, which the policy drops");
	if (e->has_otherwise)
		rf_finding_add_decider(&out,
				       rf_finding_passes(&e->otherwise) ? "\notherwise: allowed by "
									: "\notherwise: denied by ",
				       &e->otherwise);
	if (e->change[0]) /* shown as it stands, for it is to be made as it stands */
		rf_str_addf(&out, "\nchange: %s", e->change);
	rf_str_add(&out, "\n");
	if (rf_str_error(&out))
		return rf_str_error(&out);
	fputs(rf_str_text(&out), stdout);
	return 0;
}

static int print_json(const struct rf_question *q, const struct explained *e)
{
	RF_AUTOSTR struct rf_str asked = RF_STR_INIT(2 * RF_WHY_TEXT_MAX);
	RF_AUTOSTR struct rf_str out = RF_STR_INIT(8 * TEXT_MAX_BYTES);

	rf_why_describe(q, &asked);
	rf_str_add(&out, "{");
	rf_finding_add_json(&out, &e->finding);
	rf_finding_add_member(&out, "layer", rf_finding_layer(e->kind));
	rf_finding_add_member(&out, "asked", rf_str_text(&asked));
	rf_finding_add_member(&out, "object", q->text);
	rf_str_addf(&out, ",\"enforced\":%s",
		    e->finding.enforced && e->finding.verdict != RF_V_WOULD_DENY ? "true"
										 : "false");
	if (e->finding.depends_on_args)
		rf_str_add(&out, ",\"depends_on_arguments\":true");
	if (e->recorded)
		rf_str_add(&out, ",\"as_recorded\":true");
	if (e->finding.chosen)
		rf_str_addf(&out, ",\"chosen_port\":%u", e->finding.chosen);
	if (e->lacks_mknod)
		rf_finding_add_member(&out, "also_needs", "capability mknod");
	if (e->has_otherwise) {
		rf_str_add(&out, ",\"otherwise\":{");
		rf_finding_add_json(&out, &e->otherwise);
		rf_str_add(&out, "}");
	}
	if (e->change[0])
		rf_finding_add_member(&out, "change", e->change);
	rf_str_add(&out, "}");
	if (rf_str_error(&out))
		return rf_str_error(&out);
	puts(rf_str_text(&out));
	return 0;
}

static int print(const struct why *w, const struct rf_question *q, const struct explained *e,
		 struct rf_err *err)
{
	int r = w->json ? print_json(q, e) : print_text(q, e);

	if (r < 0) {
		rf_err_sys(err, r, "cannot print the answer");
		return rf_cmd_fail(RF_EXIT_FAILED, err);
	}
	return rf_finding_passes(&e->finding) ? RF_EXIT_OK : RF_EXIT_NO;
}

/* Answers one question, of an event or NULL; RF_EXIT_OK, RF_EXIT_NO or RF_EXIT_FAILED. */
static int answer(const struct why *w, struct rf_question *q, const json_t *event)
{
	struct explained e = {.has_otherwise = false};
	struct rf_err err = RF_ERR_INIT;
	int r;

	if (w->session)
		q->session = w->session;
	r = explain(w, q, event, &e, &err);
	return r < 0 ? rf_cmd_fail(RF_EXIT_FAILED, &err) : print(w, q, &e, &err);
}

/* A refusal before it was known of what: there is nothing to ask about. */
static bool read_bare(const json_t *event, struct rf_question *q, struct explained *e)
{
	const json_t *object = json_object_get(event, "object");
	const char *operation = json_string_value(json_object_get(event, "operation"));

	if (!json_is_object(object) || json_object_size(object) || !rf_recorded_unasked(event))
		return false;
	*q = (struct rf_question){.kind = RF_WHY_FILE};
	(void)snprintf(q->text, sizeof(q->text), "%s", operation ? operation : "an access");
	*e = (struct explained){.kind = RF_WHY_FILE, .recorded = true};
	rf_recorded_finding(event, &e->finding, e->file, sizeof(e->file));
	return true;
}

/* A socket that no rule can name, with what this policy does about it. */
static bool read_family(const struct why *w, const json_t *event, struct rf_question *q,
			struct explained *e)
{
	const char *family;

	*e = (struct explained){.kind = RF_WHY_INET};
	if (!rf_recorded_family(event, w->policy, &e->finding, &family))
		return false;
	*q = (struct rf_question){.kind = RF_WHY_FILE};
	(void)snprintf(q->text, sizeof(q->text), "socket %s", family);
	return true;
}

/* One line of the stream; other records than accesses are passed over. */
static int answer_line(const struct why *w, const char *line, size_t len, unsigned int *n)
{
	json_t *event = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	struct explained bare;
	struct rf_err err = RF_ERR_INIT;
	struct rf_question q;
	int r, status = RF_EXIT_OK;

	if (!event) {
		rf_err_set(&err, -EINVAL, "a line of the events is not JSON: %.80s", line);
		return rf_cmd_fail(RF_EXIT_FAILED, &err);
	}
	r = rf_question_from_event(&q, event, &err);
	if (r == -EINVAL && (read_bare(event, &q, &bare) || read_family(w, event, &q, &bare))) {
		rf_err_clear(&err);
		r = 1;
	}
	if (r >= 0 && (*n)++ && !w->json)
		putchar('\n');
	if (r == 0)
		status = answer(w, &q, event);
	else if (r > 0)
		status = print(w, &q, &bare, &err);
	else if (r != -ENOMSG)
		status = rf_cmd_fail(RF_EXIT_FAILED, &err);
	json_decref(event);
	return status;
}

static int answer_events(const struct why *w, const char *path)
{
	RF_AUTOFREE char *text = NULL;
	struct rf_err err = RF_ERR_INIT;
	unsigned int n = 0;
	int worst = RF_EXIT_OK, r;
	size_t len = 0;

	if (strcmp(path, "-") == 0)
		r = rf_fd_read_all(STDIN_FILENO, EVENTS_MAX_BYTES, &text, &len, &err);
	else
		r = rf_fd_read_file(path, EVENTS_MAX_BYTES, &text, &len, &err);
	if (r < 0)
		return rf_cmd_fail(RF_EXIT_FAILED, &err);
	for (char *line = text; *line;) {
		size_t line_len = strcspn(line, "\n");
		int status = RF_EXIT_OK;

		if (line_len)
			status = answer_line(w, line, line_len, &n);
		worst = status > worst ? status : worst;
		line += line_len + (line[line_len] == '\n');
	}
	if (n)
		return worst;
	if (worst != RF_EXIT_OK)
		return worst;
	rf_err_set(&err, -EINVAL, "%s holds no access record", path);
	return rf_cmd_fail(RF_EXIT_FAILED, &err);
}

static int load(struct why *w)
{
	RF_CLEANUP(rf_problems_done) struct rf_problems problems = {0};
	struct rf_err err = RF_ERR_INIT;
	int status = rf_policy_args_load(&w->policy, &w->args, w->args.names, 1, &problems);

	if (status != RF_EXIT_OK)
		return RF_EXIT_FAILED;
	if (rf_image_make(&w->image, w->policy, &err) < 0)
		return rf_cmd_fail(RF_EXIT_FAILED, &err);
	return RF_EXIT_OK;
}

/* Takes "--session X" out of the arguments: only this command has it. */
static int take_session(struct why *w, int *argc, char **argv)
{
	for (int i = 1; i < *argc; i++) {
		const char *value = NULL;
		int taken = 1;

		if (rf_str_has_prefix(argv[i], "--session=")) {
			value = argv[i] + strlen("--session=");
		} else if (rf_str_eq(argv[i], "--session") && i + 1 < *argc) {
			value = argv[i + 1];
			taken = 2;
		} else {
			continue;
		}
		if (!rf_str_eq(value, "init") && !rf_str_eq(value, "exec"))
			return rf_cmd_usage("--session is init or exec, not %.40s", value);
		w->session = rf_str_eq(value, "exec") ? RF_SESS_EXEC : RF_SESS_INIT;
		memmove(&argv[i], &argv[i + taken],
			(size_t)(*argc - i - taken + 1) * sizeof(*argv));
		*argc -= taken;
		i--;
	}
	return RF_EXIT_OK;
}

/* `--last`, alone or beside --json: a question about what happened, not about a policy. */
static bool asks_for_last(int argc, char **argv, bool *json)
{
	bool last = false;

	*json = false;
	for (int i = 1; i < argc; i++) {
		if (rf_str_eq(argv[i], "--last"))
			last = true;
		else if (rf_str_eq(argv[i], "--json"))
			*json = true;
		else
			return false;
	}
	return last;
}

int main(int argc, char **argv)
{
	RF_CLEANUP(done) struct why w = {.session = 0};
	char *const *words;
	struct rf_err err = RF_ERR_INIT;
	struct rf_question q;
	int status, r;

	rf_cmd_begin();
	if (asks_for_last(argc, argv, &w.json))
		return rf_why_last(w.json);
	status = take_session(&w, &argc, argv);
	if (status == RF_EXIT_OK)
		status = rf_policy_args_parse(&w.args, argc, argv, usage);
	if (status != RF_EXIT_OK || w.args.help)
		return status;
	if (w.args.strict || w.args.sizes)
		return rf_cmd_usage("`why` knows --json, --session and --set only");
	if (w.args.n_names < 2)
		return rf_cmd_usage("`why` needs a policy and a question; `ringfence why --help` "
				    "lists what can be asked");
	w.json = w.args.json;
	words = (char *const *)(void *)(w.args.names + 1);
	if (strcmp(words[0], "event") == 0) {
		if (w.args.n_names != 3)
			return rf_cmd_usage("`event` is followed by one file or -");
		status = load(&w);
		return status == RF_EXIT_OK ? answer_events(&w, words[1]) : status;
	}
	r = rf_question_parse(&q, words, w.args.n_names - 1, &err);
	if (r < 0)
		return rf_cmd_fail(r == -EINVAL ? RF_EXIT_USAGE : RF_EXIT_FAILED, &err);
	status = load(&w);
	if (status == RF_EXIT_OK)
		status = answer(&w, &q, NULL);
	return status;
}
