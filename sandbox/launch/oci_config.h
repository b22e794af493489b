/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a bundle's config.json says about the process that a container will run: the place that
 * variables and paths of a policy count from, and how far the runtime itself confines it.
 */
#ifndef RF_LAUNCH_OCI_CONFIG_H
#define RF_LAUNCH_OCI_CONFIG_H

#include <jansson.h>
#include <sys/types.h>

#include "sandbox/base/err.h"
#include "sandbox/launch/world.h"
#include "sandbox/policy/policy.h"

/* A config.json with every mount and environment that engines write stays far below. */
#define RF_OCI_CONFIG_MAX ((size_t)16 << 20)

struct rf_oci_config {
	json_t *json; /* NULL: the bundle has no config.json */
	char *rootfs; /* absolute */
	struct rf_volume *volumes;
	size_t n_volumes;
	uid_t uid;
	const char *cwd;
	char **env; /* NULL-terminated; with HOME and USER */
};

/* Reads BUNDLE/config.json; a missing one is no error. Released with rf_oci_config_done always. */
int rf_oci_config_read(struct rf_oci_config *ret, const char *bundle, struct rf_err *err)
	RF_MUST_CHECK;

/* The same from text. */
int rf_oci_config_parse(struct rf_oci_config *ret, const char *bundle, const char *text, size_t len,
			struct rf_err *err) RF_MUST_CHECK;
void rf_oci_config_done(struct rf_oci_config *config);

/* Where the container's names lead; its members belong to config. */
struct rf_world rf_oci_config_world(const struct rf_oci_config *config);

/*
 * -EOPNOTSUPP, naming the section, where the policy needs (`must`) something of the runtime that
 * config.json does not say: system calls, no_new_privileges, limits.
 */
int rf_oci_config_check(const struct rf_oci_config *config, const struct rf_policy *policy,
			struct rf_err *err) RF_MUST_CHECK;

#endif
