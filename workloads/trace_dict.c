// SPDX-License-Identifier: MIT
/* Numbering what a trace names. Assumes a recording that ktr_open() accepted. */
#include <stdlib.h>
#include <string.h>

#include "lib/bits.h"
#include "trace_dict.h"
#include "trace_names.h"

#define NR_GFPS	     256 /* what a column's 8 bits can name */
#define MAX_BITS     25	 /* of the hash: twice the classes there can be */
#define SYMBOL_BYTES 96

static int init_used(struct trace_used *u, size_t nr_old, size_t nr_new)
{
	u->index = calloc(nr_old + 1, sizeof(*u->index));
	u->list = calloc(nr_new + 1, sizeof(*u->list));
	return u->index && u->list ? 0 : -1;
}

int trace_dict_init(struct trace_dict *d, const struct ktr *k)
{
	*d = (struct trace_dict){ .k = k };
	d->hash_bits = bits_fls(k->nr_objects) + 1;
	if (d->hash_bits > MAX_BITS)
		d->hash_bits = MAX_BITS;
	d->hash = calloc((size_t)1 << d->hash_bits, sizeof(*d->hash));
	d->classes = calloc((size_t)k->nr_objects + 1, sizeof(*d->classes));
	if (!d->hash || !d->classes || init_used(&d->caches, k->nr_caches, k->nr_caches) ||
	    init_used(&d->sites, (size_t)k->nr_sites * NR_GFPS, k->nr_objects))
		return -1;
	return 0;
}

void trace_dict_free(struct trace_dict *d)
{
	free(d->caches.index);
	free(d->caches.list);
	free(d->sites.index);
	free(d->sites.list);
	free(d->classes);
	free(d->hash);
	*d = (struct trace_dict){ 0 };
}

static uint32_t use(struct trace_used *u, uint32_t old)
{
	if (!u->index[old]) {
		u->list[u->nr] = old;
		u->index[old] = ++u->nr;
	}
	return u->index[old] - 1;
}

static bool same_class(const struct trace_class *a, const struct trace_class *b)
{
	return a->size == b->size && a->from_cache == b->from_cache && a->index == b->index;
}

/* Where @c is in the hash, or the empty place where it belongs. */
static uint32_t *find(struct trace_dict *d, const struct trace_class *c)
{
	uint64_t key = ((uint64_t)c->index << 1 | c->from_cache) << 32 | c->size;
	uint32_t at = hash_64(key, d->hash_bits);

	while (d->hash[at] && !same_class(&d->classes[d->hash[at] - 1], c))
		at = (at + 1) & ((1u << d->hash_bits) - 1);
	return &d->hash[at];
}

uint32_t trace_dict_class(struct trace_dict *d, uint32_t i)
{
	const struct ktr *k = d->k;
	struct trace_class c = { .size = ktr_32(k->size, i),
				 .from_cache = k->op[i] == KTR_CACHE_ALLOC };
	uint32_t *place;

	if (c.from_cache)
		c.index = use(&d->caches, ktr_16(k->cache, i));
	else
		c.index = use(&d->sites, ktr_16(k->site, i) * NR_GFPS + k->gfp[i]);
	place = find(d, &c);
	if (!*place) {
		if (d->nr_classes > TRACE_MAX_CLASS)
			return UINT32_MAX;
		d->classes[d->nr_classes] = c;
		*place = ++d->nr_classes;
	}
	return *place - 1;
}

/* A piece of the image and its offset. */
static void *piece(struct wl_plan *plan, size_t bytes, uint64_t *at)
{
	void *p = plan->piece(plan, bytes);

	*at = (uint64_t)((char *)p - (char *)plan->image);
	return p;
}

static uint64_t write_text(struct wl_plan *plan, const char *text)
{
	size_t bytes = strlen(text) + 1;
	uint64_t at;

	memcpy(piece(plan, bytes, &at), text, bytes);
	return at;
}

static void write_caches(const struct trace_dict *d, struct wl_plan *plan,
			 struct trace_image *image)
{
	struct trace_cache *caches = piece(plan, d->caches.nr * sizeof(*caches), &image->caches_at);

	image->nr_caches = d->caches.nr;
	for (uint32_t i = 0; i < d->caches.nr; i++) {
		const struct ktr_cache *from = &d->k->caches[d->caches.list[i]];
		struct trace_cache_facts facts = trace_cache_facts(from->name);

		caches[i].size = from->object_size ? from->object_size : from->stride;
		caches[i].align = facts.align;
		caches[i].flags = facts.flags;
		caches[i].name_at = write_text(plan, from->name);
	}
}

static void write_sites(const struct trace_dict *d, struct wl_plan *plan, struct trace_image *image)
{
	struct trace_site *sites = piece(plan, d->sites.nr * sizeof(*sites), &image->sites_at);

	image->nr_sites = d->sites.nr;
	for (uint32_t i = 0; i < d->sites.nr; i++) {
		uint32_t old = d->sites.list[i];
		char symbol[SYMBOL_BYTES];

		trace_site_symbol(d->k->sites[old / NR_GFPS], symbol, sizeof(symbol));
		sites[i].gfp = d->k->gfps[old % NR_GFPS];
		sites[i].has_pointers = !trace_site_is_plain(symbol);
		sites[i].name_at = write_text(plan, symbol);
	}
}

void trace_dict_write(const struct trace_dict *d, struct wl_plan *plan, struct trace_image *image)
{
	size_t bytes = d->nr_classes * sizeof(*d->classes);

	image->nr_classes = d->nr_classes;
	memcpy(piece(plan, bytes, &image->classes_at), d->classes, bytes);
	write_caches(d, plan, image);
	write_sites(d, plan, image);
}
