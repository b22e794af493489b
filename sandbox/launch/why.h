/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asking a policy about one access without doing it: who decides, why, and what would change it.
 *
 * The packed policy is asked through lsm/match.h, which is what the kernel side runs; system calls
 * go to the model that the installed filter is generated from.
 */
#ifndef RF_LAUNCH_WHY_H
#define RF_LAUNCH_WHY_H

#include "lsm/match_dfa.h"
#include "sandbox/base/str.h"
#include "sandbox/launch/image.h"
#include "sandbox/policy/policy.h"
#include "sandbox/policy/sysmodel.h"

enum rf_why_kind {
	RF_WHY_FILE,
	RF_WHY_INET,
	RF_WHY_UNIX,
	RF_WHY_SYSCALL,
	RF_WHY_CAPABILITY,
	RF_WHY_DEVICE,
	RF_WHY_KERNEL
};

#define RF_WHY_TEXT_MAX 4096

struct rf_question {
	enum rf_why_kind kind;
	uint32_t rights;	    /* FILE, INET, UNIX, DEVICE: bits of that section */
	uint32_t session;	    /* RF_SESS_* */
	char text[RF_WHY_TEXT_MAX]; /* FILE: resolved path; UNIX: "/path" or "@name"; else words */
	uint8_t address[16];
	uint16_t port;
	uint8_t protocol; /* RF_PROTO_* */
	uint32_t audit_arch;
	uint32_t nr;
	uint64_t args[6];
	uint32_t n_args; /* arguments that were given */
	bool blind;	 /* SYSCALL, out of a record: it was refused, its arguments are not known */
	uint32_t number; /* CAPABILITY: CAP_*; KERNEL: enum rf_kernel_key */
	uint32_t dev_type; /* 1 block, 2 char */
	uint32_t dev_major, dev_minor;
};

/* Strings are the policy's, static, or in the struct itself. */
struct rf_finding {
	uint32_t verdict; /* RF_V_* */
	uint32_t section;
	const char *rule; /* as events say it: "secrets", "files.default", "ringfence.self" */
	const struct rf_rule *decided; /* NULL: no rule of the policy */
	struct rf_place place;	       /* line 0: nowhere */
	const char *reason;	       /* NULL: none */
	const char *hint;
	int errno_value;      /* of the rule; 0: the layer's own */
	bool enforced;	      /* the section is present */
	bool depends_on_args; /* SYSCALL: other arguments may get another answer */
	uint16_t chosen; /* INET, a local port 0: a port the kernel may choose; this is about it */
};

/* Where the automaton stands after a path, as the kernel side walks it. Negative: no path. */
int rf_why_walk(const struct rf_img *img, const struct rf_dfa_head *dfa, const char *path,
		struct rf_dfa_pos *ret) RF_MUST_CHECK;

/*
 * One policy that many questions are put to: what is needed for a kind of question is made once.
 * Policy and image are borrowed.
 */
struct rf_asker;

int rf_asker_new(struct rf_asker **ret, const struct rf_policy *policy,
		 const struct rf_image *image, struct rf_err *err) RF_MUST_CHECK;

/* Accepts NULL; returns NULL. */
struct rf_asker *rf_asker_free(struct rf_asker *asker);

RF_DEFINE_CLEANUP(struct rf_asker, rf_asker_freep, rf_asker_free)

/* 0, or a negative errno: the question cannot be answered (a name with an empty component…). */
int rf_asker_ask(struct rf_asker *asker, const struct rf_question *question, struct rf_finding *ret,
		 struct rf_err *err) RF_MUST_CHECK;

/* What it asks about system calls in a session. Owned by the asker. */
int rf_asker_model(struct rf_asker *asker, uint32_t session, const struct rf_sys_model **ret,
		   struct rf_err *err) RF_MUST_CHECK;

/* One question. */
int rf_why_ask(const struct rf_policy *policy, const struct rf_image *image,
	       const struct rf_question *question, struct rf_finding *ret, struct rf_err *err)
	RF_MUST_CHECK;

/*
 * What would be answered if the rule that decided did not speak of this: 1 and *ret, or 0 where no
 * rule decided, or a negative errno.
 */
int rf_why_otherwise(const struct rf_policy *policy, const struct rf_question *question,
		     const struct rf_finding *finding, struct rf_finding *ret, struct rf_err *err)
	RF_MUST_CHECK;

/*
 * The smallest change that would allow what was denied, as one sentence; empty if it is allowed.
 * otherwise may be NULL. A place beside a change is where it must be made. For terminals and for
 * programs alike: names in it are JSON in which nothing is left that a terminal acts on.
 */
int rf_why_change(const struct rf_policy *policy, const struct rf_question *question,
		  const struct rf_finding *finding, const struct rf_finding *otherwise, char *ret,
		  size_t size, struct rf_err *err) RF_MUST_CHECK;

/* "denied", "allowed", "killed", "would_deny". */
const char *rf_why_verdict_name(uint32_t verdict);

/* Names of the rights of a question, joined by commas. */
void rf_why_rights(const struct rf_question *question, char *ret, size_t size);

/* The question in words: "read,write /etc/x", "connect tcp 10.0.0.1:80", "capability kill". */
void rf_why_describe(const struct rf_question *question, struct rf_str *out);

#endif
