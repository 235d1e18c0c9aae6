-- SPDX-License-Identifier: MIT
-- Format 3 of the store: runs of a suite (./runner compare --suite NAME), and which allocators are the
-- project's own. A new database is made with it; an older one gets it from the first run that writes
-- to it.

CREATE TABLE suite (
	run  TEXT PRIMARY KEY REFERENCES run (id),
	name TEXT NOT NULL,
	text TEXT NOT NULL             -- of its file: cells and targets
) STRICT;

CREATE TABLE suite_own (
	arm       INTEGER PRIMARY KEY REFERENCES arm (id),
	allocator TEXT NOT NULL,       -- without its options
	options   TEXT NOT NULL
) STRICT;

-- Of each cell and allocator of a suite's run: time per operation less the null row's of the same
-- block (0.05 ns or 5 % of the null row's, the quantum, if it is less), as a ratio to that of the cell's fastest peer in the
-- same block; peer: who that is, by the median over the blocks; clamped: blocks that met the quantum.
-- Medians and intervals as in v_ratio_summary.
CREATE VIEW v_suite AS
WITH own AS (
	SELECT a.id AS arm, o.options FROM arm a JOIN suite_own o ON o.arm = a.id
),
value AS (
	SELECT s.*, max(attributable_ns, 0.05, 0.05 * null_ns_per_op) AS ns,
		attributable_ns <= max(0.05, 0.05 * null_ns_per_op) AS quantum,
		s.arm IN (SELECT arm FROM own) AS is_own
	FROM v_attributable s
	WHERE s.run IN (SELECT run FROM suite) AND s.role <> 'control'
),
placed AS (
	SELECT *, count(*) OVER (PARTITION BY cell, arm) AS n,
		row_number() OVER (PARTITION BY cell, arm ORDER BY ns) AS place
	FROM value
),
median AS (
	SELECT run, cell, arm, allocator, is_own, avg(ns) AS ns, max(n) AS n
	FROM placed WHERE place IN ((n + 1) / 2, (n + 2) / 2) GROUP BY cell, arm
),
fastest AS (
	SELECT cell, arm, allocator FROM (
		SELECT *, row_number() OVER (PARTITION BY cell ORDER BY ns, arm) AS rank
		FROM median WHERE NOT is_own
	) WHERE rank = 1
),
ratio AS (
	SELECT v.run, v.cell, v.cell_position, v.workload, v.params, v.threads, v.arm,
		v.arm_position, v.allocator, v.is_own, v.quantum, f.allocator AS peer,
		v.ns / p.ns AS ratio
	FROM value v JOIN fastest f ON f.cell = v.cell
	JOIN value p ON p.cell = v.cell AND p.arm = f.arm AND p.block = v.block
),
ranked AS (
	SELECT *, count(*) OVER (PARTITION BY cell, arm) AS n,
		row_number() OVER (PARTITION BY cell, arm ORDER BY ratio) AS place
	FROM ratio
)
SELECT r.run, r.cell, r.cell_position, r.workload, r.params, r.threads, r.arm, r.arm_position,
	r.allocator, r.is_own, r.peer, r.n, m.ns AS attributable_ns, sum(r.quantum) AS clamped,
	sqrt(max(r.ratio) FILTER (WHERE place = (r.n + 1) / 2) *
		max(r.ratio) FILTER (WHERE place = (r.n + 2) / 2)) AS ratio,
	max(r.ratio) FILTER (WHERE place = k.rank) AS low,
	max(r.ratio) FILTER (WHERE place = r.n + 1 - k.rank) AS high,
	k.coverage
FROM ranked r JOIN median m ON m.cell = r.cell AND m.arm = r.arm
LEFT JOIN v_rank k ON k.n = r.n
GROUP BY r.cell, r.arm;
