/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What N path rules cost to compile: time, memory, states, size of the packed image. Not a test:
 * figures are for people (DESIGN.md 4), `bench-dfa [RULES]`.
 */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "sandbox/policy/dfa.h"

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static const struct rf_pattern env[] = {{.text = "**/.env"}, {.text = "**/*.pem"}};

static void fill_text(char *text, size_t size, const char *shape, unsigned int i)
{
	static const char hex[] = "0123456789abcdef";
	unsigned int h = i * 2654435761u;
	char random[9];

	if (shape[0] != 'r') {
		(void)snprintf(text, size, "/srv/data/dir%02u/app%04u%s", i % 100, i,
			       shape[0] == 'l' ? "" : "/**");
		return;
	}
	for (int k = 0; k < 8; k++)
		random[k] = hex[h >> (4 * k) & 15];
	random[8] = 0;
	(void)snprintf(text, size, "/opt/%s/lib/**", random);
}

int main(int argc, char **argv)
{
	static const char *const shapes[] = {"literal", "tree", "random", "random+env"};
	size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 10000;

	for (size_t s = 0; s < RF_ARRAY_LEN(shapes); s++) {
		struct rf_pattern *patterns = calloc(n, sizeof(*patterns));
		struct rf_dfa_rule *rules = calloc(n + 1, sizeof(*rules));
		char(*texts)[64] = calloc(n, sizeof(*texts));
		struct rf_dfa_input input = {.rules = rules, .n_rules = n};
		RF_CLEANUP(rf_dfa_freep) struct rf_dfa *dfa = NULL;
		struct rf_err err = RF_ERR_INIT;
		struct rusage usage;
		double t = now();
		size_t cells = 0;

		for (size_t i = 0; i < n; i++) {
			fill_text(texts[i], sizeof(texts[i]), shapes[s], (unsigned int)i);
			patterns[i].text = texts[i];
			rules[i] = (struct rf_dfa_rule){.index = (uint32_t)i,
							.rights = RF_FILE_READ,
							.deny = i % 3 == 0,
							.patterns = &patterns[i],
							.n_patterns = 1};
		}
		if (strchr(shapes[s], '+'))
			rules[input.n_rules++] = (struct rf_dfa_rule){.index = (uint32_t)n,
								      .rights = RF_FILE_ALL,
								      .deny = true,
								      .patterns = env,
								      .n_patterns = 2};
		if (rf_dfa_compile(&dfa, &input, &err) < 0) {
			fprintf(stderr, "%s\n", rf_err_text(&err));
			return 1;
		}
		cells = dfa->states.len * 3 + dfa->edges.len;
		(void)getrusage(RUSAGE_SELF, &usage);
		printf("%-11s %6zu rules  %.3f s  %6zu raw states  %6zu states  %6zu edges  "
		       "%6zu verdicts  ~%.2f MiB rows  peak %ld MiB\n",
		       shapes[s], n, now() - t, dfa->n_raw_states, dfa->states.len, dfa->edges.len,
		       dfa->verdicts.len, (double)cells * 4 / (1 << 20), usage.ru_maxrss / 1024);
		free(patterns);
		free(rules);
		free(texts);
	}
	return 0;
}
