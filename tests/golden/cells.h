/* SPDX-License-Identifier: MIT */
/*
 * Cells whose instructions run.sh counts: functions cell_NAME() that allocate and free by one call
 * each, so that what callgrind notes of the two calls is theirs, without the loop around them. Only
 * what happens in measure() is counted; one run of the cell before it warms the caches.
 */
#ifndef TESTS_GOLDEN_CELLS_H
#define TESTS_GOLDEN_CELLS_H

#include <stddef.h>
#include <stdbool.h>
#include <string.h>

#include "lib/bits.h"

#define NR_OPERATIONS 2000u /* of one cell; a multiple of MAX_BATCH */
#define MAX_BATCH     1000u

struct cell {
	const char *name;
	void (*run)(void);
};

static void *cell_objects[MAX_BATCH];

/* A batch of @nr: the expression @alloc as often, then @free of each object p, first one first. */
#define CELL_BATCH(name, nr, alloc, free)                                                          \
	static void cell_##name(void)                                                              \
	{                                                                                          \
		for (unsigned int i = 0; i < NR_OPERATIONS / (nr); i++) {                          \
			for (unsigned int j = 0; j < (nr); j++)                                    \
				cell_objects[j] = alloc;                                           \
			for (unsigned int j = 0; j < (nr); j++) {                                  \
				void *p = cell_objects[j];                                         \
				free;                                                              \
			}                                                                          \
		}                                                                                  \
	}

#define CELL(name, alloc, free) CELL_BATCH(name, 1u, alloc, free)
#define CELL_ROW(name)                                                                             \
	{                                                                                          \
#name, cell_##name                                                                 \
	}

/* Not static, so that no compiler gives it another name. */
void measure(const struct cell *c);
void __attribute__((noinline)) measure(const struct cell *c)
{
	c->run();
}

static inline bool is_named(const char *name, char **names)
{
	while (*names && strcmp(*names, name))
		names++;
	return *names;
}

/* Those that @names has, which ends with NULL; all if it is empty. */
static inline void cells_run(const struct cell *cells, size_t nr, char **names)
{
	for (size_t i = 0; i < nr; i++) {
		if (*names && !is_named(cells[i].name, names))
			continue;
		cells[i].run();
		measure(&cells[i]);
	}
}

#endif
