// SPDX-License-Identifier: MIT
/* The measured child, from its words to its last answer. See cell.h for the order of things. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "cell.h"
#include "cell_state.h"
#include "identity.h"
#include "lib/die.h"
#include "prepare.h"

static struct cell_state state;

void cell_fail(struct cell_state *c, const char *why)
{
	const char *exhausted = c->allocator.exhausted ? c->allocator.exhausted() : NULL;

	if (exhausted) {
		channel_say("outgrown %s", exhausted);
		channel_stage("failed");
	}
	channel_say("error %s", why);
	channel_stage("failed");
	_exit(EXIT_FAILED);
}

static void *map_for_workload(struct wl_run *run, size_t bytes)
{
	(void)run;
	return cell_map(bytes);
}

static struct alloc_cache *create_cache(const char *name, size_t size, size_t align,
					unsigned int flags)
{
	struct alloc_cache *cache = state.allocator.cache_create(name, size, align, flags);

	if (cache && ++state.nr_caches > 512)
		cell_fail(&state, "the workload makes more than 512 caches");
	if (cache)
		meter_cache(cache, size);
	return cache;
}

static void destroy_cache(struct alloc_cache *cache)
{
	state.allocator.cache_destroy(cache);
}

static void note(struct wl_run *run, const char *text)
{
	(void)run;
	channel_say("note %s", text);
}

static void adopt(struct wl_thread *t)
{
	meter_bind(state.thread[t->index].meter);
}

/* Slab use is worth a walk only when the live set is 5 % above the last one looked at. */
static void look_at_slabs(void)
{
	int64_t live = channel_live_bytes(state.shared, state.job.threads);
	int64_t seen = __atomic_load_n(&state.use_live, __ATOMIC_RELAXED);

	if (live <= seen + seen / 20 ||
	    __atomic_exchange_n(&state.use_busy, true, __ATOMIC_ACQUIRE))
		return;
	__atomic_store_n(&state.use_live, live, __ATOMIC_RELAXED);
	if (state.allocator.slab_use)
		state.allocator.slab_use(&state.use);
	if (state.slabinfo)
		state.allocator.slabinfo(state.slabinfo, CELL_SLABINFO_BYTES);
	__atomic_store_n(&state.use_busy, false, __ATOMIC_RELEASE);
}

/* By hand, without a runner: make the image here and print the answers. */
static void cell_alone(struct job *job)
{
	struct prepared p;

	prepare_memfd("image", CHANNEL_IMAGE, 0);
	if (prepare_here(job, CHANNEL_IMAGE, &p))
		die(EXIT_USAGE, "%s", p.why);
	job->image_bytes = p.image_bytes;
	job->alloc_bytes = p.alloc_bytes;
	job->ops = p.ops;
	prepare_memfd("shared", CHANNEL_SHARED, sizeof(struct channel_shared));
	channel_alone();
}

static void start_allocator(struct cell_state *c)
{
	const struct allocator *a = allocator_find(c->job.allocator, strlen(c->job.allocator));
	char why[256] = "";

	if (a)
		c->allocator = *a;
	else if (strcmp(c->job.allocator, "external"))
		die(EXIT_USAGE, "unknown allocator '%s'; ./runner list names them",
		    c->job.allocator);
	allocator_complete(&c->allocator);
	if (c->allocator.init &&
	    c->allocator.init(c->job.options, c->job.alloc_bytes, why, sizeof(why)))
		cell_fail(c, why);
}

static void prove(struct cell_state *c)
{
	struct identity id;
	char version[64] = "", mode[192] = "";

	if (!identity_of(&c->allocator, &id))
		cell_fail(c, "the allocator's entry point belongs to no object");
	if (c->allocator.version)
		c->allocator.version(version, sizeof(version));
	if (c->allocator.mode)
		c->allocator.mode(mode, sizeof(mode));
	channel_say("path %s", id.path);
	channel_say("build-id %s", id.build_id);
	channel_say("version %s", version);
	channel_say("mode %s", mode);
	channel_say("token %s", ALLOC_SITE_TOKEN_SOURCE);
}

