// SPDX-License-Identifier: MIT
/* From a fault to a report. See kfence_fault.h. */
#include "kfence_fault.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <ucontext.h>

#include "kfence_report.h"

static struct sigaction previous;

/* What the processor says of the access. */
struct fault {
	uintptr_t address;
	const void *pc;
	const char *access;
};

#if defined(__x86_64__)
#define PAGE_FAULT_WRITE 2 /* bit of the error code (Intel SDM, 4.7) */

static void read_context(struct fault *f, const ucontext_t *uc)
{
	f->pc = (const void *)uc->uc_mcontext.gregs[REG_RIP];
	f->access = uc->uc_mcontext.gregs[REG_ERR] & PAGE_FAULT_WRITE ? "write" : "read";
}
#elif defined(__aarch64__)
#define ESR_RECORD 0x45535201u /* struct esr_context of the kernel's signal frame */
#define ESR_WNR	   (1u << 6)

struct record {
	uint32_t magic, size;
	uint64_t esr;
};

/* The records behind the registers end in one of magic 0. */
static void read_context(struct fault *f, const ucontext_t *uc)
{
	const unsigned char *p = (const unsigned char *)uc->uc_mcontext.__reserved;
	struct record r;

	f->pc = (const void *)uc->uc_mcontext.pc;
	f->access = "read";
	for (memcpy(&r, p, sizeof(r)); r.magic && r.size; memcpy(&r, p, sizeof(r))) {
		if (r.magic == ESR_RECORD && (r.esr & ESR_WNR))
			f->access = "write";
		p += r.size;
	}
}
#else
static void read_context(struct fault *f, const ucontext_t *uc)
{
	(void)uc;
	f->pc = NULL;
	f->access = "access";
}
#endif

/* A guard page was hit: whose bounds were left? */
static void find_bounds(struct kfence_finding *found)
{
	struct kfence_object *o = kfence_pool_nearest(found->address);

	found->o = o;
	found->error = o ? KFENCE_OUT_OF_BOUNDS : KFENCE_INVALID;
	if (o)
		__atomic_store_n(&o->guard_open, true, __ATOMIC_RELAXED);
}

/* A closed page was hit: freed, or never used. */
static void find_freed(struct kfence_finding *found, const struct kfence_object *o)
{
	bool was_used = kfence_state(o) == KFENCE_FREED;

	found->o = was_used ? o : NULL;
	found->error = was_used ? KFENCE_USE_AFTER_FREE : KFENCE_INVALID;
}

static void handle(const struct fault *f)
{
	struct kfence_finding found = { .address = f->address, .access = f->access };
	struct kfence_object *o = kfence_pool_find(f->address);

	/* Reallocated since: the page is open by now. */
	if (o && kfence_state(o) == KFENCE_ALLOCATED)
		return;
	if (!o)
		find_bounds(&found);
	else
		find_freed(&found, o);
	kfence_stack_save(&found.stack, f->pc);
	kfence_report(&found);
	kfence_pool_open(f->address);
}

/* To nobody: let it end the program as if there were no handler. */
static void die(int signo, const siginfo_t *info)
{
	struct sigaction fatal = { .sa_handler = SIG_DFL };

	sigaction(signo, &fatal, NULL);
	if (info->si_code <= 0)
		raise(signo); /* somebody sent it: it would not come again by itself */
}

static void pass_on(int signo, siginfo_t *info, void *context)
{
	if (previous.sa_flags & SA_SIGINFO)
		previous.sa_sigaction(signo, info, context);
	else if (previous.sa_handler == SIG_DFL)
		die(signo, info);
	else if (previous.sa_handler != SIG_IGN)
		previous.sa_handler(signo);
	else if (info->si_code > 0)
		die(signo, info); /* a fault cannot be ignored */
}

static void on_segv(int signo, siginfo_t *info, void *context)
{
	struct fault f = { .address = (uintptr_t)info->si_addr };
	int saved = errno;

	if (info->si_code == SEGV_ACCERR && is_kfence_address(info->si_addr)) {
		read_context(&f, context);
		handle(&f);
	} else {
		pass_on(signo, info, context);
	}
	errno = saved;
}

int kfence_fault_install(void)
{
	struct sigaction mine = { .sa_sigaction = on_segv };

	if (sigaction(SIGSEGV, NULL, &previous))
		return -errno;
	mine.sa_flags = SA_SIGINFO | (previous.sa_flags & (SA_ONSTACK | SA_NODEFER | SA_RESTART));
	mine.sa_mask = previous.sa_mask;
	return sigaction(SIGSEGV, &mine, NULL) ? -errno : 0;
}

void kfence_fault_restore(void)
{
	sigaction(SIGSEGV, &previous, NULL);
}
