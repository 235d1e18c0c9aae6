// SPDX-License-Identifier: MIT
/* One function for each kind of target. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/die.h"
#include "report_text.h"
#include "suite_lines.h"
#include "suite_text.h"

/* What one line is made from. */
struct maker {
	const struct suite_view *v;
	int arm;
	const struct suite_target *target;
	struct suite_lines *to;
	struct suite_line line;
	FILE *more; /* writes line.more */
	size_t more_len;
	struct suite_point a[RUN_MAX_CELLS], b[RUN_MAX_CELLS];
	int nr; /* pairs */
};

/* Part of a list or of a sentence; begins with what separates it from the part before. */
__attribute__((format(printf, 3, 4))) static void say(struct maker *m, const char *separator,
						      const char *fmt, ...)
{
	va_list ap;

	if (ftello(m->more) > 0)
		fputs(separator, m->more);
	va_start(ap, fmt);
	vfprintf(m->more, fmt, ap);
	va_end(ap);
}

static const char *label(const struct maker *m, int arm)
{
	return arm < 0 ? "no peer" : m->v->c->arms[arm].label;
}

static void begin(struct maker *m, char part, const char *what)
{
	m->line = (struct suite_line){ .part = part, .target = m->target };
	snprintf(m->line.what, sizeof(m->line.what), "%s", what);
	snprintf(m->line.why, sizeof(m->line.why), "no cell has both in every block");
	m->nr = 0;
	m->more = open_memstream(&m->line.more, &m->more_len);
	if (!m->more)
		die(EXIT_FAILED, "out of memory");
}

static void end(struct maker *m)
{
	if (fclose(m->more))
		die(EXIT_FAILED, "out of memory");
	m->line.measured = m->line.ratio.n || m->line.nr_asked;
	m->to->line[m->to->nr++] = m->line;
}

/* Resolved is what the whole interval agrees with. */
static void judge(struct suite_line *l)
{
	const struct suite_ratio *r = &l->ratio;

	l->passed = r->n && r->ratio <= l->target->ratio;
	l->resolved = r->n && r->interval.rank &&
		      (l->passed ? r->interval.high <= l->target->ratio
				 : r->interval.low > l->target->ratio);
}

/* The cells that took no part and the values at the quantum are told. */
static void finish(struct maker *m, int of_cells)
{
	const struct suite_ratio *r = &m->line.ratio;

	if (of_cells > r->nr_cells)
		say(m, "; ", "%d of %d cells (the others have no value in some block)", r->nr_cells,
		    of_cells);
	if (r->nr_clamped)
		say(m, "; ", "%d values below the quantum count as it", r->nr_clamped);
	if (r->n)
		suite_why(r, m->line.why, sizeof(m->line.why));
	judge(&m->line);
	end(m);
}

static void add(struct maker *m, struct suite_point a, struct suite_point b)
{
	m->a[m->nr] = a;
	m->b[m->nr++] = b;
}

/* Every cell against its best peer, or against @peer if that is one. */
static void against(struct maker *m, enum suite_value value, int peer)
{
	for (int cell = 0; cell < m->v->c->nr_cells && cell < RUN_MAX_CELLS; cell++)
		add(m, (struct suite_point){ cell, m->arm },
		    (struct suite_point){ cell,
					  peer < 0 ? suite_best_peer(m->v, value, cell) : peer });
	m->line.ratio = suite_mean(m->v, value, m->a, m->b, m->nr);
}

static void line_mean(struct maker *m)
{
	int fastest = suite_best_overall(m->v, SUITE_TIME);
	char text[192];

	begin(m, 'a', "time, mean over the cells, to each cell's fastest peer");
	against(m, SUITE_TIME, -1);
	finish(m, m->nr);
	snprintf(text, sizeof(text), "time, mean over the cells, to %s, the fastest peer over all",
		 label(m, fastest));
	begin(m, 'a', text);
	against(m, SUITE_TIME, fastest);
	finish(m, m->nr);
}

