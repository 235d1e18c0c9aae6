/* SPDX-License-Identifier: MIT */
/*
 * An object changes hands: one thread writes into it and passes its address on, the other reads it
 * and frees it, which writes the free list's link into the same word (the contract at the top of
 * slab.h). Stores to different words may reach memory in any order, loads may be made early.
 * RELEASE: the address is stored after what was written before it. ACQUIRE: what follows the load
 * of the address is loaded after it.
 *
 * Without release the first thread's data may land on the link: the free list is corrupt, though
 * neither the users nor the allocator wrote anything wrong.
 *
 * run: -DRELEASE -DACQUIRE holds
 * run: -DACQUIRE fails
 * run: -DRELEASE fails
 */

#define GARBAGE 0
#define DATA	1
#define LINK	2
#define EMPTY	255

byte word = GARBAGE;
bool passed = false;
byte buffered = EMPTY; /* the first thread's store buffer for the word */
byte seen = EMPTY;
bool freed = false;

active proctype drain() {
	(buffered != EMPTY);
	atomic { word = buffered; buffered = EMPTY }
}

active proctype owner() {
	buffered = DATA;
#ifdef RELEASE
	(buffered == EMPTY);
#endif
	passed = true
}

active proctype freer() {
	byte early = word;

	(passed);
#ifdef ACQUIRE
	seen = word;
#else
	if
	:: seen = word
	:: seen = early
	fi;
#endif
	word = LINK;
	freed = true
}

/* When all is quiet. */
active proctype judge() {
	(freed && buffered == EMPTY);
	assert(seen == DATA);
	assert(word == LINK)
}
