// SPDX-License-Identifier: MIT
/* Options as a table: a name, how it is read, how it is printed, its limits. See options.h. */
#include "options.h"

#include <errno.h>
#include <string.h>

#include "os.h"

/* A part of the option string. */
struct word {
	const char *p;
	size_t len;
};

struct option {
	const char *name;
	/* 0 or -EINVAL */
	int (*read)(struct options *o, const struct option *opt, struct word value);
	void (*print)(const struct options *o, const struct option *opt, struct text *t);
	size_t offset; /* of a uint64_t in struct options, for numbers and sizes */
	uint64_t min, max;
	const char *values; /* what the error sentence says is allowed */
};

static bool word_is(struct word w, const char *s)
{
	return strlen(s) == w.len && !memcmp(w.p, s, w.len);
}

/* Decimal digits with an optional K, M or G; -EINVAL for anything else or an overflow. */
static int read_u64(struct word w, uint64_t *out)
{
	uint64_t x = 0;
	size_t i = 0;
	unsigned int shift = 0;

	for (; i < w.len && w.p[i] >= '0' && w.p[i] <= '9'; i++)
		if (__builtin_mul_overflow(x, 10u, &x) ||
		    __builtin_add_overflow(x, (uint64_t)(w.p[i] - '0'), &x))
			return -EINVAL;
	if (i && i + 1 == w.len) {
		const char *units = "KMG", *unit = strchr(units, w.p[i]);

		if (!unit)
			return -EINVAL;
		shift = 10 * (unsigned int)(unit - units + 1);
		i++;
	}
	if (!w.len || i != w.len || x << shift >> shift != x)
		return -EINVAL;
	*out = x << shift;
	return 0;
}

static uint64_t *number(const struct options *o, const struct option *opt)
{
	return (uint64_t *)(uintptr_t)((const char *)o + opt->offset);
}

static int read_number(struct options *o, const struct option *opt, struct word value)
{
	uint64_t x;

	if (read_u64(value, &x) || x < opt->min || x > opt->max)
		return -EINVAL;
	*number(o, opt) = x;
	return 0;
}

static void print_number(const struct options *o, const struct option *opt, struct text *t)
{
	text_u64(t, *number(o, opt));
}

static int read_range(struct options *o, const struct option *opt, struct word value)
{
	int err = read_number(o, opt, value);

	return err ? err : bits_is_pow2(o->range_bytes) ? 0 : -EINVAL;
}

static int read_page_size(struct options *o, const struct option *opt, struct word value)
{
	uint64_t x;

	(void)opt;
	if (read_u64(value, &x) || (x != 4096 && x != 16384 && x != 65536))
		return -EINVAL;
	o->page_bytes = x;
	return 0;
}

/* Less than LIMIT_MIN does not hold the caches of kmalloc and a reserve. */
#define LIMIT_MIN ((uint64_t)1 << 20)

static int read_limit(struct options *o, const struct option *opt, struct word value)
{
	int err = read_number(o, opt, value);

	return err ? err : !o->limit_bytes || o->limit_bytes >= LIMIT_MIN ? 0 : -EINVAL;
}

static int read_seed(struct options *o, const struct option *opt, struct word value)
{
	o->seed_given = true;
	return read_number(o, opt, value);
}

static int read_partition(struct options *o, const struct option *opt, struct word value)
{
	int mode = partition_parse(value.p, value.len);

	(void)opt;
	if (mode < 0)
		return mode;
	o->partition = (enum partition_mode)mode;
	return 0;
}

static void print_partition(const struct options *o, const struct option *opt, struct text *t)
{
	(void)opt;
	text_str(t, partition_name(o->partition));
}

static int read_partitions(struct options *o, const struct option *opt, struct word value)
{
	uint64_t x;

	(void)opt;
	if (read_u64(value, &x) || (x != 2 && x != 16 && x != 64 && x != 256))
		return -EINVAL;
	o->partitions = x;
	return 0;
}

static int read_classes(struct options *o, const struct option *opt, struct word value)
{
	(void)opt;
	if (!word_is(value, "kernel") && !word_is(value, "fine"))
		return -EINVAL;
	o->classes = word_is(value, "fine") ? CLASSES_FINE : CLASSES_KERNEL;
	return 0;
}

static void print_classes(const struct options *o, const struct option *opt, struct text *t)
{
	(void)opt;
	text_str(t, o->classes == CLASSES_FINE ? "fine" : "kernel");
}

static int read_sheaves(struct options *o, const struct option *opt, struct word value)
{
	(void)opt;
	if (!word_is(value, "kernel") && !word_is(value, "grow"))
		return -EINVAL;
	o->sheaves = word_is(value, "grow") ? SHEAVES_GROW : SHEAVES_KERNEL;
	return 0;
}

static void print_sheaves(const struct options *o, const struct option *opt, struct text *t)
{
	(void)opt;
	text_str(t, o->sheaves == SHEAVES_GROW ? "grow" : "kernel");
}

