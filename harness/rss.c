// SPDX-License-Identifier: MIT
/* /proc/PID/statm for samples, VmHWM for the peak between them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rss.h"

static bool read_statm(const struct rss *r, uint64_t *resident, uint64_t *shared)
{
	unsigned long pages[3];
	char text[128];
	ssize_t n = pread(r->statm, text, sizeof(text) - 1, 0);

	if (n <= 0)
		return false;
	text[n] = '\0';
	if (sscanf(text, "%lu %lu %lu", &pages[0], &pages[1], &pages[2]) != 3)
		return false;
	*resident = pages[1] * (uint64_t)sysconf(_SC_PAGESIZE);
	*shared = pages[2] * (uint64_t)sysconf(_SC_PAGESIZE);
	return true;
}

static void restart_peak(pid_t pid)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/clear_refs", pid);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (write(fd, "5", 1) != 1)
		errno = 0; /* then the peak includes the set-up: never too low */
	close(fd);
}

int rss_open(struct rss *r, pid_t pid)
{
	char path[64];
	uint64_t resident;

	snprintf(path, sizeof(path), "/proc/%d/statm", pid);
	r->pid = pid;
	r->statm = open(path, O_RDONLY | O_CLOEXEC);
	if (r->statm < 0)
		return -errno;
	if (!read_statm(r, &resident, &r->shared_bytes)) {
		rss_close(r);
		return -ESRCH;
	}
	restart_peak(pid);
	return 0;
}

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

uint64_t rss_held(const struct rss *r)
{
	uint64_t resident, shared;

	if (!read_statm(r, &resident, &shared))
		return 0;
	/* A workload may have unmapped a file since: then less than all of it is still in resident.
	 */
	return less(resident, shared < r->shared_bytes ? shared : r->shared_bytes);
}

uint64_t rss_peak(const struct rss *r)
{
	char path[64], line[256];
	unsigned long kib = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", r->pid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "VmHWM: %lu", &kib) == 1)
			break;
	fclose(f);
	return less(kib * 1024ul, r->shared_bytes);
}

void rss_close(struct rss *r)
{
	if (r->statm >= 0)
		close(r->statm);
	r->statm = -1;
}
