/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events as OCSF; see ocsf.h. Classes: File System Activity (files, devices), Network Activity,
 * Kernel Activity (seccomp, capabilities, kernel), Process Activity (process, exec, exit), and the
 * base event for what concerns the sandbox or the stream itself.
 */
#include "sandbox/audit/ocsf.h"

#include "config.h"
#include "sandbox/audit/timeline.h"

enum kind {
	BASE = 0,
	FILE_SYSTEM = 1001,
	KERNEL = 1003,
	PROCESS = 1007,
	NETWORK = 4001,
};

struct activity {
	int id;
	const char *name;
};

static const struct activity other = {99, NULL}; /* its name is the event's own word */

/* The first right that an event names decides; an operation that says more goes first. */
static const struct {
	enum kind kind;
	const char *word;
	struct activity activity;
} activities[] = {
	{FILE_SYSTEM, "rename", {5, "Rename"}},
	{FILE_SYSTEM, "create", {1, "Create"}},
	{FILE_SYSTEM, "mknod", {1, "Create"}},
	{FILE_SYSTEM, "remove", {4, "Delete"}},
	{FILE_SYSTEM, "metadata", {6, "Set Attributes"}},
	{FILE_SYSTEM, "write", {3, "Update"}},
	{FILE_SYSTEM, "append", {3, "Update"}},
	{FILE_SYSTEM, "read", {2, "Read"}},
	{FILE_SYSTEM, "exec", {14, "Open"}},
	{NETWORK, "connect", {1, "Open"}},
	{NETWORK, "send", {6, "Traffic"}},
	{NETWORK, "listen", {7, "Listen"}},
};

static const struct {
	enum kind kind;
	int category;
	const char *class_name, *category_name;
} classes[] = {
	{FILE_SYSTEM, 1, "File System Activity", "System Activity"},
	{KERNEL, 1, "Kernel Activity", "System Activity"},
	{PROCESS, 1, "Process Activity", "System Activity"},
	{NETWORK, 4, "Network Activity", "Network Activity"},
	{BASE, 0, "Base Event", "Uncategorized"},
};

static const struct {
	const char *verdict;
	int severity, action, disposition, status;
	const char *severity_name, *action_name, *disposition_name, *status_name;
} verdicts[] = {
	{"allowed", 1, 1, 1, 1, "Informational", "Allowed", "Allowed", "Success"},
	{"denied", 3, 2, 2, 2, "Medium", "Denied", "Blocked", "Failure"},
	{"killed", 4, 2, 2, 2, "High", "Denied", "Blocked", "Failure"},
	{"would_deny", 2, 1, 17, 1, "Low", "Allowed", "Logged", "Success"},
};

/* ---- writing ---- */

/* Any value again as JSON. Depth is bounded by the parser. */
static void add_value(struct rf_str *out, const struct rf_node *value)
{
	const struct rf_node *member = value + 1;

	if (value->raw) {
		(void)rf_str_add_n(out, value->raw, value->raw_len);
		return;
	}
	switch (value->type) {
	case RF_NODE_STRING:
		(void)rf_str_add_json_n(out, value->text, value->len);
		return;
	case RF_NODE_INTEGER:
		(void)rf_str_add_i64(out, value->number);
		return;
	case RF_NODE_NUMBER:
		(void)rf_str_add_n(out, value->text, value->len);
		return;
	case RF_NODE_TRUE:
	case RF_NODE_FALSE:
		(void)rf_str_add(out, value->type == RF_NODE_TRUE ? "true" : "false");
		return;
	case RF_NODE_ARRAY:
	case RF_NODE_OBJECT:
		break;
	case RF_NODE_NULL:
	default:
		(void)rf_str_add(out, "null");
		return;
	}
	(void)rf_str_add(out, value->type == RF_NODE_ARRAY ? "[" : "{");
	for (uint32_t i = 0; i < value->n; i++, member += member->span) {
		(void)rf_str_add(out, i ? "," : "");
		if (value->type == RF_NODE_OBJECT) {
			(void)rf_str_add_json_n(out, member->key, member->key_len);
			(void)rf_str_add(out, ":");
		}
		add_value(out, member);
	}
	(void)rf_str_add(out, value->type == RF_NODE_ARRAY ? "]" : "}");
}

