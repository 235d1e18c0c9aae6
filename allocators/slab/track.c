// SPDX-License-Identifier: MIT
/* Tracks: filling them in and printing them. See track.h for the locks. */
#include "track.h"

#include <dlfcn.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "report.h"
#include "stackdepot.h"

#define LINE_LEN 400

uint64_t track_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

struct track_site track_prepare(const struct kmem_cache *s, const void *caller)
{
	struct track_site site = { .caller = caller };
	uintptr_t addresses[STACKDEPOT_FRAMES];

	if (s->flags & SLAB_STORE_USER) {
		unsigned int nr = stackdepot_capture(addresses, STACKDEPOT_FRAMES, caller);

		site.stack = stackdepot_save(addresses, nr);
	}
	return site;
}

struct track *track_of(const struct kmem_cache *s, const void *object, enum track_kind kind)
{
	char *first = (char *)(uintptr_t)object + s->geo.track_offset;

	return (struct track *)(void *)first + kind;
}

void track_clear(const struct kmem_cache *s, void *object)
{
	if (s->flags & SLAB_STORE_USER)
		memset(track_of(s, object, TRACK_ALLOC), 0, 2 * sizeof(struct track));
}

void track_set(const struct kmem_cache *s, void *object, enum track_kind kind,
	       const struct track_site *site)
{
	if (!(s->flags & SLAB_STORE_USER))
		return;
	*track_of(s, object, kind) = (struct track){
		.address = (uintptr_t)site->caller,
		.stack = site->stack,
		.cpu = sched_getcpu(),
		.pid = (int32_t)syscall(SYS_gettid),
		.when_ms = track_now_ms(),
	};
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* A return address is behind the call, perhaps behind the function: asked for is the byte before.
 */
void track_symbol(struct text *t, uintptr_t address)
{
	Dl_info info;

	if (!dladdr((void *)(address - 1), &info) || !info.dli_fname)
		text_format(t, "0x%lx", address);
	else if (info.dli_sname)
		text_format(t, "%s+0x%lx", info.dli_sname, address - (uintptr_t)info.dli_saddr);
	else
		text_format(t, "0x%lx [%s+0x%lx]", address, base_name(info.dli_fname),
			    address - (uintptr_t)info.dli_fbase);
}

static void print_stack(const struct track *track, const char *what)
{
	const uintptr_t *addresses;
	unsigned int nr = stackdepot_fetch(track->stack, &addresses);
	char buf[LINE_LEN];
	struct text t;

	if (!nr)
		report_line("object %s stack missing", what);
	for (unsigned int i = 0; i < nr; i++) {
		text_init(&t, buf, sizeof(buf));
		track_symbol(&t, addresses[i]);
		report_line(" %s", buf);
	}
}

static void print(const struct track *track, const char *verb, const char *what, uint64_t now)
{
	char buf[LINE_LEN];
	struct text t;

	if (!track->address)
		return;
	text_init(&t, buf, sizeof(buf));
	track_symbol(&t, track->address);
	report_line("%s in %s age=%lu cpu=%d pid=%d", verb, buf, now - track->when_ms, track->cpu,
		    track->pid);
	print_stack(track, what);
}

void track_print(const struct kmem_cache *s, const void *object)
{
	uint64_t now = track_now_ms();

	if (!(s->flags & SLAB_STORE_USER))
		return;
	print(track_of(s, object, TRACK_ALLOC), "Allocated", "allocate", now);
	print(track_of(s, object, TRACK_FREE), "Freed", "free", now);
}
