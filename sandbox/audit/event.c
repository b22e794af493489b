/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checking a kernel record before anything reads its parts.
 */
#include "sandbox/audit/event.h"

#include <time.h>

#include "sandbox/audit/stack.h"

static size_t text_wanted(const struct rf_record *record)
{
	switch (record->obj) {
	case RF_OBJ_FILE:
		return (size_t)record->o.file.path_len + record->o.file.new_len;
	case RF_OBJ_UNIX:
		return record->o.unix_name.name_len;
	case RF_OBJ_DEVICE:
		return record->o.device.path_len;
	default:
		return 0;
	}
}

int rf_event_check(const struct rf_record **ret, const void *bytes, size_t len, struct rf_err *err)
{
	const struct rf_record *record = bytes;
	struct rf_stack stack;

	if (len < sizeof(*record))
		return rf_err_set(err, -EBADMSG, "event record of %zu bytes is too short", len);
	if (record->version != RF_ABI_VERSION)
		return rf_err_set(err, -EBADMSG,
				  "event record of version %u, this ringfence reads version %u; "
				  "run `ringfence load --replace`",
				  record->version, RF_ABI_VERSION);
	if (record->size < sizeof(*record) || record->size > len)
		return rf_err_set(err, -EBADMSG, "event record says %u bytes, %zu came",
				  record->size, len);
	if (!rf_stack_find(record, text_wanted(record), &stack))
		return rf_err_set(err, -EBADMSG, "event record's stack does not fit the record");
	if (text_wanted(record) > record->size - sizeof(*record))
		return rf_err_set(err, -EBADMSG, "event record's text is longer than the record");
	*ret = record;
	return 0;
}

static int64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	(void)clock_gettime(clock, &ts);
	return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

int64_t rf_event_now(void)
{
	return clock_ns(CLOCK_REALTIME);
}

int64_t rf_event_clock_offset(void)
{
	return clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME);
}
