// SPDX-License-Identifier: MIT
/* The nodes of the system or simulated ones. Written at boot, read afterwards. See nodes.h. */
#include "nodes.h"

#include <string.h>

#include "os.h"
#include "text.h"

#define SYSTEM_ROOT "/sys/devices/system/node"
#define MAX_CPUS    8192u /* the most that Linux can be built for */
#define TEXT_LEN    4096u
#define NO_NODE	    0xffu

static struct {
	unsigned int nr_simulated; /* 0: the nodes are the system's */
	unsigned int system_id[SLAB_MAX_NODES];
	unsigned int distance[SLAB_MAX_NODES][SLAB_MAX_NODES];
	uint8_t fallback[SLAB_MAX_NODES][SLAB_MAX_NODES];
} nodes;

static SPARSE uint8_t of_cpu[MAX_CPUS]; /* where there are several nodes */

/* What is read at boot: the list of nodes online, and any other file, one at a time. */
static SPARSE char online[TEXT_LEN];
static SPARSE char content[TEXT_LEN];

static bool is_nearer(unsigned int from, unsigned int a, unsigned int b)
{
	if (nodes.distance[from][a] != nodes.distance[from][b])
		return nodes.distance[from][a] < nodes.distance[from][b];
	return (a + slab_nr_nodes - from) % slab_nr_nodes <
	       (b + slab_nr_nodes - from) % slab_nr_nodes;
}

/* Insertion sort; the node itself is nearest to itself. */
static void sort_fallbacks(unsigned int from)
{
	uint8_t *order = nodes.fallback[from];

	for (unsigned int i = 0; i < slab_nr_nodes; i++) {
		unsigned int j = i;

		for (; j && is_nearer(from, i, order[j - 1]); j--)
			order[j] = order[j - 1];
		order[j] = (uint8_t)i;
	}
}

static void simulate(unsigned int nr)
{
	slab_nr_nodes = nodes.nr_simulated = nr;
	for (unsigned int i = 0; i < nr; i++)
		for (unsigned int j = 0; j < nr; j++)
			nodes.distance[i][j] = LOCAL_DISTANCE * (1 + (i > j ? i - j : j - i));
	for (unsigned int cpu = 0; cpu < MAX_CPUS; cpu++)
		of_cpu[cpu] = (uint8_t)(cpu % nr);
}

/* @path plus "/@name" into @buf. */
static bool read_file(struct text *path, const char *name, char *buf, size_t len)
{
	text_str(path, "/");
	text_str(path, name);
	return path->used < path->len && os_read_text(path->buf, buf, len) > 0;
}

static bool read_of_all(const char *root, const char *name, char *buf, size_t len)
{
	char path[256];
	struct text t;

	text_init(&t, path, sizeof(path));
	text_str(&t, root);
	return read_file(&t, name, buf, len);
}

/* A file of node @id of the system, into content. */
static bool read_of_node(const char *root, unsigned int id, const char *name)
{
	char path[256];
	struct text t;

	text_init(&t, path, sizeof(path));
	text_str(&t, root);
	text_str(&t, "/node");
	text_u64(&t, id);
	return read_file(&t, name, content, TEXT_LEN);
}

/* The index among our nodes of a node of the system; NO_NODE if it is none. */
static unsigned int index_of(unsigned int id)
{
	for (unsigned int i = 0; i < slab_nr_nodes; i++)
		if (nodes.system_id[i] == id)
			return i;
	return NO_NODE;
}

/* Is one node online, or none known? Of so short a list nothing need be kept. */
static bool is_alone(const char *root)
{
	char list[32];
	struct os_range r;
	const char *s;

	if (!read_of_all(root, "online", list, sizeof(list)))
		return true;
	s = os_next_range(list, &r);
	return !s || (r.first == r.last && *s != ',' && *s);
}

/* The nodes with memory; older kernels tell only which are online. */
static void read_ids(const char *root)
{
	struct os_range r;

	slab_nr_nodes = 0;
	if (!read_of_all(root, "online", online, TEXT_LEN))
		return;
	for (const char *s = read_of_all(root, "has_memory", content, TEXT_LEN) ? content : online;
	     (s = os_next_range(s, &r));)
		for (unsigned int id = r.first; id <= r.last; id++)
			if (slab_nr_nodes < SLAB_MAX_NODES)
				nodes.system_id[slab_nr_nodes++] = id;
}