static void map_inputs(struct cell_state *c)
{
	c->run.image = mmap(NULL, c->job.image_bytes ? c->job.image_bytes : 1, PROT_READ,
			    MAP_SHARED | MAP_POPULATE, CHANNEL_IMAGE, 0);
	c->shared = mmap(NULL, sizeof(*c->shared), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_POPULATE, CHANNEL_SHARED, 0);
	if (c->run.image == MAP_FAILED || c->shared == MAP_FAILED)
		die(EXIT_FAILED, "the image could not be mapped: %m");
	c->run.image_bytes = c->job.image_bytes;
}

static void make_threads(struct cell_state *c)
{
	c->thread = cell_map(c->job.threads * sizeof(*c->thread));
	c->run.thread = cell_map(c->job.threads * sizeof(*c->run.thread));
	for (unsigned int i = 0; i < c->job.threads; i++) {
		struct cell_thread *t = &c->thread[i];

		t->cell = c;
		t->meter = cell_map(sizeof(struct meter));
		t->meter->real = c->allocator.ops;
		t->meter->live = &c->shared->live[i].bytes;
		t->wl = &c->run.thread[i];
		t->wl->run = &c->run;
		t->wl->index = i;
		t->wl->ops = c->allocator.ops;
	}
}

static void fill_run(struct cell_state *c)
{
	c->run.threads = c->job.threads;
	c->run.dir = c->job.dir;
	c->run.map = map_for_workload;
	c->run.cache_create = create_cache;
	c->run.cache_destroy = destroy_cache;
	c->run.note = note;
	c->run.adopt = adopt;
	if (c->allocator.slabinfo)
		c->slabinfo = cell_map(CELL_SLABINFO_BYTES);
	if (c->allocator.slab_use || c->allocator.slabinfo)
		meter_on_growth(look_at_slabs);
	for (unsigned int i = 0; i < c->workload->nr_sites; i++)
		alloc_site_resolve(&c->workload->sites[i]);
}

static void set_up(struct cell_state *c)
{
	const char *arg;

	c->workload = job_workload(&c->job, &arg);
	make_threads(c);
	fill_run(c);
	if (c->workload->setup(&c->run))
		cell_fail(c, c->run.thread[0].error ? c->run.thread[0].error : "setup failed");
	cell_start_threads(c);
}

/* The watched round is bracketed by a flag, so that the runner's samples know where it ends. */
static void watch(struct cell_state *c)
{
	__atomic_store_n(&c->shared->watching, 1, __ATOMIC_RELEASE);
	cell_round(c, ROUND_WATCHED);
	__atomic_store_n(&c->shared->watching, 0, __ATOMIC_RELEASE);
	cell_answer_watched(c);
	channel_stage("watched");
}

static void tear_down(struct cell_state *c)
{
	cell_stop_threads(c);
	if (c->workload->teardown)
		c->workload->teardown(&c->run);
	cell_answer_drained(c);
	channel_stage("drained");
}

static void run_trial(struct cell_state *c)
{
	start_allocator(c);
	prove(c);
	map_inputs(c);
	set_up(c);
	channel_stage("ready");
	watch(c);
	if (!c->workload->elsewhere)
		cell_round(c, ROUND_LATENCY);
	cell_warm_up(c);
	for (unsigned int i = 0; i < c->job.rounds; i++)
		cell_round(c, ROUND_TIMED);
	tear_down(c);
}

static void check_job(const struct job *job)
{
	if (!job->threads || job->threads > CHANNEL_MAX_THREADS)
		die(EXIT_USAGE, "threads must be 1 to %d", CHANNEL_MAX_THREADS);
	if (!job->rounds || job->rounds > 1000)
		die(EXIT_USAGE, "rounds must be 1 to 1000");
}

int cell_main(int argc, char **argv)
{
	job_parse(&state.job, argc, argv);
	check_job(&state.job);
	if (fcntl(CHANNEL_SOCKET, F_GETFD) < 0)
		cell_alone(&state.job);
	else
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGINT, SIG_IGN);
	run_trial(&state);
	return EXIT_FINE;
}

int cell_probe(int argc, char **argv)
{
	job_parse(&state.job, argc, argv);
	start_allocator(&state);
	prove(&state);
	channel_stage("ready");
	return EXIT_FINE;
}
