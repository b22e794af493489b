/* SPDX-License-Identifier: Apache-2.0 */
/* Loading a container's policy. See oci_policy.h. */
#include "cli/oci_policy.h"

#include <string.h>

#include "cli/variables.h"
#include "sandbox/base/fd.h"
#include "sandbox/base/str.h"

/* A file may come from an annotation, so from whoever starts containers: only root's will do. */
static int check_name(const char *name, struct rf_err *err)
{
	RF_AUTOCLOSE int fd = -1;
	int r;

	if (!strchr(name, '/') && !rf_str_has_suffix(name, ".json"))
		return 0;
	if (name[0] != '/')
		return rf_err_set(err, -EINVAL,
				  "policy %.160s is neither a name nor an absolute path", name);
	r = rf_fd_open_read(name, &fd, err);
	return r < 0 ? r : rf_fd_secure_check(fd, name, err);
}

int rf_oci_policy_load(struct rf_policy **ret, const char *name, const struct rf_oci_config *config,
		       struct rf_err *err)
{
	RF_CLEANUP(rf_variables_done) struct rf_variables variables = {0};
	RF_CLEANUP(rf_problems_done) struct rf_problems problems = {0};
	struct rf_load_options options = {.root = config->rootfs};
	int r = check_name(name, err);

	if (r == 0)
		r = rf_variables_collect(&variables, config->uid, config->env, config->cwd, NULL, 0,
					 err);
	if (r < 0)
		return r;
	rf_variables_apply(&variables, &options);
	options.user_config_dir = NULL;
	options.search_user = false;
	r = rf_policy_load(ret, &name, 1, &options, &problems, err);
	return r < 0 ? rf_err_wrap(err, r, "policy %.64s", name) : 0;
}