static struct suite_spot spot(const struct maker *m, int cell)
{
	struct suite_spot s = { cell, suite_best_peer(m->v, SUITE_TIME, cell), { .n = 0 } };

	s.ratio = suite_ratio(m->v, SUITE_TIME, (struct suite_point){ cell, m->arm },
			      (struct suite_point){ cell, s.peer });
	return s;
}

static void keep_spot(struct maker *m, struct suite_spot s)
{
	struct suite_line *l = &m->line;
	struct suite_spot *grown = realloc(l->spot, (size_t)(l->nr_spots + 1) * sizeof(*grown));

	if (!grown)
		die(EXIT_FAILED, "out of memory");
	l->spot = grown;
	l->spot[l->nr_spots++] = s;
}

static void say_worst(struct maker *m, const struct suite_spot *worst, int nr)
{
	char name[192];

	suite_cell_name(m->v, worst->cell, name, sizeof(name));
	say(m, "", "%s, to %s; the largest of %d", name, label(m, worst->peer), nr);
}

static void line_worst(struct maker *m)
{
	struct suite_spot worst = { .cell = -1 };
	int nr = 0;

	begin(m, 'a', "time, worst cell, to its fastest peer");
	for (int cell = 0; cell < m->v->c->nr_cells; cell++) {
		struct suite_spot s = spot(m, cell);

		nr += s.ratio.n > 0;
		if (s.ratio.n && (worst.cell < 0 || s.ratio.ratio > worst.ratio.ratio))
			worst = s;
	}
	if (worst.cell >= 0) {
		m->line.ratio = worst.ratio;
		keep_spot(m, worst);
		say_worst(m, &worst, nr);
	}
	snprintf(m->line.why, sizeof(m->line.why), "no cell has a ratio");
	finish(m, 0);
}

static bool is_of(const struct maker *m, int cell)
{
	const char *workload = m->v->c->cells[cell].workload;
	size_t n = strlen(m->target->of);

	return !strncmp(workload, m->target->of, n) && (!workload[n] || workload[n] == ':');
}

static void say_above(struct maker *m, const struct suite_spot *s)
{
	char name[192], text[96];

	suite_cell_name(m->v, s->cell, name, sizeof(name));
	suite_ratio_text(&s->ratio, text, sizeof(text));
	if (!m->line.nr_spots)
		say(m, "", "above: ");
	say(m, m->line.nr_spots ? ", " : "", "%s %s to %s", name, text, label(m, s->peer));
}

/* True if the cell is resolved. */
static bool judge_each(struct maker *m, int cell)
{
	struct suite_spot s = spot(m, cell);
	struct suite_line one = { .target = m->target, .ratio = s.ratio };

	judge(&one);
	m->line.nr_asked++;
	m->line.nr_met += one.passed;
	if (!one.passed) {
		say_above(m, &s);
		keep_spot(m, s);
	}
	if (!*m->line.why)
		suite_why(&s.ratio, m->line.why, sizeof(m->line.why));
	return one.resolved;
}

/* Resolved if every cell is. */
static void line_each(struct maker *m)
{
	char what[192];
	bool resolved = true;

	snprintf(what, sizeof(what), "time in each cell of %s, to its fastest peer", m->target->of);
	begin(m, 'a', what);
	m->line.why[0] = '\0';
	for (int cell = 0; cell < m->v->c->nr_cells; cell++)
		if (is_of(m, cell))
			resolved &= judge_each(m, cell);
	if (!m->line.nr_asked)
		snprintf(m->line.why, sizeof(m->line.why), "no cell of it in this run");
	m->line.passed = m->line.nr_asked && m->line.nr_met == m->line.nr_asked;
	m->line.resolved = m->line.nr_asked && resolved;
	end(m);
}

#define REAL_BYTES (1 << 20) /* below, the process's own pages are most of what is resident */

