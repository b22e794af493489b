/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls as each ABI of this machine numbers them, and how wide the kernel takes their
 * arguments.
 *
 * Names come from libseccomp, plus a short table of calls that are newer than it. One kernel serves
 * several ABIs at once (x86_64: also i386 and x32), and a filter that forgets one is no filter.
 */
#ifndef RF_POLICY_SYSCALLS_H
#define RF_POLICY_SYSCALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sandbox/base/cleanup.h"

/* The bit that marks an x32 call; the ABI shares AUDIT_ARCH_X86_64 with the 64-bit one. */
#define RF_X32_BIT 0x40000000u

/* Numbers of an ABI lie in [first, first + RF_CALLS_MAX). */
#define RF_CALLS_MAX 1024u

struct rf_abi {
	const char *name; /* as events say it: "x86_64", "i386", "x32", … */
	uint32_t audit_arch;
	uint32_t token;	     /* libseccomp's */
	uint32_t first;	     /* number of its first call */
	bool narrow;	     /* every argument has 32 bits */
	bool foreign;	     /* refused unless a profile lists it */
	bool library_narrow; /* libseccomp compares 32 bits only, also where registers have 64 */
};

/*
 * ABIs of this machine, native first; NULL after the last. An ABI whose numbers lie in two blocks
 * is there twice, the lower block first.
 */
const struct rf_abi *rf_abi_at(size_t index);

/* The ABI that a call came by, or NULL: none of this machine. */
const struct rf_abi *rf_abi_of(uint32_t audit_arch, uint32_t nr);

/* By the name above, or by libseccomp's ("SCMP_ARCH_X86", "x86"); NULL: none of this machine. */
const struct rf_abi *rf_abi_find(const char *name);

/* What Go programs, and so engines' profiles, call this machine: "amd64". */
const char *rf_abi_go_name(void);

/*
 * For tests: from now on this machine is one with this native ABI ("x86_64", "aarch64"). False:
 * such a machine is not known. Nothing that was made before may be used afterwards.
 */
bool rf_abi_pretend(const char *native);

/*
 * Whether a call of this name exists on any architecture the tables know. A set may hold names of
 * newer kernels that they do not know: whoever expands a set skips those (they get ENOSYS at run
 * time), while an unknown name that a policy wrote itself is an error unless optional.
 */
bool rf_call_known(const char *name);

/*
 * The number of a call on an ABI. -ENOENT: the ABI has no number of its own for it (it may still be
 * a part of a multiplexed one, see rf_mux_find).
 */
int rf_call_number(const struct rf_abi *abi, const char *name);

/* The name of a number of an ABI, or NULL: no such call. Static, never freed. */
const char *rf_call_name(const struct rf_abi *abi, uint32_t nr);

/*
 * A call that i386 also offers as one function of socketcall or ipc, whose further arguments are
 * behind a pointer. The function is argument 0; `mask` says which of its bits count.
 */
struct rf_mux {
	const char *name;
	const char *carrier; /* "socketcall" or "ipc" */
	uint32_t function;
	uint32_t mask;
};

/* NULL: not multiplexed on this ABI. */
const struct rf_mux *rf_mux_find(const struct rf_abi *abi, const char *name);

/* All functions of the table in turn; NULL after the last. For ABIs that have them. */
const struct rf_mux *rf_mux_at(const struct rf_abi *abi, size_t index);

/* Whether the kernel takes argument `index` of this call in its low 32 bits only. */
bool rf_arg_is_narrow(const struct rf_abi *abi, const char *name, uint32_t index);

#endif
