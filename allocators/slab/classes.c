// SPDX-License-Identifier: MIT
/* The tables of the two schemes. See classes.h. */
#include "classes.h"

#include <string.h>

#define FINE_STEP	16u  /* bytes between small classes */
#define FINE_SMALL	128u /* up to here; then so many classes a doubling: */
#define FINE_A_DOUBLING 8u

SPARSE_HEAD struct classes slab_classes;

/* Class @index takes the sizes that no smaller one takes, up to @bytes. */
static void add(unsigned int index, unsigned int bytes, unsigned int *step)
{
	slab_classes.bytes[index] = bytes;
	for (; *step < bytes >> CLASS_STEP_SHIFT && *step < NR_CLASS_STEPS; (*step)++)
		slab_classes.of_step[*step] = (uint8_t)index;
	if (bytes > CLASS_STEPS_MAX)
		slab_classes.above = (uint8_t)index;
	slab_classes.max_bytes = bytes;
}

static unsigned int fine_after(unsigned int bytes)
{
	if (bytes < FINE_SMALL)
		return bytes + FINE_STEP - bytes % FINE_STEP;
	return bytes + (1u << bits_ilog2(bytes)) / FINE_A_DOUBLING;
}

static void make_fine(unsigned int bytes)
{
	unsigned int step = 0, index = 1;

	for (; bytes <= CLASS_STEPS_MAX; bytes = fine_after(bytes))
		add(index++, bytes, &step);
}

/* 2^n, and 96 and 192 between their neighbours; up to two pages. */
static void make_kernel(unsigned int bytes)
{
	unsigned int step = 0;

	for (unsigned int n = bits_ilog2(bytes); (size_t)1 << n <= 2 * slab_page_bytes(); n++) {
		add(n, 1u << n, &step);
		if (n == 6)
			add(1, 96, &step);
		if (n == 7)
			add(2, 192, &step);
	}
}

void classes_init(enum class_scheme scheme, unsigned int min_align)
{
	memset(slab_classes.of_step, 0, sizeof(slab_classes.of_step));
	memset(slab_classes.bytes, 0, sizeof(slab_classes.bytes));
	if (scheme == CLASSES_FINE)
		make_fine(min_align);
	else
		make_kernel(min_align);
}
