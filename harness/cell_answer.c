// SPDX-License-Identifier: MIT
/* What a finished trial tells: sums of the meters, the rounds' times, the latency histogram. */
#include <inttypes.h>
#include <string.h>

#include "cell_state.h"
#include "clock.h"
#include "histogram.h"

static void say(const char *name, double value)
{
	channel_say("metric %s %.17g", name, value);
}

static void say_share(const char *name, uint64_t part, uint64_t whole)
{
	if (whole)
		say(name, (double)part / (double)whole);
}

static struct meter *merge(struct cell_state *c)
{
	struct meter *sum = cell_map(sizeof(*sum));

	for (unsigned int i = 0; i < c->job.threads; i++)
		meter_merge(sum, c->thread[i].meter);
	return sum;
}

static void say_alignment(const struct meter *m)
{
	for (int class = 0; class < METER_CLASSES; class ++)
		for (int d = 0; d < METER_DIVISORS; d++)
			if (m->align[class][d])
				channel_say("align %u %u %" PRIu64, 1u << class, 1u << d,
					    m->align[class][d]);
}

static void say_slab_use(const struct cell_state *c)
{
	if (!c->use.nr_objects)
		return;
	for (int i = 0; i < 10; i++)
		if (c->use.nr_slabs[i])
			channel_say("slab %d %" PRIu64, i, c->use.nr_slabs[i]);
	say_share("slab_use_ratio", c->use.nr_in_use, c->use.nr_objects);
}

/* Line by line; a last one that was cut is left out. */
static void say_slabinfo(const struct cell_state *c)
{
	const char *line = c->slabinfo, *end;

	for (; line && (end = strchr(line, '\n')); line = end + 1)
		channel_say("slabinfo %.*s", (int)(end - line), line);
}

void cell_answer_watched(struct cell_state *c)
{
	const struct meter *m = merge(c);

	say("page_faults", (double)c->watched.nr_faults);
	if (c->workload->elsewhere) {
		say("rss_peak_bytes", (double)c->watched.peak_rss_bytes);
		return;
	}
	if (m->requested_bytes)
		say("waste_internal_ratio",
		    (double)m->usable_bytes / (double)m->requested_bytes - 1);
	say_share("aligned_natural_ratio", m->nr_natural, m->nr_promised);
	say_share("page_crossing_ratio", m->nr_page_cross, m->nr_page_fit);
	say_share("line_crossing_ratio", m->nr_line_cross, m->nr_line_fit);
	if (c->job.threads == 1)
		say("live_peak_bytes", (double)c->thread[0].meter->live_peak);
	say_alignment(m);
	say_slab_use(c);
	say_slabinfo(c);
}

/* Pairs of readings with nothing between them. */
static void read_nothing(struct histogram *empty)
{
	for (int i = 0; i < 4096; i++) {
		uint64_t begin = clock_begin();

		histogram_add(empty, clock_end() - begin);
	}
}

/* The least difference of two durations that the clock told apart, in ticks. */
static double clock_step(const struct histogram *h)
{
	uint64_t least = UINT64_MAX, last = UINT64_MAX;

	for (unsigned int i = 0; i < HISTOGRAM_BUCKETS; i++) {
		if (!h->bucket[i])
			continue;
		if (last != UINT64_MAX && histogram_low(i) - last < least)
			least = histogram_low(i) - last;
		last = histogram_low(i);
	}
	return least == UINT64_MAX ? 1 : (double)least;
}

/* Ticks to nanoseconds, measured against CLOCK_MONOTONIC for 2 ms. */
static double tick_ns(void)
{
	uint64_t ns = clock_ns(), ticks = clock_begin(), end;

	do
		end = clock_ns();
	while (end - ns < 2000000);
	return (double)(end - ns) / (double)(clock_end() - ticks);
}

static double net(double ticks, double overhead, double rate)
{
	return ticks > overhead ? (ticks - overhead) * rate : 0;
}

static void say_latency(const struct histogram *h)
{
	static const struct {
		const char *name;
		double share;
	} points[] = {
		{ "latency_p50_ns", 0.5 },	{ "latency_p90_ns", 0.9 },
		{ "latency_p99_ns", 0.99 },	{ "latency_p999_ns", 0.999 },
		{ "latency_p9999_ns", 0.9999 }, { "latency_max_ns", 1 },
	};
	static struct histogram empty;
	double rate = tick_ns(), overhead;

	if (!h->nr)
		return;
	read_nothing(&empty);
	overhead = histogram_percentile(&empty, 0.5);
	say("clock_overhead_ns", overhead * rate);
	say("clock_step_ns", clock_step(&empty) * rate);
	for (unsigned int i = 0; i < sizeof(points) / sizeof(points[0]); i++)
		say(points[i].name, net(histogram_percentile(h, points[i].share), overhead, rate));
	/* Buckets below the overhead are one: no time that the clock can see. */
	for (unsigned int i = 0, low = 0; i < HISTOGRAM_BUCKETS; i++) {
		low += h->bucket[i];
		if (!low || (double)histogram_low(i + 1) <= overhead)
			continue;
		channel_say("bucket %.6g %u", net((double)histogram_low(i), overhead, rate), low);
		low = 0;
	}
}

static void say_counters(const struct cell_state *c)
{
	for (int i = 0; i < WL_NR_COUNTERS && c->workload->counters[i].name; i++) {
		uint64_t sum = 0;

		for (unsigned int t = 0; t < c->job.threads; t++)
			sum += c->thread[t].wl->counters[i];
		say(c->workload->counters[i].name, (double)sum / c->nr_rounds);
	}
}

void cell_answer_drained(struct cell_state *c)
{
	double ops = (double)c->job.ops * c->job.rounds;

	if (c->timed_ns && ops > 0) {
		say("ns_per_op", (double)c->timed_ns * c->job.threads / ops);
		say("ops_per_second", ops * 1e9 / (double)c->timed_ns);
	}
	if (c->workload->elsewhere && ops > 0)
		say("cpu_ns_per_op", (double)c->timed.cpu_ns / ops);
	say("page_faults_warm", (double)c->timed.nr_faults / c->job.rounds);
	say("context_switches", (double)c->timed.nr_switches);
	say_latency(&merge(c)->latency);
	say_counters(c);
	channel_say("digest %016" PRIx64, c->digest);
}
