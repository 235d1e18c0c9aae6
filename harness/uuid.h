/* SPDX-License-Identifier: MIT */
/*
 * UUID version 7 (RFC 9562, 5.7): 48 bits of unix milliseconds, then 74 random bits. Runs sort by
 * time and two databases can be merged without a clash. Any thread.
 */
#ifndef HARNESS_UUID_H
#define HARNESS_UUID_H

#include <stdint.h>

#define UUID_TEXT 37 /* 36 characters and the end */

/* A new one, lower case. */
void uuid_make(char text[UUID_TEXT]);
/* The one with these bits, for tests. Only 74 of the random bits are used. */
void uuid_format(char text[UUID_TEXT], uint64_t unix_ms, const uint8_t random[10]);

#endif
