/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Supervision.  A fault handler (one on each core, on the faulting thread's time) only notes who
 * faulted and notifies root's first thread, which does the rest.
 */
#include "supervise.h"

#include "death.h"
#include "output.h"
#include "whit/call.h"
#include "whit/op.h"

enum { HANDLER_STACK_BYTES = 4096, HANDLER_PRIORITY = 255 };

/* Bits below are handed out by the description (to = "root"). */
#define FAULT_BIT (UINT64_C(1) << ROOT_BITS)

static struct system *supervised;

/* On the handler's stack; called by fault_entry. */
uint64_t fault_seen(uint64_t badge);
uint64_t fault_seen(uint64_t badge)
{
    bool *faulted = &supervised->instance[badge / THREADS_MAX].faulted[badge % THREADS_MAX];
    /* Release: whoever sees the flag sees the state page that the kernel wrote before. */
    __atomic_store_n(faulted, true, __ATOMIC_RELEASE);
    (void)whit_notify(supervised->wait, FAULT_BIT);
    return WHIT_STAY;
}

/* ---- set-up */

static bool make_object(struct system *system, enum whit_kind kind, uint64_t bytes, uint64_t a,
                        uint64_t b, uint32_t *object)
{
    struct whit_piece piece;
    enum whit_error error = WHIT_E_SIZE;
    if (ram_take(system->means, bytes, WHIT_UNIT, &piece))
        error = whit_make(piece.selector, kind, a, b, 0, 0);
    if (error != WHIT_OK)
        report(system->reporter, "cannot make an object of kind %d for root: %s", (int)kind,
               whit_error_text(error));
    *object = piece.selector;
    return error == WHIT_OK;
}

static bool make_handler(struct system *system, uint32_t core)
{
    uint32_t *thread = &system->fault_thread[core];
    uint32_t budget;
    char *stack = heap_take(system->heap, HANDLER_STACK_BYTES, 1);
    if (!make_object(system, WHIT_THREAD, WHIT_SIZE_THREAD, system->boot->self_space, WHIT_NATIVE,
                     thread) ||
        !make_object(system, WHIT_BUDGET, WHIT_SIZE_BUDGET, system->boot->first_core + core,
                     HANDLER_PRIORITY, &budget))
        return false;
    enum whit_error error = whit_bind(*thread, WHIT_ROLE_BUDGET, budget);
    if (error == WHIT_OK)
        error = whit_start(*thread, (uintptr_t)fault_start, (uintptr_t)stack + HANDLER_STACK_BYTES,
                           0, 0);
    if (error != WHIT_OK)
        report(system->reporter, "cannot start the fault handler of core %u: %s", (unsigned)core,
               whit_error_text(error));
    return error == WHIT_OK;
}

bool supervise_init(struct system *system)
{
    supervised = system;
    if (!make_object(system, WHIT_SIGNAL, WHIT_SIZE_SIGNAL, system->boot->first_core, 0,
                     &system->wait))
        return false;
    enum whit_error error =
        whit_target(system->wait, WHIT_TARGET_WAITER, system->boot->self_thread, 0, 0);
    if (error != WHIT_OK) {
        report(system->reporter, "cannot wait for events: %s", whit_error_text(error));
        return false;
    }
    system->fault_thread =
        heap_take(system->heap, system->boot->cores, sizeof *system->fault_thread);
    for (uint32_t core = 0; core < system->boot->cores; core++)
        if (!make_handler(system, core))
            return false;
    return true;
}

/* ---- events */

static _Noreturn void power_off(struct system *system)
{
    uint64_t bits;
    output_drain(system);
    enum whit_error error = whit_power(system->boot->first_core, WHIT_POWER_OFF);
    report(system->reporter, "the machine cannot be switched off: %s", whit_error_text(error));
    for (;;)
        (void)whit_wait(system->wait, 0, &bits);
}

static bool may_restart(struct instance *instance, const struct death *death)
{
    if (death->exited && instance->program->is_vm && death->code == VMM_EXIT_RESET)
        return true;
    if (death->exited && death->code == 0)
        return false;
    if (instance->restarts == instance->program->restarts)
        return false;
    instance->restarts++;
    return true;
}

static void restart(struct system *system, uint32_t index)
{
    struct instance *instance = &system->instance[index];
    const char *kind = instance->program->is_vm ? "vm" : "program";
    if (!instance_build(system, index) || !instance_start(system, index)) {
        instance->state = INSTANCE_ENDED;
        return;
    }
    report(system->reporter, "%s %s restarted", kind, instance->program->name);
}

/* The console is gone for good: root must print by itself, if it can. */
static void console_check(struct system *system)
{
    int console = system->description.console;
    if (console == PROGRAM_NONE || system->instance[console].state != INSTANCE_RUNNING)
        output_to_uart(system);
}

static void instance_end(struct system *system, uint32_t index, const struct death *death)
{
    struct instance *instance = &system->instance[index];
    instance_demolish(system, index);
    if (may_restart(instance, death))
        restart(system, index);
    else
        instance->state = INSTANCE_ENDED;
    console_check(system);
}

static void instance_died(struct system *system, uint32_t index, unsigned thread)
{
    const struct program *program = system->instance[index].program;
    const struct whit_state *page =
        (const struct whit_state *)(uintptr_t)state_address(index, thread);
    struct death death = {.registers = page->r};
    death_classify(&death);
    death_report(system->reporter, program->name, program->is_vm, &death);
    instance_end(system, index, &death);
}

/* Somebody asks for the end of a program, whatever that is doing: it counts as a failure. */
static bool stop_asked(struct system *system, const struct signal_channel *signal)
{
    static const struct death stopped;
    const uint32_t index = (uint32_t)signal->stops;
    const struct instance *instance = &system->instance[index];
    if (instance->state != INSTANCE_RUNNING)
        return false;
    report(system->reporter, "%s %s is stopped: signal %s",
           instance->program->is_vm ? "vm" : "program", instance->program->name, signal->name);
    instance_end(system, index, &stopped);
    return true;
}

static bool look_for_deaths(struct system *system)
{
    bool any = false;
    for (uint32_t i = 1; i < system->description.programs; i++) {
        struct instance *instance = &system->instance[i];
        for (unsigned thread = 0; thread < THREADS_MAX; thread++) {
            if (!__atomic_load_n(&instance->faulted[thread], __ATOMIC_ACQUIRE))
                continue;
            instance_died(system, i, thread);
            any = true;
        }
    }
    return any;
}

/* All that the description waits for have ended. */
static bool system_ended(const struct system *system)
{
    if (!system->description.powers_off)
        return false;
    for (uint32_t i = 1; i < system->description.programs; i++) {
        const struct instance *instance = &system->instance[i];
        if (instance->program->ends_system && instance->state == INSTANCE_RUNNING)
            return false;
    }
    return true;
}

/* Does what the signals to root ask for; true if something has ended. */
static bool follow_signals(struct system *system, uint64_t bits)
{
    const struct description *d = &system->description;
    bool any = false;
    for (uint32_t i = 0; i < d->signals; i++) {
        const struct signal_channel *signal = &d->signal[i];
        if (signal->to != PROGRAM_ROOT || signal->left_out || !(bits & UINT64_C(1) << signal->bit))
            continue;
        if (signal->stops == PROGRAM_NONE) {
            report(system->reporter, "the console asks to switch off");
            power_off(system);
        }
        any = stop_asked(system, signal) || any;
    }
    return any;
}

_Noreturn void supervise(struct system *system)
{
    console_check(system);
    for (;;) {
        uint64_t bits;
        (void)whit_wait(system->wait, 0, &bits);
        bool ended = look_for_deaths(system);
        if ((follow_signals(system, bits) || ended) && system_ended(system))
            power_off(system);
    }
}
