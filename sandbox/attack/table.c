/* SPDX-License-Identifier: Apache-2.0 */
/* All attempts, group by group, in the order in which they are tried and told. */
#include "sandbox/attack/attempt.h"

static const struct rf_attempt_group *const groups[] = {
	&rf_attack_names,	 &rf_attack_links,    &rf_attack_files,	   &rf_attack_descriptors,
	&rf_attack_execution,	 &rf_attack_calls,    &rf_attack_tasks,	   &rf_attack_processes,
	&rf_attack_capabilities, &rf_attack_network,  &rf_attack_families, &rf_attack_unix,
	&rf_attack_devices,	 &rf_attack_terminal, &rf_attack_kernel,   &rf_attack_cgroup,
	&rf_attack_self,
};

size_t rf_attack_count(void)
{
	size_t n = 0;

	for (size_t i = 0; i < RF_ARRAY_LEN(groups); i++)
		n += groups[i]->n;
	return n;
}

const struct rf_attempt *rf_attack_at(size_t index)
{
	for (size_t i = 0; i < RF_ARRAY_LEN(groups); i++) {
		if (index < groups[i]->n)
			return &groups[i]->attempts[index];
		index -= groups[i]->n;
	}
	return NULL;
}
