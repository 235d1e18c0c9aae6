// SPDX-License-Identifier: MIT
/* What a series did before, and whether tonight is beyond it; nightly.h defines both. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/die.h"
#include "nightly_parts.h"

#define LEVEL 0.95

struct nightly_night nightly_night(const double *ascending, int n)
{
	return (struct nightly_night){
		.value = ascending,
		.n = n,
		.median = stats_median(ascending, n),
		.interval = stats_median_interval(ascending, n, LEVEL),
	};
}

static double ln_choose(int n, int k)
{
	return lgamma(n + 1.0) - lgamma(k + 1.0) - lgamma(n - k + 1.0);
}

/*
 * At least n - rank + 1 of the new values come before the place-th old one, counted from the top:
 * a hypergeometric tail over the first n - rank + place of all values.
 */
double nightly_false_alarm(int pooled, int n, int rank, int place)
{
	int need = n - rank + 1;
	int top = need + place - 1;
	double p = 0;

	for (int k = need; k <= n && k <= top; k++)
		if (top - k <= pooled)
			p += exp(ln_choose(n, k) + ln_choose(pooled, top - k) -
				 ln_choose(pooled + n, top));
	return p;
}

static int choose_place(int pooled, const struct nightly_night *tonight)
{
	int place = 1;

	while (2 * place < pooled && nightly_false_alarm(pooled, tonight->n, tonight->interval.rank,
							 place + 1) <= NIGHTLY_FALSE_ALARM)
		place++;
	return place;
}

/* How many nights from @night on, at most @nr, hang together. */
static int count_together(const struct nightly_night *night, int nr, double floor)
{
	double low = night[0].interval.low, high = night[0].interval.high;
	int count = 1;

	while (count < nr && count < NIGHTLY_MAX_NIGHTS) {
		const struct stats_interval *next = &night[count].interval;

		if (next->low > high + floor || next->high < low - floor)
			break;
		low = fmin(low, next->low);
		high = fmax(high, next->high);
		count++;
	}
	return count;
}

/* All blocks of @nr nights, ascending; *n of them. The caller frees. */
static double *pool(const struct nightly_night *night, int nr, int *n)
{
	double *all;

	*n = 0;
	for (int i = 0; i < nr; i++)
		*n += night[i].n;
	all = malloc((size_t)*n * sizeof(*all));
	if (!all)
		die(EXIT_FAILED, "out of memory");
	*n = 0;
	for (int i = 0; i < nr; i++) {
		memcpy(all + *n, night[i].value, (size_t)night[i].n * sizeof(*all));
		*n += night[i].n;
	}
	stats_sort(all, *n);
	return all;
}

static void set_bounds(struct nightly_regime *r, const struct nightly_night *night,
		       const struct nightly_night *tonight)
{
	int n;
	double *all = pool(night, r->nr_nights, &n);
	int place = choose_place(n, tonight);

	r->low = all[place - 1];
	r->high = all[n - place];
	r->median = stats_median(all, n);
	for (int i = 0; i < r->nr_nights; i++) {
		r->low = fmin(r->low, night[i].median);
		r->high = fmax(r->high, night[i].median);
	}
	free(all);
}

bool nightly_regime(const struct nightly_night *night, int nr, const struct nightly_night *tonight,
		    double floor, struct nightly_regime *r)
{
	int first = 0;

	while (first < nr) {
		r->nr_nights = count_together(night + first, nr - first, floor);
		r->newer = first;
		if (r->nr_nights >= NIGHTLY_MIN_NIGHTS) {
			set_bounds(r, night + first, tonight);
			return true;
		}
		first += r->nr_nights;
	}
	return false;
}

int nightly_moved(const struct nightly_regime *r, const struct nightly_night *tonight, double floor)
{
	if (tonight->interval.low > r->high + floor)
		return 1;
	return tonight->interval.high < r->low - floor ? -1 : 0;
}
