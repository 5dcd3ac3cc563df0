/* SPDX-License-Identifier: BSD-2-Clause */
/* The registers of distributor and redistributors: ARM IHI 0069, 12.9 and 12.11. */
#include "vgic.h"

#include <stddef.h>
#include <string.h>

enum {
    GICD_CTLR = 0x0000,
    GICD_TYPER = 0x0004,
    GICD_IIDR = 0x0008,
    IGROUPR = 0x0080, /* from here to IGRPMODR: at the same offset in both */
    ISENABLER = 0x0100,
    ICENABLER = 0x0180,
    ISPENDR = 0x0200,
    ICPENDR = 0x0280,
    IPRIORITYR = 0x0400,
    ICFGR = 0x0c00,
    IGRPMODR = 0x0d00,
    GICD_IROUTER = 0x6000,
    PIDR2 = 0xffe8,

    CTLR_GROUP1 = 1 << 1,
    CTLR_ARE = 1 << 4,
    CTLR_DS = 1 << 6,           /* one security state */
    GICR_CTLR_WRITING = 1 << 3, /* RWP: an earlier write has not yet had its effect */
    TYPER_NUMBER_BITS = 9 << 19,
    IIDR = 0x0700043b, /* Arm; nothing depends on it */
    PIDR2_GICV3 = 3 << 4,

    GICR_CTLR = 0x0000,
    GICR_IIDR = 0x0004,
    GICR_TYPER = 0x0008,
    GICR_WAKER = 0x0014,
    GICR_PRIVATE = 0x10000, /* second frame */
    TYPER_LAST = 1 << 4,
    WAKER_SLEEP = 1 << 1,
    WAKER_ASLEEP = 1 << 2,

    BANK_BYTES = 0x80, /* of one bit for each of 1024 interrupts */
    AFFINITY0_CPUS = 16,
    WORD = 4
};

#define CTLR_WRITING UINT32_C(0x80000000) /* RWP */

uint64_t vgic_affinity(unsigned index)
{
    return (uint64_t)(index / AFFINITY0_CPUS) << 8 | index % AFFINITY0_CPUS;
}

void vgic_init(struct vgic *vgic, unsigned cpus, const struct vgic_output *output)
{
    memset(vgic, 0, sizeof *vgic);
    vgic->output = output;
    vgic->cpus = cpus;
    for (unsigned cpu = 0; cpu < cpus; cpu++) {
        vgic->asleep[cpu] = true;
        for (unsigned line = VGIC_SGIS; line < VGIC_PRIVATE; line++)
            vgic->private_line[cpu][line].level = true;
    }
    for (unsigned line = 0; line < VGIC_LINES - VGIC_PRIVATE; line++)
        vgic->shared_line[line].level = true;
}

static struct vgic_line *find_line(struct vgic *vgic, unsigned cpu, unsigned number)
{
    if (number < VGIC_PRIVATE)
        return &vgic->private_line[cpu][number];
    return number < VGIC_LINES ? &vgic->shared_line[number - VGIC_PRIVATE] : NULL;
}

static struct vgic_setting setting_of(const struct vgic *vgic, const struct vgic_line *line)
{
    return (struct vgic_setting){
        .priority = line->priority,
        .enabled = line->enabled && line->group1 && vgic->group1,
        .level = line->level,
    };
}

static unsigned cpu_of(const struct vgic_line *line, unsigned cpu, unsigned number)
{
    return number < VGIC_PRIVATE ? cpu : line->cpu;
}

static const struct vgic_line *line_of(const struct vgic *vgic, unsigned cpu, unsigned number)
{
    return number < VGIC_PRIVATE ? &vgic->private_line[cpu][number]
                                 : &vgic->shared_line[number - VGIC_PRIVATE];
}

struct vgic_setting vgic_setting(const struct vgic *vgic, unsigned cpu, unsigned number)
{
    const struct vgic_line *line = line_of(vgic, cpu, number);
    struct vgic_setting setting = setting_of(vgic, line);

    setting.enabled = setting.enabled && cpu_of(line, cpu, number) == cpu;
    return setting;
}

bool vgic_is_asserted(const struct vgic *vgic, unsigned cpu, unsigned number)
{
    const struct vgic_line *line = line_of(vgic, cpu, number);

    return line->asserted && cpu_of(line, cpu, number) == cpu;
}

static void set(struct vgic *vgic, unsigned cpu, unsigned number)
{
    const struct vgic_line *line = find_line(vgic, cpu, number);

    vgic->output->set(cpu_of(line, cpu, number), number, setting_of(vgic, line));
}

