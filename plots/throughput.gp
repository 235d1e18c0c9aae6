# SPDX-License-Identifier: MIT
# Throughput: time per operation as a ratio to the baseline's in the same block, a panel per cell.
#
# Dots and intervals, no bars: a ratio has no zero. One logarithmic axis for all panels, so that half
# and double are equally far from 1 and panels compare. The grey band is the control (the baseline a
# second time): what two equal allocators differ by in this run. The hatched part is the harness's
# own time (the null allocator), which no allocator can get below.
#
#! sql
# , measured AS (
#	SELECT * FROM v_ratio_summary WHERE run = :run AND metric = 'ns_per_op'
# ), base AS (
#	SELECT cell, metric, median FROM v_summary WHERE run = :run AND role = 'baseline'
# )
# SELECT c.panel, 0 AS series, c.title AS panel_name, '' AS series_name, 0 AS row, NULL AS n,
#	NULL AS coverage, k.ratio, k.low, k.high, b.median AS baseline_ns, h.median AS harness_share
# FROM cells c LEFT JOIN measured k ON k.cell = c.cell AND k.role = 'control'
# LEFT JOIN base b ON b.cell = c.cell AND b.metric = 'ns_per_op'
# LEFT JOIN base h ON h.cell = c.cell AND h.metric = 'harness_share_ratio'
# WHERE EXISTS (SELECT 1 FROM measured WHERE role = 'subject')
# UNION ALL
# SELECT c.panel, a.series, c.title, a.allocator, a.row, m.n,
#	iif(m.ratio IS NULL, NULL, coalesce(m.coverage, 0)),
#	m.ratio, m.low, m.high, NULL, NULL
# FROM cells c CROSS JOIN (
#	SELECT *, row_number() OVER (ORDER BY series) AS row FROM arms WHERE role = 'subject'
# ) a LEFT JOIN measured m ON m.cell = c.cell AND m.arm = a.arm
# WHERE EXISTS (SELECT 1 FROM measured WHERE role = 'subject')
# ORDER BY panel, series
#! end

columns = nr_shown == 1 ? 1 : 2
rows = ceil(nr_shown / (1.0 * columns))
array name_of[nr_series]
nr_rows = 0
do for [s = 1:nr_series] {
	if (series[s] ne '') { nr_rows = nr_rows + 1; name_of[nr_rows] = fit(series[s], 28) }
}
legend = 0
top = head_px(0)
eval canvas(1200, top + foot_px + rows * (greater(nr_rows, 3) * 19 + 84))

stats data using col_n nooutput
blocks = count(STATS_min, STATS_max, 'block')
stats data using col_coverage nooutput
coverage = STATS_min
title = 'Time per operation, ratio to ' . baseline . ' (lower is better)'
line1 = 'Dots: median of the ratios of n = ' . blocks . '; bars: ' . interval_text(coverage) \
	. ', not adjusted for the number of comparisons.'
line2 = 'Grey band: the control''s interval (' . baseline . ' against itself). ' \
	. 'Hatched: the harness''s own time, out of reach for any allocator.'
eval head
plot NaN notitle
eval body

# The widest interval over all panels decides the axis; at least 0.8 to 1.25.
stats data using (lower(column(col_low), column(col_ratio))) nooutput
least = lesser(0.8, STATS_min) / 1.05
stats data using (upper(column(col_high), column(col_ratio))) nooutput
most = greater(1.25, STATS_max) * 1.05
set logscale x 2
set xrange [least:most]
caption_px = 44
eval 'set xtics nomirror font ",9" ' . ratio_tics(most / least)
set yrange [nr_rows + 0.6:0.4]
set ytics () nomirror scale 0 font ',10'
do for [i = 1:nr_rows] { set ytics add (name_of[i] i) }
set arrow 1 from 1, graph 0 to 1, graph 1 nohead lw 0.7 dt 1 lc rgb ink front
about(ns, share) = ns != ns ? baseline . ': no result' : sprintf('%s %.1f ns/op', baseline, ns) \
	. (share == share ? sprintf(', of it the harness %.1f ns (%.0f %%)', ns * share, 100 * share) : '')
do for [i = 1:nr_shown] {
	p = shown[i]
	caption = panel[p]
	eval place(i, columns, rows, top, lesser(longest, 28) * 7.1 + 26, 18, 38)
	control = sprintf('[%d 0]', p)
	plot data index control using (1):(1):col_low:col_high:(0.4):(nr_rows + 0.6) \
			with boxxyerror fs solid noborder fc rgb '#d8d8d8' notitle, \
		data index control using (least):(1):(least):(column(col_harness_share)):(0.4):(nr_rows + 0.6) \
			with boxxyerror fs pattern 4 noborder fc rgb '#9a9a9a' notitle, \
		data index control using (least):(0.4):(about(column(col_baseline_ns), column(col_harness_share))) \
			with labels left offset 0, 0.6 font ',8' tc rgb pale notitle, \
		for [s = 1:nr_series] data index sprintf('[%d %d]', p, s) \
			using col_ratio:col_row:col_low:col_high with xerrorbars lt s lw 1.8 dt 1 ps 0 notitle, \
		for [s = 1:nr_series] data index sprintf('[%d %d]', p, s) \
			using col_ratio:col_row with points lt s notitle, \
		for [s = 1:nr_series] data index sprintf('[%d %d]', p, s) \
			using (least):(column(col_ratio) == column(col_ratio) ? NaN : column(col_row)):('  no ratio') \
			with labels left font ',9' tc rgb pale notitle
}
unset multiplot
