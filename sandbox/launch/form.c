/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of the cache from which a launch starts. See form.h; form_choice.c packs the choice. */
#include "sandbox/launch/form.h"

#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "sandbox/base/log.h"
#include "sandbox/launch/cache.h"
#include "sandbox/launch/form_choice.h"
#include "sandbox/launch/landlock_looks.h"
#include "sandbox/policy/frozen.h"

/* The frozen policy follows at once, so that it is aligned; then the others. */
struct head {
	uint64_t policy_len;
	uint64_t trace_len;
	uint64_t choice_len;
	uint32_t looks_len;
	uint32_t has_looks;
	struct rf_image_part image_part;
};

void rf_form_done(struct rf_form *form)
{
	rf_trace_done(&form->made);
	(void)rf_ll_looks_free(form->looks);
	memset(form, 0, sizeof(*form));
}

/* ---- the key ---- */

static void add_number(struct rf_hash *hash, uint64_t value)
{
	rf_hash_add(hash, &value, sizeof(value));
}

static void add_text(struct rf_hash *hash, const char *text)
{
	add_number(hash, text ? strlen(text) : UINT64_MAX);
	if (text)
		rf_hash_add(hash, text, strlen(text));
}

/* Structures are kept as this build lays them out. */
static int add_build(struct rf_hash *hash)
{
	struct stat st;

	if (stat("/proc/self/exe", &st) < 0)
		return -errno;
	add_text(hash, "form 2 of ringfence " RF_VERSION);
	add_number(hash, st.st_dev);
	add_number(hash, st.st_ino);
	add_number(hash, (uint64_t)st.st_size);
	add_number(hash, (uint64_t)st.st_mtim.tv_sec);
	add_number(hash, (uint64_t)st.st_mtim.tv_nsec);
	add_number(hash, (uint64_t)st.st_ctim.tv_sec);
	add_number(hash, (uint64_t)st.st_ctim.tv_nsec);
	return 0;
}

static void add_options(struct rf_hash *hash, const struct rf_load_options *options)
{
	add_number(hash, options->n_variables);
	for (size_t i = 0; i < options->n_variables; i++) {
		add_text(hash, options->variables[i].name);
		add_text(hash, options->variables[i].value);
	}
	add_text(hash, options->root);
	add_number(hash, options->search_user);
	add_text(hash, options->user_config_dir);
	add_number(hash, options->n_extra);
	for (size_t i = 0; i < options->n_extra; i++) {
		add_number(hash, options->extra[i].deny);
		add_text(hash, options->extra[i].text);
		add_number(hash, options->extra[i].argv_index);
	}
	add_number(hash, options->audit_mode);
	add_number(hash, options->force_mode);
	add_number(hash, options->force_need);
	add_number(hash, options->need);
}

/* Relative names of policies count from where we are. */
static int add_caller(struct rf_hash *hash)
{
	char cwd[PATH_MAX];

	if (!getcwd(cwd, sizeof(cwd)))
		return -errno;
	add_text(hash, cwd);
	add_number(hash, getuid());
	add_number(hash, geteuid());
	return 0;
}

static int make_key(char ret[RF_HASH_HEX_LEN + 1], const char *const *names, size_t n,
		    const struct rf_load_options *options)
{
	struct rf_hash hash;
	int r;

	rf_hash_init(&hash);
	r = add_build(&hash);
	if (r == 0)
		r = add_caller(&hash);
	add_number(&hash, n);
	for (size_t i = 0; i < n; i++)
		add_text(&hash, names[i]);
	add_options(&hash, options);
	rf_hash_end_hex(&hash, ret);
	return r;
}

/* ---- the policy ---- */

/* Where the parts of an entry are; *ret_head is checked against len. */
static const char *open_entry(const char *entry, size_t len, struct head *ret_head)
{
	uint64_t left = len - sizeof(*ret_head);

	if (len < sizeof(*ret_head))
		return NULL;
	memcpy(ret_head, entry, sizeof(*ret_head));
	if (ret_head->policy_len > left)
		return NULL;
	left -= ret_head->policy_len;
	if (ret_head->trace_len > left)
		return NULL;
	left -= ret_head->trace_len;
	if (ret_head->choice_len > left || ret_head->looks_len != left - ret_head->choice_len)
		return NULL;
	return entry + sizeof(*ret_head);
}

/* The policy takes the entry's memory over. */
static int use_entry(struct rf_form *form, struct rf_policy **ret, char **entry, size_t len,
		     const struct rf_load_options *options)
{
	RF_CLEANUP(rf_ll_looks_freep) struct rf_ll_looks *looks = NULL;
	const char *trace, *choice;
	struct head head;
	const char *at = open_entry(*entry, len, &head);
	int r = 0;

	if (!at)
		return -EBADMSG;
	trace = at + head.policy_len;
	choice = trace + head.trace_len;
	if (!rf_trace_holds(trace, head.trace_len, options))
		return -ESTALE;
	if (head.has_looks)
		r = rf_ll_looks_again(&looks, choice + head.choice_len, head.looks_len);
	if (r == 0)
		r = rf_policy_thaw(ret, *entry + sizeof(head), head.policy_len, *entry);
	if (r < 0)
		return r;
	*entry = NULL;
	form->image_part = (const void *)(at - sizeof(head) + offsetof(struct head, image_part));
	form->choice = choice;
	form->choice_len = head.choice_len;
	form->looks = RF_TAKE_PTR(looks);
	form->has_looks = head.has_looks;
	return 0;
}

