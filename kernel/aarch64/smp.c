/* SPDX-License-Identifier: BSD-2-Clause */
/* Other cores and the machine's power: PSCI 0.2 and later (ARM DEN 0022), called by SMC. */
#include "arch.h"
#include "init.h"
#include "sysreg.h"
#include "uart.h"

enum { PSCI_SUCCESS = 0 };
#define PSCI_SYSTEM_OFF   0x84000008
#define PSCI_SYSTEM_RESET 0x84000009
#define PSCI_CPU_ON       0xc4000003

static enum board_conduit psci_conduit;

static int64_t psci_call(uint64_t function, uint64_t a, uint64_t b, uint64_t c)
{
    register uint64_t x0 __asm__("x0") = function;
    register uint64_t x1 __asm__("x1") = a;
    register uint64_t x2 __asm__("x2") = b;
    register uint64_t x3 __asm__("x3") = c;

    /* SMC calling convention 1.0 (ARM DEN 0028): x4-x17 are lost. */
    __asm__ volatile("smc #0"
                     : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)
                     :
                     : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15",
                       "x16", "x17", "memory");
    return (int64_t)x0;
}

int64_t firmware(uint64_t function, uint64_t argument)
{
    return psci_conduit == CONDUIT_SMC ? psci_call(function, argument, 0, 0) : -1;
}

void psci_init(enum board_conduit conduit)
{
    psci_conduit = conduit;
}

/* Waits up to a second for `core` to say that it runs. */
static bool wait_online(const struct core *core)
{
    const uint64_t end = arch_ticks() + READ_SYSREG(cntfrq_el0);

    while (!__atomic_load_n(&core->online, __ATOMIC_ACQUIRE))
        if (arch_ticks() > end)
            return false;
    return true;
}

void smp_start(const struct board *board)
{
    for (uint32_t i = 1; i < board->cores; i++) {
        struct core *core = cores[i];
        int64_t result = -1;

        /* It reads its structure's address and the translation before its caches are on, and
         * what others wrote by the cache only after: nothing but code and boot constants, which
         * are in memory. */
        if (psci_conduit == CONDUIT_SMC)
            result =
                psci_call(PSCI_CPU_ON, core->mpidr, (uintptr_t)start_other_core, (uintptr_t)core);
        if (result == PSCI_SUCCESS && wait_online(core)) {
            cores_online++;
            continue;
        }
        uart_print("whit: core ");
        uart_print_number(i);
        uart_print(" does not start.\n");
        /* Cores are numbered without gaps: this one and the ones behind it stay off. */
        for (uint32_t j = i; j < board->cores; j++)
            cores[j] = NULL;
        return;
    }
}

void arch_power(unsigned action)
{
    if (psci_conduit == CONDUIT_SMC)
        (void)psci_call(action == WHIT_POWER_RESET ? PSCI_SYSTEM_RESET : PSCI_SYSTEM_OFF, 0, 0, 0);
}
