// SPDX-License-Identifier: MIT
/* ./runner list: allocators (with the reason where one is absent) and workloads. */
#include <stdio.h>

#include "allocators/allocator.h"
#include "command.h"
#include "lib/die.h"
#include "suite.h"
#include "workloads/workload.h"

static void list_allocators(void)
{
	const struct allocator *a;
	char path[512];

	puts("allocators (-a NAME, NAME:OPTIONS or ANY=/path/lib.so)");
	for (size_t i = 0; (a = allocator_at(i)); i++) {
		bool found = allocator_locate(a, path, sizeof(path));

		printf("  %-12s %s\n", a->name, a->summary);
		if (*path)
			printf("  %-12s %s%s\n", "", found ? "" : "absent: ", path);
		for (int v = 0; v < 4 && a->variants[v]; v++)
			if (*a->variants[v])
				printf("  %-12s also as %s:%s\n", "", a->name, a->variants[v]);
	}
}

static void list_workloads(void)
{
	const struct workload *w;

	puts("workloads (-w NAME or NAME:ARGUMENT)");
	for (size_t i = 0; (w = workload_at(i)); i++) {
		printf("  %-12s %s\n", w->name, w->summary);
		printf("  %-12s one operation: %s\n", "", w->op);
		if (w->takes)
			printf("  %-12s argument: %s\n", "", w->takes);
	}
}

static void list_suites(void)
{
	static char text[SUITE_TEXT];
	static struct suite suite;
	char **names = suite_names();

	puts("suites (--suite NAME, or a FILE with a slash)");
	for (char **n = names; *n; n++) {
		suite_load(&suite, *n, text);
		printf("  %-12s %s\n", *n, suite.summary);
		printf("  %-12s %d cells\n", "", suite.nr_cells);
	}
	suite_free_names(names);
}

int command_list(int argc, char **argv)
{
	if (argc > 1)
		die(EXIT_USAGE, "list: unexpected word '%s'", argv[1]);
	list_allocators();
	list_workloads();
	list_suites();
	return EXIT_FINE;
}
