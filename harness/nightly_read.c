// SPDX-License-Identifier: MIT
/*
 * Tonight's series with their nights out of the store, in one pass: the rows come sorted by series,
 * night and ratio, so a series is complete when its key changes.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/die.h"
#include "nightly_parts.h"
#include "sql.h"

/*
 * ?1 the run, ?2 the judged metrics as a JSON array, ?3 how many nights. CROSS JOIN keeps SQLite to
 * this order of loops, each step of which is an index look-up.
 */
static const char *const query =
	"WITH tonight AS (SELECT * FROM run WHERE id = ?1), "
	"night AS ("
	" SELECT ?1 AS run, 0 AS back UNION ALL SELECT * FROM ("
	"  SELECT r.id, row_number() OVER (ORDER BY r.started_at DESC, r.id DESC)"
	"  FROM run r, tonight t WHERE r.kind = t.kind AND r.status = 'complete'"
	"  AND r.machine = t.machine AND r.baseline = t.baseline AND r.id <> t.id"
	"  AND (r.started_at, r.id) < (t.started_at, t.id)"
	"  ORDER BY r.started_at DESC, r.id DESC LIMIT ?3)), "
	"plan AS ("
	" SELECT c.id AS cell, c.workload, c.params, c.image_hash, c.position AS cell_position,"
	"  a.id AS arm, a.label, a.position AS arm_position,"
	"  coalesce((SELECT group_concat(key || '=' || value, ' ') FROM json_each(c.params)"
	"  WHERE NOT (key = 'scale' AND value = 1)), '') AS shown"
	" FROM cell c JOIN arm a ON a.run = c.run WHERE c.run = ?1 AND a.role = 'subject') "
	"SELECT p.cell, p.arm, j.key, p.workload, p.shown, p.label, j.value, n.back, v.ratio,"
	" v.baseline_value "
	"FROM plan p CROSS JOIN night n CROSS JOIN cell c ON c.run = n.run"
	" AND c.workload = p.workload AND c.params = p.params AND c.image_hash = p.image_hash "
	"CROSS JOIN json_each(?2) j "
	"CROSS JOIN v_ratio v ON v.cell = c.id AND v.metric = j.value AND v.allocator = p.label "
	"ORDER BY p.cell_position, p.cell, p.arm_position, p.arm, j.key, n.back, v.ratio";

enum column { CELL, ARM, METRIC, WORKLOAD, PARAMS, LABEL, NAME, BACK, RATIO, BASELINE };

struct nightly_reader {
	sqlite3_stmt *stmt;
	bool row; /* the statement stands on one that is not yet taken */
	char *judged;
	double *value;
	int nr_values, capacity;
	int first[NIGHTLY_LOOK_BACK + 2]; /* of each night, tonight is 0, in value */
	double baseline_sum;
	struct nightly_series series;
};

/* ["ns_per_op", ...]: what is judged and has a better side. */
static char *judged_names(void)
{
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	const char *separator = "";

	if (!f)
		die(EXIT_FAILED, "out of memory");
	fputc('[', f);
	for (const struct metric *m = metrics; m->name; m++) {
		if (!m->judged || !m->better)
			continue;
		fprintf(f, "%s\"%s\"", separator, m->name);
		separator = ",";
	}
	fputc(']', f);
	fclose(f);
	return text;
}

struct nightly_reader *nightly_read_begin(sqlite3 *db, const char *run_id)
{
	struct nightly_reader *r = calloc(1, sizeof(*r));

	if (!r)
		die(EXIT_FAILED, "out of memory");
	r->judged = judged_names();
	r->stmt = sql_for_run(db, query, run_id);
	sql_text(r->stmt, 2, r->judged);
	sql_int(r->stmt, 3, NIGHTLY_LOOK_BACK);
	r->row = sql_row(r->stmt);
	return r;
}

static void add_value(struct nightly_reader *r, double value)
{
	if (r->nr_values == r->capacity) {
		r->capacity = r->capacity ? 2 * r->capacity : 256;
		r->value = realloc(r->value, (size_t)r->capacity * sizeof(*r->value));
		if (!r->value)
			die(EXIT_FAILED, "out of memory");
	}
	r->value[r->nr_values++] = value;
}

/* Take the rows of one series into r->value; r->first[i] is where night i begins. */
static void take_rows(struct nightly_reader *r)
{
	sqlite3_int64 cell = sqlite3_column_int64(r->stmt, CELL);
	sqlite3_int64 arm = sqlite3_column_int64(r->stmt, ARM);
	int metric = sqlite3_column_int(r->stmt, METRIC);
	int nights = 0;

	r->nr_values = 0;
	r->baseline_sum = 0;
	while (r->row && sqlite3_column_int64(r->stmt, CELL) == cell &&
	       sqlite3_column_int64(r->stmt, ARM) == arm &&
	       sqlite3_column_int(r->stmt, METRIC) == metric) {
		int back = sqlite3_column_int(r->stmt, BACK);

		while (nights <= back)
			r->first[nights++] = r->nr_values;
		if (back == 0)
			r->baseline_sum += sqlite3_column_double(r->stmt, BASELINE);
		add_value(r, log(sqlite3_column_double(r->stmt, RATIO)));
		r->row = sql_row(r->stmt);
	}
	while (nights <= NIGHTLY_LOOK_BACK + 1)
		r->first[nights++] = r->nr_values;
}

static void name_series(struct nightly_reader *r)
{
	struct nightly_series *s = &r->series;

	sql_copy(r->stmt, WORKLOAD, s->workload, sizeof(s->workload));
	sql_copy(r->stmt, PARAMS, s->params, sizeof(s->params));
	sql_copy(r->stmt, LABEL, s->allocator, sizeof(s->allocator));
	s->metric = metric_find(sql_column(r->stmt, NAME));
}

static struct nightly_night night_at(const struct nightly_reader *r, int back)
{
	return nightly_night(r->value + r->first[back], r->first[back + 1] - r->first[back]);
}

static void set_nights(struct nightly_reader *r)
{
	struct nightly_series *s = &r->series;
	double floor = s->metric->rel_floor;

	s->tonight = night_at(r, 0);
	if (s->tonight.n)
		floor = fmax(floor, s->metric->abs_floor * s->tonight.n / r->baseline_sum);
	s->floor = log1p(floor);
	s->nr_nights = 0;
	for (int back = 1; back <= NIGHTLY_LOOK_BACK; back++) {
		struct nightly_night night = night_at(r, back);

		if (night.interval.rank)
			s->night[s->nr_nights++] = night;
	}
}

const struct nightly_series *nightly_read_next(struct nightly_reader *r)
{
	if (!r->row)
		return NULL;
	name_series(r);
	take_rows(r);
	set_nights(r);
	return &r->series;
}

void nightly_read_end(struct nightly_reader *r)
{
	sql_finish(r->stmt);
	free(r->judged);
	free(r->value);
	free(r);
}
