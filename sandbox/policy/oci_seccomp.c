/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads and flattens OCI seccomp profiles.
 *
 * What a runtime ignores, this ignores too (unknown call names, comments); what a runtime refuses,
 * this refuses. An action whose effect needs somebody beside the container (a listener, a tracer's
 * answer) is refused where nobody can be there.
 */
#include "sandbox/policy/oci_seccomp.h"

#include <jansson.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/utsname.h>

#include "sandbox/base/parse.h"
#include "sandbox/policy/syscalls.h"
#include "sandbox/policy/wide.h"

#define CAP(name) (UINT64_C(1) << CAP_##name)

const uint64_t rf_oci_default_capabilities = CAP(CHOWN) | CAP(DAC_OVERRIDE) | CAP(FOWNER) |
					     CAP(FSETID) | CAP(KILL) | CAP(NET_BIND_SERVICE) |
					     CAP(SETFCAP) | CAP(SETGID) | CAP(SETPCAP) |
					     CAP(SETUID) | CAP(SYS_CHROOT);

static void free_json(json_t **json)
{
	json_decref(*json);
}

struct reader {
	const struct rf_oci_host *host;
	struct rf_arena *arena;
	struct rf_err *err;
	size_t n_names;
};

static const struct {
	const char *name;
	uint32_t action;
	bool data; /* takes a return value */
} actions[] = {
	{"SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD, false},
	{"SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD, false},
	{"SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS, false},
	{"SCMP_ACT_TRAP", SECCOMP_RET_TRAP, false},
	{"SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO, true},
	{"SCMP_ACT_TRACE", SECCOMP_RET_TRACE, true},
	{"SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW, false},
	{"SCMP_ACT_LOG", SECCOMP_RET_LOG, false},
};

static const struct {
	const char *name;
	uint32_t op;
} operators[] = {
	{"SCMP_CMP_NE", SCMP_CMP_NE},
	{"SCMP_CMP_LT", SCMP_CMP_LT},
	{"SCMP_CMP_LE", SCMP_CMP_LE},
	{"SCMP_CMP_EQ", SCMP_CMP_EQ},
	{"SCMP_CMP_GE", SCMP_CMP_GE},
	{"SCMP_CMP_GT", SCMP_CMP_GT},
	{"SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ},
};

static const struct {
	const char *name;
	uint32_t flag;
} flags[] = {
	{"SECCOMP_FILTER_FLAG_TSYNC", 0}, /* one thread installs it */
	{"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG},
	{"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
};

/* One number of a version; *text moves behind it. */
static bool take_number(const char **text, uint64_t *ret)
{
	size_t len = strspn(*text, "0123456789");
	char digits[8];

	if (len == 0 || len >= sizeof(digits))
		return false;
	memcpy(digits, *text, len);
	digits[len] = '\0';
	*text += len;
	return rf_parse_u64(digits, UINT16_MAX, ret) == 0;
}

/* "6.1", or 0. `rest`: more may follow ("6.1.0-50-amd64"). */
static uint32_t read_version(const char *text, bool rest)
{
	uint64_t major, minor;

	if (!take_number(&text, &major) || *text++ != '.' || !take_number(&text, &minor) ||
	    (*text && !rest))
		return 0;
	return (uint32_t)(major << 16 | minor);
}

uint32_t rf_oci_running_kernel(void)
{
	struct utsname name;

	return uname(&name) < 0 ? 0 : read_version(name.release, true);
}

static int bad(const struct reader *reader, const char *where, const char *what)
{
	return rf_err_set(reader->err, -EINVAL, "seccomp profile: %s: %s", where, what);
}

static int errno_of(const char *name)
{
	for (int i = 1; i < 4096; i++) {
		const char *known = strerrorname_np(i);

		if (known && strcmp(known, name) == 0)
			return i;
	}
	return -ENOENT;
}

/* errnoRet as a number, or errno as a name beside it (the engines' form); EPERM without either. */
static int read_errno(const struct reader *reader, const json_t *object, const char *number_key,
		      const char *name_key, uint32_t *ret)
{
	const json_t *number = json_object_get(object, number_key);
	const json_t *name = json_object_get(object, name_key);
	int named;

	*ret = EPERM;
	if (json_is_string(name) && json_string_length(name) > 0) {
		named = errno_of(json_string_value(name));
		if (named < 0)
			return bad(reader, name_key, "no such error name");
		*ret = (uint32_t)named;
		return 0;
	}
	if (!number || json_is_null(number))
		return 0;
	if (!json_is_integer(number) || json_integer_value(number) < 0 ||
	    json_integer_value(number) > UINT16_MAX)
		return bad(reader, number_key, "must be a number from 0 to 65535");
	*ret = (uint32_t)json_integer_value(number);
	return 0;
}

static int read_action(const struct reader *reader, const json_t *object, const char *key,
		       const char *number_key, const char *name_key, uint32_t *ret)
{
	const char *name = json_string_value(json_object_get(object, key));
	uint32_t data;
	int r;

	if (!name)
		return bad(reader, key, "must be the name of an action");
	if (strcmp(name, "SCMP_ACT_NOTIFY") == 0)
		return bad(reader, key,
			   "SCMP_ACT_NOTIFY needs a listener outside, which nobody here is");
	for (size_t i = 0; i < RF_ARRAY_LEN(actions); i++) {
		if (strcmp(actions[i].name, name) != 0)
			continue;
		r = read_errno(reader, object, number_key, name_key, &data);
		if (r < 0)
			return r;
		*ret = actions[i].action | (actions[i].data ? data : 0);
		return 0;
	}
	return bad(reader, key, "is no action that seccomp has");
}

static int read_u64(const struct reader *reader, const json_t *object, const char *key,
		    uint64_t *ret)
{
	const json_t *value = json_object_get(object, key);

	*ret = 0;
	if (!value || json_is_null(value))
		return 0;
	if (json_is_integer(value)) { /* above INT64_MAX: negative, see wide.h */
		*ret = (uint64_t)json_integer_value(value);
		return 0;
	}
	return bad(reader, key, "must be a number");
}

static int read_arg(const struct reader *reader, const json_t *object, struct rf_oci_arg *ret)
{
	const char *op = json_string_value(json_object_get(object, "op"));
	uint64_t index;
	int r;

	if (!json_is_object(object))
		return bad(reader, "args", "must hold objects");
	r = read_u64(reader, object, "index", &index);
	if (r == 0)
		r = read_u64(reader, object, "value", &ret->value);
	if (r == 0)
		r = read_u64(reader, object, "valueTwo", &ret->value_two);
	if (r < 0)
		return r;
	if (index > 5)
		return bad(reader, "index", "a call has arguments 0 to 5");
	ret->index = (uint32_t)index;
	for (size_t i = 0; op && i < RF_ARRAY_LEN(operators); i++) {
		if (strcmp(operators[i].name, op) == 0) {
			ret->op = operators[i].op;
			return 0;
		}
	}
	return bad(reader, "op", "is no operator that seccomp has");
}

static int read_args(const struct reader *reader, const json_t *list, struct rf_oci_rule *rule)
{
	uint32_t seen = 0;
	struct rf_oci_arg *args;
	int r;

	if (!list || json_is_null(list) || json_array_size(list) == 0)
		return json_is_array(list) || !list || json_is_null(list)
			       ? 0
			       : bad(reader, "args", "must be a list");
	if (json_array_size(list) > 64)
		return bad(reader, "args", "too many conditions");
	args = rf_arena_array(reader->arena, json_array_size(list), sizeof(*args));
	if (!args)
		return rf_err_set(reader->err, -ENOMEM, "seccomp profile: no memory");
	for (size_t i = 0; i < json_array_size(list); i++) {
		r = read_arg(reader, json_array_get(list, i), &args[i]);
		if (r < 0)
			return r;
		rule->any = rule->any || (seen & 1u << args[i].index);
		seen |= 1u << args[i].index;
	}
	rule->args = args;
	rule->n_args = json_array_size(list);
	return 0;
}

static int read_names(struct reader *reader, const json_t *object, struct rf_oci_rule *rule)
{
	const json_t *list = json_object_get(object, "names");
	const json_t *one = json_object_get(object, "name"); /* the form before 2016 */
	size_t n = json_array_size(list);
	const char **names;

	if (n == 0 && !json_is_string(one))
		return bad(reader, "names", "must be a list of names");
	if (reader->n_names + n + 1 > RF_OCI_NAMES_MAX)
		return bad(reader, "names", "too many in all");
	reader->n_names += n + 1;
	names = rf_arena_array(reader->arena, n + 1, sizeof(*names));
	if (!names)
		return rf_err_set(reader->err, -ENOMEM, "seccomp profile: no memory");
	for (size_t i = 0; i <= n; i++) {
		const json_t *item = i < n ? json_array_get(list, i) : one;

		if (i == n && !json_is_string(one))
			break;
		if (!json_is_string(item))
			return bad(reader, "names", "must be a list of names");
		names[i] = rf_arena_strdup(reader->arena, json_string_value(item));
		if (!names[i])
			return rf_err_set(reader->err, -ENOMEM, "seccomp profile: no memory");
		rule->n_names++;
	}
	rule->names = names;
	return 0;
}

static bool has_capability(const struct rf_oci_host *host, const char *name)
{
	cap_value_t value;

	return name && cap_from_name(name, &value) == 0 && value < 64 &&
	       host->capabilities & UINT64_C(1) << value;
}

/* Whether the running kernel is at least this version; 1 yes, 0 no. */
static int kernel_reaches(const struct reader *reader, const json_t *version, uint32_t kernel)
{
	uint32_t wanted =
		json_is_string(version) ? read_version(json_string_value(version), false) : 0;

	if (wanted == 0)
		return bad(reader, "minKernel", "must be MAJOR.MINOR");
	return kernel >= wanted;
}

static bool lists_native(const json_t *arches)
{
	for (size_t i = 0; i < json_array_size(arches); i++) {
		const char *name = json_string_value(json_array_get(arches, i));

		if (name && strcmp(name, rf_abi_go_name()) == 0)
			return true;
	}
	return false;
}

/* 1: the rule stays; 0: it does not concern this container. Engines need every included thing. */
static int rule_applies(const struct reader *reader, const json_t *object)
{
	const json_t *in = json_object_get(object, "includes");
	const json_t *out = json_object_get(object, "excludes");
	const json_t *list;
	int r = 0;

	list = json_object_get(out, "arches");
	if (json_array_size(list) > 0 && lists_native(list))
		return 0;
	list = json_object_get(out, "caps");
	for (size_t i = 0; i < json_array_size(list); i++)
		if (has_capability(reader->host, json_string_value(json_array_get(list, i))))
			return 0;
	list = json_object_get(in, "arches");
	if (json_array_size(list) > 0 && !lists_native(list))
		return 0;
	list = json_object_get(in, "caps");
	for (size_t i = 0; i < json_array_size(list); i++)
		if (!has_capability(reader->host, json_string_value(json_array_get(list, i))))
			return 0;
	if (json_object_get(out, "minKernel")) {
		r = kernel_reaches(reader, json_object_get(out, "minKernel"), reader->host->kernel);
		if (r != 0)
			return r < 0 ? r : 0;
	}
	if (json_object_get(in, "minKernel"))
		return kernel_reaches(reader, json_object_get(in, "minKernel"),
				      reader->host->kernel);
	return 1;
}

static int read_rules(struct reader *reader, const json_t *list, struct rf_oci_profile *ret)
{
	struct rf_oci_rule *rules;
	int r;

	if (!list || json_is_null(list))
		return 0;
	if (!json_is_array(list) || json_array_size(list) > RF_OCI_RULES_MAX)
		return bad(reader, "syscalls", "must be a list of at most 8192 rules");
	rules = rf_arena_array(reader->arena, json_array_size(list) + 1, sizeof(*rules));
	if (!rules)
		return rf_err_set(reader->err, -ENOMEM, "seccomp profile: no memory");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *object = json_array_get(list, i);
		struct rf_oci_rule *rule = &rules[ret->n_rules];

		if (!json_is_object(object))
			r = bad(reader, "syscalls", "must hold objects");
		else
			r = rule_applies(reader, object);
		if (r > 0) {
			r = read_action(reader, object, "action", "errnoRet", "errno",
					&rule->action);
			if (r == 0)
				r = read_names(reader, object, rule);
			if (r == 0)
				r = read_args(reader, json_object_get(object, "args"), rule);
			ret->n_rules += r == 0;
		}
		if (r < 0)
			return rf_err_wrap(reader->err, r, "rule %zu", i);
	}
	ret->rules = rules;
	return 0;
}

/* An ABI is there once for each block of its numbers. */
static uint32_t bits_of(const struct rf_abi *abi)
{
	uint32_t bits = 0;

	for (size_t i = 0; rf_abi_at(i); i++)
		bits |= (uint32_t)(rf_abi_at(i)->token == abi->token) << i;
	return bits;
}

/* Architectures that this machine does not have are left out, as libseccomp's users do. */
static int add_arch(const struct reader *reader, const json_t *name, uint32_t *abis)
{
	const struct rf_abi *abi;

	if (!json_is_string(name))
		return bad(reader, "architectures", "must hold names");
	abi = rf_abi_find(json_string_value(name));
	if (abi)
		*abis |= bits_of(abi);
	return 0;
}

static int read_arches(const struct reader *reader, const json_t *root, uint32_t *abis)
{
	const json_t *list = json_object_get(root, "architectures");
	const json_t *map = json_object_get(root, "archMap");
	int r = 0;

	*abis = 1;
	if (json_array_size(list) > 0 && json_array_size(map) > 0)
		return bad(reader, "archMap", "excludes architectures");
	for (size_t i = 0; i < json_array_size(list) && r == 0; i++)
		r = add_arch(reader, json_array_get(list, i), abis);
	for (size_t i = 0; i < json_array_size(map) && r == 0; i++) {
		const json_t *entry = json_array_get(map, i);
		const json_t *subs = json_object_get(entry, "subArchitectures");
		const char *name = json_string_value(json_object_get(entry, "architecture"));

		if (!name || rf_abi_find(name) != rf_abi_at(0))
			continue;
		for (size_t k = 0; k < json_array_size(subs) && r == 0; k++)
			r = add_arch(reader, json_array_get(subs, k), abis);
	}
	return r;
}

static int read_flags(const struct reader *reader, const json_t *list, uint32_t *ret)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *name = json_string_value(json_array_get(list, i)) ?: "";
		size_t k;

		for (k = 0; k < RF_ARRAY_LEN(flags); k++)
			if (strcmp(flags[k].name, name) == 0)
				break;
		if (k == RF_ARRAY_LEN(flags))
			return bad(reader, "flags", "holds a flag that cannot be honoured");
		*ret |= flags[k].flag;
	}
	return 0;
}

int rf_oci_seccomp_parse(struct rf_oci_profile *ret, const char *text,
			 const struct rf_oci_host *host, struct rf_arena *arena, struct rf_err *err)
{
	RF_CLEANUP(free_json) json_t *root = NULL;
	struct reader reader = {.host = host, .arena = arena, .err = err};
	struct rf_oci_profile profile = {0};
	json_error_t where;
	int r;

	if (strlen(text) > RF_OCI_TEXT_MAX)
		return rf_err_set(err, -E2BIG, "seccomp profile: more than %d bytes",
				  RF_OCI_TEXT_MAX);
	root = rf_json_load_wide(text, strlen(text), JSON_REJECT_DUPLICATES, &where);
	if (!root)
		return rf_err_set(err, -EINVAL, "seccomp profile: line %d: %s", where.line,
				  where.text);
	if (!json_is_object(root))
		return bad(&reader, "it", "must be an object");
	r = read_action(&reader, root, "defaultAction", "defaultErrnoRet", "defaultErrno",
			&profile.default_action);
	if (r == 0)
		r = read_arches(&reader, root, &profile.abis);
	if (r == 0)
		r = read_flags(&reader, json_object_get(root, "flags"), &profile.flags);
	if (r == 0)
		r = read_rules(&reader, json_object_get(root, "syscalls"), &profile);
	if (r < 0)
		return r;
	*ret = profile;
	return 0;
}
