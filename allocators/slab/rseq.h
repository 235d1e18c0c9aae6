/* SPDX-License-Identifier: MIT */
/*
 * Restartable sequences on lanes (types.h): pop, push and take, for x86-64 and arm64. A sequence
 * reads the CPU it runs on and ends with one store. If the thread is preempted, migrated or gets a
 * signal in between, the kernel sends it to the abort address, which begins again; so everything a
 * sequence does happens on one CPU and as if at once. The protocol is that of Linux's rseq(2) and
 * include/uapi/linux/rseq.h: the descriptor's address is stored in rseq_cs, the abort address is
 * preceded by RSEQ_SIG.
 *
 * slab_rseq is constant after boot. In a process without restartable sequences nr_cpus is 0 and
 * every sequence ends with "no lane". Before boot none may begin: offset is not known, and the
 * descriptor's address would be stored into the thread's control block.
 */
#ifndef SLAB_RSEQ_H
#define SLAB_RSEQ_H

#include "types.h"

#if (defined(__x86_64__) || defined(__aarch64__)) && !defined(__SANITIZE_THREAD__)
#define RSEQ_POSSIBLE 1
#else
#define RSEQ_POSSIBLE 0
#endif
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
/* The sanitizer does not see what a sequence does. */
#undef RSEQ_POSSIBLE
#define RSEQ_POSSIBLE 0
#endif
#endif

/* log2 of a CPU's area: every slot that an entry of the page map can name. */
#define RSEQ_AREA_SHIFT 22

struct slab_rseq {
	char *base;	  /* of the areas, one a CPU, 2^RSEQ_AREA_SHIFT bytes each */
	ptrdiff_t offset; /* of the thread's struct rseq from its thread pointer */
	uint32_t nr_cpus; /* areas; 0: no sequences */
};
extern struct slab_rseq slab_rseq __attribute__((visibility("hidden")));

/* What a change of a CPU's slab expects to find, and what it leaves (engine=cpuslab). */
struct rseq_change {
	struct cpu_slab *where;
	void *freelist;
	uint64_t tid;
	struct frame *slab;
	void *new_freelist;
};

/* Offsets that the assembly knows. */
_Static_assert(offsetof(struct rseq_change, where) == 0, "rseq.h");
_Static_assert(offsetof(struct rseq_change, freelist) == 8, "rseq.h");
_Static_assert(offsetof(struct rseq_change, tid) == 16, "rseq.h");
_Static_assert(offsetof(struct rseq_change, slab) == 24, "rseq.h");
_Static_assert(offsetof(struct rseq_change, new_freelist) == 32, "rseq.h");
_Static_assert(offsetof(struct cpu_slab, freelist) == 0, "rseq.h");
_Static_assert(offsetof(struct cpu_slab, tid) == 8, "rseq.h");
_Static_assert(offsetof(struct cpu_slab, slab) == 16, "rseq.h");
_Static_assert(offsetof(struct lane, main) == 0, "rseq.h");
_Static_assert(offsetof(struct slab_sheaf, size) == 24, "rseq.h");
_Static_assert(offsetof(struct slab_sheaf, capacity) == 28, "rseq.h");
_Static_assert(offsetof(struct slab_sheaf, objects) == 32, "rseq.h");

#if RSEQ_POSSIBLE && defined(__x86_64__)

/* The sequence lies between 1 and 2, its descriptor at 3, its abort handler at 4; 0 begins again.
 */
#define RSEQ_DESCRIPTOR                                                                            \
	".pushsection __rseq_cs, \"aw\"\n"                                                         \
	".balign 32\n"                                                                             \
	"3:\n"                                                                                     \
	".long 0, 0\n"                                                                             \
	".quad 1f, 2f - 1f, 4f\n"                                                                  \
	".popsection\n"                                                                            \
	".pushsection __rseq_failure, \"ax\"\n"                                                    \
	".byte 0x0f, 0xb9, 0x3d\n" /* ud1 with the signature as its displacement */                \
	".long 0x53053053\n"                                                                       \
	"4:\n"                                                                                     \
	"jmp 0f\n"                                                                                 \
	".popsection\n"

