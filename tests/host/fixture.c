/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads on cores, driven as hardware drives them; see fixture.h. */
#include "fixture.h"
#include "irq.h"
#include "portal.h"
#include "syscall.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

enum { WATCHED_MAX = 512, FIRST_SELECTOR = 64, AGAIN_MAX = 1000, LINKS_MAX = 64 };
enum { POOL_SELECTORS = WHIT_SLOTS / 2 };

bool fixture_fast, fixture_manual;
uint64_t admin_x[7];
void (*fixture_watch_time)(uint64_t from, uint64_t to);
void (*fixture_watch_choice)(unsigned core);
void (*fixture_between)(void);
unsigned fixture_check_every = 1;

static unsigned cores_made;
static uint64_t selector_next;

/* ---- objects that exist */

static uint64_t watched[WATCHED_MAX];
static unsigned watched_count;

/* What a thread was doing when the kernel was entered last, for when it is to be done again. */
static struct doing {
    const struct thread *thread;
    uint64_t pc;
    unsigned call; /* 0: nothing, or enum whit call number, or: */
} doing[WATCHED_MAX];
enum { DOING_FAULT = 100 };

static void *object_of(uint64_t selector, enum whit_kind kind)
{
    const struct slot *slot = world_slot(selector);

    return cap_kind(slot) == kind && cap_flag(slot, CAP_ORIGINAL) ? cap_object(slot) : NULL;
}

static void *watched_object(unsigned n, enum whit_kind kind)
{
    return n < watched_count ? object_of(watched[n], kind) : NULL;
}

static bool lives(const void *object, enum whit_kind kind)
{
    for (unsigned n = 0; n < watched_count; n++)
        if (watched_object(n, kind) == object)
            return object != NULL;
    return false;
}

static unsigned number_of(const struct thread *thread)
{
    for (unsigned n = 0; n < watched_count; n++)
        if (watched_object(n, WHIT_THREAD) == thread)
            return n;
    panic("a thread that does not exist runs");
}

void fixture_watch(uint64_t selector)
{
    if (watched_count == WATCHED_MAX)
        panic("too many objects");
    watched[watched_count++] = selector;
}

uint64_t fixture_selector(void)
{
    return selector_next++;
}

struct thread *thread_at(uint64_t selector)
{
    return object_of(selector, WHIT_THREAD);
}

struct portal *portal_at(uint64_t selector)
{
    return object_of(selector, WHIT_PORTAL);
}

struct signal *signal_at(uint64_t selector)
{
    return object_of(selector, WHIT_SIGNAL);
}

struct budget *budget_at(uint64_t selector)
{
    return object_of(selector, WHIT_BUDGET);
}

/* ---- the structures of the scheduler, looked at from outside */

#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition))                                                                          \
            return #condition;                                                                     \
    } while (0)

static struct thread *link_thread(const struct thread *thread)
{
    return (struct thread *)(thread->link & ~(uintptr_t)LINK_MASK);
}

static bool in_list(const struct link *head, const struct link *node)
{
    for (const struct link *at = head->next; at != head; at = at->next)
        if (at == node)
            return true;
    return false;
}

static bool in_ring(const struct budget *first, const struct budget *budget)
{
    return first && (first == budget || in_list(&first->link, &budget->link));
}

/* The portal of a thread that helps; NULL: it is gone. */
static const struct portal *help_portal(const struct thread *thread)
{
    const struct portal *portal = thread->fault;

    if (thread->helping == HELP_CALL) {
        const struct slot *slot =
            thread->space ? cap_slot(thread->space, thread->save->x[10] % WHIT_SLOTS) : NULL;
        portal = slot && cap_kind(slot) == WHIT_PORTAL ? cap_object(slot) : NULL;
    }
    return portal && portal->handler != &thread_nobody ? portal : NULL;
}

/* Whom a thread that helps drives, or NULL. */
static struct thread *helped(const struct thread *thread)
{
    const struct portal *portal = help_portal(thread);

    if (!portal || portal->handler->core != thread->core ||
        portal->handler->link == (uintptr_t)thread->core)
        return NULL;
    return portal->handler;
}