static void set_group1(struct vgic *vgic, bool enabled)
{
    if (enabled == vgic->group1)
        return;
    vgic->group1 = enabled;
    for (unsigned cpu = 0; cpu < vgic->cpus; cpu++)
        for (unsigned number = 0; number < VGIC_PRIVATE; number++)
            if (vgic->private_line[cpu][number].enabled)
                set(vgic, cpu, number);
    for (unsigned number = VGIC_PRIVATE; number < VGIC_LINES; number++)
        if (find_line(vgic, 0, number)->enabled)
            set(vgic, 0, number);
}

/* ---- registers that are alike in both: `first` is the number of the first interrupt of a word */

static uint32_t read_bits(struct vgic *vgic, unsigned cpu, unsigned first, uint32_t bank)
{
    uint32_t bits = 0;

    for (unsigned i = 0; i < 32; i++) {
        const struct vgic_line *line = find_line(vgic, cpu, first + i);
        bool bit = false;
        if (line == NULL)
            break;
        switch (bank) {
        case IGROUPR:
            bit = line->group1;
            break;
        case ISENABLER:
        case ICENABLER:
            bit = line->enabled;
            break;
        case ISPENDR:
        case ICPENDR:
            bit = line->asserted;
            break;
        default:
            break;
        }
        bits |= (uint32_t)bit << i;
    }
    return bits;
}

static void write_bit(struct vgic *vgic, unsigned cpu, unsigned number, uint32_t bank, bool bit)
{
    struct vgic_line *line = find_line(vgic, cpu, number);

    if (bank == IGROUPR) {
        if (line->group1 == bit)
            return;
        line->group1 = bit;
    } else if (!bit) {
        return; /* zeros change nothing in the set and clear registers */
    } else if (bank == ISENABLER || bank == ICENABLER) {
        if (line->enabled == (bank == ISENABLER))
            return;
        line->enabled = bank == ISENABLER;
    } else {
        unsigned target = cpu_of(line, cpu, number);
        if (bank == ISPENDR)
            vgic->output->raise(target, number);
        else if (!line->asserted)
            vgic->output->lower(target, number);
        return;
    }
    set(vgic, cpu, number);
}

static void write_bits(struct vgic *vgic, unsigned cpu, unsigned first, uint32_t bank,
                       uint32_t value)
{
    for (unsigned i = 0; i < 32 && first + i < VGIC_LINES; i++)
        write_bit(vgic, cpu, first + i, bank, (value >> i & 1) != 0);
}

static uint32_t read_priorities(struct vgic *vgic, unsigned cpu, unsigned first)
{
    uint32_t value = 0;

    for (unsigned i = 0; i < WORD; i++) {
        const struct vgic_line *line = find_line(vgic, cpu, first + i);
        if (line != NULL)
            value |= (uint32_t)line->priority << 8 * i;
    }
    return value;
}

static void write_priority(struct vgic *vgic, unsigned cpu, unsigned number, uint8_t priority)
{
    struct vgic_line *line = find_line(vgic, cpu, number);

    if (line == NULL || line->priority == priority)
        return;
    line->priority = priority;
    set(vgic, cpu, number);
}

static uint32_t read_triggers(struct vgic *vgic, unsigned cpu, unsigned first)
{
    uint32_t value = 0;

    for (unsigned i = 0; i < 16; i++) {
        const struct vgic_line *line = find_line(vgic, cpu, first + i);
        if (line != NULL && !line->level)
            value |= UINT32_C(2) << 2 * i;
    }
    return value;
}

static void write_triggers(struct vgic *vgic, unsigned cpu, unsigned first, uint32_t value)
{
    for (unsigned i = 0; i < 16; i++) {
        struct vgic_line *line = find_line(vgic, cpu, first + i);
        bool level = (value >> 2 * i & 2) == 0;
        if (line == NULL || first < VGIC_SGIS || line->level == level)
            continue;
        line->level = level;
        set(vgic, cpu, first + i);
    }
}

/* Is `offset` within [start, start + bytes)? */
static bool within(uint32_t offset, uint32_t start, uint32_t bytes)
{
    return offset - start < bytes;
}

