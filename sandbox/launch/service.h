/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an ordinary user's `run` and the service say to each other: `ringfence serve` listens on
 * RF_SERVICE_SOCKET (SOCK_SEQPACKET, so that a message is whole or not there).
 *
 *	service		user
 *	HELLO ->			whether it can, and the number of the sandbox to come
 *			<- SANDBOX	names, sizes; then DATA until the body is there
 *	ANSWER ->			the sandbox is up, and empty
 *			<- TASK		the waiting child, as a pidfd
 *	ANSWER ->			the child is fenced
 *	EVENT ->			each event of the sandbox, until
 *			<- END		or the connection's end
 *
 * JOIN instead of SANDBOX puts a further child into a sandbox of the same user; LIST and STOP are
 * answered by ANSWER, LIST after the TEXT. The body is the compiled policy, its wordbook as JSON
 * and the names that its deny rules fix, each ending with a NUL. Nothing that a user says is
 * trusted: everything here is checked by rf_service_parse and whoever calls it.
 */
#ifndef RF_LAUNCH_SERVICE_H
#define RF_LAUNCH_SERVICE_H

#include <linux/types.h>
#include <stddef.h>

#include "sandbox/base/err.h"
#include "sandbox/policy/policy.h"

#define RF_SERVICE_DIR	  "/run/ringfence"
#define RF_SERVICE_SOCKET RF_SERVICE_DIR "/socket"

#define RF_SERVICE_MAGIC   0x56534652u /* "RFSV" */
#define RF_SERVICE_VERSION 1

/* Ten thousand path rules need 4 MiB; room for the words that go with them. */
#define RF_SERVICE_PAGES_MAX 256u
#define RF_SERVICE_WORDS_MAX (8u << 20)
#define RF_SERVICE_NAMES_MAX (1u << 20)
#define RF_SERVICE_NAMES     256u /* names that deny rules fix; each takes a place in the kernel */

/* One message; the largest is an EVENT with its record and its line. */
#define RF_SERVICE_CHUNK       (48u << 10)
#define RF_SERVICE_MESSAGE_MAX (192u << 10)

enum rf_service_type {
	RF_SERVICE_HELLO = 1,
	RF_SERVICE_ANSWER,
	RF_SERVICE_EVENT,
	RF_SERVICE_TEXT,
	RF_SERVICE_SANDBOX,
	RF_SERVICE_DATA,
	RF_SERVICE_JOIN,
	RF_SERVICE_TASK,
	RF_SERVICE_END,
	RF_SERVICE_LIST,
	RF_SERVICE_STOP,
	RF_SERVICE_TYPES
};

/* Every message begins so. size counts the whole message. */
struct rf_service_head {
	__u32 magic;
	__u16 version;
	__u16 type;
	__u32 size;
	__u32 zero;
};

/* HELLO and ANSWER. */
struct rf_service_answer {
	struct rf_service_head head;
	__u64 id;    /* HELLO: of the sandbox that may be made */
	__s32 code;  /* 0, or a negative errno and why */
	__u32 value; /* STOP: 1 if processes are still there */
	char text[400];
};

#define RF_SERVICE_STACKS 0x1u /* as rf_fence_spec.stacks */

struct rf_service_sandbox {
	struct rf_service_head head;
	__u64 id;     /* as HELLO said */
	__u64 cgroup; /* of the sandbox; 0: none */
	__u32 flags;
	__u32 n_pages;
	__u32 words_size;
	__u32 names_size;
	char name[64];
	char policy[64];
	char sha256[72]; /* 64 hexadecimal digits */
};

/* JOIN (flags 0) and STOP. */
struct rf_service_which {
	struct rf_service_head head;
	__u64 id;
	__u32 flags;
	__u32 zero;
};

#define RF_SERVICE_KILL 0x1u /* STOP: at once */

/* EVENT: a record (0 bytes: there is none), then the line with its newline. */
struct rf_service_event {
	struct rf_service_head head;
	__u32 record_size;
	__u32 line_size;
};

/* A message from a user, checked; points into the bytes it was made from. */
struct rf_service_message {
	enum rf_service_type type;
	struct rf_service_sandbox sandbox; /* SANDBOX */
	struct rf_service_which which;	   /* JOIN, STOP */
	const void *data;		   /* DATA */
	size_t data_size;
};

/*
 * What users may say: a known type of this version, as long as it says, with limits kept, texts
 * ended and nothing in the rest of them, unknown flags and padding 0. Else -EPROTO and what is
 * wrong.
 */
int rf_service_parse(struct rf_service_message *ret, const void *bytes, size_t size,
		     struct rf_err *err) RF_MUST_CHECK;

/*
 * The names of a body as patterns that match themselves: absolute, without empty, "." or ".."
 * components. The array is the caller's to free, the texts point into bytes.
 */
int rf_service_names(struct rf_pattern **ret, size_t *ret_n, const char *bytes, size_t size,
		     struct rf_err *err) RF_MUST_CHECK;

/* The bytes of a SANDBOX's body. */
size_t rf_service_body(const struct rf_service_sandbox *sandbox);

/*
 * What the service may say: HELLO or ANSWER into *ret, its text ended. -EPROTO: neither. An answer
 * whose code is not 0 is a success here.
 */
int rf_service_parse_answer(struct rf_service_answer *ret, const void *bytes, size_t size,
			    struct rf_err *err) RF_MUST_CHECK;

/* EVENT: where its record (NULL: none) and its line are, each within the bytes. */
int rf_service_parse_event(const void *bytes, size_t size, const void **record, size_t *record_size,
			   const char **line, size_t *line_size) RF_MUST_CHECK;

/* A head for a message of `size` bytes in all. */
struct rf_service_head rf_service_head(enum rf_service_type type, size_t size);

#endif