static int find_entry(struct rf_form *form, struct rf_policy **ret,
		      const struct rf_load_options *options)
{
	RF_AUTOFREE void *data = NULL;
	char *entry;
	size_t len;
	int r = rf_cache_get(RF_CACHE_LAUNCH, form->key, &data, &len);

	if (r < 0)
		return r;
	entry = data;
	r = use_entry(form, ret, &entry, len, options);
	data = entry;
	return r;
}

int rf_form_load(struct rf_form *form, struct rf_policy **ret, const char *const *names, size_t n,
		 const struct rf_load_options *options, struct rf_problems *problems,
		 struct rf_err *err)
{
	struct rf_load_options traced = *options;

	rf_trace_init(&form->made);
	if (make_key(form->key, names, n, options) < 0)
		form->key[0] = '\0';
	if (form->key[0] && find_entry(form, ret, options) == 0)
		return 0;
	form->fresh = true;
	traced.trace = &form->made;
	return rf_policy_load(ret, names, n, &traced, problems, err);
}

/* ---- the choice ---- */

static bool is_looked_at(const void *looks, const char *path)
{
	return looks && rf_ll_looks_cover(looks, path);
}

static int put_together(struct rf_str *out, struct rf_form *form, const struct rf_policy *policy,
			const struct rf_selection *selection, const struct rf_facts *facts)
{
	RF_AUTOSTR struct rf_str trace = RF_STR_INIT(out->limit);
	RF_AUTOSTR struct rf_str choice = RF_STR_INIT(out->limit);
	RF_AUTOSTR struct rf_str seen = RF_STR_INIT(out->limit);
	const struct rf_ll_looks *looks = selection->report.looks;
	RF_AUTOFREE void *frozen = NULL;
	struct head head;
	size_t frozen_len;
	int r = rf_policy_freeze(policy, &frozen, &frozen_len);

	if (r == 0)
		r = rf_choice_pack(&choice, selection, facts);
	if (r == 0 && looks)
		r = rf_ll_looks_pack(looks, &seen);
	if (r < 0)
		return r;
	if (!rf_trace_pack(&form->made, &trace, is_looked_at, looks) || seen.len > UINT32_MAX)
		return -EFBIG;
	head = (struct head){.policy_len = frozen_len,
			     .trace_len = trace.len,
			     .choice_len = choice.len,
			     .looks_len = (uint32_t)seen.len,
			     .has_looks = looks != NULL};
	rf_image_part_make(&head.image_part, policy);
	(void)rf_str_add_n(out, &head, sizeof(head));
	(void)rf_str_add_n(out, frozen, frozen_len);
	(void)rf_str_add_n(out, rf_str_text(&trace), trace.len);
	(void)rf_str_add_n(out, rf_str_text(&choice), choice.len);
	return rf_str_add_n(out, rf_str_text(&seen), seen.len);
}

static void keep(struct rf_form *form, const struct rf_policy *policy,
		 const struct rf_selection *selection, const struct rf_facts *facts)
{
	RF_AUTOSTR struct rf_str entry = RF_STR_INIT(RF_CACHE_ENTRY_MAX);

	if (put_together(&entry, form, policy, selection, facts) == 0)
		rf_cache_put(RF_CACHE_LAUNCH, form->key, rf_str_text(&entry), entry.len);
	else
		rf_log_debug("this launch cannot be kept");
}

/* Fills ret from the entry; negative if it does not fit. */
static int choose_again(struct rf_form *form, struct rf_selection *ret,
			const struct rf_policy *policy, const struct rf_candidate *candidates,
			const struct rf_facts *facts)
{
	int r;

	if (form->has_looks && !form->looks)
		return -ESTALE; /* they were used */
	r = rf_select_backends(ret, policy, candidates, facts, NULL);
	if (r == 0)
		r = rf_choice_unpack(ret, policy, facts, form->choice, form->choice_len);
	if (r < 0)
		rf_selection_done(ret);
	else
		ret->report.looks = RF_TAKE_PTR(form->looks);
	return r;
}

int rf_form_select(struct rf_form *form, struct rf_selection *ret, const struct rf_policy *policy,
		   const struct rf_candidate *candidates, const struct rf_facts *facts,
		   struct rf_err *err)
{
	int r;

	if (form->choice && choose_again(form, ret, policy, candidates, facts) == 0)
		return 0;
	r = rf_select(ret, policy, candidates, facts, err);
	if (r == 0 && form->fresh && form->key[0])
		keep(form, policy, ret, facts);
	else if (form->choice)
		rf_cache_drop(RF_CACHE_LAUNCH, form->key);
	return r;
}
