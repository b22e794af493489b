/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A JSON parser without allocations; see tape.h.
 *
 * Strings are unescaped into one buffer as long as the longest line: an escape never grows, and
 * the quotes pay for the NUL.
 */
#include "sandbox/audit/tape.h"

#include <stdlib.h>

#include "sandbox/base/str.h"

#define ONES  UINT64_C(0x0101010101010101)
#define HIGHS UINT64_C(0x8080808080808080)

struct rf_tape {
	size_t n;
	char *out;
	const char *at, *end;
	int depth;
	bool lenient, keeps_raw;
	struct rf_node nodes[RF_TAPE_NODES_MAX];
	char text[RF_TAPE_TEXT_MAX + sizeof(uint64_t)];
};

struct rf_tape *rf_tape_new(void)
{
	return malloc(sizeof(struct rf_tape));
}

struct rf_tape *rf_tape_free(struct rf_tape *tape)
{
	free(tape);
	return NULL;
}

static void skip_blanks(struct rf_tape *tape)
{
	while (tape->at < tape->end &&
	       (*tape->at == ' ' || *tape->at == '\t' || *tape->at == '\n' || *tape->at == '\r'))
		tape->at++;
}

/* True, and past it, if c comes next. */
static bool take(struct rf_tape *tape, char c)
{
	if (tape->at == tape->end || *tape->at != c)
		return false;
	tape->at++;
	return true;
}

/* Non-zero if one of the eight bytes ends plain text: quote, backslash, control or not ASCII. */
static uint64_t special(uint64_t word)
{
	uint64_t quote = word ^ (ONES * '"'), slash = word ^ (ONES * '\\');

	return (((quote - ONES) & ~quote) | ((slash - ONES) & ~slash) | (word - ONES * 0x20) |
		word) &
	       HIGHS;
}

/* Copies plain text, eight bytes at a time; the buffer has room for eight more. */
static void copy_plain(struct rf_tape *tape)
{
	uint64_t word, ends;

	while ((size_t)(tape->end - tape->at) >= sizeof(word)) {
		memcpy(&word, tape->at, sizeof(word));
		memcpy(tape->out, &word, sizeof(word));
		ends = special(word);
		if (ends) { /* the lowest bit is exact, and the machine little-endian */
			tape->at += __builtin_ctzll(ends) / 8;
			tape->out += __builtin_ctzll(ends) / 8;
			return;
		}
		tape->at += sizeof(word);
		tape->out += sizeof(word);
	}
}

static int hex4(struct rf_tape *tape)
{
	int value = 0;

	if (tape->end - tape->at < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char c = *tape->at++;
		int digit = c >= '0' && c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;

		if (digit < 0 || digit > 15 || (digit > 9 && (c | 0x20) < 'a'))
			return -1;
		value = value << 4 | digit;
	}
	return value;
}

static void put_point(struct rf_tape *tape, uint32_t point)
{
	if (point < 0x80) {
		*tape->out++ = (char)point;
		return;
	}
	if (point < 0x800) {
		*tape->out++ = (char)(0xc0 | point >> 6);
	} else {
		if (point < 0x10000) {
			*tape->out++ = (char)(0xe0 | point >> 12);
		} else {
			*tape->out++ = (char)(0xf0 | point >> 18);
			*tape->out++ = (char)(0x80 | (point >> 12 & 0x3f));
		}
		*tape->out++ = (char)(0x80 | (point >> 6 & 0x3f));
	}
	*tape->out++ = (char)(0x80 | (point & 0x3f));
}

/* What follows "\u". */
static bool put_unicode(struct rf_tape *tape)
{
	int high = hex4(tape), low;
	const char *back = tape->at;

	if (high < 0)
		return false;
	if (high < 0xd800 || high > 0xdfff) {
		put_point(tape, (uint32_t)high);
		return true;
	}
	if (high < 0xdc00 && take(tape, '\\') && take(tape, 'u')) {
		low = hex4(tape);
		if (low >= 0xdc00 && low <= 0xdfff) {
			put_point(tape, 0x10000 + ((uint32_t)(high - 0xd800) << 10) +
						(uint32_t)(low - 0xdc00));
			return true;
		}
	}
	tape->at = back;
	put_point(tape, 0xfffd);
	return tape->lenient;
}