static struct thread *first_of(const struct budget *budget)
{
    const struct signal *signal = budget->signal;

    if (!signal)
        return budget->thread;
    if (signal->target == WHIT_TARGET_ENTRY && !signal->entered)
        return signal->portal->handler;
    return signal->thread;
}

/* Where the calls from a budget's thread end. */
static struct thread *end_of(const struct budget *budget)
{
    struct thread *thread = first_of(budget);

    for (unsigned links = 0; links <= LINKS_MAX && !thread->stopped; links++) {
        struct thread *next = thread->callee;
        if (!next && thread->helping)
            next = helped(thread);
        if (!next)
            return thread;
        thread = next;
    }
    return thread;
}

static const char *wrong_ready(struct core *core)
{
    for (unsigned p = 0; p < PRIORITIES; p++) {
        const struct budget *first = core->ready[p], *budget = first;
        EXPECT((first != NULL) == (core->ready_map[p / 64] >> (p % 64) & 1));
        EXPECT(!first || core->top >= p);
        if (!first)
            continue;
        do {
            const struct link *at = &budget->link;
            EXPECT(lives(budget, WHIT_BUDGET));
            EXPECT(at->next->prev == at && at->prev->next == at);
            EXPECT(budget->state == BUDGET_READY);
            EXPECT(budget->priority == p && budget->core == core);
            budget = CONTAINER(at->next, struct budget, link);
        } while (budget != first);
    }
    EXPECT(core->ready[core->top] || !core->top);
    return NULL;
}

static bool timer_lives(struct timer *timer)
{
    switch ((enum timer_kind)timer->kind) {
    case TIMER_SIGNAL:
        return lives(CONTAINER(timer, struct signal, timer), WHIT_SIGNAL);
    case TIMER_REFILL:
        return lives(CONTAINER(timer, struct budget, timer), WHIT_BUDGET);
    case TIMER_VCPU:
        return lives(CONTAINER(timer, struct thread, vcpu.timer), WHIT_THREAD);
    }
    return false;
}

/* What must hold of a deadline and those below it. */
static const char *wrong_timer(const struct core *core, struct timer *timer, bool settled)
{
    struct timer *const below[] = {timer->left, timer->right};
    uint32_t ranks[2] = {0, 0};

    EXPECT(timer_lives(timer) && timer_armed(timer));
    EXPECT(!settled || core->programmed <= timer->deadline);
    for (unsigned side = 0; side < 2; side++) {
        if (!below[side])
            continue;
        EXPECT(below[side]->up == timer && below[side]->deadline >= timer->deadline);
        const char *wrong = wrong_timer(core, below[side], settled);
        if (wrong)
            return wrong;
        ranks[side] = below[side]->rank;
    }
    EXPECT(ranks[0] >= ranks[1] && timer->rank == ranks[1] + 1);
    return NULL;
}

static const char *wrong_timers(struct core *core, bool settled)
{
    EXPECT(!core->timers || !core->timers->up);
    return core->timers ? wrong_timer(core, core->timers, settled) : NULL;
}

static const char *wrong_inbox(const struct core *core)
{
    for (const struct signal *signal = core->signal_inbox; signal; signal = signal->inbox) {
        EXPECT(lives(signal, WHIT_SIGNAL));
        EXPECT(signal->remote);
    }
    EXPECT(!core->signal_inbox || fake_kicked[core->index]);
    EXPECT(!core->requests || fake_kicked[core->index]);
    EXPECT(!core->inbox_rest || core->reschedule);
    return NULL;
}

/* The choice: the first of the most urgent, and the end of the calls from it. */
static const char *wrong_choice(const struct core *core)
{
    struct thread *thread = core_current(core);

    EXPECT(list_empty(&core->unparked) && !core->inbox_rest);
    for (unsigned p = PRIORITIES; p-- > 0;)
        if (core->ready[p]) {
            const struct budget *first = core->ready[p];
            EXPECT(core->budget && core->budget->priority == p);
            EXPECT(core->budget == first);
            EXPECT(thread && thread_can_run(thread) && thread->core == core && thread->space);
            /* Whose portal another core destroys drives its handler up to the next choice. */
            const struct thread *end = end_of(first);
            EXPECT(end == thread || (end->helping && !help_portal(end)));
            EXPECT(!thread->helping);
            EXPECT(first->priority == core->budget->priority);
            return NULL;
        }
    EXPECT(!core->budget && !thread);
    return NULL;
}

