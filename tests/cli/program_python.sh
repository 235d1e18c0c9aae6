#!/bin/sh
# SPDX-License-Identifier: MIT
# The Python interpreter on libslab-malloc.so, in every mode, as without: with its own arenas and
# with every object from malloc, with threads, children, and memory that runs out.
. "$SRCDIR/tests/cli/lib.sh"
. "$SRCDIR/tests/cli/data/programs.sh"
needs python3 python3
export PYTHONHASHSEED=0 PYTHONDONTWRITEBYTECODE=1

cat >test.py <<'END'
import collections, gc, json, os, re, subprocess, sys, threading, zlib
n = int(sys.argv[1])

class Node:
    def __init__(self, i, left):
        self.name, self.left, self.data = 'node %d' % i, left, bytearray(i % 500)
        self.me = self  # only the collector frees it

def churn(results, seed):
    live, total = collections.deque(maxlen=200), 0
    for i in range(n):
        live.append(Node(seed * i % 1009, live[-1] if i % 20 else None))
        total += len(live[0].data)
    results[seed] = total

results = {}
threads = [threading.Thread(target=churn, args=(results, s)) for s in (3, 5, 7, 11)]
for t in threads: t.start()
for t in threads: t.join()
gc.collect()
print(sorted(results.items()))
text = json.dumps({str(i): ['x' * (i % 90), i / 7] for i in range(n)}, sort_keys=True)
print(len(text), zlib.crc32(zlib.compress(text.encode(), 6)), len(json.loads(text)))
print(sum(len(w) for w in re.findall(r'x+', text)), sorted(text.split(','))[-1])
print(subprocess.run([sys.executable, '-S', '-c', 'print(sum(range(1000)))'], capture_output=True).stdout)
pid = os.fork()
if not pid:
    again = {}
    churn(again, 13)
    os._exit(again[13] % 100)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
try:
    bytearray(1 << 62)
except MemoryError:
    print('out of memory')
END

work() {
	run "$program" -S ../test.py "$1" &&
		PYTHONMALLOC=malloc run "$program" -S ../test.py "$(($1 / 4))"
}

proves "$program" -S -c 'import json'
in_every_mode 12000 60
finish
