/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * What user space and the BPF programs share: the policy image, the map
 * values and the event record.
 *
 * Fixed width, padding spelled out, sizes asserted on both sides. Included by
 * BPF objects (after kernel.bpf.h, which gives __u8 … __u64) and by C (after
 * linux/types.h). A change here is a new RF_ABI_VERSION, unless it gives a meaning to what other
 * builds leave 0.
 */
#ifndef RF_LSM_ABI_H
#define RF_LSM_ABI_H

#include "lsm/abi_fold.h"
#include "lsm/abi_image.h"
#include "lsm/abi_stack.h"
#include "lsm/abi_tree.h"

#define RF_ABI_VERSION 8

/* ---- map values ---- */

/* Task storage "rf_task": which fence a task is in. Inherited in task_alloc. */
struct rf_task {
	__u64 sandbox; /* id; never 0 */
	__u32 slot;
	__u32 session; /* RF_SESS_* */
	__u64 exec_id; /* seq of the sandbox's last exec record in this task's ancestry; 0: none */
	__u64 flags;
};

#define RF_TASK_COUNTED	 0x1 /* flags: counted in rf_sandbox.tasks */
#define RF_TASK_STARTING 0x2 /* a launcher's child before its first exec, still dropping rights */
#define RF_TASK_BECOMING 0x4 /* the same until that exec has replaced its memory and files */

#define RF_SB_FREE  0
#define RF_SB_LIVE  1
#define RF_SB_DYING 2

#define RF_MAX_SANDBOXES 16384

/* Inode storage "rf_terminal": whose a pseudoterminal is (lsm/bpf/terminal.bpf.h). */
struct rf_terminal {
	__u64 maker;  /* sandbox that opened its other side; 0: none */
	__u64 serial; /* random, never 0: what sandboxes that were given it know it by */
};

#define RF_TERMINALS 3 /* that a sandbox is given: descriptors 0 to 2 */

/*
 * Array of maps "rf_image" has two places a slot, for policies of even and of odd generation: a
 * policy is replaced by filling the other place and raising rf_sandbox.policy_gen. A hook looks at
 * the generation once and judges all of its questions by that policy.
 */
#define RF_IMAGES (2 * RF_MAX_SANDBOXES)

static inline __u32 rf_image_at(__u32 slot, __u32 policy_gen)
{
	return slot + (policy_gen & 1) * RF_MAX_SANDBOXES;
}

/*
 * Nails hold objects that deny rules name without a wildcard, whatever other names they have
 * (POLICY.md 13). Hash "rf_nail_object" gives each such object a serial number that is never used
 * again, and forgets it when the object is freed: so an inode number that comes back is another
 * object. "rf_user_object" is the same for sandboxes that the service made for users (`owner`):
 * what they fill is theirs alone. The slot's map in "rf_nail" leads from serial and image to the
 * states of the object's denied names; what is left there of objects that are gone is taken out
 * when the map is full.
 */
struct rf_nail_object {
	__u64 ino;
	__u32 dev; /* as the kernel keeps it: major << 20 | minor */
	__u32 generation;
};

struct rf_nail {
	__u64 serial; /* random, never 0 */
	__u64 image;  /* rf_image_head.id: what the state is a state of */
};

#define RF_NAIL_STATES 8 /* denied names of one object that answer differently */

struct rf_nailed {
	__u32 state[RF_NAIL_STATES];  /* one more than the state; 0: none */
	__u32 full;		      /* 1: there were more; it is denied everything */
	__u32 pending;		      /* 1: the object does not have the serial number yet */
	struct rf_nail_object object; /* to find out whether it is still there */
};

#define RF_NAIL_OBJECTS 65536
#define RF_USER_OBJECTS 32768
#define RF_NAIL_WORDS	8

/* What program "rf_identify" is run on: the object behind a descriptor of the caller. */
struct rf_identify {
	__u32 fd;
	__u32 found; /* 1: object is filled */
	struct rf_nail_object object;
};

/* What program "rf_swap" is run on: the policy of generation `to` is in its place, let it count. */
struct rf_swap {
	__u64 sandbox;
	__u32 slot;
	__u32 from;
	__u32 to;
	__u32 done; /* 1: it does */
};

/*
 * Which two of the 64 * RF_NAIL_WORDS bits tell that an inode number may be nailed. With one of 256
 * bits 30 nails had each ninth file asked about. The device is left out: it would be read each
 * time.
 */
static inline __u32 rf_nail_bit(__u64 ino)
{
	return (__u32)((ino * 0x9e3779b97f4a7c15ull) >> 55);
}

static inline __u32 rf_nail_second(__u64 ino)
{
	return (__u32)((ino * 0x9e3779b97f4a7c15ull) >> 46 & 0x1ff);
}

/*
 * Waking the reader: swap reader_waiting to 0 before submitting; if it was 1, submit with
 * BPF_RB_FORCE_WAKEUP, else with BPF_RB_NO_WAKEUP. Then swap once more: if it is 1 now (the reader
 * looked between the two and saw the record busy), reserve 8 bytes and discard them with
 * BPF_RB_FORCE_WAKEUP. `submitted` is raised after the record is committed, `lost` instead of it.
 *
 * Array "rf_sandbox", one element a slot, memory-mappable. A task whose id differs from
 * its slot's id is denied everything. Counters are written by the kernel side
 * only, with atomic adds.
 */
