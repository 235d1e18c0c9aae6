// SPDX-License-Identifier: MIT
/* The command line of ./runner tokens: its own words end where the program begins. See tokens.h. */
#include <argp.h>
#include <string.h>

#include "lib/die.h"
#include "tokens.h"

enum key { KEY_PARTITIONS = 256, KEY_OPTIONS, KEY_READ, KEY_EACH, KEY_CSV, KEY_JSON };

static const struct argp_option table[] = {
	{ "partitions", KEY_PARTITIONS, "N", 0,
	  "Sets of caches: 2, 16, 64 or 256, the program's -falloc-token-max (default: 16)", 1 },
	{ "options", KEY_OPTIONS, "LIST", 0, "Options of libslab (default: partition=typed)", 1 },
	{ "read", KEY_READ, "FILE", 0, "Run nothing: show a file that token_stats=FILE wrote", 1 },
	{ "out", 'o', "FILE", 0, "Report into FILE; the program's stdout stays what it is", 2 },
	{ "each", KEY_EACH, NULL, 0, "A table for each process, then the sum", 2 },
	{ "csv", KEY_CSV, NULL, 0, "Print CSV: a row a process and slot", 2 },
	{ "json", KEY_JSON, NULL, 0, "Print one JSON object", 2 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static unsigned int parse_partitions(const char *text)
{
	unsigned long nr = options_count("partitions", text, 2, TOKEN_RECORD_SLOTS);

	if (nr != 2 && nr != 16 && nr != 64 && nr != 256)
		die(EXIT_USAGE, "--partitions %s: give 2, 16, 64 or 256", text);
	return (unsigned int)nr;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct tokens_options *o = state->input;

	switch (key) {
	case KEY_PARTITIONS:
		o->nr_slots = parse_partitions(arg);
		return 0;
	case KEY_OPTIONS:
		o->options = arg;
		return 0;
	case KEY_READ:
		o->read = arg;
		return 0;
	case 'o':
		o->out = arg;
		return 0;
	case KEY_EACH:
		o->each = true;
		return 0;
	case KEY_CSV:
		o->output = OUTPUT_CSV;
		return 0;
	case KEY_JSON:
		o->output = OUTPUT_JSON;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

/* Does the option @word have its value in the next word? */
static bool takes_next(const char *word)
{
	if (!strcmp(word, "-o"))
		return true;
	for (const struct argp_option *t = table; t->name; t++)
		if (!strncmp(word, "--", 2) && !strcmp(word + 2, t->name))
			return t->arg != NULL;
	return false;
}

/* Where the program's words begin; @argc if there is none. */
static int find_program(int argc, char **argv)
{
	int i = 1;

	while (i < argc && argv[i][0] == '-') {
		if (!strcmp(argv[i], "--"))
			return i + 1;
		i += 1 + takes_next(argv[i]);
	}
	return i < argc ? i : argc;
}

void tokens_options_parse(struct tokens_options *o, int argc, char **argv)
{
	struct argp argp = {
		.options = table,
		.parser = parse,
		.args_doc = "PROGRAM [ARGUMENT...]",
		.doc = "Run PROGRAM under libslab-malloc and print what was allocated by slot, the "
		       "set "
		       "of caches that AllocToken's number chose.\vBuild PROGRAM with Clang 22, "
		       "-fsanitize=alloc-token and -falloc-token-max=16 (or what --partitions "
		       "says). "
		       "The exit code is the program's.",
	};
	int at = find_program(argc, argv);
	char *first = at < argc ? argv[at] : NULL;

	*o = (struct tokens_options){ .options = "partition=typed" };
	if (first)
		argv[at] = NULL;
	options_read(&argp, "tokens", at < argc ? at : argc, argv, o);
	if (first) {
		argv[at] = first;
		o->program = argv + at;
	}
	if (!o->program == !o->read)
		die(EXIT_USAGE, "tokens: give a program, or --read FILE (./runner tokens --help)");
}
