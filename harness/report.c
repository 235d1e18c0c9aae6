// SPDX-License-Identifier: MIT
/* What all reports ask of a run, and the exit code it earns. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lib/die.h"
#include "report_parts.h"
#include "sql.h"
#include "suite_figures.h"

void report_start(struct report *r, FILE *out, struct store *s, const char *run_id)
{
	r->out = out;
	r->db = store_handle(s);
	r->c = compare_run(r->db, run_id);
	r->suite = suite_figures(r->db, r->c);
}

void report_end(struct report *r)
{
	suite_figures_free(r->suite);
	compare_free(r->c);
	fflush(r->out);
}

void report_params(const struct report *r, const char *json, char *buf, size_t len)
{
	sqlite3_stmt *stmt = sql_for_run(
		r->db, "SELECT group_concat(key || '=' || value, ' ') FROM json_each(?)", json);

	*buf = '\0';
	if (sql_row(stmt))
		sql_copy(stmt, 0, buf, len);
	sql_finish(stmt);
}

void report_fact(const struct report *r, const char *name, const char *otherwise, char *buf,
		 size_t len)
{
	sqlite3_stmt *stmt = sql_for_run(r->db, "SELECT json_extract(?, '$.' || ?)", r->c->facts);

	sql_text(stmt, 2, name);
	snprintf(buf, len, "%s", otherwise);
	if (sql_row(stmt) && *sql_column(stmt, 0))
		sql_copy(stmt, 0, buf, len);
	sql_finish(stmt);
}

bool report_has_row(const struct report *r, const struct compare_cell *cell, int metric, int arm)
{
	const struct compare_row *row = compare_row_at(r->c, cell, metric, arm);

	return r->c->arms[arm].role != ARM_CONTROL && (row->n || row->verdict == VERDICT_INVALID);
}

static void say_same(const struct compare_row *row, double usual, char *buf, size_t len)
{
	if (row->floor > 1.05 * usual)
		snprintf(buf, len, "same (within %.2g%%)", 100 * row->floor);
	else
		snprintf(buf, len, "same");
}

void report_verdict(const struct report *r, const struct compare_row *row, int metric, int arm,
		    char *buf, size_t len)
{
	const struct compare_metric *m = &r->c->metrics[metric];
	const char *name = compare_verdict_name(m, row->verdict);

	if (r->c->arms[arm].role == ARM_NULL)
		snprintf(buf, len, "the harness alone");
	else if (r->c->arms[arm].role == ARM_BASELINE)
		snprintf(buf, len, "baseline");
	else if (row->verdict == VERDICT_SAME)
		say_same(row, m->rel_floor, buf, len);
	else if (row->blocks_needed)
		snprintf(buf, len, "%s (~%d blocks)", name, row->blocks_needed);
	else if (row->why[0])
		snprintf(buf, len, "%s (%s)", name, row->why);
	else
		snprintf(buf, len, "%s", name);
}

bool report_control(const struct report *r, int metric, double *low, double *high)
{
	int control = compare_arm_index(r->c, ARM_CONTROL);
	bool any = false;

	*low = INFINITY;
	*high = -INFINITY;
	for (int i = 0; control >= 0 && metric >= 0 && i < r->c->nr_cells; i++) {
		const struct stats_interval *iv =
			&compare_row_at(r->c, &r->c->cells[i], metric, control)->ratio_interval;

		if (!iv->rank)
			continue;
		*low = fmin(*low, iv->low);
		*high = fmax(*high, iv->high);
		any = true;
	}
	return any;
}

struct adjustment {
	int adjusted, plain;
	int least, most; /* comparisons of a cell */
	double coverage; /* of a plain interval */
};

static void count_row(struct adjustment *a, const struct compare_row *row)
{
	if (!row->ratio_interval.rank || isnan(row->floor))
		return;
	a->adjusted += row->adjusted;
	a->plain += !row->adjusted;
	if (!row->adjusted)
		a->coverage = row->ratio_interval.coverage;
}

