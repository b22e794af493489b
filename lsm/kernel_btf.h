/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the running kernel's BTF tells about hooks and structs, before any program is loaded. The
 * argument is the kernel's, from btf__load_vmlinux_btf, and not kept.
 */
#ifndef RF_LSM_KERNEL_BTF_H
#define RF_LSM_KERNEL_BTF_H

#include <bpf/btf.h>
#include <stdbool.h>
#include <stdint.h>

/* Does this kernel have what a program of this section attaches to? */
bool rf_btf_has_target(const struct btf *btf, const char *section);

/* Where inode_setattr's dentry stands: the hook got an idmap before it between 6.1 and 6.12. */
uint32_t rf_btf_setattr_place(const struct btf *btf);

/*
 * May the kernel's memory be read by instructions (lsm/bpf/read.bpf.h)? Not where a struct that is
 * read as words is not what they rely on.
 */
bool rf_btf_has_casts(const struct btf *btf);

#endif
