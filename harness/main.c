// SPDX-License-Identifier: MIT
/* The door: a table of subcommands. */
#include <stdio.h>
#include <string.h>

#include "cell.h"
#include "command.h"
#include "lib/die.h"
#include "prepare.h"
#include "suggest.h"
#include "version.h"

static int help(int argc, char **argv);
static int version(int argc, char **argv);

static const struct command {
	const char *name;
	int (*main)(int argc, char **argv);
	const char *summary;
} commands[] = {
	{ "compare", command_compare, "measure workloads on allocators, store, draw and show" },
	{ "run", command_run, "the same with a workload of your own: run FILE.c" },
	{ "nightly", command_nightly,
	  "compare --quick, judged against earlier nights; exit 1 if worse" },
	{ "list", command_list, "allocators and workloads that can be named" },
	{ "report", command_report, "show a stored run again: report [RUN]" },
	{ "plots", command_plots, "draw a stored run again: plots [RUN]" },
	{ "slabinfo", command_slabinfo, "the slabs of a stored trial: slabinfo [RUN[/TRIAL]]" },
	{ "geometry", command_geometry, "how objects lie in slabs; compare with a real kernel" },
	{ "tokens", command_tokens,
	  "a program's allocations by AllocToken's tokens: tokens PROGRAM [ARGS]" },
	{ "help", help, "this text; COMMAND --help tells a command's options" },
	{ "version", version, "version and commit" },
	{ NULL, NULL, NULL },
};

static int help(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	puts("usage: ./runner COMMAND [OPTIONS]\n\ncommands:");
	for (const struct command *c = commands; c->name; c++)
		if (c->summary)
			printf("  %-9s %s\n", c->name, c->summary);
	puts("\nexamples:\n"
	     "  ./runner compare --quick\n"
	     "  ./runner compare -w trace:dentry-xfs -a libc,slab,slab:partition=typed -t 1,2\n"
	     "  ./runner run workloads/scripts/lifo-batch.c -a jemalloc,mine=/opt/lib/libmine.so\n"
	     "\nexit codes: 0 fine, 1 regression or mismatch, 2 usage, 3 not resolved,\n"
	     "4 a trial failed, 5 storage, 130 interrupted");
	return EXIT_FINE;
}

static int version(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	printf("slabbench %s %s%s\n", SLABBENCH_VERSION, SLABBENCH_COMMIT,
	       SLABBENCH_DIRTY ? "+" : "");
	return EXIT_FINE;
}

static int unknown(const char *word)
{
	struct suggest s = { .word = word };

	for (const struct command *c = commands; c->name; c++)
		if (c->summary)
			suggest_offer(&s, c->name);
	die(EXIT_USAGE, "unknown command '%s'%s (./runner help)", word, suggest_text(&s));
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		help(0, NULL);
		return EXIT_FINE;
	}
	if (!strcmp(argv[1], "cell"))
		return cell_main(argc - 2, argv + 2);
	if (!strcmp(argv[1], "probe"))
		return cell_probe(argc - 2, argv + 2);
	if (!strcmp(argv[1], "prepare"))
		return prepare_main(argc - 2, argv + 2);
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return help(0, NULL);
	if (!strcmp(argv[1], "--version"))
		return version(0, NULL);
	for (const struct command *c = commands; c->name; c++)
		if (c->main && !strcmp(c->name, argv[1]))
			return c->main(argc - 1, argv + 1);
	return unknown(argv[1]);
}
