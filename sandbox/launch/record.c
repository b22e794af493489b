/* SPDX-License-Identifier: Apache-2.0 */
/* Writing and removing the record of a running sandbox. See record.h; collect.c reads them. */
#include "sandbox/launch/record.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "sandbox/base/fd.h"
#include "sandbox/base/str.h"
#include "sandbox/launch/backend.h"
#include "sandbox/launch/record_dir.h"

/* A command line may be two megabytes long, and its recipe a little longer. */
#define RECORD_MAX (4u << 20)

/* A number of fixed width, so that it can be written over in place; blanks are JSON's. */
#define COMMAND_FORMAT "%10ld"

static int format(struct rf_str *text, const struct rf_launch *launch, const char *recipe,
		  off_t *command_at)
{
	rf_str_addf(text, "{\"v\":1,\"id\":\"%016" PRIx64 "\",\"name\":", launch->sandbox_id);
	rf_str_add_json(text, launch->sandbox_name);
	rf_str_add(text, ",\"policy\":");
	rf_str_add_json(text, launch->policy->name);
	rf_str_addf(text,
		    ",\"sha256\":\"%s\",\"supervisor\":%ld,\"command\":", launch->policy->sha256,
		    (long)getpid());
	*command_at = (off_t)text->len;
	rf_str_addf(text, COMMAND_FORMAT ",\"uid\":%u,\"cgroup\":", 0L, launch->uid);
	rf_str_add_json(text, launch->cgroup_path);
	if (recipe)
		rf_str_addf(text, ",\"recipe\":%s", recipe);
	rf_str_add(text, "}\n");
	return rf_str_error(text);
}

/* Without a name until it is whole and locked: who dies before leaves nothing. */
static int create(struct rf_record *record, struct rf_err *err)
{
	record->lock_fd = openat(record->dir_fd, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	if (record->lock_fd < 0)
		return rf_err_sys(err, -errno, "cannot make the record of the sandbox");
	if (flock(record->lock_fd, LOCK_EX) < 0)
		return rf_err_sys(err, -errno, "cannot lock the record of the sandbox");
	return 0;
}

static int give_name(const struct rf_record *record, struct rf_err *err)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", record->lock_fd);
	if (linkat(AT_FDCWD, path, record->dir_fd, record->file, AT_SYMLINK_FOLLOW) < 0)
		return rf_err_sys(err, -errno, "cannot name the record of the sandbox");
	return 0;
}

int rf_record_write(struct rf_record *ret, const struct rf_launch *launch, const char *recipe,
		    struct rf_err *err)
{
	RF_AUTOSTR struct rf_str text = RF_STR_INIT(RECORD_MAX);
	struct rf_record record = RF_RECORD_INIT;
	int r;

	if (rf_record_dir_open(&record.dir_fd, true, NULL) < 0)
		return 0;
	(void)snprintf(record.file, sizeof(record.file), "%016" PRIx64 ".json", launch->sandbox_id);
	r = format(&text, launch, recipe, &record.command_at);
	if (r < 0)
		rf_err_sys(err, r, "cannot describe the sandbox");
	else
		r = create(&record, err);
	if (r == 0 && rf_fd_write_all(record.lock_fd, rf_str_text(&text), text.len, NULL) < 0) {
		/* No room, or no file may grow: as where there is no directory. */
		rf_record_remove(&record);
		return 0;
	}
	if (r == 0)
		r = give_name(&record, err);
	if (r < 0) {
		rf_record_remove(&record);
		return r;
	}
	*ret = record;
	return 0;
}

void rf_record_command(const struct rf_record *record, pid_t pid)
{
	char number[16];

	(void)snprintf(number, sizeof(number), COMMAND_FORMAT, (long)pid);
	if (record->lock_fd >= 0)
		(void)!pwrite(record->lock_fd, number, strlen(number), record->command_at);
}

void rf_record_remove(struct rf_record *record)
{
	if (record->lock_fd >= 0) {
		(void)unlinkat(record->dir_fd, record->file, 0);
		rf_record_history_remove(record->dir_fd, record->file);
	}
	rf_record_leave(record);
}

void rf_record_leave(struct rf_record *record)
{
	if (record->lock_fd >= 0)
		(void)close(RF_TAKE_FD(record->lock_fd));
	if (record->dir_fd >= 0)
		(void)close(RF_TAKE_FD(record->dir_fd));
}
