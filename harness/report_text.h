/* SPDX-License-Identifier: MIT */
/*
 * Numbers as people read them, in ASCII, each at most 23 characters. What is absent (NAN) is "-".
 */
#ifndef HARNESS_REPORT_TEXT_H
#define HARNESS_REPORT_TEXT_H

#include <stddef.h>
#include <stdio.h>

#define REPORT_TEXT  24
#define REPORT_WIDTH 100 /* columns of the terminal's table */

/* By unit: "41.2 ns", "1.24 us", "212 MiB", "12.3%", "98304", "24.1M/s"; three digits. */
void report_text_value(char buf[REPORT_TEXT], double value, const char *unit);
/* A ratio as a difference: "-10.4%", "+18%", from tenfold on "12.3x". */
void report_text_change(char buf[REPORT_TEXT], double ratio);
/* "[-11.1% .. -9.8%]"; "" if there is none. */
void report_text_range(char buf[REPORT_TEXT], double low, double high);
/*
 * How far the interval of a median reaches: " +-4%" of the value, of a share " +-0.4" points; ""
 * if that rounds to nothing, the median is 0, or there is no interval.
 */
void report_text_reach(char buf[REPORT_TEXT], double median, double low, double high,
		       const char *unit);
/* @text into at most @width characters; what is too much goes in the middle, for "..". */
void report_text_cut(char *buf, size_t len, const char *text, int width);

/* In lines of at most REPORT_WIDTH: the first begins with @first spaces, the others with @rest. */
__attribute__((format(printf, 4, 5))) void report_paragraph(FILE *out, int first, int rest,
							    const char *fmt, ...);

#endif
