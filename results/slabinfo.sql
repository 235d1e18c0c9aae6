-- SPDX-License-Identifier: MIT
-- Format 2 of the store: the text of /proc/slabinfo for allocators that offer it, of the first
-- block's trials, taken in the watched round at the largest live set seen. A new database is made
-- with it; one of format 1 gets it from the first run that writes to it.

CREATE TABLE slabinfo (
	trial INTEGER PRIMARY KEY REFERENCES trial (id),
	text  TEXT NOT NULL
) STRICT;

CREATE VIEW v_slabinfo AS
SELECT t.run, t.cell, t.cell_position, t.workload, t.params, t.threads, t.arm, t.arm_position,
	t.allocator, t.role, t.trial, t.block, l.text
FROM v_trial t JOIN slabinfo l ON l.trial = t.trial
WHERE t.status = 'ok';
