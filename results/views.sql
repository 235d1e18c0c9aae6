-- SPDX-License-Identifier: MIT
-- What the store is read through. Tables may grow columns; these names and columns stay until
-- user_version rises.
--
-- The same columns name the same thing in every view:
--   run            run.id
--   cell           cell.id; cell_position orders cells as they were planned
--   workload, params, threads
--   arm            arm.id; arm_position orders allocators as they were asked for
--   allocator      arm.label, the name the user gave
--   role           subject, baseline, control (the baseline again: A/A) or null (the harness alone)
--   trial, block   one process; one round of all allocators
--   metric, unit, better
--   ratio          allocator / baseline in the same block: below 1 is less
-- All but v_run and v_trial hold trials that were ok, nothing else. Ask for one run (WHERE run = ...).

-- Runs with the machine they ran on.
CREATE VIEW v_run AS
SELECT r.id AS run, r.started_at, r.ended_at, r.status, r.kind, r.baseline, r.seed, r.blocks,
	r.quick, r.argv, r.tool_commit, r.tool_dirty, r.machine, m.label AS host, m.factors,
	r.env, e.facts
FROM run r JOIN machine m ON m.id = r.machine JOIN env e ON e.id = r.env;

-- Every trial with its names, the failed ones too.
CREATE VIEW v_trial AS
SELECT c.run, c.id AS cell, c.position AS cell_position, c.workload, c.params, c.threads,
	a.id AS arm, a.position AS arm_position, a.label AS allocator, a.role,
	t.id AS trial, t.block, t.position, t.started_ns, t.status, t.exit_status, t.digest,
	t.reason, t.note
FROM cell c JOIN trial t ON t.cell = c.id JOIN arm a ON a.id = t.arm;

-- One row a number. harness_share_ratio is made here: ns_per_op of the null allocator over the
-- trial's own, in the same block.
CREATE VIEW v_sample AS
SELECT t.run, t.cell, t.cell_position, t.workload, t.params, t.threads, t.arm, t.arm_position,
	t.allocator, t.role, t.trial, t.block, m.name AS metric, m.unit, m.better, s.value
FROM v_trial t JOIN sample s ON s.trial = t.trial JOIN metric m ON m.name = s.metric
WHERE t.status = 'ok'
UNION ALL
SELECT t.run, t.cell, t.cell_position, t.workload, t.params, t.threads, t.arm, t.arm_position,
	t.allocator, t.role, t.trial, t.block, m.name, m.unit, m.better, n.value / s.value
FROM v_trial t
JOIN sample s ON s.trial = t.trial AND s.metric = 'ns_per_op'
JOIN v_trial u ON u.cell = t.cell AND u.block = t.block AND u.role = 'null' AND u.status = 'ok'
JOIN sample n ON n.trial = u.trial AND n.metric = 'ns_per_op'
JOIN metric m ON m.name = 'harness_share_ratio'
WHERE t.status = 'ok' AND t.role <> 'null' AND s.value > 0;

-- Each number over the baseline's of the same block. No row where the baseline's is 0 or missing.
CREATE VIEW v_ratio AS
SELECT t.run, t.cell, t.cell_position, t.workload, t.params, t.threads, t.arm, t.arm_position,
	t.allocator, t.role, t.trial, t.block, m.name AS metric, m.unit, m.better, s.value,
	b.value AS baseline_value, s.value / b.value AS ratio
FROM v_trial t
JOIN sample s ON s.trial = t.trial
JOIN metric m ON m.name = s.metric
JOIN v_trial u ON u.cell = t.cell AND u.block = t.block AND u.role = 'baseline' AND u.status = 'ok'
JOIN sample b ON b.trial = u.trial AND b.metric = s.metric
WHERE t.status = 'ok' AND t.role IN ('subject', 'control') AND b.value > 0;

-- The 95 % interval of a median of n values: from the rank-th smallest to the rank-th largest, for
-- the largest rank whose coverage 1 - 2 P(Binomial(n, 1/2) < rank) is at least 0.95. n = 6 to 256.
CREATE VIEW v_rank AS
WITH RECURSIVE
half (n, p) AS (
	VALUES (1, 0.5)
	UNION ALL
	SELECT n + 1, p / 2 FROM half WHERE n < 256
),
tail (n, rank, term, below) AS (
	SELECT n, 1, p, p FROM half WHERE 1 - 2 * p >= 0.95
	UNION ALL
	SELECT n, rank + 1, term * (n - rank + 1) / rank, below + term * (n - rank + 1) / rank
	FROM tail WHERE 1 - 2 * (below + term * (n - rank + 1) / rank) >= 0.95
)
SELECT n, max(rank) AS rank, 1 - 2 * below AS coverage FROM tail GROUP BY n;

-- Median over the blocks, its 95 % interval (NULL below 6 blocks), and the extremes. Windows instead
-- of GROUP BY, so that WHERE run = ... reaches the tables.
CREATE VIEW v_summary AS
SELECT run, cell, cell_position, workload, params, threads, arm, arm_position, allocator, role,
	metric, unit, better, n, median, low, high, min, max
