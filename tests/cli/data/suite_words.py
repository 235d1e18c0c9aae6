# SPDX-License-Identifier: MIT
"""suite_words.py JSON TEXT MARKDOWN: what the numbers of JSON are in words is in both others."""
import json
import sys


def three(v):
    return "%.*f" % (2 if v < 9.995 else 1 if v < 99.95 else 0, v)


def time(ns):
    for unit in "ns", "us", "ms":
        if ns < 999.5:
            break
        ns /= 1000
    else:
        unit = "s"
    return "%s %s" % (three(ns), unit)


def reach(a):
    far = max(a["high"] - a["ratio"], a["ratio"] - a["low"]) / a["ratio"]
    return "" if far < 0.005 else " +-%.0f%%" % min(999, 100 * far)


def cell(a):
    form = "%s %.2f%s" if a["ratio"] < 9.995 else "%s %.3g%s"
    return form % (time(a["ns"]), a["ratio"], reach(a))


def ratio(t):
    form = "%.3f" if t["ratio"] < 9.995 else "%.1f"
    return "%s [%s .. %s]" % tuple(form % t[key] for key in ("ratio", "low", "high"))


def line(t):
    if t["target"] == "each":
        found = "%d of %d at or below" % (t["met"], t["asked"])
    else:
        found = "%s, n = %d" % (ratio(t), t["n"])
    return "%s %s: %s, target %.2f: %s%s" % (
        t["part"], t["what"], found, t["at_most"], t["verdict"],
        "" if t["resolved"] else ", not resolved")


def words(suite):
    for c in suite["cells"]:
        yield from (cell(a) for a in c["allocators"])
    for subject in suite["subjects"]:
        yield subject["allocator"] + " against its targets"
        for t in subject["targets"]:
            yield line(t)
            yield t["note"]
            yield from ("%s to %s" % (ratio(c), c["peer"]) for c in t["named"])


suite = json.load(open(sys.argv[1]))["suite"]
missing = 0
for path in sys.argv[2:]:
    text = " ".join(open(path).read().split())
    for said in words(suite):
        if said not in text:
            print("%s does not say: %s" % (path, said))
            missing += 1
sys.exit(missing > 0)
