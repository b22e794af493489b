/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a container's state on the hook's standard input: refused with a sentence, or read
 * into a state whose policy can be chosen. And the same bytes as a config.json.
 */
#include <assert.h>

#include "sandbox/launch/oci_config.h"
#include "sandbox/launch/oci_state.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rf_err err = RF_ERR_INIT;
	struct rf_oci_config config;
	struct rf_oci_state state;
	const char *name = NULL;
	char pod[80];
	int r = rf_oci_state_parse(&state, (const char *)data, size, &err);

	assert(r <= 0 && (r == 0 || (err.code < 0 && err.msg[0])));
	if (r == 0) {
		assert(state.id[0] && state.bundle[0] == '/' && state.pid >= 0);
		rf_oci_state_pod(&state, pod, sizeof(pod));
		r = rf_oci_state_policy(&state, NULL, &name, &err);
		assert(r < 0 || !name || name[0]);
	}
	rf_oci_state_done(&state);
	rf_err_clear(&err);
	r = rf_oci_config_parse(&config, "/b", (const char *)data, size, &err);
	assert(r <= 0 && (r == 0 || err.msg[0]));
	assert(r < 0 || (config.rootfs && config.env && config.cwd[0] == '/'));
	rf_oci_config_done(&config);
	return 0;
}