static uint32_t read_common(struct vgic *vgic, unsigned cpu, uint32_t offset)
{
    if (within(offset, IGROUPR, IPRIORITYR - IGROUPR))
        return read_bits(vgic, cpu, offset % BANK_BYTES * 8, offset & ~(uint32_t)(BANK_BYTES - 1));
    if (within(offset, IPRIORITYR, 1024))
        return read_priorities(vgic, cpu, offset - IPRIORITYR);
    if (within(offset, ICFGR, 256))
        return read_triggers(vgic, cpu, (offset - ICFGR) * 4);
    return 0;
}

static void write_common(struct vgic *vgic, unsigned cpu, uint32_t offset, unsigned bytes,
                         uint32_t value)
{
    const uint32_t bank = offset & ~(uint32_t)(BANK_BYTES - 1);

    if (bank == IGROUPR || within(bank, ISENABLER, ICPENDR + BANK_BYTES - ISENABLER))
        write_bits(vgic, cpu, offset % BANK_BYTES * 8, bank, value);
    else if (within(offset, IPRIORITYR, 1024))
        for (unsigned i = 0; i < bytes && i < WORD; i++)
            write_priority(vgic, cpu, offset - IPRIORITYR + i, (uint8_t)(value >> 8 * i));
    else if (within(offset, ICFGR, 256))
        write_triggers(vgic, cpu, (offset - ICFGR) * 4, value);
}

/* ---- distributor */

/* Private interrupts are in the redistributors: here their registers are reserved. */
static bool is_private(uint32_t offset)
{
    return (offset >= IGROUPR && offset < IPRIORITYR && offset % BANK_BYTES < WORD) ||
           within(offset, IPRIORITYR, VGIC_PRIVATE) || within(offset, ICFGR, VGIC_PRIVATE / 4) ||
           offset == IGRPMODR;
}

static struct vgic_line *routed_line(struct vgic *vgic, uint32_t offset)
{
    const uint32_t number = (offset - GICD_IROUTER) / 8;

    if (!within(offset, GICD_IROUTER, VGIC_LINES * 8) || number < VGIC_PRIVATE)
        return NULL;
    return &vgic->shared_line[number - VGIC_PRIVATE];
}

static bool is_late(const struct vgic *vgic)
{
    bool late = false;

    for (unsigned cpu = 0; cpu < vgic->cpus; cpu++)
        late = late || vgic->late[cpu];
    return late;
}

static uint32_t distributor_word(struct vgic *vgic, uint32_t offset)
{
    const struct vgic_line *line = routed_line(vgic, offset);

    if (line != NULL)
        return (uint32_t)(line->route >> offset % 8 * 8);
    switch (offset) {
    case GICD_CTLR:
        return CTLR_DS | CTLR_ARE | (vgic->group1 ? (uint32_t)CTLR_GROUP1 : 0) |
               (is_late(vgic) ? CTLR_WRITING : 0);
    case GICD_TYPER:
        return TYPER_NUMBER_BITS | (VGIC_LINES / 32 - 1);
    case GICD_IIDR:
        return IIDR;
    case PIDR2:
        return PIDR2_GICV3;
    default:
        return is_private(offset) ? 0 : read_common(vgic, 0, offset);
    }
}

static uint64_t cut(uint64_t value, uint32_t offset, unsigned bytes)
{
    value >>= offset % WORD * 8;
    return bytes < WORD ? value & ((UINT64_C(1) << bytes * 8) - 1) : value;
}

uint64_t vgic_distributor_read(struct vgic *vgic, uint32_t offset, unsigned bytes)
{
    const uint32_t word = offset & ~(uint32_t)(WORD - 1);

    if (bytes == 8)
        return distributor_word(vgic, offset) | (uint64_t)distributor_word(vgic, offset + 4) << 32;
    return cut(distributor_word(vgic, word), offset, bytes);
}

/* A route to a CPU that does not exist goes to the first; so does one to "any" (Interrupt_Routing).
 */
static void write_route(struct vgic *vgic, struct vgic_line *line, uint64_t route)
{
    const unsigned number = (unsigned)(line - vgic->shared_line) + VGIC_PRIVATE;
    unsigned to = 0;

    line->route = route & 0xff80ffffff;
    for (unsigned cpu = 0; cpu < vgic->cpus; cpu++)
        if (vgic_affinity(cpu) == line->route)
            to = cpu;
    if (to == line->cpu)
        return;
    unsigned from = line->cpu;
    line->cpu = (uint8_t)to;
    vgic->output->move(number, from, to, setting_of(vgic, line));
    if (line->asserted)
        vgic->output->raise(to, number);
}