/*
 * Enter; leaves the CPU's area in the register @lane, whose lower half is @cpu, or goes to @none.
 * rseq_cs is at 8, cpu_id at 4.
 */
#define RSEQ_ENTER_WITH(lane, cpu, none)                                                           \
	RSEQ_DESCRIPTOR                                                                            \
	"0:\n"                                                                                     \
	"leaq 3b(%%rip), " lane "\n"                                                               \
	"movq " lane ", %%fs:8(%[offset])\n"                                                       \
	"1:\n"                                                                                     \
	"movl %%fs:4(%[offset]), " cpu "\n"                                                        \
	"cmpl %[nr_cpus], " cpu "\n"                                                               \
	"jae " none "\n"                                                                           \
	"shlq $22, " lane "\n"                                                                     \
	"addq %[base], " lane "\n"

#define RSEQ_ENTER	   RSEQ_ENTER_WITH("%[lane]", "%k[lane]", "5f")
#define RSEQ_ENTER_OR_GOTO RSEQ_ENTER_WITH("%%rax", "%%eax", "%l[none]")

#define RSEQ_INPUTS                                                                                \
	[slot] "r"(slot), [offset] "r"(slab_rseq.offset), [nr_cpus] "m"(slab_rseq.nr_cpus),        \
		[base] "m"(slab_rseq.base)

/* Leaves the object freed last on this CPU in %[object], or goes to @none: nothing at hand. */
#define RSEQ_POP(none)                                                                             \
	RSEQ_ENTER_WITH("%[lane]", "%k[lane]", none)                                               \
	"movq (%[lane],%[slot]), %[lane]\n"                                                        \
	"testq %[lane], %[lane]\n"                                                                 \
	"jz " none "\n"                                                                            \
	"movl 24(%[lane]), %k[nr]\n"                                                               \
	"subl $1, %k[nr]\n"                                                                        \
	"jc " none "\n"                                                                            \
	"movq 32(%[lane],%[nr],8), %[object]\n"                                                    \
	"movl %k[nr], 24(%[lane])\n"                                                               \
	"2:\n"

#define RSEQ_POP_OBJECT "=&a" /* where a function returns it */

/* Fall through with the carry clear, which the subtraction has left, or come from 5 with it set. */
#define RSEQ_POP_FLAG                                                                              \
	RSEQ_POP("5f")                                                                             \
	"6:\n"                                                                                     \
	".pushsection __rseq_failure, \"ax\"\n"                                                    \
	"5:\n"                                                                                     \
	"stc\n"                                                                                    \
	"jmp 6b\n"                                                                                 \
	".popsection\n"
#define RSEQ_FLAG_NONE "=@ccc"

/*
 * False: no lane, or no room in it. Sizes and capacities have 16 bits. A jump out of the sequence
 * is the answer, so that the usual way has no comparison for it.
 */
static inline bool rseq_push(size_t slot, void *object)
{
	__asm__ goto(RSEQ_ENTER_OR_GOTO "movq (%%rax,%[slot]), %%rax\n"
					"testq %%rax, %%rax\n"
					"jz %l[none]\n"
					"movl 24(%%rax), %%ecx\n"
					"cmpw %%cx, 28(%%rax)\n"
					"je %l[none]\n"
					"movq %[object], 32(%%rax,%%rcx,8)\n"
					"addl $1, %%ecx\n"
					"movl %%ecx, 24(%%rax)\n"
					"2:\n"
		     :
		     : [object] "r"(object), RSEQ_INPUTS
		     : "memory", "cc", "rax", "rcx"
		     : none);
	return true;
none:
	return false;
}

/*
 * This CPU's lane, or NULL without one; its main sheaf goes to @main and leaves NULL behind. The
 * exchange is atomic because a flush from another CPU does the same.
 */
