// SPDX-License-Identifier: MIT
/* dladdr() names the object of an address; its PT_NOTE segments hold the build-id. */
#include <dlfcn.h>
#include <elf.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "identity.h"

struct search {
	uintptr_t address;
	char *hex;
	size_t len;
};

static void to_hex(const unsigned char *bytes, size_t nr, char *hex, size_t len)
{
	for (size_t i = 0; i < nr && 2 * i + 2 < len; i++)
		snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
}

static void read_notes(const char *p, size_t size, struct search *s)
{
	const char *end = p + size;

	while (p + sizeof(ElfW(Nhdr)) <= end) {
		const ElfW(Nhdr) *note = (const void *)p;
		const char *name = p + sizeof(*note);
		const char *desc = name + ((note->n_namesz + 3) & ~3u);

		if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 &&
		    !memcmp(name, "GNU", 4)) {
			to_hex((const unsigned char *)desc, note->n_descsz, s->hex, s->len);
			return;
		}
		p = desc + ((note->n_descsz + 3) & ~3u);
	}
}

static bool holds(const struct dl_phdr_info *info, uintptr_t address)
{
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];

		if (ph->p_type == PT_LOAD && address - info->dlpi_addr - ph->p_vaddr < ph->p_memsz)
			return true;
	}
	return false;
}

static int visit(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct search *s = arg;

	(void)size;
	if (!holds(info, s->address))
		return 0;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];

		if (ph->p_type == PT_NOTE)
			read_notes((const char *)(info->dlpi_addr + ph->p_vaddr), ph->p_memsz, s);
	}
	return 1;
}

static void *entry(const struct allocator *a)
{
	return a->symbol ? dlsym(RTLD_DEFAULT, a->symbol) : (void *)(uintptr_t)a->ops.alloc;
}

bool identity_of(const struct allocator *a, struct identity *id)
{
	void *address = entry(a);
	struct search s = { (uintptr_t)address, id->build_id, sizeof(id->build_id) };
	char resolved[PATH_MAX];
	Dl_info info;

	if (!address || !dladdr(address, &info) || !info.dli_fname)
		return false;
	/* The program itself is named by argv[0], which need not be a path. */
	if (!strchr(info.dli_fname, '/') || !realpath(info.dli_fname, resolved))
		if (!realpath("/proc/self/exe", resolved))
			return false;
	id->build_id[0] = '\0';
	snprintf(id->path, sizeof(id->path), "%.511s", resolved);
	dl_iterate_phdr(visit, &s);
	return true;
}
