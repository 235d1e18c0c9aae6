// SPDX-License-Identifier: MIT
/*
 * Reports: a headline between rules, the slab, the object; each line is written at once from a
 * buffer on the stack. See report.h.
 */
#include "report.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "pagemap.h"
#include "text.h"

#define LINE_LEN 256

void report_emit(const struct text *t)
{
	const char *p = t->buf;
	size_t left = min_size(t->used, t->len - 1);

	while (left) {
		ssize_t n = write(STDERR_FILENO, p, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		p += n;
		left -= (size_t)n;
	}
}

static void rule(char c)
{
	char buf[80];
	struct text t = { .buf = buf, .len = sizeof(buf), .used = sizeof(buf) - 2 };

	for (size_t i = 0; i < sizeof(buf) - 3; i++)
		buf[i] = c;
	buf[sizeof(buf) - 3] = '\n';
	report_emit(&t);
}

/* "BUG name: what" between two rules; @detail may be NULL. */
static void headline(const char *name, const char *what, const char *detail)
{
	char buf[LINE_LEN];
	struct text t;

	rule('=');
	text_init(&t, buf, sizeof(buf));
	text_str(&t, "BUG ");
	text_str(&t, name);
	text_str(&t, ": ");
	text_str(&t, what);
	text_str(&t, detail ? detail : "");
	text_str(&t, "\n");
	report_emit(&t);
	rule('-');
}

static void label_u64(struct text *t, const char *label, uint64_t x)
{
	text_str(t, label);
	text_u64(t, x);
}

static void label_ptr(struct text *t, const char *label, const void *p)
{
	text_str(t, label);
	text_ptr(t, p);
}

void report_begin(const struct kmem_cache *s, const char *what)
{
	headline(s->name, what, NULL);
}

void report_slab(const struct frame *f)
{
	char buf[LINE_LEN];
	struct text t;

	text_init(&t, buf, sizeof(buf));
	label_ptr(&t, "Slab ", frame_address(f));
	label_u64(&t, " objects=", f->objects);
	label_u64(&t, " used=", f->inuse);
	label_ptr(&t, " fp=", f->freelist);
	label_u64(&t, " order=", f->order);
	text_str(&t, "\n");
	report_emit(&t);
}

void report_line_object(const struct frame *f, const void *object)
{
	char buf[LINE_LEN];
	struct text t;

	text_init(&t, buf, sizeof(buf));
	label_ptr(&t, "Object ", object);
	label_u64(&t, " @offset=", (uintptr_t)object - (uintptr_t)frame_address(f));
	text_str(&t, "\n");
	report_emit(&t);
}

void report_more(size_t nr)
{
	char buf[LINE_LEN];
	struct text t;

	text_init(&t, buf, sizeof(buf));
	label_u64(&t, "... and ", nr);
	text_str(&t, " more objects\n");
	report_emit(&t);
}

void report_object(const struct kmem_cache *s, const struct frame *f, const void *object,
		   const char *what)
{
	headline(s->name, what, NULL);
	report_slab(f);
	report_line_object(f, object);
	abort();
}

static void line_pointer(const void *p)
{
	char buf[LINE_LEN];
	struct text t;

	text_init(&t, buf, sizeof(buf));
	label_ptr(&t, "Pointer ", p);
	text_str(&t, "\n");
	report_emit(&t);
}

void report_pointer(const void *p, const char *what)
{
	headline("slab", what, NULL);
	line_pointer(p);
	abort();
}

void report_wrong_cache(const struct kmem_cache *s, const struct kmem_cache *actual,
			const void *object)
{
	headline(s->name, "object belongs to different cache ", actual->name);
	line_pointer(object);
	abort();
}

void report_panic(const char *name, const char *why)
{
	headline(name, "Failed to create slab: ", why);
	abort();
}
