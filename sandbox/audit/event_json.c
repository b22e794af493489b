/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events as lines of JSON: the members in EVENTS.md's order, compact, nothing null.
 */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "lsm/names.h"
#include "sandbox/audit/event.h"
#include "sandbox/audit/object.h"

/* Ticks of /proc/PID/stat's starttime, so that a reader can compare. */
#define NS_PER_TICK 10000000

static int add_member(struct rf_str *out, const char *name, const char *text)
{
	if (!text)
		return 0;
	(void)rf_str_addf(out, ",\"%s\":", name);
	return rf_str_add_json(out, text);
}

static void add_time(struct rf_str *out, int64_t ns)
{
	time_t seconds = (time_t)(ns / 1000000000);
	struct tm tm;

	(void)gmtime_r(&seconds, &tm);
	(void)rf_str_addf(out, ",\"time\":\"%04d-%02d-%02dT%02d:%02d:%02d.%09dZ\"",
			  tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
			  tm.tm_sec, (int)(ns % 1000000000));
}

/* session: -1 for events that belong to no session. */
static void add_subject(struct rf_str *out, const struct rf_subject *subject, int session)
{
	(void)add_member(out, "host", subject->host);
	(void)add_member(out, "boot", subject->boot);
	(void)rf_str_addf(out, ",\"sandbox\":{\"id\":\"%016" PRIx64 "\"", subject->id);
	(void)add_member(out, "name", subject->name);
	(void)add_member(out, "policy", subject->policy);
	(void)add_member(out, "sha256", subject->sha256);
	if (session >= 0)
		(void)add_member(out, "session", session == RF_SESS_EXEC ? "exec" : "init");
	(void)rf_str_add(out, "}");
	if (!subject->container_id)
		return;
	(void)rf_str_add(out, ",\"container\":{\"id\":");
	(void)rf_str_add_json(out, subject->container_id);
	(void)add_member(out, "runtime", subject->container_runtime);
	(void)add_member(out, "pod", subject->container_pod);
	(void)rf_str_add(out, "}");
}

static void add_process(struct rf_str *out, const struct rf_record *record, const char *exe,
			size_t exe_len)
{
	(void)rf_str_addf(out, ",\"process\":{\"pid\":%" PRIu32 ",\"tid\":%" PRIu32, record->pid,
			  record->tid);
	if (record->ppid > 0) /* audit netlink does not tell it, and the process may be gone */
		(void)rf_str_addf(out, ",\"ppid\":%" PRIu32, record->ppid);
	if (record->start > 0) /* audit netlink does not tell it, and /proc may be another's now */
		(void)rf_str_addf(out, ",\"start\":%" PRIu64,
				  (uint64_t)(record->start / NS_PER_TICK));
	(void)rf_str_addf(out, ",\"uid\":%" PRIu32 ",\"gid\":%" PRIu32 ",\"comm\":", record->uid,
			  record->gid);
	(void)rf_str_add_json_n(out, record->comm,
				strnlen((const char *)record->comm, sizeof(record->comm)));
	if (exe) {
		(void)rf_str_add(out, ",\"exe\":");
		(void)rf_str_add_json_n(out, exe, exe_len);
	}
	(void)rf_str_add(out, "}");
}

/* The id of what decided, where no rule did. */
static void default_id(const struct rf_record *record, char *id, size_t size)
{
	const char *layer = rf_layer_name(record->layer);
	const char *key = rf_kernel_word(record->key);

	if (record->rule == RF_RULE_SELF)
		(void)snprintf(id, size, "ringfence.self");
	else if (record->rule == RF_RULE_UNJUDGED)
		(void)snprintf(id, size, "files.unjudged");
	else if (record->rule == RF_RULE_CAPS || record->layer == RF_SEC_CAPABILITIES)
		(void)snprintf(id, size, "capabilities");
	else if (record->rule == RF_RULE_KERNEL || record->layer == RF_SEC_KERNEL)
		(void)snprintf(id, size, "kernel.%s", key ? key : "unknown");
	else if (record->rule == RF_RULE_NONE)
		(void)snprintf(id, size, "%s.default", layer ? layer : "unknown");
	else
		(void)snprintf(id, size, "%s.rule-%u", layer ? layer : "unknown", record->rule);
}

static void add_source(struct rf_str *out, const struct rf_rule_words *words)
{
	RF_AUTOSTR struct rf_str place = RF_STR_INIT(RF_EVENT_LINE_MAX);

	if (!words->file)
		return;
	(void)rf_str_add(&place, words->file);
	if (words->line > 0)
		(void)rf_str_addf(&place, ":%" PRIu32, words->line);
	if (rf_str_error(&place) == 0)
		(void)add_member(out, "source", rf_str_text(&place));
}

