/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * The policy image: what a compiled policy looks like to the decision functions of lsm/match.h, in
 * the kernel and in user space alike. Part of lsm/abi.h, which says how it is shared and versioned.
 */
#ifndef RF_LSM_ABI_IMAGE_H
#define RF_LSM_ABI_IMAGE_H

#ifndef __bpf__
#include <assert.h>
#include <linux/types.h>
#endif

/* ---- rights: the same bits as sandbox/policy/policy.h (asserted in launch) ---- */
#define RF_A_READ	 0x01
#define RF_A_WRITE	 0x02
#define RF_A_APPEND	 0x04
#define RF_A_CREATE	 0x08
#define RF_A_REMOVE	 0x10
#define RF_A_METADATA	 0x20
#define RF_A_EXEC	 0x40
#define RF_A_FILE_RIGHTS 7

#define RF_A_CONNECT 0x1
#define RF_A_SEND    0x2
#define RF_A_BIND    0x4
#define RF_A_LISTEN  0x8

#define RF_A_DEV_READ  0x1
#define RF_A_DEV_WRITE 0x2
#define RF_A_DEV_MKNOD 0x4

/* Sessions: index of the verdict halves below. */
#define RF_SESS_INIT 0
#define RF_SESS_EXEC 1

/* Verdicts, of decisions and of event records. */
#define RF_V_ALLOWED	0
#define RF_V_DENIED	1
#define RF_V_KILLED	2
#define RF_V_WOULD_DENY 3

/* ---- the policy image ----
 *
 * One policy is an array of pages of 32-bit cells, the elements of one BPF
 * array map (value size 16 KiB), so that a policy costs what it holds and a
 * DFA step inside a page needs no look-up. Offsets are cell numbers from the
 * start of the image; tables that say "aligned" never straddle a page.
 */
#define RF_PAGE_SHIFT	   12
#define RF_PAGE_CELLS	   4096
#define RF_PAGE_MASK	   (RF_PAGE_CELLS - 1)
#define RF_IMAGE_MAX_PAGES 1024 /* 16 MiB, DESIGN.md 4 asks for 4 MiB at 10,000 rules */

struct rf_page {
	__u32 cell[RF_PAGE_CELLS];
};

/*
 * A DFA over bytes, as sparse rows laid over each other: most states tell only a few bytes apart.
 * A state is the cell number of its base. Base and byte lead to one cell,
 *
 *	cell = page[(base + byte) mod RF_PAGE_CELLS]	(circular: a row never leaves its page)
 *
 * which is the state's own transition if its tag is that byte; otherwise it is another state's or
 * nobody's, and the state's default transition is taken. No two states of one page have the same
 * base, so the byte proves the owner. Byte 0 is never a transition of its own: in a NUL-terminated
 * name it ends the walk, elsewhere it takes the default.
 *
 *	bits 22-31	tag: byte << 2, plus RF_TAG_CROSS if the target is in another page;
 *			RF_TAG_NONE, which equals no byte's tag: header cell or free cell
 *	bits 2-13	target's base in its page, so that a masked cell is a byte offset
 *	bits 14-21, 0-1	target's page, low 8 and high 2 bits; without CROSS the page it is in
 *	bit 24		in a default cell: RF_TAG_STAYS, see there
 *
 * Header cells stand before the base (circular too): base - 1 the accept word, base - 2 the
 * default transition, base - 3 the info word; tag RF_TAG_NONE and 22 bits of payload each. There
 * is no dead state: where no pattern matches is a state like any other, with the default's verdict.
 *
 * Paths are fed as "/" + name for each component from the root of the mount namespace; the root
 * itself is the empty string, so the start state's accept word is the verdict for "/".
 */
#define RF_ROW_MASK    0x3ffcu /* of a cell: byte offset of a base in its page */
#define RF_ROW_ACCEPT  4u      /* distance of a header cell before the base, in bytes */
#define RF_ROW_DEFAULT 8u
#define RF_ROW_INFO    12u
#define RF_ROW_HEADERS 3u
#define RF_TAG_SHIFT   22
#define RF_TAG_CROSS   1u
#define RF_TAG_NONE    2u
/*
 * Of a default cell: it leads back to its state, and all own transitions stay in the page. Its
 * payload is no target but the one or two bytes that, besides "/", have transitions of their own:
 * bits 0-7 and 8-15, the same twice if it is one; 0 if there are more.
 */
#define RF_TAG_STAYS   4u
#define RF_TAG_PAYLOAD 0x3fffffu

