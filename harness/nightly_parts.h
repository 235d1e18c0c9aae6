/* SPDX-License-Identifier: MIT */
/*
 * Between the files of nightly.c. All values of a series are natural logarithms of ratios, so that
 * a step up and its way back are equally large. Main thread only.
 */
#ifndef HARNESS_NIGHTLY_PARTS_H
#define HARNESS_NIGHTLY_PARTS_H

#include <stdbool.h>
#include <sqlite3.h>

#include "metrics.h"
#include "nightly.h"
#include "stats.h"

/* One night of one series. */
struct nightly_night {
	const double *value; /* [n], ascending, one a block */
	int n;
	double median;
	struct stats_interval interval; /* rank 0: too few blocks */
};

struct nightly_regime {
	int nr_nights;
	int newer; /* previous nights that are newer than the regime */
	double low, median, high;
};

struct nightly_series {
	char workload[256], params[512], allocator[96];
	const struct metric *metric;
	double floor; /* what does not matter, as a difference of logarithms */
	struct nightly_night tonight;
	int nr_nights; /* previous nights with an interval, newest first */
	struct nightly_night night[NIGHTLY_LOOK_BACK];
};

/* ---- nightly_regime.c: pure functions ---- */

struct nightly_night nightly_night(const double *ascending, int n);
/*
 * P(the interval of n new values, which begins at their rank-th, lies wholly above the place-th
 * largest of @pooled old ones), all exchangeable.
 */
double nightly_false_alarm(int pooled, int n, int rank, int place);
/* The last regime before @tonight; false if there is none. @night: newest first. */
bool nightly_regime(const struct nightly_night *night, int nr, const struct nightly_night *tonight,
		    double floor, struct nightly_regime *r);
/* 1: wholly above the regime, -1: wholly below, 0: neither. */
int nightly_moved(const struct nightly_regime *r, const struct nightly_night *tonight,
		  double floor);

/* ---- nightly_read.c: the series of a run, one after the other ---- */

struct nightly_reader;

struct nightly_reader *nightly_read_begin(sqlite3 *db, const char *run_id);
/* The next series, valid until the next call; NULL at the end. */
const struct nightly_series *nightly_read_next(struct nightly_reader *r);
void nightly_read_end(struct nightly_reader *r);

#endif
