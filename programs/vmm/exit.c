/* SPDX-License-Identifier: BSD-2-Clause */
/* Why the guest exited, and what follows. */
#include "exit.h"
#include "inject.h"
#include "layout.h"
#include "lock.h"
#include "machine.h"
#include "pl011.h"
#include "psci.h"
#include "syndrome.h"
#include "whit/program.h"

#include <stdio.h>

static struct vgic vgic;
static struct pl011 uart;
static struct whit_channel console;
static bool have_console;

static struct lock lock;
static unsigned here; /* core of the handler that holds the lock */

/* Lines, by bit, whose kernel objects on another core are to follow the distributor; and those that
 * are to be lowered first. */
static uint64_t stale[VGIC_CPUS], lowered[VGIC_CPUS];
_Static_assert(VGIC_LINES <= 64, "a line is a bit");

enum {
    CPU_OFF_NS = 50000,
    CPU_OFF_TRIES = 100000,
    FLUSH_NS = 1000000,
    FLUSH_BYTES = 256,
    REPORTS = 16,
    INSTRUCTION_BYTES = 4,
    NO_REGISTER = 31
};

static void tell_main(uint64_t event)
{
    (void)whit_notify(whit_grant_selector(WHIT_GRANT_WAIT, "wait"), event);
}

/* ---- the lock, and the other handlers */

static void sleep_until(unsigned core, uint64_t deadline)
{
    uint64_t bits;

    (void)whit_wait(machine.core[core].lock, deadline, &bits);
}

static void sleep_here(unsigned core)
{
    sleep_until(core, 0);
}

static void wake(unsigned core)
{
    (void)whit_notify(machine.core[core].lock, 1);
}

/* With one core there is one handler. */
static void take_lock(unsigned core)
{
    if (machine.cores > 1)
        lock_take(&lock, core);
    here = core;
}

static void drop_lock(void)
{
    if (machine.cores > 1)
        lock_drop(&lock);
}

/* ---- interrupts, from the distributor to the kernel: on the core of their virtual CPU */

static void set_now(unsigned cpu, unsigned line, struct vgic_setting setting)
{
    if (machine_line_set(cpu, line, setting) != WHIT_OK)
        tell_main(EVENT_FAILED);
}

static void lower_now(unsigned cpu, unsigned line)
{
    uint64_t were;

    (void)whit_clear(machine_signal(cpu, line), 1, &were);
}

static bool is_here(unsigned cpu)
{
    return machine.cpu[cpu].core == here;
}

static void leave_to_other(unsigned cpu, unsigned line)
{
    stale[cpu] |= UINT64_C(1) << line;
    vgic.late[cpu] = true;
    (void)whit_notify(machine.core[machine.cpu[cpu].core].work, EXIT_WORK);
}

static void line_set(unsigned cpu, unsigned line, struct vgic_setting setting)
{
    if (machine_signal(cpu, line) == 0)
        return;
    if (is_here(cpu))
        set_now(cpu, line, setting);
    else
        leave_to_other(cpu, line);
}

static void line_raise(unsigned cpu, unsigned line)
{
    (void)whit_notify(machine_signal(cpu, line), 1);
}

static void line_lower(unsigned cpu, unsigned line)
{
    if (machine_signal(cpu, line) == 0)
        return;
    if (is_here(cpu)) {
        lower_now(cpu, line);
    } else {
        lowered[cpu] |= UINT64_C(1) << line;
        leave_to_other(cpu, line);
    }
}

/* Each CPU has a signal for each line; that of a CPU which it does not go to is disabled. */
static void line_move(unsigned line, unsigned from, unsigned to, struct vgic_setting setting)
{
    line_lower(from, line);
    line_set(from, line, vgic_setting(&vgic, from, line));
    line_set(to, line, setting);
}

static const struct vgic_output vgic_output = {line_set, line_move, line_raise, line_lower};

static void freshen(unsigned cpu)
{
    for (; stale[cpu] != 0; stale[cpu] &= stale[cpu] - 1) {
        const unsigned line = (unsigned)__builtin_ctzll(stale[cpu]);
        if (lowered[cpu] >> line & 1)
            lower_now(cpu, line);
        set_now(cpu, line, vgic_setting(&vgic, cpu, line));
        /* It may have been raised again since. */
        if ((lowered[cpu] >> line & 1) && vgic_is_asserted(&vgic, cpu, line))
            line_raise(cpu, line);
    }
    lowered[cpu] = 0;
    vgic.late[cpu] = false;
}

static void freshen_here(void)
{
    for (unsigned cpu = 0; cpu < machine.cpus; cpu++)
        if (stale[cpu] != 0 && is_here(cpu))
            freshen(cpu);
}

/* ---- the serial line */