static inline struct lane *rseq_take(size_t slot, struct slab_sheaf **main)
{
	size_t lane;
	struct slab_sheaf *sheaf = NULL;

	__asm__ __volatile__(RSEQ_ENTER "addq %[slot], %[lane]\n"
					"xchgq %[sheaf], (%[lane])\n"
					"2:\n"
					"jmp 6f\n"
					"5:\n"
					"xorl %k[lane], %k[lane]\n"
					"6:\n"
			     : [lane] "=&r"(lane), [sheaf] "+&r"(sheaf)
			     : RSEQ_INPUTS
			     : "memory", "cc");
	*main = sheaf;
	return (struct lane *)lane;
}

/*
 * Pop from and push to the freelist of this CPU's slab, for plain free pointers that lie @offset
 * into the object. NULL, false: nothing there, or not this slab. tid moves first: begun in vain it
 * has moved once too often, which rseq_change() takes as a reason to look again.
 */
/*
 * Here and below the slab is read with acquire and before the rest: another CPU may open the gate
 * (cpuslab.c), and stores the slab last.
 */
static inline void *rseq_pop_chain(size_t slot, size_t offset)
{
	size_t lane, x;
	void *object;

	__asm__ __volatile__(RSEQ_ENTER "addq %[slot], %[lane]\n"
					"cmpq $0, 16(%[lane])\n"
					"je 5f\n"
					"movq (%[lane]), %[object]\n"
					"testq %[object], %[object]\n"
					"jz 6f\n"
					"movq (%[object],%[at]), %[x]\n"
					"addq $1, 8(%[lane])\n"
					"movq %[x], (%[lane])\n"
					"2:\n"
					"jmp 6f\n"
					"5:\n"
					"xorl %k[object], %k[object]\n"
					"6:\n"
			     : [lane] "=&r"(lane), [object] "=&r"(object), [x] "=&r"(x)
			     : [at] "r"(offset), RSEQ_INPUTS
			     : "memory", "cc");
	return object;
}

static inline bool rseq_push_chain(size_t slot, const struct frame *slab, void *object,
				   size_t offset)
{
	size_t lane, x;

	__asm__ __volatile__(RSEQ_ENTER "addq %[slot], %[lane]\n"
					"cmpq %[slab], 16(%[lane])\n"
					"jne 5f\n"
					"movq (%[lane]), %[x]\n"
					"movq %[x], (%[object],%[at])\n"
					"addq $1, 8(%[lane])\n"
					"movq %[object], (%[lane])\n"
					"2:\n"
					"movl $1, %k[lane]\n"
					"jmp 6f\n"
					"5:\n"
					"xorl %k[lane], %k[lane]\n"
					"6:\n"
			     : [lane] "=&r"(lane), [x] "=&r"(x)
			     : [slab] "r"(slab), [object] "r"(object), [at] "r"(offset), RSEQ_INPUTS
			     : "memory", "cc");
	return lane;
}

/* Replace the freelist if all is as expected and where is this CPU's; tid moves on. */
static inline bool rseq_change(size_t slot, const struct rseq_change *c)
{
	size_t lane, x;

	__asm__ __volatile__(RSEQ_ENTER "addq %[slot], %[lane]\n"
					"cmpq 0(%[c]), %[lane]\n"
					"jne 5f\n"
					"movq 8(%[c]), %[x]\n"
					"cmpq %[x], 0(%[lane])\n"
					"jne 5f\n"
					"movq 24(%[c]), %[x]\n"
					"cmpq %[x], 16(%[lane])\n"
					"jne 5f\n"
					"movq 16(%[c]), %[x]\n"
					"cmpq %[x], 8(%[lane])\n"
					"jne 5f\n"
					"addq $1, %[x]\n"
					"movq %[x], 8(%[lane])\n"
					"movq 32(%[c]), %[x]\n"
					"movq %[x], 0(%[lane])\n"
					"2:\n"
					"movl $1, %k[lane]\n"
					"jmp 6f\n"
					"5:\n"
					"xorl %k[lane], %k[lane]\n"
					"6:\n"
			     : [lane] "=&r"(lane), [x] "=&r"(x)
			     : [c] "r"(c), RSEQ_INPUTS
			     : "memory", "cc");
	return lane;
}

/* Close the gate of this CPU's slab if that is @where; no other sequence is then under way there.
 */
