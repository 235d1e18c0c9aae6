-- SPDX-License-Identifier: MIT
-- The store of Slabbench: every sample of every trial, written by the runner, read by anyone.
-- This file, views.sql and slabinfo.sql are the interface; a change of meaning raises user_version.
--
-- Rules: rows are only ever added (run.status and run.ended_at excepted, and what the first block
-- proves about an arm, and the newest build's words for a metric); one transaction holds one block;
-- a trial that failed is stored with its reason and never enters a view of results.
-- Units are in the names: _ns, _bytes, _ratio, _count. Times of day are unix seconds.

CREATE TABLE machine (
	id      TEXT PRIMARY KEY,      -- XXH3-128 of the factors
	factors TEXT NOT NULL CHECK (json_valid(factors)),  -- cpu model, cpus, nodes, ram_gib, arch, vm
	label   TEXT NOT NULL
) STRICT;

CREATE TABLE env (
	id    TEXT PRIMARY KEY,        -- XXH3-128 of the facts
	facts TEXT NOT NULL CHECK (json_valid(facts))  -- kernel, cmdline, governor, thp, aslr, libc, compiler
) STRICT;

CREATE TABLE run (
	id          TEXT PRIMARY KEY,  -- UUIDv7: sorts by time
	started_at  INTEGER NOT NULL,
	ended_at    INTEGER,
	status      TEXT NOT NULL CHECK (status IN ('running', 'complete', 'interrupted', 'failed')),
	kind        TEXT NOT NULL CHECK (kind IN ('compare', 'nightly', 'script')),
	machine     TEXT NOT NULL REFERENCES machine (id),
	env         TEXT NOT NULL REFERENCES env (id),
	tool_commit TEXT NOT NULL,
	tool_dirty  INTEGER NOT NULL CHECK (tool_dirty IN (0, 1)),
	argv        TEXT NOT NULL,     -- the command that repeats the run
	seed        INTEGER NOT NULL,
	blocks      INTEGER NOT NULL,  -- planned
	quick       INTEGER NOT NULL CHECK (quick IN (0, 1)),
	baseline    TEXT NOT NULL,     -- arm.label that ratios are taken to
	pid         INTEGER NOT NULL,
	boot_id     TEXT NOT NULL      -- with pid: tells whether a 'running' run is still alive
) STRICT;

-- One allocator in one run, under the name the user gave it.
CREATE TABLE arm (
	id       INTEGER PRIMARY KEY,
	run      TEXT NOT NULL REFERENCES run (id),
	label    TEXT NOT NULL,        -- 'slab:partition=typed'; the control is 'libc (control)'
	role     TEXT NOT NULL CHECK (role IN ('subject', 'baseline', 'control', 'null')),
	position INTEGER NOT NULL,     -- order of display
	path     TEXT NOT NULL,        -- of the object that was really mapped, proven by the child
	build_id TEXT NOT NULL,
	version  TEXT NOT NULL,
	mode     TEXT NOT NULL,        -- read back from the allocator
	token    TEXT NOT NULL,        -- where tokens came from: 'clang' or 'name'
	UNIQUE (run, label)
) STRICT;

-- One workload with its parameters: a row of the plan.
CREATE TABLE cell (
	id          INTEGER PRIMARY KEY,
	run         TEXT NOT NULL REFERENCES run (id),
	workload    TEXT NOT NULL,     -- 'dentry-name', 'trace:dentry-xfs'
	params      TEXT NOT NULL CHECK (json_valid(params)),  -- threads, scale and what the workload adds
	threads     INTEGER NOT NULL,
	image_hash  TEXT NOT NULL,     -- XXH3-128 of the op stream
	image_bytes INTEGER NOT NULL,
	ops         INTEGER NOT NULL,  -- operations of one round
	rounds      INTEGER NOT NULL,  -- timed rounds of a trial
	note        TEXT NOT NULL,
	position    INTEGER NOT NULL,
	UNIQUE (run, workload, params)
) STRICT;

CREATE TABLE trial (
	id          INTEGER PRIMARY KEY,
	run         TEXT NOT NULL REFERENCES run (id),
	cell        INTEGER NOT NULL REFERENCES cell (id),
	arm         INTEGER NOT NULL REFERENCES arm (id),
	block       INTEGER NOT NULL,
	position    INTEGER NOT NULL,  -- place in the block's order
	started_ns  INTEGER NOT NULL,  -- CLOCK_MONOTONIC
	status      TEXT NOT NULL CHECK (status IN ('ok', 'failed', 'timeout', 'mismatch', 'invalid', 'outgrown')),
	exit_status INTEGER NOT NULL,  -- exit code, or 128 + signal
	digest      TEXT NOT NULL,     -- hex; equal for every ok trial of a cell
	reason      TEXT NOT NULL,     -- '' when ok
	note        TEXT NOT NULL,     -- what the child wanted the reader to know
	UNIQUE (cell, arm, block)
) STRICT;

CREATE TABLE metric (
	name      TEXT PRIMARY KEY,
	unit      TEXT NOT NULL,
	better    INTEGER NOT NULL CHECK (better IN (-1, 0, 1)),  -- -1: less is better
	rel_floor REAL NOT NULL,       -- differences below it are 'same'
	abs_floor REAL NOT NULL,       -- the quantum of the metric
	summary   TEXT NOT NULL
) STRICT;

CREATE TABLE sample (
	trial  INTEGER NOT NULL REFERENCES trial (id),
	metric TEXT NOT NULL REFERENCES metric (name),
	value  REAL NOT NULL,
	PRIMARY KEY (trial, metric)
) STRICT, WITHOUT ROWID;

-- Memory over the watched round, sampled from outside.
CREATE TABLE timeline (
	trial      INTEGER NOT NULL REFERENCES trial (id),
	t_ns       INTEGER NOT NULL,   -- since the round began
	live_bytes INTEGER NOT NULL,   -- requested and not freed, counted by the harness
	rss_bytes  INTEGER NOT NULL,   -- resident, less what the harness mapped
	PRIMARY KEY (trial, t_ns)
) STRICT, WITHOUT ROWID;

-- Latency of single allocator calls: log-linear buckets, at most 1/32 wide.
CREATE TABLE latency (
	trial  INTEGER NOT NULL REFERENCES trial (id),
	low_ns REAL NOT NULL,          -- the bucket begins here
	calls  INTEGER NOT NULL,
	PRIMARY KEY (trial, low_ns)
) STRICT, WITHOUT ROWID;

-- Where addresses fall: requests by size class (next power of two) and by the largest power of two
-- that divides the address (at most 4096).
CREATE TABLE alignment (
	trial      INTEGER NOT NULL REFERENCES trial (id),
	size_class INTEGER NOT NULL,
	divisor    INTEGER NOT NULL,
	requests   INTEGER NOT NULL,
	PRIMARY KEY (trial, size_class, divisor)
) STRICT, WITHOUT ROWID;

-- libslab only: slabs by tenth of their objects in use (9 = the fullest), at the largest live set seen.
CREATE TABLE slab_use (
	trial    INTEGER NOT NULL REFERENCES trial (id),
	tenth    INTEGER NOT NULL,
	nr_slabs INTEGER NOT NULL,
	PRIMARY KEY (trial, tenth)
) STRICT, WITHOUT ROWID;

-- Allocators and workloads that were asked for and left out, with the reason.
CREATE TABLE skipped (
	run    TEXT NOT NULL REFERENCES run (id),
	name   TEXT NOT NULL,
	reason TEXT NOT NULL,
	PRIMARY KEY (run, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX trial_ok ON trial (cell, arm, block) WHERE status = 'ok';
