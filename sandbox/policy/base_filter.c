/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shipped system-call filters by name. They are built in, so that no file can be swapped for them
 * between check and use.
 */
#include "sandbox/policy/sysmodel.h"

#include <string.h>

extern const char rf_filter_container_default[];

static const struct {
	const char *name;
	const char *text;
} filters[] = {
	{"container-default", rf_filter_container_default},
};

const char *rf_base_filter_text(const char *name)
{
	for (size_t i = 0; i < RF_ARRAY_LEN(filters); i++)
		if (strcmp(filters[i].name, name) == 0)
			return filters[i].text;
	return NULL;
}
