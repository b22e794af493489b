/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading messages of the service's socket; see service.h. Pure: bytes in, checked values out.
 */
#include "sandbox/launch/service.h"

#include <limits.h>
#include <string.h>

#include "lsm/abi_image.h"

_Static_assert(RF_SERVICE_PAGES_MAX <= RF_IMAGE_MAX_PAGES,
	       "the service takes no more than the kernel");

static int bad(struct rf_err *err, const char *what)
{
	return rf_err_set(err, -EPROTO, "the message is not understood: %s", what);
}

struct rf_service_head rf_service_head(enum rf_service_type type, size_t size)
{
	return (struct rf_service_head){.magic = RF_SERVICE_MAGIC,
					.version = RF_SERVICE_VERSION,
					.type = (__u16)type,
					.size = (__u32)size};
}

static int parse_head(struct rf_service_head *ret, const void *bytes, size_t size,
		      struct rf_err *err)
{
	if (size < sizeof(*ret) || size > RF_SERVICE_MESSAGE_MAX)
		return bad(err, "its size");
	memcpy(ret, bytes, sizeof(*ret));
	if (ret->magic != RF_SERVICE_MAGIC)
		return bad(err, "it is of something else");
	if (ret->version != RF_SERVICE_VERSION)
		return rf_err_set(err, -EPROTO, "the message is of version %u, not %u",
				  ret->version, RF_SERVICE_VERSION);
	if (ret->size != size)
		return bad(err, "it is longer or shorter than it says");
	return ret->zero ? bad(err, "a member that must be 0") : 0;
}

/* One text, and nothing behind its end. */
static bool is_text(const char *text, size_t room, size_t least)
{
	size_t len = strnlen(text, room);

	if (len == room || len < least)
		return false;
	for (size_t i = len; i < room; i++)
		if (text[i])
			return false;
	return true;
}

static int parse_sandbox(struct rf_service_sandbox *ret, const void *bytes, size_t size,
			 struct rf_err *err)
{
	if (size != sizeof(*ret))
		return bad(err, "its size");
	memcpy(ret, bytes, sizeof(*ret));
	if (!ret->id || (ret->flags & ~RF_SERVICE_STACKS))
		return bad(err, "its number or flags");
	if (!ret->n_pages || ret->n_pages > RF_SERVICE_PAGES_MAX)
		return rf_err_set(err, -EFBIG, "a policy of %u pages; the service takes 1 to %u",
				  ret->n_pages, RF_SERVICE_PAGES_MAX);
	if (!ret->words_size || ret->words_size > RF_SERVICE_WORDS_MAX ||
	    ret->names_size > RF_SERVICE_NAMES_MAX)
		return rf_err_set(err, -EFBIG, "the words of the policy are too long");
	if (!is_text(ret->name, sizeof(ret->name), 1) ||
	    !is_text(ret->policy, sizeof(ret->policy), 1) ||
	    !is_text(ret->sha256, sizeof(ret->sha256), 64) ||
	    strspn(ret->sha256, "0123456789abcdef") != 64 || ret->sha256[64])
		return bad(err, "a name");
	return 0;
}

static int parse_which(struct rf_service_which *ret, const void *bytes, size_t size, __u32 flags,
		       struct rf_err *err)
{
	if (size != sizeof(*ret))
		return bad(err, "its size");
	memcpy(ret, bytes, sizeof(*ret));
	if (!ret->id || ret->zero || (ret->flags & ~flags))
		return bad(err, "its number or flags");
	return 0;
}

int rf_service_parse(struct rf_service_message *ret, const void *bytes, size_t size,
		     struct rf_err *err)
{
	struct rf_service_head head;
	int r = parse_head(&head, bytes, size, err);