static bool is_real(const struct maker *m, struct suite_point p)
{
	int metric = compare_metric_index(m->v->c, "live_peak_bytes");

	return metric >= 0 &&
	       compare_row_at(m->v->c, &m->v->c->cells[p.cell], metric, p.arm)->median >=
		       REAL_BYTES;
}

/* The same ratio over the cells whose live set is what the memory is for. */
static void say_real(struct maker *m, enum suite_value value)
{
	struct suite_ratio r;
	char text[96];
	int nr = 0;

	for (int i = 0; i < m->nr; i++) {
		if (!is_real(m, m->a[i]))
			continue;
		m->a[nr] = m->a[i];
		m->b[nr++] = m->b[i];
	}
	r = suite_mean(m->v, value, m->a, m->b, nr);
	suite_ratio_text(&r, text, sizeof(text));
	say(m, "", "over the %d cells with 1 MiB or more alive %s", r.nr_cells, text);
}

static void line_of_memory(struct maker *m, enum suite_value value, const char *what, int peer)
{
	int nr;

	begin(m, 'b', what);
	against(m, value, peer);
	nr = m->nr;
	say_real(m, value);
	finish(m, nr);
}

static void line_memory(struct maker *m, enum suite_value value, const char *what)
{
	char text[192];
	int leanest = suite_best_overall(m->v, value);

	snprintf(text, sizeof(text), "%s, mean, to each cell's leanest peer", what);
	line_of_memory(m, value, text, -1);
	snprintf(text, sizeof(text), "%s, mean, to %s, the leanest peer over all cells", what,
		 label(m, leanest));
	line_of_memory(m, value, text, leanest);
}

static void line_peak(struct maker *m)
{
	line_memory(m, SUITE_RSS_PEAK, "peak RSS");
}

static void line_drained(struct maker *m)
{
	line_memory(m, SUITE_RSS_DRAINED, "drained RSS");
}

/* The same allocator with the options of the target; -1 if it did not run. */
static int with_options(const struct maker *m)
{
	for (int i = 0; i < m->v->c->nr_arms; i++)
		if (m->v->arm[i].is_own && !strcmp(m->v->arm[i].options, m->target->of) &&
		    !strcmp(m->v->arm[i].allocator, m->v->arm[m->arm].allocator))
			return i;
	return -1;
}

static void line_options(struct maker *m)
{
	int with = with_options(m);
	struct suite_ratio whole;
	char what[192], text[96];

	snprintf(what, sizeof(what), "time, mean over the cells, with %s to without",
		 m->target->of);
	begin(m, 'c', what);
	for (int cell = 0; cell < m->v->c->nr_cells && cell < RUN_MAX_CELLS; cell++)
		add(m, (struct suite_point){ cell, with }, (struct suite_point){ cell, m->arm });
	m->line.ratio = suite_mean(m->v, SUITE_TIME, m->a, m->b, m->nr);
	whole = suite_mean(m->v, SUITE_WHOLE, m->a, m->b, m->nr);
	suite_ratio_text(&whole, text, sizeof(text));
	if (with >= 0)
		say(m, "", "with the harness's time in it %s", text);
	else
		snprintf(m->line.why, sizeof(m->line.why), "no allocator ran with them");
	finish(m, with < 0 ? 0 : m->nr);
}

/* Median over cells of a metric's median of @arm. */
static double typical(const struct maker *m, const char *name, int arm)
{
	int metric = compare_metric_index(m->v->c, name), n = 0;
	double x[RUN_MAX_CELLS];

	for (int cell = 0; metric >= 0 && cell < m->v->c->nr_cells && n < RUN_MAX_CELLS; cell++) {
		const struct compare_row *row =
			compare_row_at(m->v->c, &m->v->c->cells[cell], metric, arm);

		if (row->n)
			x[n++] = row->median;
	}
	stats_sort(x, n);
	return stats_median(x, n);
}

