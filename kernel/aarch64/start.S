// SPDX-License-Identifier: BSD-2-Clause
//
// First instructions of the boot core and of the others: entered with MMU and caches off, anywhere
// in memory.  Until the MMU is on memory is written behind the caches, so lines that may be held of
// it are cleaned and invalidated before, and invalidated again after.
#include "core_area.h"
#include "sysreg.h"

.macro load_constant register, value
    movz    \register, #((\value) & 0xffff)
    movk    \register, #(((\value) >> 16) & 0xffff), lsl #16
.endm

// HCR_EL2 decides what the other registers mean.  \otherwise: E2H cannot be cleared (ARMv9.5 without
// FEAT_E2H0).  Uses x1.
.macro take_el2 otherwise
    load_constant x1, HCR_RW
    msr     hcr_el2, x1
    isb
    mrs     x1, hcr_el2
    tbnz    x1, #34, \otherwise
    load_constant x1, SCTLR_EL2_RES1
    msr     sctlr_el2, x1
    isb
.endm

    .section .text.start, "ax"

// arm64 Image header (Linux: Documentation/arm64/booting.rst)
    .global image_start_header
image_start_header:
    b       start_boot_core
    .long   0
    .quad   0                       // text offset from a 2 MiB boundary
    .quad   image_reserved + 16 - . // bytes that the loader keeps free; counted from the start
    .quad   0xa                     // little endian, 4 KiB pages, anywhere in memory
    .quad   0, 0, 0
    .ascii  "ARM\x64"
    .long   0

start_boot_core:
    msr     daifset, #0xf
    mov     x19, x0                 // device tree
    mov     x22, #0                 // exception level or HCR_EL2 as expected: 1
    mrs     x20, cntpct_el0
    mrs     x0, CurrentEL
    cmp     x0, #CURRENT_EL_2
    b.ne    1f

    take_el2 1f
    mov     x22, #1
1:  msr     spsel, #1

    // The image, which a loader may have left in the cache: to the point of coherency.
    adrp    x0, image_start_header
    mov     x21, x0
    adrp    x1, image_end
    mrs     x2, ctr_el0
    ubfx    x2, x2, #16, #4         // DminLine: log2 of words in the smallest line
    mov     x3, #4
    lsl     x2, x3, x2
    sub     x3, x2, #1
    bic     x0, x0, x3
2:  dc      civac, x0
    add     x0, x0, x2
    cmp     x0, x1
    b.lo    2b
    dsb     sy                      // done before anything that follows

    adrp    x0, boot_stack_end
    mov     sp, x0
    mov     x29, #0
    mov     x30, #0

    // Relocations are R_AARCH64_RELATIVE only (checked when the image is linked: -z text, no
    // symbols): address += where the image lies.
    adrp    x0, rela_start
    add     x0, x0, :lo12:rela_start
    adrp    x1, rela_end
    add     x1, x1, :lo12:rela_end
2:  cmp     x0, x1
    b.hs    3f
    ldp     x2, x3, [x0], #16       // offset, type
    ldr     x4, [x0], #8            // addend
    cmp     w3, #1027               // R_AARCH64_RELATIVE
    b.ne    2b
    add     x4, x4, x21
    str     x4, [x21, x2]
    b       2b

3:  adrp    x0, bss_start
    adrp    x1, bss_end
4:  stp     xzr, xzr, [x0], #16
    cmp     x0, x1
    b.lo    4b

    cbz     x22, 5f
    adrp    x0, vectors
    add     x0, x0, :lo12:vectors
    msr     vbar_el2, x0
    isb
    mov     x0, x19
    mov     x1, x20
    bl      boot_early              // tables and core areas; returns with the MMU on
    mov     sp, x0                  // the boot core's structure
    bl      boot_core

5:  mov     x0, x19
    mov     x1, x20
    bl      boot_refuse

// Another core, entered by PSCI CPU_ON with its structure in x0.
    .global start_other_core
start_other_core:
    msr     daifset, #0xf
    take_el2 6f
    msr     spsel, #1
    adrp    x1, vectors
    add     x1, x1, :lo12:vectors
    msr     vbar_el2, x1
    isb
    mov     sp, x0
    mov     x19, x0
    mov     x29, #0
    mov     x30, #0
    bl      mmu_enable
    mov     x0, x19
    bl      other_core
6:  wfi
    b       6b

// void mmu_enable(void): the same on every core.  Uses no stack: with caches off it would be written
// behind lines that another core may have in a shared cache.  mmu_regime is in memory: it was
// written with caches off, and never since.
    .global mmu_enable
mmu_enable:
    adrp    x0, mmu_regime
    add     x0, x0, :lo12:mmu_regime
    ldp     x1, x2, [x0]
    load_constant x3, MAIR_VALUE
    msr     mair_el2, x3
    msr     tcr_el2, x2
    msr     ttbr0_el2, x1
    dsb     sy                      // the tables are complete before a walk can read them
    tlbi    alle2                   // whatever firmware left in the TLB
    ic      iallu                   // ... and in the instruction cache
    dsb     nsh                     // both are done
    isb                             // ... before the first translated fetch
    load_constant x0, (SCTLR_EL2_RES1 | SCTLR_M | SCTLR_C | SCTLR_SA | SCTLR_I | SCTLR_WXN)
    msr     sctlr_el2, x0
    isb                             // on for the return
    ret

    .bss
    .balign 16
boot_stack:
    .space  8192
    .balign 4096
boot_stack_end:
