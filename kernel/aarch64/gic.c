/* SPDX-License-Identifier: BSD-2-Clause */
/* GICv3 driver.  Registers and rules: ARM IHI 0069, chapters 4, 8.9 to 8.11. */
#include "gic.h"
#include "arch.h"
#include "mmio.h"
#include "sysreg.h"

enum {
    GICD_CTLR = 0x0000,
    GICD_TYPER = 0x0004,
    GIC_IGROUPR = 0x0080, /* from here on: the same in distributor and redistributor */
    GIC_ISENABLER = 0x0100,
    GIC_ICENABLER = 0x0180,
    GIC_ICPENDR = 0x0280,
    GIC_ISACTIVER = 0x0300,
    GIC_ICACTIVER = 0x0380,
    GIC_IPRIORITYR = 0x0400,
    GIC_ICFGR = 0x0c00,
    GIC_IGRPMODR = 0x0d00,
    GICD_IROUTER = 0x6000,

    GICD_CTLR_GROUP1 = 1 << 1, /* as the non-secure world sees it */
    GICD_CTLR_ARE = 1 << 4,
    GICD_TYPER_LINES = 0x1f,

    GICR_CTLR = 0x0000,
    GICR_TYPER = 0x0008,
    GICR_WAKER = 0x0014,
    GICR_PRIVATE = 0x10000, /* second frame: SGIs and PPIs */
    GICR_STRIDE = 0x20000,
    GICR_STRIDE_V4 = 0x40000, /* with the frames for virtual LPIs */
    GICR_TYPER_VLPIS = 1 << 1,
    GICR_TYPER_LAST = 1 << 4,
    GICR_WAKER_SLEEP = 1 << 1,
    GICR_WAKER_ASLEEP = 1 << 2,
    GICR_CTLR_RWP = 1 << 3,

    FIRST_SPECIAL = 1020, /* INTIDs that are no interrupts */

    PRIORITY = 0xa0,      /* of all interrupts, but for */
    PRIORITY_LAST = 0xc0, /* ... the kernel's timer: what else is pending has its turn between steps
                             of timer_run; */
    PRIORITY_MASK = 0xf0, /* both pass */
    PATIENCE = 1000000,   /* polls of a register that has to change soon */
    PAUSE_YIELDS = 64
};
#define GICD_CTLR_RWP (UINT32_C(1) << 31)

static uintptr_t distributor;
static uintptr_t redistributor[CORES_MAX];
static const struct board *description;

static void wait_clear(uintptr_t address, uint32_t mask, const char *otherwise)
{
    for (unsigned i = 0; i < PATIENCE; i++)
        if (!(mmio_read32(address) & mask))
            return;
    panic(otherwise);
}

uint32_t gic_lines(uintptr_t base)
{
    uint32_t lines = ((mmio_read32(base + GICD_TYPER) & GICD_TYPER_LINES) + 1) * 32;
    return lines < FIRST_SPECIAL ? lines : FIRST_SPECIAL;
}

/* Interrupts [first, first + 32) behind `base`: group 1, off, of the one priority. */
static void reset_lines(uintptr_t base, uint32_t first)
{
    const uint32_t word = first / 32 * 4;

    mmio_write32(base + GIC_ICENABLER + word, UINT32_MAX);
    mmio_write32(base + GIC_IGROUPR + word, UINT32_MAX);
    mmio_write32(base + GIC_IGRPMODR + word, 0);
    for (uint32_t line = first; line < first + 32; line += 4)
        mmio_write32(base + GIC_IPRIORITYR + line, PRIORITY * UINT32_C(0x01010101));
    mmio_write32(base + GIC_ICPENDR + word, UINT32_MAX);
    mmio_write32(base + GIC_ICACTIVER + word, UINT32_MAX);
}

void gic_init_boot(const struct board *board)
{
    description = board;
    distributor = board->distributor.base;

    /* Affinity routing may only change while the groups are off (GICD_CTLR). */
    mmio_write32(distributor + GICD_CTLR, 0);
    wait_clear(distributor + GICD_CTLR, GICD_CTLR_RWP, "the GIC distributor does not answer");
    mmio_write32(distributor + GICD_CTLR, GICD_CTLR_ARE);
    for (uint32_t line = GIC_FIRST_SPI; line < gic_lines(distributor); line += 32)
        reset_lines(distributor, line);
    wait_clear(distributor + GICD_CTLR, GICD_CTLR_RWP, "the GIC distributor does not answer");
    mmio_write32(distributor + GICD_CTLR, GICD_CTLR_ARE | GICD_CTLR_GROUP1);
}

/* The redistributor whose affinity is that of `core`; 0: there is none. */
static uintptr_t find_redistributor(const struct core *core)
{
    const uint64_t mpidr = core->mpidr;
    const uint32_t affinity = (uint32_t)((mpidr >> 8 & 0xff000000) | (mpidr & 0xffffff));

    for (uint32_t i = 0; i < description->redistributors; i++) {
        uint64_t base = description->redistributor[i].base, typer;
        do {
            typer = mmio_read64(base + GICR_TYPER);
            if (typer >> 32 == affinity)
                return base;
            base += typer & GICR_TYPER_VLPIS ? GICR_STRIDE_V4 : GICR_STRIDE;
        } while (!(typer & GICR_TYPER_LAST) &&
                 base + GICR_STRIDE <= description->redistributor[i].end);
    }
    return 0;
}