struct rf_sandbox {
	__u64 id;
	__u32 state; /* RF_SB_* */
	/*
	 * Generation of the policy: even when the sandbox begins, one more for each that replaced
	 * it. It only grows while the slot lives; records carry it.
	 */
	__u32 policy_gen;
	__u64 cgroup; /* id of the sandbox's cgroup */
	/*
	 * The supervisor, protected from the inside: its thread group in the low half. The high
	 * half is a number of each claim, so that one compare-and-swap takes a slot.
	 */
	__u64 self_tgid;
	__u64 seq;	 /* last number given */
	__u64 lost;	 /* numbers whose record found no room */
	__u64 submitted; /* numbers whose record was committed */
	__u64 tasks;	 /* tasks that hold this sandbox */
	__u64 denied;
	__u64 errors;	      /* what could not be judged and was denied */
	__u32 reader_waiting; /* set by a reader before it sleeps, swapped to 0 by the waker */
	__u32 flags;	      /* RF_SBF_*, set before the first task */
	__u64 seccomp_misses;
	/* What the slot keeps for its next sandbox; user space only. */
	__u32 image_pages; /* capacity of its image map for even generations */
	__u32 ring_bytes;
	__u64 image_key;  /* which image those pages hold; 0: none that has a name */
	__u64 folded;	  /* denials counted in a fold instead of taking a number */
	__u64 lost_other; /* of `lost`: records that were no access */
	__u32 fold_dirty; /* some fold has repeats to tell; swapped to 0 by the stream's owner */
	__u32 nail_room;  /* capacity of the slot's map of nails; user space only */
	/* Nailed objects: each one's two bits (rf_nail_bit, rf_nail_second); and are there any? */
	__u64 nail_bits[RF_NAIL_WORDS];
	__u64 nails;
	__u64 owner; /* uid + 1 of the user for whom the service made it; 0: root's own */
	/* Until then (CLOCK_BOOTTIME) records that are no denials wake nobody; set at each wake. */
	__u64 rest_until;
	/* Who is replacing the policy, as in self_tgid: the slot is not given out meanwhile. */
	__u64 replacer;
	/* Serial numbers of the terminals that its first task was given, set before it. */
	__u64 terminal[RF_TERMINALS];
};

#define RF_REST_NS 50000000ULL

#define RF_SBF_STACKS	 0x1 /* records of denials carry the user stack */
#define RF_SBF_PLAIN	 0x2 /* it never had a capability: one that it misses is no denial of ours */
#define RF_SBF_CONTAINER 0x4 /* in a mount namespace of its own, without ringfence's folders */

/* Array "rf_about": words for people about a slot's sandbox; the kernel side never looks. */
struct rf_about {
	__u64 id;
	__u64 started; /* ns of CLOCK_BOOTTIME */
	__u64 supervisor;
	char name[64]; /* NUL-terminated, all three */
	char policy[64];
	char sha256[72];
	char container[72]; /* id of the container; empty: none */
	char runtime[16];   /* of the container: "crun", "runc" */
	char pod[80];	    /* "namespace/name"; empty: none */
};

/* A folder, as the kernel knows it; ino 0: none. */
struct rf_home {
	__u64 ino;
	__u32 dev; /* as the kernel keeps it */
	__u32 pad;
};

/* Where our executables are: PREFIX/libexec/ringfence, and PREFIX/bin among others. */
#define RF_HOME_OWN    0
#define RF_HOME_SHARED 1
#define RF_HOMES       2

/* Array "rf_meta", one element: what is loaded. */
struct rf_meta {
	__u32 version; /* RF_ABI_VERSION */
	__u32 n_programs;
	__u8 hash[32];	 /* SHA-256 of the object that was loaded */
	__u32 high_slot; /* one past the highest slot ever used */
	/*
	 * While `load --replace` works, two sets of programs run. Denying twice is no harm,
	 * counting twice is: tasks that end are counted by the set whose number this is.
	 */
	__u32 era;
	__u64 loaded;	  /* ns of CLOCK_BOOTTIME */
	__u64 missing[4]; /* bit per RF_H_*: hooks that this kernel does not have */
	/* The set that is being loaded; user space only. */
	__u8 next_hash[32];
	__u32 next_era;
	__u32 next_programs;
	struct rf_home home[RF_HOMES];
	__u64 spare[12];
};

/* ---- the event record ---- */

/* record types */
#define RF_REC_ACCESS 1
#define RF_REC_EXEC   2
#define RF_REC_EXIT   3
#define RF_REC_POLICY 4 /* the policy was replaced by that of policy_gen */

