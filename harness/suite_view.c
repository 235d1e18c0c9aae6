// SPDX-License-Identifier: MIT
/* Looking values up by block, pairing them, and the medians of that. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/bits.h"
#include "lib/die.h"
#include "metrics.h"
#include "sql.h"
#include "suite_view.h"

#define MAX_BLOCKS 1001

static const char *const metric_of[] = {
	[SUITE_TIME] = "ns_per_op",
	[SUITE_WHOLE] = "ns_per_op",
	[SUITE_RSS_PEAK] = "rss_peak_bytes",
	[SUITE_RSS_DRAINED] = "rss_drained_bytes",
	[SUITE_CALL_P999] = "latency_p999_ns",
};

static bool read_suite(struct suite_view *v, sqlite3 *db)
{
	sqlite3_stmt *stmt;
	char why[512];
	bool is_suite;

	if (sql_value(db, "PRAGMA user_version") < 3)
		return false;
	stmt = sql_for_run(db, "SELECT name, text FROM suite WHERE run = ?", v->c->id);
	is_suite = sql_row(stmt);
	if (is_suite &&
	    suite_parse(&v->suite, sql_column(stmt, 0), sql_column(stmt, 1), why, sizeof(why)))
		die(EXIT_STORAGE, "the stored %s", why);
	sql_finish(stmt);
	return is_suite;
}

static void read_own(struct suite_view *v, sqlite3 *db)
{
	sqlite3_stmt *stmt = sql_for_run(db,
					 "SELECT o.arm, o.allocator, o.options FROM suite_own o "
					 "JOIN arm a ON a.id = o.arm WHERE a.run = ?",
					 v->c->id);

	while (sql_row(stmt)) {
		int i = 0;

		while (i < v->c->nr_arms && v->c->arms[i].id != sqlite3_column_int64(stmt, 0))
			i++;
		if (i == v->c->nr_arms)
			continue;
		v->arm[i].is_own = true;
		sql_copy(stmt, 1, v->arm[i].allocator, sizeof(v->arm[i].allocator));
		sql_copy(stmt, 2, v->arm[i].options, sizeof(v->arm[i].options));
	}
	sql_finish(stmt);
}

static int blocks_of(const struct compare *c, const struct compare_cell *cell)
{
	int nr = 0;

	for (int k = 0; k < c->nr_metrics * c->nr_arms; k++) {
		const struct compare_row *row = &cell->rows[k];

		if (row->n && row->block[row->n - 1] >= nr)
			nr = row->block[row->n - 1] + 1;
	}
	return nr;
}

/* Those that every cell was run in: a run may have been interrupted. */
static int count_blocks(const struct compare *c)
{
	int least = MAX_BLOCKS;

	for (int i = 0; i < c->nr_cells; i++) {
		int nr = blocks_of(c, &c->cells[i]);

		if (nr < least)
			least = nr;
	}
	return least < MAX_BLOCKS ? least : 0;
}

bool suite_view_open(struct suite_view *v, sqlite3 *db, const struct compare *c)
{
	*v = (struct suite_view){ .c = c, .null_arm = compare_arm_index(c, ARM_NULL) };
	if (c->nr_arms > RUN_MAX_ARMS || !read_suite(v, db))
		return false;
	read_own(v, db);
	for (int i = 0; i < c->nr_arms; i++)
		v->arm[i].is_peer = !v->arm[i].is_own && (c->arms[i].role == ARM_SUBJECT ||
							  c->arms[i].role == ARM_BASELINE);
	v->nr_blocks = count_blocks(c);
	return true;
}

static double row_value(const struct compare_row *row, int block)
{
	for (int i = 0; i < row->n && row->block[i] <= block; i++)
		if (row->block[i] == block)
			return row->value[i];
	return NAN;
}

static double look_up(const struct suite_view *v, enum suite_value value, struct suite_point p,
		      int block)
{
	int metric = compare_metric_index(v->c, metric_of[value]);

	if (metric < 0 || p.cell < 0 || p.arm < 0)
		return NAN;
	return row_value(compare_row_at(v->c, &v->c->cells[p.cell], metric, p.arm), block);
}

/* The value, and in *@quantum what it counts as if that is more. */
static double measured(const struct suite_view *v, enum suite_value value, struct suite_point p,
		       int block, double *quantum)
{
	double whole = look_up(v, value, p, block), null;

	*quantum = metric_find(metric_of[value])->abs_floor;
	if (value != SUITE_TIME)
		return whole;
	null = look_up(v, value, (struct suite_point){ p.cell, v->null_arm }, block);
	*quantum = fmax(*quantum, SUITE_RESOLVED * null);
	return whole - null;
}

