/* SPDX-License-Identifier: Apache-2.0 */
/* What stands for an image: its names, and the states of the names that deny rules fix. */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lsm/match.h"
#include "sandbox/launch/image_card.h"
#include "sandbox/launch/why.h"
#include "sandbox/policy/load.h"
#include "sandbox/policy/problem.h"

#define POLICY                                                                                     \
	"{\"ringfence\":1,\"name\":\"t\",\"files\":{\"default\":\"allow\",\"rules\":["             \
	"{\"deny\":[\"read\"],\"paths\":[\"/a/{one,two}\",\"/b/**\",\"/c/x\"],"                    \
	"\"except\":[\"/c/x\"]},"                                                                  \
	"{\"deny\":[\"write\"],\"paths\":[\"/a/one\"]}]}}"

struct fixture {
	struct rf_policy *policy;
	struct rf_image *image;
	char *bytes;
	struct rf_image_card card;
};

static void make(struct fixture *f, const char *json)
{
	char path[] = "/tmp/rf-test-card-XXXXXX.json";
	int fd = mkstemps(path, 5);
	const char *name = path;
	const struct rf_load_options options = {.root = "/"};
	struct rf_problems problems = {0};
	struct rf_err err = RF_ERR_INIT;

	*f = (struct fixture){.bytes = NULL};
	assert_true(fd >= 0);
	assert_int_equal(write(fd, json, strlen(json)), (ssize_t)strlen(json));
	close(fd);
	if (rf_policy_load(&f->policy, &name, 1, &options, &problems, &err) < 0 ||
	    rf_image_compile(&f->image, f->policy, &err) < 0 ||
	    rf_nail_list_make(&f->card.nails, &f->bytes, f->policy, f->image, &err) < 0)
		fail_msg("%s", rf_err_text(&err));
	f->card.key = f->image->key;
	rf_problems_done(&problems);
	unlink(path);
}

static void drop(struct fixture *f)
{
	free(f->bytes);
	rf_image_free(f->image);
	rf_policy_free(f->policy);
}

/* Where the image's automaton stands after the name. */
static uint32_t state_of(const struct rf_image *image, const char *name)
{
	const struct rf_img img = {.pages = image->pages, .n_pages = (__u32)image->n_pages};
	struct rf_dfa_pos pos;

	assert_int_equal(rf_why_walk(&img, &rf_img_head(&img)->files, name, &pos), 0);
	return rf_dfa_state(&pos);
}

static void the_list_has_each_name_and_its_state(void **state RF_UNUSED)
{
	static const char *const names[] = {"/a/one", "/a/two", "/a/one"};
	struct fixture f;
	const char *at;

	make(&f, POLICY);
	assert_int_equal(f.card.nails.n, 4); /* room for that which an exception took away, too */
	assert_int_equal(f.card.nails.image,
			 ((const struct rf_image_head *)(const void *)f.image->pages)->id);
	assert_true(rf_nail_list_is_whole(&f.card.nails));
	at = f.card.nails.bytes;
	for (size_t i = 0; i < RF_ARRAY_LEN(names); i++) {
		uint32_t number;

		memcpy(&number, at, sizeof(number));
		assert_string_equal(at + sizeof(number), names[i]);
		assert_int_equal(number, state_of(f.image, names[i]));
		at += sizeof(number) + strlen(names[i]) + 1;
	}
	assert_ptr_equal(at, f.card.nails.bytes + f.card.nails.len);
	drop(&f);
}

static void a_card_comes_back(void **state RF_UNUSED)
{
	RF_AUTOFREE void *data = NULL;
	struct rf_image_card again;
	struct fixture f;
	size_t len;

	make(&f, POLICY);
	assert_int_equal(rf_image_card_pack(&f.card, &data, &len), 0);
	assert_int_equal(rf_image_card_unpack(&again, data, len), 0);
	assert_true(again.key == f.image->key && again.nails.image == f.card.nails.image);
	assert_int_equal(again.nails.n, f.card.nails.n);
	assert_int_equal(again.nails.len, f.card.nails.len);
	assert_memory_equal(again.nails.bytes, f.card.nails.bytes, f.card.nails.len);
	drop(&f);
}

