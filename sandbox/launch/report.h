/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The enforcement report in words: what of a policy is held, how well, by what, and why not.
 *
 * docs/enforcement-report.md describes the JSON.
 */
#ifndef RF_LAUNCH_REPORT_H
#define RF_LAUNCH_REPORT_H

#include "sandbox/base/str.h"
#include "sandbox/launch/select.h"

/* Longest report; a policy of 65,000 rules fits. */
#define RF_REPORT_MAX (64u << 20)

/* The whole report as JSON, with a newline. */
int rf_report_json(struct rf_str *out, const struct rf_policy *policy,
		   const struct rf_selection *selection) RF_MUST_CHECK;

enum rf_report_lines {
	RF_REPORT_REFUSED, /* items that refuse the launch */
	RF_REPORT_WEAKER,  /* `should` items that are not held, or only more strictly */
	RF_REPORT_ASKED	   /* rules of the command line that are not held */
};

/*
 * One line per item for people: "  ID  FILE:LINE  not enforced|only more strictly: why"; of those
 * ASKED for each line is a message of its own, with "ringfence: " before it.
 * Returns the number of lines.
 */
size_t rf_report_text(struct rf_str *out, const struct rf_selection *selection,
		      enum rf_report_lines which);

#endif
