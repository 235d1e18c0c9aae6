# SPDX-License-Identifier: MIT
# What every view shares. The harness puts this file in front of each view's script, and the block
# `with` in front of each view's SQL. plots/README.md says what a view may rely on.
#
# facts: one row, each column becomes a gnuplot variable. arms: the allocators that are drawn,
# numbered in the order they were asked for: the number chooses colour, dash and point in every
# picture. cells: the workloads with their parameters, one panel each.
#
#! with
# facts AS (
#	SELECT run AS run_id, argv AS command, baseline, kind,
#		host || coalesce(', ' || json_extract(factors, '$.cpu') || ', '
#			|| json_extract(factors, '$.cpus') || ' CPUs', '') AS host,
#		tool_commit || iif(tool_dirty, '+', '') AS commit_id
#	FROM v_run WHERE run = :run
# ),
# arms AS (
#	SELECT id AS arm, label AS allocator, role,
#		row_number() OVER (ORDER BY position, id) AS series
#	FROM arm WHERE run = :run AND role IN ('subject', 'baseline')
# ),
# cells AS (
#	SELECT id AS cell, workload, params, image_hash,
#		row_number() OVER (ORDER BY position, id) AS panel,
#		workload || coalesce((
#			SELECT '  ' || group_concat(key || '=' || value, ' ') FROM json_each(params)
#			WHERE NOT (key = 'scale' AND value = 1)
#		), '') AS title
#	FROM cell WHERE run = :run
# )
#! end

reset
set encoding utf8
set datafile separator "\t"
set datafile missing 'NaN'

# Colours after Wong (Nature Methods 8, 2011), safe for colour-blind readers; his black is kept for
# what is not an allocator, his yellow is darkened for white paper. Dash and point differ as well:
# the second eight repeat the colours with other points and dashes.
ink = '#000000'
pale = '#6b6b6b'
grid = '#dddddd'
colours = '#5a5a5a #d55e00 #56b4e9 #009e73 #0072b2 #e69f00 #cc79a7 #a89a00'
points = '7 5 9 11 13 6 4 8 10 12 14 2 15 3 1 7'
dashes = '1 2 4 5'
do for [i = 1:16] {
	set linetype i lc rgb word(colours, (i - 1) % 8 + 1) lw 1.6 \
		dt int(word(dashes, (i - 1) % 4 + 1)) pt int(word(points, i)) ps 0.9
}
set linetype cycle 16
viridis = "0 '#440154', 1 '#482878', 2 '#3e4989', 3 '#31688e', 4 '#26828e', 5 '#1f9e89', " \
	. "6 '#35b779', 7 '#6ece58', 8 '#b5de2b', 9 '#fde725'"

# Pixels from the left and from the top as screen coordinates of the open canvas.
sx(px) = px / (1.0 * width)
sy(px) = 1 - px / (1.0 * height)

# eval canvas(width, height): open NAME.svg or NAME.png, whichever this pass draws.
canvas(w, h) = sprintf('width = %d; height = %d; ', w, h) . (format eq 'svg' \
	? sprintf("set terminal svg size %d,%d dynamic noenhanced mouse standalone name '%s' " \
		. "fontscale 1.333 font 'DejaVu Sans,Arial,sans-serif,9' background 'white'; ", w, h, name) \
	: sprintf("set terminal pngcairo size %d,%d noenhanced fontscale 1.5 linewidth 1.5 " \
		. "pointscale 1.5 font 'DejaVu Sans,9' background 'white'; ", 1.5 * w, 1.5 * h)) \
	. sprintf("set output '%s.%s'", name, format)

# A text cut to n characters.
fit(text, n) = strlen(text) > n ? text[1:n - 1] . '…' : text

count(least, most, noun) = (least == most ? sprintf('%d', most) : sprintf('%d to %d', least, most)) \
	. ' ' . noun . (most == 1 ? '' : 's')

# Ratios stand on logarithmic axes: tics for one that spans a factor of `span`, and where it must
# end so that a value and its interval (NaN for none) are inside.
ratio_tics(span) = span < 2.8 ? "('0.4' 0.4, '0.5' 0.5, '0.6' 0.6, '0.7' 0.7, '0.8' 0.8, '0.9' 0.9, " \
	. "'1' 1, '1.1' 1.1, '1.25' 1.25, '1.5' 1.5, '1.75' 1.75, '2' 2, '2.5' 2.5)" \
	: span < 12 ? "('0.1' 0.1, '0.14' 0.14, '0.18' 0.18, '0.25' 0.25, '0.35' 0.35, '0.5' 0.5, " \
	. "'0.7' 0.7, '1' 1, '1.4' 1.4, '2' 2, '2.8' 2.8, '4' 4, '5.6' 5.6, '8' 8)" \
	: "('1/64' 1.0 / 64, '1/32' 1.0 / 32, '1/16' 1.0 / 16, '1/8' 0.125, '1/4' 0.25, '1/2' 0.5, " \
	. "'1' 1, '2' 2, '4' 4, '8' 8, '16' 16, '32' 32, '64' 64)"
