/* SPDX-License-Identifier: MIT */
/*
 * A log-linear histogram of clock ticks: 32 buckets per power of two, so a bucket is at most 1/32
 * of its value wide; values below 64 are exact. Fixed size, never allocates. One per thread, merged
 * after the round.
 */
#ifndef HARNESS_HISTOGRAM_H
#define HARNESS_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_SUB_BITS 5
#define HISTOGRAM_SUB	   (1u << HISTOGRAM_SUB_BITS)
#define HISTOGRAM_BUCKETS  ((64 - HISTOGRAM_SUB_BITS + 1) * HISTOGRAM_SUB)

struct histogram {
	uint64_t nr;
	uint64_t max;
	uint64_t bucket[HISTOGRAM_BUCKETS];
};

/* The bucket that holds @value: equal to the value below 64, then 32 to each doubling. */
static inline unsigned int histogram_index(uint64_t value)
{
	unsigned int shift;

	if (value < 2 * HISTOGRAM_SUB)
		return (unsigned int)value;
	shift = 63 - __builtin_clzll(value) - HISTOGRAM_SUB_BITS;
	return shift * HISTOGRAM_SUB + (unsigned int)(value >> shift);
}

static inline void histogram_add(struct histogram *h, uint64_t value)
{
	h->nr++;
	h->bucket[histogram_index(value)]++;
	if (value > h->max)
		h->max = value;
}

/* The smallest value of bucket @index; histogram_low(i + 1) is its exclusive end. */
uint64_t histogram_low(unsigned int index);

void histogram_merge(struct histogram *into, const struct histogram *from);

/*
 * The value below which the share @p (0 to 1) of the samples lies: the middle of its bucket, or the
 * exact maximum for the last sample. 0 for an empty histogram.
 */
double histogram_percentile(const struct histogram *h, double p);

#endif
