/* SPDX-License-Identifier: Apache-2.0 */
/* A small policy, a request and back-ends that only tell, for tests of the launcher's pure parts.
 */
#ifndef RF_TESTS_UNIT_LAUNCH_FIXTURE_H
#define RF_TESTS_UNIT_LAUNCH_FIXTURE_H

#include <string.h>

#include "sandbox/launch/launch.h"

/* What a fake back-end answers, and whether it is there. */
struct fake {
	enum rf_hold hold;
	bool absent;
	bool forgets; /* judges nothing */
	int asked;    /* how often, whether it is there */
};

static RF_UNUSED int fake_judge(const struct fake *fake, const char *name,
				const struct rf_policy *policy, enum rf_section section,
				struct rf_report *report, struct rf_err *err)
{
	size_t first = report->n;
	int r = fake->forgets ? 0 : rf_report_items(report, policy, section, err);

	for (size_t i = first; i < report->n; i++) {
		report->items[i].hold = fake->hold;
		report->items[i].by = name;
		if (fake->hold != RF_HOLD_EXACT)
			(void)snprintf(report->items[i].why, sizeof(report->items[i].why),
				       "%s says so", name);
	}
	return r;
}

static RF_UNUSED int fake_available(struct fake *fake, struct rf_err *err)
{
	fake->asked++;
	return fake->absent ? rf_err_set(err, -EOPNOTSUPP, "it is not here") : 0;
}

static RF_UNUSED int fake_prepare(struct rf_launch *launch RF_UNUSED, uint32_t sections RF_UNUSED,
				  struct rf_err *err RF_UNUSED)
{
	return 0;
}

static RF_UNUSED int fake_step(struct rf_launch *launch RF_UNUSED, struct rf_err *err RF_UNUSED)
{
	return 0;
}

/* Defines back-end NAME whose behaviour is `struct fake NAME_is`. */
#define FAKE_BACKEND(id, text, ...)                                                                \
	static struct fake id##_is;                                                                \
	static int id##_available(struct rf_err *err)                                              \
	{                                                                                          \
		return fake_available(&id##_is, err);                                              \
	}                                                                                          \
	static int id##_judge(const struct rf_policy *policy, enum rf_section section,             \
			      struct rf_report *report, struct rf_err *err)                        \
	{                                                                                          \
		return fake_judge(&id##_is, text, policy, section, report, err);                   \
	}                                                                                          \
	static const struct rf_backend id = {                                                      \
		.name = text, .available = id##_available, .judge = id##_judge, __VA_ARGS__}

/* Two file rules, a device default, everything `must`; the kernel keys `should`. */
struct fixture {
	struct rf_policy policy;
	struct rf_rule rule[2];
	const struct rf_rule *rules[2];
	struct rf_selection selection;
	struct rf_env env;
	struct rf_inherited inherited;
	struct rf_request request;
};

static RF_UNUSED void fixture_init(struct fixture *f)
{
	static char path[] = "PATH=/bin", command[] = "true";
	static char *env[] = {path, NULL}, *argv[] = {command, NULL};

	memset(f, 0, sizeof(*f));
	for (size_t i = 0; i < 2; i++) {
		f->rule[i] = (struct rf_rule){.section = RF_SECTION_FILES,
					      .index = (uint32_t)i,
					      .id = i ? "second" : "first",
					      .place = {"p.json", (uint32_t)i + 3, 5}};
		f->rules[i] = &f->rule[i];
	}
	f->policy.name = "p";
	memset(f->policy.sha256, 'a', 64);
	f->policy.rules = f->rules;
	f->policy.n_rules = 2;
	f->policy.no_new_privileges = true;
	f->policy.sections[RF_SECTION_FILES] =
		(struct rf_section_info){.present = true, .place = {"p.json", 2, 3}};
	f->policy.sections[RF_SECTION_CAPABILITIES].present = true;
	for (size_t i = 0; i < RF_KERNEL_COUNT; i++)
		f->policy.kernel[i] =
			(struct rf_kernel_setting){.value = RF_KERNEL_DENY, .need = RF_NEED_SHOULD};
	f->env = (struct rf_env){.list = env, .n = 1};
	f->request = (struct rf_request){.policy = &f->policy,
					 .selection = &f->selection,
					 .inherited = &f->inherited,
					 .argv = argv,
					 .env = &f->env,
					 .cwd = "/"};
}

#endif
