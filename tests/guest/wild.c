/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that goes wild: rubbish in every register that it reaches, accesses to nothing, calls of
 * every kind with random arguments.  Programs beside it say whether they noticed
 * (tests/system/witness); what the guest itself gets out of it does not matter.
 */
#include <stdbool.h>
#include <stdint.h>

#define UART          UINT64_C(0x09000000)
#define DISTRIBUTOR   UINT64_C(0x08000000)
#define REDISTRIBUTOR UINT64_C(0x080a0000)
#define RAM           UINT64_C(0x40000000)
#define RAM_END       (RAM + (UINT64_C(16) << 20))
#define GIB           (UINT64_C(1) << 30)
#define MIB           (UINT64_C(1) << 20)

#define READ(name)                                                                                 \
    __extension__({                                                                                \
        uint64_t value_;                                                                           \
        __asm__ volatile("mrs %0, " name : "=r"(value_) : : "memory");                             \
        value_;                                                                                    \
    })
#define WRITE(name, value)                                                                         \
    __asm__ volatile("msr " name ", %0\n\tisb" : : "r"((uint64_t)(value)) : "memory")

enum {
    CLASS_SVC = 0x15,
    CLASS_ABORT_FETCH = 0x21,
    FRAME = 0x10000,
    REGISTER_LINK = 19, /* of the saved registers: x30 */
    TIMER = 27,
    COUNTING = 1000000000, /* ticks per second where instructions are counted: tests/system/list */
    CALLS = 30000,
    OPERATIONS = 40, /* a few more than Whit has */
    HOLD_US = 2500,  /* more than two periods of the program that watches */
    STORM = 3000,
    HVC = 0xd4000002,
    SMC = 0xd4000003,
    NOP = 0xd503201f,
    RET = 0xd65f03c0
};

#define PSCI_ON         UINT64_C(0xc4000003)
#define PSCI_SYSTEM_OFF UINT64_C(0x84000008)

uint64_t guest_call(uint64_t function, uint64_t a, uint64_t b, uint64_t c);
void guest_try(uint64_t address);
void guest_load_post(uint64_t address);
int guest_fp_check(void);
void guest_main(void);
void guest_synchronous(uint64_t *saved);
void guest_interrupt(uint64_t *saved);

/* wild.S */
void wild_registers(uint64_t *registers, void (*run)(void));
void wild_fp(uint64_t value);
extern char wild_rubbish[], wild_user[], wild_reply[];

static uint64_t random_state = 88172645463325252u;
static volatile unsigned storm;

static uint64_t random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* Rubbish of the kinds that are likely to find something. */
static uint64_t rubbish(void)
{
    const uint64_t value = random();

    switch (value >> 60) {
    case 0:
        return 0;
    case 1:
        return UINT64_MAX;
    case 2:
    case 3:
    case 4:
    case 5:
        return value & 0x1f;
    case 6:
    case 7:
        return value & 0x3fff;
    case 8:
        return RAM + (value & 0xfff000);
    case 9:
        return (value & 0xf) << 12;
    case 10:
        return UINT64_C(1) << (value & 63);
    case 11:
        return value & 0xffffffff;
    default:
        return value;
    }
}

static void store(uint64_t address, uint32_t value)
{
    __asm__ volatile("str %w0, [%1]" : : "r"(value), "r"(address) : "memory");
}

static void print(const char *text)
{
    while (*text)
        store(UART, (uint8_t)*text++);
}

static void phase(const char *name)
{
    print("wild: ");
    print(name);
    print("\n");
}

/* ---- exceptions: on to the next instruction, or back from where nothing is */

void guest_synchronous(uint64_t *saved)
{
    const uint64_t class = READ("esr_el1") >> 26;

    if (class == CLASS_ABORT_FETCH)
        WRITE("elr_el1", saved[REGISTER_LINK]);
    else if (class != CLASS_SVC)
        WRITE("elr_el1", READ("elr_el1") + 4);
}