void vgic_distributor_write(struct vgic *vgic, uint32_t offset, unsigned bytes, uint64_t value)
{
    struct vgic_line *line = routed_line(vgic, offset);

    if (line != NULL) {
        const unsigned shift = offset % 8 * 8;
        if (bytes == WORD)
            value = (line->route & ~(UINT64_C(0xffffffff) << shift)) | value << shift;
        write_route(vgic, line, value);
    } else if (offset == GICD_CTLR) {
        set_group1(vgic, (value & CTLR_GROUP1) != 0);
    } else if (!is_private(offset)) {
        write_common(vgic, 0, offset, bytes, (uint32_t)value);
    }
}

/* ---- redistributors */

static uint32_t redistributor_word(struct vgic *vgic, unsigned cpu, uint32_t offset)
{
    switch (offset) {
    case GICR_CTLR:
        return vgic->late[cpu] ? GICR_CTLR_WRITING : 0;
    case GICR_IIDR:
        return IIDR;
    case GICR_TYPER:
        return cpu << 8 | (cpu + 1 == vgic->cpus ? (uint32_t)TYPER_LAST : 0);
    case GICR_TYPER + 4: {
        const uint64_t affinity = vgic_affinity(cpu);
        return (uint32_t)(affinity >> 8 & 0xff000000) | (uint32_t)(affinity & 0xffffff);
    }
    case GICR_WAKER:
        return vgic->asleep[cpu] ? WAKER_SLEEP | WAKER_ASLEEP : 0;
    case PIDR2:
    case GICR_PRIVATE + PIDR2:
        return PIDR2_GICV3;
    default:
        break;
    }
    if (offset < GICR_PRIVATE)
        return 0;
    offset -= GICR_PRIVATE;
    /* Beyond the private interrupts the registers are reserved. */
    return is_private(offset) ? read_common(vgic, cpu, offset) : 0;
}

uint64_t vgic_redistributor_read(struct vgic *vgic, uint32_t offset, unsigned bytes)
{
    const unsigned cpu = offset / VGIC_REDISTRIBUTOR_BYTES;

    if (cpu >= vgic->cpus)
        return 0;
    offset %= VGIC_REDISTRIBUTOR_BYTES;
    if (bytes == 8)
        return redistributor_word(vgic, cpu, offset) |
               (uint64_t)redistributor_word(vgic, cpu, offset + 4) << 32;
    return cut(redistributor_word(vgic, cpu, offset & ~(uint32_t)(WORD - 1)), offset, bytes);
}

void vgic_redistributor_write(struct vgic *vgic, uint32_t offset, unsigned bytes, uint64_t value)
{
    const unsigned cpu = offset / VGIC_REDISTRIBUTOR_BYTES;

    if (cpu >= vgic->cpus)
        return;
    offset %= VGIC_REDISTRIBUTOR_BYTES;
    if (offset == GICR_WAKER)
        vgic->asleep[cpu] = (value & WAKER_SLEEP) != 0;
    else if (offset >= GICR_PRIVATE && is_private(offset - GICR_PRIVATE))
        write_common(vgic, cpu, offset - GICR_PRIVATE, bytes, (uint32_t)value);
}

/* ---- interrupts */

/* ICC_SGI1R_EL1 (IHI 0069, 12.2.14): targets 15:0, Aff1 23:16, number 27:24, Aff2 39:32,
 * all others 40, range of targets 47:44, Aff3 55:48. */
void vgic_send(struct vgic *vgic, unsigned cpu, uint64_t value)
{
    const unsigned number = (unsigned)(value >> 24) & 0xf;
    const bool all_others = (value >> 40 & 1) != 0;
    const unsigned cluster = (unsigned)(value >> 16) & 0xff;
    const bool reachable =
        (value >> 32 & 0xff) == 0 && (value >> 44 & 0xf) == 0 && (value >> 48 & 0xff) == 0;

    for (unsigned to = 0; to < vgic->cpus; to++)
        if (all_others ? to != cpu
                       : reachable && to / AFFINITY0_CPUS == cluster &&
                             (value >> to % AFFINITY0_CPUS & 1) != 0)
            vgic->output->raise(to, number);
}

void vgic_line_set(struct vgic *vgic, unsigned number, bool asserted)
{
    struct vgic_line *line = find_line(vgic, 0, number);

    if (line->asserted == asserted)
        return;
    line->asserted = asserted;
    if (asserted)
        vgic->output->raise(line->cpu, number);
    else if (line->level)
        vgic->output->lower(line->cpu, number);
}
