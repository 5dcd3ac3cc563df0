/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtual interrupts: the queue (kernel/virq.c) with the choice of list registers
 * (kernel/aarch64/listreg.c) on a model of the hardware and of a guest.
 */
#define arch_virq_refill  listreg_refill
#define arch_virq_show    listreg_show
#define arch_virq_retract listreg_retract
#include "../../kernel/aarch64/listreg.c"
#include "../../kernel/virq.c"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REGISTERS = 4, SIGNALS = 12, TIMER_LINE = 27 };

static struct thread vcpu_thread;
static struct core core;
static struct signal signals[SIGNALS];
static uint64_t registers[REGISTERS];
static bool refill_wanted, timer_ended;
static unsigned writes; /* to list registers */

unsigned ich_list_registers = REGISTERS;

uint64_t ich_read(unsigned index)
{
    return registers[index];
}

void ich_write(unsigned index, uint64_t value)
{
    registers[index] = value;
    writes++;
}

/* IHI0069, ICH_ELRSR_EL2: invalid, and no maintenance interrupt is due for it. */
uint64_t ich_empty(void)
{
    uint64_t empty = 0;

    for (unsigned i = 0; i < REGISTERS; i++)
        if (!(registers[i] & LR_STATE) && (registers[i] & LR_HW || !(registers[i] & LR_EOI)))
            empty |= UINT64_C(1) << i;
    return empty;
}

uint64_t ich_ended(void)
{
    uint64_t ended = 0;

    for (unsigned i = 0; i < REGISTERS; i++)
        if (!(registers[i] & (LR_STATE | LR_HW)) && registers[i] & LR_EOI)
            ended |= UINT64_C(1) << i;
    return ended;
}

void ich_want_refill(bool wanted)
{
    refill_wanted = wanted;
}

static unsigned in_use(void)
{
    unsigned count = 0;

    for (unsigned i = 0; i < REGISTERS; i++)
        count += (registers[i] & LR_STATE) != 0;
    return count;
}

static void maintenance(void)
{
    if (ich_ended() || (refill_wanted && in_use() <= 1))
        listreg_maintain(&vcpu_thread);
}

/* The guest takes the most urgent pending interrupt that is no longer active; -1: there is none. */
static int guest_take(void)
{
    int best = -1;

    for (int i = 0; i < REGISTERS; i++)
        if ((registers[i] & LR_STATE) == LR_PENDING &&
            (best < 0 || lr_priority(registers[i]) < lr_priority(registers[best])))
            best = i;
    if (best < 0)
        return -1;
    registers[best] ^= LR_STATE;
    return (int)(registers[best] & LR_NUMBER_MASK);
}

static void guest_end(int number)
{
    for (unsigned i = 0; i < REGISTERS; i++)
        if ((registers[i] & LR_ACTIVE) && (int)(registers[i] & LR_NUMBER_MASK) == number) {
            registers[i] &= ~LR_ACTIVE;
            timer_ended |= (registers[i] & LR_HW) != 0;
        }
    maintenance();
}

static struct signal *bind(unsigned number, unsigned priority, unsigned flags)
{
    struct signal *signal = &signals[number];

    signal->virq = (uint16_t)(number + 16);
    signal->virq_priority = (uint8_t)priority;
    signal->virq_flags = (uint8_t)flags;
    signal->thread = &vcpu_thread;
    signal->home = &core;
    signal->target = WHIT_TARGET_VIRQ;
    list_init(&signal->pending);
    virq_bind(signal);
    return signal;
}

static void fresh(void)
{
    memset(&vcpu_thread, 0, sizeof vcpu_thread);
    memset(signals, 0, sizeof signals);
    memset(registers, 0, sizeof registers);
    refill_wanted = timer_ended = false;
    virq_init(&vcpu_thread.vcpu);
    vcpu_thread.core = &core;
    vcpu_thread.state = THREAD_RUNNABLE;
    core.el1_owner = &vcpu_thread;
}

static void raise(struct signal *signal)
{
    signal->bits |= 1;
    virq_raise(signal);
}

static void lower(struct signal *signal)
{
    signal->bits = 0;
    virq_lower(signal);
}

static void result(const char *name, bool good)
{
    printf("%s %s%s\n", good ? "ok" : "not ok", name, good ? "" : " - wrong");
}

static void test_edge(void)
{
    fresh();
    struct signal *signal = bind(1, 0xa0, WHIT_VIRQ_ENABLED);
    raise(signal);
    bool good = signal->bits == 0 && guest_take() == 17 && guest_take() == -1;
    raise(signal); /* while active: once more afterwards */
    good = good && signal->bits == 0 && guest_take() == -1;
    guest_end(17);
    good = good && guest_take() == 17;
    guest_end(17);
    result("an edge interrupt comes once for each time", good && guest_take() == -1);
}

static void test_disabled(void)
{
    fresh();
    struct signal *signal = bind(2, 0xa0, 0);
    raise(signal);
    bool good = guest_take() == -1 && signal->bits == 1;
    signal->virq_flags = WHIT_VIRQ_ENABLED;
    virq_rebind(signal);
    signal->virq_flags = 0; /* disabled again before the guest took it */
    virq_rebind(signal);
    good = good && guest_take() == -1 && signal->bits == 1;
    signal->virq_flags = WHIT_VIRQ_ENABLED;
    virq_rebind(signal);
    result("nothing is lost while disabled", good && guest_take() == 18);
}

static void test_level(void)
{
    fresh();
    struct signal *signal = bind(3, 0xa0, WHIT_VIRQ_ENABLED | WHIT_VIRQ_LEVEL);
    raise(signal);
    bool good = guest_take() == 19;
    guest_end(19);
    good = good && guest_take() == 19; /* still asserted */
    lower(signal);
    guest_end(19);
    good = good && guest_take() == -1;
    raise(signal);
    lower(signal); /* before the guest took it */
    result("a level interrupt lasts as long as its line", good && guest_take() == -1);
}

static void test_overflow(void)
{
    fresh();
    /* More than there are registers, the most urgent last. */
    for (unsigned i = 0; i < 8; i++)
        raise(bind(i, 0xf0 - 0x10 * i, WHIT_VIRQ_ENABLED));
    bool good = refill_wanted;
    for (unsigned i = 8; i-- > 0;) {
        good = good && guest_take() == (int)(16 + i);
        guest_end((int)(16 + i));
    }
    result("the most urgent first when the registers are full", good && guest_take() == -1);
}

/* However many signals have one number: a step shows a few of them. */
static void test_flood(void)
{
    enum { MANY = 1000 };
    static struct signal many[MANY];

    fresh();
    memset(many, 0, sizeof many);
    core.el1_owner = NULL;
    for (unsigned i = 0; i < MANY; i++) {
        many[i] = *bind(0, 0xa0, WHIT_VIRQ_ENABLED);
        list_init(&many[i].pending);
        raise(&many[i]);
    }
    core.el1_owner = &vcpu_thread;
    writes = 0;
    listreg_refill(&vcpu_thread);
    bool good = writes <= 2 * LIST_REGISTERS && refill_wanted;
    for (unsigned i = 0; i < MANY && refill_wanted; i++)
        maintenance();
    result("any number of signals of one number is shown in bounded steps", good && !refill_wanted);
}

static void test_timer(void)
{
    fresh();
    struct signal *signal = bind(11, 0xa0, WHIT_VIRQ_ENABLED | WHIT_VIRQ_TIMER);
    raise(signal);
    const uint64_t shown = registers[signal->listed - 1];
    bool good = vcpu_thread.vcpu.timer_signal == signal && (shown & LR_HW) &&
                (shown >> LR_PHYSICAL_SHIFT & 0x1fff) == TIMER_LINE;
    good = good && guest_take() == 27;
    guest_end(27);
    result("the timer's interrupt is linked to the hardware's", good && timer_ended);
}

static void test_unbind(void)
{
    fresh();
    struct signal *signal = bind(4, 0xa0, WHIT_VIRQ_ENABLED);
    raise(signal);
    bool good = guest_take() == 20;
    raise(signal);
    virq_unbind(signal);
    guest_end(20);
    good = good && guest_take() == -1 && !signal->listed && !in_use();
    /* Another signal with the number of one that the guest still handles. */
    raise(bind(4, 0xa0, WHIT_VIRQ_ENABLED));
    good = good && guest_take() == 20;
    virq_unbind(&signals[4]);
    raise(bind(4, 0xa0, WHIT_VIRQ_ENABLED));
    good = good && in_use() == 1;
    guest_end(20);
    result("unbinding leaves no trace", good && guest_take() == 20);
}

static void test_unloaded(void)
{
    fresh();
    struct signal *signal = bind(5, 0xa0, WHIT_VIRQ_ENABLED);
    core.el1_owner = NULL;
    raise(signal);
    bool good = !in_use() && listreg_is_pending(&vcpu_thread, 0xf0) &&
                !listreg_is_pending(&vcpu_thread, 0xa0);
    core.el1_owner = &vcpu_thread;
    listreg_refill(&vcpu_thread);
    result("what comes while it is not loaded waits", good && guest_take() == 21);
}