static int read_min_align(struct options *o, const struct option *opt, struct word value)
{
	uint64_t x;

	(void)opt;
	if (read_u64(value, &x) || (x != 8 && x != 16))
		return -EINVAL;
	o->min_align = x;
	return 0;
}

static int read_engine(struct options *o, const struct option *opt, struct word value)
{
	(void)opt;
	if (!word_is(value, "sheaf") && !word_is(value, "cpuslab"))
		return -EINVAL;
	o->engine = word_is(value, "sheaf") ? ENGINE_SHEAF : ENGINE_CPUSLAB;
	return 0;
}

static void print_engine(const struct options *o, const struct option *opt, struct text *t)
{
	(void)opt;
	text_str(t, o->engine == ENGINE_SHEAF ? "sheaf" : "cpuslab");
}

static int read_debug(struct options *o, const struct option *opt, struct word value)
{
	(void)opt;
	return debug_policy_parse(&o->debug, value.p, value.len);
}

static void print_debug(const struct options *o, const struct option *opt, struct text *t)
{
	(void)opt;
	text_str(t, o->debug.text);
}

static int read_failslab(struct options *o, const struct option *opt, struct word value)
{
	(void)opt;
	return failslab_parse(&o->failslab, value.p, value.len);
}

static void print_failslab(const struct options *o, const struct option *opt, struct text *t)
{
	const struct failslab *f = &o->failslab;

	(void)opt;
	if (!f->interval) {
		text_str(t, "-");
		return;
	}
	text_format(t, "interval:%lu+probability:%lu", f->interval, f->probability);
	if (f->times != UINT64_MAX)
		text_format(t, "+times:%lu", f->times);
}

#define NUMBER(opt, field, lo, hi, text)                                                           \
	{                                                                                          \
		.name = opt, .read = read_number, .print = print_number,                           \
		.offset = offsetof(struct options, field), .min = lo, .max = hi, .values = text    \
	}

static const struct option table[] = {
	{ .name = "partition",
	  .read = read_partition,
	  .print = print_partition,
	  .values = "none, random or typed" },
	{ .name = "partitions",
	  .read = read_partitions,
	  .print = print_number,
	  .offset = offsetof(struct options, partitions),
	  .values = "2, 16, 64 or 256" },
	{ .name = "classes",
	  .read = read_classes,
	  .print = print_classes,
	  .values = "kernel or fine" },
	{ .name = "sheaves",
	  .read = read_sheaves,
	  .print = print_sheaves,
	  .values = "kernel or grow" },
	{ .name = "minalign",
	  .read = read_min_align,
	  .print = print_number,
	  .offset = offsetof(struct options, min_align),
	  .values = "8 or 16" },
	NUMBER("cpus", cpus, 1, 65536, "a number from 1 to 65536"),
	NUMBER("slab_min_order", slab_min_order, 0, MAX_PAGE_ORDER, "an order from 0 to 10"),
	NUMBER("slab_max_order", slab_max_order, 0, MAX_PAGE_ORDER, "an order from 0 to 10"),
	NUMBER("slab_min_objects", slab_min_objects, 0, MAX_OBJS_PER_PAGE, "0 to 32767"),
	NUMBER("slab_merge", merge, 0, 1, "0 or 1"),
	{ .name = "seed",
	  .read = read_seed,
	  .print = print_number,
	  .offset = offsetof(struct options, seed),
	  .max = UINT64_MAX,
	  .values = "a number below 2^64" },
	{ .name = "page_size",
	  .read = read_page_size,
	  .print = print_number,
	  .offset = offsetof(struct options, page_bytes),
	  .values = "4K, 16K or 64K" },
	NUMBER("nodes", nodes, 1, SLAB_MAX_NODES, "a number from 1 to 8"),
	NUMBER("shuffle", shuffle, 0, 1, "0 or 1"),
	NUMBER("virtual", virtual, 0, 1, "0 or 1"),
	{ .name = "debug",
	  .read = read_debug,
	  .print = print_debug,
	  .values = "letters of FZPUTAO or -, names behind '+', blocks between ';'" },
	NUMBER("panic_on_error", panic_on_error, 0, 1, "0 or 1"),
	{ .name = "failslab",
	  .read = read_failslab,
	  .print = print_failslab,
	  .values = "interval:N+probability:P+times:T, some of them, or -" },
	{ .name = "range",
	  .read = read_range,
	  .print = print_number,
	  .offset = offsetof(struct options, range_bytes),
	  .min = (uint64_t)64 << 20,
	  .max = (uint64_t)1 << 44,
	  .values = "a power of two from 64M to 16384G" },
	NUMBER("reserve", reserve, 0, 1, "0 or 1"),
	{ .name = "engine",
	  .read = read_engine,
	  .print = print_engine,
	  .values = "sheaf or cpuslab" },
	NUMBER("stats", stats, 0, 1, "0 or 1"),
	NUMBER("profiling", profiling, 0, 1, "0 or 1"),
	NUMBER("dirty", dirty_bytes, 0, UINT64_MAX, "a size such as 4M"),
	NUMBER("purge", purge_ms, 0, 3600000, "0 to 3600000 milliseconds"),
	NUMBER("purge_thread", purge_thread, 0, 1, "0 or 1"),
	NUMBER("freelist_hardened", freelist_hardened, 0, 1, "0 or 1"),
	NUMBER("freelist_random", freelist_random, 0, 1, "0 or 1"),
	NUMBER("init_on_alloc", init_on_alloc, 0, 1, "0 or 1"),
	NUMBER("init_on_free", init_on_free, 0, 1, "0 or 1"),
	NUMBER("slab_buckets", buckets, 0, 1, "0 or 1"),
	NUMBER("kfence", kfence_interval_ms, 0, 3600000, "0 to 3600000 milliseconds"),
	NUMBER("kfence_objects", kfence_objects, 1, KFENCE_MAX_OBJECTS, "1 to 16383"),
	NUMBER("kfence_burst", kfence_burst, 0, UINT32_MAX, "a number below 2^32"),
	{ .name = "limit",
	  .read = read_limit,
	  .print = print_number,
	  .offset = offsetof(struct options, limit_bytes),
	  .max = UINT64_MAX,
	  .values = "0 for no limit, or a size from 1M" },
	NUMBER("warn", warn, 0, 1, "0 or 1"),
	NUMBER("vmalloc", vmalloc_bytes, (uint64_t)16 << 20, (uint64_t)1 << 44,
	       "a size from 16M to 16384G"),
	NUMBER("single_thread", single_thread, 0, 1, "0 or 1"),
};

