#!/bin/sh
# SPDX-License-Identifier: MIT
# sqlite3 on libslab-malloc.so: in memory and in a file, in every mode, as without.
. "$SRCDIR/tests/cli/lib.sh"
. "$SRCDIR/tests/cli/data/programs.sh"
needs sqlite3 sqlite3

script() {
	cat <<END
CREATE TABLE t(id INTEGER PRIMARY KEY, a INTEGER, b TEXT, c BLOB);
CREATE INDEX t_a ON t(a); CREATE INDEX t_b ON t(b);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
	INSERT INTO t SELECT i, i * 7919 % 10007, printf('%0*d', i % 200 + 1, i), zeroblob(i % 700) FROM n;
UPDATE t SET b = b || hex(c) WHERE a % 11 = 0;
DELETE FROM t WHERE a % 13 = 5;
SELECT count(*), sum(a), sum(length(b)), max(b) FROM t;
SELECT a % 17, group_concat(substr(b, 1, 3), ',') FROM (SELECT * FROM t ORDER BY a, id LIMIT 500) GROUP BY 1;
SELECT id, sum(a) OVER (ORDER BY id ROWS 20 PRECEDING) FROM t ORDER BY 2 DESC, 1 LIMIT 10;
SELECT json_group_array(json_object('a', a, 'b', substr(b, 1, 9))) FROM (SELECT * FROM t ORDER BY b DESC LIMIT 300);
CREATE TABLE u AS SELECT * FROM t WHERE a < 5000; DROP TABLE t; VACUUM;
SELECT count(*), sum(id) FROM u; PRAGMA integrity_check;
END
}

work() {
	script "$1" | run "$program" -batch -bail -init /dev/null :memory: || return
	script "$1" | run "$program" -batch -bail -init /dev/null file.db || return
	run "$program" -batch -init /dev/null file.db .dump | cksum
}

proves "$program" --version
in_every_mode 12000 600
finish
