# SPDX-License-Identifier: MIT
# Fragmentation: what is live (black) and what is resident, over one round, a panel per cell.
#
# The x axis is the share of the round's own time, not milliseconds: allocators of different speed
# then stand at the same point of the work, and the distance to the black line compares. Of each
# allocator the trial with the median peak RSS is drawn, a real trial rather than an average. The
# live bytes are counted by the harness, the same for all; drawn from the first allocator that ran.
# A point marks each quarter of a line, a little further on from allocator to allocator.
# Right of the round: resident 0.1 s after the last free (the same trial).
#
#! sql
# , median_trial AS (
#	SELECT * FROM (
#		SELECT trial, cell, arm, count(*) OVER one AS n,
#			row_number() OVER (PARTITION BY cell, arm ORDER BY value, block) AS place
#		FROM v_sample WHERE run = :run AND metric = 'rss_peak_bytes'
#		WINDOW one AS (PARTITION BY cell, arm)
#	) WHERE place = (n + 1) / 2
# ), line AS (
#	SELECT c.panel, a.series, c.title, a.allocator, m.n, d.value AS drained,
#		100.0 * t.t_ns / max(t.t_ns) OVER (PARTITION BY t.trial) AS progress,
#		t.live_bytes, t.rss_bytes,
#		a.series = min(a.series) OVER (PARTITION BY c.panel) AS first
#	FROM median_trial m JOIN cells c ON c.cell = m.cell JOIN arms a ON a.arm = m.arm
#	JOIN timeline t ON t.trial = m.trial
#	LEFT JOIN sample d ON d.trial = m.trial AND d.metric = 'rss_drained_bytes'
# )
# SELECT panel, 0 AS series, title AS panel_name, 'live' AS series_name, n, progress,
#	live_bytes / 1048576.0 AS mib, NULL AS drained_mib, 0 AS marked
# FROM line WHERE first
# UNION ALL
# SELECT panel, series, title, allocator, n, progress, rss_bytes / 1048576.0, drained / 1048576.0,
#	quarter > lag(quarter, 1, quarter) OVER (PARTITION BY panel, series ORDER BY progress)
# FROM (SELECT *, CAST((progress + 25 - series * 7 % 25) / 25 AS INTEGER) AS quarter FROM line)
# ORDER BY panel, series, progress
#! end

columns = nr_shown == 1 ? 1 : nr_shown <= 8 ? 2 : 3
rows = ceil(nr_shown / (1.0 * columns))
legend = legend_rows(1200, nr_series + 2)
top = head_px(legend)
eval canvas(1200, top + foot_px + rows * (columns == 3 ? 230 : 260))
stats data using col_n nooutput
trials = count(STATS_min, STATS_max, 'trial')

title = 'Fragmentation: live and resident memory over one round, MiB (lower is better)'
line1 = 'Each line is one trial, the one with the median peak RSS of n = ' . trials \
	. '. Time runs from 0 to 100 % of that trial''s round.'
line2 = 'Black: bytes requested and not yet freed. Points right of the round: resident 0.1 s after ' \
	. 'the last free.'
eval head
plot NaN with lines lt 1 dt 1 lw 3 lc rgb ink title 'live bytes', \
	for [i = 1:nr_series] NaN with linespoints lt i title fit(series[i], 40)
eval body

set xrange [0:126]
set yrange [0:*]
set xtics ('0' 0, '25' 25, '50' 50, '75' 75, '100' 100, 'drained' 116) nomirror font ',9'
set ytics nomirror font ',9'
set arrow 1 from 104, graph 0 to 104, graph 1 nohead lw 0.6 dt 3 lc rgb pale
do for [i = 1:nr_shown] {
	p = shown[i]
	caption = panel[p]
	eval place(i, columns, rows, top, 62, 14, 34)
	set ylabel 'MiB' font ',9' offset 1.2, 0
	plot for [s = 1:nr_series] data index sprintf('[%d %d]', p, s) \
			using col_progress:col_mib with lines lt s notitle, \
		for [s = 1:nr_series] data index sprintf('[%d %d]', p, s) \
			using (column(col_marked) == 1 ? column(col_progress) : NaN):col_mib with points lt s notitle, \
		for [s = 1:nr_series] data index sprintf('[%d %d]', p, s) every ::0::0 \
			using (106 + 20.0 * s / (nr_series + 1)):col_drained_mib with points lt s notitle, \
		data index sprintf('[%d 0]', p) \
			using col_progress:col_mib with lines dt 1 lw 3 lc rgb ink notitle
}
unset multiplot