static bool put_escape(struct rf_tape *tape)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	const char *found;

	tape->at++;
	if (tape->at == tape->end)
		return false;
	if (take(tape, 'u'))
		return put_unicode(tape);
	found = *tape->at ? strchr(names, *tape->at) : NULL;
	if (!found)
		return false;
	tape->at++;
	*tape->out++ = values[found - names];
	return true;
}

/* One character that is neither quote nor backslash. */
static bool put_character(struct rf_tape *tape)
{
	size_t len = 1;

	if ((unsigned char)*tape->at < 0x20 && !tape->lenient)
		return false;
	if ((unsigned char)*tape->at >= 0x80) {
		len = rf_utf8_len(tape->at, (size_t)(tape->end - tape->at));
		if (len == 0 && !tape->lenient)
			return false;
		len = len ? len : 1;
	}
	for (; len > 0; len--)
		*tape->out++ = *tape->at++;
	return true;
}

/* After the opening quote. */
static bool parse_string(struct rf_tape *tape, const char **ret, uint32_t *ret_len)
{
	const char *start = tape->out;

	for (;;) {
		copy_plain(tape);
		if (tape->at == tape->end)
			return false;
		if (*tape->at == '"')
			break;
		if (*tape->at == '\\' ? !put_escape(tape) : !put_character(tape))
			return false;
	}
	tape->at++;
	*ret = start;
	*ret_len = (uint32_t)(tape->out - start);
	*tape->out++ = '\0';
	return true;
}

static bool skip_digits(struct rf_tape *tape)
{
	const char *start = tape->at;

	while (tape->at < tape->end && *tape->at >= '0' && *tape->at <= '9')
		tape->at++;
	return tape->at > start;
}

static bool parse_fraction(struct rf_tape *tape, bool *whole)
{
	if (take(tape, '.')) {
		*whole = false;
		if (!skip_digits(tape))
			return false;
	}
	if (take(tape, 'e') || take(tape, 'E')) {
		*whole = false;
		if (!take(tape, '+'))
			(void)take(tape, '-');
		return skip_digits(tape);
	}
	return true;
}

static bool parse_number(struct rf_tape *tape, struct rf_node *node)
{
	const char *start = tape->at;
	bool negative = take(tape, '-'), whole = true;
	const char *digits = tape->at;

	if (!skip_digits(tape) || (*digits == '0' && tape->at - digits > 1) ||
	    !parse_fraction(tape, &whole))
		return false;
	node->type = RF_NODE_INTEGER;
	node->number = 0;
	for (const char *c = digits; whole && c < tape->at; c++) {
		int digit = *c - '0';

		if (__builtin_mul_overflow(node->number, 10, &node->number) ||
		    __builtin_sub_overflow(node->number, digit, &node->number))
			whole = false;
	}
	if (whole && !negative && __builtin_sub_overflow(0, node->number, &node->number))
		whole = false;
	if (whole)
		return true;
	node->type = RF_NODE_NUMBER;
	node->text = tape->out;
	node->len = (uint32_t)(tape->at - start);
	if (tape->out + node->len + 1 > tape->text + sizeof(tape->text))
		return false;
	memcpy(tape->out, start, node->len);
	tape->out += node->len;
	*tape->out++ = '\0';
	return true;
}

static bool parse_word(struct rf_tape *tape, struct rf_node *node)
{
	static const struct {
		const char *word;
		enum rf_node_type type;
	} words[] = {{"null", RF_NODE_NULL}, {"false", RF_NODE_FALSE}, {"true", RF_NODE_TRUE}};

	for (size_t i = 0; i < RF_ARRAY_LEN(words); i++) {
		size_t len = strlen(words[i].word);

		if ((size_t)(tape->end - tape->at) >= len &&
		    memcmp(tape->at, words[i].word, len) == 0) {
			tape->at += len;
			node->type = words[i].type;
			return true;
		}
	}
	return false;
}

static bool parse_value(struct rf_tape *tape, struct rf_node *node);

static struct rf_node *add_node(struct rf_tape *tape, struct rf_node *parent)
{
	struct rf_node *node;

