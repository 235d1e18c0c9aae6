// SPDX-License-Identifier: MIT
/*
 * operator new: memory, or the handler, or an exception. Nothing of C++ is linked; a new that finds
 * no memory looks for the program's own C++ library. No state, no lock. See new.h.
 */
#include "new.h"

#include <dlfcn.h>

#include "allocators/slab/report.h"
#include "home.h"
#include "lib/bits.h"

/* Also where the library was loaded for some plug-in alone. */
static void *lookup(void *first, const char *symbol)
{
	static const char *const libraries[] = { "libstdc++.so.6", "libc++abi.so.1",
						 "libc++.so.1" };
	void *found = dlsym(first, symbol);

	for (size_t i = 0; !found && i < ARRAY_SIZE(libraries); i++) {
		void *library = dlopen(libraries[i], RTLD_LAZY | RTLD_NOLOAD);

		found = library ? dlsym(library, symbol) : NULL;
		if (library)
			dlclose(library);
	}
	return found;
}

/* std::get_new_handler(), and what it gives. */
static void (*current_handler(void))(void)
{
	void (*(*get)(void))(void);

	*(void **)&get = lookup(RTLD_DEFAULT, "_ZSt15get_new_handlerv");
	return get ? get() : NULL;
}

/* std::__throw_bad_alloc() of libstdc++ or of libc++. */
static void throw_bad_alloc(void)
{
	void (*throw)(void);

	*(void **)&throw = lookup(RTLD_DEFAULT, "_ZSt17__throw_bad_allocv");
	if (!throw)
		*(void **)&throw = lookup(RTLD_DEFAULT, "_ZNSt3__117__throw_bad_allocEv");
	if (throw)
		throw();
	report_mistake("operator new",
		       " found no memory, and no C++ library to throw std::bad_alloc; link one, "
		       "or use the nothrow form");
}

static __attribute__((noinline)) void *insist(size_t align, size_t size, struct kmalloc_token t)
{
	void *p = NULL;

	while (!p) {
		void (*handler)(void) = current_handler();

		if (!handler)
			throw_bad_alloc();
		handler();
		p = dropin_aligned(align, size, t);
	}
	return p;
}

void *dropin_new_aligned(size_t align, size_t size, struct kmalloc_token t)
{
	void *p = dropin_aligned(align, size, t);

	return likely(p) ? p : insist(align, size, t);
}

/*
 * No C can catch what a handler throws, so the library's own form is asked: it calls the plain
 * operator, which is this one again, and catches.
 */
static __attribute__((noinline)) void *catching(size_t align, size_t size)
{
	void *(*plain)(size_t, const void *), *(*aligned)(size_t, size_t, const void *);
	char nothrow = 0;

	if (!current_handler())
		return NULL;
	if (align <= DROPIN_NEW_ALIGN) {
		*(void **)&plain = lookup(RTLD_NEXT, "_ZnwmRKSt9nothrow_t");
		return plain ? plain(size, &nothrow) : NULL;
	}
	*(void **)&aligned = lookup(RTLD_NEXT, "_ZnwmSt11align_val_tRKSt9nothrow_t");
	return aligned ? aligned(size, align, &nothrow) : NULL;
}

/* The library's own form knows no token. */
void *dropin_new_aligned_nothrow(size_t align, size_t size, struct kmalloc_token t)
{
	void *p = dropin_aligned(align, size, t);

	if (likely(p))
		return p;
	p = catching(align, size);
	if (!p || home_is(p, t))
		return p;
	dropin_free(p);
	return dropin_aligned(align, size, t);
}