/*
 * Bytes go into the ring at once, but the console hears of them later: a doorbell for each would
 * cost more than all else.  It is rung when the guest is through with a message (flush), when much
 * has come together, or when the first byte has waited for a moment.
 */
static uint32_t unannounced; /* bytes */
static bool flush_is_due;    /* the timer of a core will ring */

static void uart_flush(void)
{
    if (unannounced == 0)
        return;
    unannounced = 0;
    (void)whit_notify(console.signal, console.ring);
}

static bool ring_put(uint8_t byte)
{
    bool waits;

    if (whit_ring_write(&console.out, &byte, 1, &waits) == 0)
        return false;
    /* Once it waits, it does so until it is notified. */
    if (waits || unannounced != 0)
        unannounced++;
    return true;
}

static bool uart_transmit(uint8_t byte)
{
    if (!have_console)
        return true;
    if (!ring_put(byte)) {
        uart_flush();
        if (!whit_ring_want_room(&console.out, 1) || !ring_put(byte))
            return false;
    }
    if (unannounced == FLUSH_BYTES) {
        uart_flush();
    } else if (unannounced != 0 && !flush_is_due) {
        flush_is_due = true;
        (void)whit_timer(machine.core[here].work, whit_deadline(FLUSH_NS), EXIT_FLUSH);
    }
    return true;
}

static bool uart_receive(uint8_t *byte)
{
    return have_console && whit_channel_read(&console, byte, 1) == 1;
}

static void uart_interrupt(bool asserted)
{
    vgic_line_set(&vgic, GUEST_UART_LINE, asserted);
}

static const struct pl011_output uart_output = {uart_transmit, uart_receive, uart_flush,
                                                uart_interrupt};

/* ---- PSCI */

static int psci_find(uint64_t affinity)
{
    for (unsigned cpu = 0; cpu < machine.cpus; cpu++)
        if (vgic_affinity(cpu) == affinity)
            return (int)cpu;
    return -1;
}

static bool psci_is_on(unsigned cpu)
{
    return machine.cpu[cpu].on;
}

static enum psci_result psci_on(unsigned cpu, uint64_t entry, uint64_t context)
{
    enum whit_error error = machine_cpu_start(cpu, entry, context);

    /* On another core, its handler may have said that it is off, and not yet replied. */
    for (int i = 0; i < CPU_OFF_TRIES && error == WHIT_E_STATE; i++) {
        sleep_until(here, whit_deadline(CPU_OFF_NS));
        error = machine_cpu_start(cpu, entry, context);
    }
    return error == WHIT_OK ? PSCI_SUCCESS : PSCI_INTERNAL_FAILURE;
}

static void psci_off(unsigned cpu)
{
    machine.cpu[cpu].on = false;
}

static void psci_system_off(void)
{
    uart_flush();
    tell_main(EVENT_OFF);
}

static void psci_system_reset(void)
{
    uart_flush();
    tell_main(EVENT_RESET);
}

static const struct psci_output psci_output = {psci_find, psci_is_on,      psci_on,
                                               psci_off,  psci_system_off, psci_system_reset};

/* ---- accesses that nothing answers */

/* True the first time for each `what`. */
static bool is_new(uint64_t what)
{
    static uint64_t reported[REPORTS];
    static unsigned count;

    for (unsigned i = 0; i < count; i++)
        if (reported[i] == what)
            return false;
    if (count == REPORTS)
        return false;
    reported[count++] = what;
    return true;
}

static void exception(unsigned cpu, uint64_t esr, uint64_t address, bool is_abort)
{
    struct machine_cpu *vcpu = &machine.cpu[cpu];

    /* A failure ends the program, which the handler thread cannot do itself. */
    if (whit_sync(vcpu->thread, WHIT_SYNC_TO_PAGE) != WHIT_OK)
        tell_main(EVENT_FAILED);
    if (is_abort)
        inject_abort(vcpu->state, esr, address);
    else
        inject_undefined(vcpu->state);
    if (whit_sync(vcpu->thread, WHIT_SYNC_FROM_PAGE) != WHIT_OK)
        tell_main(EVENT_FAILED);
}

static void abort_access(unsigned cpu, uint64_t esr, uint64_t address, uint64_t ipa,
                         const char *what)
{
    if (is_new(ipa))
        printf("guest: %s at %#llx (pc %#llx): aborted\n", what, (unsigned long long)ipa,
               (unsigned long long)machine.cpu[cpu].state->r.pc);
    exception(cpu, esr, address, true);
}

static void undefined(unsigned cpu, uint64_t esr)
{
    if (is_new(esr & ~(uint64_t)(0x1f << 5)))
        printf("guest: instruction with syndrome %#llx (pc %#llx): undefined\n",
               (unsigned long long)esr, (unsigned long long)machine.cpu[cpu].state->r.pc);
    exception(cpu, esr, 0, false);
}