void guest_interrupt(uint64_t *saved)
{
    const uint64_t number = READ("S3_0_C12_C12_0"); /* ICC_IAR1_EL1 */

    (void)saved;
    if (storm == 0 || --storm == 0)
        WRITE("cntv_ctl_el0", 2);
    WRITE("S3_0_C12_C12_1", number); /* ICC_EOIR1_EL1 */
}

/* ---- registers: each with rubbish for some milliseconds and some exits */

static void spin(void)
{
    /* In registers alone: the byte order of this level's memory may be another one now. */
    __asm__ volatile("mrs x9, cntfrq_el0\n\t"
                     "mul x9, x9, %0\n\t"
                     "udiv x9, x9, %1\n\t"
                     "mrs x10, cntvct_el0\n\t"
                     "add x10, x10, x9\n"
                     "1:\tmovz x0, #0x8400, lsl #16\n\t"
                     "hvc #0\n\t"
                     "mov x11, #2000\n"
                     "2:\tsubs x11, x11, #1\n\t"
                     "b.ne 2b\n\t"
                     "mrs x9, cntvct_el0\n\t"
                     "cmp x9, x10\n\t"
                     "b.lo 1b"
                     :
                     : "r"((uint64_t)HOLD_US), "r"(UINT64_C(1000000))
                     : "x0", "x1", "x2", "x3", "x9", "x10", "x11", "cc");
}

#define HOLD(name, value)                                                                          \
    do {                                                                                           \
        const uint64_t kept_ = READ(name);                                                         \
        WRITE(name, value);                                                                        \
        spin();                                                                                    \
        WRITE(name, kept_);                                                                        \
    } while (0)

/* What acts on EL0 too, whoever is there. */
static void hold_shared(void)
{
    static const uint64_t sctlr[] = {
        0x30d00800 | 3 << 24,                                        /* big-endian */
        0x30d00800 | 1 << 3 | 1 << 4 | 1 << 9,                       /* stacks, UMA */
        0x30900000,                                                  /* nothing allowed, traps */
        0x30d00800 | UINT64_C(0xc8002000),                           /* authentication */
        0x30d00800 | 1 << 14 | 1 << 15 | 1 << 16 | 1 << 18 | 1 << 26 /* everything allowed */
    };

    for (unsigned i = 0; i < sizeof sctlr / sizeof sctlr[0]; i++)
        HOLD("sctlr_el1", sctlr[i]);
    HOLD("tcr_el1", UINT64_C(0x6000000000) | 25); /* TBI0, TBI1 */
    HOLD("tcr_el1", UINT64_MAX);
    HOLD("cntkctl_el1", 0);
    HOLD("cntkctl_el1", 0x3ff);
    HOLD("cpacr_el1", 0);
    HOLD("cpacr_el1", UINT64_MAX);
    HOLD("S2_0_C0_C2_2", UINT64_MAX); /* MDSCR_EL1 */
    HOLD("S2_0_C0_C2_2", 1 | 1 << 12 | 1 << 13 | 1 << 15);
}

static void hold_debug(void)
{
    WRITE("S2_0_C1_C0_4", 0);              /* OSLAR_EL1: unlocked */
    WRITE("S2_0_C0_C0_4", 0x400000);       /* DBGBVR0_EL1: where programs are */
    WRITE("S2_0_C0_C0_5", 0x1e5 | 7 << 1); /* DBGBCR0_EL1 */
    WRITE("S2_0_C0_C0_6", 0x400000);       /* DBGWVR0_EL1 */
    WRITE("S2_0_C0_C0_7", 0x1ff9 | 3 << 1 | 0x1f << 24);
    HOLD("S2_0_C0_C2_2", 1 << 15 | 1 << 13); /* MDSCR_EL1 */
    WRITE("pmuserenr_el0", 0xf);
    WRITE("pmcntenclr_el0", UINT64_MAX);
    WRITE("pmccfiltr_el0", UINT64_MAX);
    WRITE("pmccntr_el0", 0);
    WRITE("pmintenset_el1", UINT64_MAX);
    HOLD("pmcr_el0", 0x7f);
    HOLD("pmcr_el0", 0);
    WRITE("pmuserenr_el0", 0);
}

