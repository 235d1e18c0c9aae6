// SPDX-License-Identifier: MIT
/*
 * Rounds on threads. All threads meet before a round and after it; each reads the clock for itself,
 * and the round lasts from the first begin to the last end.
 */
#include <sched.h>
#include <sys/resource.h>

#include "cell_state.h"
#include "clock.h"

static void bind_ops(struct cell_state *c, struct cell_thread *t)
{
	meter_bind(t->meter);
	switch (c->round) {
	case ROUND_WATCHED:
		meter_watch(&t->wl->ops);
		break;
	case ROUND_LATENCY:
		meter_time(&t->wl->ops);
		break;
	default:
		t->wl->ops = c->allocator.ops;
	}
}

static void run_one(struct cell_state *c, struct cell_thread *t)
{
	bind_ops(c, t);
	t->begin_ns = clock_ns();
	c->workload->round(t->wl);
	t->end_ns = clock_ns();
}

/*
 * Thread i stays on the i-th last CPU that this process may use, so that two threads never share
 * one while another idles. With more threads than CPUs the scheduler decides, as it would
 * elsewhere.
 */
static void pin(const struct cell_state *c, unsigned int index)
{
	cpu_set_t allowed, one;

	/* The programs would inherit it, with all their threads. */
	if (c->workload->elsewhere)
		return;
	if (sched_getaffinity(0, sizeof(allowed), &allowed) ||
	    c->job.threads > (unsigned int)CPU_COUNT(&allowed))
		return;
	for (int cpu = CPU_SETSIZE - 1; cpu >= 0; cpu--)
		if (CPU_ISSET(cpu, &allowed) && !index--) {
			CPU_ZERO(&one);
			CPU_SET(cpu, &one);
			sched_setaffinity(0, sizeof(one), &one);
			return;
		}
}

static void *thread_main(void *arg)
{
	struct cell_thread *t = arg;
	struct cell_state *c = t->cell;

	pin(c, t->wl->index);
	for (;;) {
		pthread_barrier_wait(&c->start);
		if (c->round == ROUND_QUIT)
			return NULL;
		run_one(c, t);
		pthread_barrier_wait(&c->stop);
	}
}

void cell_start_threads(struct cell_state *c)
{
	unsigned int n = c->job.threads;

	if (n == 1) {
		pin(c, 0);
		return;
	}
	pthread_barrier_init(&c->start, NULL, n + 1);
	pthread_barrier_init(&c->stop, NULL, n + 1);
	for (unsigned int i = 0; i < n; i++)
		if (pthread_create(&c->thread[i].id, NULL, thread_main, &c->thread[i]))
			cell_fail(c, "a thread could not be created");
}

void cell_stop_threads(struct cell_state *c)
{
	if (c->job.threads == 1)
		return;
	c->round = ROUND_QUIT;
	pthread_barrier_wait(&c->start);
	for (unsigned int i = 0; i < c->job.threads; i++)
		pthread_join(c->thread[i].id, NULL);
}

static void run_all(struct cell_state *c)
{
	if (c->job.threads == 1) {
		run_one(c, &c->thread[0]);
		return;
	}
	pthread_barrier_wait(&c->start);
	pthread_barrier_wait(&c->stop);
}

static void take_digest(struct cell_state *c)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < c->job.threads; i++) {
		struct wl_thread *t = c->thread[i].wl;

		if (t->error)
			cell_fail(c, t->error);
		sum += t->digest;
		t->digest = 0;
	}
	if (c->have_digest && sum != c->digest)
		cell_fail(c, "two rounds of one trial read back different data");
	c->digest = sum;
	c->have_digest = true;
}

static uint64_t wall_ns(const struct cell_state *c)
{
	uint64_t begin = c->thread[0].begin_ns, end = c->thread[0].end_ns;

	for (unsigned int i = 1; i < c->job.threads; i++) {
		if (c->thread[i].begin_ns < begin)
			begin = c->thread[i].begin_ns;
		if (c->thread[i].end_ns > end)
			end = c->thread[i].end_ns;
	}
	return end - begin;
}

static void count_self(struct wl_usage *usage, int sign)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	usage->nr_faults += sign * (u.ru_minflt + u.ru_majflt);
	usage->nr_switches += sign * (u.ru_nvcsw + u.ru_nivcsw);
}

/* Threads run programs at once: together they hold the sum of their peaks. */
static void take_elsewhere(struct cell_state *c, struct wl_usage *usage)
{
	for (unsigned int i = 0; i < c->job.threads; i++) {
		struct wl_usage *u = &c->run.thread[i].usage;

		usage->cpu_ns += u->cpu_ns;
		usage->peak_rss_bytes += u->peak_rss_bytes;
		usage->nr_faults += u->nr_faults;
		usage->nr_switches += u->nr_switches;
		*u = (struct wl_usage){ 0 };
	}
}

static void run_counted(struct cell_state *c, struct wl_usage *usage)
{
	if (c->workload->elsewhere) {
		run_all(c);
		take_elsewhere(c, usage);
		return;
	}
	count_self(usage, -1);
	run_all(c);
	count_self(usage, 1);
}

void cell_round(struct cell_state *c, enum cell_round round)
{
	struct wl_usage none = { 0 };
	struct wl_usage *usage = round == ROUND_WATCHED ? &c->watched
				 : round == ROUND_TIMED ? &c->timed
							: &none;

	c->round = round;
	c->nr_rounds++;
	if (c->allocator.round)
		c->allocator.round();
	run_counted(c, usage);
	if (round == ROUND_TIMED)
		c->timed_ns += wall_ns(c);
	take_digest(c);
}

/* Short rounds need several until caches and branch predictors have settled: by time, not number.
 */
void cell_warm_up(struct cell_state *c)
{
	uint64_t end = clock_ns() + CELL_WARM_NS;

	do
		cell_round(c, ROUND_WARM);
	while (clock_ns() < end);
}