static const char *wrong_core(struct core *core, bool settled)
{
    const char *wrong = wrong_ready(core);

    if (!wrong)
        wrong = wrong_timers(core, settled);
    if (!wrong)
        wrong = wrong_inbox(core);
    if (!wrong && settled)
        wrong = wrong_choice(core);
    EXPECT(!core->budget || lives(core->budget, WHIT_BUDGET));
    EXPECT(!core->current || lives(core_current(core), WHIT_THREAD));
    return wrong;
}

static bool parked_somewhere(const struct budget *budget)
{
    for (unsigned n = 0; n < watched_count; n++) {
        const struct thread *thread = watched_object(n, WHIT_THREAD);
        if (thread && in_list(&thread->parked, &budget->link))
            return true;
    }
    return in_list(&budget->core->unparked, &budget->link);
}

/* A budget waits with a thread only as long as that one cannot run; a handler's own stays with it
 * while others pay for what it does. */
static bool waits_in_vain(const struct budget *budget)
{
    if (!thread_can_run(end_of(budget)))
        return false;
    return budget->signal || !link_thread(budget->thread);
}

static const char *wrong_budget(const struct budget *budget, bool settled)
{
    EXPECT(!budget->thread || lives(budget->thread, WHIT_THREAD));
    EXPECT(!budget->signal || lives(budget->signal, WHIT_SIGNAL));
    EXPECT(!budget->signal || budget->signal->budget == budget);
    EXPECT(budget->signal || !budget->thread || budget->thread->budget == budget);
    EXPECT(budget->refills >= 1 && budget->refills <= BUDGET_REFILLS);
    EXPECT(budget->core->index < cores_made);
    switch ((enum budget_state)budget->state) {
    case BUDGET_IDLE:
        EXPECT(list_empty(&budget->link));
        break;
    case BUDGET_READY:
        EXPECT(in_ring(budget->core->ready[budget->priority], budget));
        break;
    case BUDGET_PARKED:
        EXPECT(parked_somewhere(budget));
        EXPECT(!settled || !waits_in_vain(budget));
        break;
    case BUDGET_THROTTLED:
        EXPECT(list_empty(&budget->link) && timer_armed(&budget->timer));
        break;
    }
    return NULL;
}

static const char *wrong_link(const struct thread *thread)
{
    const struct thread *other = link_thread(thread);

    if (thread_is_idle(thread) || !other)
        return NULL;
    if (thread->link & LINK_SIGNAL) {
        const struct signal *signal = (const struct signal *)(const void *)other;
        EXPECT(lives(signal, WHIT_SIGNAL));
        EXPECT(signal->entered && signal->target == WHIT_TARGET_ENTRY && signal->thread == thread);
        EXPECT(signal->home == thread->core);
        return NULL;
    }
    EXPECT(lives(other, WHIT_THREAD));
    EXPECT(other->callee == thread);
    return NULL;
}

static const char *wrong_waits(const struct thread *thread)
{
    const struct signal *signal = thread->waits;

    if (!signal)
        return NULL;
    EXPECT(thread->state == THREAD_WAITING);
    EXPECT(lives(signal, WHIT_SIGNAL));
    EXPECT(signal->home == thread->core);
    EXPECT(signal->target == WHIT_TARGET_WAITER && signal->thread == thread);
    EXPECT(!signal->bits);
    return NULL;
}