static bool is_clamped(const struct suite_view *v, enum suite_value value, struct suite_point p,
		       int block)
{
	double quantum, x = measured(v, value, p, block, &quantum);

	return x <= quantum;
}

double suite_sample(const struct suite_view *v, enum suite_value value, struct suite_point p,
		    int block)
{
	double quantum, x = measured(v, value, p, block, &quantum);

	return isnan(x) ? x : fmax(x, quantum);
}

double suite_median(const struct suite_view *v, enum suite_value value, struct suite_point p)
{
	double x[MAX_BLOCKS];
	int n = 0;

	for (int block = 0; block < v->nr_blocks; block++) {
		x[n] = suite_sample(v, value, p, block);
		n += !isnan(x[n]);
	}
	stats_sort(x, n);
	return stats_median(x, n);
}

int suite_best_peer(const struct suite_view *v, enum suite_value value, int cell)
{
	double least = INFINITY;
	int best = -1;

	for (int arm = 0; arm < v->c->nr_arms; arm++) {
		double x = v->arm[arm].is_peer
				   ? suite_median(v, value, (struct suite_point){ cell, arm })
				   : NAN;

		if (x < least) {
			least = x;
			best = arm;
		}
	}
	return best;
}

static bool all_peers_have(const struct suite_view *v, enum suite_value value, int cell)
{
	for (int arm = 0; arm < v->c->nr_arms; arm++)
		if (v->arm[arm].is_peer &&
		    isnan(suite_median(v, value, (struct suite_point){ cell, arm })))
			return false;
	return true;
}

/* Sum of the logarithms of the medians of @arm; NAN if there are none. */
static double sum_logs(const struct suite_view *v, enum suite_value value, int arm)
{
	double sum = 0;
	int n = 0;

	for (int cell = 0; cell < v->c->nr_cells; cell++) {
		if (!all_peers_have(v, value, cell))
			continue;
		sum += log(suite_median(v, value, (struct suite_point){ cell, arm }));
		n++;
	}
	return n ? sum : NAN;
}

int suite_best_overall(const struct suite_view *v, enum suite_value value)
{
	double least = INFINITY;
	int best = -1;

	for (int arm = 0; arm < v->c->nr_arms; arm++) {
		double sum = v->arm[arm].is_peer ? sum_logs(v, value, arm) : NAN;

		if (sum < least) {
			least = sum;
			best = arm;
		}
	}
	return best;
}

/* ln(a / b) of each block into @logs, NAN where one is missing; how many there are. */
static int pair(const struct suite_view *v, enum suite_value value, struct suite_point a,
		struct suite_point b, double *logs, struct suite_ratio *r)
{
	int n = 0;

	for (int block = 0; block < v->nr_blocks; block++) {
		logs[block] = log(suite_sample(v, value, a, block)) -
			      log(suite_sample(v, value, b, block));
		if (isnan(logs[block]))
			continue;
		r->nr_clamped += is_clamped(v, value, a, block) + is_clamped(v, value, b, block);
		n++;
	}
	return n;
}

static void summarise(struct suite_ratio *r, double *logs, int n)
{
	stats_sort(logs, n);
	r->n = n;
	r->ratio = exp(stats_median(logs, n));
	r->interval = stats_median_interval(logs, n, COMPARE_LEVEL);
	r->interval.low = exp(r->interval.low);
	r->interval.high = exp(r->interval.high);
}

struct suite_ratio suite_ratio(const struct suite_view *v, enum suite_value value,
			       struct suite_point a, struct suite_point b)
{
	struct suite_ratio r = { .nr_cells = 1 };
	double logs[MAX_BLOCKS];
	int n = 0;

	pair(v, value, a, b, logs, &r);
	for (int block = 0; block < v->nr_blocks; block++)
		if (!isnan(logs[block]))
			logs[n++] = logs[block];
	summarise(&r, logs, n);
	return r;
}

struct suite_ratio suite_mean(const struct suite_view *v, enum suite_value value,
			      const struct suite_point *a, const struct suite_point *b, int nr)
{
	struct suite_ratio r = { .nr_cells = 0 };
	double sum[MAX_BLOCKS] = { 0 }, logs[MAX_BLOCKS];

	for (int i = 0; i < nr; i++) {
		struct suite_ratio one = { .n = 0 };

		if (!v->nr_blocks || pair(v, value, a[i], b[i], logs, &one) < v->nr_blocks)
			continue;
		for (int block = 0; block < v->nr_blocks; block++)
			sum[block] += logs[block];
		r.nr_cells++;
		r.nr_clamped += one.nr_clamped;
	}
	for (int block = 0; block < v->nr_blocks; block++)
		sum[block] /= r.nr_cells ? r.nr_cells : 1;
	summarise(&r, sum, r.nr_cells ? v->nr_blocks : 0);
	return r;
}