static void add_text(struct rf_str *out, const char *key, const struct rf_node *value)
{
	if (!rf_node_text(value))
		return;
	(void)rf_str_add(out, key);
	add_value(out, value);
}

/* A member of object, under another name: key is `,"name":`. */
static void add_member(struct rf_str *out, const char *key, const struct rf_node *object,
		       const char *member)
{
	add_text(out, key, rf_node_get(object, member));
}

static void add_number(struct rf_str *out, const char *key, int64_t number)
{
	(void)rf_str_add(out, key);
	(void)rf_str_add_i64(out, number);
}

static void add_integer(struct rf_str *out, const char *key, const struct rf_node *value)
{
	if (rf_node_is_integer(value))
		add_number(out, key, value->number);
}

static void add_word(struct rf_str *out, const char *key, const char *word)
{
	(void)rf_str_add(out, key);
	(void)rf_str_add_json(out, word);
}

/* ---- what kind of event ---- */

static enum kind class_of(const struct rf_node *event, const char *type)
{
	static const struct {
		const char *word;
		enum kind kind;
	} words[] = {
		{"files", FILE_SYSTEM}, {"devices", FILE_SYSTEM}, {"network", NETWORK},
		{"seccomp", KERNEL},	{"capabilities", KERNEL}, {"kernel", KERNEL},
		{"process", PROCESS},	{"exec", PROCESS},	  {"exit", PROCESS},
	};
	const char *layer = rf_node_get_text(event, "layer");

	if (!layer && strcmp(type, "exec") != 0 && strcmp(type, "exit") != 0)
		return BASE;
	for (size_t i = 0; i < RF_ARRAY_LEN(words); i++)
		if (strcmp(layer ? layer : type, words[i].word) == 0)
			return words[i].kind;
	return BASE;
}

static bool has_right(const struct rf_node *event, const char *list, const char *word)
{
	const struct rf_node *rights = rf_node_get(event, list), *right;

	for (right = rf_node_first(rights); right; right = rf_node_next(rights, right))
		if (rf_node_text(right) && strcmp(right->text, word) == 0)
			return true;
	return false;
}

static struct activity activity_of(const struct rf_node *event, enum kind kind, const char *type)
{
	const char *operation = rf_node_get_text(event, "operation");
	const char *list = rf_node_size(rf_node_get(event, "missing")) > 0 ? "missing" : "access";

	if (kind == KERNEL)
		return (struct activity){4, "Invoke"};
	if (strcmp(type, "exec") == 0)
		return (struct activity){1, "Launch"};
	if (strcmp(type, "exit") == 0)
		return (struct activity){2, "Terminate"};
	for (size_t i = 0; i < RF_ARRAY_LEN(activities); i++)
		if (activities[i].kind == kind &&
		    (has_right(event, list, activities[i].word) ||
		     (operation && strcmp(operation, activities[i].word) == 0)))
			return activities[i].activity;
	return other;
}

static void add_class(struct rf_str *out, const struct rf_node *event, enum kind kind,
		      const char *type)
{
	struct activity activity = activity_of(event, kind, type);
	const char *operation = rf_node_get_text(event, "operation");
	size_t i = 0;

	while (classes[i].kind != kind)
		i++;
	add_number(out, "{\"activity_id\":", activity.id);
	if (activity.name)
		add_word(out, ",\"activity_name\":", activity.name);
	else
		add_word(out, ",\"activity_name\":", operation ? operation : type);
	add_number(out, ",\"category_uid\":", classes[i].category);
	add_word(out, ",\"category_name\":", classes[i].category_name);
	add_number(out, ",\"class_uid\":", (int64_t)kind);
	add_word(out, ",\"class_name\":", classes[i].class_name);
	add_number(out, ",\"type_uid\":", (int64_t)kind * 100 + activity.id);
}