static void test_in_use(void)
{
    fresh();
    struct signal *signal = bind(6, 0xa0, WHIT_VIRQ_ENABLED);
    bool good = !virq_in_use(&vcpu_thread);
    core.el1_owner = NULL;
    raise(signal);
    good = good && virq_in_use(&vcpu_thread);
    core.el1_owner = &vcpu_thread;
    listreg_refill(&vcpu_thread);
    good = good && virq_in_use(&vcpu_thread) && guest_take() == 22;
    good = good && virq_in_use(&vcpu_thread);
    virq_unbind(signal);
    result("a virtual CPU is in use while a signal waits for it or is shown to it",
           good && !virq_in_use(&vcpu_thread));
}

/* The target of its signal goes, and comes again. */
static void test_taken_back(void)
{
    fresh();
    struct signal *signal = bind(8, 0xa0, WHIT_VIRQ_ENABLED);
    raise(signal);
    bool good = in_use() == 1 && signal->bits == 0;
    virq_unbind(signal);
    good = good && in_use() == 0 && signal->bits == 1;
    raise(signal);
    good = good && guest_take() == 24;
    virq_unbind(signal);
    result("an edge that the guest has not taken outlives the target", good && signal->bits == 0);
}

/* The level interrupt that the guest handles lost its signal. */
static void test_ended_for_nobody(void)
{
    fresh();
    struct signal *signal = bind(7, 0xa0, WHIT_VIRQ_ENABLED | WHIT_VIRQ_LEVEL);
    raise(signal);
    bool good = guest_take() == 23;
    virq_unbind(signal);
    guest_end(23);
    result("what ends when its signal is gone is pending for nobody",
           good && !in_use() && !vcpu_thread.vcpu.pending_map && guest_take() == -1);
}

static void test_valid(void)
{
    const unsigned all = WHIT_VIRQ_ENABLED | WHIT_VIRQ_LEVEL | WHIT_VIRQ_TIMER;
    result("virtual interrupts have numbers below 1020, and known flags",
           virq_is_valid(WHIT_VIRQ(UINT64_C(1019), UINT64_C(255), (uint64_t)all)) &&
               !virq_is_valid(WHIT_VIRQ(UINT64_C(1020), UINT64_C(0), UINT64_C(1))) &&
               !virq_is_valid(WHIT_VIRQ(UINT64_C(32), UINT64_C(0), (uint64_t)all + 1)));
}

/* Whatever happens in whatever order: an edge is seen after it was raised, a level while it lasts.
 */
static void test_random(void)
{
    unsigned owed[SIGNALS] = {0};
    int active[64], depth = 0;
    bool good = true;

    fresh();
    srand(1);
    for (unsigned i = 0; i < SIGNALS; i++)
        bind(i, (unsigned)rand() & 0xf0, WHIT_VIRQ_ENABLED | (i & 1 ? WHIT_VIRQ_LEVEL : 0));
    for (unsigned step = 0; step < 200000 && good; step++) {
        unsigned i = (unsigned)rand() % SIGNALS;
        switch (rand() % 6) {
        case 0:
        case 1:
            raise(&signals[i]);
            owed[i] = 1;
            break;
        case 2:
            if (i & 1) {
                lower(&signals[i]);
                owed[i] = 0;
            }
            break;
        case 3:
            signals[i].virq_flags ^= WHIT_VIRQ_ENABLED;
            signals[i].virq_priority = (uint8_t)(rand() & 0xf0);
            virq_rebind(&signals[i]);
            break;
        case 4: {
            int number = depth < 60 ? guest_take() : -1;
            if (number >= 0) {
                unsigned taken = (unsigned)number - 16;
                good = good && owed[taken] && (signals[taken].virq_flags & WHIT_VIRQ_ENABLED);
                if (!(taken & 1))
                    owed[taken] = 0;
                active[depth++] = number;
            }
            break;
        }
        default:
            if (depth)
                guest_end(active[--depth]);
            break;
        }
        maintenance();
    }
    result("random use: no interrupt that was not raised, or is disabled", good);
    /* All that is owed arrives in the end. */
    while (depth)
        guest_end(active[--depth]);
    for (unsigned i = 0; i < SIGNALS; i++) {
        signals[i].virq_flags |= WHIT_VIRQ_ENABLED;
        virq_rebind(&signals[i]);
    }
    for (unsigned i = 0; i < 1000; i++) {
        int number = guest_take();
        if (number < 0)
            break;
        if ((number - 16) & 1)
            lower(&signals[number - 16]);
        owed[number - 16] = 0;
        guest_end(number);
    }
    for (unsigned i = 0; i < SIGNALS; i++)
        good = good && !owed[i];
    result("random use: nothing is lost", good);
}

int main(void)
{
    test_edge();
    test_disabled();
    test_level();
    test_overflow();
    test_flood();
    test_timer();
    test_unbind();
    test_unloaded();
    test_in_use();
    test_taken_back();
    test_ended_for_nobody();
    test_valid();
    test_random();
    return 0;
}
