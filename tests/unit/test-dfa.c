/* SPDX-License-Identifier: Apache-2.0 */
/* The compiler of path patterns: grammar by table, verdicts, and a slow matcher as its judge. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sandbox/policy/dfa_parts.h"
#include "sandbox/policy/pattern.h"
#include "tests/unit/glob-oracle.h"

static struct rf_dfa *compile(const struct rf_dfa_rule *rules, size_t n, uint32_t dflt)
{
	const struct rf_dfa_input input = {.rules = rules, .n_rules = n, .default_rights = dflt};
	struct rf_err err = RF_ERR_INIT;
	struct rf_dfa *dfa = NULL;

	if (rf_dfa_compile(&dfa, &input, &err) < 0)
		fail_msg("%s", rf_err_text(&err));
	return dfa;
}

static const struct rf_dfa_verdict *verdict_of(const struct rf_dfa *dfa, const char *path)
{
	uint32_t q = rf_dfa_run(dfa, path, strlen(path));

	return &dfa->verdicts.data[dfa->states.data[q].verdict];
}

/* One allow rule of one pattern: is the path ("" is the root) allowed? */
static bool matches(const char *text, bool literal, const char *path)
{
	const struct rf_pattern pattern = {.text = text, .literal = literal};
	const struct rf_dfa_rule rule = {
		.rights = RF_FILE_READ, .patterns = &pattern, .n_patterns = 1};
	RF_CLEANUP(rf_dfa_freep) struct rf_dfa *dfa = compile(&rule, 1, 0);

	return verdict_of(dfa, path)->allowed[0] & RF_FILE_READ;
}

