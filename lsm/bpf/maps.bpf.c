/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The maps and the licence, once for all objects.
 */
#include "lsm/bpf/maps.bpf.h"

struct rf_task_map rf_task SEC(".maps");
struct rf_sandbox_map rf_sandbox SEC(".maps");
struct rf_image_map rf_image SEC(".maps");
struct rf_ring_map rf_ring SEC(".maps");
struct rf_fold_map rf_fold SEC(".maps");
struct rf_work_map rf_work SEC(".maps");
struct rf_nail_object_map rf_nail_object SEC(".maps");
struct rf_user_object_map rf_user_object SEC(".maps");
struct rf_nail_map rf_nail SEC(".maps");
struct rf_mq_begun_map rf_mq_begun SEC(".maps");
struct rf_mq_maker_map rf_mq_maker SEC(".maps");
struct rf_terminal_map rf_terminal SEC(".maps");
struct rf_tree_map rf_tree SEC(".maps");
struct rf_dir_map rf_dir SEC(".maps");
struct rf_about_map rf_about SEC(".maps");
struct rf_meta_map rf_meta SEC(".maps");

char _license[] SEC("license") = "GPL";
