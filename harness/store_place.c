// SPDX-License-Identifier: MIT
/*
 * Where a database may lie. WAL needs memory that all processes share and locks that hold, so a
 * file system that other hosts mount as well is refused.
 */
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "lib/bits.h"
#include "lib/die.h"
#include "store_parts.h"

/* f_type values from statfs(2). */
static const struct {
	unsigned int magic;
	const char *name;
} shared[] = {
	{ 0x6969, "NFS" },	 { 0x517b, "SMB" },	   { 0xff534d42, "CIFS" },
	{ 0xfe534d42, "SMB2" },	 { 0x5346414f, "AFS" },	   { 0x73757245, "Coda" },
	{ 0x00c36400, "Ceph" },	 { 0x0bd00bd0, "Lustre" }, { 0x47504653, "GPFS" },
	{ 0x7461636f, "OCFS2" }, { 0x01161970, "GFS2" },   { 0x19830326, "BeeGFS" },
};

void store_place_directory(const char *path, char *dir, size_t len)
{
	char copy[4096];

	snprintf(copy, sizeof(copy), "%s", path);
	snprintf(dir, len, "%s", dirname(copy));
}

const char *store_place_shared(long f_type)
{
	for (size_t i = 0; i < ARRAY_SIZE(shared); i++)
		if ((unsigned int)f_type == shared[i].magic)
			return shared[i].name;
	return NULL;
}

static void refuse_shared(const char *path, const char *dir)
{
	struct statfs fs;

	if (statfs(dir, &fs))
		die(EXIT_STORAGE, "cannot use %s: %s; give another file with --db", path,
		    strerror(errno));
	if (store_place_shared(fs.f_type))
		die(EXIT_STORAGE,
		    "%s is on %s, where SQLite's write-ahead log is not safe; give a file on a "
		    "local disk with --db",
		    path, store_place_shared(fs.f_type));
}

void store_place_refuse(const char *path)
{
	struct stat st;
	char dir[4096];

	store_place_directory(path, dir, sizeof(dir));
	if (stat(dir, &st))
		die(EXIT_STORAGE,
		    "no directory for the database: %s: %s; make it (mkdir -p %s) or "
		    "give another file with --db",
		    dir, strerror(errno), dir);
	refuse_shared(path, dir);
	if (stat(path, &st))
		return;
	if (S_ISDIR(st.st_mode))
		die(EXIT_STORAGE, "%s is a directory; give a file with --db", path);
	if (!S_ISREG(st.st_mode))
		die(EXIT_STORAGE, "%s is not a regular file; give another one with --db", path);
	if (st.st_size > 0 && st.st_size < 512) /* the smallest page */
		die(EXIT_STORAGE,
		    "%s is not a SQLite database; it is left as it is, give another "
		    "file with --db",
		    path);
	if (st.st_size == 0)
		die(EXIT_STORAGE,
		    "%s is an empty file, not a database; remove it or give another "
		    "one with --db",
		    path);
}