static void grammar_by_table(void **state)
{
	static const struct {
		const char *pattern;
		const char *yes;
		const char *no;
	} table[] = {
		{"/", "", "/a"},
		{"/**", "", NULL},
		{"/**", "/a/b", NULL},
		{"/dir/**", "/dir", "/dirx"},
		{"/dir/**", "/dir/a/b", "/di"},
		{"/dir/*", "/dir/.a", "/dir"},
		{"/dir/*", "/dir/a", "/dir/a/b"},
		{"**/.env", "/.env", "/x.env"},
		{"**/.env", "/a/b/.env", "/a/.env/b"},
		{"/a/**/z", "/a/z", "/a/bz"},
		{"/a/**/z", "/a/b/c/z", "/az"},
		{"/a/**/z/**", "/a/z/y", "/a/y"},
		{"**/a/**/b", "/a/b", "/b/a"},
		{"/a?c", "/abc", "/a/c"},
		{"/a?c",
		 "/a\xff"
		 "c",
		 "/ac"},
		{"/[a-c]", "/b", "/d"},
		{"/[!a-c]", "/d", "/b"},
		{"/[!a]", "/\x01", "/"},
		{"/[]a]", "/]", "/["},
		{"/[a-]", "/-", "/b"},
		{"/[!]]x", "/ax", "/]x"},
		{"/x{a,bc,}y", "/xbcy", "/xby"},
		{"/x{a,bc,}y", "/xy", "/xacy"},
		{"/{a,b}/{c,d}", "/b/c", "/c/b"},
		{"/{a,}{b,}", "/a", ""},
		{"/x/{*,a}{*,b}", "/x/cc", "/x/c/c"},
		{"/[{]a,b}", "/{a,b}", "/a"},
		{"/*.{c,h}", "/x.y.h", "/x.o"},
		{"/a*b*c", "/axxbyyc", "/axxcyyb"},
		{"/a,b", "/a,b", "/a"},
		{"/**/*", "/a", NULL},
		{"/usr/lib*/**", "/usr/lib64/x", "/usr/li/x"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (table[i].yes && !matches(table[i].pattern, false, table[i].yes))
			fail_msg("%s does not match %s", table[i].pattern, table[i].yes);
		if (table[i].no && matches(table[i].pattern, false, table[i].no))
			fail_msg("%s matches %s", table[i].pattern, table[i].no);
	}
}

static void literals_match_only_themselves(void **state)
{
	(void)state;
	assert_true(matches("/a*[b]{c,d}?", true, "/a*[b]{c,d}?"));
	assert_false(matches("/a*[b]{c,d}?", true, "/axbc?"));
	assert_true(matches("/a/**", true, "/a/**"));
	assert_false(matches("/a/**", true, "/a/b"));
	assert_false(matches("/a/**", true, "/a"));
}

static void abstract_names_have_no_components(void **state)
{
	(void)state;
	assert_true(matches("@*", false, "@/tmp/x"));
	assert_true(matches("@/tmp/.X11-unix/X?", false, "@/tmp/.X11-unix/X0"));
	assert_false(matches("@a*", false, "@b"));
	assert_false(matches("/**", false, "@a"));
	assert_false(matches("@*", false, "/a"));
	assert_true(matches("@a[/]b", false, "@a/b"));
}

static const struct rf_pattern p_all[] = {{.text = "/**"}};
static const struct rf_pattern p_ssh[] = {{.text = "/home/*/.ssh/**"}};
static const struct rf_pattern p_known[] = {{.text = "/home/*/.ssh/known_hosts"}};
static const struct rf_pattern p_env[] = {{.text = "**/.env"}};
static const struct rf_pattern p_run[] = {{.text = "/run/ringfence/**"}};

static void deny_beats_allow_and_exceptions_only_take_away(void **state)
{
	const struct rf_dfa_rule rules[] = {
		{.index = 0, .rights = RF_FILE_ALL, .patterns = p_all, .n_patterns = 1},
		{.index = 1,
		 .rights = RF_FILE_READ,
		 .deny = true,
		 .patterns = p_ssh,
		 .n_patterns = 1,
		 .except = p_known,
		 .n_except = 1},
		{.index = 2,
		 .rights = RF_FILE_READ,
		 .deny = true,
		 .patterns = p_env,
		 .n_patterns = 1},
	};
	RF_CLEANUP(rf_dfa_freep) struct rf_dfa *dfa = compile(rules, 3, 0);
	const struct rf_dfa_verdict *v;

	(void)state;
	assert_int_equal(verdict_of(dfa, "/home/u/x")->allowed[0], RF_FILE_ALL);
	v = verdict_of(dfa, "/home/u/.ssh/id");
	assert_int_equal(v->allowed[0], RF_FILE_ALL & ~RF_FILE_READ);
	assert_int_equal(v->rule[0][0], 1);
	/* Which rule allows is not told apart. */
	assert_int_equal(v->rule[0][1], RF_DFA_RULE_NONE);
	assert_int_equal(verdict_of(dfa, "/home/u/.ssh/known_hosts")->allowed[0], RF_FILE_ALL);
	/* Both deny: the lower index decides. The exception of one is no grant over the other. */
	assert_int_equal(verdict_of(dfa, "/home/u/.ssh/.env")->rule[1][0], 1);
	assert_int_equal(verdict_of(dfa, "/srv/.env")->rule[1][0], 2);
}

static void defaults_decide_where_no_rule_speaks(void **state)
{
	RF_CLEANUP(rf_dfa_freep) struct rf_dfa *allow = compile(NULL, 0, RF_FILE_ALL);
	RF_CLEANUP(rf_dfa_freep) struct rf_dfa *deny = compile(NULL, 0, 0);

	(void)state;
	assert_int_equal(verdict_of(allow, "/x")->allowed[1], RF_FILE_ALL);
	assert_int_equal(verdict_of(deny, "/x")->allowed[1], 0);
	assert_int_equal(verdict_of(deny, "/x")->rule[1][3], RF_DFA_RULE_NONE);
	assert_int_equal(deny->states.len, 1);
	assert_true(deny->states.data[0].universal);
}

static void sessions_audit_mode_and_self(void **state)
{
	const struct rf_dfa_rule rules[] = {
		{.rights = RF_FILE_ALL,
		 .deny = true,
		 .self = true,
		 .patterns = p_run,
		 .n_patterns = 1},
		{.index = 0,
		 .rights = RF_FILE_ALL,
		 .patterns = p_all,
		 .n_patterns = 1,
		 .session = RF_SESSION_INIT,
		 .audit = true},
		{.index = 1,
		 .rights = RF_FILE_READ,
		 .deny = true,
		 .would = true,
		 .patterns = p_env,
		 .n_patterns = 1},
	};
	RF_CLEANUP(rf_dfa_freep) struct rf_dfa *dfa = compile(rules, 3, 0);
	const struct rf_dfa_verdict *v = verdict_of(dfa, "/a/.env");

	(void)state;
	assert_int_equal(v->allowed[0], RF_FILE_ALL);
	assert_int_equal(v->allowed[1], 0);
	assert_int_equal(v->would[0][0], 1);
	assert_int_equal(v->would[0][1], RF_DFA_RULE_NONE);
	/* It would be denied anyway: nothing passes only because of audit mode. */
	assert_int_equal(v->would[1][0], RF_DFA_RULE_NONE);
	assert_int_equal(v->audit[0], RF_FILE_ALL);
	v = verdict_of(dfa, "/run/ringfence/x");
	assert_int_equal(v->allowed[0], 0);
	assert_int_equal(v->self, RF_FILE_ALL);
	assert_int_equal(v->rule[0][0], RF_DFA_RULE_SELF);
	assert_true(dfa->states.data[rf_dfa_run(dfa, "/run", 4)].self_below);
	assert_true(dfa->states.data[0].self_below);
	assert_false(dfa->states.data[rf_dfa_run(dfa, "/runx", 5)].self_below);
}

static bool adds_nothing(const struct rf_dfa *dfa, const char *new, const char *old)
{
	uint32_t p = dfa->states.data[rf_dfa_run(dfa, new, strlen(new))].related;
	uint32_t q = dfa->states.data[rf_dfa_run(dfa, old, strlen(old))].related;
	size_t bit = (size_t)p * dfa->n_related + q;

	assert_true(dfa->n_related > 0);
	return dfa->relation[bit / 64] >> (bit % 64) & 1;
}

static void relation_looks_below(void **state)
{
	static const struct rf_pattern ro[] = {{.text = "/ro/**"}}, rx[] = {{.text = "/rx/**"}};
	static const struct rf_pattern rw[] = {{.text = "/rw/**"}}, sec[] = {{.text = "/rw/s/k"}};
	const struct rf_dfa_rule rules[] = {
		{.index = 0, .rights = RF_FILE_READ, .patterns = ro, .n_patterns = 1},
		{.index = 1,
		 .rights = RF_FILE_READ | RF_FILE_EXEC,
		 .patterns = rx,
		 .n_patterns = 1},
		{.index = 2, .rights = RF_FILE_ALL, .patterns = rw, .n_patterns = 1},
		{.index = 3, .rights = RF_FILE_ALL, .deny = true, .patterns = sec, .n_patterns = 1},
	};
	RF_CLEANUP(rf_dfa_freep) struct rf_dfa *dfa = compile(rules, 4, 0);

	(void)state;
	assert_true(adds_nothing(dfa, "/ro/d", "/ro/e"));
	assert_true(adds_nothing(dfa, "/ro/d", "/rw/d"));
	assert_false(adds_nothing(dfa, "/rw/d", "/ro/d"));
	/* exec may be added where reading is allowed. */
	assert_true(adds_nothing(dfa, "/rx/d", "/ro/d"));
	/* /rw/s/k is denied by its name; as /rw/t/k it would not be. */
	assert_false(adds_nothing(dfa, "/rw/t", "/rw/s"));
	assert_true(adds_nothing(dfa, "/rw/s", "/rw/t"));
	/* /ro as a whole onto nothing allowed: grants. */
	assert_false(adds_nothing(dfa, "/ro", "/none"));
	assert_true(adds_nothing(dfa, "/none", "/ro"));
	assert_true(dfa->states.data[rf_dfa_run(dfa, "/ro", 3)].universal);
	assert_false(dfa->states.data[rf_dfa_run(dfa, "/rw", 3)].universal);
}

/* ---- against the slow matcher ---- */

static unsigned int seed = 1;

static unsigned int draw(unsigned int n)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 16) % n;
}

