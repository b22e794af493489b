/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A digest as one page of HTML that needs nothing else: no network, no other file.
 *
 * The template, style and script are sandbox/audit/page/, embedded at build. The page's own content
 * security policy allows that style and that script by their hashes and nothing else. Everything
 * from events is escaped for terminals first, so that direction overrides and control characters
 * are seen as what they are, and then for HTML.
 */
#ifndef RF_AUDIT_PAGE_H
#define RF_AUDIT_PAGE_H

#include "sandbox/audit/digest.h"
#include "sandbox/base/str.h"

/* No page is longer, whatever the events say. */
#define RF_PAGE_MAX ((size_t)64 << 20)

/* Appends the page. sources: names of the files, for the heading. digest must be finished. */
int rf_page_add(struct rf_str *out, const struct rf_digest *digest, const char *const *sources,
		size_t n_sources) RF_MUST_CHECK;

#endif
