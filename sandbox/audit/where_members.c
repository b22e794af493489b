/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The members that records have, for who misspells one; see where.h.
 */
#include <string.h>

#include "sandbox/audit/where.h"

/* Of policies/schema/event-v1.json; a test holds them together. */
static const char *const members[] = {
	"v",
	"type",
	"seq",
	"last",
	"time",
	"host",
	"boot",
	"sandbox",
	"sandbox.id",
	"sandbox.name",
	"sandbox.policy",
	"sandbox.sha256",
	"sandbox.session",
	"container",
	"container.id",
	"container.runtime",
	"container.pod",
	"process",
	"process.pid",
	"process.tid",
	"process.ppid",
	"process.start",
	"process.uid",
	"process.gid",
	"process.comm",
	"process.exe",
	"layer",
	"hook",
	"operation",
	"object",
	"object.path",
	"object.new_path",
	"object.dev",
	"object.ino",
	"object.type",
	"object.family",
	"object.protocol",
	"object.address",
	"object.port",
	"object.unix",
	"object.name",
	"object.nr",
	"object.abi",
	"object.args",
	"object.ip",
	"object.key",
	"object.pid",
	"object.comm",
	"object.major",
	"object.minor",
	"access",
	"missing",
	"verdict",
	"enforced",
	"errno",
	"rule",
	"rule.id",
	"rule.source",
	"rule.code",
	"rule.reason",
	"rule.hint",
	"exit",
	"exit.code",
	"exit.signal",
	"denied",
	"unjudged",
	"folded",
	"lost",
	"ring",
	"ring.size",
	"ring.pending",
	"source",
	"audit_lost",
	"completeness",
	"count",
	"stack",
	"cause",
};

bool rf_where_is_member(const char *name)
{
	for (size_t i = 0; i < RF_ARRAY_LEN(members); i++)
		if (strcmp(members[i], name) == 0)
			return true;
	return false;
}
