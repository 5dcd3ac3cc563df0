/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that tests its virtual machine: what a hypercall, an access to a device and an interrupt
 * do, what must not leak out of EL1, and how many instructions they take (under exact counting with
 * a counter of 1 GHz: tests/system/list).
 */
#include <stdbool.h>
#include <stdint.h>

#define UART          UINT64_C(0x09000000)
#define DISTRIBUTOR   UINT64_C(0x08000000)
#define REDISTRIBUTOR UINT64_C(0x080a0000)
#define NOTHING       UINT64_C(0x0b000000)

#define READ(name)                                                                                 \
    __extension__({                                                                                \
        uint64_t value_;                                                                           \
        __asm__ volatile("mrs %0, " name : "=r"(value_) : : "memory");                             \
        value_;                                                                                    \
    })
#define WRITE(name, value)                                                                         \
    __asm__ volatile("msr " name ", %0\n\tisb" : : "r"((uint64_t)(value)) : "memory")

enum {
    ROUNDS = 100,
    SGI = 3,
    TIMER = 27,
    PSCI_OFF = 8,
    CLASS_ABORT_FETCH = 0x21,
    FRAME = 0x10000,
    REGISTER_LINK = 19 /* of the saved registers: x30 */
};

uint64_t guest_call(uint64_t function, uint64_t a, uint64_t b, uint64_t c);
void guest_try(uint64_t address);
void guest_load_post(uint64_t address);
int guest_fp_check(void);
void guest_main(void);
void guest_synchronous(uint64_t *saved);
void guest_interrupt(uint64_t *saved);

static volatile uint64_t last_syndrome, last_address;
static volatile uint64_t interrupts, last_interrupt, interrupt_time;

static uint32_t load(uint64_t address)
{
    uint32_t value;

    __asm__ volatile("ldr %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
    return value;
}

static void store(uint64_t address, uint32_t value)
{
    __asm__ volatile("str %w0, [%1]" : : "r"(value), "r"(address) : "memory");
}

static uint64_t ticks(void)
{
    __asm__ volatile("isb" : : : "memory");
    return READ("cntvct_el0");
}

static void print(const char *text)
{
    while (*text)
        store(UART, (uint8_t)*text++);
}

static void print_number(uint64_t number)
{
    char digits[24], *at = digits + sizeof digits;

    *--at = 0;
    do
        *--at = (char)('0' + number % 10);
    while ((number /= 10) != 0);
    print(at);
}

static void result(const char *name, bool good)
{
    print(good ? "guest: ok " : "guest: not ok ");
    print(name);
    print("\n");
}

static void figure(const char *name, uint64_t value)
{
    print("guest: ");
    print(name);
    print(": ");
    print_number(value);
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
    interrupt_time = READ("cntvct_el0");
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
        guest_call(0x84000000, 0, 0, 0);                                                           \
        const uint64_t after_ = READ(name);                                                        \
        WRITE(name, kept_);                                                                        \
        after_ == set_;                                                                            \
    })

static void test_registers(void)
{
    bool good = guest_call(0x84000000, 0, 0, 0) == 0x10001;

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

static void interrupts_start(void)
{
    store(REDISTRIBUTOR + 0x14, 0);
    store(DISTRIBUTOR, 2);
    store(REDISTRIBUTOR + FRAME + 0x80, UINT32_MAX);
    store(REDISTRIBUTOR + FRAME + 0x100, UINT32_C(1) << SGI | UINT32_C(1) << TIMER);
    WRITE("S3_0_C12_C12_5", 7);  /* ICC_SRE_EL1 */
    WRITE("S3_0_C4_C6_0", 0xf0); /* ICC_PMR_EL1 */
    WRITE("S3_0_C12_C12_7", 1);  /* ICC_IGRPEN1_EL1 */
}

static void interrupts_open(void)
{
    __asm__ volatile("msr daifclr, #2\n\tisb" : : : "memory");
}

static void interrupts_close(void)
{
    __asm__ volatile("msr daifset, #2\n\tisb" : : : "memory");
}

static void send_self(void)
{
    WRITE("S3_0_C12_C11_5", (uint64_t)SGI << 24 | 1); /* ICC_SGI1R_EL1 */
}

static void wait_interrupt(uint64_t before)
{
    while (interrupts == before)
        __asm__ volatile("wfi" : : : "memory");
}

static void test_interrupts(void)
{
    uint64_t before = interrupts;

    interrupts_start();
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

/* ---- figures: per operation, with the loop's own few instructions */

static void measure(void)
{
    uint64_t start = ticks(), worst = 0;

    for (int i = 0; i < ROUNDS; i++)
        guest_call(0x84000000, 0, 0, 0);
    figure("hypercall", (ticks() - start) / ROUNDS);
    start = ticks();
    for (int i = 0; i < ROUNDS; i++)
        (void)load(DISTRIBUTOR + 8);
    figure("device read", (ticks() - start) / ROUNDS);
    interrupts_open();
    start = ticks();
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t before = interrupts;
        send_self();
        while (interrupts == before)
            ;
    }
    figure("interrupt to oneself", (ticks() - start) / ROUNDS);
    for (int busy = 0; busy < 2; busy++) {
        for (int i = 0; i < 20; i++) {
            const uint64_t before = interrupts, due = ticks() + 100000;
            WRITE("cntv_cval_el0", due);
            WRITE("cntv_ctl_el0", 1);
            while (interrupts == before)
                if (!busy)
                    __asm__ volatile("wfi" : : : "memory");
            if (interrupt_time - due > worst)
                worst = interrupt_time - due;
        }
        figure(busy ? "timer lateness, busy" : "timer lateness, idle", worst);
        worst = 0;
    }
    interrupts_close();
    start = ticks();
    for (int i = 0; i < ROUNDS; i++)
        (void)READ("id_aa64mmfr0_el1");
    figure("identification register", (ticks() - start) / ROUNDS);
}

void guest_main(void)
{
    test_registers();
    test_faults();
    test_interrupts();
    measure();
    print("guest: done\n");
    guest_call(0x84000000 + PSCI_OFF, 0, 0, 0);
}
