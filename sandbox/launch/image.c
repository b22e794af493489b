/* SPDX-License-Identifier: Apache-2.0 */
/* The packed policy as an object: its name, its copy from outside. */
#include "sandbox/launch/image.h"

#include <string.h>
#include <unistd.h>

#include "sandbox/launch/cache.h"
#include "sandbox/launch/pack.h"

static void hash_pages(const struct rf_page *pages, size_t n, uint8_t ret[RF_HASH_LEN])
{
	struct rf_hash hash;

	rf_hash_init(&hash);
	rf_hash_add(&hash, pages, n * sizeof(*pages));
	rf_hash_end(&hash, ret);
}

uint64_t rf_image_id(const struct rf_page *pages, size_t n)
{
	uint8_t bytes[RF_HASH_LEN];
	uint64_t id;

	hash_pages(pages, n, bytes);
	memcpy(&id, bytes, sizeof(id));
	return id ? id : 1;
}

static unsigned int digit(char c)
{
	return c >= 'a' ? (unsigned int)(c - 'a') + 10 : (unsigned int)(c - '0') & 0xf;
}

/* The key is the first bytes as they stand in memory. */
static void set_sha256(struct rf_image *image, const char *sha256)
{
	uint8_t bytes[sizeof(image->key)];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(digit(sha256[2 * i]) << 4 | digit(sha256[2 * i + 1]));
	memcpy(image->sha256, sha256, sizeof(image->sha256));
	memcpy(&image->key, bytes, sizeof(bytes));
	if (!image->key)
		image->key = 1;
}

void rf_image_own(struct rf_image *image, const void *salt, size_t size)
{
	struct rf_image_head *head = (struct rf_image_head *)(void *)image->pages;
	uint8_t bytes[RF_HASH_LEN];
	struct rf_hash hash;

	head->id = 0;
	rf_hash_init(&hash);
	rf_hash_add(&hash, salt, size);
	rf_hash_add(&hash, image->pages, image->n_pages * sizeof(*image->pages));
	rf_hash_end(&hash, bytes);
	memcpy(&head->id, bytes, sizeof(head->id));
	memcpy(&image->key, bytes + sizeof(head->id), sizeof(image->key));
	head->id += !head->id;
	image->key += !image->key;
}

void rf_image_seal(struct rf_image *image)
{
	uint8_t bytes[RF_HASH_LEN];
	char hex[65];

	hash_pages(image->pages, image->n_pages, bytes);
	for (size_t i = 0; i < RF_HASH_LEN; i++)
		(void)snprintf(&hex[2 * i], 3, "%02x", bytes[i]);
	set_sha256(image, hex);
}

/* Pages from who knows where. */
static int load(struct rf_image **ret, const void *data, size_t size, bool check,
		struct rf_err *err)
{
	RF_CLEANUP(rf_image_freep) struct rf_image *image = calloc(1, sizeof(*image));
	int r;

	if (size == 0 || size % sizeof(struct rf_page) ||
	    size / sizeof(struct rf_page) > RF_IMAGE_MAX_PAGES)
		return rf_err_set(err, -EBADMSG, "a policy image of %zu bytes is damaged", size);
	if (image)
		image->pages = malloc(size);
	if (!image || !image->pages)
		return rf_err_set(err, -ENOMEM, "no memory for a policy image of %zu bytes", size);
	memcpy(image->pages, data, size);
	image->n_pages = size / sizeof(struct rf_page);
	r = check ? rf_image_check(image->pages, image->n_pages, err) : 0;
	if (r < 0)
		return r;
	*ret = RF_TAKE_PTR(image);
	return 0;
}

/*
 * An entry: the pages and their SHA-256. To hash them anew would take longer than all else; that
 * the entry is whole its sum tells. To look at each state took half of a launch: root's entries
 * were looked at when they were made, by this very build, and who can write there writes root's
 * kept launches, too. An ordinary user's commands may be allowed to write that user's cache, so
 * those are.
 */
static int load_kept(struct rf_image **ret, const char *data, size_t len)
{
	size_t hash_len = sizeof((*ret)->sha256);
	const char *sha256 = data + len - hash_len;
	int r;

	if (len < hash_len || sha256[hash_len - 1] || strlen(sha256) != RF_HASH_HEX_LEN)
		return -EBADMSG;
	r = load(ret, data, len - hash_len, geteuid() != 0, NULL);
	if (r == 0)
		set_sha256(*ret, sha256);
	return r;
}

static void keep(const char *name, const struct rf_image *image)
{
	size_t len = image->n_pages * sizeof(*image->pages);
	RF_AUTOFREE char *entry = malloc(len + sizeof(image->sha256));

	if (!entry)
		return;
	memcpy(entry, image->pages, len);
	memcpy(entry + len, image->sha256, sizeof(image->sha256));
	rf_cache_put("img", name, entry, len + sizeof(image->sha256));
}

int rf_image_make_named(struct rf_image **ret, const struct rf_policy *policy,
			const char name[RF_HASH_HEX_LEN + 1], struct rf_err *err)
{
	RF_AUTOFREE void *data = NULL;
	size_t len;
	int r;

	if (rf_cache_get("img", name, &data, &len) == 0 && load_kept(ret, data, len) == 0)
		return 0;
	r = rf_image_compile(ret, policy, err);
	if (r == 0)
		keep(name, *ret);
	return r;
}

int rf_image_make(struct rf_image **ret, const struct rf_policy *policy, struct rf_err *err)
{
	char name[RF_HASH_HEX_LEN + 1];
	int r = rf_image_name(policy, name, err);

	return r < 0 ? r : rf_image_make_named(ret, policy, name, err);
}

int rf_image_load(struct rf_image **ret, const void *data, size_t size, struct rf_err *err)
{
	int r = load(ret, data, size, true, err);

	if (r == 0)
		rf_image_seal(*ret);
	return r;
}

struct rf_image *rf_image_free(struct rf_image *image)
{
	if (image)
		free(image->pages);
	free(image);
	return NULL;
}
