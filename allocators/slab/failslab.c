// SPDX-License-Identifier: MIT
/* Failures on purpose. The counters are atomic. See failslab.h. */
#include "failslab.h"

#include <errno.h>
#include <string.h>

#include "lib/random.h"

static struct failslab attributes;
static uint64_t nr_requests;
static uint64_t random_state;

static int read_number(const char *p, size_t len, uint64_t *out)
{
	uint64_t x = 0;

	if (!len)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		if (p[i] < '0' || p[i] > '9' || __builtin_mul_overflow(x, 10u, &x) ||
		    __builtin_add_overflow(x, (uint64_t)(p[i] - '0'), &x))
			return -EINVAL;
	}
	*out = x;
	return 0;
}

/* "interval:N" */
static int read_attribute(struct failslab *f, const char *p, size_t len)
{
	const struct {
		const char *name;
		uint64_t *value;
	} known[] = { { "interval:", &f->interval },
		      { "probability:", &f->probability },
		      { "times:", &f->times } };

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		size_t n = strlen(known[i].name);

		if (len > n && !memcmp(p, known[i].name, n))
			return read_number(p + n, len - n, known[i].value);
	}
	return -EINVAL;
}

int failslab_parse(struct failslab *f, const char *value, size_t len)
{
	*f = (struct failslab){ .interval = 0 };
	if (len == 1 && *value == '-')
		return 0;
	*f = (struct failslab){ .interval = 1, .probability = 100, .times = UINT64_MAX };
	for (size_t at = 0; at <= len;) {
		const char *plus = memchr(value + at, '+', len - at);
		size_t part = plus ? (size_t)(plus - value) - at : len - at;

		if (read_attribute(f, value + at, part))
			return -EINVAL;
		at += part + 1;
	}
	return f->interval && f->probability <= 100 ? 0 : -EINVAL;
}

void failslab_set(const struct failslab *f, uint64_t seed)
{
	attributes = *f;
	nr_requests = 0;
	random_state = seed;
}

/* One of the failures that are left, if any is. */
static bool take_failure(void)
{
	uint64_t left = __atomic_load_n(&attributes.times, __ATOMIC_RELAXED);

	do {
		if (left == UINT64_MAX || !left)
			return left;
	} while (!__atomic_compare_exchange_n(&attributes.times, &left, left - 1, false,
					      __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return true;
}

static bool is_likely(void)
{
	uint64_t step = __atomic_add_fetch(&random_state, 1, __ATOMIC_RELAXED);

	return random_mix(&step) % 100 < attributes.probability;
}

bool failslab_hit(const struct kmem_cache *s, gfp_t gfp)
{
	uint64_t now;

	if (!attributes.interval || !(s->flags & SLAB_FAILSLAB) || (gfp & __GFP_NOFAIL))
		return false;
	now = __atomic_add_fetch(&nr_requests, 1, __ATOMIC_RELAXED);
	return now % attributes.interval == 0 && is_likely() && take_failure();
}