static void random_component(char *out)
{
	static const char *const pieces[] = {"a",    "b",     "ab",	 "*", "?",     "[ab]",
					     "[!a]", "{a,b}", "{a,,bb}", "c", "[a-b]", "{*,b}c"};
	unsigned int n = 1 + draw(2);

	/* Two of these multiply what five patterns need. */
	if (draw(5) == 0 && !strstr(out, "**")) {
		strcat(out, "**");
		return;
	}
	for (unsigned int i = 0; i < n; i++) {
		const char *piece = pieces[draw(12)];
		size_t len = strlen(out);

		/* "**" as a part of a name is refused. */
		strcat(out, len && out[len - 1] == '*' && piece[0] == '*' ? "a" : piece);
	}
}

static void random_pattern(char *out)
{
	char why[512];

	do {
		unsigned int n = 1 + draw(4);

		strcpy(out, draw(3) ? "" : "**");
		for (unsigned int i = 0; i < n; i++) {
			strcat(out, "/");
			random_component(out);
		}
	} while (rf_pattern_check(out, false, RF_PATTERN_FILE, why, sizeof(why)) < 0);
}

static void random_path(char *out)
{
	unsigned int n = draw(6);

	out[0] = 0;
	for (unsigned int i = 0; i < n; i++) {
		unsigned int len = 1 + draw(3);

		strcat(out, "/");
		for (unsigned int k = 0; k < len; k++)
			strcat(out, (const char *[]){"a", "b", "c", "d"}[draw(4)]);
	}
}

