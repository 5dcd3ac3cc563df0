/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest that hangs: both of its CPUs compute for ever, with interrupts masked. */
#include <stdint.h>

uint64_t guest_call(uint64_t function, uint64_t a, uint64_t b, uint64_t c);
void guest_main(void);
void guest_synchronous(uint64_t *saved);
void guest_interrupt(uint64_t *saved);

#define PSCI_ON UINT64_C(0xc4000003)

/* The second CPU has no stack: nothing is called here. */
static _Noreturn void spin(void)
{
    for (;;)
        __asm__ volatile("");
}

void guest_synchronous(uint64_t *saved)
{
    (void)saved;
}

void guest_interrupt(uint64_t *saved)
{
    (void)saved;
}

void guest_main(void)
{
    guest_call(PSCI_ON, 1, (uintptr_t)spin, 0);
    spin();
}