lesser(x, y) = x < y ? x : y
greater(x, y) = x > y ? x : y
lower(low, value) = low == low ? lesser(low, value) : value
upper(high, value) = high == high ? greater(high, value) : value
interval_text(coverage) = coverage > 0 \
	? sprintf('the interval of at least %.1f %% coverage', 100 * coverage) \
	: 'the interval (there is none below 6 blocks)'

# The first or the second line of a text that is broken after n characters.
broken(text, line, n) = line == 1 ? text[1:int(n)] : fit(text[int(n) + 1:*], int(n))

# The panels that have rows, in their order: shown[1] to shown[nr_shown].
array shown[nr_panels > 0 ? nr_panels : 1]
nr_shown = 0
do for [p = 1:nr_panels] {
	if (panel[p] ne '') { nr_shown = nr_shown + 1; shown[nr_shown] = p }
}

# The legend's columns and rows for nr entries, as wide as the longest name of a series.
longest = 8
do for [i = 1:nr_series] { longest = strlen(series[i]) > longest ? strlen(series[i]) : longest }
longest = longest > 40 ? 40 : longest
entry_px = longest * 7.6 + 62
legend_columns(w) = floor((w - 40) / entry_px) < 1 ? 1 : floor((w - 40) / entry_px)
legend_rows(w, nr) = ceil(nr / (1.0 * legend_columns(w)))

# The height that the head and the small print take, for a legend of so many rows (0: none).
head_px(rows) = 72 + rows * 18
foot_px = 56

# eval head: the title, two lines that say what is drawn, the small print, and the place of a legend
# of `legend` rows. Then one plot of NaN with titles draws the legend, and eval body clears the way.
head = "set multiplot; set size 1,1; set origin 0,0; unset border; unset tics; unset grid; " \
	. "set lmargin at screen 0; set rmargin at screen 1; " \
	. "set bmargin at screen 0; set tmargin at screen 1; " \
	. "set xrange [0:1]; set yrange [0:1]; " \
	. "set label 1 title at screen sx(20), screen sy(20) left font ',15' tc rgb ink; " \
	. "set label 2 line1 at screen sx(20), screen sy(43) left tc rgb ink; " \
	. "set label 3 line2 at screen sx(20), screen sy(61) left tc rgb ink; " \
	. "set label 4 host . '  |  commit ' . commit_id . '  |  run ' . run_id at screen sx(20), " \
	. "screen sy(height - 35) left font ',8' tc rgb pale; " \
	. "set label 5 broken(command, 1, width / 6.0) at screen sx(20), screen sy(height - 22) " \
	. "left font ',8' tc rgb pale; " \
	. "set label 6 broken(command, 2, width / 6.0) at screen sx(20), screen sy(height - 10) " \
	. "left font ',8' tc rgb pale; " \
	. "set key at screen sx(20), screen sy(74) left top horizontal Left reverse " \
	. "maxcols legend_columns(width) width 0 samplen 3 spacing 1.2 textcolor rgb ink; " \
	. "if (legend == 0) { unset key }"
body = "unset label; unset key; set xrange [*:*]; set yrange [*:*]; set border 3 lw 0.6 lc rgb pale; " \
	. "set tics nomirror out scale 0.5 textcolor rgb ink; set grid x y lt 1 dt 1 lw 0.5 lc rgb grid"

# eval place(n, columns, rows, top, left, right, bottom): panel n, counted from 1, in a grid below `top`
# pixels, with `caption` over it. left, right and bottom are the pixels its labels need.
caption_px = 32
cell_w(columns) = width / (1.0 * columns)
cell_h(rows, top) = (height - top - foot_px) / (1.0 * rows)
cell_x(n, columns) = ((n - 1) % columns) * cell_w(columns)
cell_y(n, columns, rows, top) = top + ((n - 1) / columns) * cell_h(rows, top)
place(n, columns, rows, top, left, right, bottom) = sprintf( \
	"set lmargin at screen %.5f; set rmargin at screen %.5f; " \
	. "set tmargin at screen %.5f; set bmargin at screen %.5f; " \
	. "set label 9 fit(caption, %d) at screen %.5f, screen %.5f left font ',10' tc rgb ink", \
	sx(cell_x(n, columns) + left), sx(cell_x(n, columns) + cell_w(columns) - right), \
	sy(cell_y(n, columns, rows, top) + caption_px), \
	sy(cell_y(n, columns, rows, top) + cell_h(rows, top) - bottom), \
	(cell_w(columns) - 20) / 7.7, sx(cell_x(n, columns) + 20), \
	sy(cell_y(n, columns, rows, top) + 16))
