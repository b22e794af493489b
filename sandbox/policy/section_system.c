/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sections capabilities and kernel: closed lists of names.
 */
#include <string.h>
#include <sys/capability.h>

#include "sandbox/policy/draft.h"
#include "sandbox/policy/names.h"

#define CAP(name) (UINT64_C(1) << CAP_##name)

/* What container engines leave to a container; @all is what the library knows. */
static const struct {
	const char *name;
	uint64_t bits;
} cap_sets[] = {
	{"all", ~UINT64_C(0)},
	{"container-default", CAP(CHOWN) | CAP(DAC_OVERRIDE) | CAP(FOWNER) | CAP(FSETID) |
				      CAP(KILL) | CAP(NET_BIND_SERVICE) | CAP(SETFCAP) |
				      CAP(SETGID) | CAP(SETPCAP) | CAP(SETUID) | CAP(SYS_CHROOT)},
	{"none", 0},
};

static uint64_t known_caps(void)
{
	return (UINT64_C(1) << (CAP_LAST_CAP + 1)) - 1;
}

/* "net_admin", "cap_net_admin", "CAP_NET_ADMIN"; numbers, which libcap takes too, are refused. */
static int cap_number(const char *name, cap_value_t *ret)
{
	char text[64];

	if (strpbrk(name, "0123456789") || strlen(name) > 32)
		return -ENOENT;
	(void)snprintf(text, sizeof(text), "%s%s", strncasecmp(name, "cap_", 4) == 0 ? "" : "cap_",
		       name);
	return cap_from_name(text, ret) < 0 ? -ENOENT : 0;
}

static void tell_unknown_cap(struct rf_parse *p, struct rf_at at, const char *name)
{
	char *names[CAP_LAST_CAP + 1];
	const char *near, *bare[CAP_LAST_CAP + 1];
	size_t n = 0;

	for (int cap = 0; cap <= CAP_LAST_CAP; cap++) {
		names[n] = cap_to_name(cap);
		if (names[n]) {
			bare[n] = names[n] + strlen("cap_");
			n++;
		}
	}
	near = rf_suggest(strncasecmp(name, "cap_", 4) == 0 ? name + 4 : name, bare, n);
	rf_at_error(p, at, "unknown capability \"%s\"%s%s%s", name, near ? "; did you mean \"" : "",
		    near ? near : "", near ? "\"?" : "");
	while (n > 0)
		cap_free(names[--n]);
}

static void parse_cap(struct rf_parse *p, struct rf_at at, uint64_t *bits)
{
	const char *name = NULL;
	cap_value_t cap = 0;

	if (!rf_at_string(p, at, &name))
		return;
	for (size_t i = 0; name[0] == '@' && i < RF_ARRAY_LEN(cap_sets); i++) {
		if (strcmp(cap_sets[i].name, name + 1) == 0) {
			*bits |= cap_sets[i].bits & known_caps();
			return;
		}
	}
	if (name[0] == '@')
		rf_at_error(p, at,
			    "unknown set of capabilities \"%s\"; there are @all, "
			    "@container-default and @none",
			    name);
	else if (cap_number(name, &cap) < 0)
		tell_unknown_cap(p, at, name);
	else
		*bits |= UINT64_C(1) << cap;
}

/* An empty list has one reading here: keep nothing. */
static void parse_keep(struct rf_parse *p, struct rf_at at, void *out)
{
	struct rf_draft *draft = out;

	if (json_is_array(at.json) && json_array_size(at.json) == 0)
		return;
	if (!rf_at_is_list(p, at, "capabilities"))
		return;
	for (struct rf_at item = rf_at_first(p, at); item.json; item = rf_at_next(p, item))
		parse_cap(p, item, &draft->capabilities_keep);
}

static const struct rf_member cap_members[] = {
	{"need", rf_member_need},
	{"keep", parse_keep},
	{NULL, NULL},
};

void rf_parse_capabilities(struct rf_parse *p, struct rf_at at, void *draft)
{
	rf_section_begin(p, draft, RF_SECTION_CAPABILITIES, at);
	if (rf_at_object(p, at, cap_members, NULL, draft) && !rf_at_member(p, at, "keep").json)
		rf_at_error(p, at, "the section has no \"keep\"; an empty list keeps none");
}

/* ---- kernel ---- */

static bool may_be_inside(size_t key)
{
	return key == RF_KERNEL_PTRACE || key == RF_KERNEL_SIGNALS || key == RF_KERNEL_IPC;
}

static void parse_key(struct rf_parse *p, struct rf_at at, void *out)
{
	struct rf_draft *draft = out;
	size_t key = 0, choice = 0;

	while (strcmp(rf_kernel_key_names[key], rf_at_key(p, at)) != 0)
		key++;
	if (!rf_at_choice(p, at, rf_kernel_value_names, 3, &choice))
		return;
	if (choice == RF_KERNEL_INSIDE && !may_be_inside(key)) {
		rf_at_error(p, at,
			    "\"inside\" is for ptrace, signals and ipc; \"%s\" is \"allow\" "
			    "or \"deny\"",
			    rf_kernel_key_names[key]);
		return;
	}
	draft->kernel[key].value = (enum rf_kernel_value)choice;
	draft->kernel[key].need = draft->sections[RF_SECTION_KERNEL].need;
	draft->kernel[key].given = true;
	draft->kernel[key].place = rf_at_place(p, at);
}

static const struct rf_member kernel_members[] = {
	{"need", rf_member_need},
	{"mount", parse_key},
	{"user_namespaces", parse_key},
	{"namespaces", parse_key},
	{"ptrace", parse_key},
	{"signals", parse_key},
	{"ipc", parse_key},
	{"io_uring", parse_key},
	{"bpf", parse_key},
	{"perf_events", parse_key},
	{"keyrings", parse_key},
	{"modules", parse_key},
	{"fileless_exec", parse_key},
	{NULL, NULL},
};
_Static_assert(RF_ARRAY_LEN(kernel_members) == RF_KERNEL_COUNT + 2, "every key has a line");

void rf_parse_kernel(struct rf_parse *p, struct rf_at at, void *draft)
{
	rf_section_begin(p, draft, RF_SECTION_KERNEL, at);
	rf_at_object(p, at, kernel_members, NULL, draft);
}
