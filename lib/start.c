/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the first instruction to main: thread-local storage and the parameter block.  Data and bss
 * are as the loader laid them out.
 */
#include "tls.h"
#include "whit/parameters.h"

#include <stdlib.h>

const struct whit_parameters *whit_parameters;
const struct whit_boot *whit_boot;

extern int main(void);
extern void (*whit_constructors[])(void), (*whit_constructors_end[])(void); /* program.ld */
_Noreturn void whit_start_c(const void *block);

/* Both blocks start with their magic number. */
static void find_block(const void *block)
{
    const uint64_t *magic = block;

    if (*magic == WHIT_PARAMETERS_MAGIC) {
        whit_parameters = block;
    } else if (*magic == WHIT_IMAGE_MAGIC) {
        whit_boot = block;
    } else {
        abort();
    }
}

static _Alignas(64) char main_tls[WHIT_TLS_BYTES];

/* Constructors: picolibc and libfdt have some, C programs none. */
static void run_constructors(void)
{
    for (void (**constructor)(void) = whit_constructors; constructor < whit_constructors_end;
         constructor++) {
        (*constructor)();
    }
}

_Noreturn void whit_start_c(const void *block)
{
    uint64_t tls = whit_tls_init(main_tls);

    /* TPIDR_EL0 is the program's own (Arm ARM, TPIDR_EL0); nobody else sets it for a thread that
     * its loader started with tls 0. */
    __asm__ volatile("msr tpidr_el0, %0" : : "r"(tls));
    find_block(block);
    run_constructors();
    exit(main());
}
