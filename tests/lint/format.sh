#!/bin/sh
# SPDX-License-Identifier: MIT
# The C sources are laid out as .clang-format says.
set -u
cd -- "$(dirname -- "$0")/../.." || exit 2
if [ -z "${CLANG_FORMAT-}" ]; then
	echo 'clang-format 14 is not here (apt-get install clang-format, then ./configure)'
	exit 77
fi
find lib allocators workloads harness tests -name '*.[ch]' \
	-exec "$CLANG_FORMAT" --style=file --dry-run -Werror {} +
