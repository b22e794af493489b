/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The published limits of a policy (docs/policy.md, "Limits"), each checked by the loader with an
 * error that names it. They bound memory and time for input that somebody else wrote; real
 * policies stay two orders of magnitude below.
 */
#ifndef RF_POLICY_LIMITS_H
#define RF_POLICY_LIMITS_H

#define RF_LIMIT_FILE_BYTES    (8u << 20) /* one file; 10,000 rules need about 2 MiB */
#define RF_LIMIT_DEPTH	       32	  /* nesting of one file; an OCI profile needs 9 */
#define RF_LIMIT_ARGUMENTS     63	  /* policies that one command names */
#define RF_LIMIT_FILES	       64	  /* files in one composed policy */
#define RF_LIMIT_EXTENDS_DEPTH 16
#define RF_LIMIT_RULES	       50000  /* of all sections; records number rules in 16 bits */
#define RF_LIMIT_PATTERNS      100000 /* of all rules, resolved ones included */
#define RF_LIMIT_ADDRESSES     100000 /* address ranges of all rules */
#define RF_LIMIT_CALLS	       200000 /* of all seccomp rules, sets written out */
#define RF_LIMIT_PATTERN_BYTES 4096   /* after variables; PATH_MAX */
#define RF_LIMIT_TEXT_BYTES    1024   /* reason and hint */
#define RF_LIMIT_ID_BYTES      64     /* id and name */
#define RF_LIMIT_PROBLEMS      500    /* told in one go; more are only counted */
#define RF_LIMIT_ARENA_BYTES   (256u << 20)

#endif