static inline bool rseq_close(size_t slot, struct cpu_slab *where)
{
	size_t lane;

	__asm__ __volatile__(RSEQ_ENTER "addq %[slot], %[lane]\n"
					"cmpq %[where], %[lane]\n"
					"jne 5f\n"
					"movq $0, 16(%[lane])\n"
					"2:\n"
					"movl $1, %k[lane]\n"
					"jmp 6f\n"
					"5:\n"
					"xorl %k[lane], %k[lane]\n"
					"6:\n"
			     : [lane] "=&r"(lane)
			     : [where] "r"(where), RSEQ_INPUTS
			     : "memory", "cc");
	return lane;
}

#elif RSEQ_POSSIBLE && defined(__aarch64__)

#define RSEQ_DESCRIPTOR                                                                            \
	".pushsection __rseq_cs, \"aw\"\n"                                                         \
	".balign 32\n"                                                                             \
	"3:\n"                                                                                     \
	".long 0, 0\n"                                                                             \
	".quad 1f, 2f - 1f, 4f\n"                                                                  \
	".popsection\n"                                                                            \
	".pushsection __rseq_failure, \"ax\"\n"                                                    \
	".long 0xd428bc00\n" /* brk 0x45e0 is the signature */                                     \
	"4:\n"                                                                                     \
	"b 0f\n"                                                                                   \
	".popsection\n"

/*
 * As above; the lane itself, at %[slot], is left in @lane. %[rseq] is the thread's struct rseq:
 * rseq_cs is at 8, cpu_id at 4.
 */
#define RSEQ_ENTER_WITH(lane, cpu, none)                                                           \
	RSEQ_DESCRIPTOR                                                                            \
	"0:\n"                                                                                     \
	"adrp " lane ", 3b\n"                                                                      \
	"add " lane ", " lane ", :lo12:3b\n"                                                       \
	"str " lane ", [%[rseq], #8]\n"                                                            \
	"1:\n"                                                                                     \
	"ldr " cpu ", [%[rseq], #4]\n"                                                             \
	"cmp " cpu ", %w[nr_cpus]\n"                                                               \
	"b.hs " none "\n"                                                                          \
	"add " lane ", %[base], " lane ", lsl #22\n"                                               \
	"add " lane ", " lane ", %[slot]\n"

#define RSEQ_ENTER	   RSEQ_ENTER_WITH("%[lane]", "%w[lane]", "5f")
#define RSEQ_ENTER_OR_GOTO RSEQ_ENTER_WITH("x9", "w9", "%l[none]")

#define RSEQ_INPUTS                                                                                \
	[slot] "r"(slot), [rseq] "r"((char *)__builtin_thread_pointer() + slab_rseq.offset),       \
		[nr_cpus] "r"(slab_rseq.nr_cpus), [base] "r"(slab_rseq.base)

#define RSEQ_POP(none)                                                                             \
	RSEQ_ENTER_WITH("%[lane]", "%w[lane]", none)                                               \
	"ldr %[lane], [%[lane]]\n"                                                                 \
	"cbz %[lane], " none "\n"                                                                  \
	"ldr %w[nr], [%[lane], #24]\n"                                                             \
	"subs %w[nr], %w[nr], #1\n"                                                                \
	"b.lo " none "\n"                                                                          \
	"add %[object], %[lane], %[nr], lsl #3\n"                                                  \
	"ldr %[object], [%[object], #32]\n"                                                        \
	"str %w[nr], [%[lane], #24]\n"                                                             \
	"2:\n"

#define RSEQ_POP_OBJECT "=&r"

/* As above; a subtraction without borrow sets the carry. The branches reach 1 MiB: this section. */
#define RSEQ_POP_FLAG                                                                              \
	RSEQ_POP("5f")                                                                             \
	"6:\n"                                                                                     \
	".subsection 1\n"                                                                          \
	"5:\n"                                                                                     \
	"cmn wzr, wzr\n"                                                                           \
	"b 6b\n"                                                                                   \
	".previous\n"