#define SETS	300
#define PATHS	300
#define PER_SET 4

static void agrees_with_the_slow_matcher(void **state)
{
	unsigned int hits = 0;

	(void)state;
	for (unsigned int set = 0; set < SETS; set++) {
		char texts[PER_SET * 2][256];
		struct rf_pattern patterns[PER_SET], excepts[PER_SET];
		struct rf_dfa_rule rules[PER_SET] = {{0}};
		RF_CLEANUP(rf_dfa_freep) struct rf_dfa *dfa = NULL;

		seed = set + 1;
		for (unsigned int i = 0; i < PER_SET; i++) {
			random_pattern(texts[2 * i]);
			random_pattern(texts[2 * i + 1]);
			patterns[i] = (struct rf_pattern){.text = texts[2 * i]};
			excepts[i] = (struct rf_pattern){.text = texts[2 * i + 1]};
			rules[i] = (struct rf_dfa_rule){.index = i,
							.rights = 1u << i,
							.patterns = &patterns[i],
							.n_patterns = 1,
							.except = &excepts[i],
							.n_except = i & 1};
		}
		dfa = compile(rules, PER_SET, 0);
		for (unsigned int k = 0; k < PATHS; k++) {
			char path[128];

			random_path(path);
			for (unsigned int i = 0; i < PER_SET; i++) {
				bool want = oracle_match(texts[2 * i], path) &&
					    !(i & 1 && oracle_match(texts[2 * i + 1], path));
				bool got = verdict_of(dfa, path)->allowed[0] >> i & 1;

				hits += want;
				if (want != got)
					fail_msg("set %u, \"%s\" except \"%s\": \"%s\" is %d", set,
						 texts[2 * i], i & 1 ? texts[2 * i + 1] : "", path,
						 got);
			}
		}
	}
	assert_in_range(hits, SETS * PATHS / 10, SETS * PATHS * PER_SET / 2);
}

