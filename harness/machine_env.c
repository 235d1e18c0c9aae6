// SPDX-License-Identifier: MIT
/*
 * The condition of the machine, as JSON. A fact that cannot be read is left out. Nothing that
 * changes from minute to minute is here, so that runs under the same conditions share one row.
 */
#include <dirent.h>
#include <gnu/libc-version.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "json.h"
#include "lib/bits.h"
#include "lib/die.h"
#include "machine.h"
#include "version.h"

#define CPU_DIR "/sys/devices/system/cpu"

static const struct {
	const char *fact, *path;
} lines[] = {
	{ "cmdline", "/proc/cmdline" },
	{ "governor", CPU_DIR "/cpu0/cpufreq/scaling_governor" },
	{ "cpufreq_driver", CPU_DIR "/cpu0/cpufreq/scaling_driver" },
	{ "no_turbo", CPU_DIR "/intel_pstate/no_turbo" },
	{ "boost", CPU_DIR "/cpufreq/boost" },
	{ "smt", CPU_DIR "/smt/control" },
	{ "isolated_cpus", CPU_DIR "/isolated" },
	{ "aslr", "/proc/sys/kernel/randomize_va_space" },
	{ "overcommit", "/proc/sys/vm/overcommit_memory" },
	{ "swappiness", "/proc/sys/vm/swappiness" },
	{ "numa_balancing", "/proc/sys/kernel/numa_balancing" },
	{ "perf_event_paranoid", "/proc/sys/kernel/perf_event_paranoid" },
	{ "clocksource", "/sys/devices/system/clocksource/clocksource0/current_clocksource" },
};

static const struct {
	const char *fact, *path, *key;
} keys[] = {
	{ "os", "/etc/os-release", "PRETTY_NAME" },
	{ "microcode", "/proc/cpuinfo", "microcode" },
	{ "swap", "/proc/meminfo", "SwapTotal" },
};

/* The kernel marks the choice that is in force: "always [madvise] never". */
static void add_choice(struct json *j, const char *root, const char *fact, const char *path)
{
	char text[256];
	char *open, *close;

	machine_line(root, path, text, sizeof(text));
	open = strchr(text, '[');
	close = open ? strchr(open, ']') : NULL;
	if (!close)
		return;
	*close = '\0';
	json_text(j, fact, open + 1);
}

static void add_kernel(struct json *j)
{
	struct utsname name;

	uname(&name);
	json_text(j, "kernel", name.release);
	json_text(j, "kernel_build", name.version);
}

static void add_affinity(struct json *j)
{
	cpu_set_t set;

	if (!sched_getaffinity(0, sizeof(set), &set))
		json_int(j, "allowed_cpus", CPU_COUNT(&set));
}

/* Limits of the cgroup the runner is in; "max" is none. */
static void add_cgroup(struct json *j, const char *root)
{
	static const char *const limits[] = { "cpu.max", "memory.max", "memory.high" };
	char group[2048], path[4096], value[64];

	if (machine_key(root, "/proc/self/cgroup", "0:", group, sizeof(group)))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		snprintf(path, sizeof(path), "/sys/fs/cgroup%s/%s", group, limits[i]);
		if (!machine_line(root, path, value, sizeof(value)))
			json_text(j, limits[i], value);
	}
}

static int is_name(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Mitigations change the cost of a system call; one member a known weakness, in order of name. */
static void add_mitigations(struct json *j, const char *root)
{
	char path[4096], value[256];
	struct dirent **names;
	int nr;

	snprintf(path, sizeof(path), "%s" CPU_DIR "/vulnerabilities", root);
	nr = scandir(path, &names, is_name, alphasort);
	if (nr < 0)
		return;
	json_object(j, "mitigations");
	for (int i = 0; i < nr; i++) {
		snprintf(path, sizeof(path), CPU_DIR "/vulnerabilities/%.255s", names[i]->d_name);
		if (!machine_line(root, path, value, sizeof(value)))
			json_text(j, names[i]->d_name, value);
		free(names[i]);
	}
	free(names);
	json_object_end(j);
}

static void add_files(struct json *j, const char *root)
{
	char value[4096];

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (!machine_line(root, lines[i].path, value, sizeof(value)) && *value)
			json_text(j, lines[i].fact, value);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (!machine_key(root, keys[i].path, keys[i].key, value, sizeof(value)))
			json_text(j, keys[i].fact, value);
}

char *machine_env(const char *root)
{
	struct json j;
	size_t len;
	char *text;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		die(EXIT_FAILED, "out of memory");
	json_start(&j, out);
	json_object(&j, NULL);
	add_kernel(&j);
	add_choice(&j, root, "thp", "/sys/kernel/mm/transparent_hugepage/enabled");
	add_choice(&j, root, "thp_defrag", "/sys/kernel/mm/transparent_hugepage/defrag");
	add_files(&j, root);
	add_affinity(&j);
	add_cgroup(&j, root);
	add_mitigations(&j, root);
	json_text(&j, "libc", gnu_get_libc_version());
	json_text(&j, "compiler", SLABBENCH_CC " " __VERSION__);
	json_text(&j, "cflags", SLABBENCH_CFLAGS);
	json_object_end(&j);
	fclose(out);
	return text;
}