#define RSEQ_FLAG_NONE "=@cclo"

static inline bool rseq_push(size_t slot, void *object)
{
	__asm__ goto(RSEQ_ENTER_OR_GOTO "ldr x9, [x9]\n"
					"cbz x9, %l[none]\n"
					"ldr w10, [x9, #24]\n"
					"ldrh w11, [x9, #28]\n"
					"cmp w10, w11\n"
					"b.hs %l[none]\n"
					"add x11, x9, x10, lsl #3\n"
					"str %[object], [x11, #32]\n"
					"add w10, w10, #1\n"
					"str w10, [x9, #24]\n"
					"2:\n"
		     :
		     : [object] "r"(object), RSEQ_INPUTS
		     : "memory", "cc", "x9", "x10", "x11"
		     : none);
	return true;
none:
	return false;
}

/* The store-exclusive ends the sequence; if it fails the sequence begins again. */
static inline struct lane *rseq_take(size_t slot, struct slab_sheaf **main)
{
	size_t lane, failed;
	struct slab_sheaf *sheaf = NULL;

	__asm__ __volatile__(RSEQ_ENTER "ldaxr %[sheaf], [%[lane]]\n"
					"stlxr %w[failed], xzr, [%[lane]]\n"
					"2:\n"
					"cbnz %w[failed], 0b\n"
					"b 6f\n"
					"5:\n"
					"mov %[lane], #0\n"
					"mov %[sheaf], #0\n"
					"6:\n"
			     : [lane] "=&r"(lane), [sheaf] "=&r"(sheaf), [failed] "=&r"(failed)
			     : RSEQ_INPUTS
			     : "memory", "cc");
	*main = sheaf;
	return (struct lane *)lane;
}

/*
 * Here and below the slab is read with acquire and before the rest: another CPU may open the gate
 * (cpuslab.c), and stores the slab last.
 */
static inline void *rseq_pop_chain(size_t slot, size_t offset)
{
	size_t lane, x;
	void *object;

	__asm__ __volatile__(RSEQ_ENTER "add %[x], %[lane], #16\n"
					"ldar %[x], [%[x]]\n"
					"cbz %[x], 5f\n"
					"ldr %[object], [%[lane], #0]\n"
					"cbz %[object], 6f\n"
					"ldr %[x], [%[lane], #8]\n"
					"add %[x], %[x], #1\n"
					"str %[x], [%[lane], #8]\n"
					"ldr %[x], [%[object], %[at]]\n"
					"str %[x], [%[lane], #0]\n"
					"2:\n"
					"b 6f\n"
					"5:\n"
					"mov %[object], #0\n"
					"6:\n"
			     : [lane] "=&r"(lane), [object] "=&r"(object), [x] "=&r"(x)
			     : [at] "r"(offset), RSEQ_INPUTS
			     : "memory", "cc");
	return object;
}

static inline bool rseq_push_chain(size_t slot, const struct frame *slab, void *object,
				   size_t offset)
{
	size_t lane, x;

	__asm__ __volatile__(RSEQ_ENTER "add %[x], %[lane], #16\n"
					"ldar %[x], [%[x]]\n"
					"cmp %[x], %[slab]\n"
					"b.ne 5f\n"
					"ldr %[x], [%[lane], #8]\n"
					"add %[x], %[x], #1\n"
					"str %[x], [%[lane], #8]\n"
					"ldr %[x], [%[lane], #0]\n"
					"str %[x], [%[object], %[at]]\n"
					"str %[object], [%[lane], #0]\n"
					"2:\n"
					"mov %[lane], #1\n"
					"b 6f\n"
					"5:\n"
					"mov %[lane], #0\n"
					"6:\n"
			     : [lane] "=&r"(lane), [x] "=&r"(x)
			     : [slab] "r"(slab), [object] "r"(object), [at] "r"(offset), RSEQ_INPUTS
			     : "memory", "cc");
	return lane;
}

