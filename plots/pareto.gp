# SPDX-License-Identifier: MIT
# Pareto: time per operation against peak RSS, both as ratios to the baseline, a panel per cell.
#
# A panel per cell, no mean over cells: an allocator that fails or is missing in one cell would else
# be compared over another set of workloads. Crosses are the intervals of both medians. The stepped
# line is the frontier: no allocator is at once faster and smaller than one on it.
#
#! sql
# , measured AS (
#	SELECT c.panel, a.series, c.title, a.allocator, t.n, t.ratio AS x, t.low AS x_low,
#		t.high AS x_high, m.ratio AS y, m.low AS y_low, m.high AS y_high,
#		coalesce(t.coverage, 0) AS coverage
#	FROM v_ratio_summary t JOIN v_ratio_summary m ON m.cell = t.cell AND m.arm = t.arm
#	JOIN cells c ON c.cell = t.cell JOIN arms a ON a.arm = t.arm
#	WHERE t.run = :run AND t.metric = 'ns_per_op' AND m.run = :run
#		AND m.metric = 'rss_peak_bytes'
# ), point AS (
#	SELECT * FROM measured
#	UNION ALL
#	SELECT p.panel, a.series, p.title, a.allocator, NULL, 1, 1, 1, 1, 1, 1, NULL
#	FROM (SELECT DISTINCT panel, title FROM measured) p CROSS JOIN arms a
#	WHERE a.role = 'baseline'
# )
# SELECT panel, 0 AS series, title AS panel_name, '' AS series_name, NULL AS n, x, NULL AS x_low,
#	NULL AS x_high, y, NULL AS y_low, NULL AS y_high, NULL AS coverage,
#	lead(x) OVER (PARTITION BY panel ORDER BY x, y) IS NULL AS last
# FROM point p WHERE NOT EXISTS (
#	SELECT 1 FROM point q
#	WHERE q.panel = p.panel AND q.x <= p.x AND q.y <= p.y AND (q.x < p.x OR q.y < p.y)
# )
# UNION ALL
# SELECT panel, series, title, allocator, n, x, x_low, x_high, y, y_low, y_high, coverage, 0
# FROM point
# ORDER BY panel, series, x, y
#! end

columns = nr_shown == 1 ? 1 : nr_shown <= 4 ? 2 : 3
rows = ceil(nr_shown / (1.0 * columns))
stats data using (lower(column(col_x_low), column(col_x))) nooutput
x_least = lesser(0.8, STATS_min) / 1.08
stats data using (upper(column(col_x_high), column(col_x))) nooutput
x_most = greater(1.25, STATS_max) * 1.08
stats data using (lower(column(col_y_low), column(col_y))) nooutput
y_least = lesser(0.8, STATS_min) / 1.08
stats data using (upper(column(col_y_high), column(col_y))) nooutput
y_most = greater(1.25, STATS_max) * 1.08
stats data using col_n nooutput
blocks = count(STATS_min, STATS_max, 'block')
stats data using col_coverage nooutput
coverage = STATS_min
legend = legend_rows(1200, nr_series + 1)
top = head_px(legend)
eval canvas(1200, top + foot_px + rows * (columns == 3 ? 320 : 400))
title = 'Time per operation against peak RSS, ratios to ' . baseline . ' (lower left is better)'
line1 = 'Points: medians of the ratios of n = ' . blocks . '; crosses: ' . interval_text(coverage) \
	. ', not adjusted for the number of comparisons.'
line2 = 'Stepped line: the frontier; no allocator is both faster and smaller than one on it. ' \
	. 'The same axes in all panels.'
eval head
plot NaN with lines lw 1.2 dt 2 lc rgb pale title 'frontier', \
	for [i = 1:nr_series] NaN with points lt i ps 1.2 title fit(series[i], 40)
eval body

set logscale xy 2
set xrange [x_least:x_most]
set yrange [y_least:y_most]
eval 'set xtics nomirror font ",9" ' . ratio_tics(x_most / x_least)
eval 'set ytics nomirror font ",9" ' . ratio_tics(y_most / y_least)
set arrow 1 from 1, graph 0 to 1, graph 1 nohead lw 0.7 lc rgb pale back
set arrow 2 from graph 0, first 1 to graph 1, first 1 nohead lw 0.7 lc rgb pale back
do for [i = 1:nr_shown] {
	p = shown[i]
	caption = panel[p]
	eval place(i, columns, rows, top, 62, 16, 44)
	set xlabel 'ns/op, ratio' font ',9' offset 0, 0.6
	set ylabel 'peak RSS, ratio' font ',9' offset 1.2, 0
	plot data index sprintf('[%d 0]', p) using col_x:col_y with steps lw 1.2 dt 2 lc rgb pale notitle, \
		data index sprintf('[%d 0]', p) every ::0::0 using col_x:col_y:(0):(y_most - column(col_y)) \
			with vectors nohead lw 1.2 dt 2 lc rgb pale notitle, \
		data index sprintf('[%d 0]', p) \
			using (column(col_last) == 1 ? column(col_x) : NaN):col_y:(x_most - column(col_x)):(0) \
			with vectors nohead lw 1.2 dt 2 lc rgb pale notitle, \
		for [s = 1:nr_series] data index sprintf('[%d %d]', p, s) \
			using col_x:col_y:col_x_low:col_x_high:col_y_low:col_y_high \
			with xyerrorbars lt s lw 1.2 dt 1 ps 0 notitle, \
		for [s = 1:nr_series] data index sprintf('[%d %d]', p, s) \
			using col_x:col_y with points lt s ps 1 notitle
}
unset multiplot