static void count_adjusted(const struct report *r, struct adjustment *a)
{
	*a = (struct adjustment){ .least = 1 << 30 };
	for (int i = 0; i < r->c->nr_cells; i++) {
		const struct compare_cell *cell = &r->c->cells[i];

		for (int j = 0; j < r->c->nr_metrics * r->c->nr_arms; j++)
			count_row(a, &cell->rows[j]);
		a->least = cell->family < a->least ? cell->family : a->least;
		a->most = cell->family > a->most ? cell->family : a->most;
	}
}

/* Blocks that carry intervals for @family comparisons, by the half dozen: the default is 12. */
static int blocks_for(int family)
{
	int n = stats_min_n(1 - (1 - COMPARE_LEVEL) / (family ? family : 1));

	return (n + 5) / 6 * 6;
}

void report_adjustment(const struct report *r, char *buf, size_t len)
{
	struct adjustment a;
	char family[40];

	count_adjusted(r, &a);
	snprintf(family, sizeof(family), a.least < a.most ? "%d to %d" : "%d",
		 a.least < a.most ? a.least : a.most, a.most);
	if (!a.most)
		snprintf(buf, len, "nothing is compared");
	else if (a.adjusted && !a.plain)
		snprintf(buf, len,
			 "95%% for the %s comparisons of a workload together (Bonferroni)", family);
	else if (a.plain)
		snprintf(buf, len,
			 "%.1f%% each, not adjusted for %s comparisons: %d blocks cannot "
			 "carry it; use --blocks %d",
			 100 * a.coverage, family, r->c->blocks, blocks_for(a.most));
	else
		snprintf(buf, len, "no intervals: %d blocks are too few; use --blocks %d",
			 r->c->blocks, blocks_for(a.most));
}

sqlite3_stmt *report_failed(const struct report *r)
{
	return sql_for_run(
		r->db,
		"SELECT workload, params, allocator, role, status, count(*), min(block), "
		"exit_status, reason FROM v_trial WHERE run = ? AND status <> 'ok' "
		"GROUP BY cell, arm, status ORDER BY cell_position, arm_position, status",
		r->c->id);
}

sqlite3_stmt *report_skipped(const struct report *r)
{
	return sql_for_run(r->db, "SELECT name, reason FROM skipped WHERE run = ? ORDER BY name",
			   r->c->id);
}

sqlite3_stmt *report_notes(const struct report *r, const struct compare_cell *cell)
{
	sqlite3_stmt *stmt = sql_for_run(
		r->db,
		"SELECT note, count(*), group_concat(allocator, ', ') FROM ("
		"SELECT DISTINCT note, arm, allocator FROM v_trial "
		"WHERE run = ? AND cell = ? AND note <> '' AND role <> 'null' ORDER BY arm"
		") GROUP BY note ORDER BY min(arm), note LIMIT 8",
		r->c->id);

	sql_int(stmt, 2, cell->id);
	return stmt;
}

static bool has_invalid(const struct compare *c, const struct compare_cell *cell)
{
	for (int i = 0; i < c->nr_metrics * c->nr_arms; i++)
		if (cell->rows[i].verdict == VERDICT_INVALID)
			return true;
	for (int arm = 0; arm < c->nr_arms; arm++)
		if (cell->statuses[arm][TRIAL_INVALID])
			return true;
	return false;
}

static bool has_failed(const struct compare *c, const struct compare_cell *cell)
{
	for (int arm = 0; arm < c->nr_arms; arm++) {
		const int *nr = cell->statuses[arm];

		if (nr[TRIAL_FAILED] || nr[TRIAL_TIMEOUT] || nr[TRIAL_MISMATCH])
			return true;
		if (nr[TRIAL_OUTGROWN] && c->arms[arm].role != ARM_NULL)
			return true;
	}
	return false;
}

int report_exit_code(struct store *s, const char *run_id)
{
	struct compare *c = compare_run(store_handle(s), run_id);
	int contaminated = 0;
	bool failed = false, invalid = false;

	for (int i = 0; i < c->nr_cells; i++) {
		failed |= has_failed(c, &c->cells[i]);
		invalid |= has_invalid(c, &c->cells[i]);
		contaminated += c->cells[i].contaminated;
	}
	invalid |= c->nr_cells && contaminated == c->nr_cells;
	compare_free(c);
	return failed ? EXIT_FAILED : invalid ? EXIT_UNRESOLVED : EXIT_FINE;
}
