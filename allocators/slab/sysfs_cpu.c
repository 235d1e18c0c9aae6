// SPDX-License-Identifier: MIT
/*
 * The attributes that tell what CPUs hold when there are no sheaves: with engine=cpuslab each CPU
 * has a slab and a list of partial ones, which the kernel up to 6.19 showed so. Else they are 0.
 */
#include "cpuslab.h"
#include "percpu.h"
#include "sysfs.h"

struct tally {
	size_t nr[SLAB_MAX_NODES]; /* slabs that CPUs hold, by node */
	size_t nr_partial;	   /* of them on the lists */
	struct text *t;		   /* NULL: do not print */
	unsigned int cpu;
	unsigned int objects; /* in a slab */
};

static bool has_cpu_slabs(const struct kmem_cache *s)
{
	return slab_cpuslab && s->lane;
}

/* "64(2)": the kernel takes each slab on a list for half full. */
static void say_half_full(struct text *t, size_t slabs, unsigned int objects)
{
	text_u64(t, slabs * objects / 2);
	text_str(t, "(");
	text_u64(t, slabs);
	text_str(t, ")");
}

static void say_cpu(struct tally *c, size_t slabs)
{
	text_str(c->t, " C");
	text_u64(c->t, c->cpu);
	text_str(c->t, "=");
	say_half_full(c->t, slabs, c->objects);
}

static const struct frame *next_of(const struct frame *f)
{
	return f->link.next ? list_entry(f->link.next, const struct frame, link) : NULL;
}

/* The CPUs come first and in their order, then lanes that belong to threads. */
static void tally_lane(struct kmem_cache *s, struct lane *lane, void *ctx)
{
	struct cpu_slab *c = (struct cpu_slab *)(void *)lane;
	const struct frame *f = __atomic_load_n(&c->slab, __ATOMIC_RELAXED);
	struct tally *sum = ctx;
	size_t slabs = 0;

	(void)s;
	if (f)
		sum->nr[f->node]++;
	lock_acquire(&c->lock);
	for (f = c->partial; f; f = next_of(f), slabs++)
		sum->nr[f->node]++;
	lock_release(&c->lock);
	if (slabs && sum->t)
		say_cpu(sum, slabs);
	sum->nr_partial += slabs;
	sum->cpu++;
}

void sysfs_show_cpu_partial(struct text *t, struct kmem_cache *s)
{
	text_u64(t, has_cpu_slabs(s) ? cpuslab_partial_objects(&s->geo) : 0);
	text_str(t, "\n");
}

void sysfs_count_cpu_slabs(struct kmem_cache *s, size_t nr[SLAB_MAX_NODES])
{
	struct tally sum = { .objects = s->geo.objects };

	if (has_cpu_slabs(s))
		percpu_visit(s, tally_lane, &sum);
	for (unsigned int i = 0; i < slab_nr_nodes; i++)
		nr[i] = sum.nr[i];
}

void sysfs_show_slabs_cpu_partial(struct text *t, struct kmem_cache *s)
{
	struct tally sum = { .objects = s->geo.objects };
	struct text cpus;
	char buf[1024];

	text_init(&cpus, buf, sizeof(buf));
	sum.t = &cpus;
	if (has_cpu_slabs(s))
		percpu_visit(s, tally_lane, &sum);
	say_half_full(t, sum.nr_partial, s->geo.objects);
	text_str(t, buf);
	text_str(t, "\n");
}