	if (r < 0)
		return r;
	memset(ret, 0, sizeof(*ret));
	ret->type = (enum rf_service_type)head.type;
	switch (ret->type) {
	case RF_SERVICE_SANDBOX:
		return parse_sandbox(&ret->sandbox, bytes, size, err);
	case RF_SERVICE_JOIN:
		return parse_which(&ret->which, bytes, size, 0, err);
	case RF_SERVICE_STOP:
		return parse_which(&ret->which, bytes, size, RF_SERVICE_KILL, err);
	case RF_SERVICE_DATA:
		ret->data = (const char *)bytes + sizeof(head);
		ret->data_size = size - sizeof(head);
		return ret->data_size && ret->data_size <= RF_SERVICE_CHUNK ? 0
									    : bad(err, "its size");
	case RF_SERVICE_TASK:
	case RF_SERVICE_END:
	case RF_SERVICE_LIST:
		return size == sizeof(head) ? 0 : bad(err, "its size");
	case RF_SERVICE_HELLO:
	case RF_SERVICE_ANSWER:
	case RF_SERVICE_EVENT:
	case RF_SERVICE_TEXT:
	case RF_SERVICE_TYPES:
	default:
		return bad(err, "it is of no kind that users send");
	}
}

size_t rf_service_body(const struct rf_service_sandbox *sandbox)
{
	return (size_t)sandbox->n_pages * sizeof(struct rf_page) + sandbox->words_size +
	       sandbox->names_size;
}

/* As the patterns of policies are: nothing that leads elsewhere than it reads. */
static bool is_plain(const char *name)
{
	if (name[0] != '/' || strlen(name) >= PATH_MAX)
		return false;
	for (const char *at = name; *at;) {
		size_t len = strcspn(++at, "/");

		if ((len == 0 && name[1]) || (len == 1 && at[0] == '.') ||
		    (len == 2 && at[0] == '.' && at[1] == '.'))
			return false;
		at += len;
	}
	return true;
}

int rf_service_names(struct rf_pattern **ret, size_t *ret_n, const char *bytes, size_t size,
		     struct rf_err *err)
{
	RF_AUTOFREE struct rf_pattern *list = calloc(RF_SERVICE_NAMES, sizeof(*list));
	size_t n = 0;

	if (!list)
		return rf_err_sys(err, -ENOMEM, "keep the names of deny rules");
	for (size_t at = 0; at < size; n++) {
		size_t len = strnlen(bytes + at, size - at);

		if (n == RF_SERVICE_NAMES)
			return rf_err_set(err, -E2BIG,
					  "deny rules name more than %u objects without a "
					  "wildcard, which is the service's limit",
					  RF_SERVICE_NAMES);
		if (len == size - at || !is_plain(bytes + at))
			return bad(err, "a name of a deny rule");
		list[n] = (struct rf_pattern){.text = bytes + at, .literal = true};
		at += len + 1;
	}
	*ret = RF_TAKE_PTR(list);
	*ret_n = n;
	return 0;
}

int rf_service_parse_answer(struct rf_service_answer *ret, const void *bytes, size_t size,
			    struct rf_err *err)
{
	struct rf_service_head head;
	int r = parse_head(&head, bytes, size, err);

	if (r < 0)
		return r;
	if ((head.type != RF_SERVICE_HELLO && head.type != RF_SERVICE_ANSWER) ||
	    size != sizeof(*ret))
		return bad(err, "it is no answer");
	memcpy(ret, bytes, sizeof(*ret));
	ret->text[sizeof(ret->text) - 1] = '\0';
	return ret->code > 0 || ret->code < -4095 ? bad(err, "its code") : 0;
}

int rf_service_parse_event(const void *bytes, size_t size, const void **record, size_t *record_size,
			   const char **line, size_t *line_size)
{
	struct rf_service_event event;
	struct rf_service_head head;
	int r = parse_head(&head, bytes, size, NULL);

	if (r < 0 || head.type != RF_SERVICE_EVENT || size < sizeof(event))
		return -EPROTO;
	memcpy(&event, bytes, sizeof(event));
	if (event.record_size > size || event.line_size > size || !event.line_size ||
	    sizeof(event) + (size_t)event.record_size + event.line_size != size)
		return -EPROTO;
	*record = event.record_size ? (const char *)bytes + sizeof(event) : NULL;
	*record_size = event.record_size;
	*line = (const char *)bytes + sizeof(event) + event.record_size;
	*line_size = event.line_size;
	return (*line)[event.line_size - 1] == '\n' ? 0 : -EPROTO;
}