FROM (
	SELECT s.*,
		avg(value) FILTER (WHERE place IN ((s.n + 1) / 2, (s.n + 2) / 2)) OVER one AS median,
		max(value) FILTER (WHERE place = k.rank) OVER one AS low,
		max(value) FILTER (WHERE place = s.n + 1 - k.rank) OVER one AS high,
		min(value) OVER one AS min,
		max(value) OVER one AS max
	FROM (
		SELECT *, count(*) OVER (PARTITION BY run, cell, arm, metric) AS n,
			row_number() OVER (PARTITION BY run, cell, arm, metric ORDER BY value) AS place
		FROM v_sample
	) s LEFT JOIN v_rank k ON k.n = s.n
	WINDOW one AS (PARTITION BY s.run, s.cell, s.arm, s.metric)
)
WHERE place = 1;

-- Median of the ratios (of their logarithms, so that a / b and b / a agree) with its 95 % interval,
-- not adjusted for the number of comparisons: for pictures and histories. Verdicts are compare's.
CREATE VIEW v_ratio_summary AS
SELECT run, cell, cell_position, workload, params, threads, arm, arm_position, allocator, role,
	metric, unit, better, n, ratio, low, high, min, max, coverage
FROM (
	SELECT s.run, s.cell, s.cell_position, s.workload, s.params, s.threads, s.arm,
		s.arm_position, s.allocator, s.role, s.metric, s.unit, s.better, s.n, s.place,
		sqrt(max(s.ratio) FILTER (WHERE place = (s.n + 1) / 2) OVER one *
			max(s.ratio) FILTER (WHERE place = (s.n + 2) / 2) OVER one) AS ratio,
		max(s.ratio) FILTER (WHERE place = k.rank) OVER one AS low,
		max(s.ratio) FILTER (WHERE place = s.n + 1 - k.rank) OVER one AS high,
		min(s.ratio) OVER one AS min,
		max(s.ratio) OVER one AS max,
		k.coverage
	FROM (
		SELECT *, count(*) OVER (PARTITION BY run, cell, arm, metric) AS n,
			row_number() OVER (PARTITION BY run, cell, arm, metric ORDER BY ratio) AS place
		FROM v_ratio
	) s LEFT JOIN v_rank k ON k.n = s.n
	WINDOW one AS (PARTITION BY s.run, s.cell, s.arm, s.metric)
)
WHERE place = 1;

-- The same, with when, where and from which source the run was made.
CREATE VIEW v_history AS
SELECT r.started_at, r.kind, r.status, r.machine, r.host, r.env, r.tool_commit, r.tool_dirty,
	r.blocks, s.*
FROM v_run r JOIN v_ratio_summary s ON s.run = r.run;

-- Time per operation less the harness's own, and the harness's share, block by block.
CREATE VIEW v_attributable AS
SELECT t.run, t.cell, t.cell_position, t.workload, t.params, t.threads, t.arm, t.arm_position,
	t.allocator, t.role, t.trial, t.block, s.value AS ns_per_op, n.value AS null_ns_per_op,
	s.value - n.value AS attributable_ns, n.value / s.value AS harness_share_ratio
FROM v_trial t
JOIN sample s ON s.trial = t.trial AND s.metric = 'ns_per_op'
JOIN v_trial u ON u.cell = t.cell AND u.block = t.block AND u.role = 'null' AND u.status = 'ok'
JOIN sample n ON n.trial = u.trial AND n.metric = 'ns_per_op'
WHERE t.status = 'ok' AND t.role <> 'null' AND s.value > 0;

-- Live bytes and RSS over the watched round.
CREATE VIEW v_timeline AS
SELECT t.run, t.cell, t.cell_position, t.workload, t.params, t.threads, t.arm, t.arm_position,
	t.allocator, t.role, t.trial, t.block, l.t_ns, l.live_bytes, l.rss_bytes
FROM v_trial t JOIN timeline l ON l.trial = t.trial
WHERE t.status = 'ok';

-- Latency buckets: calls that took at least low_ns and less than the next bucket's low_ns.
CREATE VIEW v_latency AS
SELECT t.run, t.cell, t.cell_position, t.workload, t.params, t.threads, t.arm, t.arm_position,
	t.allocator, t.role, t.trial, t.block, l.low_ns, l.calls
FROM v_trial t JOIN latency l ON l.trial = t.trial
WHERE t.status = 'ok';

-- Requests by size class and by the largest power of two that divides the address; share is of
-- the requests of the same trial and size class.
CREATE VIEW v_alignment AS
SELECT t.run, t.cell, t.cell_position, t.workload, t.params, t.threads, t.arm, t.arm_position,
	t.allocator, t.role, t.trial, t.block, l.size_class, l.divisor, l.requests,
	1.0 * l.requests / (
		SELECT sum(o.requests) FROM alignment o
		WHERE o.trial = l.trial AND o.size_class = l.size_class
	) AS share
FROM v_trial t JOIN alignment l ON l.trial = t.trial
WHERE t.status = 'ok';

-- libslab only: slabs by tenth of their objects in use at the largest live set seen; 9 is the
-- fullest.
CREATE VIEW v_slab_use AS
SELECT t.run, t.cell, t.cell_position, t.workload, t.params, t.threads, t.arm, t.arm_position,
	t.allocator, t.role, t.trial, t.block, l.tenth, l.nr_slabs
FROM v_trial t JOIN slab_use l ON l.trial = t.trial
WHERE t.status = 'ok';