static const char *wrong_thread(struct thread *thread)
{
    const struct thread *callee = thread->callee;
    const char *wrong = wrong_link(thread);

    EXPECT(!callee || lives(callee, WHIT_THREAD));
    EXPECT(!callee || (link_thread(callee) == thread && callee->core == thread->core));
    EXPECT(!callee || !(callee->link & LINK_SIGNAL));
    EXPECT(!thread->budget || lives(thread->budget, WHIT_BUDGET));
    EXPECT(!thread->budget || thread->budget->thread == thread);
    EXPECT(!thread->budget || thread->core == thread->budget->core);
    EXPECT(!thread->budget || thread->budget_slot.word);
    /* Its core may have let it go for somebody who has not come back to take the slot away. */
    EXPECT(thread->budget || !thread->budget_slot.word || thread->request.ticket);
    EXPECT(!thread->fault || lives(thread->fault, WHIT_PORTAL));
    EXPECT(!thread->space || thread->space == world_space || lives(thread->space, WHIT_SPACE));
    EXPECT(thread->stopped || thread->space);
    for (struct link *at = thread->parked.next; at != &thread->parked; at = at->next) {
        const struct budget *budget = CONTAINER(at, struct budget, link);
        EXPECT(at->next->prev == at && at->prev->next == at);
        EXPECT(lives(budget, WHIT_BUDGET) && budget->state == BUDGET_PARKED);
        EXPECT(budget->core == thread->core);
    }
    return wrong ? wrong : wrong_waits(thread);
}

static const char *wrong_signal(const struct signal *signal, bool settled)
{
    const struct budget *budget = signal->budget;

    EXPECT(!budget || (lives(budget, WHIT_BUDGET) && budget->signal == signal));
    EXPECT(!budget || budget->core == signal->home);
    EXPECT(!signal->entered || signal->target == WHIT_TARGET_ENTRY);
    EXPECT(!signal->entered || (lives(signal->thread, WHIT_THREAD) &&
                                (const void *)link_thread(signal->thread) == signal));
    switch ((enum whit_target)signal->target) {
    case WHIT_TARGET_NONE:
        EXPECT(!budget || signal->request.ticket); /* or its core has not heard of it yet */
        break;
    case WHIT_TARGET_ENTRY:
        EXPECT(budget && lives(signal->portal, WHIT_PORTAL));
        /* Nothing is lost: it is on its way, or its handler is not on this core. */
        EXPECT(!settled || !signal->bits || budget->state != BUDGET_IDLE || signal->entered ||
               signal->portal->handler->core != signal->home);
        break;
    case WHIT_TARGET_WAITER:
        EXPECT(lives(signal->thread, WHIT_THREAD));
        EXPECT(!signal->bits || signal->thread->waits != signal);
        break;
    case WHIT_TARGET_VIRQ:
        EXPECT(lives(signal->thread, WHIT_THREAD) && signal->thread->type == WHIT_VCPU);
        break;
    }
    return NULL;
}

static const char *wrong_object(unsigned n, bool settled)
{
    const char *wrong = NULL;
    void *object;

    if ((object = watched_object(n, WHIT_THREAD)))
        wrong = wrong_thread(object);
    else if ((object = watched_object(n, WHIT_BUDGET)))
        wrong = wrong_budget(object, settled);
    else if ((object = watched_object(n, WHIT_SIGNAL)))
        wrong = wrong_signal(object, settled);
    else if ((object = watched_object(n, WHIT_PORTAL))) {
        const struct thread *handler = ((struct portal *)object)->handler;
        EXPECT(handler == &thread_nobody || lives(handler, WHIT_THREAD));
    }
    return wrong;
}

const char *fixture_wrong(bool settled)
{
    const char *wrong = NULL;

    EXPECT(list_empty(&thread_nobody.parked) && thread_nobody.stopped && !thread_nobody.callee);
    for (unsigned i = 0; i < cores_made && !wrong; i++)
        wrong = wrong_core(&fake_cores[i], settled && !fake_cores[i].reschedule);
    for (unsigned n = 0; n < watched_count && !wrong; n++) {
        bool all = settled;
        for (unsigned i = 0; i < cores_made; i++)
            all = all && !fake_cores[i].reschedule;
        wrong = wrong_object(n, all);
    }
    return wrong;
}

static void check(bool settled)
{
    static unsigned steps;
    const char *wrong;

    if (++steps % fixture_check_every)
        return;
    wrong = fixture_wrong(settled);
    if (wrong)
        test_check(false, wrong, __FILE__, __LINE__);
}

