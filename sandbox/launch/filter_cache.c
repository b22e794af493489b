/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A filter that was built before is taken from the cache: building one takes milliseconds, which is
 * more than everything else that a launch does.
 */
#include "sandbox/launch/filter.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "config.h"
#include "sandbox/base/str.h"
#include "sandbox/launch/cache.h"

static void add_number(struct rf_hash *hash, uint64_t value)
{
	rf_hash_add(hash, &value, sizeof(value));
}

static void add_text(struct rf_hash *hash, const char *text)
{
	rf_hash_add(hash, text, strlen(text) + 1);
}

/* Another build may build otherwise, and profiles may ask for the kernel's version. */
static int add_machine(struct rf_hash *hash)
{
	struct utsname name;
	struct stat st;

	if (uname(&name) < 0 || stat("/proc/self/exe", &st) < 0)
		return -errno;
	add_text(hash, "filter 1 of ringfence " RF_VERSION);
	add_text(hash, name.release);
	add_text(hash, name.machine);
	add_number(hash, (uint64_t)st.st_size);
	add_number(hash, (uint64_t)st.st_mtim.tv_sec);
	add_number(hash, (uint64_t)st.st_mtim.tv_nsec);
	return 0;
}

static int make_key(char ret[RF_HASH_HEX_LEN + 1], const struct rf_policy *policy,
		    const struct rf_sys_context *context)
{
	struct rf_hash hash;
	int r;

	rf_hash_init(&hash);
	r = add_machine(&hash);
	add_text(&hash, policy->sha256);
	add_number(&hash, (uint64_t)policy->mode);
	add_number(&hash, policy->capabilities_keep);
	for (size_t i = 0; i < policy->n_rules; i++)
		add_number(&hash, (uint64_t)policy->rules[i]->mode);
	for (size_t i = 0; i < RF_KERNEL_COUNT; i++)
		add_number(&hash, (uint64_t)policy->kernel[i].value);
	add_number(&hash, (uint64_t)context->session);
	add_number(&hash, context->kernel);
	add_number(&hash, context->network_families);
	add_number(&hash, context->network_ports);
	add_number(&hash, context->hold_cgroup);
	add_number(&hash, context->hold_self);
	add_number(&hash, context->kernel_elsewhere);
	rf_hash_end_hex(&hash, ret);
	return r;
}

int rf_filter_make(const struct rf_policy *policy, const struct rf_sys_context *context,
		   struct rf_blob *ret, struct rf_err *err)
{
	RF_CLEANUP(rf_blob_done) struct rf_blob kept = {0};
	char key[RF_HASH_HEX_LEN + 1];
	bool caches =
		strlen(policy->sha256) == RF_HASH_HEX_LEN && make_key(key, policy, context) == 0;
	int r;

	if (caches && rf_cache_get(RF_CACHE_FILTER, key, &kept.data, &kept.len) == 0 &&
	    rf_filter_check(kept.data, kept.len, NULL) == 0) {
		*ret = kept;
		kept = (struct rf_blob){0};
		return 0;
	}
	r = rf_filter_build(policy, context, ret, err);
	if (r == 0 && caches)
		rf_cache_put(RF_CACHE_FILTER, key, ret->data, ret->len);
	return r;
}
