/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions out of records of the stream (EVENTS.md). Names in records are resolved already.
 */
#include <arpa/inet.h>
#include <string.h>

#include "cli/why_question.h"
#include "sandbox/base/str.h"
#include "sandbox/policy/syscalls.h"

struct reading {
	struct rf_question *q;
	bool whole; /* all that was asked for, whatever was missing */
	const json_t *event, *object;
	struct rf_err *err;
};

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static int lacking(const struct reading *r, const char *what)
{
	return rf_err_set(r->err, -EINVAL, "the event has no usable %s", what);
}

static int copy_text(const struct reading *r, const char *text, const char *what)
{
	if (!text || !text[0] || strlen(text) >= sizeof(r->q->text))
		return lacking(r, what);
	(void)snprintf(r->q->text, sizeof(r->q->text), "%s", text);
	return 0;
}

static void add_rights(const struct reading *r, const char *key, const char *(*name)(uint32_t bit))
{
	const json_t *right;
	size_t i;

	json_array_foreach (json_object_get(r->event, key), i, right)
		for (uint32_t bit = 1; bit <= RF_FILE_EXEC; bit <<= 1)
			if (rf_str_eq(name(bit), json_string_value(right)))
				r->q->rights |= bit;
}

/* What was missing, else what was asked for. */
static void read_rights(const struct reading *r, const char *(*name)(uint32_t bit))
{
	add_rights(r, "missing", name);
	if (!r->q->rights || r->whole)
		add_rights(r, "access", name);
}

static int read_inet(const struct reading *r)
{
	static const char *const names[] = {"tcp", "udp", "sctp", "icmp"};
	const char *address = text_of(r->object, "address"),
		   *protocol = text_of(r->object, "protocol");
	json_int_t port = json_integer_value(json_object_get(r->object, "port"));
	uint8_t *to = r->q->address;
	bool six = address && strchr(address, ':');

	r->q->kind = RF_WHY_INET;
	r->q->protocol = RF_PROTO_OTHER;
	for (unsigned int i = 0; protocol && i < RF_ARRAY_LEN(names); i++)
		if (strcmp(names[i], protocol) == 0)
			r->q->protocol = (uint8_t)(1u << i);
	if (!six)
		to[10] = to[11] = 0xff;
	if (!address || port < 0 || port > UINT16_MAX ||
	    inet_pton(six ? AF_INET6 : AF_INET, address, six ? to : to + 12) != 1)
		return lacking(r, "address");
	r->q->port = (uint16_t)port;
	(void)snprintf(r->q->text, sizeof(r->q->text), "%s%s%s:%u", six ? "[" : "", address,
		       six ? "]" : "", r->q->port);
	rf_question_settle(r->q);
	return 0;
}

static int read_network(const struct reading *r)
{
	const char *family = text_of(r->object, "family"), *name;

	read_rights(r, rf_net_right_name);
	if (!r->q->rights)
		return lacking(r, "right");
	if (!rf_str_eq(family, "unix"))
		return read_inet(r);
	r->q->kind = RF_WHY_UNIX;
	name = text_of(r->object, "unix");
	return copy_text(r, name ? name : text_of(r->object, "path"), "name");
}

static int read_device(const struct reading *r)
{
	const char *type = text_of(r->object, "type");

	r->q->kind = RF_WHY_DEVICE;
	read_rights(r, rf_dev_right_name);
	if ((!rf_str_eq(type, "block") && !rf_str_eq(type, "char")) || !r->q->rights)
		return lacking(r, "device");
	r->q->dev_type = type[0] == 'b' ? 1 : 2;
	r->q->dev_major = (uint32_t)json_integer_value(json_object_get(r->object, "major"));
	r->q->dev_minor = (uint32_t)json_integer_value(json_object_get(r->object, "minor"));
	(void)snprintf(r->q->text, sizeof(r->q->text), "%s %u:%u", type, r->q->dev_major,
		       r->q->dev_minor);
	return 0;
}

static int read_syscall(const struct reading *r)
{
	const char *abi_name = text_of(r->object, "abi");
	const struct rf_abi *abi = abi_name ? rf_abi_find(abi_name) : rf_abi_at(0);
	const json_t *args = json_object_get(r->object, "args"), *arg;
	const char *name = text_of(r->object, "name");
	size_t i;

	r->q->kind = RF_WHY_SYSCALL;
	if (!abi || !json_is_integer(json_object_get(r->object, "nr")))
		return lacking(r, "system call");
	r->q->audit_arch = abi->audit_arch;
	r->q->nr = (uint32_t)json_integer_value(json_object_get(r->object, "nr"));
	json_array_foreach (args, i, arg) {
		const char *text = json_string_value(arg);

		if (i >= 6)
			break;
		r->q->args[i] = (uint64_t)json_integer_value(arg);
		if (text && rf_parse_u64_any(text, UINT64_MAX, &r->q->args[i]) < 0)
			return lacking(r, "arguments");
		r->q->n_args++;
	}
	r->q->blind = r->q->n_args == 0 && text_of(r->event, "verdict") &&
		      !rf_str_eq(text_of(r->event, "verdict"), "allowed");
	if (!name)
		name = rf_call_name(abi, r->q->nr);
	return copy_text(r, name ? name : "unknown", "name");
}

