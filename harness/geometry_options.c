// SPDX-License-Identifier: MIT
/* Tables of options, flags and debug letters. See geometry_options.h. */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "geometry_options.h"
#include "kernel_caches.h"
#include "lib/bits.h"
#include "lib/die.h"
#include "options.h"
#include "suggest.h"

enum key {
	KEY_SIZE = 256,
	KEY_ALIGN,
	KEY_FLAGS,
	KEY_CTOR,
	KEY_FREEPTR,
	KEY_SHEAF,
	KEY_MIN_ORDER,
	KEY_CPUS,
	KEY_PAGE_SIZE,
	KEY_DEBUG,
	KEY_RULES,
	KEY_NOMERGE,
	KEY_EXT,
	KEY_SLAB_MIN_ORDER,
	KEY_SLAB_MAX_ORDER,
	KEY_SLAB_MIN_OBJECTS,
	KEY_KERNEL,
	KEY_SYSFS,
	KEY_CHECK,
};

static const struct argp_option table[] = {
	{ "size", KEY_SIZE, "N", 0, "Bytes of an object", 1 },
	{ "align", KEY_ALIGN, "N", 0, "Alignment asked for, a power of two", 1 },
	{ "flags", KEY_FLAGS, "LIST", 0,
	  "HWCACHE_ALIGN, TYPESAFE_BY_RCU, RECLAIM_ACCOUNT, ACCOUNT, NO_MERGE, KMALLOC, "
	  "NOLEAKTRACE, CACHE_DMA, CACHE_DMA32, HUGE_BLOCKS, or a debug flag by its name",
	  1 },
	{ "ctor", KEY_CTOR, NULL, 0, "It has a constructor", 1 },
	{ "freeptr-offset", KEY_FREEPTR, "N", 0, "Where it wants its free pointer", 1 },
	{ "sheaf-capacity", KEY_SHEAF, "N", 0, "Objects in a sheaf that it asks for", 1 },
	{ "min-order", KEY_MIN_ORDER, "N", 0, "No slab of it below this order", 1 },
	{ "cpus", KEY_CPUS, "N", 0, "CPUs present (default: this machine's)", 2 },
	{ "page-size", KEY_PAGE_SIZE, "P", 0, "4K, 16K or 64K (default: this machine's)", 2 },
	{ "debug", KEY_DEBUG, "FZPU", 0, "Letters as in slab_debug: F Z P U T A O -", 2 },
	{ "rules", KEY_RULES, "6.18|7.2", 0,
	  "Whose rules (default: 7.2; with --kernel the running kernel's, with --check 6.18). No "
	  "kernel of 7.2 is recorded: against one of 6.18, its sheaf_capacity and cpu_partial "
	  "follow the rules of 7.2 and so differ",
	  2 },
	{ "nomerge", KEY_NOMERGE, NULL, 0, "Booted with slab_nomerge", 2 },
	{ "ext-bytes", KEY_EXT, "N", 0, "Extension of each object, 0, 8 or 16", 2 },
	{ "slab-min-order", KEY_SLAB_MIN_ORDER, "N", 0, "As the boot parameter (default 0)", 2 },
	{ "slab-max-order", KEY_SLAB_MAX_ORDER, "N", 0, "As the boot parameter (default 3)", 2 },
	{ "slab-min-objects", KEY_SLAB_MIN_OBJECTS, "N", 0, "As the boot parameter", 2 },
	{ "kernel", KEY_KERNEL, NULL, 0, "Compare with every cache of this kernel (root)", 3 },
	{ "sysfs", KEY_SYSFS, "DIR", 0, "Where they are (default: /sys/kernel/slab)", 3 },
	{ "check", KEY_CHECK, "FILE.csv", 0, "Compare with a recorded kernel", 3 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static const struct {
	const char *name;
	slab_flags_t flag;
} flag_names[] = {
	{ "HWCACHE_ALIGN", SLAB_HWCACHE_ALIGN },
	{ "TYPESAFE_BY_RCU", SLAB_TYPESAFE_BY_RCU },
	{ "RECLAIM_ACCOUNT", SLAB_RECLAIM_ACCOUNT },
	{ "ACCOUNT", SLAB_ACCOUNT },
	{ "NO_MERGE", SLAB_NO_MERGE },
	{ "KMALLOC", SLAB_KMALLOC },
	{ "NOLEAKTRACE", SLAB_NOLEAKTRACE },
	{ "CACHE_DMA", SLAB_CACHE_DMA },
	{ "CACHE_DMA32", SLAB_CACHE_DMA32 },
	{ "HUGE_BLOCKS", SLAB_HUGE_BLOCKS },
	{ "CONSISTENCY_CHECKS", SLAB_CONSISTENCY_CHECKS },
	{ "RED_ZONE", SLAB_RED_ZONE },
	{ "POISON", SLAB_POISON },
	{ "STORE_USER", SLAB_STORE_USER },
	{ "TRACE", SLAB_TRACE },
	{ "FAILSLAB", SLAB_FAILSLAB },
};

static const struct {
	char letter;
	slab_flags_t flag;
} letters[] = {
	{ 'F', SLAB_CONSISTENCY_CHECKS },
	{ 'Z', SLAB_RED_ZONE },
	{ 'P', SLAB_POISON },
	{ 'U', SLAB_STORE_USER },
	{ 'T', SLAB_TRACE },
	{ 'A', SLAB_FAILSLAB },
	{ '-', 0 },
};

void geometry_options_flags(slab_flags_t flags, char *buf, size_t len)
{
	size_t at = 0;

	snprintf(buf, len, "-");
	for (size_t i = 0; i < ARRAY_SIZE(flag_names); i++)
		if ((flags & flag_names[i].flag) && at < len)
			at += (size_t)snprintf(buf + at, len - at, "%s%s", at ? "," : "",
					       flag_names[i].name);
}

static slab_flags_t flag_of(const char *name)
{
	struct suggest s = { .word = name };

	if (!strncmp(name, "SLAB_", 5))
		s.word = name += 5;
	for (size_t i = 0; i < ARRAY_SIZE(flag_names); i++) {
		if (!strcmp(flag_names[i].name, name))
			return flag_names[i].flag;
		suggest_offer(&s, flag_names[i].name);
	}
	die(EXIT_USAGE, "--flags: unknown flag '%s'%s (./runner geometry --help)", name,
	    suggest_text(&s));
}

static slab_flags_t parse_flags(const char *list)
{
	char copy[512], *rest = copy, *word;
	slab_flags_t flags = 0;

	snprintf(copy, sizeof(copy), "%s", list);
	while ((word = strsep(&rest, ",")))
		if (*word)
			flags |= flag_of(word);
	return flags;
}

static void parse_debug(struct geometry_options *o, const char *text)
{
	for (const char *p = text; *p; p++) {
		size_t i = 0;

		if (*p == 'O') {
			o->machine.debug_keeps_orders = true;
			continue;
		}
		while (i < ARRAY_SIZE(letters) && letters[i].letter != *p)
			i++;
		if (i == ARRAY_SIZE(letters))
			die(EXIT_USAGE,
			    "--debug %s: '%c' is no letter; give some of F Z P U T A O -", text,
			    *p);
		o->layout.flags |= letters[i].flag;
	}
}

static unsigned int parse_align(const char *text)
{
	unsigned long align = options_count("align", text, 0, KMALLOC_MAX_SIZE);

	if (align && !bits_is_pow2(align))
		die(EXIT_USAGE, "--align %s: a power of two is wanted", text);
	return (unsigned int)align;
}

static size_t parse_page_size(const char *text)
{
	static const struct {
		const char *words[2];
		size_t bytes;
	} sizes[] = { { { "4K", "4096" }, 4096 },
		      { { "16K", "16384" }, 16384 },
		      { { "64K", "65536" }, 65536 } };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		if (!strcmp(text, sizes[i].words[0]) || !strcmp(text, sizes[i].words[1]))
			return sizes[i].bytes;
	die(EXIT_USAGE, "--page-size %s: give 4K, 16K or 64K", text);
}

static enum slab_rules parse_rules(const char *text)
{
	if (!strcmp(text, "7.2"))
		return RULES_7_2;
	if (!strcmp(text, "6.18"))
		return RULES_6_18;
	die(EXIT_USAGE, "--rules %s: give 6.18 or 7.2", text);
}

static unsigned int parse_ext(const char *text)
{
	unsigned long bytes = options_count("ext-bytes", text, 0, 16);

	if (bytes % 8)
		die(EXIT_USAGE, "--ext-bytes %s: give 0, 8 or 16", text);
	return (unsigned int)bytes;
}

struct parse {
	struct geometry_options *o;
	bool have_rules;
};

static error_t parse_layout(int key, char *arg, struct layout *l)
{
	switch (key) {
	case KEY_SIZE:
		l->size = options_count("size", arg, 1, KMALLOC_MAX_SIZE);
		return 0;
	case KEY_ALIGN:
		l->align = parse_align(arg);
		return 0;
	case KEY_FLAGS:
		l->flags |= parse_flags(arg);
		return 0;
	case KEY_CTOR:
		l->has_ctor = true;
		return 0;
	case KEY_FREEPTR:
		l->has_freeptr_offset = true;
		l->freeptr_offset = options_count("freeptr-offset", arg, 0, KMALLOC_MAX_SIZE);
		return 0;
	case KEY_SHEAF:
		l->sheaf_capacity = options_count("sheaf-capacity", arg, 0, 65536);
		return 0;
	case KEY_MIN_ORDER:
		l->min_order = options_count("min-order", arg, 0, MAX_PAGE_ORDER);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static error_t parse_machine(int key, char *arg, struct machine *m)
{
	switch (key) {
	case KEY_CPUS:
		m->cpus = options_count("cpus", arg, 1, 65536);
		return 0;
	case KEY_PAGE_SIZE:
		m->page_size = parse_page_size(arg);
		return 0;
	case KEY_NOMERGE:
		m->nomerge = true;
		return 0;
	case KEY_EXT:
		m->ext_bytes = parse_ext(arg);
		return 0;
	case KEY_SLAB_MIN_ORDER:
		m->slab_min_order = options_count("slab-min-order", arg, 0, MAX_PAGE_ORDER);
		return 0;
	case KEY_SLAB_MAX_ORDER:
		m->slab_max_order = options_count("slab-max-order", arg, 0, MAX_PAGE_ORDER);
		return 0;
	case KEY_SLAB_MIN_OBJECTS:
		m->slab_min_objects = options_count("slab-min-objects", arg, 0, MAX_OBJS_PER_PAGE);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct parse *p = state->input;
	struct geometry_options *o = p->o;

	switch (key) {
	case ARGP_KEY_ARG:
		die(EXIT_USAGE, "geometry: unexpected word '%s' (./runner geometry --help)", arg);
	case KEY_DEBUG:
		parse_debug(o, arg);
		return 0;
	case KEY_RULES:
		o->machine.rules = parse_rules(arg);
		p->have_rules = true;
		return 0;
	case KEY_KERNEL:
		o->kernel = true;
		return 0;
	case KEY_SYSFS:
		o->sysfs = arg;
		return 0;
	case KEY_CHECK:
		o->csv = arg;
		return 0;
	}
	if (parse_machine(key, arg, &o->machine) == 0)
		return 0;
	return parse_layout(key, arg, &o->layout);
}

static void check_modes(const struct geometry_options *o)
{
	int nr = (o->layout.size > 0) + o->kernel + (o->csv != NULL);

	if (nr != 1)
		die(EXIT_USAGE,
		    "geometry: give one of --size N, --kernel and --check FILE.csv (./runner "
		    "geometry --help)");
	if (o->machine.slab_min_order > o->machine.slab_max_order)
		die(EXIT_USAGE,
		    "--slab-min-order is above --slab-max-order; raise the one or lower "
		    "the other");
}

void geometry_options_parse(struct geometry_options *o, int argc, char **argv)
{
	struct parse p = { .o = o };
	struct argp argp = {
		.options = table,
		.parser = parse,
		.doc = "How objects lie in slabs.\vOf a real kernel slab_size, objs_per_slab, "
		       "order, align, min_partial, cpu_partial, sheaf_capacity, aliases and the "
		       "names of shared caches are compared; the last line is \"N caches, M "
		       "mismatches\", the exit code 1 if there are any.",
	};

	*o = (struct geometry_options){
		.machine = machine_default((size_t)sysconf(_SC_PAGESIZE), kernel_cpus()),
		.sysfs = "/sys/kernel/slab",
	};
	options_read(&argp, "geometry", argc, argv, &p);
	check_modes(o);
	if (!p.have_rules && (o->csv || (o->kernel && kernel_is_before_7())))
		o->machine.rules = RULES_6_18;
}