static inline bool rseq_change(size_t slot, const struct rseq_change *c)
{
	size_t lane, x, y;

	__asm__ __volatile__(RSEQ_ENTER "ldr %[x], [%[c], #0]\n"
					"cmp %[x], %[lane]\n"
					"b.ne 5f\n"
					"ldr %[x], [%[c], #24]\n"
					"add %[y], %[lane], #16\n"
					"ldar %[y], [%[y]]\n"
					"cmp %[x], %[y]\n"
					"b.ne 5f\n"
					"ldr %[x], [%[c], #8]\n"
					"ldr %[y], [%[lane], #0]\n"
					"cmp %[x], %[y]\n"
					"b.ne 5f\n"
					"ldr %[x], [%[c], #16]\n"
					"ldr %[y], [%[lane], #8]\n"
					"cmp %[x], %[y]\n"
					"b.ne 5f\n"
					"add %[x], %[x], #1\n"
					"str %[x], [%[lane], #8]\n"
					"ldr %[x], [%[c], #32]\n"
					"str %[x], [%[lane], #0]\n"
					"2:\n"
					"mov %[lane], #1\n"
					"b 6f\n"
					"5:\n"
					"mov %[lane], #0\n"
					"6:\n"
			     : [lane] "=&r"(lane), [x] "=&r"(x), [y] "=&r"(y)
			     : [c] "r"(c), RSEQ_INPUTS
			     : "memory", "cc");
	return lane;
}

static inline bool rseq_close(size_t slot, struct cpu_slab *where)
{
	size_t lane;

	__asm__ __volatile__(RSEQ_ENTER "cmp %[where], %[lane]\n"
					"b.ne 5f\n"
					"str xzr, [%[lane], #16]\n"
					"2:\n"
					"mov %[lane], #1\n"
					"b 6f\n"
					"5:\n"
					"mov %[lane], #0\n"
					"6:\n"
			     : [lane] "=&r"(lane)
			     : [where] "r"(where), RSEQ_INPUTS
			     : "memory", "cc");
	return lane;
}

#else

static inline void *rseq_pop_chain(size_t slot, size_t offset)
{
	(void)slot;
	(void)offset;
	return NULL;
}

static inline bool rseq_push_chain(size_t slot, const struct frame *slab, void *object,
				   size_t offset)
{
	(void)slot;
	(void)slab;
	(void)object;
	(void)offset;
	return false;
}

static inline bool rseq_change(size_t slot, const struct rseq_change *c)
{
	(void)slot;
	(void)c;
	return false;
}

static inline bool rseq_close(size_t slot, struct cpu_slab *where)
{
	(void)slot;
	(void)where;
	return false;
}

static inline void *rseq_pop(size_t slot)
{
	(void)slot;
	return NULL;
}

static inline bool rseq_push(size_t slot, void *object)
{
	(void)slot;
	(void)object;
	return false;
}

static inline struct lane *rseq_take(size_t slot, struct slab_sheaf **main)
{
	(void)slot;
	*main = NULL;
	return NULL;
}

#endif

#if RSEQ_POSSIBLE

/*
 * The object freed last on this CPU, or NULL: nothing at hand. Neither way the usual case has a
 * jump or a comparison for that, but what the compiler can make of it: gcc before 12.4 and 13.3
 * may lose an output of asm goto (its bug 113921), clang makes a byte and two tests of a flag.
 */
static inline void *rseq_pop(size_t slot)
{
	void *object;
	size_t lane, nr;

#ifdef __clang__
	__asm__ goto(RSEQ_POP("%l[none]")
		     : [object] RSEQ_POP_OBJECT(object), [lane] "=&r"(lane), [nr] "=&r"(nr)
		     : RSEQ_INPUTS
		     : "memory", "cc"
		     : none);
#else
	bool is_none;

	__asm__ __volatile__(RSEQ_POP_FLAG
			     : [object] RSEQ_POP_OBJECT(object), [lane] "=&r"(lane), [nr] "=&r"(nr),
			       RSEQ_FLAG_NONE(is_none)
			     : RSEQ_INPUTS
			     : "memory");
	if (is_none)
		goto none;
#endif
	if (!object)
		__builtin_unreachable();
	return object;
none:
	return NULL;
}

#endif
#endif
