/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing and reading the list of policies that a sandbox has had; see history.h.
 */
#include "sandbox/audit/history.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/base/fd.h"
#include "sandbox/base/log.h"
#include "sandbox/base/str.h"

/* A line is written at once, and longer ones may be cut by a full file system. */
#define LINE_MAX_BYTES ((size_t)1 << 20)

/* Events of several policies come mixed only around a replacement. */
#define KEPT 4

struct rf_history {
	uint64_t sandbox;
	struct rf_past_policy kept[KEPT];
	size_t next;	/* which of them makes room */
	uint32_t first; /* a generation that has no line */
	bool has_first;
};

static void file_path(uint64_t sandbox, const char *suffix, char ret[128])
{
	(void)snprintf(ret, 128, RF_HISTORY_DIR "/%016" PRIx64 "%s", sandbox, suffix);
}

struct rf_history *rf_history_new(uint64_t sandbox)
{
	struct rf_history *history = calloc(1, sizeof(*history));

	if (history)
		history->sandbox = sandbox;
	return history;
}

struct rf_history *rf_history_free(struct rf_history *history)
{
	if (!history)
		return NULL;
	for (size_t i = 0; i < KEPT; i++)
		rf_wordbook_done(&history->kept[i].book);
	free(history);
	return NULL;
}

/* Lines that a killed writer left half are no JSON, and skipped. */
json_t *rf_history_line(uint64_t sandbox, uint32_t gen)
{
	RF_AUTOFREE char *text = NULL;
	json_t *found = NULL;
	char path[128];
	size_t len;

	file_path(sandbox, ".policies", path);
	if (rf_fd_read_file(path, RF_HISTORY_MAX + LINE_MAX_BYTES, &text, &len, NULL) < 0)
		return NULL;
	for (char *line = text, *end; *line; line = end) {
		json_t *json;

		end = line + strcspn(line, "\n");
		json = json_loadb(line, (size_t)(end - line), 0, NULL);
		if (json_integer_value(json_object_get(json, "gen")) == (json_int_t)gen) {
			json_decref(found);
			found = json_incref(json);
		}
		json_decref(json);
		end += *end == '\n';
	}
	return found;
}

static void load_book(struct rf_past_policy *policy)
{
	RF_AUTOFREE char *text = NULL;
	char path[160];
	size_t len;

	(void)snprintf(path, sizeof(path), RF_WORDS_DIR "/%.64s.json", policy->sha256);
	if (rf_fd_read_file(path, RF_WORDBOOK_MAX, &text, &len, NULL) < 0 ||
	    rf_wordbook_parse(&policy->book, text, len, NULL) < 0)
		rf_log_debug("no words for policy %s", policy->sha256);
}

struct rf_past_policy *rf_history_find(struct rf_history *history, uint32_t gen)
{
	struct rf_past_policy *policy;
	json_t *line;

	if (history->has_first && history->first == gen)
		return NULL;
	for (size_t i = 0; i < KEPT; i++)
		if (history->kept[i].sha256[0] && history->kept[i].gen == gen)
			return &history->kept[i];
	line = rf_history_line(history->sandbox, gen);
	if (!line) {
		history->first = gen;
		history->has_first = true;
		return NULL;
	}
	policy = &history->kept[history->next++ % KEPT];
	rf_wordbook_done(&policy->book);
	policy->gen = gen;
	(void)snprintf(policy->name, sizeof(policy->name), "%s",
		       json_string_value(json_object_get(line, "policy")));
	(void)snprintf(policy->sha256, sizeof(policy->sha256), "%s",
		       json_string_value(json_object_get(line, "sha256")));
	json_decref(line);
	load_book(policy);
	return policy;
}

static int append(int fd, const struct rf_str *text, struct rf_err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return rf_err_sys(err, -errno, "cannot look at the sandbox's list of policies");
	if (!S_ISREG(st.st_mode) || (size_t)st.st_size > RF_HISTORY_MAX)
		return rf_err_set(err, -EFBIG,
				  "the policy of this sandbox was replaced too often: its list of "
				  "policies is larger than %zu bytes",
				  RF_HISTORY_MAX);
	return rf_fd_write_all(fd, rf_str_text(text), text->len, err);
}

/*
 * Who ends a sandbox removes its record first and this list after: a list that was made later than
 * both is nobody's, and one whose record was there is seen by them.
 */
static int check_record(uint64_t sandbox, const char *list, struct rf_err *err)
{
	char path[128];

	file_path(sandbox, ".json", path);
	if (access(path, F_OK) == 0)
		return 0;
	(void)unlink(list);
	return rf_err_set(err, -ENOENT, "the sandbox has ended");
}

int rf_history_add(uint64_t sandbox, uint32_t gen, const char *name, const char *sha256,
		   const char *recipe, struct rf_err *err)
{
	RF_AUTOSTR struct rf_str text = RF_STR_INIT(LINE_MAX_BYTES);
	RF_AUTOCLOSE int fd = -1;
	char path[128];
	int r;

	/* Behind a line that was cut, this one begins a line of its own. */
	(void)rf_str_addf(&text, "\n{\"gen\":%" PRIu32 ",\"policy\":", gen);
	(void)rf_str_add_json(&text, name);
	(void)rf_str_addf(&text, ",\"sha256\":\"%s\"", sha256);
	if (recipe)
		(void)rf_str_addf(&text, ",\"recipe\":%s", recipe);
	r = rf_str_add(&text, "}\n");
	if (r < 0)
		return rf_err_sys(err, r, "cannot describe the policy");
	r = rf_fd_mkdirs(RF_HISTORY_DIR, 0755, err);
	if (r < 0)
		return r;
	file_path(sandbox, ".policies", path);
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	r = fd < 0 ? rf_err_sys(err, -errno, "cannot open %s", path) : append(fd, &text, err);
	return r < 0 ? r : check_record(sandbox, path, err);
}
