// SPDX-License-Identifier: MIT
/*
 * The image grows inside one large reservation of a memfd, so that pieces never move while
 * prepare() holds pointers into them; at the end it is cut to its length and hashed.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xxhash.h>

#include "channel.h"
#include "lib/die.h"
#include "prepare.h"

#define IMAGE_MAX_BYTES (8ul << 30)

static void *image_piece(struct wl_plan *plan, size_t bytes)
{
	size_t at = plan->image_bytes;

	bytes = (bytes + 63) & ~63ul;
	if (bytes > IMAGE_MAX_BYTES - at)
		die(EXIT_USAGE, "the plan of the work is larger than %lu GiB; lower --scale",
		    IMAGE_MAX_BYTES >> 30);
	plan->image_bytes = at + bytes;
	return (char *)plan->image + at;
}

void prepare_memfd(const char *name, int fd, size_t bytes)
{
	int made = memfd_create(name, 0);

	if (made < 0 || ftruncate(made, bytes))
		die(EXIT_FAILED, "memfd of %zu bytes: %m", bytes);
	if (made != fd) {
		if (dup2(made, fd) < 0)
			die(EXIT_FAILED, "descriptor %d: %m", fd);
		close(made);
	}
}

static void hash_image(const struct wl_plan *plan, char *hex, size_t len)
{
	XXH128_hash_t h = XXH3_128bits(plan->image, plan->image_bytes);

	snprintf(hex, len, "%016" PRIx64 "%016" PRIx64, (uint64_t)h.high64, (uint64_t)h.low64);
}

static void take(const struct wl_plan *plan, struct prepared *out)
{
	out->image_bytes = plan->image_bytes;
	out->ops = plan->ops;
	out->alloc_bytes = plan->alloc_bytes;
	out->round_ns = plan->round_ns;
	snprintf(out->params, sizeof(out->params), "%s", plan->params);
	snprintf(out->note, sizeof(out->note), "%s", plan->note);
	hash_image(plan, out->image_hash, sizeof(out->image_hash));
}

int prepare_here(const struct job *job, int fd, struct prepared *out)
{
	struct wl_plan plan = { .seed = job->seed,
				.threads = job->threads,
				.scale = job->scale,
				.dir = job->dir,
				.piece = image_piece };
	const struct workload *w = job_workload(job, &plan.arg);
	int err;

	*out = (struct prepared){ .why = "" };
	if (ftruncate(fd, IMAGE_MAX_BYTES))
		die(EXIT_FAILED, "the image could not be made: %m");
	plan.image = mmap(NULL, IMAGE_MAX_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
			  fd, 0);
	if (plan.image == MAP_FAILED)
		die(EXIT_FAILED, "the image could not be mapped: %m");
	err = w->prepare(&plan);
	if (err) {
		snprintf(out->why, sizeof(out->why), "%s", *plan.why ? plan.why : "prepare failed");
		return err;
	}
	take(&plan, out);
	out->elsewhere = w->elsewhere;
	munmap(plan.image, IMAGE_MAX_BYTES);
	if (ftruncate(fd, plan.image_bytes))
		die(EXIT_FAILED, "the image could not be cut to size: %m");
	return 0;
}

int prepare_main(int argc, char **argv)
{
	struct prepared p;
	struct job job;
	int err;

	job_parse(&job, argc, argv);
	err = prepare_here(&job, CHANNEL_IMAGE, &p);
	if (err) {
		channel_say("%s %s", err == WL_ABSENT ? "absent" : "error", p.why);
		channel_stage("failed");
		return EXIT_USAGE;
	}
	channel_say("image-bytes %" PRIu64, p.image_bytes);
	channel_say("alloc-bytes %" PRIu64, p.alloc_bytes);
	channel_say("ops %" PRIu64, p.ops);
	channel_say("round-ns %" PRIu64, p.round_ns);
	channel_say("elsewhere %d", p.elsewhere);
	channel_say("params %s", p.params);
	channel_say("note %s", p.note);
	channel_say("hash %s", p.image_hash);
	channel_stage("prepared");
	return EXIT_FINE;
}