static void line_p999(struct maker *m)
{
	double overhead = typical(m, "clock_overhead_ns", m->arm);
	double step = typical(m, "clock_step_ns", m->arm);
	double p999 = typical(m, "latency_p999_ns", m->arm);

	begin(m, 'd', "p99.9 of a call, mean over the cells, to each cell's best peer");
	against(m, SUITE_CALL_P999, -1);
	if (!isnan(overhead) && !isnan(p999))
		say(m, "",
		    "in the median cell %.0f ns; the clock takes %.1f ns, which is taken off "
		    "(%.0f%% of what it reads there), and moves in steps of %.2g ns",
		    p999, overhead, 100 * overhead / (overhead + p999), step);
	finish(m, m->nr);
}

/* The cell of the same workload with @threads; -1. */
static int same_with(const struct suite_view *v, int cell, unsigned int threads)
{
	for (int i = 0; i < v->c->nr_cells; i++)
		if (v->c->cells[i].threads == threads &&
		    !strcmp(v->c->cells[i].workload, v->c->cells[cell].workload))
			return i;
	return -1;
}

static void add_crowd(struct maker *m, int few, int arm)
{
	int many = same_with(m->v, few, m->target->many);

	if (m->v->c->cells[few].threads == m->target->few && many >= 0 && m->nr < RUN_MAX_CELLS)
		add(m, (struct suite_point){ many, arm }, (struct suite_point){ few, arm });
}

static struct suite_ratio crowd(struct maker *m, int arm)
{
	m->nr = 0;
	for (int cell = 0; cell < m->v->c->nr_cells; cell++)
		add_crowd(m, cell, arm);
	return suite_mean(m->v, SUITE_RSS_DRAINED, m->a, m->b, m->nr);
}

static void say_crowd(struct maker *m, int i)
{
	char more[REPORT_TEXT], less[REPORT_TEXT];

	report_text_value(more, suite_median(m->v, SUITE_RSS_DRAINED, m->a[i]), "bytes");
	report_text_value(less, suite_median(m->v, SUITE_RSS_DRAINED, m->b[i]), "bytes");
	say(m, ", ", "%s %s to %s", m->v->c->cells[m->a[i].cell].workload, more, less);
}

static void line_crowd(struct maker *m)
{
	char what[192];
	int nr;

	snprintf(what, sizeof(what), "drained RSS, mean, after %u threads to that after %u",
		 m->target->many, m->target->few);
	begin(m, 'e', what);
	m->line.ratio = crowd(m, m->arm);
	nr = m->nr;
	if (!nr)
		snprintf(m->line.why, sizeof(m->line.why), "no workload ran with both");
	for (int i = 0; i < nr; i++)
		say_crowd(m, i);
	for (int arm = 0, first = 1; nr && arm < m->v->c->nr_arms; arm++) {
		struct suite_ratio r = { .n = 0 };

		if (m->v->arm[arm].is_peer)
			r = crowd(m, arm);
		if (r.n)
			say(m, first ? "; peers: " : ", ", "%s %.2f", label(m, arm), r.ratio);
		first &= !r.n;
	}
	finish(m, nr);
}

void suite_lines(const struct suite_view *v, int arm, struct suite_lines *to)
{
	static void (*const make[SUITE_NR_KINDS])(struct maker * m) = {
		[SUITE_MEAN] = line_mean,	[SUITE_WORST] = line_worst,
		[SUITE_EACH] = line_each,	[SUITE_PEAK] = line_peak,
		[SUITE_DRAINED] = line_drained, [SUITE_OPTIONS] = line_options,
		[SUITE_P999] = line_p999,	[SUITE_CROWD] = line_crowd,
	};
	struct maker m = { .v = v, .arm = arm, .to = to };

	*to = (struct suite_lines){ .arm = arm };
	for (int i = 0; i < v->suite.nr_targets; i++) {
		m.target = &v->suite.target[i];
		make[m.target->kind](&m);
	}
}

void suite_lines_free(struct suite_lines *lines)
{
	for (int i = 0; i < lines->nr; i++) {
		free(lines->line[i].spot);
		free(lines->line[i].more);
	}
}
