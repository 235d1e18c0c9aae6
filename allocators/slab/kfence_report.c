// SPDX-License-Identifier: MIT
/* What KFENCE prints. See kfence_report.h. */
#include "kfence_report.h"

#include <sys/prctl.h>
#include <unistd.h>

#include "os.h"
#include "report.h"

#define LINE_LEN   256
#define NS_PER_US  1000u
#define US_PER_SEC 1000000u
#define SHOWN	   16 /* bytes of a damaged canary */
#define COMM_LEN   16 /* of a thread's name, with its NUL */

static const char rule[] = "==================================================================\n";

static size_t nr_reports;

size_t kfence_nr_reports(void)
{
	return __atomic_load_n(&nr_reports, __ATOMIC_RELAXED);
}

/* One line under way. */
struct line {
	char buf[LINE_LEN];
	struct text t;
};

static struct text *begin(struct line *l, const char *words)
{
	text_init(&l->t, l->buf, sizeof(l->buf));
	text_str(&l->t, words);
	return &l->t;
}

static void end(struct line *l)
{
	text_str(&l->t, "\n");
	report_emit(&l->t);
}

static void say(const char *words)
{
	struct line l;

	begin(&l, words);
	report_emit(&l.t);
}

static void add_u64(struct text *t, const char *before, uint64_t x)
{
	text_str(t, before);
	text_u64(t, x);
}

static void add_address(struct text *t, const char *before, uintptr_t address)
{
	text_str(t, before);
	text_ptr(t, (void *)address);
}

static void add_name(struct text *t, const char *before, const struct kfence_object *o)
{
	add_u64(t, before, kfence_pool_index(o));
}

/* "in kfence-#17", or where else. */
static void add_place(struct text *t, const struct kfence_object *o)
{
	if (!o)
		return;
	add_name(t, " (in kfence-#", o);
	text_str(t, ")");
}

static void say_stack(const struct kfence_stack *stack)
{
	for (unsigned int i = 0; i < stack->nr; i++) {
		struct line l;

		kfence_stack_symbol(begin(&l, " "), stack->frames[i]);
		end(&l);
	}
}

/* " in function", the end of each headline. */
static void end_headline(struct line *l, const struct kfence_finding *f)
{
	text_str(&l->t, " in ");
	kfence_stack_symbol(&l->t, f->stack.frames[0]);
	text_str(&l->t, "\n");
	end(l);
}

static void say_out_of_bounds(const struct kfence_finding *f)
{
	uintptr_t start = (uintptr_t)f->o->start;
	bool left = f->address < start;
	struct line l;

	text_str(begin(&l, "BUG: KFENCE: out-of-bounds "), f->access);
	end_headline(&l, f);
	text_str(begin(&l, "Out-of-bounds "), f->access);
	add_address(&l.t, " at ", f->address);
	add_u64(&l.t, " (", left ? start - f->address : f->address - start);
	add_name(&l.t, left ? "B left of kfence-#" : "B right of kfence-#", f->o);
	text_str(&l.t, "):");
	end(&l);
}

static void say_access(const struct kfence_finding *f, const char *headline, const char *sentence)
{
	struct line l;

	text_str(begin(&l, headline), f->access);
	end_headline(&l, f);
	text_str(begin(&l, sentence), f->access);
	add_address(&l.t, " at ", f->address);
	add_place(&l.t, f->o);
	text_str(&l.t, ":");
	end(&l);
}

static void add_byte(struct text *t, unsigned char c)
{
	static const char digits[] = "0123456789abcdef";
	char word[] = { ' ', '0', 'x', digits[c >> 4], digits[c & 0xf], '\0' };

	text_str(t, word);
}

