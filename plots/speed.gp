# SPDX-License-Identifier: MIT
# Speed: the cells of a suite, a line each: time per operation less the harness's own, as a ratio to
# that of the cell's fastest peer.
#
# One axis for all cells, logarithmic, so that half and double are equally far from the line at 1, on
# which the fastest peer of each cell lies. The allocators of a cell are spread over the height of its
# line, in the same order in each, the project's own above, with larger points. Crosses are
# medians that met the quantum: the harness's own time hides them. :suite is the suite's name; a view
# that uses it is drawn for runs of suites, and no other is.
#
#! sql
# , measured AS (
#	SELECT * FROM v_suite WHERE run = :run AND :suite IS NOT NULL
# ), placed AS (
#	SELECT a.arm, a.series, a.allocator,
#		(row_number() OVER (ORDER BY a.arm NOT IN (SELECT arm FROM suite_own), a.series)
#			- 0.5) / count(*) OVER () AS place
#	FROM arms a
# )
# SELECT 1 AS panel, 0 AS series, 'all' AS panel_name, '' AS series_name, c.panel AS row, 0 AS place,
#	c.workload || iif(json_extract(c.params, '$.threads') > 1,
#		'  threads=' || json_extract(c.params, '$.threads'), '') AS title,
#	NULL AS n, NULL AS coverage, NULL AS ratio, NULL AS low, NULL AS high, 0 AS is_own,
#	0 AS clamped
# FROM cells c WHERE EXISTS (SELECT 1 FROM measured)
# UNION ALL
# SELECT 1, p.series, 'all', p.allocator, c.panel, p.place, '', m.n, coalesce(m.coverage, 0), m.ratio,
#	m.low, m.high, m.is_own, 2 * m.clamped > m.n
# FROM measured m JOIN cells c ON c.cell = m.cell JOIN placed p ON p.arm = m.arm
# ORDER BY panel, series, row
#! end

stats data using col_row nooutput
lines = int(STATS_max)
legend = legend_rows(1200, nr_series)
top = head_px(legend)
line_px = greater(20, nr_series * 3 + 4)
eval canvas(1200, top + foot_px + lines * line_px + 70)
stats data using col_n nooutput
blocks = count(STATS_min, STATS_max, 'block')
stats data using col_coverage nooutput
coverage = STATS_min
title = 'Time per operation less the harness''s own, ratio to the fastest peer (lower is better)'
line1 = 'Points: medians of the ratios of n = ' . blocks . '; bars: ' . interval_text(coverage) \
	. ', not adjusted for the number of comparisons.'
line2 = 'The fastest peer of each cell is 1. Crosses: in most blocks hidden by the harness''s own time.'
eval head
plot for [i = 1:nr_series] NaN with points lt i ps 1.2 title fit(series[i], 40)
eval body

# Intervals may reach off the picture, the medians decide the axis.
stats data using col_ratio nooutput
least = lesser(0.5, STATS_min) / 1.2
most = greater(2, STATS_max) * 1.2
set logscale x 2
set xrange [least:most]
if (most / least < 1000) { eval 'set xtics nomirror font ",9" ' . ratio_tics(most / least) } \
else { set xtics nomirror font ",9" ; set logscale x 10 }
set yrange [lines + 0.5:0.5]
set ytics () nomirror scale 0 font ',9'
unset grid
set grid x lt 1 dt 1 lw 0.5 lc rgb grid
do for [i = 0:lines] {
	set arrow (100 + i) from graph 0, first i + 0.5 to graph 1, first i + 0.5 nohead lw 0.4 lc rgb grid back
}
set arrow 1 from 1, graph 0 to 1, graph 1 nohead lw 0.9 lc rgb ink back
caption_px = 8
caption = ''
eval place(1, 1, 1, top, 210, 20, 36)
y(row, place) = row - 0.5 + 0.08 + 0.84 * place
size(own) = own == 1 ? 1.0 : 0.6
plot data index '[1 0]' using (1):col_row:ytic(strcol(col_title)) with points ps 0 notitle, \
	for [s = 1:nr_series] data index sprintf('[1 %d]', s) \
		using col_ratio:(y(column(col_row), column(col_place))):col_low:col_high \
		with xerrorbars lt s lw 1.1 dt 1 ps 0 notitle, \
	for [s = 1:nr_series] data index sprintf('[1 %d]', s) \
		using (column(col_clamped) == 0 ? column(col_ratio) : NaN):(y(column(col_row), \
		column(col_place))):(size(column(col_is_own))) with points lt s ps variable notitle, \
	for [s = 1:nr_series] data index sprintf('[1 %d]', s) \
		using (column(col_clamped) == 1 ? column(col_ratio) : NaN):(y(column(col_row), \
		column(col_place))):(size(column(col_is_own))) with points lt s pt 2 ps variable notitle
unset multiplot
