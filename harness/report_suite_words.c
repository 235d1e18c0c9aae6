// SPDX-License-Identifier: MIT
/* A cell, a line and the legend, as the terminal and Markdown print them. */
#include <math.h>
#include <stdio.h>

#include "report_suite.h"
#include "report_text.h"
#include "suite_text.h"

void report_suite_cell(const struct suite_figure *f, char *buf, size_t len)
{
	const struct suite_ratio *r = &f->ratio;
	char ns[REPORT_TEXT], reach[REPORT_TEXT];

	report_text_value(ns, f->ns, "ns");
	report_text_reach(reach, r->ratio, r->interval.low, r->interval.high, "");
	if (isnan(f->ns))
		snprintf(buf, len, "-");
	else if (!r->n)
		snprintf(buf, len, "%s -", ns);
	else
		snprintf(buf, len, r->ratio < 9.995 ? "%s %.2f%s" : "%s %.3g%s", ns, r->ratio,
			 reach);
}

static const char *verdict(const struct suite_line *l)
{
	if (!l->measured)
		return "not measured";
	if (l->resolved)
		return l->passed ? "pass" : "miss";
	return l->passed ? "pass, not resolved" : "miss, not resolved";
}

static void outcome(const struct suite_line *l, char *buf, size_t len)
{
	char ratio[96];

	suite_ratio_text(&l->ratio, ratio, sizeof(ratio));
	if (l->nr_asked)
		snprintf(buf, len, "%d of %d at or below", l->nr_met, l->nr_asked);
	else if (l->ratio.n)
		snprintf(buf, len, "%s, n = %d", ratio, l->ratio.n);
	else
		snprintf(buf, len, "-");
}

void report_suite_line(const struct suite_line *l, char *buf, size_t len)
{
	char text[128];

	outcome(l, text, sizeof(text));
	snprintf(buf, len, "%s: %s, target %.2f: %s%s%s%s", l->what, text, l->target->ratio,
		 verdict(l), *l->why ? " (" : "", l->why, *l->why ? ")" : "");
}

void report_suite_legend(const struct suite_figures *f, char *buf, size_t len)
{
	snprintf(buf, len,
		 "time per operation less the null row's of the same block, and its ratio to the "
		 "cell's fastest peer with the reach of its 95%% interval, n = %d blocks",
		 f->view.nr_blocks);
}
