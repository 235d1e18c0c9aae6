// SPDX-License-Identifier: MIT
/* ./runner geometry: how the objects of one cache lie, or whether a kernel's caches lie so. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "geometry_compare.h"
#include "geometry_options.h"
#include "lib/die.h"

static void say(const char *what, size_t value, const char *remark)
{
	printf("%-18s %8zu%s%s\n", what, value, *remark ? "  " : "", remark);
}

static void say_pointer(const struct geometry *g)
{
	say("free pointer", g->offset,
	    g->offset < g->object_size ? "from the object, inside it"
				       : "from the object, behind it");
}

static void say_waste(const struct machine *m, const struct geometry *g)
{
	size_t slab = m->page_size << g->order;
	size_t tail = slab - (size_t)g->objects * g->size;
	size_t padding = (size_t)g->objects * (g->size - g->object_size);

	printf("%-18s %8zu  bytes of %zu in a slab (%.1f %%): %zu in slots, %zu behind the last\n",
	       "waste", padding + tail, slab, 100.0 * (double)(padding + tail) / (double)slab,
	       padding, tail);
}

static void say_debug(const struct machine *m, const struct geometry *g, slab_flags_t flags)
{
	if (flags & SLAB_RED_ZONE) {
		say("left red zone", g->red_left_pad, "bytes before the object");
		say("right red zone", g->inuse - g->object_size, "bytes behind the object");
	}
	if (flags & SLAB_STORE_USER) {
		say("alloc track", g->track_offset, "from the object");
		say("free track", g->track_offset + TRACK_BYTES, "from the object");
	}
	if (g->orig_offset)
		say("size asked for", g->orig_offset, "from the object");
	if (g->ext_offset)
		say("extension", g->ext_offset, "from the slot, in its padding");
	if (geometry_ext_leftover(m, g, m->page_size << g->order, g->objects))
		say("extensions", geometry_ext_leftover(m, g, m->page_size << g->order, g->objects),
		    "from the slab, behind the last object");
}

static void say_sharing(const struct machine *m, const struct layout *l, slab_flags_t flags)
{
	bool never = geometry_unmergeable(m, l, flags);

	printf("%-18s %8s\n", "may be shared", never ? "no" : "yes");
}

static void say_request(const struct geometry_options *o, slab_flags_t flags)
{
	char words[256];

	geometry_options_flags(flags, words, sizeof(words));
	printf("flags %s; %u CPUs, %zu-byte pages, rules of %s\n", words, o->machine.cpus,
	       o->machine.page_size, o->machine.rules == RULES_6_18 ? "6.18" : "7.2");
}

static int print_one(const struct geometry_options *o)
{
	const struct machine *m = &o->machine;
	slab_flags_t flags = geometry_flags(m, &o->layout);
	struct geometry g;
	char lowest[64];

	if (geometry_calculate(m, &o->layout, &g))
		die(EXIT_USAGE,
		    "geometry: no kernel grants this; the largest block is of order %u, a free "
		    "pointer offset needs room in the object and TYPESAFE_BY_RCU%s, and an order "
		    "may hold %u objects at most",
		    MAX_PAGE_ORDER, m->rules == RULES_6_18 ? "" : " or a constructor",
		    MAX_OBJS_PER_PAGE);
	say_request(o, flags);
	say("object size", g.object_size, "bytes");
	say("align", g.align, "bytes");
	say("slab size", g.size, "bytes from one object to the next");
	say("objects per slab", g.objects, "");
	snprintf(lowest, sizeof(lowest), "at least %u with %u objects", g.min_order, g.min_objects);
	say("order", g.order, lowest);
	say_pointer(&g);
	say("sheaf capacity", g.capacity, g.capacity ? "objects" : "no sheaves");
	say("min partial", g.min_partial, "slabs");
	if (m->rules == RULES_6_18)
		say("cpu partial", geometry_cpu_partial(m, &g, flags), "objects");
	say_debug(m, &g, flags);
	say_sharing(m, &o->layout, flags);
	say_waste(m, &g);
	return EXIT_FINE;
}

static int compare(const struct machine *m, struct kernel_caches *all)
{
	size_t nr = geometry_compare(stdout, m, all);

	printf("%zu caches, %zu mismatches\n", all->nr, nr);
	kernel_caches_free(all);
	return nr ? EXIT_REGRESSION : EXIT_FINE;
}

/* A kernel is compared with what it was booted with. */
static void follow_kernel(struct machine *m)
{
	m->slab_min_order = kernel_parameter("min_order", m->slab_min_order);
	m->slab_max_order = kernel_parameter("max_order", m->slab_max_order);
	m->slab_min_objects = kernel_parameter("min_objects", m->slab_min_objects);
	m->nomerge |= kernel_nomerge();
}

int command_geometry(int argc, char **argv)
{
	struct geometry_options o;
	struct kernel_caches all;

	geometry_options_parse(&o, argc, argv);
	if (!o.kernel && !o.csv)
		return print_one(&o);
	if (o.csv) {
		kernel_caches_read_csv(&all, o.csv);
	} else {
		follow_kernel(&o.machine);
		kernel_caches_read(&all, o.sysfs);
	}
	return compare(&o.machine, &all);
}