static void hold_own(void)
{
    HOLD("tpidr_el0", UINT64_MAX);
    HOLD("tpidrro_el0", UINT64_C(0x123456789abcdef));
    HOLD("sp_el0", UINT64_C(0xdeadbeefdeadbeef));
    HOLD("ttbr0_el1", UINT64_MAX);
    HOLD("ttbr1_el1", UINT64_MAX);
    HOLD("mair_el1", UINT64_MAX);
    HOLD("amair_el1", UINT64_MAX);
    HOLD("contextidr_el1", UINT64_MAX);
    HOLD("tpidr_el1", UINT64_MAX);
    HOLD("csselr_el1", UINT64_MAX);
    HOLD("par_el1", UINT64_MAX);
    HOLD("afsr0_el1", UINT64_MAX);
    HOLD("spsr_el1", UINT64_MAX);
    HOLD("actlr_el1", UINT64_MAX);
    HOLD("cntp_ctl_el0", 1); /* the physical timer */
    HOLD("cntp_cval_el0", 0);
    /* Keys of pointer authentication, SVE's and SME's lengths, tag control, activity monitors. */
    HOLD("S3_0_C2_C1_0", UINT64_MAX);
    HOLD("S3_0_C2_C1_1", UINT64_MAX);
    HOLD("S3_0_C2_C3_0", UINT64_MAX);
    HOLD("S3_0_C1_C2_0", UINT64_MAX);
    HOLD("S3_0_C1_C2_6", UINT64_MAX);
    HOLD("S3_0_C1_C0_6", UINT64_MAX);
    HOLD("S3_3_C13_C0_7", UINT64_MAX); /* SCXTNUM_EL0 */
    HOLD("S3_3_C13_C2_3", UINT64_MAX); /* AMUSERENR_EL0 */
    HOLD("S3_0_C10_C5_1", UINT64_MAX); /* MPAM0_EL1 */
    __asm__ volatile("msr daifset, #0xf");
    spin();
    wild_fp(UINT64_MAX);
    spin();
    wild_fp(random());
    spin();
    wild_fp(0);
}

/* ---- addresses */

static void touch(uint64_t address, unsigned way)
{
    uint64_t value = 0;

    switch (way % 8) {
    case 0:
        store(address, (uint32_t)address);
        break;
    case 1:
        __asm__ volatile("ldr %0, [%1]" : "=r"(value) : "r"(address) : "memory");
        break;
    case 2:
        __asm__ volatile("ldrsb %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
        break;
    case 3:
        __asm__ volatile("ldp %0, xzr, [%1]" : "=r"(value) : "r"(address) : "memory");
        break;
    case 4:
        __asm__ volatile("dc zva, %0" : : "r"(address) : "memory");
        break;
    case 5:
        __asm__ volatile("ldaxr %0, [%1]" : "=r"(value) : "r"(address) : "memory");
        break;
    case 6:
        __asm__ volatile("dc civac, %0" : : "r"(address) : "memory");
        break;
    default:
        guest_try(address);
        break;
    }
}

static void touch_everything(void)
{
    const bool thorough = READ("cntfrq_el0") == COUNTING; /* the other tests are of other things */
    unsigned way = 0;

    for (uint64_t at = 0; at < 512 * GIB; at += thorough || at < 4 * GIB ? 2 * MIB : 34 * MIB)
        if ((at < RAM || at >= RAM_END) && at != DISTRIBUTOR && at != UART)
            touch(at, way++);
    touch(RAM_END, 0);
    touch(RAM - 4096, 0);
    touch(RAM - 4, 7);
    for (unsigned bit = 39; bit < 64; bit++)
        for (way = 0; way < 8; way++)
            touch(UINT64_C(1) << bit, way);
    for (uint64_t at = UART; at < UART + 0x1000; at += 4)
        if (at >= UART + 0x18 && at != UART + 0x30)
            touch(at, (unsigned)at / 4);
}

static void clean_everything(void)
{
    for (uint64_t level = 0; level < 8; level++)
        for (uint64_t way = 0; way < 16; way++) {
            const uint64_t which = way << 28 | (random() & 0xffff) << 6 | level << 1;
            __asm__ volatile("dc isw, %0\n\tdc csw, %0\n\tdc cisw, %0" : : "r"(which) : "memory");
        }
    for (unsigned i = 0; i < 200; i++) {
        const uint64_t at = random();
        __asm__ volatile("tlbi vmalle1is\n\ttlbi vae1is, %0\n\ttlbi aside1is, %0\n\t"
                         "tlbi vale1, %0\n\ttlbi vaae1is, %0\n\tdsb ish\n\tic ialluis\n\tisb\n\t"
                         "at s1e1r, %0\n\tat s1e0w, %0"
                         :
                         : "r"(at)
                         : "memory");
    }
}

/* ---- calls */

/* An instruction, written where it is executed. */
static void (*instruction(uint32_t word))(void)
{
    static uint32_t code[2] __attribute__((aligned(64)));

    code[0] = word;
    code[1] = RET;
    __asm__ volatile("dc cvau, %0\n\tdsb ish\n\tic ivau, %0\n\tdsb ish\n\tisb"
                     :
                     : "r"(code)
                     : "memory");
    return (void (*)(void))(uintptr_t)code;
}

static void run(uint32_t word, uint64_t x0, uint64_t x10)
{
    uint64_t registers[32];

    for (unsigned i = 0; i < 32; i++)
        registers[i] = rubbish();
    registers[0] = x0;
    registers[10] = x10;
    wild_registers(registers, instruction(word));
}

/* Of PSCI everything but what ends the machine or this CPU, or starts another. */
static uint64_t psci_function(void)
{
    const uint64_t number = random() & 0x1f;

    if (number == 2 || number == 3 || number == 8 || number == 9)
        return random() & 0x7fffffff;
    return 0x84000000 | (random() & 1) << 30 | number;
}

static uint64_t whit_operation(void)
{
    return (random() & 15) == 0 ? rubbish() : random() % OPERATIONS;
}

/* What only a handler says: this CPU would wait for calls for ever. */
static bool is_reply(unsigned immediate)
{
    return immediate == 2;
}

static void call_everything(void)
{
    for (uint32_t i = 0; i < 0x10000; i += i < 256 ? 1 : 5)
        if (!is_reply(i))
            run(HVC | i << 5, i == 0 ? psci_function() : rubbish(), rubbish());
    for (uint32_t i = 0; i < 0x10000; i += i < 64 ? 1 : 61)
        run(SMC | i << 5, psci_function(), rubbish());
    for (unsigned i = 0; i < CALLS; i++) {
        const uint32_t immediate = (uint32_t)(random() % 7);

        if (is_reply(immediate))
            continue;
        run(HVC | immediate << 5, immediate == 0 ? psci_function() : rubbish(),
            immediate == 6 ? whit_operation() : rubbish());
    }
}

/* Encodings that programs and guests have no use for: system instructions with random operands,
 * and random words among those that do not jump. */
static void execute_everything(void)
{
    for (unsigned i = 0; i < 5000; i++) {
        const uint32_t word = 0xd5000000 | ((uint32_t)random() & 0x3fffe0);
        const uint32_t op0 = word >> 19 & 3, op1 = word >> 16 & 7, crn = word >> 12 & 15;

        /* Not this level's processor state and control registers, and no hints: WFI may wait. */
        if (op0 == 0 || (op0 == 3 && op1 == 0 && (crn == 1 || crn == 12 || crn == 4 || crn == 2)) ||
            (op0 == 3 && op1 == 3 && crn == 14)) /* nor the timer: see there */
            continue;
        run(word, random(), random());
    }
}

/* ---- the interrupt controller */

static void gic_write(uint64_t address)
{
    const uint64_t value = rubbish();

    switch (random() % 6) {
    case 0:
        __asm__ volatile("strb %w0, [%1]" : : "r"(value), "r"(address | (value & 3)) : "memory");
        break;
    case 1:
        __asm__ volatile("strh %w0, [%1]" : : "r"(value), "r"(address | (value & 2)) : "memory");
        break;
    case 2:
        __asm__ volatile("str %0, [%1]" : : "r"(value), "r"(address & ~UINT64_C(7)) : "memory");
        break;
    default:
        store(address, (uint32_t)value);
        break;
    }
    if ((value & 7) == 0)
        __asm__ volatile("ldr wzr, [%0]" : : "r"(address) : "memory");
}

static void gic_everything(void)
{
    for (uint64_t offset = 0; offset < FRAME; offset += offset < 0x1000 ? 4 : 12)
        gic_write(DISTRIBUTOR + offset);
    for (uint64_t offset = 0x6000; offset < 0x6400; offset += 4)
        gic_write(DISTRIBUTOR + offset);
    for (uint64_t cpu = 0; cpu < 7; cpu++) /* one more than there are */
        for (uint64_t offset = 0; offset < 2 * FRAME; offset += offset % FRAME < 0x1000 ? 8 : 256)
            gic_write(REDISTRIBUTOR + cpu * 2 * FRAME + offset);
}

/* Rubbish, with interrupts masked. */
static void interface_everything(void)
{
    for (unsigned i = 0; i < 300; i++) {
        WRITE("S3_0_C4_C6_0", random());    /* ICC_PMR_EL1 */
        WRITE("S3_0_C12_C8_3", random());   /* ICC_BPR0_EL1 */
        WRITE("S3_0_C12_C12_3", random());  /* ICC_BPR1_EL1 */
        WRITE("S3_0_C12_C12_4", random());  /* ICC_CTLR_EL1 */
        WRITE("S3_0_C12_C12_5", random());  /* ICC_SRE_EL1 */
        WRITE("S3_0_C12_C12_6", random());  /* ICC_IGRPEN0_EL1 */
        WRITE("S3_0_C12_C12_7", random());  /* ICC_IGRPEN1_EL1 */
        WRITE("S3_0_C12_C8_4", random());   /* ICC_AP0R0_EL1 */
        WRITE("S3_0_C12_C9_0", random());   /* ICC_AP1R0_EL1 */
        (void)READ("S3_0_C12_C12_0");       /* ICC_IAR1_EL1 */
        (void)READ("S3_0_C12_C8_0");        /* ICC_IAR0_EL1 */
        WRITE("S3_0_C12_C12_1", rubbish()); /* ICC_EOIR1_EL1 */
        WRITE("S3_0_C12_C8_1", rubbish());  /* ICC_EOIR0_EL1 */
        WRITE("S3_0_C12_C11_1", rubbish()); /* ICC_DIR_EL1 */
        WRITE("S3_0_C12_C12_1", TIMER);
        WRITE("S3_0_C12_C11_1", TIMER);
        WRITE("S3_0_C12_C11_5", random()); /* ICC_SGI1R_EL1 */
        WRITE("S3_0_C12_C11_5", UINT64_C(1) << 40 | (random() & 0xf) << 24);
        WRITE("S3_0_C12_C11_5", (random() & 0xf) << 24 | 0xf);
        WRITE("S3_0_C12_C11_6", random()); /* ICC_ASGI1R_EL1 */
        WRITE("S3_0_C12_C11_7", random()); /* ICC_SGI0R_EL1 */
        (void)READ("S3_0_C12_C11_3");      /* ICC_RPR_EL1 */
        (void)READ("S3_0_C12_C12_2");      /* ICC_HPPIR1_EL1 */
    }
    WRITE("S3_0_C12_C9_0", 0);
    WRITE("S3_0_C12_C8_4", 0);
    WRITE("S3_0_C12_C12_4", 0);
}

static void interrupts_start(void)
{
    store(REDISTRIBUTOR + 0x14, 0);
    store(DISTRIBUTOR, 2);
    store(REDISTRIBUTOR + FRAME + 0x80, UINT32_MAX);
    store(REDISTRIBUTOR + FRAME + 0x100, UINT32_MAX);
    for (uint64_t offset = 0x400; offset < 0x420; offset += 4)
        store(REDISTRIBUTOR + FRAME + offset, 0);
    WRITE("S3_0_C12_C12_5", 7);
    WRITE("S3_0_C4_C6_0", 0xf0);
    WRITE("S3_0_C12_C12_7", 1);
}

/*
 * The timer: due before it was set, masked and not, with its interrupt taken or not.  Never due
 * before the counter's zero: QEMU 7.2 hangs when deadline and CNTVOFF_EL2 overflow together.
 */

static void timer_storm(void)
{
    interrupts_start();
    for (unsigned i = 0; i < STORM; i++) {
        const uint64_t way = random(), now = READ("cntvct_el0");

        storm = (unsigned)(way >> 8 & 3);
        WRITE("cntv_cval_el0", way & 4 ? now >> (way >> 60) : way & 8 ? 0 : now + (way >> 50));
        WRITE("cntv_ctl_el0", way & 3);
        if (way & 16)
            __asm__ volatile("msr daifclr, #2\n\tisb" : : : "memory");
        if (way & 32)
            WRITE("cntv_tval_el0", (way >> 44) - 1000);
        if (way & 64)
            WRITE("S3_0_C12_C11_5", (way >> 40 & 0xf) << 24 | 1);
        __asm__ volatile("msr daifset, #2" : : : "memory");
        WRITE("cntv_ctl_el0", way >> 2 & 3);
    }
    /* Each interrupt comes again at once. */
    storm = STORM;
    WRITE("cntv_cval_el0", 0);
    WRITE("cntv_ctl_el0", 1);
    __asm__ volatile("msr daifclr, #2\n\tisb\n\tmsr daifset, #2" : : : "memory");
    WRITE("cntv_ctl_el0", 2);
}

static void wait_storm(void)
{
    for (unsigned i = 0; i < 300; i++) {
        WRITE("cntv_cval_el0", READ("cntvct_el0") + 200 + (random() & 0x3ff));
        WRITE("cntv_ctl_el0", 1);
        __asm__ volatile("sevl\n\twfe\n\twfe\n\twfe\n\twfi" : : : "memory");
    }
    WRITE("cntv_cval_el0", 0); /* pending, and masked: a wait is none */
    for (unsigned i = 0; i < STORM; i++)
        __asm__ volatile("wfi\n\twfe" : : : "memory");
    WRITE("cntv_ctl_el0", 2);
}

/* ---- the machine's other CPUs: they never come back */

static void start(uint64_t cpu, const void *entry, uint64_t context)
{
    guest_call(PSCI_ON, cpu, (uintptr_t)entry, context);
}

void guest_main(void)
{
    phase("shared registers");
    hold_shared();
    phase("debug registers");
    hold_debug();
    phase("own registers");
    hold_own();
    phase("addresses");
    touch_everything();
    phase("caches and translations");
    clean_everything();
    phase("calls");
    call_everything();
    phase("instructions");
    execute_everything();
    phase("interrupt controller");
    gic_everything();
    interface_everything();
    phase("timer");
    timer_storm();
    wait_storm();
    phase("other CPUs");
    for (unsigned i = 0; i < 100; i++)
        guest_call(PSCI_ON, random() | 0x100, random(), random()); /* there is no such CPU */
    start(1, (const void *)(RAM + 64 * GIB), 0); /* where nothing is; nor are its vectors */
    start(2, wild_rubbish, 64 * GIB);            /* tables where nothing is */
    start(3, wild_user, 0);
    start(4, wild_reply, 0);
    /* Tables that no address reaches: it faults for ever without an exit, and under exact counting
     * the emulator's time stands still, as no instruction is executed. */
    if (READ("cntfrq_el0") != COUNTING)
        start(5, wild_rubbish, UINT64_C(0x12345678f000));
    phase("all together");
    hold_shared();
    gic_everything();
    timer_storm();
    phase("done");
    guest_call(PSCI_SYSTEM_OFF, 0, 0, 0);
}