/* No two states of a minimised automaton may be merged: refining by verdict keeps them apart. */
static void nothing_is_left_to_merge(void **state)
{
	(void)state;
	for (unsigned int set = 0; set < 50; set++) {
		char texts[PER_SET][256];
		struct rf_pattern patterns[PER_SET];
		struct rf_dfa_rule rules[PER_SET] = {{0}};
		RF_CLEANUP(rf_dfa_freep) struct rf_dfa *dfa = NULL;
		size_t n, distinct = 0;
		RF_AUTOFREE bool *differ = NULL;
		bool changed = true;

		seed = 1000 + set;
		for (unsigned int i = 0; i < PER_SET; i++) {
			random_pattern(texts[i]);
			patterns[i] = (struct rf_pattern){.text = texts[i]};
			rules[i] = (struct rf_dfa_rule){
				.rights = 1u << i, .patterns = &patterns[i], .n_patterns = 1};
		}
		dfa = compile(rules, PER_SET, 0);
		n = dfa->states.len;
		if (n > 150)
			continue;
		/* The textbook's table filling. */
		differ = calloc(n * n, sizeof(*differ));
		for (size_t p = 0; p < n; p++)
			for (size_t q = 0; q < n; q++)
				differ[p * n + q] =
					dfa->states.data[p].verdict != dfa->states.data[q].verdict;
		while (changed) {
			changed = false;
			for (uint32_t p = 0; p < n; p++)
				for (uint32_t q = 0; q < n; q++)
					for (int c = 0; c < 256 && !differ[p * n + q]; c++) {
						uint32_t x = rf_dfa_next(dfa, p, (uint8_t)c);
						uint32_t y = rf_dfa_next(dfa, q, (uint8_t)c);

						if (differ[x * n + y])
							differ[p * n + q] = changed = true;
					}
		}
		for (size_t p = 0; p < n; p++)
			for (size_t q = 0; q < p; q++)
				distinct += differ[p * n + q];
		assert_int_equal(distinct, n * (n - 1) / 2);
		assert_true(n <= dfa->n_raw_states);
	}
}

/* Rights that p has and q has not, for one session; exec is no more where reading is allowed. */
static bool has_more(const struct rf_dfa *dfa, uint32_t p, uint32_t q, int session)
{
	uint32_t new = dfa->verdicts.data[dfa->states.data[p].verdict].allowed[session];
	uint32_t old = dfa->verdicts.data[dfa->states.data[q].verdict].allowed[session];

	return new & ~old & ~(old & RF_FILE_READ ? (uint32_t)RF_FILE_EXEC : 0);
}

/* Fills more[p * n + q]: p has more than q, here or after some bytes; byte by byte, as a textbook.
 */
static void find_more(const struct rf_dfa *dfa, uint32_t n, bool *more)
{
	bool changed = true;

	for (uint32_t p = 0; p < n; p++)
		for (uint32_t q = 0; q < n; q++)
			more[p * n + q] = has_more(dfa, p, q, 0) || has_more(dfa, p, q, 1);
	while (changed) {
		changed = false;
		for (uint32_t at = 0; at < n * n; at++)
			for (int c = 0; c < 256 && !more[at]; c++) {
				more[at] = more[rf_dfa_next(dfa, at / n, (uint8_t)c) * n +
						rf_dfa_next(dfa, at % n, (uint8_t)c)];
				changed |= more[at];
			}
	}
}