static void init_redistributor(struct core *core)
{
    const uintptr_t base = find_redistributor(core);
    const uintptr_t private = base + GICR_PRIVATE;

    if (!base)
        panic("this core has no GIC redistributor");
    redistributor[core->index] = base;
    mmio_write32(base + GICR_WAKER, mmio_read32(base + GICR_WAKER) & ~(uint32_t)GICR_WAKER_SLEEP);
    wait_clear(base + GICR_WAKER, GICR_WAKER_ASLEEP, "the GIC redistributor does not wake up");
    reset_lines(private, 0);
    mmio_write32(private + GIC_IPRIORITYR + (GIC_KERNEL_TIMER & ~3u),
                 PRIORITY * UINT32_C(0x01010101) +
                     ((uint32_t)(PRIORITY_LAST - PRIORITY) << GIC_KERNEL_TIMER % 4 * 8));
    wait_clear(base + GICR_CTLR, GICR_CTLR_RWP, "the GIC redistributor does not answer");
    mmio_write32(private + GIC_ISENABLER, UINT32_C(1) << GIC_KICK | UINT32_C(1) << GIC_MAINTENANCE |
                                              UINT32_C(1) << GIC_KERNEL_TIMER |
                                              UINT32_C(1) << GIC_VIRTUAL_TIMER);
}

static void init_interface(void)
{
    const uint64_t sre = ICC_SRE_SRE | ICC_SRE_DFB | ICC_SRE_DIB;

    WRITE_SYSREG(icc_sre_el2, sre | ICC_SRE_ENABLE);
    isb(); /* the other registers exist from here on */
    if (!(READ_SYSREG(icc_sre_el2) & ICC_SRE_SRE))
        panic("the GIC's system registers cannot be switched on");
    WRITE_SYSREG(icc_sre_el1, sre);
    isb();
    WRITE_SYSREG(icc_pmr_el1, PRIORITY_MASK);
    WRITE_SYSREG(icc_bpr1_el1, 0);
    WRITE_SYSREG(icc_ctlr_el1, ICC_CTLR_EOIMODE);
    WRITE_SYSREG(icc_igrpen1_el1, ICC_IGRPEN1_ENABLE);
    isb();
}

/* ICC_SGI1R_EL1 for one processor (IHI 0069, 12.2.19). */
static uint64_t kick_of(uint64_t mpidr)
{
    return (mpidr >> 32 & 0xff) << 48 | (mpidr >> 4 & 0xf) << 44 | (mpidr >> 16 & 0xff) << 32 |
           (uint64_t)GIC_KICK << 24 | (mpidr >> 8 & 0xff) << 16 | UINT64_C(1) << (mpidr & 0xf);
}

void gic_init_core(struct core *core)
{
    core->kick = kick_of(core->mpidr);
    init_redistributor(core);
    init_interface();
}

uint32_t gic_acknowledge(void)
{
    uint32_t intid = (uint32_t)READ_SYSREG(icc_iar1_el1);

    /* The acknowledgement has reached the GIC before the device is touched (IHI 0069, 4.7). */
    __asm__ volatile("dsb sy" : : : "memory");
    return intid >= FIRST_SPECIAL ? GIC_SPURIOUS : intid;
}

void gic_priority_drop(uint32_t intid)
{
    WRITE_SYSREG(icc_eoir1_el1, intid);
    isb(); /* done before interrupts are looked for again */
}

void gic_ppi_set_active(uint32_t intid, bool active)
{
    const uintptr_t private = redistributor[core_here()->index] + GICR_PRIVATE;

    mmio_write32(private + (active ? GIC_ISACTIVER : GIC_ICACTIVER), UINT32_C(1) << intid);
}

bool gic_ppi_is_active(uint32_t intid)
{
    const uintptr_t private = redistributor[core_here()->index] + GICR_PRIVATE;

    return (mmio_read32(private + GIC_ISACTIVER) & UINT32_C(1) << intid) != 0;
}

void arch_irq_enable(uint32_t line, bool edge, struct core *target)
{
    const uintptr_t configuration = distributor + GIC_ICFGR + line / 16 * 4;
    const uint32_t is_edge = UINT32_C(2) << line % 16 * 2;

    /* The trigger may only change while the line is off. */
    arch_irq_disable(line);
    uint32_t value = mmio_read32(configuration) & ~is_edge;
    mmio_write32(configuration, edge ? value | is_edge : value);
    mmio_write64(distributor + GICD_IROUTER + 8 * (uintptr_t)line, target->mpidr);
    mmio_write32(distributor + GIC_ISENABLER + line / 32 * 4, UINT32_C(1) << line % 32);
}

void arch_irq_disable(uint32_t line)
{
    mmio_write32(distributor + GIC_ICENABLER + line / 32 * 4, UINT32_C(1) << line % 32);
    wait_clear(distributor + GICD_CTLR, GICD_CTLR_RWP, "the GIC distributor does not answer");
}

void arch_irq_deactivate(uint32_t line)
{
    WRITE_SYSREG(icc_dir_el1, line);
    isb();
}

void arch_core_kick(struct core *core)
{
    WRITE_SYSREG(icc_sgi1r_el1, core->kick);
    isb(); /* sent, not merely decided */
}

void arch_core_publish(void)
{
    /* Stores are visible to the other cores before the interrupt that makes them look. */
    __asm__ volatile("dsb ishst; sev" : : : "memory");
}

bool arch_interrupt_pending(void)
{
    enum { ISR_F = 1 << 6, ISR_I = 1 << 7, ISR_A = 1 << 8 };
    return (READ_SYSREG(isr_el1) & (ISR_F | ISR_I | ISR_A)) != 0;
}

void arch_pause(void)
{
    /* Not WFE: an interrupt that PSTATE masks, as here, need not end it. */
    for (unsigned i = 0; i < PAUSE_YIELDS && !arch_interrupt_pending(); i++)
        __asm__ volatile("yield" : : : "memory");
}
