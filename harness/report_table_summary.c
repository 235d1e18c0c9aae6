// SPDX-License-Identifier: MIT
/*
 * Each allocator over all cells: the geometric mean of its ratios, and in how many cells each
 * verdict fell. A mean is taken only over all cells, so that every line speaks of the same work.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report_parts.h"
#include "report_text.h"

struct tally {
	double mean; /* NAN unless every cell has a ratio */
	int less, same, more, open;
};

static void tally(const struct compare *c, int metric, int arm, struct tally *t)
{
	double ratios[RUN_MAX_CELLS];
	int nr = 0;

	*t = (struct tally){ .mean = NAN };
	for (int i = 0; i < c->nr_cells && i < RUN_MAX_CELLS; i++) {
		const struct compare_row *row = compare_row_at(c, &c->cells[i], metric, arm);

		if (row->nr_pairs && row->verdict != VERDICT_INVALID)
			ratios[nr++] = row->ratio;
		t->less += row->verdict == VERDICT_LESS;
		t->same += row->verdict == VERDICT_SAME;
		t->more += row->verdict == VERDICT_MORE;
		t->open += row->verdict >= VERDICT_UNRESOLVED;
	}
	if (nr == c->nr_cells)
		t->mean = stats_geomean(ratios, nr);
}

static bool is_column(const struct compare *c, int metric)
{
	return c->metrics[metric].judged && c->metrics[metric].shown;
}

static void print_line(const struct report *r, int arm, int label_width)
{
	char label[128], change[REPORT_TEXT], counts[64];
	struct tally t;

	report_text_cut(label, sizeof(label), r->c->arms[arm].label, label_width);
	fprintf(r->out, "  %-*s", label_width, label);
	for (int metric = 0; metric < r->c->nr_metrics; metric++) {
		if (!is_column(r->c, metric))
			continue;
		tally(r->c, metric, arm, &t);
		report_text_change(change, t.mean);
		snprintf(counts, sizeof(counts), "%d-%d-%d-%d", t.less, t.same, t.more, t.open);
		fprintf(r->out, "%9s %-8s", change, counts);
	}
	fputc('\n', r->out);
}

/* The arm with the lowest mean of @metric among subjects and the baseline (mean 1). */
static int lowest(const struct compare *c, int metric, double *mean)
{
	int best = compare_arm_index(c, ARM_BASELINE);
	struct tally t;

	*mean = 1;
	for (int arm = 0; arm < c->nr_arms; arm++) {
		if (c->arms[arm].role != ARM_SUBJECT)
			continue;
		tally(c, metric, arm, &t);
		if (t.mean < *mean) {
			*mean = t.mean;
			best = arm;
		}
	}
	return best;
}

static double mean_of(const struct compare *c, int metric, int arm)
{
	struct tally t = { .mean = 1 };

	if (c->arms[arm].role == ARM_SUBJECT)
		tally(c, metric, arm, &t);
	return t.mean;
}

static void print_sentence(const struct report *r)
{
	int time = compare_metric_index(r->c, "ns_per_op");
	int memory = compare_metric_index(r->c, "rss_peak_bytes");
	double least_time, least_memory;
	int fast, small;

	if (time < 0 || memory < 0)
		return;
	fast = lowest(r->c, time, &least_time);
	small = lowest(r->c, memory, &least_memory);
	report_paragraph(r->out, 0, 2,
			 "Least time per operation: %s, %.2fx that of %s at %.2fx its peak "
			 "RSS. Least peak RSS: %s, %.2fx at %.2fx the time.",
			 r->c->arms[fast].label, least_time, r->c->baseline,
			 mean_of(r->c, memory, fast), r->c->arms[small].label, least_memory,
			 mean_of(r->c, time, small));
}

void report_summary(const struct report *r, int label_width)
{
	if (compare_arm_index(r->c, ARM_BASELINE) < 0 || compare_arm_index(r->c, ARM_SUBJECT) < 0 ||
	    !r->c->nr_cells)
		return;
	fprintf(r->out, "\n%-*s", label_width + 2, "summary");
	for (int metric = 0; metric < r->c->nr_metrics; metric++)
		if (is_column(r->c, metric))
			fprintf(r->out, "   %-15s", r->c->metrics[metric].label);
	fputc('\n', r->out);
	for (int arm = 0; arm < r->c->nr_arms; arm++)
		if (r->c->arms[arm].role == ARM_SUBJECT)
			print_line(r, arm, label_width);
	report_paragraph(r->out, 2, 4,
			 "geometric mean over %d workload%s, and how many of them are "
			 "less-same-more-without verdict",
			 r->c->nr_cells, r->c->nr_cells == 1 ? "" : "s");
	print_sentence(r);
}
