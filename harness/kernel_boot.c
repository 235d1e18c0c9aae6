// SPDX-License-Identifier: MIT
/* How the kernel that runs was booted, as far as slabs follow from it. See kernel_caches.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "kernel_caches.h"
#include "machine.h"

/* The last number of a list such as "0-3,8". */
static unsigned int last_of(const char *list)
{
	const char *p = list + strlen(list);

	while (p > list && p[-1] >= '0' && p[-1] <= '9')
		p--;
	return (unsigned int)strtoul(p, NULL, 10);
}

unsigned int kernel_cpus(void)
{
	char list[256];
	int present = 0;

	if (!machine_line("", "/sys/devices/system/cpu/present", list, sizeof(list)))
		present = machine_list_count(list);
	if (present > 1)
		return (unsigned int)present;
	if (!machine_line("", "/sys/devices/system/cpu/possible", list, sizeof(list)))
		return last_of(list) + 1;
	return 1;
}

bool kernel_is_before_7(void)
{
	struct utsname u;

	return !uname(&u) && strtol(u.release, NULL, 10) < 7;
}

/* The word of the kernel's command line that begins with slab_@name or slub_@name; NULL: none. */
static char *find_word(const char *name)
{
	static char line[4096];
	char prefix[2][64], *word, *rest = line;

	snprintf(prefix[0], sizeof(prefix[0]), "slab_%s", name);
	snprintf(prefix[1], sizeof(prefix[1]), "slub_%s", name);
	machine_line("", "/proc/cmdline", line, sizeof(line));
	while ((word = strsep(&rest, " ")))
		for (int i = 0; i < 2; i++)
			if (!strncmp(word, prefix[i], strlen(prefix[i])))
				return word + strlen(prefix[i]);
	return NULL;
}

unsigned int kernel_parameter(const char *name, unsigned int usual)
{
	const char *value = find_word(name);

	return value && *value == '=' ? (unsigned int)strtoul(value + 1, NULL, 0) : usual;
}

bool kernel_nomerge(void)
{
	const char *rest = find_word("nomerge");

	return rest && !*rest;
}
