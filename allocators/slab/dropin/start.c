// SPDX-License-Identifier: MIT
/* Booting with SLAB_OPTIONS, and memory until that is done. See start.h. */
#include "start.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "allocators/slab/report.h"
#include "allocators/slab/slab.h"
#include "allocators/slab/text.h"
#include "token_stats.h"

#define OPTIONS_BYTES 2048u

#define PATH_BYTES 512u

#define EARLY_BYTES 65536u
#define EARLY_ALIGN 16u

static __thread bool starting __attribute__((tls_model("initial-exec")));

static SPARSE char early[EARLY_BYTES] __attribute__((aligned(EARLY_ALIGN)));
static SPARSE char refused[512]; /* what was wrong with SLAB_OPTIONS */
static size_t early_used;	 /* may run past the end */

void *start_alloc(size_t size)
{
	size_t bytes, at;
	char *p;

	if (!starting || size > EARLY_BYTES - EARLY_ALIGN)
		return NULL;
	bytes = EARLY_ALIGN + align_up(size, EARLY_ALIGN);
	at = __atomic_fetch_add(&early_used, bytes, __ATOMIC_RELAXED);
	if (at > EARLY_BYTES - bytes)
		return NULL;
	p = early + at + EARLY_ALIGN;
	memcpy(p - EARLY_ALIGN, &size, sizeof(size));
	return p;
}

size_t start_bytes(const void *p)
{
	size_t size;

	if ((uintptr_t)p - (uintptr_t)early >= EARLY_BYTES)
		return 0;
	memcpy(&size, (const char *)p - EARLY_ALIGN, sizeof(size));
	return max_size(size, 1);
}

/* One line on fd 2; kept for slab_malloc_error(). */
static void complain(const char *what)
{
	char buf[1024];
	struct text t;

	text_init(&t, refused, sizeof(refused));
	text_str(&t, what);
	text_init(&t, buf, sizeof(buf));
	text_format(&t, "libslab-malloc: SLAB_OPTIONS: %s; the defaults are used\n", refused);
	report_emit(&t);
}

const char *slab_malloc_error(void)
{
	return refused;
}

/* @options is empty at first. */
static void read_options(char *options, size_t len)
{
	const char *value;

	if (getauxval(AT_SECURE))
		return;
	value = getenv("SLAB_OPTIONS");
	if (value && strlen(value) >= len)
		complain("longer than 2000 characters");
	else if (value)
		strcpy(options, value);
}

static int boot_with(const char *options)
{
	int err = slab_boot(options);

	if (err != -EINVAL)
		return err;
	complain(slab_boot_error());
	return slab_boot(START_DEFAULTS START_ALWAYS);
}

/* With stats=1 libslab has no fast paths, and those of the drop-in find nothing to take. */
#define COUNTING ",stats=1"

static int boot_counted(char *options, const char *path)
{
	int err;

	err = boot_with(strcat(options, COUNTING));
	if (!err && token_stats_open(path))
		complain("the file of token_stats cannot be written, so nothing is counted");
	return err;
}

static int boot(void)
{
	char options[OPTIONS_BYTES] = START_DEFAULTS, path[PATH_BYTES];
	size_t prefix = strlen(options);

	read_options(options + prefix,
		     sizeof(options) - prefix - strlen(START_ALWAYS) - strlen(COUNTING));
	if (!token_stats_option(options, path, sizeof(path)))
		complain("the path of token_stats is too long, so nothing is counted");
	strcat(options, START_ALWAYS);
	return *path ? boot_counted(options, path) : boot_with(options);
}

bool start_slow(void)
{
	int saved = errno, err;

	if (starting)
		return false;
	starting = true;
	err = boot();
	starting = false;
	errno = saved;
	return !err || err == -EBUSY;
}

#if !DROPIN_RENAMED
DROPIN_API void *malloc(size_t size);

/*
 * Or the first call may be one of libslab's own, which would start it with other options. Not where
 * the program has another malloc, as with ThreadSanitizer, which is not ready for calls of mmap().
 */
static __attribute__((constructor)) void start_at_last(void)
{
	if (dlsym(RTLD_DEFAULT, "malloc") == (void *)malloc)
		start_ensure();
}
#endif
