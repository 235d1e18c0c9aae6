// SPDX-License-Identifier: MIT
/* Order statistics, the sign test and Holm's adjustment. Pure; formulas are named in stats.h. */
#include <math.h>
#include <stdlib.h>

#include "stats.h"

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void stats_sort(double *v, int n)
{
	qsort(v, (size_t)n, sizeof(*v), ascending);
}

double stats_median(const double *sorted, int n)
{
	if (n == 0)
		return NAN;
	return (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
}

double stats_geomean(const double *v, int n)
{
	double sum = 0;

	for (int i = 0; i < n; i++)
		sum += v[i] > 0 ? log(v[i]) : NAN;
	return n ? exp(sum / n) : NAN;
}

/* P(Binomial(n, 1/2) = k), by logarithms because 2^-n is 0 in a double from n = 1075 on. */
static double binomial_half(int n, int k)
{
	return exp(lgamma(n + 1.0) - lgamma(k + 1.0) - lgamma(n - k + 1.0) - n * M_LN2);
}

/* P(Binomial(n, 1/2) < k) */
static double below(int n, int k)
{
	double sum = 0;

	for (int i = 0; i < k; i++)
		sum += binomial_half(n, i);
	return sum;
}

double stats_coverage(int n, int rank)
{
	return 1 - 2 * below(n, rank);
}

/* lgamma and a level written in decimals are exact to about 1e-14. */
#define ROUNDING 1e-12

int stats_rank(int n, double level)
{
	double tail = 0;
	int rank = 0;

	while (rank < n / 2) {
		tail += binomial_half(n, rank);
		if (1 - 2 * tail < level - ROUNDING)
			break;
		rank++;
	}
	return rank;
}

int stats_min_n(double level)
{
	int n = 2;

	while (1 - ldexp(1, 1 - n) < level - ROUNDING)
		n++;
	return n;
}

struct stats_interval stats_median_interval(const double *sorted, int n, double level)
{
	struct stats_interval iv = { NAN, NAN, NAN, stats_rank(n, level) };

	if (iv.rank) {
		iv.low = sorted[iv.rank - 1];
		iv.high = sorted[n - iv.rank];
		iv.coverage = stats_coverage(n, iv.rank);
	}
	return iv;
}

double stats_sign_test(int nr_below, int nr_above)
{
	int fewer = nr_below < nr_above ? nr_below : nr_above;

	return fmin(1, 2 * below(nr_below + nr_above, fewer + 1));
}

/* The smallest of @p not yet done. */
static int next_smallest(const double *p, const char *done, int n)
{
	int best = -1;

	for (int i = 0; i < n; i++)
		if (!done[i] && (best < 0 || p[i] < p[best]))
			best = i;
	return best;
}

void stats_holm(double *p, int n)
{
	char done[n > 0 ? n : 1];
	double highest = 0;

	for (int i = 0; i < n; i++)
		done[i] = 0;
	for (int step = 0; step < n; step++) {
		int i = next_smallest(p, done, n);

		highest = fmax(highest, fmin(1, p[i] * (n - step)));
		p[i] = highest;
		done[i] = 1;
	}
}

double stats_normal_quantile(double p)
{
	double low = -40, high = 40;

	for (int i = 0; i < 100; i++) {
		double mid = (low + high) / 2;

		if (erfc(-mid / M_SQRT2) / 2 < p)
			low = mid;
		else
			high = mid;
	}
	return (low + high) / 2;
}
