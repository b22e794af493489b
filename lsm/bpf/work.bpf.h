/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The work space of one hook call: the question, the walk, the answer and the record.
 *
 * It is far too large for a BPF stack, and per-CPU space is overwritten when a program is preempted
 * (seen with preempt=full). So it is an element of a pool that the call takes with one atomic
 * exchange and gives back before it returns; none for it means the access is denied.
 */
#ifndef RF_BPF_WORK_H
#define RF_BPF_WORK_H

#include "lsm/bpf/kernel.bpf.h"

#include "lsm/match_dev.h"

#define RF_HOPS_MAX                                                                                \
	512 /* path components and mounts of one walk; the kernel itself has no bound              \
	     */
#define RF_NAME_ROOM   256 /* NAME_MAX and a NUL */
#define RF_WORK_SPACES 256 /* 5 MiB; a program that is preempted keeps one */
#define RF_WORK_NEAR   4   /* those of a processor */

/* One object's judgement: where the DFA ended. */
struct rf_spot {
	__u32 state;  /* of the DFA, after the whole path */
	__u32 accept; /* its accept word */
	__u32 code;   /* RF_CODE_*: could not be judged */
	__u32 kind;   /* enum rf_kind */
};

/* What an object turned out to be, before its name matters. */
enum rf_kind {
	RF_KIND_PATH,  /* has a path in our mount namespace */
	RF_KIND_NONE,  /* not a file: pipe, socket, anonymous inode, memfd */
	RF_KIND_INNER, /* a layer below a stacking file system; the upper object was judged */
};

/* A component of the walk, as one read of its dentry found it. */
struct rf_hop {
	__u64 dentry;
	__u64 name;
	__u32 seq; /* d_seq, read before the others */
	__u16 len;
	__u16 flags;
};

#define RF_HOP_COMPARE 0x1 /* its file system compares names its own way */
#define RF_HOP_PROC    0x2

struct rf_work {
	__u32 busy; /* whose call has it: one more than the sandbox's slot; 0: nobody's */
	__u32 index;

	/* the scope */
	__u64 sandbox;
	__u64 exec_id;
	__u32 slot;
	__u32 session;
	__u32 image;	  /* index in rf_image of the policy that judges this call */
	__u32 policy_gen; /* its generation */
	__u64 nails;	  /* the sandbox holds some objects whatever their name */

	/* the object asked about, by kernel address; both are read by probe only */
	__u64 at_dentry;
	__u64 at_mnt;
	__u64 old_dentry; /* link, rename: the first object's */
	__u64 about;	  /* the dentry that the record tells of */

	/* the walk: cursor, result */
	__u64 dentry;
	__u64 mnt;
	__u64 mnt_root;
	__u64 mnt_ns;
	__u32 n_hops;
	__u32 walk_code;
	__u32 walk_done;
	__u32 walk_moved;
	__u32 text_base; /* where this object's text begins */
	__u32 text_len;	 /* bytes of it so far */
	__u32 text_cut;
	__u32 path_len; /* text of the first object, then of the second */
	__u32 new_len;
	__u32 rename_seq;
	__u32 mount_seq;
	__u64 self_pid; /* struct pid of the caller's thread group */
	__u32 in_proc;	/* the cursor is in a proc file system */
	__u32 unjudged; /* the path is told of, not asked about: no state is stepped or kept */
	struct rf_hop hop[RF_HOPS_MAX];

	/* what the walk tells about the directory that the object is in; quick.bpf.h */
	__u32 up_known;
	__u32 up_state;
	__u32 up_accept;
	__u32 up_unsure; /* some name meant the caller alone */
	__u64 up_dentry;
	__u64 up_image;
	__u64 up_ns;
	__u64 tree_generation;

	struct rf_spot spot; /* of the last judged path */
	struct rf_spot old;  /* link, rename: the first object */

	__u64 at_object; /* another object: socket, address; read by probe only */
	__u32 at_len;
	__u16 sock_type; /* the socket asked about */
	__u16 sock_protocol;
	struct rf_tally tally;
	__u32 zero_peer; /* the peer is 0.0.0.0: it depends on the socket where that is */
	__u64 at_sock;

	/* what is left of a list of addresses; on a stack the verifier would follow each turn */
	__u64 list_at;
	__u32 list_left;
	__u32 list_right; /* asked for each */
	__u32 list_ended;
	__u32 pad4;

	/* the answer: of several questions, the first refusal is the reason */
	__u32 access;	   /* rights asked for */
	__u32 missing;	   /* rights refused */
	__u32 would;	   /* rights that pass only because of audit mode */
	__u32 audit;	   /* allowed rights whose use is recorded */
	__u32 code;	   /* RF_CODE_* */
	__u16 rule;	   /* of missing, else would, else the access */
	__u16 errno_value; /* of that rule; 0: the section's default */
	__u8 kill;
	__u8 pad[3];

	struct rf_record rec;
	/* Follows rec: both are sent as one. A name behind its end can still be stepped. */
	__u8 text[RF_TEXT_MAX + 2 * RF_NAME_ROOM];
};

#endif
