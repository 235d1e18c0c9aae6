# SPDX-License-Identifier: MIT
# One file, not recursive. Sources are found by wildcard, objects live under $(O): adding a file
# to a directory adds it to the build. `make help` lists the targets and variables.

MAKEFLAGS += --no-builtin-rules --no-print-directory
.SUFFIXES:
.DELETE_ON_ERROR:
.SECONDARY:
.DEFAULT_GOAL := all
export LC_ALL = C

# ---- configuration -----------------------------------------------------------------------------

O ?= build
VERSION = 0.1
SONAME = libslab.so.0
MALLOC_SONAME = libslab-malloc.so.0

NO_CONFIG = clean help
ifneq ($(filter-out $(NO_CONFIG),$(or $(MAKECMDGOALS),all)),)
include config.mak
CONFIGURED = yes
endif

# A first `make check` may install what is missing, any other target only asks for it.
config.mak: configure
	@./configure $(or $(CONFIGURE_ARGS),$(if $(wildcard $@),,$(if $(filter check,$(MAKECMDGOALS)),--ensure=tests)))

config.h: config.mak
	@[ -e $@ ] || ./configure $(CONFIGURE_ARGS)

ifneq ($(filter-out address undefined thread,$(SAN))$(word 2,$(SAN)),)
$(error SAN=$(SAN) is unknown; use SAN=address (with undefined), SAN=undefined or SAN=thread)
endif

SAN_COMMON = -O1 -fno-omit-frame-pointer
SAN_address = -fsanitize=address,undefined -fno-sanitize-recover=all $(SAN_COMMON)
SAN_undefined = -fsanitize=undefined -fno-sanitize-recover=all $(SAN_COMMON)
SAN_thread = -fsanitize=thread $(SAN_COMMON)

B := $(O)$(if $(SAN),/san-$(SAN))
GEN := $(B)/gen

# Clang 22 knows the type of an allocation and numbers it below this.
ifdef CONFIGURED
TOKENS := $(shell $(CC) -falloc-token-max=16 -E -x c /dev/null >/dev/null 2>&1 && echo -falloc-token-max=16)
endif

# An empty _GNU_SOURCE is the one that a file's own `#define _GNU_SOURCE` agrees with. LANGUAGE is
# also what a user's own workload is compiled with.
LANGUAGE = -std=gnu11 -D_GNU_SOURCE= $(TOKENS) $(CFLAGS) $(SAN_$(SAN))
FLAGS = $(LANGUAGE) -I. -I$(GEN) -Wall -Wextra $(WERROR) $(DEP_CFLAGS) -pthread
LINK = $(CC) $(CFLAGS) $(SAN_$(SAN)) -pthread $(LDFLAGS) -Wl,--build-id
LIBS = $(DEP_LIBS) -lm -ldl

ifeq ($(V),1)
Q :=
say := @:
else
Q := @
say := @printf '  %-7s %s\n'
endif

# ---- sources and what is made of them ----------------------------------------------------------

objects = $(patsubst %.c,$(B)/%.o,$(sort $(wildcard $(1))))

