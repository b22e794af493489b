/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One checked, composed, immutable policy.
 *
 * A policy is built once by rf_policy_load() from one or several JSON files
 * (format 1), with `extends` and several -p united and variables replaced,
 * and never changes afterwards. All strings and arrays live in its arena; one
 * rf_policy_free() releases everything. It knows nothing of any kernel: what
 * can be enforced, and by what, is decided in sandbox/launch.
 *
 * Sections that are absent are not enforced (POLICY.md 4): `present` says so.
 */
#ifndef RF_POLICY_POLICY_H
#define RF_POLICY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sandbox/base/cleanup.h"
#include "sandbox/base/err.h"

enum rf_section {
	RF_SECTION_FILES,
	RF_SECTION_NETWORK,
	RF_SECTION_DEVICES,
	RF_SECTION_CAPABILITIES,
	RF_SECTION_SECCOMP,
	RF_SECTION_KERNEL,
	RF_SECTION_PROCESS,
	RF_SECTION_RESOURCES,
	RF_SECTION_COUNT
};

enum rf_mode {
	RF_MODE_ENFORCE,
	RF_MODE_AUDIT
};
enum rf_need {
	RF_NEED_MUST,
	RF_NEED_SHOULD
};
enum rf_default {
	RF_DEFAULT_DENY,
	RF_DEFAULT_ALLOW
};
enum rf_session {
	RF_SESSION_ANY,
	RF_SESSION_INIT,
	RF_SESSION_EXEC
};

/* POLICY.md 11. `write` in a rule is expanded to all five of its parts. */
enum rf_file_right {
	RF_FILE_READ = 1 << 0,
	RF_FILE_WRITE = 1 << 1,
	RF_FILE_APPEND = 1 << 2,
	RF_FILE_CREATE = 1 << 3,
	RF_FILE_REMOVE = 1 << 4,
	RF_FILE_METADATA = 1 << 5,
	RF_FILE_EXEC = 1 << 6,
	RF_FILE_WRITE_ALL = 0x3e,
	RF_FILE_ALL = 0x7f,
	RF_FILE_RIGHTS = 7
};

/* POLICY.md 15. A rule about connect, allow or deny, is about send, too. */
enum rf_net_right {
	RF_NET_CONNECT = 1 << 0,
	RF_NET_SEND = 1 << 1,
	RF_NET_BIND = 1 << 2,
	RF_NET_LISTEN = 1 << 3,
	RF_NET_ALL = 0xf,
	RF_NET_RIGHTS = 4
};

enum rf_net_proto {
	RF_PROTO_TCP = 1 << 0,
	RF_PROTO_UDP = 1 << 1,
	RF_PROTO_SCTP = 1 << 2,
	RF_PROTO_ICMP = 1 << 3,
	RF_PROTO_OTHER = 1 << 4, /* any other IP protocol: only rules without `protocol` match */
	RF_PROTO_ANY = 0x1f
};

enum rf_dev_right {
	RF_DEV_READ = 1 << 0,
	RF_DEV_WRITE = 1 << 1,
	RF_DEV_MKNOD = 1 << 2,
	RF_DEV_ALL = 0x7
};

/* The keys of section `kernel`, in POLICY.md's order. */
enum rf_kernel_key {
	RF_KERNEL_MOUNT,
	RF_KERNEL_USER_NAMESPACES,
	RF_KERNEL_NAMESPACES,
	RF_KERNEL_PTRACE,
	RF_KERNEL_SIGNALS,
	RF_KERNEL_IPC,
	RF_KERNEL_IO_URING,
	RF_KERNEL_BPF,
	RF_KERNEL_PERF_EVENTS,
	RF_KERNEL_KEYRINGS,
	RF_KERNEL_MODULES,
	RF_KERNEL_FILELESS_EXEC,
	RF_KERNEL_COUNT
};

enum rf_kernel_value {
	RF_KERNEL_ALLOW,
	RF_KERNEL_INSIDE,
	RF_KERNEL_DENY
};

/* Where something stands: FILE as it was named, line and column from 1. line 0: not from a file. */
struct rf_place {
	const char *file;
	uint32_t line;
	uint32_t column;
};

/*
 * What every rule carries. `index` is the rule's number in policy->rules, the
 * number that kernel records carry; within files, network and devices rules that kill come first,
 * and of several that deny the lowest number decides. `id` is never NULL ("files.3" when the
 * policy names none). `place` is the rule's opening brace.
 */
struct rf_rule {
	enum rf_section section;
	uint32_t index;
	const char *id;
	struct rf_place place;
	const char *reason; /* NULL: none */
	const char *hint;   /* NULL: none */
	bool deny;
	bool audit; /* record allowed uses */
	bool kill;
	int errno_value; /* 0: the default (EACCES; network and kernel EPERM/EACCES by hook) */
	enum rf_mode mode;
	enum rf_need need;
	enum rf_session session;
};