struct rf_dfa_head {
	__u32 start; /* state of the empty string */
	__u32 n_states;
	__u32 first_page; /* pages that hold nothing but states */
	__u32 n_pages;
	__u32 verdict_off; /* aligned array of struct rf_verdict, 16 cells each */
	__u32 n_verdicts;
	/*
	 * By info word, 2 cells each (even offset): the verdict's index, and the state's number in
	 * the relation. relation_off is not 0 if states that rights tell apart are at most
	 * RF_RELATION_STATES: a bit matrix p * n_related + q, "p adds nothing to q (POLICY.md 13),
	 * here and below".
	 */
	__u32 info_off;
	__u32 n_info;
	__u32 relation_off;
	__u32 n_related;
};

#define RF_RELATION_STATES 2048

/*
 * The accept word answers the common case in one load.
 *   bits 0-6   rights allowed, session init  (effective: deny > allow > default)
 *   bits 7-13  rights allowed, session exec
 *   bit 14     WATCH: some right has an audit, would-deny or kill rule: read the verdict
 *   bit 15     UNIVERSAL: every name below this directory has this same verdict, so has this
 *   bit 16     STICKY: every byte but "/" leads back here, the rest of a component is skipped
 *   bit 17     SELF: self-protection denies some right here
 *   bit 18     SELF_BELOW: self-protection denies some right here or at some name below
 *   bit 19     NAIL: a deny rule names exactly this without a wildcard; the object is nailed
 * "Below" is a continuation that begins with "/": the bits and the relation are about whole paths.
 */
#define RF_ACC_RIGHTS(word, sess) (((word) >> ((sess) ? 7 : 0)) & 0x7f)
#define RF_ACC_WATCH		  0x4000u
#define RF_ACC_UNIVERSAL	  0x8000u
#define RF_ACC_STICKY		  0x10000u
#define RF_ACC_SELF		  0x20000u
#define RF_ACC_SELF_BELOW	  0x40000u
#define RF_ACC_NAIL		  0x80000u

#define RF_RULE_NONE	 0xffff /* the section's default decided */
#define RF_RULE_SELF	 0xfffe /* ringfence.self */
#define RF_RULE_UNJUDGED 0xfffd /* files.unjudged, see `code` */
#define RF_RULE_KERNEL	 0xfffc /* kernel.KEY */
#define RF_RULE_CAPS	 0xfffb /* capabilities */
#define RF_MAX_RULES	 0xfff0

/* Who decided each right: the deny or allow rule's index, or RF_RULE_NONE. */
struct rf_verdict {
	__u16 rule[2][RF_A_FILE_RIGHTS];  /* [session][right bit number]: deciding rule */
	__u16 would[2][RF_A_FILE_RIGHTS]; /* audit-mode deny rule that would have denied, or NONE */
	__u8 audit[2];			  /* rights whose allowed use is recorded */
	__u8 self;			  /* rights denied by self-protection, both sessions */
	__u8 pad[5];
};

/* What a rule does beside its verdict, by rule index; 2 cells. */
#define RF_ERRNO_MAX 133 /* the last that programs know: a hook that returns more is no refusal */
struct rf_rule_info {
	__u16 errno_value; /* 0: the hook's default */
	__u8 kill;
	__u8 section;
	__u32 pad;
};

/* One candidate of a network list: a rule restricted to one port range; 4 cells. */
struct rf_net_entry {
	__u16 rule;
	__u16 port_first;
	__u16 port_last;
	__u8 rights;
	__u8 protocols; /* enum rf_net_proto bits */
#define RF_NE_DENY	 0x1
#define RF_NE_AUDIT_MODE 0x2  /* instead of DENY: a deny rule in audit mode, records only */
#define RF_NE_AUDIT	 0x4  /* record allowed uses */
#define RF_NE_INIT	 0x8  /* only session init */
#define RF_NE_EXEC	 0x10 /* only session exec */
	__u8 flags;
	__u8 pad[7];
};

/* One device rule entry; 8 cells. A mask is all ones, or 0 where any number will do. */
struct rf_dev_entry {
	__u32 major;
	__u32 minor;
	__u32 major_mask;
	__u32 minor_mask;
	__u16 rule;
	__u8 type; /* 1 block, 2 char (BPF_DEVCG_DEV_*), 3 both */
	__u8 rights;
	__u8 flags; /* RF_NE_* */
	__u8 pad[11];
};

