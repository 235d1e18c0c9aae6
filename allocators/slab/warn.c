// SPDX-License-Identifier: MIT
/* Warnings about page allocations, each written at once from the stack. See warn.h. */
#include "warn.h"

#include <errno.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "limit.h"
#include "vmstat.h"

#define LINE_LEN     512
#define COMM_LEN     16		    /* of a thread's name, with its NUL */
#define RATELIMIT_NS 10000000000ull /* the kernel's nopage_rs: 1 in 10 s */

bool slab_warn;

struct gfp_name {
	gfp_t mask;
	const char *name;
};

/* The groups first, as the kernel's %pGg prints them. */
static const struct gfp_name names[] = {
	{ GFP_KERNEL_ACCOUNT, "GFP_KERNEL_ACCOUNT" },
	{ GFP_KERNEL, "GFP_KERNEL" },
	{ GFP_NOFS, "GFP_NOFS" },
	{ GFP_ATOMIC, "GFP_ATOMIC" },
	{ GFP_NOIO, "GFP_NOIO" },
	{ GFP_NOWAIT, "GFP_NOWAIT" },
	{ __GFP_DMA, "GFP_DMA" },
	{ __GFP_DMA32, "GFP_DMA32" },
	{ __GFP_MOVABLE, "__GFP_MOVABLE" },
	{ __GFP_RECLAIMABLE, "__GFP_RECLAIMABLE" },
	{ __GFP_HIGH, "__GFP_HIGH" },
	{ __GFP_IO, "__GFP_IO" },
	{ __GFP_FS, "__GFP_FS" },
	{ __GFP_ZERO, "__GFP_ZERO" },
	{ __GFP_DIRECT_RECLAIM, "__GFP_DIRECT_RECLAIM" },
	{ __GFP_KSWAPD_RECLAIM, "__GFP_KSWAPD_RECLAIM" },
	{ __GFP_NOWARN, "__GFP_NOWARN" },
	{ __GFP_RETRY_MAYFAIL, "__GFP_RETRY_MAYFAIL" },
	{ __GFP_NOFAIL, "__GFP_NOFAIL" },
	{ __GFP_NORETRY, "__GFP_NORETRY" },
	{ __GFP_MEMALLOC, "__GFP_MEMALLOC" },
	{ __GFP_NOMEMALLOC, "__GFP_NOMEMALLOC" },
	{ __GFP_THISNODE, "__GFP_THISNODE" },
	{ __GFP_ACCOUNT, "__GFP_ACCOUNT" },
};

static void text_gfp(struct text *t, gfp_t gfp)
{
	const char *between = "(";

	text_ptr(t, (void *)(uintptr_t)gfp);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if ((gfp & names[i].mask) != names[i].mask)
			continue;
		text_str(t, between);
		text_str(t, names[i].name);
		gfp &= ~names[i].mask;
		between = "|";
	}
	text_str(t, between[0] == '(' ? "(0)" : ")");
}

void warn_emit(const struct text *t)
{
	int saved = errno;

	if (write(STDERR_FILENO, t->buf, min_size(t->used, t->len - 1)) < 0)
		errno = saved;
}

static void text_request(struct text *t, unsigned int order, gfp_t gfp)
{
	text_str(t, "order:");
	text_u64(t, order);
	text_str(t, ", mode:");
	text_gfp(t, gfp);
}

/* True for one thread in each interval. */
static bool ratelimit(void)
{
	static uint64_t next_ns;
	uint64_t next = __atomic_load_n(&next_ns, __ATOMIC_RELAXED), now_ns;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	now_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	return now_ns >= next &&
	       __atomic_compare_exchange_n(&next_ns, &next, now_ns + RATELIMIT_NS, false,
					   __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

static void label_kb(struct text *t, const char *label, size_t bytes)
{
	text_str(t, label);
	text_u64(t, bytes >> 10);
	text_str(t, "kB");
}

static void text_memory(struct text *t)
{
	text_str(t, "Mem-Info:");
	label_kb(t, " free:", limit_left() << UNIT_SHIFT);
	label_kb(t, " min:", slab_limit.min << UNIT_SHIFT);
	label_kb(t, " low:", slab_limit.low << UNIT_SHIFT);
	label_kb(t, " high:", slab_limit.high << UNIT_SHIFT);
	label_kb(t, " slab_reclaimable:", vmstat_sum(NR_SLAB_RECLAIMABLE_B));
	label_kb(t, " slab_unreclaimable:", vmstat_sum(NR_SLAB_UNRECLAIMABLE_B));
	label_kb(t, " managed:", slab_limit.max << UNIT_SHIFT);
	text_str(t, "\n");
}

void warn_alloc(unsigned int order, gfp_t gfp)
{
	char buf[LINE_LEN], comm[COMM_LEN] = "";
	struct text t;

	if (!slab_warn || (gfp & __GFP_NOWARN) || !ratelimit())
		return;
	prctl(PR_GET_NAME, comm);
	text_init(&t, buf, sizeof(buf));
	text_str(&t, comm);
	text_str(&t, ": page allocation failure: ");
	text_request(&t, order, gfp);
	text_str(&t, ", nodemask=(null)\n");
	text_memory(&t);
	warn_emit(&t);
}

static void warn_once(bool *warned, unsigned int order, gfp_t gfp, const char *advice)
{
	char buf[LINE_LEN];
	struct text t;

	if (__atomic_exchange_n(warned, true, __ATOMIC_RELAXED))
		return;
	text_init(&t, buf, sizeof(buf));
	text_str(&t, "WARNING: page allocation: ");
	text_request(&t, order, gfp);
	text_str(&t, advice);
	warn_emit(&t);
}

void warn_nofail(unsigned int order, gfp_t gfp)
{
	static bool large, atomic;

	if (order > 1)
		warn_once(&large, order, gfp,
			  ": __GFP_NOFAIL promises orders 0 and 1 only; use kvmalloc() for more\n");
	if (!(gfp & __GFP_DIRECT_RECLAIM))
		warn_once(&atomic, order, gfp,
			  ": __GFP_NOFAIL cannot be kept without __GFP_DIRECT_RECLAIM; "
			  "use GFP_KERNEL | __GFP_NOFAIL\n");
}
