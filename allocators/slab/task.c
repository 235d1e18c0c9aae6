// SPDX-License-Identifier: MIT
/* One thread's state in reclaim. See task.h. */
#include "task.h"

__thread struct task_state slab_task __attribute__((tls_model("initial-exec")));
