// SPDX-License-Identifier: MIT
/* Units and digits. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report_text.h"

/* Three significant digits without an exponent: 1.23, 12.3, 123, 1234. */
static void three_digits(char *buf, size_t len, double v)
{
	double size = fabs(v);
	int decimals = size < 9.995 ? 2 : size < 99.95 ? 1 : 0;

	snprintf(buf, len, "%.*f", decimals, v);
}

static void scaled(char buf[REPORT_TEXT], double v, double step, const char *const *units)
{
	char digits[16];

	while (fabs(v) >= 0.9995 * step && units[1]) {
		v /= step;
		units++;
	}
	three_digits(digits, sizeof(digits), v);
	snprintf(buf, REPORT_TEXT, "%s%s", digits, *units);
}

static void count(char buf[REPORT_TEXT], double v)
{
	static const char *const units[] = { "", "k", "M", "G", "T", NULL };

	if (fabs(v) < 1e5 && v == floor(v))
		snprintf(buf, REPORT_TEXT, "%.0f", v);
	else
		scaled(buf, v, 1000, units);
}

static void percent(char buf[REPORT_TEXT], double v)
{
	char digits[16];

	if (v == 0 || fabs(v) >= 0.9995)
		snprintf(buf, REPORT_TEXT, "%.0f%%", 100 * v);
	else {
		three_digits(digits, sizeof(digits), 100 * v);
		snprintf(buf, REPORT_TEXT, "%s%%", digits);
	}
}

void report_text_value(char buf[REPORT_TEXT], double value, const char *unit)
{
	static const char *const times[] = { " ns", " us", " ms", " s", NULL };
	static const char *const sizes[] = { " B", " KiB", " MiB", " GiB", " TiB", NULL };
	static const char *const rates[] = { "/s", "k/s", "M/s", "G/s", NULL };

	if (!isfinite(value))
		strcpy(buf, "-");
	else if (!strcmp(unit, "ns"))
		scaled(buf, value, 1000, times);
	else if (!strcmp(unit, "bytes") && fabs(value) < 1024)
		snprintf(buf, REPORT_TEXT, "%.0f B", value);
	else if (!strcmp(unit, "bytes"))
		scaled(buf, value, 1024, sizes);
	else if (!strcmp(unit, "1/s"))
		scaled(buf, value, 1000, rates);
	else if (!strcmp(unit, "ratio"))
		percent(buf, value);
	else
		count(buf, value);
}

void report_text_change(char buf[REPORT_TEXT], double ratio)
{
	double change = 100 * (ratio - 1);

	if (!isfinite(ratio))
		strcpy(buf, "-");
	else if (ratio >= 9.995)
		snprintf(buf, REPORT_TEXT, ratio < 99.95 ? "%.1fx" : "%.3gx", ratio);
	else if (fabs(change) >= 99.95)
		snprintf(buf, REPORT_TEXT, "%+.0f%%", change);
	else if (fabs(change) < 0.05)
		strcpy(buf, "0.0%");
	else
		snprintf(buf, REPORT_TEXT, "%+.1f%%", change);
}

void report_text_range(char buf[REPORT_TEXT], double low, double high)
{
	char from[REPORT_TEXT], to[REPORT_TEXT];

	buf[0] = '\0';
	if (!isfinite(low) || !isfinite(high))
		return;
	report_text_change(from, low);
	report_text_change(to, high);
	snprintf(buf, REPORT_TEXT, "[%.8s .. %.8s]", from, to);
}

void report_text_reach(char buf[REPORT_TEXT], double median, double low, double high,
		       const char *unit)
{
	double reach = fmax(high - median, median - low);

	buf[0] = '\0';
	if (!isfinite(reach) || median == 0)
		return;
	if (!strcmp(unit, "ratio") && reach >= 0.0005)
		snprintf(buf, REPORT_TEXT, " +-%.1f", 100 * reach);
	else if (strcmp(unit, "ratio") && reach >= 0.005 * fabs(median))
		snprintf(buf, REPORT_TEXT, " +-%.0f%%", fmin(999, 100 * reach / fabs(median)));
}

void report_text_cut(char *buf, size_t len, const char *text, int width)
{
	int have = (int)strlen(text), head = (width - 2) / 2, tail = width - 2 - head;

	if (have <= width)
		snprintf(buf, len, "%s", text);
	else
		snprintf(buf, len, "%.*s..%s", head, text, text + have - tail);
}

static void wrap(FILE *out, int first, int rest, const char *text)
{
	int column = fprintf(out, "%*s", first, ""), begin = column;

	while (*text) {
		int word = (int)strcspn(text, " ");

		if (column > begin && column + 1 + word > REPORT_WIDTH)
			column = begin = fprintf(out, "\n%*s", rest, "") - 1;
		else if (column > begin)
			column += fprintf(out, " ");
		column += fprintf(out, "%.*s", word, text);
		text += word;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

void report_paragraph(FILE *out, int first, int rest, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) >= 0)
		wrap(out, first, rest, text);
	va_end(ap);
	free(text);
}
