// SPDX-License-Identifier: MIT
/* Tonight's series against their regimes, and what the judge says about them. */
#include <math.h>

#include "lib/die.h"
#include "nightly_parts.h"
#include "sql.h"

struct counts {
	int series, regressions, improvements;
	int without_history; /* no regime to compare with */
	int most_nights;     /* that any of those has */
	int too_few_blocks;  /* of those with a regime: no interval tonight */
};

static void print_move(FILE *out, const struct nightly_series *s, const struct nightly_regime *r,
		       const char *word)
{
	const struct stats_interval *now = &s->tonight.interval;

	fprintf(out, "%-11s  %s %s  %s  %s  %.4g [%.4g .. %.4g] -> %.4g [%.4g .. %.4g]  %+.1f %%",
		word, s->workload, s->params, s->allocator, s->metric->name, exp(r->median),
		exp(r->low), exp(r->high), exp(s->tonight.median), exp(now->low), exp(now->high),
		100 * expm1(s->tonight.median - r->median));
	if (r->newer)
		fprintf(out, "  (the regime ended %d night%s ago)", r->newer,
			r->newer == 1 ? "" : "s");
	fputc('\n', out);
}

static void judge_series(FILE *out, const struct nightly_series *s, struct counts *c)
{
	struct nightly_regime r;
	int moved;

	if (!s->tonight.n)
		return;
	c->series++;
	if (!nightly_regime(s->night, s->nr_nights, &s->tonight, s->floor, &r)) {
		c->without_history++;
		if (s->nr_nights > c->most_nights)
			c->most_nights = s->nr_nights;
		return;
	}
	if (!s->tonight.interval.rank) {
		c->too_few_blocks++;
		return;
	}
	moved = nightly_moved(&r, &s->tonight, s->floor);
	if (!moved)
		return;
	if (moved == s->metric->better) {
		c->improvements++;
		print_move(out, s, &r, "improvement");
	} else {
		c->regressions++;
		print_move(out, s, &r, "regression");
	}
}

/*
 * What gave a result on the previous night of this machine and gives none tonight, with the reason:
 * of a failed trial, of a name that was left out, or that nobody asked for it.
 */
static const char *const missing_query =
	"WITH tonight AS (SELECT * FROM run WHERE id = ?1), "
	"last AS ("
	" SELECT r.id FROM run r, tonight t WHERE r.kind = t.kind AND r.status = 'complete'"
	" AND r.machine = t.machine AND r.baseline = t.baseline"
	" AND (r.started_at, r.id) < (t.started_at, t.id)"
	" ORDER BY r.started_at DESC, r.id DESC LIMIT 1) "
	"SELECT o.workload,"
	" coalesce((SELECT group_concat(key || '=' || value, ' ') FROM json_each(o.params)"
	" WHERE NOT (key = 'scale' AND value = 1)), ''), o.allocator,"
	" coalesce("
	"  (SELECT f.status || coalesce(': ' || nullif(f.reason, ''), '') FROM v_trial f"
	"   WHERE f.run = ?1 AND f.workload = o.workload AND f.params = o.params"
	"   AND f.allocator = o.allocator ORDER BY f.block LIMIT 1),"
	"  (SELECT 'left out: ' || k.reason FROM skipped k WHERE k.run = ?1"
	"   AND k.name IN (o.allocator, o.workload)),"
	"  'not in tonight''s plan') "
	"FROM v_trial o WHERE o.run = (SELECT id FROM last) AND o.status = 'ok'"
	" AND o.role IN ('subject', 'baseline') AND NOT EXISTS ("
	"  SELECT 1 FROM v_trial n WHERE n.run = ?1 AND n.workload = o.workload"
	"  AND n.params = o.params AND n.allocator = o.allocator AND n.status = 'ok') "
	"GROUP BY o.cell, o.arm ORDER BY o.cell_position, o.arm_position";

static void print_missing(FILE *out, sqlite3 *db, const char *run_id)
{
	sqlite3_stmt *stmt = sql_for_run(db, missing_query, run_id);

	while (sql_row(stmt)) {
		fprintf(out, "%-11s  %s ", "missing", sql_column(stmt, 0));
		fprintf(out, "%s  ", sql_column(stmt, 1));
		fprintf(out, "%s  ", sql_column(stmt, 2));
		fprintf(out, "%s\n", sql_column(stmt, 3));
	}
	sql_finish(stmt);
}

static void print_counts(FILE *out, const struct counts *c)
{
	if (c->without_history && c->most_nights < NIGHTLY_MIN_NIGHTS)
		fprintf(out, "no history yet (%d of %d nights) for %d series\n", c->most_nights,
			NIGHTLY_MIN_NIGHTS, c->without_history);
	else if (c->without_history)
		fprintf(out,
			"no history for %d series: fewer than %d nights, or no %d in a row agree\n",
			c->without_history, NIGHTLY_MIN_NIGHTS, NIGHTLY_MIN_NIGHTS);
	if (c->too_few_blocks)
		fprintf(out, "no judgement of %d series: too few blocks tonight, %d are needed\n",
			c->too_few_blocks, stats_min_n(0.95));
	fprintf(out, "%d series, %d regressions, %d improvements, %d without history\n", c->series,
		c->regressions, c->improvements, c->without_history);
}

int nightly_judge(FILE *out, struct store *s, const char *run_id)
{
	sqlite3 *db = store_handle(s);
	struct nightly_reader *r = nightly_read_begin(db, run_id);
	const struct nightly_series *series;
	struct counts c = { 0 };

	while ((series = nightly_read_next(r)))
		judge_series(out, series, &c);
	nightly_read_end(r);
	print_missing(out, db, run_id);
	print_counts(out, &c);
	return c.regressions ? EXIT_REGRESSION : EXIT_FINE;
}