/* ---- devices */

/* The interrupt controller's registers were read before: read_controller. */
static bool device_read(uint64_t ipa, uint64_t *value)
{
    if (ipa - GUEST_UART >= PL011_BYTES)
        return false;
    *value = pl011_read(&uart, (uint32_t)(ipa - GUEST_UART));
    return true;
}

static bool device_write(uint64_t ipa, unsigned bytes, uint64_t value)
{
    if (ipa - GUEST_UART < PL011_BYTES)
        pl011_write(&uart, (uint32_t)(ipa - GUEST_UART), (uint32_t)value);
    else if (ipa - GUEST_DISTRIBUTOR < VGIC_DISTRIBUTOR_BYTES)
        vgic_distributor_write(&vgic, (uint32_t)(ipa - GUEST_DISTRIBUTOR), bytes, value);
    else if (ipa - GUEST_REDISTRIBUTORS < (uint64_t)VGIC_REDISTRIBUTOR_BYTES * machine.cpus)
        vgic_redistributor_write(&vgic, (uint32_t)(ipa - GUEST_REDISTRIBUTORS), bytes, value);
    else
        return false;
    return true;
}

static void access_device(unsigned cpu, uint64_t esr, uint64_t address, uint64_t ipa)
{
    struct whit_registers *r = &machine.cpu[cpu].state->r;
    const unsigned bytes = syndrome_bytes(esr), number = syndrome_register(esr);
    uint64_t value = 0;

    if (!syndrome_is_decoded(esr) || ipa % bytes != 0) {
        abort_access(cpu, esr, address, ipa, "access that cannot be emulated");
        return;
    }
    if (syndrome_is_write(esr)) {
        value = number == NO_REGISTER ? 0 : r->x[number];
        if (bytes < 8)
            value &= (UINT64_C(1) << 8 * bytes) - 1;
        if (!device_write(ipa, bytes, value)) {
            abort_access(cpu, esr, address, ipa, "write to nothing");
            return;
        }
    } else {
        if (!device_read(ipa, &value)) {
            abort_access(cpu, esr, address, ipa, "read of nothing");
            return;
        }
        if (number != NO_REGISTER)
            r->x[number] = syndrome_extend(esr, value);
    }
    r->pc += syndrome_instruction_bytes(esr);
}

/* ---- system registers */

enum {
    REGISTER_SGI1R = SYSTEM_REGISTER(3, 0, 12, 11, 5),
    REGISTER_OSLSR = SYSTEM_REGISTER(2, 0, 1, 1, 4),
    REGISTER_ACTLR = SYSTEM_REGISTER(3, 0, 1, 0, 1),
    REGISTER_DC_ISW = SYSTEM_REGISTER(1, 0, 7, 6, 2),
    REGISTER_DC_CSW = SYSTEM_REGISTER(1, 0, 7, 10, 2),
    REGISTER_DC_CISW = SYSTEM_REGISTER(1, 0, 7, 14, 2),
    OSLSR_IMPLEMENTED = 8
};

/* op0 2: debug; op0 3, CRn 9, CRm 12 to 14, and CRn 14, CRm 8 to 15: performance monitors. */
static bool is_zero_register(unsigned name)
{
    const unsigned op0 = name >> 14, crn = name >> 7 & 0xf, crm = name >> 3 & 0xf;

    return op0 == 2 || name == REGISTER_ACTLR ||
           (op0 == 3 && ((crn == 9 && crm >= 12 && crm <= 14) || (crn == 14 && crm >= 8)));
}

static void access_register(unsigned cpu, uint64_t esr)
{
    struct whit_registers *r = &machine.cpu[cpu].state->r;
    const unsigned name = syndrome_system_register(esr), number = syndrome_transfer_register(esr);
    const bool is_read = syndrome_is_register_read(esr);
    uint64_t value = 0;

    if (name == REGISTER_SGI1R && !is_read) {
        vgic_send(&vgic, cpu, number == NO_REGISTER ? 0 : r->x[number]);
    } else if (name == REGISTER_OSLSR && is_read) {
        value = OSLSR_IMPLEMENTED;
    } else if (name == REGISTER_DC_ISW || name == REGISTER_DC_CSW || name == REGISTER_DC_CISW) {
        /* By set and way means nothing with a virtual cache; nothing here is behind one. */
    } else if (!is_zero_register(name)) {
        undefined(cpu, esr);
        return;
    }
    if (is_read && number != NO_REGISTER)
        r->x[number] = value;
    r->pc += INSTRUCTION_BYTES;
}

/* ---- */

