/* SPDX-License-Identifier: Apache-2.0 */
/* Writing and removing a container's record. See oci_record.h. */
#include "sandbox/launch/oci_record.h"

#include <inttypes.h>
#include <stdio.h>

#include "sandbox/base/str.h"
#include "sandbox/launch/backend.h"
#include "sandbox/launch/record.h"
#include "sandbox/launch/record_dir.h"

#define RECIPE_MAX 32768 /* a path of 4,096 bytes may grow sixfold */

static int describe(struct rf_str *out, const struct rf_oci_container *c)
{
	(void)rf_str_add(out, "{\"container\":{\"id\":");
	(void)rf_str_add_json(out, c->id);
	(void)rf_str_add(out, ",\"runtime\":");
	(void)rf_str_add_json(out, c->cgroup->runtime);
	if (c->pod && *c->pod) {
		(void)rf_str_add(out, ",\"pod\":");
		(void)rf_str_add_json(out, c->pod);
	}
	if (c->bundle) {
		(void)rf_str_add(out, ",\"bundle\":");
		(void)rf_str_add_json(out, c->bundle);
	}
	return rf_str_add(out, "}}");
}

int rf_oci_record_write(const struct rf_oci_container *container, uint64_t sandbox,
			struct rf_err *err)
{
	RF_AUTOSTR struct rf_str recipe = RF_STR_INIT(RECIPE_MAX);
	RF_AUTOFREE struct rf_launch *launch = calloc(1, sizeof(*launch));
	struct rf_record record = RF_RECORD_INIT;
	int r;

	if (!launch || describe(&recipe, container) < 0)
		return rf_err_sys(err, -ENOMEM, "note the container");
	launch->policy = container->policy;
	launch->sandbox_id = sandbox;
	(void)snprintf(launch->sandbox_name, sizeof(launch->sandbox_name), "%.63s", container->id);
	(void)snprintf(launch->cgroup_path, sizeof(launch->cgroup_path), "%s",
		       container->cgroup->path);
	r = rf_record_write(&record, launch, rf_str_text(&recipe), err);
	if (r == 0) {
		rf_record_command(&record, container->cgroup->pid);
		rf_record_leave(&record);
	}
	return r;
}

void rf_oci_record_collect(void)
{
	rf_record_collect(NULL);
}

void rf_oci_record_remove(uint64_t sandbox)
{
	RF_AUTOCLOSE int dir = -1;
	char name[32];

	(void)snprintf(name, sizeof(name), "%016" PRIx64 ".json", sandbox);
	if (rf_record_dir_open(&dir, false, NULL) < 0)
		return;
	(void)unlinkat(dir, name, 0);
	rf_record_history_remove(dir, name);
}
