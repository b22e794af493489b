/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rights of names that one object goes through: a rename must not add any. See learn.h.
 */
#include "sandbox/launch/learn.h"

#include <stdlib.h>
#include <string.h>

int rf_learn_renaming(struct rf_learn *learn, const char *from, const char *to, struct rf_err *err)
{
	struct rf_renaming item = {NULL, NULL};

	if (from[0] != '/' || to[0] != '/' || strlen(from) >= RF_WHY_TEXT_MAX ||
	    strlen(to) >= RF_WHY_TEXT_MAX)
		return 0;
	item = (struct rf_renaming){.from = strdup(from), .to = strdup(to)};
	if (item.from && item.to && rf_renamings_push(&learn->renamings, item) == 0)
		return 0;
	free(item.from);
	free(item.to);
	return rf_err_sys(err, -ENOMEM, "remember a rename");
}

/* Names that one object goes through, one after the other; who has more learns again. */
#define CHAIN_MAX 64

/* One step along every rename; *ret_more: something was added. exec may be added by a name. */
static int spread_once(struct rf_learn *learn, bool *ret_more, struct rf_err *err)
{
	const uint32_t judged = (RF_FILE_EXEC - 1);
	/* Made once: they are large, and a recording may have a million renames. */
	struct rf_question from = {.kind = RF_WHY_FILE}, to = {.kind = RF_WHY_FILE};

	*ret_more = false;
	for (size_t i = 0; i < learn->renamings.len; i++) {
		const struct rf_renaming *one = &learn->renamings.data[i];
		uint32_t more;

		(void)snprintf(from.text, sizeof(from.text), "%s", one->from);
		(void)snprintf(to.text, sizeof(to.text), "%s", one->to);
		more = rf_uses_rights(&learn->uses, &to) & judged &
		       ~rf_uses_rights(&learn->uses, &from);
		if (!more)
			continue;
		from.rights = more;
		if (rf_uses_add(&learn->uses, &from, 0, NULL, err) < 0)
			return err->code;
		*ret_more = true;
	}
	return 0;
}

int rf_learn_spread(struct rf_learn *learn, struct rf_err *err)
{
	bool more = true;
	int r = 0;

	for (int i = 0; r == 0 && more && i < CHAIN_MAX; i++)
		r = spread_once(learn, &more, err);
	return r;
}
