# SPDX-License-Identifier: BSD-2-Clause
#
# Everything is built under build/:
#   kernel-debug/, kernel-release/   the kernel: whit.elf for debuggers, Image to boot
#   lib/, programs/, tests/          user level: NAME.elf with symbols, NAME flat for archives
#   systems/, tests/                 NAME.cpio, boot archives
#   host/, tools/                    unit tests (sanitized) and tools for this machine
#   guest/, fdt/                     from Debian's arm64 packages (tools/fetch.sh)
# `make V=1` shows the commands.

CROSS  := aarch64-linux-gnu-
CC     := $(CROSS)gcc
HOSTCC := gcc
CLANG  := clang --target=aarch64-linux-gnu
DTC    := dtc

MAKEFLAGS += --no-builtin-rules
SHELL     := /bin/sh
Q         := $(if $(V),,@)
step       = @mkdir -p $(@D)$(if $(V),,; printf '  %-8s %s\n' '$1' '$(@:build/%=%)')

.SECONDEXPANSION:
.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:

.PHONY: build
build: kernels programs systems
	@:

# ---- flags -------------------------------------------------------------------------------------

WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Wcast-qual -Wstrict-prototypes \
            -Wmissing-prototypes -Wvla -Wswitch-enum -Werror

# string.h of the C library that the programs have: the kernel uses its declarations, no code.
PICOLIBC_INCLUDE := /usr/lib/picolibc/aarch64-linux-gnu/include

# The kernel leaves the floating-point registers alone and calls no helper for atomics.  Objects of
# several types lie at one address one after the other, so types say nothing about aliasing.
# x18 is the program's: calls keep it without saving it.  Link-time optimisation makes every path of the
# release kernel shorter, because files are small.  Padding before functions and jumps is half a
# kilobyte, and some of it would be executed.  The image is far smaller than a megabyte, so an address is
# one instruction (tiny).
KERNEL_FLAGS := -std=c17 -O2 -ffreestanding -fbuiltin \
                -fno-strict-aliasing -ffixed-x18 -march=armv8-a -mgeneral-regs-only \
                -mno-outline-atomics -fpie -mcmodel=tiny -fvisibility=hidden \
                -include tools/hidden.h \
                -fno-stack-protector -fno-common -fno-asynchronous-unwind-tables \
                -iquote abi -iquote kernel -isystem $(PICOLIBC_INCLUDE) $(WARNINGS)
KERNEL_debug   := -DWHIT_DEBUG=1 -fno-omit-frame-pointer -g
KERNEL_release := -DWHIT_DEBUG=0 -g -flto -flto-partition=one -ffunction-sections \
                  -fno-align-functions -fno-align-jumps -fno-align-loops

# The kernel relocates itself: no loader, no dynamic linker.
KERNEL_LINK := -nostdlib -static-pie -Wl,--no-dynamic-linker -Wl,-z,text -Wl,-z,noexecstack \
               -Wl,-z,max-page-size=4096 -Wl,--build-id=none -Wl,-T,kernel/aarch64/kernel.ld

PICOLIBC      := picolibc.specs
PROGRAM_FLAGS := -std=c17 -O2 -g -march=armv8-a -mno-outline-atomics -ffunction-sections \
                 -fdata-sections -fno-common -fno-stack-protector -fno-asynchronous-unwind-tables \
                 -iquote abi -iquote lib -isystem build/fdt/include $(WARNINGS)
PROGRAM_LINK  := -specs=$(PICOLIBC) -nostartfiles -static -T lib/program.ld -Wl,--gc-sections \
                 -Wl,-z,max-page-size=4096 -Wl,-z,noexecstack

SANITIZE   := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
HOST_FLAGS := -std=c17 -g -O1 $(SANITIZE) -DWHIT_DEBUG=1 -iquote abi -iquote kernel -iquote lib \
              -iquote tests/host $(WARNINGS)
TOOL_FLAGS := -std=c17 -O2 -D_POSIX_C_SOURCE=200809L $(WARNINGS)

DEPS = -MMD -MP

# ---- kernel ------------------------------------------------------------------------------------

CORE    := $(wildcard kernel/*.c)
# In debug kernels only; what the tests on the host need of it.
DEBUG   := $(wildcard kernel/debug/*.c)
CHECKS  := kernel/debug/invariant.c
KERNEL  := $(CORE) $(filter-out %/offsets.c,$(wildcard kernel/aarch64/*.c kernel/aarch64/*.S))

# $1: debug or release
define kernel-rules
build/kernel-$1/%.c.o: %.c Makefile
	$$(call step,CC)
	$$(Q)$$(CC) $$(KERNEL_FLAGS) $$(KERNEL_$1) $$(DEPS) -c $$< -o $$@

build/kernel-$1/%.S.o: %.S Makefile build/kernel-$1/offsets.h
	$$(call step,AS)
	$$(Q)$$(CC) $$(filter-out -include tools/hidden.h,$$(KERNEL_FLAGS)) $$(KERNEL_$1) $$(DEPS) \
		-iquote build/kernel-$1 -c $$< -o $$@

# Numbers for the assembly files, taken from the compiler's output: see kernel/aarch64/offsets.c.
build/kernel-$1/offsets.h: $$(wildcard kernel/aarch64/offsets.c)
	$$(call step,OFFSETS)
	$$(if $$<,$$(Q)$$(CC) $$(KERNEL_FLAGS) $$(KERNEL_$1) -fno-lto $$(DEPS) -MT $$@ -S $$< -o $$(@:.h=.s))
	$$(Q)sed -n 's/^.*\.ascii "->\([^ ]*\) [#$$$$]*\([^"]*\)".*/#define \1 \2/p' \
		$$(if $$<,$$(@:.h=.s),/dev/null) >$$@

build/kernel-$1/whit.elf: $$(patsubst %,build/kernel-$1/%.o,$$(KERNEL) $$(if $$(filter debug,$1),$$(DEBUG))) \
                          kernel/aarch64/kernel.ld
	$$(call step,LINK)
	$$(Q)$$(CC) $$(KERNEL_FLAGS) $$(KERNEL_$1) $$(KERNEL_LINK) -Wno-maybe-uninitialized $$(filter %.o,$$^) -o $$@

build/kernel-$1/Image: build/kernel-$1/whit.elf
	$$(call step,IMAGE)
	$$(Q)$$(CROSS)objcopy -O binary $$< $$@
endef
$(foreach kind,debug release,$(eval $(call kernel-rules,$(kind))))

# What runs with the MMU off: memory is a device then, and has no unaligned accesses.
BEFORE_MMU := kernel/fdt kernel/board kernel/ranges kernel/aarch64/init kernel/aarch64/mmu kernel/aarch64/uart kernel/aarch64/cache \
              kernel/aarch64/panic
$(foreach kind,debug release,$(BEFORE_MMU:%=build/kernel-$(kind)/%.c.o)): KERNEL_FLAGS += -mstrict-align

# What runs at the start, at an end, or seldom: small rather than fast.
SELDOM := $(addprefix kernel/,board boot core fdt irq make ranges request virq) \
          $(addprefix kernel/aarch64/,gic init features errata panic mmu smp uart)
$(SELDOM:%=build/kernel-release/%.c.o): KERNEL_FLAGS += -Os

.PHONY: kernels
kernels: $(if $(KERNEL),build/kernel-debug/Image build/kernel-release/Image)

# ---- user level --------------------------------------------------------------------------------

LIB           := $(wildcard lib/*.c lib/*.S)
names          = $(sort $(patsubst $1/%/,%,$(dir $(wildcard $1/*/*.c))))
PROGRAMS      := $(patsubst %,build/programs/%,$(call names,programs))
TEST_PROGRAMS := $(patsubst %,build/tests/%,$(call names,tests/system))
BENCHES       := $(patsubst %,build/bench/%,$(call names,bench))
objects        = $(patsubst %,build/obj/%.o,$(wildcard $1/*.c $1/*.S))

build/obj/%.c.o: %.c Makefile | build/fdt/libfdt.a
	$(call step,CC)
	$(Q)$(CC) -specs=$(PICOLIBC) $(PROGRAM_FLAGS) $(DEPS) -c $< -o $@

build/obj/%.S.o: %.S Makefile
	$(call step,AS)
	$(Q)$(CC) $(PROGRAM_FLAGS) $(DEPS) -c $< -o $@

build/lib/libwhit.a: $(call objects,lib)
	$(call step,AR)
	$(Q)rm -f $@ && $(CROSS)ar rcs $@ $^

define link-program
	$(call step,LINK)
	$(Q)$(CC) $(PROGRAM_LINK) $(filter %.o,$^) \
		-Wl,--start-group build/lib/libwhit.a build/fdt/libfdt.a -Wl,--end-group -o $@
endef
LINKED_WITH := build/lib/libwhit.a build/fdt/libfdt.a lib/program.ld

build/programs/%.elf: $$(call objects,programs/$$*) $(LINKED_WITH)
	$(link-program)

# Exits of guests go through several of its files.
build/obj/programs/vmm/%: PROGRAM_FLAGS += -flto
build/programs/vmm.elf: PROGRAM_LINK += -flto -O2

build/tests/%.elf: $$(call objects,tests/system/$$*) $(LINKED_WITH)
	$(link-program)

build/bench/%.elf: $$(call objects,bench/$$*) $(LINKED_WITH)
	$(link-program)

# The benchmarks share the world that they measure.
build/bench/time.elf: build/obj/bench/paths/console.c.o build/obj/bench/paths/world.c.o

# Flat images, struct whit_image in abi/whit.h: nothing on the target reads ELF.
$(PROGRAMS) $(TEST_PROGRAMS) $(BENCHES): %: %.elf
	$(call step,IMAGE)
	$(Q)$(CROSS)objcopy -O binary $< $@

# A program that says that it was built for another version of the ABI (struct whit_image).
build/tests/old: build/programs/hello
	$(call step,PATCH)
	$(Q)cp $< $@ && printf '\143' | dd of=$@ bs=1 seek=8 conv=notrunc status=none

# Kernels with a hole: the first instruction of one operation is an undefined one. Addresses in the
# ELF file are offsets in the image.
build/tests/panic-%.Image: build/kernel-%/Image build/kernel-%/whit.elf
	$(call step,PATCH)
	$(Q)cp $< $@ && at=$$($(CROSS)nm build/kernel-$*/whit.elf | sed -n 's/ [tT] op_sync$$//p') && \
		printf '\0\0\0\0' | dd of=$@ bs=1 seek=$$((0x$$at)) conv=notrunc status=none
# Kernels that call the firmware at each entry, as if it had said that it must (errata.h).
build/tests/guarded-%.Image: build/kernel-%/Image build/kernel-%/whit.elf
	$(call step,PATCH)
	$(Q)cp $< $@ && at=$$($(CROSS)nm build/kernel-$*/whit.elf | sed -n 's/ [dD] errata_forced$$//p') && \
		printf '\0\200\0\200' | dd of=$@ bs=1 seek=$$((0x$$at)) conv=notrunc status=none
build/tests/calls.cpio: build/tests/guarded-debug.Image build/tests/guarded-release.Image
build/tests/panic.cpio: build/tests/panic-debug.Image build/tests/panic-release.Image

.PHONY: programs
programs: $(PROGRAMS)

# ---- the guest ---------------------------------------------------------------------------------

build/guest/Image build/guest/busybox build/fdt/libfdt.a &:
	@tools/fetch.sh

build/guest/initrd.cpio: systems/guest/init build/guest/busybox build/tools/mkarchive
	$(call step,ARCHIVE)
	$(Q)build/tools/mkarchive -a 4 $@ dev/ proc/ sys/ etc/ tmp/ root/ bin/ \
		bin/busybox=build/guest/busybox init=systems/guest/init

# The same with a first process that only says that it was reached (tools/figures.sh).
build/bench/guest-init: bench/guest/init.S
	$(call step,GUEST)
	$(Q)$(CC) -nostdlib -static -Wl,-Ttext-segment=0x7000000000 -Wl,--build-id=none \
		-Wl,-z,noexecstack $< -o $@

build/bench/guest-initrd.cpio: build/bench/guest-init build/guest/busybox build/tools/mkarchive
	$(call step,ARCHIVE)
	$(Q)build/tools/mkarchive -a 4 $@ dev/ proc/ sys/ etc/ tmp/ root/ bin/ \
		bin/busybox=build/guest/busybox init=build/bench/guest-init

# Programs of Linux guests, without a C library; each is the first process of a RAM disk.
build/guest/wakeup: tests/guest/linux/wakeup.c
	$(call step,GUEST)
	$(Q)$(CC) -std=c17 -O2 -ffreestanding -fno-stack-protector $(WARNINGS) -nostdlib -static \
		-Wl,--build-id=none -Wl,-z,noexecstack $< -o $@

build/guest/priority: tests/guest/linux/realtime.c
	$(call step,GUEST)
	$(Q)$(CC) -std=c17 -O2 -ffreestanding -fno-stack-protector $(WARNINGS) -nostdlib -static \
		-Wl,--build-id=none -Wl,-z,noexecstack $< -o $@

# The module for Linux guests, against the headers of the guest's kernel.
build/guest/whit-priority.ko: guest/whit-priority/whit-priority.c guest/whit-priority/Kbuild \
                              tools/guest-module.sh build/guest/Image
	$(call step,MODULE)
	@tools/fetch.sh --headers arm64
	$(Q)tools/guest-module.sh arm64 $@

build/guest/priority.cpio: build/guest/priority build/guest/whit-priority.ko build/tools/mkarchive
	$(call step,ARCHIVE)
	$(Q)build/tools/mkarchive -a 4 $@ dev/ sys/ init=build/guest/priority \
		whit-priority.ko=build/guest/whit-priority.ko

build/guest/realtime/Image:
	@tools/fetch.sh --realtime

build/guest/realtime/whit-priority.ko: guest/whit-priority/whit-priority.c guest/whit-priority/Kbuild \
                                       tools/guest-module.sh build/guest/realtime/Image
	$(call step,MODULE)
	@tools/fetch.sh --headers rt-arm64
	$(Q)tools/guest-module.sh rt-arm64 $@

build/guest/realtime.cpio: bench/realtime/init build/guest/realtime/Image build/guest/busybox \
                           build/guest/realtime/whit-priority.ko build/tools/mkarchive
	$(call step,ARCHIVE)
	$(Q)build/tools/mkarchive -a 4 $@ dev/ proc/ sys/ tmp/ bin/ lib/ bin/busybox=build/guest/busybox \
		init=bench/realtime/init \
		whit-priority.ko=build/guest/realtime/whit-priority.ko \
		$$(cd build/guest/realtime && for file in cyclictest stress-ng; do \
		echo bin/$$file=build/guest/realtime/$$file; done; for file in lib/*; do \
		echo $$file=build/guest/realtime/$$file; done)

build/guest/load.cpio: bench/load/init build/guest/busybox build/tools/mkarchive
	$(call step,ARCHIVE)
	$(Q)build/tools/mkarchive -a 4 $@ dev/ proc/ tmp/ bin/ bin/busybox=build/guest/busybox \
		init=bench/load/init

build/guest/wakeup.cpio: build/guest/wakeup build/tools/mkarchive
	$(call step,ARCHIVE)
	$(Q)build/tools/mkarchive -a 4 $@ dev/ init=build/guest/wakeup

# A guest that tests its machine, and one that goes wild. Their MMU is off: no unaligned accesses.
build/tests/%.Image: tests/guest/%.c tests/guest/start.S $(wildcard tests/guest/*.h) tests/guest/guest.ld $$(wildcard tests/guest/$$*.S)
	$(call step,GUEST)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c17 -O2 -ffreestanding -march=armv8-a -mgeneral-regs-only -mstrict-align \
		-fno-stack-protector -fno-asynchronous-unwind-tables $(WARNINGS) -nostdlib -static \
		-Wl,--build-id=none -Wl,-z,noexecstack -Wl,--no-warn-rwx-segments -T tests/guest/guest.ld \
		$(filter %.S %.c,$^) -o $@.elf
	$(Q)$(CROSS)objcopy -O binary $@.elf $@

# ---- systems: a folder with `files` (lines NAME=PATH, PATH below build/) and a description ------

SYSTEMS       := $(patsubst systems/%/files,build/systems/%.cpio,$(wildcard systems/*/files))
TEST_ARCHIVES := $(patsubst tests/system/%/files,build/tests/%.cpio,$(wildcard tests/system/*/files))
# What needs downloads that nobody else needs is built when its test runs (--long).
RARE_ARCHIVES := build/tests/realtime.cpio

# $1: the system's folder. The archive's members besides the description.
members = $(if $(wildcard $1/files),$(shell sed -n 's|^\([^\#=]*\)=\(.*\)$$|\1=build/\2|p' $1/files))
paths   = $(foreach member,$(call members,$1),$(lastword $(subst =, ,$(member))))
dtb     = $(patsubst %.dts,build/obj/%.dtb,$(wildcard $1/system.dts))

build/obj/%.dtb: %.dts
	$(call step,DTC)
	$(Q)$(DTC) -I dts -O dtb -d $(@:.dtb=.d) -o $@ $<

define pack-archive
	$(call step,ARCHIVE)
	$(Q)build/tools/mkarchive $@ $(call members,$1) $(patsubst %,system.dtb=%,$(call dtb,$1))
endef

build/systems/%.cpio: systems/%/files $$(call dtb,systems/$$*) $$(call paths,systems/$$*) \
                      build/tools/mkarchive
	$(call pack-archive,systems/$*)

build/tests/%.cpio: tests/system/%/files $$(call dtb,tests/system/$$*) \
                    $$(call paths,tests/system/$$*) build/tools/mkarchive
	$(call pack-archive,tests/system/$*)

build/bench/%.cpio: bench/%/files $$(call dtb,bench/$$*) $$(call paths,bench/$$*) \
                    build/tools/mkarchive
	$(call pack-archive,bench/$*)

.PHONY: systems run run-build
systems: $(SYSTEMS)

NAME ?= tour
run-build: build/tools/drive build/kernel-release/Image build/systems/$(NAME).cpio
	@:

run: run-build
	@tools/run.sh $(NAME)

# ---- host: tools and unit tests ----------------------------------------------------------------

PLUGINS    := tools/plugin.c tools/count.c tools/masked.c
TOOLS      := $(patsubst tools/%.c,build/tools/%,$(filter-out $(PLUGINS),$(wildcard tools/*.c)))
HOST_TESTS := $(patsubst tests/host/%.c,build/host/%,$(wildcard tests/host/test_*.c))
FAKES      := $(wildcard tests/host/fake_*.c)

# test_NAME_links := FILE.c ... names sources, besides the kernel's core, that a test needs.
-include tests/host/links.mk

build/tools/%: tools/%.c Makefile
	$(call step,HOSTCC)
	$(Q)$(HOSTCC) $(TOOL_FLAGS) $< -o $@

build/tools/%.so: tools/%.c Makefile
	$(call step,HOSTCC)
	$(Q)$(HOSTCC) $(TOOL_FLAGS) -fPIC -fvisibility=hidden -shared $< -o $@

build/host/obj/%.c.o: %.c Makefile
	$(call step,HOSTCC)
	$(Q)$(HOSTCC) $(HOST_FLAGS) $(DEPS) -c $< -o $@

build/host/libkernel.a: $(patsubst %,build/host/obj/%.o,$(CORE) $(CHECKS) $(FAKES))
	$(call step,AR)
	$(Q)rm -f $@ && ar rcs $@ $^

build/host/test_%: build/host/obj/tests/host/test_%.c.o \
                   $$(addprefix build/host/obj/,$$(addsuffix .o,$$(test_$$*_links))) build/host/libkernel.a
	$(call step,HOSTLD)
	$(Q)$(HOSTCC) $(SANITIZE) $(filter %.o,$^) build/host/libkernel.a -lfdt -o $@

# The same kernel and tests without sanitizers, for runs that take long.
LONG_FLAGS := $(filter-out -O1 $(SANITIZE),$(HOST_FLAGS)) -O2
long-objects = $(patsubst %,build/long/obj/%.o,$(CORE) $(CHECKS) $(FAKES) tests/host/$1.c $($1_links))

build/long/obj/%.c.o: %.c Makefile
	$(call step,HOSTCC)
	$(Q)$(HOSTCC) $(LONG_FLAGS) $(DEPS) -c $< -o $@

build/long/test_%: $$(call long-objects,test_$$*)
	$(call step,HOSTLD)
	$(Q)$(HOSTCC) $^ -lfdt -o $@

# The model's harness under libFuzzer.
FUZZ_FLAGS := $(filter-out -O1,$(HOST_FLAGS)) -O2 -fsanitize=fuzzer
FUZZ_OBJECTS := $(patsubst %,build/fuzz/obj/%.o,$(CORE) $(CHECKS) $(FAKES) $(test_model_links) \
                  tests/model/fuzz.c)

build/fuzz/obj/%.c.o: %.c Makefile
	$(call step,CLANG)
	$(Q)clang $(FUZZ_FLAGS) $(DEPS) -c $< -o $@

build/fuzz/model: $(FUZZ_OBJECTS)
	$(call step,CLANG)
	$(Q)clang $(FUZZ_FLAGS) $^ -o $@

SECONDS ?= 20
fuzz-host: build/fuzz/model
	@mkdir -p build/fuzz/corpus
	@build/fuzz/model -max_total_time=$(SECONDS) -max_len=4096 -len_control=0 \
		-print_final_stats=1 \
		-artifact_prefix=build/fuzz/ build/fuzz/corpus

.PHONY: fuzz-host
.PHONY: tools host-tests test-build test check-clang format-check size bench time irqoff figures models proof realtime clean distclean
tools: $(TOOLS)
host-tests: $(HOST_TESTS)
test-build: build tools host-tests $(TEST_PROGRAMS) $(filter-out $(RARE_ARCHIVES),$(TEST_ARCHIVES))

test:
	@tools/test.sh $(if $(LONG),--long) "$(PATTERN)"

# ---- checks ------------------------------------------------------------------------------------

# A second compiler sees other mistakes. Nothing is linked.
CLANG_CHECKS := $(patsubst %,build/clang/%.o,$(KERNEL) $(DEBUG) \
                  $(LIB) $(wildcard programs/*/*.c tests/system/*/*.c bench/*/*.c))
CLANG_PROGRAM := -nostdlibinc -isystem $(PICOLIBC_INCLUDE) $(PROGRAM_FLAGS)

check-clang: $(CLANG_CHECKS)

build/clang/kernel/%.c.o: kernel/%.c
	$(call step,CLANG)
	$(Q)$(CLANG) $(KERNEL_FLAGS) $(KERNEL_debug) $(DEPS) -c $< -o $@

build/clang/kernel/%.S.o: kernel/%.S build/kernel-debug/offsets.h
	$(call step,CLANG)
	$(Q)$(CLANG) $(filter-out -include tools/hidden.h,$(KERNEL_FLAGS)) $(KERNEL_debug) \
		$(DEPS) -iquote build/kernel-debug -c $< -o $@

build/clang/%.o: % | build/fdt/libfdt.a
	$(call step,CLANG)
	$(Q)$(CLANG) $(CLANG_PROGRAM) $(DEPS) -c $< -o $@

# What of the kernel's core the host tests reach. Without optimisation, so that each line and branch
# is there; the sanitizers' own branches are not.
# Nothing counts that only a random sequence may reach.
COVER_TESTS := $(patsubst tests/host/%.c,build/coverage/%, \
                 $(filter-out %/test_random.c %/test_model.c,$(wildcard tests/host/test_*.c)))