LIB_OBJ := $(call objects,lib/*.c)
SLAB_OBJ := $(call objects,allocators/slab/*.c)
DROPIN_OBJ := $(call objects,allocators/slab/dropin/*.c)
RUNNER_OBJ := $(call objects,allocators/*.c allocators/historic/*.c workloads/*.c harness/*.c studies/*.c)
# Pure functions of libslab, which it does not export, for ./runner geometry.
PURE_OBJ := $(filter $(B)/allocators/slab/geometry.o,$(SLAB_OBJ))
UNIT_OBJ := $(call objects,tests/slab/*.c tests/misuse/*.c)
DROPIN_TEST_OBJ := $(call objects,tests/dropin/*.c)
GOLDEN_OBJ := $(call objects,tests/golden/*.c)
HARNESS_TEST_OBJ := $(call objects,tests/harness/*.c)
ALL_OBJ := $(LIB_OBJ) $(SLAB_OBJ) $(DROPIN_OBJ) $(RUNNER_OBJ) $(UNIT_OBJ) $(DROPIN_TEST_OBJ) $(GOLDEN_OBJ) \
	$(HARNESS_TEST_OBJ)
MAIN_OBJ := $(B)/harness/main.o

DROPIN_TESTS := $(DROPIN_TEST_OBJ:.o=)
UNIT_TESTS := $(UNIT_OBJ:.o=) $(DROPIN_TESTS)
GOLDEN_PROGRAMS := $(GOLDEN_OBJ:.o=)
HARNESS_TESTS := $(HARNESS_TEST_OBJ:.o=)
CLI_TESTS := $(filter-out tests/cli/lib.sh,$(sort $(wildcard tests/cli/*.sh)))
MODELS := tests/models/run.sh
GOLDENS := tests/golden/run.sh
LINTS := tests/layers.sh $(sort $(wildcard tests/lint/*.sh))

LIBLIB := $(if $(LIB_OBJ),$(B)/liblib.a)
LIBSLAB := $(if $(SLAB_OBJ),$(B)/libslab.so $(B)/$(SONAME) $(B)/libslab.a)
# A sanitizer brings its own malloc; the drop-in's functions have other names there (names.h).
LIBMALLOC := $(if $(filter address thread,$(SAN)),,$(B)/libslab-malloc.so $(B)/$(MALLOC_SONAME))
PROGRAM := $(if $(filter $(MAIN_OBJ),$(RUNNER_OBJ)),$(B)/runner)
SLAB_LINK = $(if $(SLAB_OBJ),-L$(B) -lslab)
C_FILES = $(shell find lib allocators workloads harness studies tests -name '*.[ch]')

# ---- targets -----------------------------------------------------------------------------------

.PHONY: all check checked tests unit lint format fuzz plots install clean help FORCE

## all        build/runner, build/libslab.so, .a and build/libslab-malloc.so (the default)
all: $(LIBLIB) $(LIBSLAB) $(LIBMALLOC) $(PROGRAM)

unit: $(UNIT_TESTS)

tests: all unit $(GOLDEN_PROGRAMS) $(HARNESS_TESTS)

JOBS = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))
LINT_ENV = CC='$(CC)' CLANG_FORMAT='$(CLANG_FORMAT)'
SAN_CHECKS = $(filter address thread,$(SANITIZERS))

## check      install what is missing (says so first), build, run every test, print the counts
check:
	@./configure --ensure=tests
	@$(MAKE) checked

# Every build first, so that the tests have the machine to themselves.
checked:
	@[ '$(CMOCKA)' = yes ] || { echo 'cmocka is missing, the unit tests need it: libcmocka-dev' >&2; exit 2; }
	@$(MAKE) $(JOBS) WERROR=-Werror tests
	@for san in $(SAN_CHECKS); do $(MAKE) $(JOBS) SAN=$$san WERROR=-Werror unit || exit 1; done
	@$(if $(CLANG),$(MAKE) $(JOBS) O=$(O)/clang CC=$(CLANG) WERROR=-Werror tests)
	@BUILD=$(O) $(LINT_ENV) tests/run $(LINTS) $(MODELS) $(GOLDENS) $(UNIT_TESTS) $(HARNESS_TESTS) $(CLI_TESTS) \
		$(foreach s,$(SAN_CHECKS),$(UNIT_TESTS:$(B)/%=$(O)/san-$(s)/%)) \
		$(if $(CLANG),$(UNIT_TESTS:$(B)/%=$(O)/clang/%))

## lint       the checks that read the sources: layers, format, function length, headers
lint: config.h $(GEN)/version.h $(GEN)/allocators.def $(GEN)/workloads.def
	@BUILD=$(O) $(LINT_ENV) tests/run $(LINTS)

## format     rewrite the C sources in the style of .clang-format
format:
	$(Q)test -n '$(CLANG_FORMAT)' || { echo 'clang-format 14 is missing: apt-get install clang-format, then ./configure' >&2; exit 1; }
	$(Q)$(CLANG_FORMAT) -i --style=file $(C_FILES)

# Address and undefined behaviour sanitizers and the fuzzer's coverage, all in one compilation.
FUZZ_FLAGS = -std=gnu11 -D_GNU_SOURCE= -DLIBFUZZER -O1 -g -fno-omit-frame-pointer \
	-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -I. -I$(GEN) $(DEP_CFLAGS) -pthread

## fuzz       build/fuzz/api and tokens, fuzzers of libslab and of AllocToken; needs CLANG and libclang-rt-22-dev
fuzz: $(O)/fuzz/api $(O)/fuzz/tokens

$(O)/fuzz/api: tests/slab/fuzz.c
$(O)/fuzz/tokens: tests/dropin/tokens.c $(wildcard allocators/slab/dropin/*.[ch])

$(O)/fuzz/api $(O)/fuzz/tokens: $(wildcard allocators/slab/*.[ch] lib/*.h) $(GEN)/version.h
	$(say) FUZZ $@
	$(Q)test -n '$(CLANG)' || { echo 'clang-22 is missing: apt-get install clang-22 libclang-rt-22-dev, then ./configure' >&2; exit 1; }
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(FUZZ_FLAGS) -o $@ $(filter tests/%.c allocators/slab/dropin/%.c,$^) $(wildcard allocators/slab/*.c) $(URCU_LIBS) -ldl

## plots      draw every figure again from results/slabbench.db
plots: all
	$(Q)$(B)/runner plots

## clean      remove everything that was built; the configuration and the results stay
clean:
	$(Q)rm -rf $(O)

help:
	@echo 'targets:'
	@sed -n 's/^## /  /p' Makefile
	@echo 'variables:'
	@echo '  V=1        print whole commands'
	@echo '  SAN=NAME   address (with undefined), undefined or thread; builds in build/san-NAME/'
	@echo '  O=DIR      build in DIR instead of build/'
	@echo '  CC= CFLAGS= LDFLAGS= WERROR=-Werror PREFIX=/usr/local DESTDIR='

# ---- generated files: rewritten only when their text changes -------------------------------------

, := ,
quote = '$(subst ','\'',$(1))'
keep = mkdir -p $(@D); cat >$@.$$$$; cmp -s $@ $@.$$$$ && rm -f $@.$$$$ || mv -f $@.$$$$ $@

$(B)/flags: FORCE
	@printf '%s\n' $(call quote,$(FLAGS)) $(call quote,$(LINK) $(LIBS)) | { $(keep); }

$(B)/sources: FORCE
	@printf '%s\n' $(ALL_OBJ) | { $(keep); }

registry = grep -l '^$(1)(' $(wildcard $(2)/*.c) /dev/null | sort | \
	sed 's|.*/\(.*\)\.c$$|REGISTER_$(1)(\1)|' | { $(keep); }

$(GEN)/allocators.def: FORCE
	@$(call registry,ALLOCATOR,allocators)

$(GEN)/workloads.def: FORCE
	@$(call registry,WORKLOAD,workloads)

$(GEN)/version.h: FORCE
	@commit=unknown; dirty=0; \
	if [ -e .git ] && git rev-parse HEAD >/dev/null 2>&1; then \
		commit=$$(git rev-parse --short HEAD); \
		[ -z "$$(git --no-optional-locks status --porcelain 2>/dev/null)" ] || dirty=1; \
	fi; \
	printf '#define SLABBENCH_%s\n' 'VERSION "$(VERSION)"' "COMMIT \"$$commit\"" "DIRTY $$dirty" \
		'CC "$(CC)"' $(call quote,CFLAGS "$(subst ",\",$(strip $(LANGUAGE)))") | { $(keep); }

# ---- compiling and linking ---------------------------------------------------------------------

DIRS := $(sort $(dir $(ALL_OBJ)) $(B)/)

$(DIRS):
	@mkdir -p $@

$(LIB_OBJ) $(SLAB_OBJ) $(DROPIN_OBJ): PIC = -fPIC -fvisibility=hidden

$(ALL_OBJ): $(B)/%.o: %.c $(B)/flags | $(DIRS) config.h $(GEN)/version.h $(GEN)/allocators.def $(GEN)/workloads.def
	$(say) CC $@
	$(Q)$(CC) $(FLAGS) $(PIC) -MMD -MP -c -o $@ $<

# An exception of the new_handler, or std::bad_alloc, passes through these.
$(B)/allocators/slab/dropin/new.o $(B)/allocators/slab/dropin/operators.o $(B)/allocators/slab/dropin/token_new.o: PIC += -fexceptions

-include $(wildcard $(ALL_OBJ:.o=.d))

# The assembler puts these in; the compiler does not list them.
$(B)/harness/store_sql.o: $(wildcard results/*.sql)

$(B)/liblib.a: $(LIB_OBJ) $(B)/sources
	$(say) AR $@
	$(Q)rm -f $@ && $(AR) rcs $@ $(LIB_OBJ)

# lib/die.c speaks in the runner's name, so it is no part of libslab.
$(B)/libslab.a: $(SLAB_OBJ) $(LIB_OBJ) $(B)/sources
	$(say) AR $@
	$(Q)rm -f $@ && $(AR) rcs $@ $(SLAB_OBJ) $(filter-out $(B)/lib/die.o,$(LIB_OBJ))

# What is SPARSE behind the rest (lib/bits.h).
SPARSE_LAST = -Wl,--sort-section=name

# nodelete: libslab has a thread of its own once something is deferred, and fork handlers.
$(B)/libslab.so: $(SLAB_OBJ) $(LIBLIB) $(B)/sources $(B)/flags
	$(say) LD $@
	$(Q)$(LINK) -shared -Wl,-soname,$(SONAME) $(if $(SAN),,-Wl,-z,defs,-z,nodelete) $(SPARSE_LAST) -o $@ $(SLAB_OBJ) $(LIBLIB) $(URCU_LIBS) -ldl

$(B)/$(SONAME): $(B)/libslab.so
	$(Q)ln -sf libslab.so $@

# Its own functions first, whatever else the program is linked with: one libslab is one heap.
$(B)/libslab-malloc.so: $(DROPIN_OBJ) $(SLAB_OBJ) $(LIBLIB) $(B)/sources $(B)/flags
	$(say) LD $@
	$(Q)$(LINK) -shared -Wl,-soname,$(MALLOC_SONAME) $(if $(SAN),,-Wl,-z,defs,-z,nodelete) -Wl,-Bsymbolic-functions \
		$(SPARSE_LAST) -o $@ $(DROPIN_OBJ) $(SLAB_OBJ) $(LIBLIB) $(URCU_LIBS) -ldl

$(B)/$(MALLOC_SONAME): $(B)/libslab-malloc.so
	$(Q)ln -sf libslab-malloc.so $@

$(B)/runner: $(RUNNER_OBJ) $(LIBLIB) $(LIBSLAB) $(B)/sources $(B)/flags
	$(say) LD $@
	$(Q)$(LINK) -Wl,-rpath,'$$ORIGIN:$$ORIGIN/../lib' -o $@ $(RUNNER_OBJ) $(PURE_OBJ) $(LIBLIB) $(SLAB_LINK) $(LIBS)

$(UNIT_OBJ:.o=): %: %.o $(LIBLIB) $(LIBSLAB) $(B)/flags
	$(say) LD $@
	$(Q)$(LINK) -o $@ $< $(if $(SLAB_OBJ),$(B)/libslab.a) $(LIBLIB) $(URCU_LIBS) $(CMOCKA_LIBS) -lm -ldl

# Linked with the drop-in itself; under a sanitizer with its objects, under other names (names.h).
DROPIN_LINK = $(if $(LIBMALLOC),-L$(B) -lslab-malloc -Wl$(,)-rpath$(,)'$$ORIGIN/../..',$(DROPIN_INSIDE))
DROPIN_INSIDE = $(DROPIN_OBJ) $(B)/libslab.a $(LIBLIB) $(URCU_LIBS)
# It looks at what the library hides.
$(B)/tests/dropin/tokens: DROPIN_LINK = $(DROPIN_INSIDE)

# Clang knows malloc by its symbol, whatever C calls it, and takes calls away.
$(DROPIN_TEST_OBJ): PIC = -fno-builtin

$(DROPIN_TESTS): %: %.o $(DROPIN_OBJ) $(LIBLIB) $(LIBSLAB) $(LIBMALLOC) $(B)/flags
	$(say) LD $@
	$(Q)$(LINK) -o $@ $< $(DROPIN_LINK) $(CMOCKA_LIBS) -lm -ldl

$(GOLDEN_PROGRAMS): %: %.o $(LIBLIB) $(LIBSLAB) $(B)/flags
	$(say) LD $@
	$(Q)$(LINK) -o $@ $< $(B)/libslab.a $(LIBLIB) $(URCU_LIBS) -ldl

$(HARNESS_TESTS): %: %.o $(RUNNER_OBJ) $(LIBLIB) $(LIBSLAB) $(B)/sources $(B)/flags
	$(say) LD $@
	$(Q)$(LINK) -Wl,-rpath,'$$ORIGIN/../..' -o $@ $< $(filter-out $(MAIN_OBJ),$(RUNNER_OBJ)) \
		$(PURE_OBJ) $(LIBLIB) $(SLAB_LINK) $(CMOCKA_LIBS) $(LIBS)

# ---- installing --------------------------------------------------------------------------------

D = $(DESTDIR)$(PREFIX)
# What the program looks for in share/slabbench when it does not stand in its tree.
SHARED = $(wildcard plots/*.gp results/*.sql workloads/workload.h allocators/allocator.h \
	workloads/scripts/* workloads/traces/* workloads/data/* workloads/suites/*)

define SLAB_PC
prefix=$(PREFIX)
libdir=$${prefix}/lib
includedir=$${prefix}/include

Name: slab
Description: the Linux slab allocator as a library
Version: $(VERSION)
Libs: -L$${libdir} -lslab
Requires.private: liburcu-bp
Libs.private: -pthread -ldl
Cflags: -I$${includedir}
endef
export SLAB_PC

# What a program includes: slab.h and what belongs to the kernel's other headers.
PUBLIC_HEADERS = $(wildcard $(addprefix allocators/slab/,slab.h slabinfo.h gfp.h rcupdate.h overflow.h kmalloc_obj.h \
	usercopy.h shrinker.h pmalloc.h vmalloc.h mempool.h codetag.h memcontrol.h))

## install    runner, libslab, libslab-malloc, their headers, slab.pc and the manual page under PREFIX (DESTDIR)
install: all
	$(say) INSTALL "$(D)"
	$(Q)install -d "$(D)/bin" "$(D)/lib/pkgconfig" "$(D)/include" "$(D)/share/man/man1"
	$(Q)install -m 755 $(B)/runner "$(D)/bin/runner"
	$(Q)install -m 755 $(B)/libslab.so "$(D)/lib/$(SONAME)"
	$(Q)ln -sf $(SONAME) "$(D)/lib/libslab.so"
	$(Q)install -m 755 $(B)/libslab-malloc.so "$(D)/lib/$(MALLOC_SONAME)"
	$(Q)ln -sf $(MALLOC_SONAME) "$(D)/lib/libslab-malloc.so"
	$(Q)install -m 644 $(B)/libslab.a "$(D)/lib/libslab.a"
	$(Q)install -m 644 $(PUBLIC_HEADERS) "$(D)/include"
	$(Q)printf '%s\n' "$$SLAB_PC" >"$(D)/lib/pkgconfig/slab.pc"
	$(Q)for f in $(SHARED); do install -D -m 644 $$f "$(D)/share/slabbench/$$f"; done
	$(Q)test ! -e docs/runner.1 || install -m 644 docs/runner.1 "$(D)/share/man/man1/runner.1"
