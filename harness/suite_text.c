// SPDX-License-Identifier: MIT
/* Three digits behind the point, one from tenfold on. */
#include <stdio.h>

#include "suite_text.h"

void suite_cell_name(const struct suite_view *v, int cell, char *buf, size_t len)
{
	const struct compare_cell *c = &v->c->cells[cell];

	if (c->threads == 1)
		snprintf(buf, len, "%.190s", c->workload);
	else
		snprintf(buf, len, "%.160s threads=%u", c->workload, c->threads);
}

void suite_ratio_text(const struct suite_ratio *r, char *buf, size_t len)
{
	const char *form = r->ratio < 9.995 ? "%.3f" : "%.1f";
	char number[32], low[32], high[32];

	snprintf(number, sizeof(number), form, r->ratio);
	snprintf(low, sizeof(low), form, r->interval.low);
	snprintf(high, sizeof(high), form, r->interval.high);
	if (!r->n)
		snprintf(buf, len, "-");
	else if (!r->interval.rank)
		snprintf(buf, len, "%s", number);
	else
		snprintf(buf, len, "%s [%s .. %s]", number, low, high);
}

void suite_why(const struct suite_ratio *r, char *buf, size_t len)
{
	if (!r->n)
		snprintf(buf, len, "no block has both");
	else if (r->interval.rank)
		*buf = '\0';
	else
		snprintf(buf, len, "%d blocks, an interval takes %d", r->n,
			 stats_min_n(COMPARE_LEVEL));
}
