// SPDX-License-Identifier: MIT
/*
 * The program workload: a real program runs with the allocator in front of it, reads an input that
 * was drawn before and must answer what it answers without. Wall time is the round's, processor
 * time and memory are the program's own, as wait4() tells them. With N threads N of them run at
 * once, each with the whole input.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "program.h"

static const struct program *const programs[] = {
	&program_gcc, &program_git, &program_lua, &program_python, &program_redis, &program_sqlite3,
};

struct program_image {
	uint32_t index; /* in programs[] */
	char path[256];
	uint64_t text_at, text_bytes;
	uint64_t digest; /* of its answer with the malloc that it was linked with */
};

struct program_state {
	char dir[600];
	char malloc[512];
	struct program_seat seat[];
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* Each cell has a directory, because the image of each is made before the first one runs. */
static void name_dir(char *buf, size_t len, const char *dir, const struct program *p,
		     unsigned int threads)
{
	snprintf(buf, len, "%.500s/program-%s-%u", dir, p->name, threads);
}

static int unknown(struct wl_plan *plan)
{
	size_t at = (size_t)snprintf(plan->why, sizeof(plan->why), "%s'%.40s'; it takes one of:",
				     *plan->arg ? "no program " : "which program? not ", plan->arg);

	for (size_t i = 0; i < ARRAY_SIZE(programs) && at < sizeof(plan->why); i++)
		at += (size_t)snprintf(plan->why + at, sizeof(plan->why) - at, " %s",
				       programs[i]->name);
	return -1;
}

static const struct program *choose(const char *name, uint32_t *index)
{
	for (*index = 0; *index < ARRAY_SIZE(programs); (*index)++)
		if (!strcmp(programs[*index]->name, name))
			return programs[*index];
	return NULL;
}

static int absent(struct wl_plan *plan, const struct program *p)
{
	snprintf(plan->why, sizeof(plan->why), "%s is not installed (package %s)", p->file,
		 p->package);
	return WL_ABSENT;
}

static int make_dir(struct wl_plan *plan, const struct program *p, char *dir, size_t len)
{
	name_dir(dir, len, plan->dir, p, plan->threads);
	return mkdir(dir, 0700) && errno != EEXIST ? plan_refuse_file(plan, p->name) : 0;
}

/* Once without anything in front: its answer is the one that all others must give. */
static int try(struct wl_plan *plan, struct program_image *image, const char *dir,
	       const struct program_input *in)
{
	static struct program_seat seat;
	struct wl_usage unused = { 0 };
	uint64_t begin;

	seat = (struct program_seat){ .program = programs[image->index],
				      .path = image->path,
				      .dir = dir,
				      .text = in->text.p,
				      .bytes = in->text.bytes };
	if (program_sit(&seat, NULL))
		goto fail;
	begin = now_ns();
	if (program_run(&seat, &unused))
		goto fail;
	plan->round_ns = now_ns() - begin;
	image->digest = seat.digest;
	program_leave(&seat);
	return 0;

fail:
	program_leave(&seat);
	snprintf(plan->why, sizeof(plan->why), "%s", seat.why);
	return -1;
}

/* Another version is other work, so it is part of the cell's name: the first word with a dot. */
static int name_version(struct wl_plan *plan, const char *path, const struct program *p)
{
	const char *const words[] = { p->version, NULL };
	const struct plan_list nothing = { 0 };
	char answer[PROGRAM_ANSWER], *at = answer;

	if (program_command(p, path, plan->dir, words, &nothing, answer, plan->why))
		return -1;
	while ((at = strpbrk(at, "0123456789")) && at[strspn(at, "0123456789")] != '.')
		at += strspn(at, "0123456789");
	if (at)
		snprintf(plan->params, sizeof(plan->params), "version=%.*s",
			 (int)strspn(at, "0123456789."), at);
	return 0;
}

static int plan_input(struct wl_plan *plan, struct program_image *image, const struct program *p)
{
	struct program_input in = { .scale = plan->scale };
	char dir[600];

	random_seed(&in.random, plan->seed);
	p->draw(&in);
	if (make_dir(plan, p, dir, sizeof(dir)) ||
	    (p->make && p->make(image->path, dir, &in, plan->why)) || try(plan, image, dir, &in))
		return -1;
	plan->ops = in.ops * plan->threads;
	image->text_bytes = in.text.bytes;
	image->text_at = plan_store(plan, &in.text);
	return 0;
}

static int prepare(struct wl_plan *plan)
{
	struct program_image *image = plan->piece(plan, sizeof(*image));
	const struct program *p = choose(plan->arg, &image->index);

	if (!p)
		return unknown(plan);
	if (!program_find(p, image->path, sizeof(image->path)))
		return absent(plan, p);
	snprintf(plan->note, sizeof(plan->note),
		 "an operation is one of the %s that %.150s is given", p->op, image->path);
	return name_version(plan, image->path, p) ? -1 : plan_input(plan, image, p);
}

static int sit(struct wl_run *run, struct program_state *s, unsigned int i)
{
	const struct program_image *image = run->image;
	struct program_seat *seat = &s->seat[i];

	run->thread[i].state = seat;
	*seat = (struct program_seat){ .program = programs[image->index],
				       .path = image->path,
				       .dir = s->dir,
				       .index = i,
				       .text = (const char *)run->image + image->text_at,
				       .bytes = image->text_bytes };
	return program_sit(seat, s->malloc);
}

static int setup(struct wl_run *run)
{
	const struct program_image *image = run->image;
	struct program_state *s =
		run->map(run, sizeof(*s) + run->threads * sizeof(struct program_seat));

	run->state = s;
	name_dir(s->dir, sizeof(s->dir), run->dir, programs[image->index], run->threads);
	if (!program_own_malloc(s->malloc, sizeof(s->malloc))) {
		wl_fail(&run->thread[0], "the file that holds malloc was not found");
		return -1;
	}
	for (unsigned int i = 0; i < run->threads; i++)
		if (sit(run, s, i) || (!i && program_prove(&s->seat[0], s->malloc))) {
			wl_fail(&run->thread[0], s->seat[i].why);
			return -1;
		}
	return 0;
}

static void program_round(struct wl_thread *t)
{
	const struct program_image *image = t->run->image;
	struct program_seat *seat = t->state;

	if (program_run(seat, &t->usage)) {
		wl_fail(t, seat->why);
		return;
	}
	if (seat->digest != image->digest)
		wl_fail(t, "the program answered otherwise than without the allocator");
	t->digest += seat->digest;
}

static void teardown(struct wl_run *run)
{
	struct program_state *s = run->state;

	for (unsigned int i = 0; i < run->threads; i++)
		program_leave(&s->seat[i]);
}

WORKLOAD(program) = {
	.name = "program",
	.summary = "a real program with the allocator in front of it",
	.op = "one of what the program is given: a command, a statement, a function",
	.takes = "gcc, git, lua5.4, python3, redis or sqlite3; runs only when named",
	.elsewhere = true,
	.prepare = prepare,
	.setup = setup,
	.round = program_round,
	.teardown = teardown,
};
