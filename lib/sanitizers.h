/* SPDX-License-Identifier: MIT */
/*
 * Which sanitizer this is built with: UNDER_TSAN and UNDER_ASAN are 1 or 0. gcc and clang define a
 * macro for each; older clangs only answer __has_feature(). MAY_READ_ANYTHING is for the few that
 * read on purpose what is not theirs.
 */
#ifndef LIB_SANITIZERS_H
#define LIB_SANITIZERS_H

#if defined(__SANITIZE_THREAD__)
#define UNDER_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define UNDER_TSAN 1
#endif
#endif
#ifndef UNDER_TSAN
#define UNDER_TSAN 0
#endif

/* A function whose reads may meet writes of any kind, and which takes no value at its word. */
#if UNDER_TSAN
#define MAY_READ_ANYTHING __attribute__((no_sanitize("thread"), noinline))
#else
#define MAY_READ_ANYTHING
#endif

#if defined(__SANITIZE_ADDRESS__)
#define UNDER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNDER_ASAN 1
#endif
#endif
#ifndef UNDER_ASAN
#define UNDER_ASAN 0
#endif

#endif
