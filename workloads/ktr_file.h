/* SPDX-License-Identifier: MIT */
/*
 * The bytes of a trace file one after another, unpacked on the way if zstd packed them. What the
 * file begins with decides, not its name. Memory is bounded by KTR_WINDOW_LOG whatever the file
 * says. One thread; every refusal is a sentence in the caller's buffer.
 */
#ifndef WORKLOADS_KTR_FILE_H
#define WORKLOADS_KTR_FILE_H

#include <stddef.h>
#include <sys/types.h>

#define KTR_WINDOW_LOG 27 /* what the recorder's `zstd --long=27` needs */

struct ktr_packed;

struct ktr_file {
	int fd;
	struct ktr_packed *packed; /* NULL: the file is plain */
	const char *path;
	char *why; /* where sentences go */
	size_t why_len;
};

/* Returns 0, or -1 with the reason in @why; ktr_file_close() is due in both cases. */
int ktr_file_open(struct ktr_file *f, const char *path, char *why, size_t why_len);
void ktr_file_close(struct ktr_file *f);

/* Up to @bytes, fewer only at the end of the file; -1 with the reason said. */
ssize_t ktr_file_take(struct ktr_file *f, void *to, size_t bytes);

/* Say "trace 'PATH' SENTENCE"; returns -1. */
__attribute__((format(printf, 2, 3))) int ktr_file_refuse(const struct ktr_file *f, const char *fmt,
							  ...);

#endif
