/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Who asked: the user stack behind the record of a denial, where the sandbox wants it
 * (RF_SBF_STACKS).
 *
 * It is in the record itself, so that it is delivered, folded and lost with it, needs no table that
 * one fence could fill for all, and can be named when the process is long gone. After the record's
 * text, padded with zeroes to 8 bytes, come rf_record.frames of struct rf_frame, innermost first,
 * and rf_record.objects of struct rf_mapped, the files that they are in.
 */
#ifndef RF_LSM_ABI_STACK_H
#define RF_LSM_ABI_STACK_H

#ifndef __bpf__
#include <assert.h>
#include <linux/types.h>
#endif

#define RF_FRAMES_MAX  64   /* the innermost; what called those is left out */
#define RF_MAPPED_MAX  7    /* frames in further files are told by their address alone */
#define RF_MAPPED_NAME 236  /* of a longer name the end is kept */
#define RF_STACK_TEXT  4096 /* no stack behind a longer text: all has to fit RF_TEXT_MAX */

/* As bpf_get_task_stack writes struct bpf_stack_build_id, but for the first member. */
struct rf_frame {
	__u32 object;	   /* which of the objects, from 1; 0: in no file */
	__u8 build_id[20]; /* of the file; zeroes: not known */
	__u64 offset;	   /* in the file; without one the address */
};

struct rf_mapped {
	__u64 ino;
	__u32 dev; /* as the kernel keeps it: major << 20 | minor */
	__u16 len; /* of the name; 0: it has none in this mount namespace */
	__u16 flags;
#define RF_MAPPED_CUT 0x1 /* the beginning of the name is missing */
	__u8 name[RF_MAPPED_NAME];
	__u32 pad;
};

#ifndef __cplusplus
_Static_assert(sizeof(struct rf_frame) == 32, "as struct bpf_stack_build_id");
_Static_assert(sizeof(struct rf_mapped) == 256, "a file of a stack");
_Static_assert(RF_STACK_TEXT + RF_FRAMES_MAX * 32 + RF_MAPPED_MAX * 256 < 8192, "a stack fits");
#endif

#endif
