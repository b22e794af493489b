/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of a policy: sections, rights, kernel keys and their values, as policies write them and
 * events show them.
 */
#include "sandbox/policy/names.h"

#include <string.h>
#include <sys/resource.h>

static const char *const section_names[] = {"files",   "network", "devices", "capabilities",
					    "seccomp", "kernel",  "process", "resources"};
_Static_assert(RF_ARRAY_LEN(section_names) == RF_SECTION_COUNT, "a name for each section");

const char *const rf_kernel_key_names[] = {
	"mount", "user_namespaces", "namespaces", "ptrace",  "signals",	     "ipc", "io_uring",
	"bpf",	 "perf_events",	    "keyrings",	  "modules", "fileless_exec"};
_Static_assert(RF_ARRAY_LEN(rf_kernel_key_names) == RF_KERNEL_COUNT, "a name for each key");

const char *const rf_kernel_value_names[] = {"allow", "inside", "deny"};

const char *const rf_file_right_names[RF_FILE_RIGHTS] = {"read",   "write",    "append", "create",
							 "remove", "metadata", "exec"};
const char *const rf_net_right_names[RF_NET_RIGHTS] = {"connect", "send", "bind", "listen"};
const char *const rf_dev_right_names[RF_DEV_RIGHTS] = {"read", "write", "mknod"};

const char *rf_section_name(enum rf_section section)
{
	return (size_t)section < RF_SECTION_COUNT ? section_names[section] : "?";
}

const char *rf_kernel_key_name(enum rf_kernel_key key)
{
	return (size_t)key < RF_KERNEL_COUNT ? rf_kernel_key_names[key] : "?";
}

const char *rf_kernel_value_name(enum rf_kernel_value value)
{
	return (size_t)value < RF_ARRAY_LEN(rf_kernel_value_names) ? rf_kernel_value_names[value]
								   : "?";
}

static const char *bit_name(const char *const *names, size_t n, uint32_t bit)
{
	for (size_t i = 0; i < n; i++)
		if (bit == 1u << i)
			return names[i];
	return NULL;
}

const char *rf_file_right_name(uint32_t bit)
{
	return bit_name(rf_file_right_names, RF_FILE_RIGHTS, bit);
}

const char *rf_net_right_name(uint32_t bit)
{
	return bit_name(rf_net_right_names, RF_NET_RIGHTS, bit);
}

const char *rf_dev_right_name(uint32_t bit)
{
	return bit_name(rf_dev_right_names, RF_DEV_RIGHTS, bit);
}

static const struct {
	const char *name;
	int resource;
	bool bytes;
} limits[] = {
	{"as", RLIMIT_AS, true},
	{"core", RLIMIT_CORE, true},
	{"cpu", RLIMIT_CPU, false},
	{"data", RLIMIT_DATA, true},
	{"fsize", RLIMIT_FSIZE, true},
	{"locks", RLIMIT_LOCKS, false},
	{"memlock", RLIMIT_MEMLOCK, true},
	{"msgqueue", RLIMIT_MSGQUEUE, true},
	{"nice", RLIMIT_NICE, false},
	{"nofile", RLIMIT_NOFILE, false},
	{"nproc", RLIMIT_NPROC, false},
	{"rss", RLIMIT_RSS, true},
	{"rtprio", RLIMIT_RTPRIO, false},
	{"rttime", RLIMIT_RTTIME, false},
	{"sigpending", RLIMIT_SIGPENDING, false},
	{"stack", RLIMIT_STACK, true},
};

const char *rf_rlimit_at(size_t index, int *ret_resource, bool *ret_bytes)
{
	if (index >= RF_ARRAY_LEN(limits))
		return NULL;
	*ret_resource = limits[index].resource;
	*ret_bytes = limits[index].bytes;
	return limits[index].name;
}

int rf_errno_find(const char *name, int *ret)
{
	static const struct {
		const char *name;
		int value;
	} aliases[] = {
		{"EWOULDBLOCK", EWOULDBLOCK},
		{"ENOTSUP", ENOTSUP},
		{"EDEADLOCK", EDEADLOCK},
	};

	for (size_t i = 0; i < RF_ARRAY_LEN(aliases); i++) {
		if (strcmp(aliases[i].name, name) == 0) {
			*ret = aliases[i].value;
			return 0;
		}
	}
	for (int value = 1; value <= RF_ERRNO_NAMED_MAX; value++) {
		const char *known = strerrorname_np(value);

		if (known && strcmp(known, name) == 0) {
			*ret = value;
			return 0;
		}
	}
	return -ENOENT;
}