static void add_outcome(struct rf_str *out, const struct rf_node *event, const char *type)
{
	const char *verdict = rf_node_get_text(event, "verdict");

	for (size_t i = 0; verdict && i < RF_ARRAY_LEN(verdicts); i++) {
		if (strcmp(verdict, verdicts[i].verdict) != 0)
			continue;
		add_number(out, ",\"severity_id\":", verdicts[i].severity);
		add_word(out, ",\"severity\":", verdicts[i].severity_name);
		add_number(out, ",\"action_id\":", verdicts[i].action);
		add_word(out, ",\"action\":", verdicts[i].action_name);
		add_number(out, ",\"disposition_id\":", verdicts[i].disposition);
		add_word(out, ",\"disposition\":", verdicts[i].disposition_name);
		add_number(out, ",\"status_id\":", verdicts[i].status);
		add_word(out, ",\"status\":", verdicts[i].status_name);
		add_member(out, ",\"status_code\":", event, "errno");
		return;
	}
	if (strcmp(type, "lost") == 0)
		(void)rf_str_add(out, ",\"severity_id\":3,\"severity\":\"Medium\",\"status_id\":2,"
				      "\"status\":\"Failure\"");
	else
		(void)rf_str_add(out, ",\"severity_id\":1,\"severity\":\"Informational\"");
}

/* ---- who ---- */

static void add_metadata(struct rf_str *out, const struct rf_node *event)
{
	const struct rf_node *id = rf_node_get(rf_node_get(event, "sandbox"), "id");
	const struct rf_node *seq = rf_node_get(event, "seq");
	/* The same for every copy of an event: what duplicates are known by. */
	RF_AUTOSTR struct rf_str uid = RF_STR_INIT(RF_TAPE_TEXT_MAX + 32);

	(void)rf_str_add(out,
			 ",\"metadata\":{\"version\":\"" RF_OCSF_VERSION
			 "\",\"product\":{\"name\":\"ringfence\",\"vendor_name\":\"ringfence\","
			 "\"version\":\"" RF_VERSION "\"},\"profiles\":[\"security_control\","
			 "\"host\",\"container\"],\"log_name\":\"ringfence\"");
	add_member(out, ",\"original_time\":", event, "time");
	add_integer(out, ",\"sequence\":", seq);
	if (rf_node_text(id) && rf_node_is_integer(seq)) {
		(void)rf_str_add_n(&uid, id->text, id->len);
		(void)rf_str_add(&uid, "-");
		(void)rf_str_add_i64(&uid, seq->number);
		(void)rf_str_add(out, ",\"uid\":");
		(void)rf_str_add_json_n(out, rf_str_text(&uid), uid.len);
	}
	(void)rf_str_add(out, "}");
}

static void add_base_name(struct rf_str *out, const char *key, const struct rf_node *path)
{
	const char *slash = memrchr(path->text, '/', path->len);
	size_t skip =
		slash && slash + 1 < path->text + path->len ? (size_t)(slash + 1 - path->text) : 0;

	(void)rf_str_add(out, key);
	(void)rf_str_add_json_n(out, path->text + skip, path->len - skip);
}

static void add_program(struct rf_str *out, const struct rf_node *path)
{
	if (!rf_node_text(path))
		return;
	add_base_name(out, ",\"file\":{\"name\":", path);
	add_text(out, ",\"path\":", path);
	(void)rf_str_add(out, ",\"type_id\":1}");
}

/* key is the opening of the object with its brace. */
static void add_process(struct rf_str *out, const char *key, const struct rf_node *process)
{
	add_number(out, key, rf_node_integer(rf_node_get(process, "pid")));
	add_member(out, ",\"name\":", process, "comm");
	add_integer(out, ",\"tid\":", rf_node_get(process, "tid"));
	if (rf_node_is_integer(rf_node_get(process, "uid"))) {
		add_number(out, ",\"user\":{\"uid\":\"",
			   rf_node_integer(rf_node_get(process, "uid")));
		(void)rf_str_add(out, "\"}");
	}
	add_program(out, rf_node_get(process, "exe"));
	if (rf_node_is_integer(rf_node_get(process, "ppid"))) {
		add_number(out, ",\"parent_process\":{\"pid\":",
			   rf_node_integer(rf_node_get(process, "ppid")));
		(void)rf_str_add(out, "}");
	}
	(void)rf_str_add(out, "}");
}