/* why an object could not be judged (rule.code of files.unjudged), names in lsm/names.h */
#define RF_CODE_NONE	     0
#define RF_CODE_TOO_DEEP     1
#define RF_CODE_TOO_LONG     2
#define RF_CODE_DISCONNECTED 3
#define RF_CODE_FOREIGN_NS   4
#define RF_CODE_DETACHED     5
#define RF_CODE_LOOKUP	     6	/* a map look-up failed */
#define RF_CODE_SCRATCH	     7	/* no scratch space */
#define RF_CODE_RACED	     8	/* the tree changed under every attempt */
#define RF_CODE_CASEFOLD     9	/* case-insensitive directory whose suffixes differ */
#define RF_CODE_STORAGE	     10 /* identity could not be had */
#define RF_CODE_IMAGE	     11 /* the image is damaged or missing */
#define RF_CODE_ALIAS	     12 /* link or rename that would add rights (EXDEV) */
#define RF_CODE_COUNT	     13

#define RF_OBJ_NONE	  0
#define RF_OBJ_FILE	  1
#define RF_OBJ_INET	  2
#define RF_OBJ_UNIX	  3
#define RF_OBJ_DEVICE	  4
#define RF_OBJ_SYSCALL	  5
#define RF_OBJ_CAPABILITY 6
#define RF_OBJ_KERNEL	  7
#define RF_OBJ_PROCESS	  8

struct rf_obj_file {
	__u32 major;
	__u32 minor;
	__u64 ino;
	__u32 mode;	/* S_IF* */
	__u32 path_len; /* bytes of text that are the path; 0: unknown */
	__u32 new_len;	/* bytes after it that are new_path */
	__u32 flags;	/* RF_OF_* */
#define RF_OF_CUT 0x1	/* the path was longer than the record's text */
};

struct rf_obj_inet {
	__u16 family;  /* AF_* */
	__u16 port;    /* host order */
	__u8 protocol; /* IPPROTO_*; 0 unknown */
	__u8 pad[3];
	__u8 addr[16]; /* network order, IPv4 mapped */
};

struct rf_obj_unix {
	__u32 name_len; /* text: "/path" or "@name" bytes */
	__u32 pad;
};

struct rf_obj_device {
	__u32 type; /* 1 block, 2 char */
	__u32 major;
	__u32 minor;
	__u32 path_len;
};

/* In `access` of a record about a system call: the source does not tell its arguments. */
#define RF_SYSCALL_NO_ARGS 0x80000000u

struct rf_obj_syscall {
	__u32 nr;
	__u32 abi; /* AUDIT_ARCH_* */
	__u64 args[6];
	__u64 ip;
};

struct rf_obj_process {
	__u32 pid;
	__u32 pad;
	__u8 comm[16];
};

#define RF_TEXT_MAX 8192 /* path and new_path together, and the stack behind them */

/* Fixed part of every record; `size` counts this and the text that follows. */
struct rf_record {
	__u16 size;
	__u8 version;	/* RF_ABI_VERSION */
	__u8 type;	/* RF_REC_* */
	__u8 layer;	/* RF_SEC_* */
	__u8 hook;	/* RF_H_*, lsm/names.h */
	__u8 operation; /* RF_OP_*, lsm/names.h */
	__u8 verdict;	/* RF_V_* */
	__u64 seq;
	__u64 time; /* ns of CLOCK_BOOTTIME */
	__u64 sandbox;
	__u32 policy_gen;
	__u8 session;
	__u8 obj; /* RF_OBJ_* */
	__u16 rule;
	__u32 pid; /* thread group, in the initial pid namespace */
	__u32 tid;
	__u32 ppid;
	__u32 uid;
	__u32 gid;
	__u32 access;  /* rights asked for */
	__u32 missing; /* rights refused */
	__u16 code;    /* RF_CODE_* */
	__u16 errno_value;
	__u32 count;
	__u32 key;     /* RF_OBJ_KERNEL: RF_K_*; RF_OBJ_CAPABILITY: CAP_*; EXIT: wait status */
	__u64 start;   /* ns of CLOCK_BOOTTIME when the process began */
	__u64 exec_id; /* seq of the exec record that gave this process its executable */
	__u8 comm[16];
	__u16 fold;    /* this record began fold number fold - 1; 0: none */
	__u16 frames;  /* struct rf_frame that follow the text */
	__u16 objects; /* struct rf_mapped that follow the frames */
	__u16 pad;
	union {
		struct rf_obj_file file;
		struct rf_obj_inet inet;
		struct rf_obj_unix unix_name;
		struct rf_obj_device device;
		struct rf_obj_syscall syscall;
		struct rf_obj_process process;
		__u8 bytes[72];
	} o;
	__u8 text[];
};

#ifndef __cplusplus
_Static_assert(sizeof(struct rf_task) == 32, "task value");
_Static_assert(sizeof(struct rf_sandbox) == 256, "sandbox value");
_Static_assert(sizeof(struct rf_about) == 392, "about value");
_Static_assert(sizeof(struct rf_meta) == 256, "meta value");
_Static_assert(sizeof(struct rf_nailed) == 56, "nailed value");
_Static_assert(sizeof(struct rf_record) % 8 == 0, "records stay aligned");
#endif

#endif