static void the_relation_is_the_textbooks(void **state)
{
	unsigned int sets = 0, related = 0, all = 0;

	(void)state;
	for (unsigned int set = 0; set < 60; set++) {
		char texts[PER_SET][256];
		struct rf_pattern patterns[PER_SET];
		struct rf_dfa_rule rules[PER_SET] = {{0}};
		RF_CLEANUP(rf_dfa_freep) struct rf_dfa *dfa = NULL;
		RF_AUTOFREE bool *more = NULL;
		uint32_t n;

		seed = 2000 + set;
		for (unsigned int i = 0; i < PER_SET; i++) {
			random_pattern(texts[i]);
			patterns[i] = (struct rf_pattern){.text = texts[i]};
			rules[i] = (struct rf_dfa_rule){.index = i,
							.rights = 1u << draw(3),
							.deny = i == 3,
							.patterns = &patterns[i],
							.n_patterns = 1};
		}
		dfa = compile(rules, PER_SET, 0);
		n = (uint32_t)dfa->states.len;
		if (n > 80)
			continue;
		sets++;
		more = calloc((size_t)n * n, sizeof(*more));
		find_more(dfa, n, more);
		for (uint32_t at = 0; at < n * n; at++) {
			uint32_t p = at / n, q = at % n;
			size_t bit = (size_t)dfa->states.data[p].related * dfa->n_related +
				     dfa->states.data[q].related;
			bool want = !has_more(dfa, p, q, 0) && !has_more(dfa, p, q, 1) &&
				    !more[rf_dfa_next(dfa, p, '/') * n + rf_dfa_next(dfa, q, '/')];

			assert_int_equal(dfa->relation[bit / 64] >> (bit % 64) & 1, want);
			related += want;
			all++;
		}
	}
	assert_true(sets > 15);
	assert_in_range(related, all / 10, all / 10 * 9);
}

static void explosion_is_refused_by_name(void **state)
{
	enum {
		N = 24
	};
	char texts[N][64];
	struct rf_pattern patterns[N];
	struct rf_dfa_rule rules[N] = {{0}};
	struct rf_rule rule = {.id = "files.7", .place = {.file = "x.json", .line = 3}};
	const struct rf_rule *all[N];
	const struct rf_policy policy = {.rules = all, .n_rules = N};
	const struct rf_dfa_input input = {.rules = rules, .n_rules = N, .policy = &policy};
	struct rf_err err = RF_ERR_INIT;
	struct rf_dfa *dfa = NULL;

	(void)state;
	for (unsigned int i = 0; i < N; i++) {
		snprintf(texts[i], sizeof(texts[i]), "/*%c*%c*x", 'a' + (int)i, 'b' + (int)i);
		patterns[i] = (struct rf_pattern){.text = texts[i]};
		rules[i] = (struct rf_dfa_rule){
			.index = i, .rights = 1, .patterns = &patterns[i], .n_patterns = 1};
		all[i] = &rule;
	}
	assert_int_equal(rf_dfa_compile(&dfa, &input, &err), -E2BIG);
	assert_non_null(strstr(rf_err_text(&err), "files.7 (x.json:3)"));
}

enum {
	HOSTILE_PATTERNS = 40000
};

/* Patterns, each a rule of its own or all of one rule, that make too much work. */
struct hostile {
	struct rf_dfa_rule *rules;
	struct rf_pattern *patterns;
	char (*texts)[32];
	struct rf_dfa_input input;
};

static void hostile_done(struct hostile *h)
{
	free(h->rules);
	free(h->patterns);
	free(h->texts);
}

static void hostile_init(struct hostile *h)
{
	h->rules = calloc(HOSTILE_PATTERNS, sizeof(*h->rules));
	h->patterns = calloc(HOSTILE_PATTERNS, sizeof(*h->patterns));
	h->texts = calloc(HOSTILE_PATTERNS, sizeof(*h->texts));
	h->input = (struct rf_dfa_input){.rules = h->rules};
}

static void hostile_add(struct hostile *h, bool deny)
{
	size_t i = h->input.n_rules++;

	h->patterns[i].text = h->texts[i];
	h->rules[i] = (struct rf_dfa_rule){.index = (uint32_t)i,
					   .rights = RF_FILE_READ,
					   .deny = deny,
					   .patterns = &h->patterns[i],
					   .n_patterns = 1};
}