static void add_who(struct rf_str *out, const struct rf_node *event, const char *type)
{
	const struct rf_node *process = rf_node_get(event, "process");
	const struct rf_node *container = rf_node_get(event, "container");
	const struct rf_node *sandbox = rf_node_get(event, "sandbox");

	if (rf_node_get_text(event, "host")) {
		add_member(out, ",\"device\":{\"hostname\":", event, "host");
		(void)rf_str_add(out, ",\"type_id\":0}");
	}
	if (process && strcmp(type, "exec") == 0) {
		add_number(out, ",\"actor\":{\"process\":{\"pid\":",
			   rf_node_integer(rf_node_get(process, "ppid")));
		(void)rf_str_add(out, "}}");
	} else if (process) {
		add_process(out, ",\"actor\":{\"process\":{\"pid\":", process);
		(void)rf_str_add(out, "}");
	}
	if (rf_node_get_text(container, "id")) {
		add_member(out, ",\"container\":{\"uid\":", container, "id");
		add_member(out, ",\"runtime\":", container, "runtime");
		(void)rf_str_add(out, "}");
	}
	if (rf_node_get_text(sandbox, "policy")) {
		add_member(out, ",\"policy\":{\"name\":", sandbox, "policy");
		add_member(out, ",\"version\":", sandbox, "sha256");
		(void)rf_str_add(out, "}");
	}
}

/* ---- what ---- */

static int file_type(const struct rf_node *object)
{
	static const char *const types[] = {"",	     "regular", "directory", "char",
					    "block", "socket",	"fifo",	     "symlink"};
	const char *type = rf_node_get_text(object, "type");

	for (size_t i = 1; type && i < RF_ARRAY_LEN(types); i++)
		if (strcmp(type, types[i]) == 0)
			return (int)i;
	return 0;
}

static void add_file(struct rf_str *out, const struct rf_node *object)
{
	const struct rf_node *path = rf_node_get(object, "path");

	if (rf_node_text(path)) {
		add_base_name(out, ",\"file\":{\"name\":", path);
		add_text(out, ",\"path\":", path);
	} else {
		add_number(out, ",\"file\":{\"name\":\"",
			   rf_node_integer(rf_node_get(object, "major")));
		add_number(out, ":", rf_node_integer(rf_node_get(object, "minor")));
		(void)rf_str_add(out, "\"");
	}
	add_number(out, ",\"type_id\":", file_type(object));
	(void)rf_str_add(out, "}");
	path = rf_node_get(object, "new_path");
	if (rf_node_text(path)) {
		add_base_name(out, ",\"file_result\":{\"name\":", path);
		add_text(out, ",\"path\":", path);
		add_number(out, ",\"type_id\":", file_type(object));
		(void)rf_str_add(out, "}");
	}
}

static void add_network(struct rf_str *out, const struct rf_node *event,
			const struct rf_node *object)
{
	bool here = has_right(event, "access", "bind") || has_right(event, "access", "listen") ||
		    has_right(event, "missing", "bind") || has_right(event, "missing", "listen");
	const char *protocol = rf_node_get_text(object, "protocol") ? "protocol" : "family";

	(void)rf_str_add(out, here ? ",\"src_endpoint\":{" : ",\"dst_endpoint\":{");
	if (rf_node_get_text(object, "address")) {
		add_member(out, "\"ip\":", object, "address");
		add_integer(out, ",\"port\":", rf_node_get(object, "port"));
	} else if (rf_node_get_text(object, "unix")) {
		add_member(out, "\"name\":", object, "unix");
	} else {
		(void)rf_str_add(out, "\"name\":\"unknown\"");
	}
	add_number(out, "},\"connection_info\":{\"direction_id\":", here ? 1 : 2);
	add_member(out, ",\"protocol_name\":", object, protocol);
	(void)rf_str_add(out, "}");
}

