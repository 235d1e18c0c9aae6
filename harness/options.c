// SPDX-License-Identifier: MIT
/* argp tables. Numbers are checked as they are read: a bad one is a sentence with what is allowed.
 */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/die.h"
#include "options.h"
#include "suggest.h"

enum key {
	KEY_QUICK = 256,
	KEY_SUITE,
	KEY_BLOCKS,
	KEY_ROUNDS,
	KEY_SEED,
	KEY_SCALE,
	KEY_DB,
	KEY_OUT,
	KEY_BASELINE,
	KEY_TIMEOUT,
	KEY_CSV,
	KEY_MARKDOWN,
	KEY_JSON,
};

static const struct argp_option table[] = {
	{ NULL, 'a', "LIST", 0,
	  "Allocators: NAME, NAME:OPTIONS or NAME=/path/lib.so, separated by commas "
	  "(default: all that are installed)",
	  1 },
	{ "workload", 'w', "LIST", 0, "Workloads: NAME or NAME:ARGUMENT (default: see list)", 1 },
	{ "threads", 't', "LIST", 0, "Thread counts (default: 1 and the number of CPUs)", 1 },
	{ "suite", KEY_SUITE, "NAME", 0,
	  "The cells and allocators of a suite, with its report (see list); NAME or FILE with a "
	  "slash",
	  1 },
	{ "scale", KEY_SCALE, "X", 0, "Amount of work, 0.001 to 1000 (default: 1)", 1 },
	{ "quick", KEY_QUICK, NULL, 0, "6 blocks, 1 thread, a quarter of the work", 2 },
	{ "blocks", KEY_BLOCKS, "N", 0, "Blocks, 2 to 1000 (default: 12)", 2 },
	{ "rounds", KEY_ROUNDS, "N", 0, "Timed rounds in a trial, 1 to 100 (default: 2)", 2 },
	{ "seed", KEY_SEED, "N", 0, "Seed of the workloads and of the order (default: 42)", 2 },
	{ "baseline", KEY_BASELINE, "NAME", 0, "What ratios are taken to (default: libc)", 2 },
	{ "timeout", KEY_TIMEOUT, "S", 0, "Seconds a trial may take (default: 60)", 2 },
	{ "db", KEY_DB, "FILE", 0, "Database (default: results/slabbench.db)", 3 },
	{ "out", KEY_OUT, "DIR", 0, "Pictures and their data (default: results/runs/RUN)", 3 },
	{ "csv", KEY_CSV, NULL, 0, "Print CSV", 3 },
	{ "markdown", KEY_MARKDOWN, NULL, 0, "Print Markdown", 3 },
	{ "json", KEY_JSON, NULL, 0, "Print one JSON object", 3 },
	{ "dry-run", 'n', NULL, 0, "Print the plan and the estimate, run nothing", 3 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static double number(const char *name, const char *text, double low, double high)
{
	char *end;
	double v;

	errno = 0;
	v = strtod(text, &end);
	if (errno || *end || end == text || !(v >= low && v <= high))
		die(EXIT_USAGE, "--%s %s: a number from %.15g to %.15g is wanted", name, text, low,
		    high);
	return v;
}

unsigned long options_count(const char *name, const char *text, unsigned long low,
			    unsigned long high)
{
	double v = number(name, text, (double)low, (double)high);

	if (v != (double)(unsigned long)v)
		die(EXIT_USAGE, "--%s %s: a whole number from %lu to %lu is wanted", name, text,
		    low, high);
	return (unsigned long)v;
}

static uint64_t parse_seed(const char *text)
{
	char *end;
	uint64_t v;

	errno = 0;
	v = strtoull(text, &end, 0);
	if (errno || *end || end == text || *text == '-' || v > INT64_MAX)
		die(EXIT_USAGE, "--seed %s: a whole number from 0 to 2^63-1 is wanted", text);
	return v;
}

static error_t parse_amount(int key, char *arg, struct options *o)
{
	switch (key) {
	case KEY_SCALE:
		o->scale = number("scale", arg, 0.001, 1000);
		return 0;
	case KEY_BLOCKS:
		o->blocks = (int)options_count("blocks", arg, 2, 1000);
		return 0;
	case KEY_ROUNDS:
		o->rounds = options_count("rounds", arg, 1, 100);
		return 0;
	case KEY_TIMEOUT:
		o->timeout_s = options_count("timeout", arg, 1, 86400);
		return 0;
	case KEY_SEED:
		o->seed = parse_seed(arg);
		return 0;
	case KEY_QUICK:
		o->quick = true;
		return 0;
	case 'n':
		o->dry_run = true;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

/* A list option may be given more than once: the lists are joined. Never freed: one command line.
 */
static const char *join(const char *list, const char *more)
{
	char *both;

	if (!list)
		return more;
	if (asprintf(&both, "%s,%s", list, more) < 0)
		die(EXIT_FAILED, "out of memory");
	return both;
}

static error_t parse_name(int key, char *arg, struct options *o)
{
	switch (key) {
	case 'a':
		o->allocators = join(o->allocators, arg);
		return 0;
	case 'w':
		o->workloads = join(o->workloads, arg);
		return 0;
	case 't':
		o->threads = join(o->threads, arg);
		return 0;
	case KEY_SUITE:
		o->suite = arg;
		return 0;
	case KEY_BASELINE:
		o->baseline = arg;
		return 0;
	case KEY_DB:
		o->db = arg;
		return 0;
	case KEY_OUT:
		o->out = arg;
		return 0;
	case KEY_CSV:
		o->output = OUTPUT_CSV;
		return 0;
	case KEY_MARKDOWN:
		o->output = OUTPUT_MARKDOWN;
		return 0;
	case KEY_JSON:
		o->output = OUTPUT_JSON;
		return 0;
	}
	return parse_amount(key, arg, o);
}

struct parse {
	struct options *o;
	const char *verb;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct parse *p = state->input;

	if (key == ARGP_KEY_ARG) {
		if (strcmp(p->verb, "run") || p->o->file)
			die(EXIT_USAGE, "%s: unexpected word '%s' (./runner %s --help)", p->verb,
			    arg, p->verb);
		p->o->file = arg;
		return 0;
	}
	return parse_name(key, arg, p->o);
}

/* argp says only that an option is unknown; the nearest one is worth a look. */
static void check_spelling(const struct argp_option *table, const char *verb, char **argv)
{
	for (char **a = argv + 1; *a; a++) {
		char word[64];
		struct suggest s = { .word = word };
		bool known = !strcmp(*a, "--help") || !strcmp(*a, "--usage");

		if (strncmp(*a, "--", 2) || !(*a)[2])
			continue;
		snprintf(word, sizeof(word), "%.*s", (int)strcspn(*a + 2, "="), *a + 2);
		for (const struct argp_option *t = table; t->name || t->key; t++) {
			known |= t->name && !strncmp(t->name, word, strlen(word));
			if (t->name)
				suggest_offer(&s, t->name);
		}
		if (!known)
			die(EXIT_USAGE, "%s: unknown option '--%s'%s (./runner %s --help)", verb,
			    word, suggest_text(&s), verb);
	}
}

void options_read(const struct argp *argp, const char *verb, int argc, char **argv, void *input)
{
	argp_err_exit_status = EXIT_USAGE;
	check_spelling(argp->options, verb, argv);
	argp_parse(argp, argc, argv, ARGP_IN_ORDER, NULL, input);
}

static void check_suite(const struct options *o, const char *verb)
{
	if (!o->suite)
		return;
	if (strcmp(verb, "compare"))
		die(EXIT_USAGE, "%s runs no suite; ./runner compare --suite %s", verb, o->suite);
	if (o->workloads || o->threads)
		die(EXIT_USAGE, "--suite %s says which workloads and threads; leave out %s",
		    o->suite, o->workloads ? "-w" : "-t");
}

/* What a suite may say itself stays 0. */
static void fill_defaults(struct options *o, const char *verb)
{
	o->quick |= !strcmp(verb, "nightly");
	o->blocks = o->blocks ? o->blocks : o->quick ? 6 : 12;
	if (o->suite)
		return;
	o->rounds = o->rounds ? o->rounds : 2;
	o->scale = o->scale > 0 ? o->scale : o->quick ? 0.25 : 1;
	if (o->quick && !o->threads)
		o->threads = "1";
}

void options_parse(struct options *o, const char *verb, int argc, char **argv)
{
	struct parse p = { o, verb };
	struct argp argp = {
		.options = table,
		.parser = parse,
		.args_doc = strcmp(verb, "run") ? "" : "FILE.c",
	};

	*o = (struct options){ .seed = 42, .timeout_s = 60 };
	options_read(&argp, verb, argc, argv, &p);
	check_suite(o, verb);
	fill_defaults(o, verb);
}
