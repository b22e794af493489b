/* SPDX-License-Identifier: Apache-2.0 */
/* NATS where libnats was not there to build with. */
#include "sandbox/audit/sink.h"

static int open_nats(void **ret RF_UNUSED, const char *rest RF_UNUSED, struct rf_err *err)
{
	return rf_err_set(err, -EINVAL, "this build has no NATS; it needs libnats");
}

const struct rf_sink_kind rf_sink_nats = {"nats:", open_nats, NULL, NULL, NULL, NULL};
