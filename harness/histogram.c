// SPDX-License-Identifier: MIT
/* Reading a histogram back; filling it is inline in the header. */
#include <math.h>

#include "histogram.h"

uint64_t histogram_low(unsigned int index)
{
	unsigned int shift;

	if (index < 2 * HISTOGRAM_SUB)
		return index;
	shift = index / HISTOGRAM_SUB - 1;
	return (uint64_t)(index - shift * HISTOGRAM_SUB) << shift;
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
	into->nr += from->nr;
	if (from->max > into->max)
		into->max = from->max;
	for (unsigned int i = 0; i < HISTOGRAM_BUCKETS; i++)
		into->bucket[i] += from->bucket[i];
}

static double middle(const struct histogram *h, unsigned int index)
{
	double low = (double)histogram_low(index);
	double width = (double)histogram_low(index + 1) - low;
	double value = low + (width - 1) / 2;

	return value < (double)h->max ? value : (double)h->max;
}

double histogram_percentile(const struct histogram *h, double p)
{
	uint64_t rank = (uint64_t)ceil(p * (double)h->nr), seen = 0;

	if (!h->nr)
		return 0;
	if (rank >= h->nr)
		return (double)h->max;
	if (!rank)
		rank = 1;
	for (unsigned int i = 0; i < HISTOGRAM_BUCKETS - 1; i++) {
		seen += h->bucket[i];
		if (seen >= rank)
			return middle(h, i);
	}
	return (double)h->max;
}
