/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of the page; private to page*.c. Each appends whole, closed elements.
 */
#ifndef RF_AUDIT_PAGE_PARTS_H
#define RF_AUDIT_PAGE_PARTS_H

#include "sandbox/audit/digest.h"
#include "sandbox/base/str.h"

/* Rows of a table, nodes of a tree; the rest is summed up in one line. */
#define RF_PAGE_ROWS  1000
#define RF_PAGE_NODES 2000
/* Bytes of one name, of an object and of a suggestion; longer ones are cut, a suggestion left out.
 */
#define RF_PAGE_NAME_MAX 300
#define RF_PAGE_WHAT_MAX 1200

/* Escapes text that may hold anything, or text that holds nothing a terminal would act on. */
void rf_page_raw(struct rf_str *out, const char *text, size_t len);
void rf_page_ready(struct rf_str *out, const char *text, size_t len);

/* As rf_page_ready, cut after RF_PAGE_WHAT_MAX bytes. */
void rf_page_what(struct rf_str *out, const struct rf_digest *digest, uint32_t word);

/* The same for words of the digest; a word that is not there is a dash. */
void rf_page_word(struct rf_str *out, const struct rf_digest *digest, uint32_t word);

/* "2026-01-05 10:11:12.123", or a dash. */
void rf_page_time(struct rf_str *out, int64_t ns);

/* The name of a sandbox, else its id. */
void rf_page_sandbox(struct rf_str *out, const struct rf_digest *digest, uint32_t sandbox);

void rf_page_rules(struct rf_str *out, const struct rf_digest *digest);
void rf_page_denials(struct rf_str *out, const struct rf_digest *digest);
void rf_page_peers(struct rf_str *out, const struct rf_digest *digest);
void rf_page_losses(struct rf_str *out, const struct rf_digest *digest);
void rf_page_sandboxes(struct rf_str *out, const struct rf_digest *digest);
void rf_page_processes(struct rf_str *out, const struct rf_digest *digest);
void rf_page_objects(struct rf_str *out, const struct rf_digest *digest);
void rf_page_timeline(struct rf_str *out, const struct rf_digest *digest);
void rf_page_stacks(struct rf_str *out, const struct rf_digest *digest);
void rf_page_stack_list(struct rf_str *out, const struct rf_digest *digest);

#endif