/* Finds the words; for a system call *record may become a copy that says who refused it. */
static struct rf_rule_words find_words(const struct rf_record **record, struct rf_record *copy,
				       const struct rf_subject *subject)
{
	struct rf_rule_words words = {0};
	int known = 0;

	if ((*record)->obj == RF_OBJ_SYSCALL && subject->syscall) {
		*copy = **record; /* a call has no names behind its record */
		known = subject->syscall(subject->data, copy, &words);
		*record = copy;
	} else if (subject->rule) {
		known = subject->rule(subject->data, *record, &words);
	}
	return known ? words : (struct rf_rule_words){0};
}

static void add_rule(struct rf_str *out, const struct rf_record *record, struct rf_rule_words words)
{
	char id[64];

	if (!words.id) {
		default_id(record, id, sizeof(id));
		words.id = id;
	}
	(void)rf_str_add(out, ",\"rule\":{\"id\":");
	(void)rf_str_add_json(out, words.id);
	add_source(out, &words);
	if (record->code != RF_CODE_NONE)
		(void)add_member(out, "code", rf_code_name(record->code));
	(void)add_member(out, "reason", words.reason);
	(void)add_member(out, "hint", words.hint);
	(void)rf_str_add(out, "}");
}

static void add_access(struct rf_str *out, const struct rf_record *record,
		       const struct rf_subject *subject)
{
	static const char *const verdicts[] = {"allowed", "denied", "killed", "would_deny"};
	const struct rf_record *whole = record; /* the copy has no stack behind it */
	struct rf_record copy;
	struct rf_rule_words words = find_words(&record, &copy, subject);
	const char *errno_name;

	(void)add_member(out, "layer", rf_layer_name(record->layer));
	(void)add_member(out, "hook", rf_hook_name(record->hook));
	(void)add_member(out, "operation", rf_operation_name(record->operation));
	rf_object_json(out, record);
	rf_rights_json(out, "access", record->layer, record->access);
	rf_rights_json(out, "missing", record->layer, record->missing);
	if (record->verdict < RF_ARRAY_LEN(verdicts))
		(void)add_member(out, "verdict", verdicts[record->verdict]);
	if (record->verdict != RF_V_ALLOWED)
		(void)rf_str_add(out, record->verdict == RF_V_WOULD_DENY ? ",\"enforced\":false"
									 : ",\"enforced\":true");
	errno_name = record->errno_value ? strerrorname_np(record->errno_value) : NULL;
	(void)add_member(out, "errno", errno_name);
	add_rule(out, record, words);
	(void)rf_str_addf(out, ",\"count\":%" PRIu32, record->count ? record->count : 1);
	rf_stack_json(out, whole, subject->symbol, subject->data);
}

static void add_exit(struct rf_str *out, const struct rf_record *record)
{
	uint32_t signal = record->key & 0x7f, code = (record->key >> 8) & 0xff;

	if (signal)
		(void)rf_str_addf(out, ",\"exit\":{\"signal\":%" PRIu32 "}", signal);
	else
		(void)rf_str_addf(out, ",\"exit\":{\"code\":%" PRIu32 "}", code);
}

int rf_event_json(struct rf_str *out, const struct rf_record *record,
		  const struct rf_subject *subject, const char *exe, size_t exe_len,
		  int64_t clock_offset)
{
	static const char *const types[] = {NULL, "access", "exec", "exit", "policy_replaced"};
	const char *type = record->type < RF_ARRAY_LEN(types) ? types[record->type] : NULL;

	(void)rf_str_addf(out, "{\"v\":1,\"type\":\"%s\",\"seq\":%" PRIu64, type ? type : "unknown",
			  (uint64_t)record->seq);
	add_time(out, (int64_t)record->time + clock_offset);
	/* It is no session's. The process is who replaced it. */
	add_subject(out, subject, record->type == RF_REC_POLICY ? -1 : record->session);
	add_process(out, record, exe, exe_len);
	if (record->type == RF_REC_ACCESS)
		add_access(out, record, subject);
	else if (record->type == RF_REC_EXEC)
		rf_object_json(out, record);
	else if (record->type == RF_REC_EXIT)
		add_exit(out, record);
	return rf_str_add(out, "}\n");
}

int rf_event_lost_json(struct rf_str *out, uint64_t first, uint64_t last, uint64_t count,
		       enum rf_lost_cause cause, const struct rf_subject *subject, int64_t now)
{
	(void)rf_str_addf(out, "{\"v\":1,\"type\":\"lost\",\"seq\":%" PRIu64 ",\"last\":%" PRIu64,
			  first, last);
	add_time(out, now);
	add_subject(out, subject, -1);
	return rf_str_addf(out, ",\"count\":%" PRIu64 ",\"cause\":\"%s\"}\n", count,
			   rf_lost_cause_name(cause));
}

int rf_event_note_json(struct rf_str *out, const char *type, uint64_t seq,
		       const struct rf_subject *subject, int64_t now, const char *members)
{
	(void)rf_str_addf(out, "{\"v\":1,\"type\":\"%s\",\"seq\":%" PRIu64, type, seq);
	add_time(out, now);
	add_subject(out, subject, -1);
	return rf_str_addf(out, "%s}\n", members);
}
