// SPDX-License-Identifier: MIT
/*
 * Starting the library: the layers from the bottom up, undone in reverse if one fails. Guarded by
 * slab_boot_lock; slab_booted is published with release, so that who sees it sees all that was
 * made.
 */
#include "boot.h"

#include <errno.h>
#include <string.h>

#include "alloc_tag.h"
#include "buckets.h"
#include "buddy.h"
#include "cache.h"
#include "cpuslab.h"
#include "defer.h"
#include "exts.h"
#include "fork.h"
#include "freelist.h"
#include "grow.h"
#include "init.h"
#include "kfence.h"
#include "kmalloc.h"
#include "kvfree_rcu.h"
#include "limit.h"
#include "merge.h"
#include "nodes.h"
#include "options.h"
#include "os.h"
#include "pagemap.h"
#include "percpu.h"
#include "purge.h"
#include "rcu_sheaf.h"
#include "reclaim.h"
#include "report.h"
#include "sheaf.h"
#include "stackdepot.h"
#include "stat.h"
#include "virtual.h"
#include "vmalloc.h"
#include "vmstat.h"
#include "warn.h"
#include "vmarea.h"

bool slab_booted;

static struct lock slab_boot_lock;
static struct options options;
static char error[512];

static void free_internal(void *memory)
{
	kfree(memory);
}

static void *alloc_zeroed(size_t bytes, gfp_t gfp)
{
	void *memory = kmalloc_internal(bytes, gfp);

	return memory ? memset(memory, 0, bytes) : NULL;
}

static struct cache_policy policy_of(const struct options *o)
{
	struct machine m = machine_default(slab_page_bytes(), (unsigned int)o->cpus);

	m.slab_min_order = (unsigned int)o->slab_min_order;
	m.slab_max_order = (unsigned int)o->slab_max_order;
	m.slab_min_objects = (unsigned int)o->slab_min_objects;
	m.nomerge = !o->merge;
	m.ext_bytes = exts_bytes_with(o->profiling);
	m.debug_keeps_orders = o->debug.keeps_orders;
	return (struct cache_policy){ m };
}

/* For the names of merged caches. */
static void *alloc_name(size_t bytes)
{
	return kmalloc_internal(bytes, GFP_KERNEL);
}

static const struct sheaf_memory sheaf_memory = { kmalloc_internal, free_internal };
static const struct memory_source zeroed_memory = { alloc_zeroed, free_internal };

static const struct kvfree_rcu_ops kvfree_rcu_ops = {
	.flush_sheaves = cache_flush_rcu,
	.is_vmalloc = is_vmalloc_addr,
	.vfree = vfree,
};

static struct freelist_policy freelist_policy_of(const struct options *o)
{
	return (struct freelist_policy){
		.hardened = o->freelist_hardened,
		.shuffled = o->freelist_random,
		.reproducible = o->seed_given,
		.seed = o->seed,
	};
}

static struct kfence_config kfence_config_of(const struct options *o)
{
	return (struct kfence_config){
		.interval_ms = o->kfence_interval_ms,
		.nr_objects = o->kfence_objects,
		.burst = o->kfence_burst,
		.seed = o->seed,
	};
}

static void end_sheaves(struct kmem_cache *s, struct lane *lane)
{
	rcu_sheaf_end_lane(lane);
	sheaf_end_lane(s, lane);
}

/* What takes its part of the options and cannot fail. */
static void configure(const struct options *o)
{
	struct freelist_policy freelist_policy = freelist_policy_of(o);

	slab_stats = o->stats;
	defer_init(kfree);
	slab_init = (struct init_policy){ o->init_on_alloc, o->init_on_free };
	partition_init(o->partition, (unsigned int)o->partitions, o->seed);
	slab_cpuslab = o->engine == ENGINE_CPUSLAB;
	purge_init(o->purge_ms * 1000000, o->purge_thread && !slab_cpuslab, cache_shrink_all);
	percpu_on_thread_end(slab_cpuslab ? cpuslab_end_lane : end_sheaves);
	sheaf_init(&sheaf_memory);
	grow_init(o->sheaves == SHEAVES_GROW);
	kvfree_rcu_init(&kvfree_rcu_ops);
	report_init((unsigned int)o->panic_on_error);
	debug_policy_set(&o->debug);
	failslab_set(&o->failslab, o->seed);
	freelist_init(&freelist_policy);
	vmarea_init(align_down(o->vmalloc_bytes, slab_page_bytes()));
	alloc_tag_init(o->profiling);
	memcg_init(&zeroed_memory);
	exts_init(&zeroed_memory);
}

