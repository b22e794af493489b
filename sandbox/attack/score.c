/* SPDX-License-Identifier: Apache-2.0 */
/* What came of each attempt, seen from outside: what it said, checked against its effect. */
#include <string.h>

#include "sandbox/attack/fenced.h"

static void end(struct rf_result *r, enum rf_score score, const char *got, const char *note)
{
	r->score = score;
	r->got = got;
	(void)snprintf(r->note, sizeof(r->note), "%s", note);
}

/* Why something could not be tried, with the error if there was one. */
static void tell_untried(struct rf_result *r, const struct rf_trial *trial)
{
	const char *name = trial->error ? strerrorname_np(trial->error) : NULL;

	end(r, RF_SCORE_NA, "-", "");
	(void)snprintf(r->note, sizeof(r->note), "%s%s%s", trial->note, name ? ": " : "",
		       name ? name : "");
}

void rf_attack_score(const struct rf_scene *scene, size_t index, struct rf_result *ret)
{
	const struct rf_attempt *a = rf_attack_at(index);
	const struct rf_try *t = &scene->tries[index];
	struct rf_trial trial = *t->trial;
	struct rf_expectation e;

	rf_expect(scene, a, t, &e);
	*ret = (struct rf_result){.expected = e.verdict, .error = trial.error, .ms = trial.ms};
	trial.note[sizeof(trial.note) - 1] = 0;
	if (!e.applies) {
		end(ret, RF_SCORE_NA, "-", e.why_not);
		return;
	}
	if (trial.state != RF_TRIAL_NONE && a->happened && a->happened(t)) {
		end(ret, RF_SCORE_FAIL, "allowed", "its effect was seen from outside");
		return;
	}
	switch (trial.state) {
	case RF_TRIAL_HELD:
		end(ret, RF_SCORE_OK, "denied", trial.note);
		break;
	case RF_TRIAL_KILLED:
		end(ret, RF_SCORE_OK, "killed", trial.note);
		break;
	case RF_TRIAL_PASSED:
		end(ret, RF_SCORE_FAIL, "allowed", trial.note);
		break;
	case RF_TRIAL_UNTRIED:
		tell_untried(ret, &trial);
		break;
	case RF_TRIAL_HUNG:
		end(ret, RF_SCORE_FAIL, "hung", "it did not end in its time and was killed");
		break;
	case RF_TRIAL_CRASHED:
		end(ret, RF_SCORE_FAIL, "crashed", trial.note);
		break;
	default:
		end(ret, RF_SCORE_FAIL, "unrun", "the time was up before its turn");
		break;
	}
}
