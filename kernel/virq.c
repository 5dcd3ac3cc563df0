/* SPDX-License-Identifier: BSD-2-Clause */
/* Virtual interrupts that wait for a list register, most urgent first. */
#include "virq.h"
#include "arch.h"
#include "object.h"

enum { VIRQ_NUMBERS = 1020 /* above are special numbers of the GIC */ };

void virq_init(struct vcpu *vcpu)
{
    for (unsigned i = 0; i < VIRQ_PRIORITIES; i++)
        list_init(&vcpu->pending[i]);
    timer_init(&vcpu->timer, TIMER_VCPU);
    vcpu->activations = 1;
}

static bool is_edge(const struct signal *signal)
{
    /* The timer stays active in hardware until the guest ends it, and then fires again. */
    return (signal->virq_flags & (WHIT_VIRQ_LEVEL | WHIT_VIRQ_TIMER)) != WHIT_VIRQ_LEVEL;
}

static bool is_enabled(const struct signal *signal)
{
    return (signal->virq_flags & WHIT_VIRQ_ENABLED) != 0;
}

static void queue_insert(struct signal *signal)
{
    struct vcpu *vcpu = &signal->thread->vcpu;
    unsigned level = virq_level(signal);

    if (!list_empty(&signal->pending))
        return;
    list_insert(&vcpu->pending[level], &signal->pending);
    vcpu->pending_map |= UINT64_C(1) << level;
}

static void queue_remove(struct signal *signal)
{
    struct vcpu *vcpu = &signal->thread->vcpu;
    const struct link *neighbour = signal->pending.next;

    if (list_empty(&signal->pending))
        return;
    /* The last one in its list has the list's head on both sides. */
    if (neighbour == signal->pending.prev)
        vcpu->pending_map &= ~(UINT64_C(1) << (neighbour - vcpu->pending));
    list_remove(&signal->pending);
}

struct signal *virq_first(struct vcpu *vcpu)
{
    if (!vcpu->pending_map)
        return NULL;
    return CONTAINER(vcpu->pending[__builtin_ctzll(vcpu->pending_map)].next, struct signal,
                     pending);
}

void virq_shown(struct signal *signal, unsigned index)
{
    queue_remove(signal);
    signal->thread->vcpu.shown[index] = signal;
    signal->listed = (uint8_t)(index + 1);
    if (is_edge(signal))
        signal->bits = 0;
}

void virq_unshown(struct vcpu *vcpu, unsigned index)
{
    if (vcpu->shown[index])
        vcpu->shown[index]->listed = 0;
    vcpu->shown[index] = NULL;
}

void virq_retired(struct vcpu *vcpu, unsigned index, bool again)
{
    struct signal *signal = vcpu->shown[index];

    virq_unshown(vcpu, index);
    if (!signal)
        return;
    if (again && is_edge(signal))
        signal->bits |= 1;
    if (signal->bits && is_enabled(signal))
        queue_insert(signal);
}

bool virq_in_use(const struct thread *thread)
{
    bool shown = false;

    for (unsigned i = 0; i < LIST_REGISTERS; i++)
        shown = shown || thread->vcpu.shown[i];
    return shown || thread->vcpu.pending_map;
}

bool virq_is_valid(uint64_t virq)
{
    const uint64_t number = virq & 0xffff, flags = virq >> 24;

    return number < VIRQ_NUMBERS &&
           flags <= (WHIT_VIRQ_ENABLED | WHIT_VIRQ_LEVEL | WHIT_VIRQ_TIMER);
}

void virq_bind(struct signal *signal)
{
    struct thread *thread = signal->thread;

    if (!(signal->virq_flags & WHIT_VIRQ_TIMER))
        return;
    thread->vcpu.timer_signal = signal;
    /* It may have fired when there was nothing bound. */
    if (thread->core == signal->home && arch_vtimer_held(thread))
        signal->bits |= 1;
}

void virq_raise(struct signal *signal)
{
    struct thread *thread = signal->thread;

    /* On another core than its virtual CPU it stays pending. */
    if (!is_enabled(signal) || thread->core != signal->home)
        return;
    /* A level interrupt that is shown is looked at again when the guest ends it. */
    if (is_edge(signal) || !signal->listed) {
        /* Pending once more is pending once. */
        if (thread->vcpu.pending_map || !arch_virq_show(thread, signal)) {
            if (signal->listed)
                arch_virq_retract(thread, signal);
            queue_insert(signal);
            arch_virq_refill(thread);
        }
    }
    if (thread->state == THREAD_WAITING)
        thread_wake(thread);
    if (signal->budget)
        signal_activate(signal);
}

void virq_lower(struct signal *signal)
{
    queue_remove(signal);
    if (signal->listed)
        arch_virq_retract(signal->thread, signal);
}

/* What the guest has not taken yet is no longer before it; an edge is pending in the signal again.
 */
static void take_back(struct signal *signal)
{
    queue_remove(signal);
    if (signal->listed && arch_virq_retract(signal->thread, signal) && is_edge(signal))
        signal->bits |= 1;
}

void virq_rebind(struct signal *signal)
{
    take_back(signal);
    if (signal->bits)
        virq_raise(signal);
}

void virq_unbind(struct signal *signal)
{
    struct vcpu *vcpu = &signal->thread->vcpu;

    take_back(signal);
    if (signal->listed)
        virq_unshown(vcpu, signal->listed - 1u);
    if (vcpu->timer_signal == signal)
        vcpu->timer_signal = NULL;
}