/* slab_buckets was not given. */
#define AS_HARDENED UINT64_MAX

void options_default(struct options *o)
{
	*o = (struct options){
		.cpus = os_present_cpus(),
		.partitions = NR_PARTITIONS,
		.min_align = KMALLOC_MIN_SIZE,
		.slab_max_order = 3,
		.merge = 1,
		.debug = { .text = "-" },
		.range_bytes = (uint64_t)64 << 30,
		.reserve = 1,
		.page_bytes = UNIT_BYTES,
		.dirty_bytes = (uint64_t)1 << 20,
		.purge_ms = 50,
		.purge_thread = 1,
		.buckets = AS_HARDENED,
		.kfence_objects = KFENCE_NUM_OBJECTS,
		.vmalloc_bytes = (uint64_t)64 << 30,
	};
}

static const struct option *find(struct word name)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (word_is(name, table[i].name))
			return &table[i];
	return NULL;
}

static void say_word(struct text *t, struct word w)
{
	char c[2] = "";

	text_str(t, "'");
	for (size_t i = 0; i < w.len; i++) {
		c[0] = w.p[i];
		text_str(t, c);
	}
	text_str(t, "'");
}

static int unknown(struct word name, struct text *why)
{
	text_str(why, "unknown option ");
	say_word(why, name);
	text_str(why, "; the options are");
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		text_str(why, i ? ", " : " ");
		text_str(why, table[i].name);
	}
	return -EINVAL;
}

static int read_one(struct options *o, struct word item, struct text *why)
{
	const char *equals = memchr(item.p, '=', item.len);
	struct word name = { item.p, equals ? (size_t)(equals - item.p) : item.len };
	struct word value = { equals ? equals + 1 : "", equals ? item.len - name.len - 1 : 0 };
	const struct option *opt = find(name);

	if (!opt)
		return unknown(name, why);
	if (!opt->read(o, opt, value))
		return 0;
	text_str(why, "option ");
	text_str(why, opt->name);
	text_str(why, " cannot be ");
	say_word(why, value);
	text_str(why, "; give ");
	text_str(why, opt->values);
	return -EINVAL;
}

/* What no option alone can tell. */
static int check_together(const struct options *o, struct text *why)
{
	uint64_t min_range = (o->page_bytes << MAX_PAGE_ORDER) * 2 * SLAB_MAX_NODES;

	if (o->slab_min_order > o->slab_max_order) {
		text_str(
			why,
			"slab_min_order is above slab_max_order; raise the one or lower the other");
		return -EINVAL;
	}
	if (o->range_bytes < min_range) {
		text_str(why, "range is too small for this page_size; give at least ");
		text_u64(why, min_range >> 20);
		text_str(why, "M");
		return -EINVAL;
	}
	return 0;
}

int options_parse(struct options *o, const char *string, struct text *why)
{
	const char *p = string ? string : "";

	while (*p) {
		struct word item = { p, strcspn(p, ",") };
		int err = item.len ? read_one(o, item, why) : 0;

		if (err)
			return err;
		p += item.len + (p[item.len] == ',');
	}
	if (o->buckets == AS_HARDENED)
		o->buckets = o->freelist_hardened;
	return check_together(o, why);
}

int options_print(const struct options *o, const char *name, struct text *t)
{
	const struct option *opt = find((struct word){ name, strlen(name) });

	if (!opt)
		return -ENOENT;
	opt->print(o, opt, t);
	return 0;
}