static const char *next_number(const char *s, unsigned int *x)
{
	struct os_range r;

	s = os_next_range(s + strspn(s, " "), &r);
	*x = s ? r.first : REMOTE_DISTANCE;
	return s;
}

/* The distances from node @id of the system to ours. Its file has a number for each node online. */
static void read_distances(const char *root, unsigned int id, unsigned int *to_ours)
{
	const char *column = content;
	struct os_range r;

	for (unsigned int i = 0; i < slab_nr_nodes; i++)
		to_ours[i] = nodes.system_id[i] == id ? LOCAL_DISTANCE : REMOTE_DISTANCE;
	if (!read_of_node(root, id, "distance"))
		return;
	for (const char *s = online; (s = os_next_range(s, &r));)
		for (unsigned int to = r.first; to <= r.last && column; to++) {
			unsigned int index = index_of(to), distance;

			column = next_number(column, &distance);
			if (column && index != NO_NODE)
				to_ours[index] = distance;
		}
}

static unsigned int nearest(const char *root, unsigned int id)
{
	unsigned int to_ours[SLAB_MAX_NODES], best = 0;

	if (index_of(id) != NO_NODE)
		return index_of(id);
	read_distances(root, id, to_ours);
	for (unsigned int i = 1; i < slab_nr_nodes; i++)
		if (to_ours[i] < to_ours[best])
			best = i;
	return best;
}

/* CPUs of a node of the system, with or without memory, belong to the nearest of ours. */
static void read_cpus(const char *root, unsigned int id)
{
	unsigned int node = nearest(root, id);
	struct os_range r;

	if (!read_of_node(root, id, "cpulist"))
		return;
	for (const char *s = content; (s = os_next_range(s, &r));)
		for (unsigned int cpu = r.first; cpu <= r.last && cpu < MAX_CPUS; cpu++)
			of_cpu[cpu] = (uint8_t)node;
}

static void read_all_cpus(const char *root)
{
	struct os_range r;

	for (const char *s = online; (s = os_next_range(s, &r));)
		for (unsigned int id = r.first; id <= r.last; id++)
			read_cpus(root, id);
}

void nodes_read(const char *root)
{
	memset(&nodes, 0, sizeof(nodes));
	slab_nr_nodes = 1;
	if (!is_alone(root))
		read_ids(root);
	if (slab_nr_nodes <= 1) {
		slab_nr_nodes = 1;
		nodes.distance[0][0] = LOCAL_DISTANCE;
		return;
	}
	for (unsigned int i = 0; i < slab_nr_nodes; i++)
		read_distances(root, nodes.system_id[i], nodes.distance[i]);
	for (unsigned int i = 0; i < slab_nr_nodes; i++)
		sort_fallbacks(i);
	read_all_cpus(root);
}

void nodes_init(unsigned int simulated)
{
	if (!simulated) {
		nodes_read(SYSTEM_ROOT);
		return;
	}
	memset(&nodes, 0, sizeof(nodes));
	simulate(simulated);
	for (unsigned int i = 0; i < slab_nr_nodes; i++)
		sort_fallbacks(i);
}

unsigned int nodes_of_cpu(unsigned int cpu)
{
	return cpu < MAX_CPUS && slab_nr_nodes > 1 ? of_cpu[cpu] : 0;
}

unsigned int nodes_of_this_cpu(void)
{
	return nodes_of_cpu(os_cpu());
}

unsigned int nodes_distance(unsigned int from, unsigned int to)
{
	return nodes.distance[from][to];
}

unsigned int nodes_fallback(unsigned int node, unsigned int i)
{
	return nodes.fallback[node][i];
}

void nodes_bind(void *addr, size_t bytes, unsigned int node)
{
	if (!nodes.nr_simulated && slab_nr_nodes > 1)
		os_bind(addr, bytes, nodes.system_id[node]);
}
