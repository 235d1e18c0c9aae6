// SPDX-License-Identifier: MIT
/* The table of metrics; how each is measured is in docs/METHOD.md under the same name. */
#include <string.h>

#include "metrics.h"

#define KIB 1024.0

/* clang-format off: a table reads in columns */
const struct metric metrics[] = {
	{ "ns_per_op", "ns", -1, 0.01, 0.05, true, true, "ns/op",
	  "thread nanoseconds per operation: wall time of the timed rounds x threads / "
	  "operations" },
	{ "cpu_ns_per_op", "ns", -1, 0.01, 0.05, true, true, "cpu ns/op",
	  "user and system time of the programs that a round started / operations; only of "
	  "workloads that start programs" },
	{ "ops_per_second", "1/s", 1, 0.01, 0, false, false, "ops/s",
	  "operations per second of all threads together, in the timed rounds" },
	{ "latency_p50_ns", "ns", -1, 0.01, 2, false, true, "p50",
	  "median time of one allocator call, clock overhead taken off" },
	{ "latency_p90_ns", "ns", -1, 0.01, 2, false, false, "p90", "90 % of calls are faster" },
	{ "latency_p99_ns", "ns", -1, 0.01, 2, false, true, "p99", "99 % of calls are faster" },
	{ "latency_p999_ns", "ns", -1, 0.01, 2, false, true, "p99.9",
	  "99.9 % of calls are faster" },
	{ "latency_p9999_ns", "ns", -1, 0.01, 2, false, false, "p99.99",
	  "99.99 % of calls are faster" },
	{ "latency_max_ns", "ns", -1, 0.01, 2, false, false, "max", "the slowest call" },
	{ "clock_overhead_ns", "ns", 0, 0, 0, false, false, "clock",
	  "two readings of the clock with nothing between, taken off each single call" },
	{ "clock_step_ns", "ns", 0, 0, 0, false, false, "clock step",
	  "the least difference that the clock told apart in such readings" },
	{ "rss_peak_bytes", "bytes", -1, 0.01, 64 * KIB, true, true, "peak RSS",
	  "high-water mark of the watched round, less the harness's own memory; of a program that "
	  "was started, its own" },
	{ "rss_mean_bytes", "bytes", -1, 0.01, 64 * KIB, true, true, "mean RSS",
	  "time average over the watched round" },
	{ "rss_drained_bytes", "bytes", -1, 0.01, 64 * KIB, true, true, "drained RSS",
	  "0.1 s after the last free" },
	{ "rss_drained_1s_bytes", "bytes", -1, 0.01, 64 * KIB, false, false, "drained 1 s",
	  "1 s after the last free; first block only" },
	{ "rss_drained_5s_bytes", "bytes", -1, 0.01, 64 * KIB, false, false, "drained 5 s",
	  "5 s after the last free; first block only" },
	{ "live_peak_bytes", "bytes", 0, 0, 0, false, true, "live peak",
	  "largest sum of bytes requested and not yet freed, counted by the harness" },
	{ "frag_jw1", "ratio", -1, 0.01, 0.005, false, false, "frag JW1",
	  "Johnstone and Wilson 1: time average of RSS / live, less 1" },
	{ "frag_jw2", "ratio", -1, 0.01, 0.005, false, false, "frag JW2",
	  "RSS at the moment of peak live / peak live, less 1" },
	{ "frag_jw3", "ratio", -1, 0.01, 0.005, false, false, "frag JW3",
	  "peak RSS / live at that moment, less 1" },
	{ "frag_jw4", "ratio", -1, 0.01, 0.005, false, true, "frag JW4",
	  "peak RSS / peak live, less 1" },
	{ "waste_internal_ratio", "ratio", -1, 0.01, 0.0005, false, true, "internal waste",
	  "usable bytes / requested bytes, summed over all requests, less 1" },
	{ "aligned_natural_ratio", "ratio", 1, 0.001, 0, false, true, "natural align",
	  "share of addresses divisible by the largest power of two that divides the size, among "
	  "sizes where that is 32 to 4096" },
	{ "page_crossing_ratio", "ratio", -1, 0.001, 0, false, true, "page crossing",
	  "share of requests up to 4096 bytes that lie in two pages" },
	{ "line_crossing_ratio", "ratio", -1, 0.001, 0, false, false, "line crossing",
	  "share of requests up to 64 bytes that lie in two cache lines" },
	{ "page_faults", "count", -1, 0.01, 16, false, true, "page faults",
	  "minor and major faults of the watched (first) round" },
	{ "page_faults_warm", "count", -1, 0.01, 16, false, false, "faults, warm",
	  "faults of the timed rounds, per round" },
	{ "context_switches", "count", -1, 0.01, 8, false, false, "switches",
	  "voluntary and involuntary context switches of the timed rounds" },
	{ "slab_use_ratio", "ratio", 1, 0.01, 0.001, false, false, "slab use",
	  "objects in use / objects in all slabs at the largest live set seen; libslab only" },
	{ "harness_share_ratio", "ratio", 0, 0, 0, false, true, "harness share",
	  "ns_per_op of the null allocator / ns_per_op, in the same block" },
	{ NULL, NULL, 0, 0, 0, false, false, NULL, NULL },
};
/* clang-format on */

const struct metric *metric_find(const char *name)
{
	for (const struct metric *m = metrics; m->name; m++)
		if (!strcmp(m->name, name))
			return m;
	return NULL;
}
