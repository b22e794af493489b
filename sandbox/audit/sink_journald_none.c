/* SPDX-License-Identifier: Apache-2.0 */
/* The journal where libsystemd was not there to build with. */
#include "sandbox/audit/sink.h"

static int open_journal(void **ret RF_UNUSED, const char *rest RF_UNUSED, struct rf_err *err)
{
	return rf_err_set(err, -EINVAL, "this build has no journal; it needs libsystemd");
}

const struct rf_sink_kind rf_sink_journald = {"journald", open_journal, NULL, NULL, NULL};
