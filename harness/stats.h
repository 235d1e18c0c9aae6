/* SPDX-License-Identifier: MIT */
/*
 * Statistics that assume no distribution: medians, the sign test and the interval that goes with
 * it. Pure functions, no allocation; @sorted arrays are ascending. A result that does not exist
 * (no value, too few blocks) is NAN with rank 0, never a number that looks like one.
 */
#ifndef HARNESS_STATS_H
#define HARNESS_STATS_H

/*
 * Interval of a median between two order statistics: from the @rank-th smallest value to the
 * @rank-th largest. Its true coverage is 1 - 2 P(Binomial(n, 1/2) < rank) for any continuous
 * distribution, and at least that if values are equal (David and Nagaraja, Order Statistics, 7.1).
 */
struct stats_interval {
	double low, high;
	double coverage;
	int rank; /* 0: none, the others are NAN */
};

void stats_sort(double *v, int n);
/* Mean of the two middle values if @n is even; NAN if it is 0. */
double stats_median(const double *sorted, int n);
/* The n-th root of the product; NAN if a value is not positive. */
double stats_geomean(const double *v, int n);

/* The largest rank whose interval of @n values covers at least @level; 0 if there is none. */
int stats_rank(int n, double level);
/* 1 - 2 P(Binomial(n, 1/2) < rank). */
double stats_coverage(int n, int rank);
/* The smallest n for which an interval at @level exists: 1 - 2^(1 - n) >= level. */
int stats_min_n(double level);
struct stats_interval stats_median_interval(const double *sorted, int n, double level);

/* Exact two-sided sign test: how likely a split at least as uneven is, if both signs are. */
double stats_sign_test(int nr_below, int nr_above);
/* Holm's step-down adjustment of @n p-values in place; order is kept, none falls, none passes 1. */
void stats_holm(double *p, int n);
/* The x with P(Normal(0, 1) < x) = @p, 0 < p < 1. */
double stats_normal_quantile(double p);

#endif