/* ---- a machine */

static void answer_all(void)
{
    unsigned here = fake_here;

    for (unsigned i = 0; i < cores_made; i++)
        if (i != here && fake_kicked[i]) {
            fake_here = i;
            fake_kicked[i] = false;
            core_ipi(&fake_cores[i]);
        }
    fake_here = here;
}

static jmp_buf idle;

static void fall_asleep(struct core *core)
{
    (void)core;
    longjmp(idle, 1);
}

static void fill(uint64_t selector, enum whit_kind kind, void *object, uint64_t units)
{
    status error = WHIT_OK;
    struct slot *slot = cap_empty_slot(world_space, selector, &error);

    if (!slot)
        panic("the first space is full");
    cap_root(slot, kind, (uintptr_t)object, units, WHIT_R_ALL, 0);
}

/* The world takes back what was made while the other cores answer. */
static void fixture_end(void)
{
    fake_here = 0;
    fake_interrupt_every = 0;
    for (unsigned n = 0; n < watched_count; n++) {
        const struct slot *slot = world_slot(watched[n]);
        if (slot->word && cap_flag(slot, CAP_ORIGINAL) && cap_kind(slot) != WHIT_MEMORY &&
            cap_depth(slot) > 0)
            EQUAL(ADMIN(WHIT_OP_DESTROY, watched[n]), WHIT_OK);
    }
    for (unsigned i = 0; i < cores_made; i++) {
        CHECK(!fake_cores[i].current && !fake_cores[i].budget);
        CHECK(!fake_cores[i].requests && !fake_cores[i].signal_inbox);
        CHECK(!fake_cores[i].timers);
    }
    watched_count = 0;
    cores_made = 0;
    for (unsigned i = 1; i < FIXTURE_CORES; i++)
        fake_cores[i].online = 0;
}

void fixture_init(unsigned count)
{
    if (cores_made)
        fixture_end();
    world_init();
    for (unsigned i = 1; i < count; i++) {
        core_init(&fake_cores[i], i, i);
        fake_cores[i].online = 1;
    }
    cores_online = count;
    cores_made = count;
    for (unsigned i = 0; i < count; i++)
        fill(FIXTURE_CORE + i, WHIT_CORE, &fake_cores[i], 1);
    fake_on_idle = fall_asleep;
    fake_on_pause = NULL;
    world_between = answer_all;
    fixture_watch_time = NULL;
    fixture_watch_choice = NULL;
    fixture_manual = false;
    memset(doing, 0, sizeof(doing));
    watched_count = 0;
    selector_next = FIRST_SELECTOR;
    fixture_watch(WORLD_THREAD);
}

int fixture_finish(void)
{
    if (cores_made)
        fixture_end();
    return test_finish();
}

/* ---- running */

struct thread *running(unsigned core)
{
    return core_current(&fake_cores[core]);
}

static struct doing *doing_of(const struct thread *thread)
{
    struct doing *now = &doing[number_of(thread)];

    if (now->thread != thread)
        *now = (struct doing){.thread = thread};
    return now;
}

/* From here the fast calls of vectors.S go on; the registers are those of the processor. */
static void fast_enter(struct core *core, struct thread *thread, const struct portal *portal,
                       struct thread *handler, uint64_t passed)
{
    struct whit_registers *cpu = thread->save;

    handler->link = (uintptr_t)thread;
    thread->callee = handler;
    thread->frame_pc = cpu->pc;
    thread->frame_sp = cpu->sp;
    thread->frame_tls = cpu->tls;
    memcpy(handler->save->x, cpu->x, 10 * sizeof(uint64_t));
    handler->save->x[10] = portal->badge | passed;
    handler->save->pc = portal->entry;
    handler->save->sp = handler->entry_sp;
    handler->save->tls = handler->entry_tls;
    handler->save->pstate = 0;
    /* Nothing of the caller is saved. */
    memset(cpu, 0xa5, sizeof(*cpu));
    core->current = (uintptr_t)handler;
}