/* All that is not a hypercall. */
static __attribute__((noinline)) uint64_t handle(uint64_t syndrome, uint64_t address, uint64_t ipa,
                                                 unsigned cpu)
{
    switch (syndrome_class(syndrome)) {
    case CLASS_DATA_ABORT:
        access_device(cpu, syndrome, address, ipa);
        return WHIT_CONTINUE;
    case CLASS_REGISTER:
        access_register(cpu, syndrome);
        return WHIT_CONTINUE;
    case CLASS_SMC64:
        machine.cpu[cpu].state->r.pc += INSTRUCTION_BYTES; /* trapped, not executed */
        return psci_call(&psci_output, cpu, machine.cpu[cpu].state->r.x);
    case CLASS_INSTRUCTION_ABORT:
        abort_access(cpu, syndrome, address, ipa, "execution of nothing");
        return WHIT_CONTINUE;
    default:
        undefined(cpu, syndrome);
        return WHIT_CONTINUE;
    }
}

static uint64_t handle_exit(uint64_t syndrome, uint64_t address, uint64_t ipa, unsigned cpu)
{
    uint64_t verdict;

    take_lock(machine.cpu[cpu].core);
    if (syndrome_class(syndrome) == CLASS_HVC64)
        verdict = psci_call(&psci_output, cpu, machine.cpu[cpu].state->r.x);
    else
        verdict = handle(syndrome, address, ipa, cpu);
    drop_lock();
    return verdict;
}

/* For the main thread, or because of a core's `work` signal. */
static uint64_t handle_work(uint64_t bits, uint64_t badge)
{
    take_lock(badge == BADGE_EVENTS ? 0 : (unsigned)(badge - BADGE_FIRST_CORE));
    if (badge == BADGE_EVENTS)
        pl011_progress(&uart);
    if (badge != BADGE_EVENTS && (bits & EXIT_WORK))
        freshen_here();
    if (badge != BADGE_EVENTS && (bits & EXIT_FLUSH)) {
        flush_is_due = false;
        uart_flush();
    }
    drop_lock();
    return WHIT_CONTINUE;
}

/* A read of the interrupt controller, which changes nothing: each word is read once, without the
 * lock.
 */
static bool read_controller(unsigned cpu, uint64_t esr, uint64_t ipa)
{
    struct whit_registers *r = &machine.cpu[cpu].state->r;
    const unsigned bytes = syndrome_bytes(esr), number = syndrome_register(esr);
    uint64_t value;

    if (!syndrome_is_decoded(esr) || syndrome_is_write(esr) || (ipa & (bytes - 1)) != 0)
        return false;
    if (ipa - GUEST_DISTRIBUTOR < VGIC_DISTRIBUTOR_BYTES)
        value = vgic_distributor_read(&vgic, (uint32_t)(ipa - GUEST_DISTRIBUTOR), bytes);
    else if (ipa - GUEST_REDISTRIBUTORS < (uint64_t)VGIC_REDISTRIBUTOR_BYTES * machine.cpus)
        value = vgic_redistributor_read(&vgic, (uint32_t)(ipa - GUEST_REDISTRIBUTORS), bytes);
    else
        return false;
    if (number != NO_REGISTER)
        r->x[number] = syndrome_extend(esr, value);
    r->pc += syndrome_instruction_bytes(esr);
    return true;
}

uint64_t vmm_enter(uint64_t syndrome, uint64_t address, uint64_t ipa, uint64_t badge)
{
    const uint64_t cpu = badge - BADGE_FIRST_CPU;

    if (cpu >= VGIC_CPUS)
        return handle_work(syndrome, badge);
    /* What needs no lock; an interrupt between virtual CPUs only notifies. */
    if (syndrome_class(syndrome) == CLASS_HVC64 && psci_simple(machine.cpu[cpu].state->r.x))
        return WHIT_CONTINUE;
    if (syndrome_class(syndrome) == CLASS_REGISTER &&
        syndrome_system_register(syndrome) == REGISTER_SGI1R &&
        !syndrome_is_register_read(syndrome)) {
        access_register((unsigned)cpu, syndrome);
        return WHIT_CONTINUE;
    }
    if (syndrome_class(syndrome) == CLASS_DATA_ABORT &&
        read_controller((unsigned)cpu, syndrome, ipa))
        return WHIT_CONTINUE;
    return handle_exit(syndrome, address, ipa, (unsigned)cpu);
}

void exit_init(void)
{
    lock.sleep = sleep_here;
    lock.wake = wake;
    have_console = whit_channel_open(&console, whit_grant(WHIT_GRANT_CHANNEL, "console"));
    vgic_init(&vgic, machine.cpus, &vgic_output);
    pl011_init(&uart, &uart_output);
}
