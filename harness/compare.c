// SPDX-License-Identifier: MIT
/* The judgement, cell by cell: estimates first, then the control, then verdicts, then Holm. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "lib/die.h"

#define ALPHA (1 - COMPARE_LEVEL)

/* One cell under judgement. */
struct bench {
	struct compare *c;
	struct compare_cell *cell;
	int baseline, control; /* arms, -1 if the run has none */
	double level;	       /* of an interval for the whole family */
};

static struct compare_row *row_of(const struct bench *b, int metric, int arm)
{
	return compare_row_at(b->c, b->cell, metric, arm);
}

static double *scratch(int n)
{
	double *v = malloc((size_t)(n ? n : 1) * sizeof(*v));

	if (!v)
		die(EXIT_FAILED, "out of memory");
	return v;
}

static void summarise(struct compare_row *row)
{
	double *sorted = scratch(row->n);

	if (row->n)
		memcpy(sorted, row->value, (size_t)row->n * sizeof(*sorted));
	stats_sort(sorted, row->n);
	row->median = stats_median(sorted, row->n);
	row->interval = stats_median_interval(sorted, row->n, COMPARE_LEVEL);
	row->ratio = row->p = row->p_holm = row->floor = NAN;
	row->ratio_interval = (struct stats_interval){ NAN, NAN, NAN, 0 };
	free(sorted);
}

/*
 * ln(row / base) of the blocks that both have, into @logs; their number. None if a baseline is not
 * above 0 or a value is below it: then there is no ratio to speak of.
 */
static int pair(const struct compare_row *row, const struct compare_row *base, double *logs)
{
	int nr = 0;

	for (int i = 0, j = 0; i < row->n && j < base->n;) {
		if (row->block[i] < base->block[j]) {
			i++;
		} else if (row->block[i] > base->block[j]) {
			j++;
		} else {
			if (!(base->value[j] > 0) || row->value[i] < 0)
				return 0;
			logs[nr++] = log(row->value[i++] / base->value[j++]);
		}
	}
	return nr;
}

static double sign_test(const double *logs, int n)
{
	int below = 0, above = 0;

	for (int i = 0; i < n; i++) {
		below += logs[i] < 0;
		above += logs[i] > 0;
	}
	return stats_sign_test(below, above);
}

static struct stats_interval ratio_interval(const double *sorted, int n, double level)
{
	struct stats_interval iv = stats_median_interval(sorted, n, level);

	iv.low = exp(iv.low);
	iv.high = exp(iv.high);
	return iv;
}

/* Ratio, plain interval and p of @row. */
static void estimate(struct compare_row *row, const struct compare_row *base)
{
	double *logs = scratch(row->n);

	row->nr_pairs = pair(row, base, logs);
	if (row->nr_pairs) {
		row->p = sign_test(logs, row->nr_pairs);
		stats_sort(logs, row->nr_pairs);
		row->ratio = exp(stats_median(logs, row->nr_pairs));
		row->ratio_interval = ratio_interval(logs, row->nr_pairs, COMPARE_LEVEL);
	}
	free(logs);
}

/* A share of the baseline's share says nothing. */
static bool has_ratio(const struct compare_metric *m)
{
	return strcmp(m->name, "harness_share_ratio") != 0;
}

static void estimate_cell(struct bench *b)
{
	for (int metric = 0; metric < b->c->nr_metrics; metric++) {
		for (int arm = 0; arm < b->c->nr_arms; arm++)
			summarise(row_of(b, metric, arm));
		for (int arm = 0; arm < b->c->nr_arms && b->baseline >= 0; arm++)
			if (has_ratio(&b->c->metrics[metric]) && b->c->arms[arm].role != ARM_NULL)
				estimate(row_of(b, metric, arm), row_of(b, metric, b->baseline));
	}
}

static bool is_judged(const struct bench *b, int metric, int arm)
{
	return b->c->metrics[metric].judged && b->c->arms[arm].role == ARM_SUBJECT;
}

static void count_family(struct bench *b)
{
	int nr = 0;

	for (int metric = 0; metric < b->c->nr_metrics; metric++)
		for (int arm = 0; arm < b->c->nr_arms; arm++)
			nr += is_judged(b, metric, arm) && row_of(b, metric, arm)->nr_pairs;
	b->cell->family = nr;
	b->level = 1 - ALPHA / (nr ? nr : 1);
}

