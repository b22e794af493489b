/* SPDX-License-Identifier: Apache-2.0 */
/* From an allowed name to the rule that allowed it; see run_names.h. */
#include "cli/run_names.h"

#include <stdlib.h>
#include <string.h>

#include "sandbox/base/cleanup.h"

/* The name that was judged, or NULL if the record is not about one that was simply allowed. */
static char *name_of(const struct rf_record *record, bool *is_unix)
{
	*is_unix = record->obj == RF_OBJ_UNIX;
	if (record->type != RF_REC_ACCESS || record->verdict != RF_V_ALLOWED ||
	    record->rule != RF_RULE_NONE)
		return NULL;
	if (*is_unix && record->o.unix_name.name_len)
		return strndup((const char *)record->text, record->o.unix_name.name_len);
	if (record->obj == RF_OBJ_FILE && record->o.file.path_len && !record->o.file.new_len)
		return strndup((const char *)record->text, record->o.file.path_len);
	return NULL;
}

void rf_names_find(struct rf_names *names, const struct rf_record *record, uint16_t *rule)
{
	bool is_unix;
	RF_AUTOFREE char *name = name_of(record, &is_unix);
	uint16_t found = RF_RULE_NONE;

	if (!name)
		return;
	if (!names->allowers[is_unix] &&
	    rf_allowers_new(&names->allowers[is_unix], names->policy, is_unix, NULL) < 0)
		return;
	if (rf_allowers_find(names->allowers[is_unix], name, record->session,
			     record->access & -record->access, &found, NULL) == 0)
		*rule = found;
}

void rf_names_done(struct rf_names *names)
{
	for (size_t i = 0; i < 2; i++)
		names->allowers[i] = rf_allowers_free(names->allowers[i]);
}
