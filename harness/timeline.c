// SPDX-License-Identifier: MIT
/* All samples give the measures; TRIAL_MAX_POINTS of them are stored, each the peak of its share.
 */
#include <math.h>
#include <stdlib.h>

#include "lib/die.h"
#include "timeline.h"

void timeline_add(struct timeline *tl, struct trial_point p)
{
	if (tl->nr == tl->room) {
		tl->room = tl->room ? tl->room * 2 : 1024;
		tl->point = realloc(tl->point, tl->room * sizeof(p));
		if (!tl->point)
			die(EXIT_FAILED, "out of memory for %zu samples", tl->room);
	}
	tl->point[tl->nr++] = p;
}

void timeline_free(struct timeline *tl)
{
	free(tl->point);
	*tl = (struct timeline){ 0 };
}

/* Each sample counts for the time until the next one. */
static double mean_rss(const struct timeline *tl)
{
	double sum = 0, span = 0;

	for (size_t i = 0; i + 1 < tl->nr; i++) {
		double dt = (double)(tl->point[i + 1].t_ns - tl->point[i].t_ns);

		sum += dt * (double)tl->point[i].rss_bytes;
		span += dt;
	}
	return span > 0 ? sum / span : NAN;
}

static double mean_ratio(const struct timeline *tl, double peak_live)
{
	double sum = 0, span = 0;

	for (size_t i = 0; i + 1 < tl->nr; i++) {
		const struct trial_point *p = &tl->point[i];
		double dt = (double)(p[1].t_ns - p->t_ns);

		if ((double)p->live_bytes < TIMELINE_MIN_SHARE * peak_live)
			continue;
		sum += dt * (double)p->rss_bytes / (double)p->live_bytes;
		span += dt;
	}
	return span > 0 ? sum / span : NAN;
}

static void add(struct trial *t, const char *name, double value)
{
	if (isfinite(value))
		trial_add(t, name, value);
}

static void measure(const struct timeline *tl, struct trial *t)
{
	const struct trial_point *live = tl->point, *rss = tl->point;
	double peak_rss = trial_metric(t, "rss_peak_bytes");
	double peak_live = trial_metric(t, "live_peak_bytes");

	for (const struct trial_point *p = tl->point; p < tl->point + tl->nr; p++) {
		live = p->live_bytes > live->live_bytes ? p : live;
		rss = p->rss_bytes > rss->rss_bytes ? p : rss;
	}
	if (isnan(peak_live)) {
		peak_live = (double)live->live_bytes;
		add(t, "live_peak_bytes", peak_live);
	}
	if (peak_live < TIMELINE_MIN_LIVE || !live->live_bytes || !rss->live_bytes)
		return;
	add(t, "frag_jw1", mean_ratio(tl, peak_live) - 1);
	add(t, "frag_jw2", (double)live->rss_bytes / (double)live->live_bytes - 1);
	add(t, "frag_jw3", (double)rss->rss_bytes / (double)rss->live_bytes - 1);
	add(t, "frag_jw4", peak_rss / peak_live - 1);
}

static void thin(const struct timeline *tl, struct trial *t)
{
	size_t share = (tl->nr + TRIAL_MAX_POINTS - 1) / TRIAL_MAX_POINTS;

	for (size_t i = 0; i < tl->nr; i += share) {
		const struct trial_point *best = &tl->point[i];

		for (size_t j = i; j < i + share && j < tl->nr; j++)
			if (tl->point[j].rss_bytes > best->rss_bytes)
				best = &tl->point[j];
		t->point[t->nr_points++] = *best;
	}
}

void timeline_finish(struct timeline *tl, struct trial *t)
{
	if (!tl->nr)
		return;
	add(t, "rss_mean_bytes", mean_rss(tl));
	measure(tl, t);
	thin(tl, t);
}