#define RF_K_ALLOW	0
#define RF_K_INSIDE	1
#define RF_K_DENY	2
#define RF_K_COUNT	12 /* order of enum rf_kernel_key */
#define RF_K_MOUNT	0
#define RF_K_USERNS	1
#define RF_K_NAMESPACES 2
#define RF_K_PTRACE	3
#define RF_K_SIGNALS	4
#define RF_K_IPC	5
#define RF_K_IO_URING	6
#define RF_K_BPF	7
#define RF_K_PERF	8
#define RF_K_KEYRINGS	9
#define RF_K_MODULES	10
#define RF_K_FILELESS	11

#define RF_IMAGE_MAGIC 0x47464e52u /* "RNFG" */

/* Sections this image enforces or audits, bit per RF_SEC_*. */
#define RF_SEC_FILES	    0
#define RF_SEC_NETWORK	    1
#define RF_SEC_DEVICES	    2
#define RF_SEC_CAPABILITIES 3
#define RF_SEC_SECCOMP	    4
#define RF_SEC_KERNEL	    5
#define RF_SEC_PROCESS	    6
/* The same numbers are the event's layer. */

/* Page 0 of every image. */
struct rf_image_head {
	__u32 magic;
	__u32 version; /* RF_ABI_VERSION */
	__u32 n_cells; /* of the whole image, a multiple of RF_PAGE_CELLS */
	__u32 n_rules;
	__u32 sections;	  /* bit per RF_SEC_*: this section is present */
	__u32 audit_mode; /* the whole policy is in audit mode: denials pass, are would_deny */
	__u32 rules_off;  /* struct rf_rule_info[n_rules], aligned */
	__u32 links_deny;
	__u64 caps_keep; /* capabilities the sandbox may use */
	__u64 dedupe_ns;
	__u32 audit_exec;    /* record allowed execs */
	__u32 audit_connect; /* record allowed connects */
	__u32 audit_file;    /* record allowed uses of these rights */
	__u32 zero;
	__u8 kernel[RF_K_COUNT]; /* RF_K_ALLOW … */
	__u8 pad1[4];
	struct rf_dfa_head files;
	struct rf_dfa_head unix_names; /* "@name" or "/path", rights RF_A_CONNECT … */
	/*
	 * network: sorted, disjoint, gap-free intervals of 16-byte addresses; interval i is
	 * [key i, key i+1); key 0 is all zeroes. The first key of each page of keys is repeated in
	 * the page at addr_top_off, so that a search looks at two pages only.
	 */
	__u32 addr_keys_off;  /* start of a page; 4 cells each, big-endian bytes */
	__u32 addr_lists_off; /* start of a page; 2 cells each: first entry's cell, count */
	__u32 n_addr;	      /* 1..RF_NET_ADDR_MAX; 0: no network section */
	__u32 max_list;	      /* longest list, <= RF_NET_LIST_MAX */
	__u32 net_default;    /* rights allowed by default, both sessions */
	__u32 dev_off;	      /* aligned struct rf_dev_entry[n_dev] */
	__u32 n_dev;
	__u32 dev_default;  /* rights allowed by default */
	__u32 net_families; /* bit per nameable family class that some rule or default allows;
			       RF_FAM_* */
	__u32 addr_top_off; /* start of a page; one key for each page of keys; 0: one page */
	__u32 net_any_off;  /* list of the entries that hold for every address */
	__u32 n_net_any;    /* <= RF_NET_LIST_MAX */
	__u32 pad2[2];
	__u64 id; /* from the hash of everything else: what states of this image are told by */
};

#define RF_FAM_OTHER	     0x1 /* families no rule can name: only with default allow */
#define RF_FAM_HIDDEN	     0x2 /* sockets that reach IP addresses unseen: no rule refuses any */
#define RF_NET_LIST_MAX	     256 /* entries of one list; a list never straddles a page */
#define RF_NET_ADDR_MAX	     65536
#define RF_NET_KEYS_PER_PAGE 1024
#define RF_DEV_MAX	     256

#ifndef __cplusplus
_Static_assert(sizeof(struct rf_page) == 16384, "a page is 16 KiB");
_Static_assert(sizeof(struct rf_verdict) == 64, "16 cells");
_Static_assert(sizeof(struct rf_rule_info) == 8, "2 cells");
_Static_assert(sizeof(struct rf_net_entry) == 16, "4 cells");
_Static_assert(sizeof(struct rf_dev_entry) == 32, "8 cells");
_Static_assert(sizeof(struct rf_image_head) <= 4096, "head fits the first quarter of page 0");
#endif

#endif
