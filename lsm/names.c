/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words behind the numbers of event records; see names.h.
 */
#include "lsm/names.h"

#include <stddef.h>

#include "lsm/abi.h"
#include "sandbox/base/cleanup.h"

#define WORD(suffix, word) word,

static const char *const hooks[] = {RF_HOOKS(WORD)};
static const char *const operations[] = {RF_OPERATIONS(WORD)};

static const char *const codes[] = {
	"none",	    "too_deep", "too_long", "disconnected", "foreign_namespace",
	"detached", "lookup",	"scratch",  "raced",	    "casefold",
	"storage",  "image",	"alias",
};
_Static_assert(RF_ARRAY_LEN(codes) == RF_CODE_COUNT, "a word for each code");

static const char *const layers[] = {
	"files", "network", "devices", "capabilities", "seccomp", "kernel", "process",
};
_Static_assert(RF_ARRAY_LEN(layers) == RF_SEC_PROCESS + 1, "a word for each layer");

static const char *const keys[] = {
	"mount", "user_namespaces", "namespaces", "ptrace",  "signals",	      "ipc", "io_uring",
	"bpf",	 "perf_events",	    "keyrings",	  "modules", "fileless_exec",
};
_Static_assert(RF_ARRAY_LEN(keys) == RF_K_COUNT, "a word for each key");

#define LOOK_UP(table, at) ((at) < RF_ARRAY_LEN(table) ? (table)[at] : NULL)

const char *rf_hook_name(unsigned int hook)
{
	return LOOK_UP(hooks, hook);
}

const char *rf_operation_name(unsigned int operation)
{
	return LOOK_UP(operations, operation);
}

const char *rf_code_name(unsigned int code)
{
	return LOOK_UP(codes, code);
}

const char *rf_layer_name(unsigned int layer)
{
	return LOOK_UP(layers, layer);
}

const char *rf_kernel_word(unsigned int key)
{
	return LOOK_UP(keys, key);
}
