// SPDX-License-Identifier: MIT
/* Unwinding by libgcc's tables, names by dladdr(). See kfence_stack.h. */
#include "kfence_stack.h"

#include <dlfcn.h>
#include <string.h>
#include <unwind.h>

#include "lib/bits.h"
#include "lib/random.h"

#define HASH_DEPTH 8u

struct walk {
	struct kfence_stack *stack;
	uintptr_t from;
};

static _Unwind_Reason_Code visit(struct _Unwind_Context *context, void *arg)
{
	struct walk *w = arg;
	struct kfence_stack *stack = w->stack;
	uintptr_t address = _Unwind_GetIP(context);

	if (!stack->nr && address != w->from)
		return _URC_NO_REASON;
	if (!address || stack->nr == KFENCE_STACK_DEPTH)
		return _URC_END_OF_STACK;
	stack->frames[stack->nr++] = address;
	return _URC_NO_REASON;
}

void kfence_stack_save(struct kfence_stack *stack, const void *from)
{
	struct walk w = { stack, (uintptr_t)from };

	stack->nr = 0;
	_Unwind_Backtrace(visit, &w);
	if (!stack->nr)
		stack->frames[stack->nr++] = w.from;
}

uint64_t kfence_stack_hash(const struct kfence_stack *stack, uint64_t seed)
{
	uint64_t hash = seed;

	for (unsigned int i = 0; i < min_size(stack->nr, HASH_DEPTH); i++) {
		hash ^= stack->frames[i];
		hash = random_mix(&hash);
	}
	return hash;
}

static void offset(struct text *t, const char *name, uintptr_t bytes)
{
	text_str(t, name);
	text_str(t, "+");
	text_ptr(t, (void *)bytes);
}

void kfence_stack_symbol(struct text *t, uintptr_t address)
{
	const char *slash;
	Dl_info info;

	if (!dladdr((void *)address, &info)) {
		text_ptr(t, (void *)address);
		return;
	}
	slash = strrchr(info.dli_fname, '/');
	if (info.dli_sname)
		offset(t, info.dli_sname, address - (uintptr_t)info.dli_saddr);
	else
		offset(t, slash ? slash + 1 : info.dli_fname, address - (uintptr_t)info.dli_fbase);
}