static bool fast_pass(struct core *core, struct thread *thread)
{
    const struct call_entry entry = portal_call_pass(core, thread, thread->save->x[10]);

    if (fixture_between)
        fixture_between();
    if (entry.handler)
        fast_enter(core, thread, entry.portal, entry.handler, WHIT_PASSED);
    return entry.handler != NULL;
}

/* What the fast call of vectors.S does, if it does. */
static bool fast_call(struct core *core, struct thread *thread)
{
    struct whit_registers *cpu = thread->save;
    const struct slot *slot;
    const struct portal *portal;
    struct thread *handler;

    if (core->current & CURRENT_SLOW)
        return false;
    if (cpu->x[10] >= WHIT_SLOTS)
        return fast_pass(core, thread);
    slot = cap_slot(thread->space, cpu->x[10]);
    if (cap_kind(slot) != WHIT_PORTAL || !(cap_rights(slot) & WHIT_R_CALL))
        return false;
    portal = cap_object(slot);
    handler = portal->handler;
    if (handler->link != (uintptr_t)core)
        return false;
    fast_enter(core, thread, portal, handler, 0);
    return true;
}

static bool fast_reply(struct core *core, struct thread *thread)
{
    struct whit_registers *cpu = thread->save;
    struct thread *caller = (struct thread *)thread->link;

    if (core->current & CURRENT_SLOW || cpu->x[10] || thread->link & LINK_SLOW)
        return false;
    thread->link = (uintptr_t)core;
    caller->callee = NULL;
    memcpy(caller->save->x, cpu->x, 10 * sizeof(uint64_t));
    caller->save->x[10] = 0;
    caller->save->pc = caller->frame_pc;
    caller->save->sp = caller->frame_sp;
    caller->save->tls = caller->frame_tls;
    caller->save->pstate = 0;
    memset(cpu, 0xa5, sizeof(*cpu));
    core->current = (uintptr_t)caller;
    return true;
}

/* True: it is to be done again.  A handler that replied may have been entered since, at the pc
 * where it was. */
static bool handle(struct core *core, struct thread *thread, unsigned call)
{
    const uint64_t pc = thread->save->pc;
    const uintptr_t link = thread->link;

    if (call == DOING_FAULT)
        return thread_fault(core, thread);
    thread->save->pc += 4;
    if (fixture_fast && call == WHIT_CALL && fast_call(core, thread))
        return false;
    if (fixture_fast && call == WHIT_REPLY && fast_reply(core, thread))
        return false;
    syscall_handle(core, thread, call);
    return thread->save->pc == pc && !(call == WHIT_REPLY && thread->link != link);
}

/* The kernel is entered by the current thread, whose pc is at what it does.  True: it is to be done
 * again when the thread runs next. */
static bool enter(unsigned index, struct thread *thread, unsigned call)
{
    const uint64_t pc = thread->save->pc;
    struct doing *now = doing_of(thread);
    bool again;

    fake_here = index;
    again = handle(&fake_cores[index], thread, call);
    *now = (struct doing){thread, pc, again ? call : 0};
    return again;
}

static struct thread *leave(unsigned index)
{
    struct thread *thread = NULL;

    fake_here = index;
    check(false);
    if (setjmp(idle) == 0)
        thread = core_next(&fake_cores[index]);
    else
        thread = NULL;
    fake_here = 0;
    check(true);
    if (fixture_watch_choice)
        fixture_watch_choice(index);
    return thread;
}

/* One try of what the thread was doing. */
static struct thread *attempt(unsigned core, struct thread *thread, unsigned call)
{
    bool again = enter(core, thread, call);

    if (again && running(core) == thread && !fake_cores[core].reschedule) {
        if (fixture_manual)
            return thread;
        answer_all();
    }
    return run(core);
}

static unsigned attempts;

struct thread *run(unsigned core)
{
    struct thread *thread = leave(core);
    const struct doing *now = thread ? doing_of(thread) : NULL;