/* A path pattern after variables. literal: matches itself, no character is special. */
struct rf_pattern {
	const char *text;
	bool literal;
	bool varied;   /* had variables: another caller's text may differ */
	bool resolved; /* added at load because `text` of another pattern resolves here (POLICY.md
			  10) */
};

struct rf_file_rule {
	struct rf_rule rule;
	uint32_t rights; /* enum rf_file_right bits, expanded */
	const struct rf_pattern *paths;
	size_t n_paths;
	const struct rf_pattern *except;
	size_t n_except;
};

/* Addresses are 16 bytes in network order, IPv4 as ::ffff:a.b.c.d; both ends included. */
struct rf_addr_range {
	uint8_t first[16];
	uint8_t last[16];
};

struct rf_port_range {
	uint16_t first;
	uint16_t last;
};

/*
 * is_unix: `unix` patterns only. Otherwise `to` (n_to == 0: any) and `ports`
 * (n_ports == 0: any) and `protocols`.
 */
struct rf_net_rule {
	struct rf_rule rule;
	uint32_t rights; /* enum rf_net_right bits; connect includes send */
	bool is_unix;
	bool varied; /* `to` had variables: another caller's addresses may differ */
	const struct rf_pattern *unix_names; /* "/path" patterns, or "@name" patterns */
	size_t n_unix;
	uint32_t protocols; /* enum rf_net_proto bits */
	const struct rf_addr_range *to;
	size_t n_to;
	const struct rf_port_range *ports;
	size_t n_ports;
};

/* major/minor -1: any. `pattern` not NULL: nodes under /dev, resolved at start by launch. */
struct rf_dev_node {
	char type; /* 'c', 'b', or 'a' for both */
	int64_t major;
	int64_t minor;
	const char *pattern;
};

struct rf_dev_rule {
	struct rf_rule rule;
	uint32_t rights; /* enum rf_dev_right bits */
	const struct rf_dev_node *nodes;
	size_t n_nodes;
};

enum rf_arg_op {
	RF_ARG_EQ,
	RF_ARG_NE,
	RF_ARG_LT,
	RF_ARG_LE,
	RF_ARG_GT,
	RF_ARG_GE,
	RF_ARG_MASKED_EQ, /* (arg & mask) == value */
	RF_ARG_IN	  /* arg is one of values */
};

struct rf_arg_test {
	uint32_t index; /* 0..5 */
	enum rf_arg_op op;
	uint64_t value;
	uint64_t mask; /* MASKED_EQ only */
	const uint64_t *values;
	size_t n_values; /* IN only */
};

/* A call name; unknown to the library only where optional. */
struct rf_call {
	const char *name;
	bool optional;
};

struct rf_sys_rule {
	struct rf_rule rule;
	const struct rf_call *calls;
	size_t n_calls;
	const struct rf_arg_test *args;
	size_t n_args; /* 0: any arguments */
};

enum rf_filter_kind {
	RF_FILTER_BASE,
	RF_FILTER_OCI,
	RF_FILTER_DEFAULT
};

/*
 * One seccomp filter. Composition stacks filters (every one must allow), so a
 * policy holds a list. Precedence inside one: deny > argument rules > allow > base.
 * `allow`, `deny` are sets expanded; rules in `rules` (deny and allow lists too
 * appear there as rules without args, so that each has an index and a place).
 */
struct rf_filter {
	enum rf_filter_kind kind;
	const char *base; /* BASE: shipped filter's name without '@', e.g. "container-default" */
	const char *oci_json;	  /* OCI: the object as compact JSON text */
	enum rf_default fallback; /* DEFAULT */
	int errno_value;	  /* what a denied call returns; 0: EPERM */
	enum rf_need need;
	struct rf_place place;
	const struct rf_sys_rule *rules;
	size_t n_rules;
};

struct rf_rlimit {
	int resource; /* RLIMIT_* */
	const char *name;
	uint64_t soft; /* RLIM_INFINITY allowed */
	uint64_t hard;
};

struct rf_env_set {
	const char *name;
	const char *value;
};

struct rf_kernel_setting {
	enum rf_kernel_value value;
	enum rf_need need;
	bool given; /* written in a file; else the default of POLICY.md 4 with need should */
	struct rf_place place;
};

/* A file that does not allow a key. */
struct rf_key_limit {
	enum rf_kernel_key key;
	struct rf_place place;
};

/* What one file keeps of the capabilities: all of them must. */
struct rf_keep {
	uint64_t bits; /* by CAP_* number */
	struct rf_place place;
};

enum rf_resource {
	RF_RESOURCE_MEMORY,
	RF_RESOURCE_PIDS,
	RF_RESOURCE_CPU,
	RF_RESOURCE_COUNT
};

struct rf_section_info {
	bool present; /* absent sections are not enforced */
	enum rf_need need;
	struct rf_place place;
};

struct rf_policy {
	const char *name;
	char sha256[65];	    /* of the canonical form, hex */
	const char *const *sources; /* every file that took part, as named */
	size_t n_sources;
	enum rf_mode mode;
	enum rf_need need;
	struct rf_section_info sections[RF_SECTION_COUNT];