static void add_kernel(struct rf_str *out, const struct rf_node *event,
		       const struct rf_node *object)
{
	const char *layer = rf_node_get_text(event, "layer");
	const struct rf_node *name = rf_node_get(object, "name");

	name = name ? name : rf_node_get(object, "key");
	(void)rf_str_add(out, ",\"kernel\":{\"name\":");
	if (rf_node_text(name))
		(void)rf_str_add_json_n(out, name->text, name->len);
	else
		add_number(out, "\"", rf_node_integer(rf_node_get(object, "nr")));
	(void)rf_str_add(out, rf_node_text(name) ? "" : "\"");
	if (strcmp(layer, "seccomp") == 0) {
		(void)rf_str_add(out, ",\"type_id\":2,\"type\":\"System Call\"");
		add_text(out, ",\"system_call\":", name);
	} else {
		(void)rf_str_add(out, ",\"type_id\":99");
		add_word(out, ",\"type\":",
			 strcmp(layer, "capabilities") == 0 ? "Capability" : "Kernel Operation");
	}
	(void)rf_str_add(out, "}");
}

static void add_what(struct rf_str *out, const struct rf_node *event, enum kind kind,
		     const char *type)
{
	const struct rf_node *object = rf_node_get(event, "object");
	const struct rf_node *code = rf_node_get(rf_node_get(event, "exit"), "code");

	if (kind == FILE_SYSTEM)
		add_file(out, object);
	else if (kind == NETWORK)
		add_network(out, event, object);
	else if (kind == KERNEL)
		add_kernel(out, event, object);
	else if (kind == PROCESS && strcmp(type, "access") == 0)
		add_process(out, ",\"process\":{\"pid\":", object);
	else if (kind == PROCESS)
		add_process(out, ",\"process\":{\"pid\":", rf_node_get(event, "process"));
	add_integer(out, ",\"exit_code\":", code);
}

static void add_rule(struct rf_str *out, const struct rf_node *event)
{
	const struct rf_node *rule = rf_node_get(event, "rule");

	if (!rf_node_get_text(rule, "id"))
		return;
	add_member(out, ",\"firewall_rule\":{\"uid\":", rule, "id");
	add_member(out, ",\"desc\":", rule, "reason");
	add_member(out, ",\"type\":", event, "layer");
	(void)rf_str_add(out, "}");
}

/* Every member that has no place above, under its own name. */
static void add_unmapped(struct rf_str *out, const struct rf_node *event)
{
	static const char mapped[][8] = {"v", "seq", "time", "host", "process", "count", "errno"};
	const struct rf_node *member = event + 1;

	(void)rf_str_add(out, ",\"unmapped\":{");
	for (uint32_t i = 0, n = 0; i < event->n; i++, member += member->span) {
		size_t j = 0;

		while (j < RF_ARRAY_LEN(mapped) &&
		       (member->key_len >= sizeof(mapped[j]) ||
			memcmp(member->key, mapped[j], member->key_len + 1) != 0))
			j++;
		if (j < RF_ARRAY_LEN(mapped))
			continue;
		(void)rf_str_add(out, n++ ? "," : "");
		(void)rf_str_add_json_n(out, member->key, member->key_len);
		(void)rf_str_add(out, ":");
		add_value(out, member);
	}
	(void)rf_str_add(out, "}}\n");
}

int rf_ocsf_add(struct rf_str *out, const struct rf_node *event)
{
	const char *type = rf_node_get_text(event, "type");
	const struct rf_node *count = rf_node_get(event, "count");
	int64_t time = rf_timeline_parse(rf_node_get_text(event, "time"));
	enum kind kind;

	type = type ? type : "unknown";
	kind = class_of(event, type);
	add_class(out, event, kind, type);
	add_outcome(out, event, type);
	add_number(out, ",\"time\":", time < 0 ? 0 : time / 1000000);
	if (rf_node_is_integer(count) && count->number > 0)
		add_number(out, ",\"count\":", count->number);
	add_metadata(out, event);
	add_who(out, event, type);
	add_what(out, event, kind, type);
	add_rule(out, event);
	add_unmapped(out, event);
	return rf_str_error(out);
}