/* A class of letters that no other number has. */
static void write_class(char *to, unsigned int number)
{
	*to++ = '[';
	for (unsigned int bit = 0; bit < 20; bit++)
		if ((number + 1) >> bit & 1)
			*to++ = (char)('a' + bit);
	*to++ = ']';
	*to = 0;
}

static double seconds_since(const struct timespec *start)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

/* One node that many classes lead out of: no pattern may look at the others one by one. */
static void many_classes_at_one_place_are_fast(void **state)
{
	RF_CLEANUP(hostile_done) struct hostile h = {0};
	RF_CLEANUP(rf_dfa_freep) struct rf_dfa *dfa = NULL;
	struct rf_err err = RF_ERR_INIT;
	struct timespec start;

	(void)state;
	hostile_init(&h);
	for (unsigned int i = 0; i < HOSTILE_PATTERNS; i++) {
		memcpy(h.texts[i], "/c/", 3);
		write_class(h.texts[i] + 3, i);
		hostile_add(&h, false);
	}
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
	if (rf_dfa_compile(&dfa, &h.input, &err) < 0)
		fail_msg("%s", rf_err_text(&err));
	assert_true(seconds_since(&start) < 2.5);
	assert_int_equal(dfa->states.len, 6); /* "", "/", "/c", "/c/", a match, all else */
}

/* Many rules that match everywhere below many names: refused before it takes long. */
static void ends_without_number_are_refused(void **state)
{
	RF_CLEANUP(hostile_done) struct hostile h = {0};
	RF_CLEANUP(rf_dfa_freep) struct rf_dfa *dfa = NULL;
	struct rf_err err = RF_ERR_INIT;

	(void)state;
	hostile_init(&h);
	for (unsigned int i = 0; i < HOSTILE_PATTERNS; i++) {
		(void)snprintf(h.texts[i], sizeof(h.texts[i]), i % 2 ? "/d/*" : "/d/%06u", i);
		hostile_add(&h, i % 2);
	}
	assert_int_equal(rf_dfa_compile(&dfa, &h.input, &err), -E2BIG);
	assert_non_null(strstr(rf_err_text(&err), "more than 1073741824 steps to compile"));
}

/* As in nfa.c the texts of all alternatives count, also of those that give nothing new. */
static void written_out_patterns_have_a_limit(void **state)
{
	static const char braces[] =
		"/{a,a}{a,a}{a,a}{a,a}{a,a}{a,a}{a,a}{a,a}{a,a}{a,a}{a,a}{a,a}";
	const struct rf_pattern pattern = {.text = braces};
	RF_CLEANUP(rf_nfa_done) struct rf_nfa nfa = {0};
	struct rf_err err = RF_ERR_INIT;
	size_t n = 0;
	int r = 0;

	(void)state;
	assert_int_equal(rf_nfa_init(&nfa, &err), 0);
	while (n < 100000 && r == 0) {
		r = rf_nfa_add(&nfa, &pattern, 0, false, &err);
		n++;
	}
	assert_true(n > 100 && n < 2000);
	assert_int_equal(r, -E2BIG);
	assert_non_null(strstr(rf_err_text(&err), "have more than 64 MiB together"));
}

/*
 * State k of many allows what follows k bytes before the end, so what is known of one pair of them
 * is passed on pair by pair, against the order of their numbers: pair by pair it would take too
 * many rounds.
 */
