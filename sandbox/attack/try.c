/* SPDX-License-Identifier: Apache-2.0 */
/* What came of an attempt, said from inside the fence. See attempt.h. */
#include <fcntl.h>
#include <string.h>

#include "sandbox/attack/attempt.h"
#include "sandbox/attack/scene.h"
#include "sandbox/base/install.h"
#include "sandbox/base/str.h"

static void say(struct rf_try *t, enum rf_trial_state state, int error, const char *what)
{
	t->trial->error = error;
	(void)snprintf(t->trial->note, sizeof(t->trial->note), "%s", what);
	t->trial->state = (int32_t)state;
}

bool rf_try_is_refusal(const struct rf_try *t, int error)
{
	return error == EPERM || error == EACCES || error == EXDEV || error == ENOSYS ||
	       (t->refusal && error == t->refusal);
}

void rf_try_held(struct rf_try *t, int error, const char *what)
{
	say(t, RF_TRIAL_HELD, error, what);
}

void rf_try_passed(struct rf_try *t, const char *what)
{
	say(t, RF_TRIAL_PASSED, 0, what);
}

void rf_try_untried(struct rf_try *t, const char *what)
{
	say(t, RF_TRIAL_UNTRIED, errno, what);
}

void rf_try_failed(struct rf_try *t, const char *what)
{
	int error = errno;

	say(t, rf_try_is_refusal(t, error) ? RF_TRIAL_HELD : RF_TRIAL_UNTRIED, error, what);
}

void rf_try_result(struct rf_try *t, long value, const char *what)
{
	if (value < 0)
		rf_try_failed(t, what);
	else
		rf_try_passed(t, what);
}

void rf_try_read(struct rf_try *t, int fd, const char *what)
{
	char text[RF_TOKEN_LEN + 1] = "";
	ssize_t len;

	if (fd < 0) {
		rf_try_failed(t, what);
		return;
	}
	len = read(fd, text, RF_TOKEN_LEN);
	if (len < 0)
		rf_try_failed(t, "read");
	else if (strcmp(text, t->scene->token) == 0)
		rf_try_passed(t, "the secret was read");
	else
		rf_try_untried(t, "something else than the secret was read");
	(void)close(fd);
}

void rf_try_open(struct rf_try *t, const char *path)
{
	rf_try_read(t, open(path, O_RDONLY | O_CLOEXEC), "open");
}

bool rf_try_changed(const struct rf_try *t)
{
	char text[RF_TOKEN_LEN + 2] = "";
	RF_AUTOCLOSE int fd = open(t->secret, O_RDONLY | O_CLOEXEC);

	return fd < 0 || read(fd, text, RF_TOKEN_LEN + 1) != RF_TOKEN_LEN ||
	       strcmp(text, t->scene->token) != 0;
}

const char *rf_try_path(const char *dir, const char *name)
{
	static char buffers[4][2 * PATH_MAX];
	static unsigned int turn;
	char *at = buffers[turn++ % RF_ARRAY_LEN(buffers)];

	(void)snprintf(at, sizeof(buffers[0]), "%s/%s", dir, name);
	return at;
}

const char *rf_try_installed(const char *name)
{
	static char buffers[2][2 * PATH_MAX];
	static unsigned int turn;
	char *at = buffers[turn++ % RF_ARRAY_LEN(buffers)];
	struct rf_err err = RF_ERR_INIT;
	RF_AUTOFREE char *dir = NULL;
	int r = 0;

	if (rf_str_has_prefix(name, "%libexec"))
		r = rf_install_libexecdir(&dir, &err);
	else if (rf_str_has_prefix(name, "%data"))
		r = rf_install_datadir(&dir, &err);
	else
		return name;
	(void)snprintf(at, sizeof(buffers[0]), "%s%s", r == 0 ? dir : "", strchr(name, '/'));
	return at;
}
