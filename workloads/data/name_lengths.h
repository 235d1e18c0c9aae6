/* SPDX-License-Identifier: MIT */
/*
 * How many names of each length, in bytes, a real tree holds: the lengths that the dentry-name
 * workload draws from. Made by workloads/data/name-lengths.sh, which ran
 *
 *	LC_ALL=C find /usr /etc /var -xdev -printf "%f\0"
 *
 * on a machine with a compiler and libraries for development installed,
 * Debian GNU/Linux 12 (bookworm), 2026-11-21:
 * 172171 names, mean 18.7 bytes, 9.6 % of 40 or more.
 */
#ifndef WORKLOADS_DATA_NAME_LENGTHS_H
#define WORKLOADS_DATA_NAME_LENGTHS_H

#include <stdint.h>

/* clang-format off */
static const uint32_t name_lengths[256] = {
	0, 102, 1198, 1645, 2898, 3568, 5153, 7891,
	7168, 10668, 8778, 17765, 11249, 6925, 5437, 4648,
	4044, 3826, 3464, 4450, 4184, 3385, 4428, 2887,
	7218, 2682, 2122, 1788, 1746, 1557, 1536, 1425,
	1366, 1241, 1312, 1297, 1146, 1177, 1216, 1011,
	1050, 1124, 1042, 970, 1255, 879, 877, 832,
	777, 644, 697, 600, 605, 429, 474, 401,
	423, 407, 362, 327, 276, 239, 209, 225,
	202, 209, 173, 151, 106, 92, 61, 65,
	66, 57, 45, 46, 39, 26, 28, 21,
	18, 8, 5, 5, 4, 8, 5, 1,
	0, 1, 1, 1, 0, 0, 1, 0,
	0, 1, 0, 0, 0, 0, 0, 0,
};
/* clang-format on */

#endif