/* What does not matter of a metric, as a ratio, before the control is asked. */
static double own_floor(const struct bench *b, int metric)
{
	const struct compare_metric *m = &b->c->metrics[metric];
	double typical = row_of(b, metric, b->baseline)->median;
	double quantum = typical > 0 ? m->abs_floor / typical : 0;

	return fmax(m->rel_floor, quantum);
}

static bool beyond(const struct stats_interval *iv, double floor)
{
	return iv->rank && (iv->low > 1 + floor || iv->high < 1 / (1 + floor));
}

static bool within(const struct stats_interval *iv, double floor)
{
	return iv->rank && iv->high < 1 + floor && iv->low > 1 / (1 + floor);
}

static bool control_moved(const struct bench *b, int metric)
{
	return b->control >= 0 &&
	       beyond(&row_of(b, metric, b->control)->ratio_interval, own_floor(b, metric));
}

static bool is_time(const struct compare_metric *m)
{
	return !strcmp(m->unit, "ns");
}

static void judge_control(struct bench *b)
{
	for (int metric = 0; metric < b->c->nr_metrics; metric++)
		if (b->c->metrics[metric].judged && is_time(&b->c->metrics[metric]) &&
		    control_moved(b, metric))
			b->cell->contaminated = true;
}

static double floor_of(const struct bench *b, int metric)
{
	double floor = own_floor(b, metric);
	const struct stats_interval *iv;

	if (b->control < 0)
		return floor;
	iv = &row_of(b, metric, b->control)->ratio_interval;
	if (iv->rank)
		floor = fmax(floor, fmin(COMPARE_MAX_FLOOR, fmax(iv->high, 1 / iv->low) - 1));
	return floor;
}

static int bad_trials(const struct bench *b, int arm)
{
	const int *nr = b->cell->statuses[arm];

	return nr[TRIAL_FAILED] + nr[TRIAL_TIMEOUT] + nr[TRIAL_MISMATCH] + nr[TRIAL_INVALID] +
	       nr[TRIAL_OUTGROWN];
}

static int all_trials(const struct bench *b, int arm)
{
	return b->cell->statuses[arm][TRIAL_OK] + bad_trials(b, arm);
}

/* Why there can be no verdict on @row, in its words; false if there can be one. */
static bool is_invalid(const struct bench *b, struct compare_row *row, int arm)
{
	size_t len = sizeof(row->why);

	if (bad_trials(b, arm))
		snprintf(row->why, len, "%d of %d failed", bad_trials(b, arm), all_trials(b, arm));
	else if (bad_trials(b, b->baseline))
		snprintf(row->why, len, "baseline failed");
	else if (row->nr_pairs < COMPARE_MIN_BLOCKS)
		snprintf(row->why, len, "%d of %d blocks", row->nr_pairs, COMPARE_MIN_BLOCKS);
	else
		return false;
	return true;
}

/*
 * How many of the ratios must lie outside the interval, at the worse of its ends, for the verdict
 * that the estimate leans to: less or more if it is beyond the floor, same if it is within.
 */
static int obstacles(const double *logs, int n, double estimate, double floor)
{
	int low = 0, high = 0;

	for (int i = 0; i < n; i++) {
		low += logs[i] <= -floor;
		high += logs[i] >= floor;
	}
	if (fabs(estimate) > floor)
		return n - (estimate < 0 ? low : high);
	return low > high ? low : high;
}

/*
 * Blocks after which that many would be outside if their share stays: the smallest n with
 * rank(n) > share x n. It begins at the normal approximation of the rank, n / 2 - z sqrt(n) / 2.
 * 0 if no reasonable number would do, because the estimate sits on the floor.
 */
static int blocks_for(int now, double share, double level)
{
	double z = stats_normal_quantile(0.5 + level / 2);
	double first = share < 0.5 ? pow(z / (1 - 2 * share), 2) : INFINITY;
	int n = first < COMPARE_MAX_BLOCKS ? (int)fmax(first - 4, now + 1) / 2 * 2 : 1 << 20;

	while (n <= COMPARE_MAX_BLOCKS && (n <= now || stats_rank(n, level) <= share * n))
		n += 2;
	return n <= COMPARE_MAX_BLOCKS ? n : 0;
}

static int blocks_needed(const struct bench *b, const struct compare_row *row,
			 const struct compare_row *base)
{
	double *logs = scratch(row->n);
	int n = pair(row, base, logs);
	int nr = obstacles(logs, n, log(row->ratio), log1p(row->floor));

	free(logs);
	return blocks_for(n, (double)nr / n, b->level);
}

