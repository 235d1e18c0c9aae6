// SPDX-License-Identifier: MIT
/*
 * Tables of kernel names, sorted for the search. A name that is missing costs nothing but
 * precision: its cache gets the default alignment, its site counts as one with pointers, which is
 * what the kernel assumes of a type it cannot see through.
 */
#include <stdlib.h>
#include <string.h>

#include "allocators/allocator.h"
#include "trace_names.h"

#define HW	ALLOC_CACHE_HWALIGN
#define RECLAIM ALLOC_CACHE_RECLAIMABLE
#define ACCOUNT ALLOC_CACHE_ACCOUNT

struct cache_row {
	const char *name;
	struct trace_cache_facts facts;
};

/* Caches of 6.18 that are created with an alignment or a flag that a slab's layout depends on. */
static const struct cache_row caches[] = {
	{ "TCP", { 0, HW } },
	{ "TCPv6", { 0, HW } },
	{ "UDP", { 0, HW | ACCOUNT } },
	{ "UDPv6", { 0, HW | ACCOUNT } },
	{ "anon_vma", { 0, ACCOUNT } },
	{ "anon_vma_chain", { 0, ACCOUNT } },
	{ "bio-120", { 0, HW } },
	{ "bio-184", { 0, HW } },
	{ "bio-192", { 0, HW } },
	{ "bio-264", { 0, HW } },
	{ "bio-272", { 0, HW } },
	{ "biovec-128", { 0, HW } },
	{ "biovec-16", { 0, HW } },
	{ "biovec-64", { 0, HW } },
	{ "biovec-max", { 0, HW } },
	{ "buffer_head", { 0, RECLAIM } },
	{ "cred", { 0, HW | ACCOUNT } },
	{ "debugfs_inode_cache", { 0, RECLAIM | ACCOUNT } },
	{ "dentry", { 0, RECLAIM | ACCOUNT } },
	{ "dmaengine-unmap-2", { 0, HW } },
	{ "eventpoll_epi", { 0, HW | ACCOUNT } },
	{ "ext4_allocation_context", { 0, RECLAIM } },
	{ "ext4_inode_cache", { 0, RECLAIM | ACCOUNT } },
	{ "ext4_io_end", { 0, RECLAIM } },
	{ "ext4_prealloc_space", { 0, RECLAIM } },
	{ "extent_status", { 0, RECLAIM } },
	{ "files_cache", { 0, HW | ACCOUNT } },
	{ "filp", { 0, HW | ACCOUNT } },
	{ "fs_cache", { 0, ACCOUNT } },
	{ "inode_cache", { 0, RECLAIM | ACCOUNT } },
	{ "iommu_iova_magazine", { 0, HW } },
	{ "key_jar", { 0, HW } },
	{ "maple_node", { 256, 0 } },
	{ "mm_struct", { 0, HW | ACCOUNT } },
	{ "mnt_cache", { 0, HW | ACCOUNT } },
	{ "names_cache", { 0, HW } },
	{ "pde_opener", { 0, ACCOUNT } },
	{ "pid", { 0, HW | ACCOUNT } },
	{ "pidfs_attr_cache", { 0, HW | RECLAIM | ACCOUNT } },
	{ "pool_workqueue", { 256, 0 } },
	{ "proc_inode_cache", { 0, RECLAIM | ACCOUNT } },
	{ "radix_tree_node", { 0, RECLAIM } },
	{ "seq_file", { 0, ACCOUNT } },
	{ "shmem_inode_cache", { 0, ACCOUNT } },
	{ "sighand_cache", { 0, HW | ACCOUNT } },
	{ "signal_cache", { 0, HW | ACCOUNT } },
	{ "sigqueue", { 0, ACCOUNT } },
	{ "skbuff_fclone_cache", { 0, HW } },
	{ "skbuff_head_cache", { 0, HW } },
	{ "skbuff_small_head", { 0, HW } },
	{ "sock_inode_cache", { 0, HW | RECLAIM | ACCOUNT } },
	{ "task_struct", { 64, ACCOUNT } },
	{ "vm_area_struct", { 0, HW | ACCOUNT } },
	{ "xfs_buf", { 0, HW | RECLAIM } },
	{ "xfs_defer_pending", { 0, HW } },
	{ "xfs_ili", { 0, RECLAIM } },
	{ "xfs_inode", { 0, HW | RECLAIM | ACCOUNT } },
};

/*
 * Functions whose kmalloc holds no pointer that anyone follows: names and texts, inline fork data
 * and disk blocks, log buffers, bit maps, what is copied from or for a user.
 */
static const char *const plain[] = {
	"__d_alloc",
	"alloc_cpumask_var_node",
	"bprm_change_interp",
	"cgroup_show_path",
	"do_getxattr",
	"ext4_cache_fast_symlink",
	"ifs_alloc",
	"kernfs_fop_write_iter",
	"kernfs_iop_get_link",
	"kobject_get_path",
	"kobject_set_name_vargs",
	"listxattr",
	"load_elf_binary",
	"load_elf_phdrs",
	"memdup_user",
	"proc_pid_readlink",
	"proc_self_get_link",
	"proc_sys_call_handler",
	"seq_read_iter",
	"strndup_user",
	"tomoyo_encode2",
	"tomoyo_realpath_from_path",
	"vfs_parse_fs_qstr",
	"vmemdup_user",
	"xfs_attr3_leaf_compact",
	"xfs_attr_shortform_to_leaf",
	"xfs_broot_alloc",
	"xfs_broot_realloc",
	"xfs_buf_alloc",
	"xfs_dabuf_map",
	"xfs_dir2_block_to_sf",
	"xfs_dir2_sf_to_block",
	"xfs_idata_realloc",
	"xfs_init_local_fork",
	"xfs_uuid_mount",
	"xfs_vn_get_link",
	"xlog_do_recovery_pass",
	"xlog_find_tail",
	"xlog_find_verify_cycle",
	"xlog_find_verify_log_record",
	"xlog_find_zeroed",
	"xlog_verify_head",
	"xlog_verify_tail",
	"xlog_write_log_records",
};

static int compare_cache(const void *name, const void *row)
{
	return strcmp(name, ((const struct cache_row *)row)->name);
}

struct trace_cache_facts trace_cache_facts(const char *name)
{
	const struct cache_row *row = bsearch(name, caches, sizeof(caches) / sizeof(caches[0]),
					      sizeof(caches[0]), compare_cache);

	return row ? row->facts : (struct trace_cache_facts){ 0 };
}

void trace_site_symbol(const char *site, char *name, size_t len)
{
	size_t n = strcspn(site, "+.");

	n = n < len ? n : len - 1;
	memcpy(name, site, n);
	name[n] = 0;
}

static int compare_symbol(const void *symbol, const void *row)
{
	return strcmp(symbol, *(const char *const *)row);
}

bool trace_site_is_plain(const char *symbol)
{
	return bsearch(symbol, plain, sizeof(plain) / sizeof(plain[0]), sizeof(plain[0]),
		       compare_symbol);
}