/* " 0xac . . ": what is not the canary, and a dot for each byte that is. */
static void add_canary(struct text *t, const struct kfence_object *o, const char *from)
{
	const char *limit = from < o->start ? o->start : o->page + slab_page_bytes();

	text_str(t, " [");
	for (const char *p = from; p < limit && p < from + SHOWN; p++) {
		unsigned char c = (unsigned char)*p;

		if (c == kfence_canary(p))
			text_str(t, " .");
		else
			add_byte(t, c);
	}
	text_str(t, " ]");
}

static void say_corruption(const struct kfence_finding *f)
{
	struct line l;

	begin(&l, "BUG: KFENCE: memory corruption");
	end_headline(&l, f);
	add_address(begin(&l, "Corrupted memory at "), "", f->address);
	add_canary(&l.t, f->o, (const char *)f->address);
	add_place(&l.t, f->o);
	text_str(&l.t, ":");
	end(&l);
}

static void say_invalid_free(const struct kfence_finding *f)
{
	struct line l;

	begin(&l, "BUG: KFENCE: invalid free");
	end_headline(&l, f);
	add_address(begin(&l, "Invalid free of "), "", f->address);
	add_place(&l.t, f->o);
	text_str(&l.t, ":");
	end(&l);
}

static void say_error(const struct kfence_finding *f)
{
	switch (f->error) {
	case KFENCE_OUT_OF_BOUNDS:
		say_out_of_bounds(f);
		return;
	case KFENCE_USE_AFTER_FREE:
		say_access(f, "BUG: KFENCE: use-after-free ", "Use-after-free ");
		return;
	case KFENCE_CORRUPTION:
		say_corruption(f);
		return;
	case KFENCE_INVALID:
		say_access(f, "BUG: KFENCE: invalid ", "Invalid ");
		return;
	case KFENCE_INVALID_FREE:
		say_invalid_free(f);
		return;
	}
}

/* "12.000345s" */
static void add_seconds(struct text *t, const char *before, uint64_t ns)
{
	uint64_t us = ns / NS_PER_US;

	add_u64(t, before, us / US_PER_SEC);
	text_str(t, ".");
	for (uint64_t digit = US_PER_SEC / 10; digit; digit /= 10)
		text_u64(t, us / digit % 10);
	text_str(t, "s");
}

static void say_track(const char *what, const struct kfence_track *track)
{
	struct line l;

	add_u64(begin(&l, what), " by task ", (uint64_t)track->tid);
	add_u64(&l.t, " on cpu ", track->cpu);
	add_seconds(&l.t, " at ", track->ns);
	add_seconds(&l.t, " (", os_now_ns() - track->ns);
	text_str(&l.t, " ago):");
	end(&l);
	say_stack(&track->stack);
}

static void say_object(const struct kfence_object *o)
{
	const struct kmem_cache *s = o->cache;
	struct line l;

	add_name(begin(&l, "\nkfence-#"), "", o);
	add_address(&l.t, ": ", (uintptr_t)o->start);
	add_address(&l.t, "-", (uintptr_t)o->start + o->size - 1);
	add_u64(&l.t, ", size=", o->size);
	text_str(&l.t, ", cache=");
	text_str(&l.t, s ? s->name : "<destroyed>");
	text_str(&l.t, "\n");
	end(&l);
	say_track("allocated", &o->allocated);
	if (kfence_state(o) != KFENCE_FREED)
		return;
	say("\n");
	say_track("freed", &o->freed);
}

static void say_task(void)
{
	char comm[COMM_LEN + 1] = "";
	struct line l;

	prctl(PR_GET_NAME, comm);
	add_u64(begin(&l, "\nCPU: "), "", os_cpu());
	add_u64(&l.t, " PID: ", (uint64_t)os_tid());
	text_str(&l.t, " Comm: ");
	text_str(&l.t, comm);
	end(&l);
}

void kfence_report(const struct kfence_finding *f)
{
	__atomic_fetch_add(&nr_reports, 1, __ATOMIC_RELAXED);
	say(rule);
	say_error(f);
	say_stack(&f->stack);
	if (f->o)
		say_object(f->o);
	say_task();
	say(rule);
}
