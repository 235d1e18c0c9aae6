// SPDX-License-Identifier: MIT
/*
 * Reports: each line is made in a buffer on the stack and written at once. The counters are atomic;
 * no lock. See report.h.
 */
#include "report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "pagemap.h"
#include "text.h"

#define LINE_LEN  512
#define DUMP_STEP 16u /* bytes in a line of a hex dump */

/* With the kernel's length of a rule. */
#define RULE_DOUBLE                                                                                \
	"============================================================================="            \
	"\n"
#define RULE_SINGLE                                                                                \
	"-----------------------------------------------------------------------------"            \
	"\n"

static size_t nr_errors;
static uint32_t tainted; /* a report was made before */
static uint32_t panics;

void report_init(unsigned int panic_on_error)
{
	__atomic_store_n(&panics, panic_on_error, __ATOMIC_RELAXED);
}

size_t slab_errors(void)
{
	return __atomic_load_n(&nr_errors, __ATOMIC_RELAXED);
}

void slab_errors_reset(void)
{
	__atomic_store_n(&nr_errors, 0, __ATOMIC_RELAXED);
}

void report_count(void)
{
	__atomic_add_fetch(&nr_errors, 1, __ATOMIC_RELAXED);
}

static void emit(const char *p, size_t left)
{
	int saved = errno;

	while (left) {
		ssize_t n = write(STDERR_FILENO, p, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		p += n;
		left -= (size_t)n;
	}
	errno = saved;
}

void report_emit(const struct text *t)
{
	emit(t->buf, min_size(t->used, t->len - 1));
}

/* A line that is too long loses its end, but not the end of line. */
static void emit_line(struct text *t)
{
	size_t used = min_size(t->used, t->len - 2);

	t->buf[used] = '\n';
	emit(t->buf, used + 1);
}

static void vline(struct text *t, const char *format, va_list args)
{
	text_vformat(t, format, args);
	emit_line(t);
}

static const char *taint(void)
{
	return __atomic_exchange_n(&tainted, 1, __ATOMIC_RELAXED) ? "Tainted: G    B"
								  : "Not tainted";
}

static void headline(const char *name, const char *format, va_list args)
{
	char buf[LINE_LEN];
	struct text t;

	report_count();
	emit(RULE_DOUBLE, sizeof(RULE_DOUBLE) - 1);
	text_init(&t, buf, sizeof(buf));
	text_format(&t, "BUG %s (%s): ", name, taint());
	vline(&t, format, args);
	emit(RULE_SINGLE, sizeof(RULE_SINGLE) - 1);
}

void report_bug(const struct kmem_cache *s, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	headline(s ? s->name : "slab", format, args);
	va_end(args);
}

void report_line(const char *format, ...)
{
	char buf[LINE_LEN];
	struct text t;
	va_list args;

	text_init(&t, buf, sizeof(buf));
	va_start(args, format);
	vline(&t, format, args);
	va_end(args);
}

void report_fix(const struct kmem_cache *s, const char *format, ...)
{
	char buf[LINE_LEN];
	struct text t;
	va_list args;

	report_count();
	text_init(&t, buf, sizeof(buf));
	text_format(&t, "FIX %s: ", s->name);
	va_start(args, format);
	vline(&t, format, args);
	va_end(args);
}

static void dump_line(const char *label, const unsigned char *p, size_t bytes)
{
	char buf[LINE_LEN], shown[DUMP_STEP + 1];
	struct text t;

	text_init(&t, buf, sizeof(buf));
	text_str(&t, label);
	text_hex(&t, (uintptr_t)p, 2 * sizeof(p));
	text_str(&t, ":");
	for (size_t i = 0; i < DUMP_STEP; i++) {
		if (i < bytes)
			text_format(&t, " %02x", p[i]);
		else
			text_str(&t, "   ");
	}
	for (size_t i = 0; i < bytes; i++)
		shown[i] = p[i] >= ' ' && p[i] <= '~' ? (char)p[i] : '.';
	shown[bytes] = '\0';
	text_format(&t, "  %s", shown);
	emit_line(&t);
}

void report_section(const char *label, const void *from, size_t bytes)
{
	const unsigned char *p = from;

	for (size_t done = 0; done < bytes; done += DUMP_STEP)
		dump_line(label, p + done, min_size(bytes - done, DUMP_STEP));
}

void report_end(void)
{
	if (__atomic_load_n(&panics, __ATOMIC_RELAXED))
		abort();
}

/* The names of the states that a frame is in, as the kernel prints page flags. */
static void flag_names(const struct frame *f, struct text *t)
{
	unsigned int bits = f->on_list | (unsigned int)f->frozen << 1;

	text_format(t, "0x%x(node=%u", bits, f->node);
	text_str(t, f->on_list ? "|partial" : "");
	text_str(t, f->frozen ? "|frozen" : "");
	text_str(t, ")");
}

void report_slab(const struct frame *f)
{
	char buf[LINE_LEN];
	struct text t;

	text_init(&t, buf, sizeof(buf));
	text_format(&t, "Slab %p objects=%u used=%u fp=%p flags=", frame_address(f), f->objects,
		    f->inuse, f->freelist);
	flag_names(f, &t);
	emit_line(&t);
}

void report_foreign(const void *p, const char *what)
{
	report_bug(NULL, "%s", what);
	report_line("Pointer %p", p);
	report_end();
}

void report_pointer(const void *p, const char *what)
{
	report_foreign(p, what);
	abort();
}

void report_object(const struct kmem_cache *s, const struct frame *f, const void *object,
		   const char *what)
{
	report_bug(s, "%s", what);
	report_slab(f);
	report_line("Object %p @offset=%zu", object,
		    (uintptr_t)object - (uintptr_t)frame_address(f));
	abort();
}

void report_panic(const char *name, int err)
{
	report_line("Kernel panic - not syncing: __kmem_cache_create_args: Failed to create slab "
		    "'%s'. Error %d",
		    name, err);
	abort();
}

void report_mistake(const char *who, const char *what)
{
	report_line("libslab: %s%s", who, what);
	abort();
}
