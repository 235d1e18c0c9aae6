#!/bin/sh
# SPDX-License-Identifier: MIT
# libslab takes its locks inside the gate (allocators/slab/gate.h), or fork() would not know of them:
# only the gate and lock.h use the pieces of lib/lock.h, and nothing uses the locks of pthread.
set -u
cd -- "$(dirname -- "$0")/../../allocators/slab" || exit 2
pieces='\bplain_(try|try_or_mark|spin|sleep|acquire|wake|release)\('
! grep -rnE --include='*.[ch]' "$pieces|\"lib/lock\.h\"|pthread_(mutex|rwlock|spin|cond|once)" . |
	grep -vE '^\./(gate\.c|lock\.[ch]):'