static void unresolved(const struct bench *b, struct compare_row *row, int metric)
{
	row->verdict = VERDICT_UNRESOLVED;
	row->blocks_needed = blocks_needed(b, row, row_of(b, metric, b->baseline));
	if (!row->blocks_needed)
		snprintf(row->why, sizeof(row->why), "at the floor");
}

static void moved(struct compare_row *row)
{
	row->verdict = VERDICT_UNRESOLVED;
	snprintf(row->why, sizeof(row->why), "A/A moved");
}

static void decide(const struct bench *b, struct compare_row *row, int metric)
{
	const struct stats_interval *iv = &row->ratio_interval;

	if (control_moved(b, metric) || (b->cell->contaminated && is_time(&b->c->metrics[metric])))
		moved(row);
	else if (beyond(iv, row->floor))
		row->verdict = iv->high < 1 ? VERDICT_LESS : VERDICT_MORE;
	else if (within(iv, row->floor))
		row->verdict = VERDICT_SAME;
	else
		unresolved(b, row, metric);
}

/* Put the family's interval in the place of the plain one, if the blocks can carry it. */
static void adjust(const struct bench *b, struct compare_row *row, const struct compare_row *base)
{
	double *logs = scratch(row->n);
	int n = pair(row, base, logs);

	if (stats_rank(n, b->level)) {
		stats_sort(logs, n);
		row->ratio_interval = ratio_interval(logs, n, b->level);
		row->adjusted = true;
	}
	free(logs);
}

static void judge(const struct bench *b, int metric, int arm)
{
	struct compare_row *row = row_of(b, metric, arm);

	adjust(b, row, row_of(b, metric, b->baseline));
	row->floor = floor_of(b, metric);
	if (is_invalid(b, row, arm))
		row->verdict = VERDICT_INVALID;
	else
		decide(b, row, metric);
}

/* An allocator that never came through has no sample: one row says so. */
static void judge_absent(const struct bench *b, int arm)
{
	int metric = compare_metric_index(b->c, "ns_per_op");
	struct compare_row *row = metric < 0 ? NULL : row_of(b, metric, arm);

	if (row && !row->n && bad_trials(b, arm)) {
		row->verdict = VERDICT_INVALID;
		is_invalid(b, row, arm);
	}
}

static void judge_rows(struct bench *b)
{
	for (int arm = 0; arm < b->c->nr_arms; arm++) {
		for (int metric = 0; metric < b->c->nr_metrics; metric++)
			if (is_judged(b, metric, arm) && row_of(b, metric, arm)->nr_pairs)
				judge(b, metric, arm);
		if (b->c->arms[arm].role == ARM_SUBJECT)
			judge_absent(b, arm);
	}
}

static void adjust_p(struct bench *b)
{
	int nr_rows = b->c->nr_metrics * b->c->nr_arms, nr = 0;
	double *p = scratch(b->cell->family);

	for (int i = 0; i < nr_rows; i++)
		if (is_judged(b, i / b->c->nr_arms, i % b->c->nr_arms) && b->cell->rows[i].nr_pairs)
			p[nr++] = b->cell->rows[i].p;
	stats_holm(p, nr);
	nr = 0;
	for (int i = 0; i < nr_rows; i++)
		if (is_judged(b, i / b->c->nr_arms, i % b->c->nr_arms) && b->cell->rows[i].nr_pairs)
			b->cell->rows[i].p_holm = p[nr++];
	free(p);
}

struct compare *compare_run(sqlite3 *db, const char *run_id)
{
	struct compare *c = compare_read(db, run_id);
	struct bench b = { .c = c,
			   .baseline = compare_arm_index(c, ARM_BASELINE),
			   .control = compare_arm_index(c, ARM_CONTROL) };

	for (int i = 0; i < c->nr_cells; i++) {
		b.cell = &c->cells[i];
		estimate_cell(&b);
		if (b.baseline < 0)
			continue;
		count_family(&b);
		judge_control(&b);
		judge_rows(&b);
		adjust_p(&b);
	}
	return c;
}

const char *compare_verdict_name(const struct compare_metric *m, enum verdict verdict)
{
	static const char *const names[] = { "",     "lower",	     "higher",
					     "same", "not resolved", "invalid" };

	if (verdict == VERDICT_LESS)
		return is_time(m) ? "faster" : strcmp(m->unit, "bytes") ? "lower" : "smaller";
	if (verdict == VERDICT_MORE)
		return is_time(m) ? "slower" : strcmp(m->unit, "bytes") ? "higher" : "larger";
	return names[verdict];
}
