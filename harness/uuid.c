// SPDX-License-Identifier: MIT
/* UUIDv7 from the wall clock and the kernel's random numbers. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "lib/die.h"
#include "uuid.h"

void uuid_format(char text[UUID_TEXT], uint64_t unix_ms, const uint8_t random[10])
{
	uint8_t b[16];
	char *at = text;

	for (int i = 0; i < 6; i++)
		b[i] = (uint8_t)(unix_ms >> (40 - 8 * i));
	memcpy(b + 6, random, 10);
	b[6] = (b[6] & 0x0f) | 0x70;
	b[8] = (b[8] & 0x3f) | 0x80;
	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*at++ = '-';
		at += sprintf(at, "%02x", b[i]);
	}
}

void uuid_make(char text[UUID_TEXT])
{
	struct timespec now;
	uint8_t random[10];

	clock_gettime(CLOCK_REALTIME, &now);
	while (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		if (errno != EINTR)
			die(EXIT_STORAGE, "the kernel gives no random numbers: %s",
			    strerror(errno));
	uuid_format(text, (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000, random);
}