/* The range and what hands out blocks of it; undone by pagemap_destroy(). */
static int start_pages(struct options *o, struct text *why)
{
	struct zone_policy zones = {
		.dirty_bytes = o->dirty_bytes,
		.purge_ns = o->purge_ms * 1000000,
		.shuffle = o->shuffle,
		.seed = o->seed,
	};
	int err;

	slab_page_order = bits_ilog2(o->page_bytes / UNIT_BYTES);
	nodes_init((unsigned int)o->nodes);
	o->nodes = slab_nr_nodes;
	err = o->reserve ? -ENOMEM : pagemap_create_sparse(o->range_bytes);
	if (err)
		err = pagemap_create(o->range_bytes);
	if (err) {
		text_str(why, "the system reserves no address space; raise the limit (ulimit -v)");
		return err;
	}
	o->range_bytes = slab_range.nr_pages << UNIT_SHIFT;
	o->reserve = !slab_range.sparse;
	zones_init(&zones);
	virtual_init();
	slab_virtual = o->virtual;
	vmstat_init();
	limit_init(o->limit_bytes);
	reclaim_init(cache_shrink_all);
	slab_warn = o->warn;
	return 0;
}

static int start_alone(struct text *why)
{
	if (!RSEQ_POSSIBLE) {
		text_str(why, "single_thread=1 needs the sequences of x86-64 or arm64, which a "
			      "build for ThreadSanitizer has not; leave it out");
		return -EINVAL;
	}
	if (os_nr_threads() > 1) {
		text_format(why,
			    "single_thread=1 is for a process with one thread, this one has %u; "
			    "boot before it starts others, or leave the option out",
			    os_nr_threads());
		return -EINVAL;
	}
	return percpu_init_alone();
}

static int start_lanes(const struct options *o, struct text *why)
{
	int err = o->single_thread ? start_alone(why) : percpu_init();

	if (err == -ENOMEM)
		text_str(why, "no thread key is left; free one before slab_boot()");
	return err;
}

static int start(struct options *o, struct text *why)
{
	struct kfence_config kfence_config = kfence_config_of(o);
	struct cache_policy policy;
	int err = start_pages(o, why);

	if (err)
		return err;
	policy = policy_of(o);
	err = start_lanes(o, why);
	if (err)
		goto no_threads;
	err = kfence_init(&kfence_config);
	if (err) {
		text_str(why, "no memory for the KFENCE pool; lower kfence_objects");
		goto no_kfence;
	}
	configure(o);
	err = cache_init(&policy);
	if (!err)
		err = kmalloc_init(o->classes, (unsigned int)o->min_align);
	if (!err && o->buckets)
		err = buckets_init();
	if (!err) {
		merge_init(alloc_name, kfree);
		return 0;
	}
	text_str(why, "out of memory while the kmalloc caches were made");
	buckets_exit();
	kmalloc_exit();
	cache_exit();
	stackdepot_exit();
	kfence_exit();
no_kfence:
	percpu_exit();
no_threads:
	pagemap_destroy();
	return err;
}

static int boot(const char *string)
{
	struct options o;
	struct text why;
	int err;

	text_init(&why, error, sizeof(error));
	if (slab_booted) {
		text_str(&why, "libslab already runs; boot it before the first allocation");
		return -EBUSY;
	}
	options_default(&o);
	err = options_parse(&o, string, &why);
	if (err)
		return err;
	err = fork_watch();
	if (err) {
		text_str(&why, "no memory for the handlers of fork()");
		return err;
	}
	if (!o.seed_given)
		o.seed = os_random();
	err = start(&o, &why);
	if (err)
		return err;
	options = o;
	kmalloc_open();
	__atomic_store_n(&slab_booted, true, __ATOMIC_RELEASE);
	return 0;
}

int slab_boot(const char *string)
{
	int err;

	lock_acquire(&slab_boot_lock);
	err = boot(string);
	lock_release(&slab_boot_lock);
	return err;
}

void boot_lock(void)
{
	lock_acquire(&slab_boot_lock);
}

void boot_unlock(void)
{
	lock_release(&slab_boot_lock);
}

bool boot_slow(void)
{
	int err;

	lock_acquire(&slab_boot_lock);
	err = slab_booted ? 0 : boot(NULL);
	lock_release(&slab_boot_lock);
	return !err;
}

const char *slab_boot_error(void)
{
	return error;
}

int slab_option_get(const char *name, char *buf, size_t len)
{
	struct text t;
	int err = 0;

	if (!boot_ensure())
		return -ENOMEM;
	text_init(&t, buf, len);
	if (!__builtin_strcmp(name, "cached_by"))
		text_str(&t, slab_cpuslab ? "CPU slabs (6.12 rules)" : percpu_engine());
	else
		err = options_print(&options, name, &t);
	return err ? err : (int)t.used;
}
