# SPDX-License-Identifier: MIT
# Alignment: where addresses fall, a panel per allocator, all cells of the run together.
#
# A row is a size class (sizes up to the next power of two), a column the largest power of two that
# divides the address (at most 4096), the shade the share of the row's requests. At the white steps
# and right of them an address is divisible by its size class: a size that is a power of two is then
# naturally aligned.
#
#! sql
# , counted AS (
#	SELECT arm, size_class, divisor, sum(requests) AS requests FROM v_alignment
#	WHERE run = :run GROUP BY arm, size_class, divisor
# ), measured AS (
#	SELECT arm, count(*) AS n FROM v_trial WHERE run = :run AND status = 'ok' GROUP BY arm
# )
# SELECT a.series AS panel, 1 AS series, a.allocator AS panel_name, 'requests' AS series_name,
#	m.n, k.size_class, k.divisor, k.requests,
#	1.0 * k.requests / sum(k.requests) OVER (PARTITION BY k.arm, k.size_class) AS share
# FROM counted k JOIN arms a ON a.arm = k.arm JOIN measured m ON m.arm = k.arm
# ORDER BY panel, size_class, divisor
#! end

columns = nr_shown < 3 ? nr_shown : nr_shown == 4 ? 2 : 3
rows = ceil(nr_shown / (1.0 * columns))
power(x) = floor(log(x) / log(2) + 0.5)
stats data using (power(column(col_size_class))) nooutput
first = int(STATS_min); last = int(STATS_max)
stats data using col_n nooutput
trials = count(STATS_min, STATS_max, 'trial')
legend = 1
top = head_px(2)
eval canvas(1200, top + foot_px + rows * ((last - first + 1) * 17 + 92))

title = 'Alignment: requests of a size class by what divides their address (right is better)'
line1 = 'Rows: requested size, up to the power of two shown. Columns: the largest power of two that ' \
	. 'divides the address, at most 4096.'
line2 = 'From the stepped line on, the address is divisible by the size class. All workloads of the ' \
	. 'run, n = ' . trials . ' an allocator. Blank: no request.'
eval head
unset key
eval sprintf('set palette defined (%s)', viridis)
set cbrange [0:100]
set colorbox horizontal user origin sx(20), sy(94) size 260.0 / width, 10.0 / height
set cbtics 0, 25 font ',9' scale 0 offset 0, 0.6
set label 7 '% of the requests of the row' at screen sx(300), screen sy(89) left font ',9' tc rgb ink
plot '+' every ::0::0 using (-1):(-1):(0) with points palette notitle
eval body
unset colorbox
unset grid

set style fill solid noborder
set xrange [-0.5:12.5]
set yrange [first - 0.5:last + 0.5]
# A tic at each power of two that has a short name, so that labels stay apart.
set xtics ('1' 0, '4' 2, '16' 4, '64' 6, '256' 8, '1K' 10, '4K' 12) nomirror scale 0 font ',9'
size_name(e) = e < 10 ? sprintf('%d', 2 ** e) : e < 20 ? sprintf('%dK', 2 ** (e - 10)) \
	: sprintf('%dM', 2 ** (e - 20))
set ytics () nomirror scale 0 font ',9'
do for [e = first:last] { set ytics add (size_name(e) e) }
# The steps, black on white to be seen on any shade: the left edge of the column whose divisor is
# the row's size class.
edge(e) = (e < 12 ? e : 12) - 0.5
do for [pass = 1:2] {
	set style arrow pass nohead front lw (pass == 1 ? 4 : 1.6) lc rgb (pass == 1 ? '#ffffff' : ink)
	do for [e = first:last] {
		set arrow from edge(e), e - 0.5 to edge(e), e + 0.5 arrowstyle pass
		if (e < last) { set arrow from edge(e), e + 0.5 to edge(e + 1), e + 0.5 arrowstyle pass }
	}
}
do for [i = 1:nr_shown] {
	p = shown[i]
	caption = panel[p]
	eval place(i, columns, rows, top + 10, 64, 16, 44)
	set ylabel 'size class, bytes' font ',9' offset 0.6, 0
	set xlabel 'divides the address' font ',9' offset 0, 0.6
	plot data index sprintf('[%d 1]', p) \
			using (power(column(col_divisor))):(power(column(col_size_class))):(0.5):(0.5): \
			(100 * column(col_share)) with boxxyerror palette notitle
}
unset multiplot