static void a_policy_without_such_names_has_a_card(void **state RF_UNUSED)
{
	RF_AUTOFREE void *data = NULL;
	struct rf_image_card again;
	struct fixture f;
	size_t len;

	make(&f, "{\"ringfence\":1,\"name\":\"t\",\"files\":{\"default\":\"deny\",\"rules\":["
		 "{\"allow\":[\"read\"],\"paths\":[\"/a/one\"]}]}}");
	assert_int_equal(f.card.nails.n, 0);
	assert_int_equal(f.card.nails.len, 0);
	assert_int_equal(rf_image_card_pack(&f.card, &data, &len), 0);
	assert_int_equal(rf_image_card_unpack(&again, data, len), 0);
	assert_int_equal(again.nails.len, 0);
	drop(&f);
}

/* A cut within an entry is found; one between two is a list of fewer names, for the sum to find. */
static void bytes_that_are_no_card_are_refused(void **state RF_UNUSED)
{
	RF_AUTOFREE void *data = NULL;
	struct rf_image_card again = {.key = 7};
	struct fixture f;
	size_t len, first, refused = 0;

	make(&f, POLICY);
	assert_int_equal(rf_image_card_pack(&f.card, &data, &len), 0);
	first = len - f.card.nails.len;
	for (size_t cut = 0; cut < len; cut++) {
		RF_AUTOFREE char *part = malloc(cut ? cut : 1); /* for who looks past its end */

		memcpy(part, data, cut);
		refused += rf_image_card_unpack(&again, part, cut) == -EBADMSG;
	}
	assert_int_equal(refused, len - 3); /* none of three names, one, and two */
	memset(data, 0, sizeof(uint64_t));
	again.key = 7;
	assert_int_equal(rf_image_card_unpack(&again, data, len), -EBADMSG); /* no image's key */
	assert_int_equal(again.key, 7);
	memset(data, 1, len);
	assert_int_equal(rf_image_card_unpack(&again, data, len), -EBADMSG);
	memset((char *)data + first - sizeof(uint64_t), 0, sizeof(uint64_t));
	assert_int_equal(rf_image_card_unpack(&again, data, len), -EBADMSG); /* no room for any */
	drop(&f);
}

/* The name of an image, with what was kept of it: the same one, and another one's for no policy. */
static void the_kept_part_makes_the_same_name(void **state RF_UNUSED)
{
	char whole[RF_HASH_HEX_LEN + 1], with[RF_HASH_HEX_LEN + 1];
	struct rf_image_part part, other;
	struct fixture f, g;

	make(&f, POLICY);
	make(&g, "{\"ringfence\":1,\"name\":\"t\",\"files\":{\"default\":\"deny\"}}");
	rf_image_part_make(&part, f.policy);
	rf_image_part_make(&other, g.policy);
	assert_memory_not_equal(part.hash, other.hash, sizeof(part.hash));
	assert_int_equal(rf_image_name(f.policy, whole, NULL), 0);
	assert_int_equal(rf_image_name_with(&part, f.policy, with, NULL), 0);
	assert_string_equal(whole, with);
	assert_int_equal(rf_image_name_with(&other, f.policy, with, NULL), 0);
	assert_string_not_equal(whole, with);
	drop(&f);
	drop(&g);
}

UNIT_MAIN(cmocka_unit_test(the_list_has_each_name_and_its_state),
	  cmocka_unit_test(a_card_comes_back),
	  cmocka_unit_test(a_policy_without_such_names_has_a_card),
	  cmocka_unit_test(bytes_that_are_no_card_are_refused),
	  cmocka_unit_test(the_kept_part_makes_the_same_name));
