/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of refused system calls, completed by what the policy knows: the kernel reports number
 * and action, the model behind the installed filter tells who decided.
 */
#ifndef RF_LAUNCH_SYSRECORD_H
#define RF_LAUNCH_SYSRECORD_H

#include "lsm/abi.h"
#include "sandbox/policy/sysanswer.h"

/* Who may have refused a call whose arguments are not known. */
struct rf_sys_guess {
	bool any;
	/*
	 * Of several answers one_of_several is set, the rule is the filter's default if that is
	 * among them, and errno_value 0. It is 0, too, where one rule answers with several.
	 */
	struct rf_sys_answer answer;
	uint64_t args[6]; /* that are answered so */
};

/* Tries what the call's own cases ask about. False: nobody answers as the kernel did. */
bool rf_sysrecord_guess(const struct rf_sys_model *model, const struct rf_record *record,
			struct rf_sys_guess *ret);

/*
 * Completes a record whose object is a system call: rule, verdict, errno; a call that section
 * kernel or network refused becomes a record of that layer. 1: done,
 * and *ret tells the rest; 0: no filter of the policy
 * answers so to this call, another one did (programs may fence themselves further), the record is
 * left alone.
 */
int rf_sysrecord_complete(const struct rf_sys_model *model, struct rf_record *record,
			  struct rf_sys_answer *ret);

#endif
