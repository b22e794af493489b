/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The maps and the licence of the cgroup programs' object.
 */
#include "lsm/bpf/cgroup.bpf.h"

struct rf_cg_bind_map rf_cg_bind SEC(".maps");
struct rf_cg_sandbox_map rf_sandbox SEC(".maps");
struct rf_cg_image_map rf_image SEC(".maps");
struct rf_cg_ring_map rf_ring SEC(".maps");
struct rf_cg_fold_map rf_fold SEC(".maps");

char _license[] SEC("license") = "GPL";