    if (!now || !now->call || now->pc != thread->save->pc) {
        attempts = 0;
        return thread;
    }
    if (++attempts > AGAIN_MAX) {
        attempts = 0;
        test_check(false, "a call is executed again and again", __FILE__, __LINE__);
        return NULL;
    }
    /* Before each execution there are interrupts, such as what a call of its own core waits for. */
    if (attempts > 1 && !fixture_manual && fake_kicked[core])
        return take_ipi(core);
    return attempt(core, thread, now->call);
}

struct thread *trap(unsigned core, unsigned call, uint64_t x10, const uint64_t x[10])
{
    struct thread *thread = running(core);

    if (!thread) {
        test_check(false, "nobody runs who could call", __FILE__, __LINE__);
        return NULL;
    }
    memcpy(thread->save->x, x, 10 * sizeof(x[0]));
    thread->save->x[10] = x10;
    return attempt(core, thread, call);
}

struct thread *fault(unsigned core, uint64_t esr, uint64_t far, uint64_t ipa)
{
    struct thread *thread = running(core);

    if (!thread) {
        test_check(false, "nobody runs who could fault", __FILE__, __LINE__);
        return NULL;
    }
    thread->save->esr = esr;
    thread->save->far = far;
    thread->save->ipa = ipa;
    return attempt(core, thread, DOING_FAULT);
}

struct thread *wfi(unsigned core)
{
    struct thread *thread = running(core);

    thread->save->pc += 4;
    fake_here = core;
    thread_idle(&fake_cores[core], thread);
    return run(core);
}

struct thread *take_ipi(unsigned core)
{
    if (fake_kicked[core]) {
        fake_kicked[core] = false;
        fake_here = core;
        core_ipi(&fake_cores[core]);
    }
    return run(core);
}

void take_all_ipis(void)
{
    for (unsigned i = 0; i < cores_made; i++)
        take_ipi(i);
}

struct thread *take_irq(unsigned core, uint32_t line)
{
    fake_here = core;
    irq_fired(&fake_cores[core], line);
    return run(core);
}

/* ---- time */

static uint64_t next_deadline(uint64_t end)
{
    for (unsigned i = 0; i < cores_made; i++)
        if (fake_cores[i].programmed < end)
            end = fake_cores[i].programmed;
    return end > fake_ticks ? end : fake_ticks;
}

void pass(uint64_t ticks)
{
    const uint64_t end = fake_ticks + ticks;

    for (unsigned again = 0;; again++) {
        uint64_t from = fake_ticks;
        fake_ticks = next_deadline(end);
        if (fixture_watch_time && fake_ticks > from)
            fixture_watch_time(from, fake_ticks);
        again = fake_ticks > from ? 0 : again;
        if (again > AGAIN_MAX) {
            test_check(false, "the timer fires for ever", __FILE__, __LINE__);
            return;
        }
        bool fired = false;
        for (unsigned i = 0; i < cores_made; i++)
            if (fake_cores[i].programmed <= fake_ticks) {
                fake_here = i;
                timer_run(&fake_cores[i]);
                run(i);
                fired = true;
            }
        if (!fired && fake_ticks == end)
            return;
    }
}

/* ---- making */

int admin(unsigned number, uint64_t x[7])
{
    struct core *core = &fake_cores[0];
    int result;

    fake_here = 0;
    result = world_op_as(world_thread, number, x);
    memcpy(admin_x, x, sizeof(admin_x));
    /* It ran for a moment; somebody else does now. */
    core->current = 0;
    core->reschedule = 1;
    return result;
}

static uint64_t make(unsigned kind, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    uint64_t selector = fixture_selector();

    fake_here = 0;
    EQUAL(world_make(selector, kind, a, b, c, d), WHIT_OK);
    fake_cores[0].current = 0;
    fake_cores[0].reschedule = 1;
    fixture_watch(selector);
    return selector;
}

uint64_t make_thread(uint64_t space, unsigned type)
{
    return make(WHIT_THREAD, space, type, 0, 0);
}

uint64_t make_space(unsigned type, unsigned pool_pages)
{
    uint64_t space = make(WHIT_SPACE, type, 0, 0, 0), pool = fixture_selector();

    if (pool_pages) {
        world_take(pool, pool_pages * WHIT_PAGE);
        EQUAL(ADMIN(WHIT_OP_DONATE, pool, space), WHIT_OK);
    }
    return space;
}

