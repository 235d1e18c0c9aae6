/* SPDX-License-Identifier: MIT */
/*
 * A slab gets its extensions late: one thread writes frame.stride, then publishes frame.obj_exts;
 * another sees obj_exts and steps through the vector with the stride (exts.c). Memory reorders
 * stores to different words: each thread has a store buffer with a cell for each word, and the
 * cells reach memory in any order (PSO, weaker than x86's TSO). RELEASE: a store of obj_exts waits
 * until the cells before it have drained. Loads may be reordered, too: without ACQUIRE the reader
 * may fetch the stride before it fetches obj_exts. Two writers, because two threads may come with
 * a vector; the compare and exchange of obj_exts is atomic and the second loses.
 *
 * RIGHT_ORDER: the stride is written first. Without it: DEFECT_STRIDE_LATE of fault.h.
 *
 * run: -DRIGHT_ORDER -DRELEASE -DACQUIRE holds
 * run: -DRIGHT_ORDER -DACQUIRE fails
 * run: -DRIGHT_ORDER -DRELEASE fails
 * run: -DRELEASE -DACQUIRE fails
 */

#define NONE   0
#define STRIDE 8
#define NR_WRITERS 2

/* Memory. */
byte stride = 0;
byte obj_exts = NONE;

/* The writers' store buffers; 255: nothing buffered. */
#define EMPTY 255
byte buffered_stride[NR_WRITERS];
byte nr_done = 0;

inline store_stride(me) {
	buffered_stride[me] = STRIDE
}

/* Publication reads and writes memory at once, as a compare and exchange does. */
inline publish(me) {
#ifdef RELEASE
	(buffered_stride[me] == EMPTY);
#endif
	atomic {
		if
		:: obj_exts == NONE -> obj_exts = me + 1
		:: else -> skip
		fi
	}
}

/* The hardware: takes a buffered store to memory whenever it likes. */
active proctype drain() {
	byte w;

end:	do
	:: atomic { buffered_stride[0] != EMPTY -> stride = buffered_stride[0]; buffered_stride[0] = EMPTY }
	:: atomic { buffered_stride[1] != EMPTY -> stride = buffered_stride[1]; buffered_stride[1] = EMPTY }
	od
}

proctype writer(byte me) {
#ifdef RIGHT_ORDER
	store_stride(me);
	publish(me);
#else
	publish(me);
	store_stride(me);
#endif
}

proctype reader() {
	byte exts, step;

#ifdef ACQUIRE
	exts = obj_exts;
	step = stride;
#else
	if
	:: exts = obj_exts; step = stride
	:: step = stride; exts = obj_exts
	fi;
#endif
	assert(exts == NONE || step == STRIDE)
}

init {
	atomic {
		buffered_stride[0] = EMPTY;
		buffered_stride[1] = EMPTY;
		run writer(0);
		run writer(1);
		run reader()
	}
}
