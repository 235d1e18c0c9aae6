/* SPDX-License-Identifier: MIT */
/*
 * The names under which the drop-in is seen. A build with a sanitizer has that sanitizer's malloc
 * already; there each entry point is called slab_NAME instead, so that the same code can be tested
 * under it (SAN=address, SAN=thread). The C++ operators and __libc_malloc() and its kind have no
 * such names and are left out there.
 */
#ifndef SLAB_DROPIN_NAMES_H
#define SLAB_DROPIN_NAMES_H

#include "lib/sanitizers.h"

#define DROPIN_API __attribute__((visibility("default")))

#define DROPIN_RENAMED (UNDER_ASAN || UNDER_TSAN)

#if DROPIN_RENAMED
#define DROPIN_NAME(name) slab_##name
#else
#define DROPIN_NAME(name) name
#endif

#endif
