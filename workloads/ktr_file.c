// SPDX-License-Identifier: MIT
/* Reading a trace's bytes, plain or packed. Assumes a regular file, so that reading has an end. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "ktr_file.h"

#define SHOWN_BYTES 96

struct ktr_packed {
	ZSTD_DCtx *zstd;
	ZSTD_inBuffer in;
	size_t left_in_frame; /* zstd's hint: 0 between two frames */
	unsigned char buffer[1 << 17];
};

/* The end of a long path, so that the sentence behind it keeps its room. */
static const char *shown(const char *path)
{
	size_t len = strlen(path);

	return len > SHOWN_BYTES ? path + len - SHOWN_BYTES : path;
}

int ktr_file_refuse(const struct ktr_file *f, const char *fmt, ...)
{
	int len = snprintf(f->why, f->why_len, "trace '%s' ", shown(f->path));
	va_list ap;

	va_start(ap, fmt);
	if (len >= 0 && (size_t)len < f->why_len)
		vsnprintf(f->why + len, f->why_len - len, fmt, ap);
	va_end(ap);
	return -1;
}

static ssize_t read_some(const struct ktr_file *f, void *to, size_t bytes)
{
	ssize_t got;

	do
		got = read(f->fd, to, bytes);
	while (got < 0 && errno == EINTR);
	return got < 0 ? ktr_file_refuse(f, "cannot be read: %s", strerror(errno)) : got;
}

static int refill(const struct ktr_file *f)
{
	struct ktr_packed *p = f->packed;
	ssize_t got = read_some(f, p->buffer, sizeof(p->buffer));

	if (got < 0)
		return -1;
	p->in = (ZSTD_inBuffer){ .src = p->buffer, .size = (size_t)got };
	return 0;
}

/* One step: refill if nothing is left, unpack what there is. 1: the file ends here. */
static int step(const struct ktr_file *f, ZSTD_outBuffer *out)
{
	struct ktr_packed *p = f->packed;
	size_t before = out->pos;

	if (p->in.pos == p->in.size && refill(f))
		return -1;
	if (p->in.size == 0 && p->left_in_frame == 0)
		return 1;
	p->left_in_frame = ZSTD_decompressStream(p->zstd, out, &p->in);
	if (ZSTD_isError(p->left_in_frame))
		return ktr_file_refuse(f, "is damaged: zstd says '%s'",
				       ZSTD_getErrorName(p->left_in_frame));
	if (p->in.size == 0 && out->pos == before)
		return ktr_file_refuse(f, "is cut: it ends inside its packed data");
	return 0;
}

static ssize_t take_packed(const struct ktr_file *f, void *to, size_t bytes)
{
	ZSTD_outBuffer out = { .dst = to, .size = bytes };
	int state = 0;

	while (!state && out.pos < out.size)
		state = step(f, &out);
	return state < 0 ? -1 : (ssize_t)out.pos;
}

static ssize_t take_plain(const struct ktr_file *f, void *to, size_t bytes)
{
	size_t at = 0;

	while (at < bytes) {
		ssize_t got = read_some(f, (char *)to + at, bytes - at);

		if (got < 0)
			return -1;
		if (got == 0)
			break;
		at += (size_t)got;
	}
	return (ssize_t)at;
}

ssize_t ktr_file_take(struct ktr_file *f, void *to, size_t bytes)
{
	return f->packed ? take_packed(f, to, bytes) : take_plain(f, to, bytes);
}

/* A frame of zstd, or one that it skips, begins with these numbers. */
static bool is_packed(const unsigned char *m)
{
	uint32_t magic = m[0] | (uint32_t)m[1] << 8 | (uint32_t)m[2] << 16 | (uint32_t)m[3] << 24;

	return magic == ZSTD_MAGICNUMBER ||
	       (magic & ZSTD_MAGIC_SKIPPABLE_MASK) == ZSTD_MAGIC_SKIPPABLE_START;
}

static int begin_packed(struct ktr_file *f)
{
	f->packed = calloc(1, sizeof(*f->packed));
	if (f->packed)
		f->packed->zstd = ZSTD_createDCtx();
	if (!f->packed || !f->packed->zstd)
		return ktr_file_refuse(f, "cannot be unpacked: out of memory");
	ZSTD_DCtx_setParameter(f->packed->zstd, ZSTD_d_windowLogMax, KTR_WINDOW_LOG);
	return 0;
}

int ktr_file_open(struct ktr_file *f, const char *path, char *why, size_t why_len)
{
	unsigned char magic[4] = { 0 };
	struct stat st;

	*f = (struct ktr_file){ .path = path, .why = why, .why_len = why_len };
	/* Without O_NONBLOCK a FIFO would hold us here before it can be refused. */
	f->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (f->fd < 0 || fstat(f->fd, &st))
		return ktr_file_refuse(f, "cannot be opened: %s", strerror(errno));
	if (!S_ISREG(st.st_mode))
		return ktr_file_refuse(f, "is not a regular file");
	if (pread(f->fd, magic, sizeof(magic), 0) < 0)
		return ktr_file_refuse(f, "cannot be read: %s", strerror(errno));
	return is_packed(magic) ? begin_packed(f) : 0;
}

void ktr_file_close(struct ktr_file *f)
{
	if (f->packed)
		ZSTD_freeDCtx(f->packed->zstd);
	free(f->packed);
	f->packed = NULL;
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}