static int read_words(const struct reading *r, const char *kind, const char *key)
{
	char *words[2] = {(char *)(uintptr_t)kind, (char *)(uintptr_t)text_of(r->object, key)};

	return words[1] ? rf_question_parse(r->q, words, 2, r->err) : lacking(r, key);
}

/* Another process was meant: the key that says who may reach whom has decided. */
static int read_process(const struct reading *r)
{
	const char *id = text_of(json_object_get(r->event, "rule"), "id");
	char *words[2] = {(char *)(uintptr_t) "kernel", NULL};

	if (!id || strncmp(id, "kernel.", strlen("kernel.")) != 0)
		return lacking(r, "rule");
	words[1] = (char *)(uintptr_t)id + strlen("kernel.");
	return rf_question_parse(r->q, words, 2, r->err);
}

static int read_event(struct rf_question *ret, const json_t *event, bool whole, struct rf_err *err)
{
	const struct reading r = {.q = ret,
				  .whole = whole,
				  .event = event,
				  .object = json_object_get(event, "object"),
				  .err = err};
	const char *type = text_of(event, "type"), *layer = text_of(event, "layer");
	int answer;

	memset(ret, 0, sizeof(*ret));
	if (!type || strcmp(type, "access") != 0)
		return -ENOMSG;
	if (!layer || !r.object)
		return lacking(&r, "layer and object");
	if (strcmp(layer, "files") == 0) {
		ret->kind = RF_WHY_FILE;
		read_rights(&r, rf_file_right_name);
		answer = ret->rights ? copy_text(&r, text_of(r.object, "path"), "path")
				     : lacking(&r, "right");
	} else if (strcmp(layer, "network") == 0) {
		answer = read_network(&r);
	} else if (strcmp(layer, "devices") == 0) {
		answer = read_device(&r);
	} else if (strcmp(layer, "seccomp") == 0) {
		answer = read_syscall(&r);
	} else if (strcmp(layer, "capabilities") == 0) {
		answer = read_words(&r, "capability", "name");
	} else if (strcmp(layer, "kernel") == 0) {
		answer = read_words(&r, "kernel", "key");
	} else if (strcmp(layer, "process") == 0) {
		answer = read_process(&r);
	} else {
		answer = lacking(&r, "layer");
	}
	if (rf_str_eq(text_of(json_object_get(event, "sandbox"), "session"), "exec"))
		ret->session = RF_SESS_EXEC;
	return answer;
}

int rf_question_from_event(struct rf_question *ret, const json_t *event, struct rf_err *err)
{
	const char *operation = text_of(event, "operation");
	const char *new_path = text_of(json_object_get(event, "object"), "new_path");
	int r = read_event(ret, event, false, err);

	/* What is made is the new name. */
	if (r == 0 && ret->kind == RF_WHY_FILE && ret->rights == RF_FILE_CREATE && new_path &&
	    new_path[0] && !rf_str_eq(operation, "exchange") &&
	    strlen(new_path) < sizeof(ret->text))
		(void)snprintf(ret->text, sizeof(ret->text), "%s", new_path);
	return r;
}

/* Two names take part in a link or rename, each with rights of its own. */
static void split_names(struct rf_question ret[2], size_t *ret_n, const char *operation,
			const char *new_path)
{
	if (!new_path || !new_path[0] || strlen(new_path) >= sizeof(ret[1].text))
		return;
	ret[1] = ret[0];
	(void)snprintf(ret[1].text, sizeof(ret[1].text), "%s", new_path);
	*ret_n = 2;
	ret[1].rights = RF_FILE_CREATE;
	ret[0].rights = RF_FILE_REMOVE;
	if (rf_str_eq(operation, "exchange"))
		ret[0].rights = ret[1].rights = RF_FILE_CREATE | RF_FILE_REMOVE;
	if (!rf_str_eq(operation, "link"))
		return;
	ret[0] = ret[1];
	*ret_n = 1;
}

int rf_questions_from_event(struct rf_question ret[2], size_t *ret_n, const json_t *event,
			    struct rf_err *err)
{
	int r = read_event(&ret[0], event, true, err);

	*ret_n = 1;
	if (r == 0 && ret[0].kind == RF_WHY_FILE)
		split_names(ret, ret_n, text_of(event, "operation"),
			    text_of(json_object_get(event, "object"), "new_path"));
	return r;
}
