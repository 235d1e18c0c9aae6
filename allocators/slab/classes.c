// SPDX-License-Identifier: MIT
/* The tables of the two schemes. See classes.h. */
#include "classes.h"

#include <string.h>

#define FINE_STEP	16u  /* bytes between small classes */
#define FINE_SMALL	128u /* up to here; then so many classes a doubling: */
#define FINE_A_DOUBLING 8u

SPARSE_HEAD struct classes slab_classes;

static void add(unsigned int index, unsigned int bytes)
{
	slab_classes.bytes[index] = bytes;
	if (bytes > CLASS_STEPS_MAX)
		slab_classes.above = (uint8_t)index;
	slab_classes.max_bytes = bytes;
}

/* The least class that suffices; in no order, for the kernel's are in none. */
unsigned int classes_find(size_t size)
{
	unsigned int best = 0;

	for (unsigned int i = 1; i < NR_KMALLOC_INDEXES; i++) {
		size_t bytes = slab_classes.bytes[i];

		if (bytes >= size && (!best || bytes < slab_classes.bytes[best]))
			best = i;
	}
	return best;
}

/* The bytes of the next smaller class. */
static unsigned int bytes_below(unsigned int bytes)
{
	unsigned int below = 0;

	for (unsigned int i = 1; i < NR_KMALLOC_INDEXES; i++)
		if (slab_classes.bytes[i] < bytes && slab_classes.bytes[i] > below)
			below = slab_classes.bytes[i];
	return below;
}

void classes_open(unsigned int index)
{
	unsigned int bytes = slab_classes.bytes[index];
	unsigned int end = (unsigned int)min_size(bytes, CLASS_STEPS_MAX) >> CLASS_STEP_SHIFT;

	for (unsigned int i = bytes_below(bytes) >> CLASS_STEP_SHIFT; i < end; i++)
		__atomic_store_n(&slab_classes.of_step[i], (uint8_t)index, __ATOMIC_RELAXED);
}

static unsigned int fine_after(unsigned int bytes)
{
	if (bytes < FINE_SMALL)
		return bytes + FINE_STEP - bytes % FINE_STEP;
	return bytes + (1u << bits_ilog2(bytes)) / FINE_A_DOUBLING;
}

static void make_fine(unsigned int bytes)
{
	unsigned int index = 1;

	for (; bytes <= CLASS_STEPS_MAX; bytes = fine_after(bytes))
		add(index++, bytes);
}

/* 2^n, and 96 and 192 between their neighbours; up to two pages. */
static void make_kernel(unsigned int bytes)
{
	for (unsigned int n = bits_ilog2(bytes); (size_t)1 << n <= 2 * slab_page_bytes(); n++) {
		add(n, 1u << n);
		if (n == 6)
			add(1, 96);
		if (n == 7)
			add(2, 192);
	}
}

void classes_init(enum class_scheme scheme, unsigned int min_align)
{
	slab_classes.above = 0;
	memset(slab_classes.bytes, 0, sizeof(slab_classes.bytes));
	if (scheme == CLASSES_FINE)
		make_fine(min_align);
	else
		make_kernel(min_align);
}

void classes_exit(void)
{
	memset(slab_classes.of_step, 0, sizeof(slab_classes.of_step));
}
