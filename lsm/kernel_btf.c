/* SPDX-License-Identifier: Apache-2.0 */
/* What the running kernel's BTF tells; see kernel_btf.h. */
#include "lsm/kernel_btf.h"

#include <stdio.h>
#include <string.h>

bool rf_btf_has_target(const struct btf *btf, const char *section)
{
	char name[128];

	if (!strncmp(section, "lsm/", 4))
		snprintf(name, sizeof(name), "bpf_lsm_%s", section + 4);
	else if (!strncmp(section, "tp_btf/", 7))
		snprintf(name, sizeof(name), "btf_trace_%s", section + 7);
	else
		snprintf(name, sizeof(name), "%s", strchr(section, '/') + 1);
	return btf__find_by_name_kind(btf, name,
				      !strncmp(section, "tp_btf/", 7) ? BTF_KIND_TYPEDEF
								      : BTF_KIND_FUNC) > 0;
}

uint32_t rf_btf_setattr_place(const struct btf *btf)
{
	int id = btf__find_by_name_kind(btf, "bpf_lsm_inode_setattr", BTF_KIND_FUNC);
	const struct btf_type *func = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;
	const struct btf_type *proto = func ? btf__type_by_id(btf, func->type) : NULL;

	return proto && btf_vlen(proto) == 2 ? 0 : 1;
}

/* Where the member of a struct of the kernel's begins, in bytes; -1: it is not there. */
static long member_at(const struct btf *btf, const char *name, const char *member)
{
	int id = btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT);
	const struct btf_type *type = id > 0 ? btf__type_by_id(btf, (__u32)id) : NULL;

	for (__u32 i = 0; type && i < btf_vlen(type); i++)
		if (strcmp(btf__name_by_offset(btf, btf_members(type)[i].name_off), member) == 0)
			return (long)btf_member_bit_offset(type, i) / 8;
	return -1;
}

bool rf_btf_has_casts(const struct btf *btf)
{
	const char *element = "bpf_local_storage_data"; /* lsm/bpf/self.bpf.h */

	return btf__find_by_name_kind(btf, "bpf_rdonly_cast", BTF_KIND_FUNC) > 0 &&
	       member_at(btf, element, "smap") == 0 && member_at(btf, element, "data") == 8;
}
