/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that tests its virtual machine: what a hypercall, an access to a device and an interrupt
 * do, and what must not leak out of EL1.
 */
#include "machine.h"

#include <stdbool.h>

#define NOTHING UINT64_C(0x0b000000)

enum {
    SGI = 3,
    CLASS_ABORT_FETCH = 0x21,
    REGISTER_LINK = 19 /* of the saved registers: x30 */
};

void guest_try(uint64_t address);
void guest_load_post(uint64_t address);
int guest_fp_check(void);

static volatile uint64_t last_syndrome, last_address;
static volatile uint64_t interrupts, last_interrupt;

static void result(const char *name, bool good)
{
    print(good ? "guest: ok " : "guest: not ok ");
    print(name);
    print("\n");
}

/* ---- exceptions */

void guest_synchronous(uint64_t *saved)
{
    last_syndrome = READ("esr_el1");
    last_address = READ("far_el1");
    if (last_syndrome >> 26 == CLASS_ABORT_FETCH)
        WRITE("elr_el1", saved[REGISTER_LINK]);
    else
        WRITE("elr_el1", READ("elr_el1") + 4);
}

void guest_interrupt(uint64_t *saved)
{
    uint64_t number = READ("S3_0_C12_C12_0"); /* ICC_IAR1_EL1 */

    (void)saved;
    last_interrupt = number;
    interrupts++;
    if (number == TIMER)
        WRITE("cntv_ctl_el0", 2);
    WRITE("S3_0_C12_C12_1", number); /* ICC_EOIR1_EL1 */
}

static void test_faults(void)
{
    (void)load(NOTHING + 0x123 * 4);
    result("a read of nothing aborts",
           last_syndrome == 0x96000010 && last_address == NOTHING + 0x123 * 4);
    store(NOTHING, 1);
    result("a write to nothing aborts", last_syndrome == 0x96000050 && last_address == NOTHING);
    guest_try(NOTHING);
    result("execution of nothing aborts", last_syndrome == 0x86000010);
    guest_load_post(UART);
    result("an access that cannot be emulated aborts", last_syndrome == 0x96000010);
    last_syndrome = 0;
    (void)READ("cntp_ctl_el0");
    result("the physical timer is undefined", last_syndrome == 0x2000000);
    last_syndrome = 0;
    (void)READ("S2_0_C0_C2_2"); /* MDSCR_EL1 */
    (void)READ("pmcr_el0");
    result("debug registers and performance monitors read as zero", last_syndrome == 0);
    __asm__ volatile("brk #1");
    result("a breakpoint instruction stays in the guest", last_syndrome == 0xf2000001);
    WRITE("cpacr_el1", 3 << 20 | 3 << 16);           /* this level does not trap it */
    __asm__ volatile(".inst 0x04bf5040" : : : "x0"); /* rdvl x0, #2 */
    result("SVE is undefined", last_syndrome == 0x2000000);
}

/* ---- registers: after an exit they are as before, and the VMM could work meanwhile */

/* Sets the register, exits, looks, restores. */
#define KEEPS(name, value)                                                                         \
    __extension__({                                                                                \
        const uint64_t kept_ = READ(name);                                                         \
        WRITE(name, value);                                                                        \
        const uint64_t set_ = READ(name);                                                          \
        guest_call(PSCI_VERSION, 0, 0, 0);                                                         \
        const uint64_t after_ = READ(name);                                                        \
        WRITE(name, kept_);                                                                        \
        after_ == set_;                                                                            \
    })

static void test_registers(void)
{
    bool good = guest_call(PSCI_VERSION, 0, 0, 0) == 0x10001;

    result("PSCI answers", good && guest_call(0x84000050, 0, 0, 0) == UINT64_MAX);
    /* Big-endian EL0, unaligned stacks, no cache maintenance, WFE traps, alignment checks. */
    result("SCTLR_EL1 is the guest's own",
           KEEPS("sctlr_el1", 0x30d00802 | 1 << 24) && KEEPS("sctlr_el1", 0x30d00800));
    result("TCR_EL1 is the guest's own", KEEPS("tcr_el1", UINT64_C(0x6000000000) | 25));
    result("CNTKCTL_EL1 is the guest's own",
           KEEPS("cntkctl_el1", 0) && KEEPS("cntkctl_el1", 0x3ff));
    result("CPACR_EL1 is the guest's own", KEEPS("cpacr_el1", 0));
    result("EL0's thread registers are the guest's own", KEEPS("tpidr_el0", UINT64_MAX) &&
                                                             KEEPS("tpidrro_el0", 0x1234) &&
                                                             KEEPS("sp_el0", UINT64_MAX));
    result("EL1's registers are the guest's own",
           KEEPS("ttbr0_el1", 0xdead000) && KEEPS("ttbr1_el1", 0xbeef000) &&
               KEEPS("mair_el1", 0xff44) && KEEPS("contextidr_el1", 0x77) &&
               KEEPS("tpidr_el1", 0x1234567) && KEEPS("far_el1", 0x55) && KEEPS("par_el1", 0x800) &&
               KEEPS("elr_el1", 0x1000) && KEEPS("spsr_el1", 0x3c5));
    result("floating-point registers are the guest's own", guest_fp_check() == 0);
    result("the CPU's number is that of the machine", (READ("mpidr_el1") & 0xffffff) == 0);
}

/* ---- interrupts */

static void send_self(void)
{
    interrupt_send(SGI, 1);
}

static void wait_interrupt(uint64_t before)
{
    while (interrupts == before)
        __asm__ volatile("wfi" : : : "memory");
}

static void test_interrupts(void)
{
    uint64_t before = interrupts;

    interrupts_start(0, UINT32_C(1) << SGI | UINT32_C(1) << TIMER);
    send_self();
    send_self();
    result("nothing comes while masked", interrupts == before);
    interrupts_open();
    result("a software interrupt comes once", interrupts == before + 1 && last_interrupt == SGI);

    store(REDISTRIBUTOR + FRAME + 0x180, UINT32_C(1) << SGI);
    send_self();
    bool good = interrupts == before + 1;
    store(REDISTRIBUTOR + FRAME + 0x100, UINT32_C(1) << SGI);
    __asm__ volatile("isb");
    result("what comes while disabled comes when enabled", good && interrupts == before + 2);

    before = interrupts;
    WRITE("cntv_cval_el0", ticks() + 50000);
    WRITE("cntv_ctl_el0", 1);
    wait_interrupt(before);
    result("the timer ends a wait", last_interrupt == TIMER);
    before = interrupts;
    WRITE("cntv_cval_el0", ticks() + 50000);
    WRITE("cntv_ctl_el0", 1);
    while (interrupts == before)
        ;
    result("the timer interrupts", last_interrupt == TIMER && interrupts == before + 1);
    interrupts_close();
}

void guest_main(void)
{
    test_registers();
    test_faults();
    test_interrupts();
    print("guest: done\n");
    guest_call(PSCI_SYSTEM_OFF, 0, 0, 0);
}