COVER_FLAGS := $(filter-out -O1 $(SANITIZE),$(HOST_FLAGS)) -O0 --coverage

.PHONY: coverage
coverage: $(COVER_TESTS)
	@tools/coverage.sh $(COVER_TESTS)

build/coverage/obj/%.c.o: %.c Makefile
	$(call step,HOSTCC)
	$(Q)$(HOSTCC) $(COVER_FLAGS) $(DEPS) -c $< -o $@

build/coverage/libkernel.a: $(patsubst %,build/coverage/obj/%.o,$(CORE) $(CHECKS) $(FAKES))
	$(call step,AR)
	$(Q)rm -f $@ && ar rcs $@ $^

build/coverage/test_%: build/coverage/obj/tests/host/test_%.c.o \
                   $$(addprefix build/coverage/obj/,$$(addsuffix .o,$$(test_$$*_links))) \
                   build/coverage/libkernel.a
	$(call step,HOSTLD)
	$(Q)$(HOSTCC) --coverage $(filter %.o,$^) build/coverage/libkernel.a -lfdt -o $@

format-check:
	@command -v clang-format >/dev/null || { echo 'clang-format is not installed: skipped'; exit 0; }; \
	find abi bench kernel lib programs tests tools -name '*.[ch]' 2>/dev/null | \
		xargs -r clang-format --dry-run -Werror

size: build/tools/lines build/kernel-release/whit.elf
	@tools/size.sh

irqoff: build/kernel-release/Image build/tests/irqoff.cpio build/tools/masked.so
	@tools/irqoff.sh $(IRQOFF)

bench: build/kernel-release/Image build/bench/paths.cpio build/bench/vm.cpio build/tools/plugin.so build/tools/trace
	@tools/bench.sh $(BENCH)

# The protocols between cores; what is proved of the core.
models:
	@tests/models/models.sh

proof:
	@tests/proof/prove.sh

time: build/kernel-release/Image build/bench/time.cpio
	@tools/time.sh $(TIME)

figures: build/kernel-release/Image build/bench/guest.cpio build/tools/count.so build/tools/lines
	@tools/figures.sh

realtime: build/kernel-release/Image build/bench/wakeup.cpio build/bench/load.cpio \
          build/bench/realtime.cpio build/tools/drive
	@tools/realtime.sh all

clean:
	find build -mindepth 1 -maxdepth 1 ! -name cache ! -name apt -exec rm -rf {} +

distclean:
	rm -rf build

-include $(shell find build/obj build/host build/coverage build/long build/fuzz build/clang build/kernel-debug build/kernel-release \
                  -name '*.d' 2>/dev/null)
