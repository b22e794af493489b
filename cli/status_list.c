/* SPDX-License-Identifier: Apache-2.0 */
/* Listing sandboxes, for people and for programs. See status_list.h. */
#include "cli/status_list.h"

#include <inttypes.h>
#include <jansson.h>

#include "sandbox/audit/history.h"

static void container_json(struct rf_str *out, const struct rf_about *about)
{
	(void)rf_str_add(out, ",\"container\":{\"id\":");
	(void)rf_str_add_json(out, about->container);
	(void)rf_str_add(out, ",\"runtime\":");
	(void)rf_str_add_json(out, about->runtime);
	if (about->pod[0]) {
		(void)rf_str_add(out, ",\"pod\":");
		(void)rf_str_add_json(out, about->pod);
	}
	(void)rf_str_add_char(out, '}');
}

static void sandbox_json(struct rf_str *out, const struct rf_sandbox *sb,
			 const struct rf_about *about)
{
	(void)rf_str_addf(out, "{\"id\":\"%016" PRIx64 "\",\"name\":", (uint64_t)sb->id);
	(void)rf_str_add_json(out, about->name);
	(void)rf_str_add(out, ",\"policy\":");
	(void)rf_str_add_json(out, about->policy);
	(void)rf_str_add(out, ",\"sha256\":");
	(void)rf_str_add_json(out, about->sha256);
	(void)rf_str_addf(out,
			  ",\"state\":\"%s\",\"supervisor\":%" PRIu64 ",\"tasks\":%" PRIu64
			  ",\"denied\":%" PRIu64 ",\"errors\":%" PRIu64 ",\"events\":%" PRIu64
			  ",\"lost\":%" PRIu64,
			  sb->state == RF_SB_LIVE ? "live" : "ending", (uint64_t)about->supervisor,
			  (uint64_t)sb->tasks, (uint64_t)sb->denied, (uint64_t)sb->errors,
			  (uint64_t)sb->seq, (uint64_t)sb->lost);
	if (sb->owner)
		(void)rf_str_addf(out, ",\"uid\":%" PRIu64, (uint64_t)sb->owner - 1);
	if (about->container[0])
		container_json(out, about);
	(void)rf_str_add_char(out, '}');
}

static void sandbox_text(struct rf_str *out, const struct rf_sandbox *sb,
			 const struct rf_about *about)
{
	(void)rf_str_addf(out, "%016" PRIx64 "  ", (uint64_t)sb->id);
	(void)rf_str_add_printable(out, about->container[0] ? about->container : about->name);
	(void)rf_str_add(out, "  policy ");
	(void)rf_str_add_printable(out, about->policy);
	if (about->container[0]) {
		(void)rf_str_add(out, "  container of ");
		(void)rf_str_add_printable(out, about->runtime);
	}
	(void)rf_str_addf(out, "  %" PRIu64 " tasks, %" PRIu64 " denied, %" PRIu64 " lost\n",
			  (uint64_t)sb->tasks, (uint64_t)sb->denied, (uint64_t)sb->lost);
}

/* The words about a sandbox are those of its beginning; its policy may be another by now. */
static void take_present_policy(const struct rf_sandbox *sb, struct rf_about *about)
{
	json_t *line = rf_history_line(sb->id, sb->policy_gen);
	const char *policy = json_string_value(json_object_get(line, "policy"));
	const char *sha256 = json_string_value(json_object_get(line, "sha256"));

	if (policy && sha256) {
		(void)snprintf(about->policy, sizeof(about->policy), "%s", policy);
		(void)snprintf(about->sha256, sizeof(about->sha256), "%s", sha256);
	}
	json_decref(line);
}

void rf_status_sandboxes(struct rf_str *out, struct rf_lsm *lsm, bool json, uint64_t owner)
{
	const char *comma = "";

	for (uint32_t slot = 0; slot < rf_fence_limit(lsm); slot++) {
		const struct rf_sandbox *sb = rf_fence_at(lsm, slot);
		struct rf_about about;

		if (owner && sb->owner != owner)
			continue;
		if (!rf_fence_in_use(sb) || rf_fence_about(lsm, slot, &about) < 0)
			continue;
		take_present_policy(sb, &about);
		if (json) {
			(void)rf_str_add(out, comma);
			sandbox_json(out, sb, &about);
			comma = ",";
		} else {
			sandbox_text(out, sb, &about);
		}
	}
}

int rf_status_text(struct rf_str *out, const char *list)
{
	json_t *root = json_loads(list, JSON_REJECT_DUPLICATES, NULL);
	size_t n = json_array_size(root);

	for (size_t i = 0; i < n; i++) {
		const char *id, *name, *policy;
		json_int_t tasks, denied, lost;

		if (json_unpack(json_array_get(root, i), "{s:s, s:s, s:s, s:I, s:I, s:I}", "id",
				&id, "name", &name, "policy", &policy, "tasks", &tasks, "denied",
				&denied, "lost", &lost) < 0)
			break;
		(void)rf_str_add_printable(out, id);
		(void)rf_str_add(out, "  ");
		(void)rf_str_add_printable(out, name);
		(void)rf_str_add(out, "  policy ");
		(void)rf_str_add_printable(out, policy);
		(void)rf_str_addf(out, "  %lld tasks, %lld denied, %lld lost\n", (long long)tasks,
				  (long long)denied, (long long)lost);
	}
	json_decref(root);
	return root ? 0 : -EPROTO;
}