static void a_relation_is_found_though_it_takes_many_rounds(void **state)
{
	RF_CLEANUP(hostile_done) struct hostile h = {0};
	RF_CLEANUP(rf_dfa_freep) struct rf_dfa *dfa = NULL;
	struct rf_err err = RF_ERR_INIT;
	static char texts[860][900];

	(void)state;
	hostile_init(&h);
	for (unsigned int i = 0; i < RF_ARRAY_LEN(texts); i++) {
		(void)snprintf(texts[i], sizeof(texts[i]), "/%c%c", '0' + (int)i / 64,
			       '0' + (int)i % 64);
		memset(texts[i] + 3, 'a', i);
		hostile_add(&h, false);
		h.patterns[i] = (struct rf_pattern){.text = texts[i], .literal = true};
	}
	if (rf_dfa_compile(&dfa, &h.input, &err) < 0)
		fail_msg("%s", rf_err_text(&err));
	assert_true(dfa->states.len > 860 && dfa->states.len < RF_DFA_RELATION_STATES);
	assert_in_range(dfa->n_related, 860, RF_DFA_RELATION_STATES);
}

static void add_to_nfa(struct rf_nfa *nfa, const char *text, const char *wanted)
{
	const struct rf_pattern pattern = {.text = text};
	struct rf_err err = RF_ERR_INIT;
	int r = rf_nfa_add(nfa, &pattern, 0, false, &err);

	assert_int_equal(r, wanted ? -E2BIG : 0);
	if (wanted && !strstr(rf_err_text(&err), wanted))
		fail_msg("got \"%s\", wanted \"%s\"", rf_err_text(&err), wanted);
}

static void start_nfa(struct rf_nfa *ret)
{
	struct rf_err err = RF_ERR_INIT;

	assert_int_equal(rf_nfa_init(ret, &err), 0);
}

static void patterns_have_limits(void **state)
{
	RF_CLEANUP(rf_nfa_done) struct rf_nfa nfa = {0}, pieces = {0};
	const struct rf_nfa_node node = {.edges = RF_NFA_END, .accepts = RF_NFA_END};
	struct rf_byte_set set = {{0}};

	(void)state;
	start_nfa(&nfa);
	add_to_nfa(&nfa, "/{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}", NULL);
	add_to_nfa(&nfa, "/{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b,c}",
		   "its braces stand for more than 4096 patterns");

	while (nfa.sets.len < UINT16_MAX) {
		set.bits[0] = nfa.sets.len;
		set.bits[3] = 1; /* no class of a pattern has these */
		assert_int_equal(rf_byte_sets_push(&nfa.sets, set), 0);
	}
	add_to_nfa(&nfa, "/[xyz]", NULL);
	add_to_nfa(&nfa, "/[xy]", "\"/[xy]\": more than 65536 different byte classes");
	add_to_nfa(&nfa, "/a/[xyz]", NULL); /* not a new one */

	start_nfa(&pieces);
	while (pieces.nodes.len < RF_NFA_MAX_NODES - 2)
		assert_int_equal(rf_nfa_nodes_push(&pieces.nodes, node), 0);
	add_to_nfa(&pieces, "/a", NULL);
	add_to_nfa(&pieces, "/a", NULL);
	add_to_nfa(&pieces, "/b", "\"/b\": the patterns hold more than 2097152 different pieces");
}

UNIT_MAIN(cmocka_unit_test(grammar_by_table), cmocka_unit_test(literals_match_only_themselves),
	  cmocka_unit_test(abstract_names_have_no_components),
	  cmocka_unit_test(deny_beats_allow_and_exceptions_only_take_away),
	  cmocka_unit_test(defaults_decide_where_no_rule_speaks),
	  cmocka_unit_test(sessions_audit_mode_and_self), cmocka_unit_test(relation_looks_below),
	  cmocka_unit_test(agrees_with_the_slow_matcher),
	  cmocka_unit_test(nothing_is_left_to_merge),
	  cmocka_unit_test(explosion_is_refused_by_name), cmocka_unit_test(patterns_have_limits),
	  cmocka_unit_test(many_classes_at_one_place_are_fast),
	  cmocka_unit_test(ends_without_number_are_refused),
	  cmocka_unit_test(written_out_patterns_have_a_limit),
	  cmocka_unit_test(the_relation_is_the_textbooks),
	  cmocka_unit_test(a_relation_is_found_though_it_takes_many_rounds));