uint64_t make_budget(unsigned core, unsigned priority, uint64_t ticks, uint64_t period)
{
    return make(WHIT_BUDGET, FIXTURE_CORE + core, priority, ticks, period);
}

uint64_t make_signal(unsigned core)
{
    return make(WHIT_SIGNAL, FIXTURE_CORE + core, 0, 0, 0);
}

uint64_t make_portal(uint64_t thread, uint64_t entry, uint64_t badge)
{
    return make(WHIT_PORTAL, thread, entry, badge, 0);
}

static struct program start(uint64_t space, unsigned type, unsigned core, uint64_t budget)
{
    struct program program = {.core = core, .budget = budget};

    program.thread = make_thread(space, type);
    program.t = thread_at(program.thread);
    program.b = budget_at(budget);
    EQUAL(ADMIN(WHIT_OP_BIND, program.thread, WHIT_ROLE_BUDGET, budget), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_START, program.thread, PROGRAM_PC, PROGRAM_SP + program.thread * 0x1000,
                PROGRAM_TLS + program.thread, program.thread),
          WHIT_OK);
    return program;
}

struct program program_limited(unsigned core, unsigned priority, uint64_t ticks, uint64_t period)
{
    return start(WHIT_SELF, WHIT_NATIVE, core, make_budget(core, priority, ticks, period));
}

struct program program_new(unsigned core, unsigned priority)
{
    return program_limited(core, priority, 0, 0);
}

struct program handler_new(unsigned core, unsigned priority)
{
    struct program program = program_new(core, 255);

    /* It replies at once, at the highest priority; then its own one is what was asked for. */
    run(core);
    if (running(core) != program.t)
        panic("a handler does not start");
    REPLY(core, 0, 0);
    if (priority != 255) {
        EQUAL(ADMIN(WHIT_OP_BIND, program.thread, WHIT_ROLE_BUDGET, 0), WHIT_OK);
        EQUAL(ADMIN(WHIT_OP_DESTROY, program.budget), WHIT_OK);
        program.budget = make_budget(core, priority, 0, 0);
        program.b = budget_at(program.budget);
        EQUAL(ADMIN(WHIT_OP_BIND, program.thread, WHIT_ROLE_BUDGET, program.budget), WHIT_OK);
    }
    run(core);
    return program;
}

struct program handler_passive(unsigned core)
{
    struct program program = handler_new(core, 255);

    EQUAL(ADMIN(WHIT_OP_BIND, program.thread, WHIT_ROLE_BUDGET, 0), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_DESTROY, program.budget), WHIT_OK);
    program.budget = 0;
    program.b = NULL;
    run(core);
    return program;
}

struct program vcpu_new(unsigned core, unsigned priority)
{
    uint64_t space = make_space(WHIT_MACHINE, 1);

    return start(space, WHIT_VCPU, core, make_budget(core, priority, 0, 0));
}

/* For whoever looks for the cause of a failure with a debugger: `call fixture_dump()`. */
void fixture_dump(void)
{
    for (unsigned n = 0; n < watched_count; n++) {
        const struct thread *thread = watched_object(n, WHIT_THREAD);
        const struct budget *budget = watched_object(n, WHIT_BUDGET);
        const struct signal *signal = watched_object(n, WHIT_SIGNAL);
        if (thread)
            printf("# %u thread %p state %u stopped %u helping %u link %lx callee %p waits %p\n", n,
                   (const void *)thread, thread->state, thread->stopped, thread->helping,
                   (unsigned long)thread->link, (void *)thread->callee, (void *)thread->waits);
        if (budget)
            printf("# %u budget %p state %u priority %u thread %p signal %p\n", n,
                   (const void *)budget, budget->state, budget->priority, (void *)budget->thread,
                   (void *)budget->signal);
        if (signal)
            printf("# %u signal %p bits %lx target %u entered %u thread %p budget %p\n", n,
                   (const void *)signal, (unsigned long)signal->bits, signal->target,
                   signal->entered, (void *)signal->thread, (void *)signal->budget);
    }
}