	if (tape->n == RF_TAPE_NODES_MAX)
		return NULL;
	node = &tape->nodes[tape->n++];
	*node = (struct rf_node){.span = 1};
	if (parent)
		parent->n++;
	return node;
}

static bool parse_array(struct rf_tape *tape, struct rf_node *array)
{
	array->type = RF_NODE_ARRAY;
	skip_blanks(tape);
	if (take(tape, ']'))
		return true;
	do {
		struct rf_node *node = add_node(tape, array);

		if (!node || !parse_value(tape, node))
			return false;
		skip_blanks(tape);
	} while (take(tape, ','));
	return take(tape, ']');
}

/* A bit for each key: only keys that share one need comparing. */
static bool is_duplicate(const struct rf_node *object, const struct rf_node *member, uint64_t *seen)
{
	const char *key = member->key;
	size_t len = member->key_len;
	unsigned int hash = (unsigned int)len;
	const struct rf_node *other = object + 1;

	if (len > 0)
		hash += (unsigned char)key[0] * 7u + (unsigned char)key[len - 1] * 31u +
			(unsigned char)key[len / 2] * 3u;
	if (!(*seen >> (hash & 63) & 1)) {
		*seen |= UINT64_C(1) << (hash & 63);
		return false;
	}
	for (; other < member; other += other->span)
		if (other->key_len == len && memcmp(other->key, key, len) == 0)
			return true;
	return false;
}

static bool parse_object(struct rf_tape *tape, struct rf_node *object)
{
	uint64_t seen = 0;

	object->type = RF_NODE_OBJECT;
	skip_blanks(tape);
	if (take(tape, '}'))
		return true;
	do {
		struct rf_node *node = add_node(tape, object);

		skip_blanks(tape);
		if (!node || !take(tape, '"') || !parse_string(tape, &node->key, &node->key_len) ||
		    is_duplicate(object, node, &seen))
			return false;
		skip_blanks(tape);
		if (!take(tape, ':') || !parse_value(tape, node))
			return false;
		skip_blanks(tape);
	} while (take(tape, ','));
	return take(tape, '}');
}

static bool parse_any(struct rf_tape *tape, struct rf_node *node)
{
	bool ok;

	if (tape->at == tape->end)
		return false;
	if (take(tape, '"')) {
		node->type = RF_NODE_STRING;
		return parse_string(tape, &node->text, &node->len);
	}
	if (*tape->at == '-' || (*tape->at >= '0' && *tape->at <= '9'))
		return parse_number(tape, node);
	if (*tape->at != '{' && *tape->at != '[')
		return parse_word(tape, node);
	if (++tape->depth > RF_TAPE_DEPTH_MAX)
		return false;
	ok = *tape->at++ == '{' ? parse_object(tape, node) : parse_array(tape, node);
	node->span = (uint32_t)(&tape->nodes[tape->n] - node);
	tape->depth--;
	return ok;
}

static bool parse_value(struct rf_tape *tape, struct rf_node *node)
{
	const char *start;

	skip_blanks(tape);
	start = tape->at;
	if (!parse_any(tape, node))
		return false;
	node->raw = tape->keeps_raw ? start : NULL;
	node->raw_len = (uint32_t)(tape->at - start);
	return true;
}

const struct rf_node *rf_tape_parse_object(struct rf_tape *tape, const char *text, size_t len,
					   bool lenient)
{
	struct rf_node *node;

	if (len > RF_TAPE_TEXT_MAX)
		return NULL;
	tape->n = 0;
	tape->depth = 0;
	tape->lenient = lenient;
	tape->keeps_raw = !lenient && !memchr(text, 0x7f, len);
	tape->out = tape->text;
	tape->at = text;
	tape->end = text + len;
	node = add_node(tape, NULL);
	if (!node || !parse_value(tape, node) || node->type != RF_NODE_OBJECT)
		return NULL;
	skip_blanks(tape);
	return tape->at == tape->end ? node : NULL;
}

const struct rf_node *rf_tape_parse(struct rf_tape *tape, const char *text, size_t len,
				    bool lenient)
{
	const struct rf_node *event = rf_tape_parse_object(tape, text, len, lenient);

	return rf_node_get_text(event, "type") ? event : NULL;
}
