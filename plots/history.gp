# SPDX-License-Identifier: MIT
# History: ratio to the baseline, a point a night with its interval; a row of panels per cell, time
# per operation left, peak RSS right.
#
# Ratios within a night, not raw times: a new kernel or a hotter machine moves both allocators. Only
# nights of the newest run's cells count: the same workload, parameters and operations. A vertical
# line is a change of machine, across which nothing compares.
#
#! sql
# , night AS (
#	SELECT * FROM (
#		SELECT run, host, machine, commit_id, back,
#			max(back) OVER () + 1 - back AS night,
#			machine <> lag(machine, 1, machine) OVER (ORDER BY back DESC) AS moved
#		FROM (
#			SELECT run, host, machine, tool_commit || iif(tool_dirty, '+', '') AS commit_id,
#				row_number() OVER (ORDER BY started_at DESC, run DESC) AS back
#			FROM v_run WHERE kind = :kind AND status = 'complete'
#				AND baseline = (SELECT baseline FROM facts)
#		) WHERE back <= 60
#	)
# ), judged (metric, place, axis) AS (
#	VALUES ('ns_per_op', 1, 'ns/op'), ('rss_peak_bytes', 2, 'peak RSS')
# ), sorted AS (
#	SELECT n.night, c.panel, c.title, a.series, a.allocator, j.place, j.axis, r.ratio,
#		row_number() OVER (PARTITION BY n.night, c.panel, a.series, j.place ORDER BY r.ratio)
#			AS position,
#		count(*) OVER (PARTITION BY n.night, c.panel, a.series, j.place) AS n
#	FROM night n CROSS JOIN cell o CROSS JOIN judged j
#	CROSS JOIN v_ratio r ON r.cell = o.id AND r.metric = j.metric AND r.role = 'subject'
#	JOIN cells c ON c.workload = o.workload AND c.params = o.params
#		AND c.image_hash = o.image_hash
#	JOIN arms a ON a.allocator = r.allocator
#	WHERE o.run = n.run
# )
# SELECT 0 AS panel, 0 AS series, '' AS panel_name, '' AS series_name, night, commit_id, moved,
#	host, NULL AS n, NULL AS coverage, NULL AS ratio, NULL AS low, NULL AS high
# FROM night WHERE EXISTS (SELECT 1 FROM sorted)
# UNION ALL
# SELECT 2 * (panel - 1) + place, series, title || '  |  ' || axis, allocator, night, '', 0, '',
#	s.n, coalesce(k.coverage, 0),
#	sqrt(max(ratio) FILTER (WHERE position = (s.n + 1) / 2)
#		* max(ratio) FILTER (WHERE position = (s.n + 2) / 2)),
#	max(ratio) FILTER (WHERE position = k.rank),
#	max(ratio) FILTER (WHERE position = s.n + 1 - k.rank)
# FROM sorted s LEFT JOIN v_rank k ON k.n = s.n
# GROUP BY panel, series, place, night
# ORDER BY panel, series, night
#! end

columns = 2
rows = ceil(nr_shown / 2.0)
stats data index '[0 0]' using col_night nooutput
nights = int(STATS_max)
array machine_moved[nights]
host_names = ''
stats data index '[0 0]' using (machine_moved[int(column(col_night))] = column(col_moved), \
	host_names = column(col_moved) == 1 ? strcol(col_host) : host_names, 0) nooutput
stats data using col_n nooutput
blocks = count(STATS_min, STATS_max, 'block')
stats data using col_coverage nooutput
coverage = STATS_min
array least[nr_panels]
array most[nr_panels]
do for [i = 1:nr_shown] {
	p = shown[i]
	stats data using (column(col_panel) == p ? lower(column(col_low), column(col_ratio)) : NaN) nooutput
	least[p] = lesser(0.95, STATS_min) / 1.03
	stats data using (column(col_panel) == p ? upper(column(col_high), column(col_ratio)) : NaN) nooutput
	most[p] = greater(1.05, STATS_max) * 1.03
}
legend = legend_rows(1200, nr_series)
top = head_px(legend)
eval canvas(1200, top + foot_px + rows * 240)
title = 'History of ' . kind . ' runs, ratio to ' . baseline . ' (lower is better)'
line1 = 'Points: median of the ratios of one run, n = ' . blocks . '; bars: ' \
	. interval_text(coverage) . '. Labels: the commit that was built (+: with changes).'
line2 = strlen(host_names) ? 'Dashed vertical line: the machine changed; nothing compares across it.' \
	: 'All runs on one machine.'
eval head
plot for [i = 1:nr_series] NaN with linespoints lt i title fit(series[i], 40)
eval body

set logscale y 2
step = ceil(nights / 10.0)
name_tic(n, commit) = int(nights - n) % step == 0 ? commit : ''
# Series stand side by side, 5 pixels apart where there is room.
spread = lesser(0.3, nr_series * nights * 5.0 / 520)
dodge(s) = spread * (s - 0.5 * (nr_series + 1)) / nr_series
do for [n = 1:nights] {
	if (machine_moved[n] == 1) {
		set arrow from n - 0.5, graph 0 to n - 0.5, graph 1 nohead lw 1.2 dt 2 lc rgb ink front
	}
}
set arrow from graph 0, first 1 to graph 1, first 1 nohead lw 0.7 lc rgb pale back
do for [i = 1:nr_shown] {
	p = shown[i]
	caption = panel[p]
	eval place(i, columns, rows, top, 52, 30, 38)
	set xrange [0.5:nights + 0.5]
	set yrange [least[p]:most[p]]
	eval 'set ytics nomirror font ",9" ' . ratio_tics(most[p] / least[p])
	set xtics nomirror font ',8'
	plot data index '[0 0]' \
			using col_night:(least[p]):xtic(name_tic(column(col_night), strcol(col_commit_id))) with points ps 0 notitle, \
		for [s = 1:nr_series] data index sprintf('[%d %d]', p, s) \
			using (column(col_night) + dodge(s)):col_ratio:col_low:col_high \
			with yerrorbars lt s lw 1 dt 1 ps 0 notitle, \
		for [s = 1:nr_series] data index sprintf('[%d %d]', p, s) \
			using (column(col_night) + dodge(s)):col_ratio with linespoints lt s lw 1 ps 0.6 notitle
}
unset multiplot
