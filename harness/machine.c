// SPDX-License-Identifier: MIT
/* The factors that name a machine, and their hash. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <xxhash.h>

#include "json.h"
#include "lib/die.h"
#include "machine.h"

#define CPUINFO "/proc/cpuinfo"
#define CPU_DIR "/sys/devices/system/cpu"

#define JOINT " + "

/* Is @name one of the names in @list? */
static bool is_listed(const char *list, const char *name)
{
	size_t len = strlen(name);

	for (const char *s = list; (s = strstr(s, name)); s += len)
		if ((s == list || !strncmp(s - strlen(JOINT), JOINT, strlen(JOINT))) &&
		    (!s[len] || !strncmp(s + len, JOINT, strlen(JOINT))))
			return true;
	return false;
}

static void add_model(struct machine *m, const char *name)
{
	size_t used = strlen(m->cpu);

	if (!is_listed(m->cpu, name))
		snprintf(m->cpu + used, sizeof(m->cpu) - used, "%s%s", used ? JOINT : "", name);
}

/* One line of cpuinfo: x86 tells a name, arm64 an @implementer and then a part. */
static void read_model(struct machine *m, char *line, char implementer[32])
{
	char *value = strchr(line, ':');
	char name[128];

	if (!value)
		return;
	value += strspn(value, ": \t");
	value[strcspn(value, "\n")] = '\0';
	if (!strncmp(line, "model name", 10)) {
		add_model(m, value);
	} else if (!strncmp(line, "CPU implementer", 15)) {
		snprintf(implementer, 32, "%s", value);
	} else if (!strncmp(line, "CPU part", 8)) {
		snprintf(name, sizeof(name), "implementer %.31s part %.31s", implementer, value);
		add_model(m, name);
	}
}

static void probe_cpu(struct machine *m, const char *root)
{
	char path[4096], line[8192], implementer[32] = "";
	FILE *f;

	m->cpu[0] = '\0';
	snprintf(path, sizeof(path), "%s" CPUINFO, root);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		read_model(m, line, implementer);
	if (f)
		fclose(f);
	if (!m->cpu[0])
		strcpy(m->cpu, "unknown");
}

/* A core is counted at the first of its hardware threads: siblings "0,4" belong to cpu0. */
static bool is_first_sibling(const char *root, int cpu)
{
	char path[128], siblings[256];

	snprintf(path, sizeof(path), CPU_DIR "/cpu%d/topology/thread_siblings_list", cpu);
	if (machine_line(root, path, siblings, sizeof(siblings)))
		return false;
	return atoi(siblings) == cpu;
}

static void probe_counts(struct machine *m, const char *root)
{
	char list[1024];

	machine_line(root, CPU_DIR "/present", list, sizeof(list));
	m->cpus = machine_list_count(list);
	if (!m->cpus)
		m->cpus = (int)sysconf(_SC_NPROCESSORS_CONF);
	m->cores = 0;
	for (int cpu = 0; cpu < m->cpus; cpu++)
		m->cores += is_first_sibling(root, cpu);
	if (!m->cores)
		m->cores = m->cpus;
	machine_line(root, "/sys/devices/system/node/online", list, sizeof(list));
	m->nodes = machine_list_count(list);
	if (!m->nodes)
		m->nodes = 1;
}

/* The smallest 2^k or 3 * 2^k that is at least @gib. */
static int round_up_ram(double gib)
{
	int size = 1;

	while (size < gib) {
		if (size >= 2 && size + size / 2 >= gib)
			return size + size / 2;
		size *= 2;
	}
	return size;
}

static void probe_ram(struct machine *m, const char *root)
{
	char kib[64];

	machine_key(root, "/proc/meminfo", "MemTotal", kib, sizeof(kib));
	m->ram_gib = round_up_ram(strtod(kib, NULL) / (1024 * 1024));
}

static bool is_virtual(const char *root)
{
	char text[8192];

	if (!machine_key(root, CPUINFO, "flags", text, sizeof(text)) && strstr(text, " hypervisor"))
		return true;
	if (!machine_line(root, "/sys/hypervisor/type", text, sizeof(text)))
		return true;
	machine_line(root, "/sys/class/dmi/id/sys_vendor", text, sizeof(text));
	return !strcmp(text, "QEMU");
}

void machine_probe(struct machine *m, const char *root)
{
	struct utsname name;

	uname(&name);
	snprintf(m->arch, sizeof(m->arch), "%.31s", name.machine);
	probe_cpu(m, root);
	probe_counts(m, root);
	probe_ram(m, root);
	m->virtual = is_virtual(root);
}

static void hash_text(const char *text, char id[MACHINE_ID])
{
	XXH128_hash_t h = XXH3_128bits(text, strlen(text));

	snprintf(id, MACHINE_ID, "%016llx%016llx", (unsigned long long)h.high64,
		 (unsigned long long)h.low64);
}

void machine_id(const struct machine *m, char id[MACHINE_ID])
{
	char text[1024];

	snprintf(text, sizeof(text),
		 "machine 1\narch=%s\ncpu=%s\ncpus=%d\ncores=%d\nnodes=%d\nram_gib=%d\nvm=%d\n",
		 m->arch, m->cpu, m->cpus, m->cores, m->nodes, m->ram_gib, m->virtual);
	hash_text(text, id);
}

void machine_env_id(const char *facts, char id[MACHINE_ID])
{
	hash_text(facts, id);
}

char *machine_factors(const struct machine *m)
{
	struct json j;
	size_t len;
	char *text;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		die(EXIT_FAILED, "out of memory");
	json_start(&j, out);
	json_object(&j, NULL);
	json_text(&j, "arch", m->arch);
	json_text(&j, "cpu", m->cpu);
	json_int(&j, "cpus", m->cpus);
	json_int(&j, "cores", m->cores);
	json_int(&j, "nodes", m->nodes);
	json_int(&j, "ram_gib", m->ram_gib);
	json_bool(&j, "vm", m->virtual);
	json_object_end(&j);
	fclose(out);
	return text;
}