	const struct rf_rule *const *rules; /* all rules of all sections by index */
	size_t n_rules;

	enum rf_default files_default;
	bool links_deny; /* "links": "deny" */
	const struct rf_file_rule *files;
	size_t n_files;

	enum rf_default network_default;
	const struct rf_net_rule *network;
	size_t n_network;

	enum rf_default devices_default;
	const struct rf_dev_rule *devices;
	size_t n_devices;

	uint64_t capabilities_keep;  /* bit per CAP_* number */
	const struct rf_keep *keeps; /* of each file that has the section */
	size_t n_keeps;

	const struct rf_filter *filters;
	size_t n_filters;

	struct rf_kernel_setting kernel[RF_KERNEL_COUNT];
	const struct rf_key_limit *key_limits; /* the defaults of POLICY.md 4 are no file's */
	size_t n_key_limits;

	bool no_new_privileges;
	bool new_session;
	const struct rf_rlimit *rlimits;
	size_t n_rlimits;
	bool env_keep_given;
	const char *const *env_keep; /* names, "*" suffix allowed as glob is not: exact names */
	size_t n_env_keep;
	const struct rf_env_set *env_set;
	size_t n_env_set;

	uint64_t memory_max;				    /* bytes; 0: not set */
	uint64_t pids_max;				    /* 0: not set */
	uint64_t cpu_max_permille;			    /* 1500 = 1.5 CPUs; 0: not set */
	struct rf_place resource_places[RF_RESOURCE_COUNT]; /* of the smallest */

	bool audit_exec_allowed;    /* audit.allowed holds "exec" */
	bool audit_connect_allowed; /* … "connect" */
	uint32_t audit_file_rights; /* … names of file rights */
	uint64_t dedupe_ns;	    /* default 1 s; 0: off */
};

/* A variable: ${NAME} in patterns and env values is replaced by `value`, literally. */
struct rf_variable {
	const char *name;
	const char *value;
};

/*
 * What loading depends on, all borrowed. `variables` holds HOME, CWD, USER,
 * UID, TMPDIR as the command will have them, and every --set. `root` is the
 * directory that patterns' leading directories are resolved in (normally "/");
 * NULL: do not resolve (check on another machine). `search_user`: whether
 * $XDG_CONFIG_HOME/ringfence is searched (never for root, hook, service).
 * `extra` are rules given on the command line as text ("--allow", "--deny"),
 * source "argv:N".
 */
struct rf_extra_rule {
	bool deny;
	const char *text; /* "RIGHT[,RIGHT]=PATH" or "connect=tcp:ADDR:PORT" */
	uint32_t argv_index;
};

struct rf_trace;

struct rf_load_options {
	const struct rf_variable *variables;
	size_t n_variables;
	const char *root;
	bool search_user;
	const char *user_config_dir; /* $XDG_CONFIG_HOME or HOME/.config; may be NULL */
	const struct rf_extra_rule *extra;
	size_t n_extra;
	bool audit_mode; /* --mode audit was given (enforce wins only among policies) */
	bool force_mode; /* --mode was given at all */
	bool force_need; /* --need was given: sets every need */
	enum rf_need need;
	struct rf_trace *trace; /* sandbox/policy/trace.h: notes what is read; NULL: nobody asks */
};

/* One finding of the loader or of check: an error or a warning at a place. */
struct rf_problem {
	bool warning;
	bool hint; /* a warning that counts for nothing, --strict included */
	struct rf_place place;
	const char *pointer; /* JSON pointer, e.g. /files/rules/3/paths/0 */
	const char *text;    /* one sentence */
};

/* All problems of one load, in order of place. Owned by the caller. */
struct rf_problems {
	struct rf_problem *items;
	size_t n;
	size_t cap;
	void *arena;
};

void rf_problems_done(struct rf_problems *problems);

/*
 * Loads, checks and composes. `names` are policy arguments as POLICY.md 3
 * (a path with '/' or ending in .json, or a name). On failure *ret is
 * untouched, `problems` holds everything found and err the first of them in
 * one sentence "FILE:LINE:COLUMN: POINTER: what". Warnings do not fail.
 * Returns 0, or a negative errno (-EINVAL for a policy that is wrong,
 * -ENOENT for a policy that does not exist, -EPERM for one that others can write).
 */
RF_MUST_CHECK int rf_policy_load(struct rf_policy **ret, const char *const *names, size_t n_names,
				 const struct rf_load_options *options,
				 struct rf_problems *problems, struct rf_err *err);

/* Frees everything; accepts NULL. Returns NULL. */
struct rf_policy *rf_policy_free(struct rf_policy *policy);

const char *rf_section_name(enum rf_section section);
const char *rf_kernel_key_name(enum rf_kernel_key key);
const char *rf_kernel_value_name(enum rf_kernel_value value);
/* Name of one right bit, e.g. "read"; NULL if `bit` is not exactly one known bit. */
const char *rf_file_right_name(uint32_t bit);
const char *rf_net_right_name(uint32_t bit);
const char *rf_dev_right_name(uint32_t bit);

#endif
