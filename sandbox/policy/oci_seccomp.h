/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An OCI `linux.seccomp` object, read as a container runtime reads it.
 *
 * Two forms exist: what runtimes take (architectures, syscalls) and what engines ship (archMap,
 * includes and excludes by capability, architecture and kernel), which engines flatten before a
 * runtime sees it. Both are read here, and the flattening is done, so that what comes out is the
 * list of rules a runtime would hand to libseccomp, in that order.
 */
#ifndef RF_POLICY_OCI_SECCOMP_H
#define RF_POLICY_OCI_SECCOMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sandbox/base/arena.h"
#include "sandbox/base/err.h"

/* Most bytes of a profile's text, most rules and most names in all of it. */
#define RF_OCI_TEXT_MAX	 (1024 * 1024)
#define RF_OCI_RULES_MAX 8192
#define RF_OCI_NAMES_MAX 65536

/* Operators as libseccomp numbers them (enum scmp_compare). */
struct rf_oci_arg {
	uint32_t index;
	uint32_t op;
	uint64_t value;
	uint64_t value_two;
};

struct rf_oci_rule {
	const char *const *names;
	size_t n_names;
	uint32_t action; /* a SECCOMP_RET_ value with its data */
	const struct rf_oci_arg *args;
	size_t n_args;
	/*
	 * Two conditions on one argument: runtimes then add every condition as a rule of its own,
	 * so any of them suffices.
	 */
	bool any;
};

struct rf_oci_profile {
	uint32_t default_action;
	uint32_t abis;	/* bit per rf_abi_at() index; the native one is always in */
	uint32_t flags; /* SECCOMP_FILTER_FLAG_ */
	const struct rf_oci_rule *rules;
	size_t n_rules;
};

/* What an engine would know when it flattens. */
struct rf_oci_host {
	uint64_t capabilities; /* the container's bounding set, bit per CAP_ number */
	uint32_t kernel;       /* major << 16 | minor */
};

/* Capabilities that engines give a container unless told otherwise. */
extern const uint64_t rf_oci_default_capabilities;

/*
 * Reads a profile out of JSON text into arena, where everything in *ret lives. The whole
 * config.json is not taken, only the object. -EINVAL names the member; members that only matter to
 * listeners are an error, since nobody would listen.
 */
RF_MUST_CHECK int rf_oci_seccomp_parse(struct rf_oci_profile *ret, const char *text,
				       const struct rf_oci_host *host, struct rf_arena *arena,
				       struct rf_err *err);

/* The running kernel's version as rf_oci_host wants it; 0 if uname is not understood. */
uint32_t rf_oci_running_kernel(void);

#endif
