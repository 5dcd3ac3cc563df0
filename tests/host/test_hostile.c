/* SPDX-License-Identifier: BSD-2-Clause */
/* What a hostile program might gain from moments in which two cores, or two states, meet. */
#include "fixture.h"
#include "irq.h"
#include "portal.h"
#include "virq.h"

#include <string.h>

enum { ENTRY = 0x401000 };

static void test_help(void)
{
    test_begin("who helps is not led through a portal that is being scrubbed");
    fixture_init(1);
    struct program never = {.thread = make_thread(WHIT_SELF, WHIT_NATIVE)};
    EQUAL(ADMIN(WHIT_OP_BIND, never.thread, WHIT_ROLE_BUDGET, make_budget(0, 1, 0, 0)), WHIT_OK);
    struct program caller = program_new(0, 10);
    uint64_t portal = make_portal(never.thread, ENTRY, 0);
    CHECK(run(0) == caller.t);
    CHECK(CALL(0, portal, 1) == NULL);
    EQUAL(caller.t->helping, HELP_CALL);
    /* Another core has come so far with its destruction: no rights, and zeros. */
    struct slot *slot = world_slot(portal);
    struct portal kept = *portal_at(portal);
    uint64_t word = slot->word;
    slot->word &= CAP_ADDRESS_MASK | CAP_KIND_MASK;
    memset(portal_at(portal), 0, sizeof(kept));
    sched_unpark_chain(caller.t);
    CHECK(list_empty(&fake_cores[0].unparked));
    *portal_at(portal) = kept;
    slot->word = word;
    sched_unpark_chain(caller.t);
    CHECK(!list_empty(&fake_cores[0].unparked));
    CHECK(run(0) == NULL);
}

static struct thread *moving;

/* The other core has carried the move out, but has not yet said so. */
static void half_moved(struct core *core)
{
    if (moving && moving->core == core)
        moving->core = NULL;
}

static void test_move(void)
{
    test_begin("a thread on its way to another core: its request is not used twice");
    fixture_init(2);
    fixture_manual = true;
    uint64_t thread = make_thread(WHIT_SELF, WHIT_NATIVE);
    uint64_t near = make_budget(0, 5, 0, 0);
    moving = thread_at(thread);
    EQUAL(ADMIN(WHIT_OP_BIND, thread, WHIT_ROLE_BUDGET, make_budget(1, 5, 0, 0)), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_BIND, thread, WHIT_ROLE_BUDGET, 0), WHIT_OK);
    struct program asker = program_new(0, 10);
    CHECK(run(0) == asker.t);
    fake_on_kick = half_moved;
    CHECK(DO(0, WHIT_OP_BIND, thread, WHIT_ROLE_BUDGET, near) == asker.t);
    CHECK(!request_is_free(&moving->request));
    CHECK(fake_cores[1].requests == &moving->request);
    fake_on_kick = NULL;
    moving = NULL;
    take_all_ipis();
    fixture_manual = false;
    CHECK(run(0) == asker.t);
    CHECK(thread_at(thread)->core == &fake_cores[0]);

    test_begin("a thread that was started, and calls, on its way to another core stays");
    fixture_init(2);
    struct program handler = handler_new(0, 20), caller = program_new(0, 10);
    uint64_t portal = make_portal(handler.thread, ENTRY, 0);
    CHECK(run(0) == caller.t);
    thread_move_here(caller.t);
    CHECK(caller.t->core == &fake_cores[0] && !caller.t->stopped);
    CHECK(CALL(0, portal, 1) == handler.t);
    thread_move_here(caller.t);
    CHECK(caller.t->core == &fake_cores[0] && caller.t->callee == handler.t);
    CHECK(REPLY(0, 0, 1) == caller.t);

    test_begin("a virtual CPU does not leave its core while interrupts of there wait for it");
    fixture_init(2);
    struct program guest = vcpu_new(0, 10);
    uint64_t bell = make_signal(0), far = make_budget(1, 5, 0, 0);
    EQUAL(ADMIN(WHIT_OP_TARGET, bell, WHIT_TARGET_VIRQ, guest.thread,
                WHIT_VIRQ(40, 0x80, WHIT_VIRQ_ENABLED)),
          WHIT_OK);
    CHECK(run(0) == guest.t);
    EQUAL(ADMIN(WHIT_OP_STOP, guest.thread), WHIT_OK);
    struct program notifier = program_new(0, 9);
    CHECK(run(0) == notifier.t);
    CHECK(NOTIFY(0, bell, 1) == notifier.t);
    CHECK(virq_in_use(guest.t));
    EQUAL(ADMIN(WHIT_OP_BIND, guest.thread, WHIT_ROLE_BUDGET, far), WHIT_E_STATE);
    CHECK(guest.t->core == &fake_cores[0] && guest.t->budget == guest.b);
    EQUAL(ADMIN(WHIT_OP_TARGET, bell, WHIT_TARGET_NONE), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_BIND, guest.thread, WHIT_ROLE_BUDGET, far), WHIT_OK);
    CHECK(guest.t->core == &fake_cores[1]);
}

static void test_exile(void)
{
    test_begin("a thread that lost its space while somebody had it resumed stays where it is");
    fixture_init(2);
    uint64_t space = make_space(WHIT_PROGRAM, 2), thread = make_thread(space, WHIT_NATIVE);
    struct thread *t = thread_at(thread);
    EQUAL(ADMIN(WHIT_OP_BIND, thread, WHIT_ROLE_BUDGET, make_budget(1, 5, 0, 0)), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_START, thread, PROGRAM_PC, 0, 0, 0), WHIT_OK);
    take_all_ipis();
    CHECK(running(1) == t);
    fake_here = 1;
    thread_exile_here(t); /* both are carried out on its core, in this order */
    thread_resume_here(t);
    fake_here = 0;
    CHECK(t->stopped);
    CHECK(run(1) == NULL);
}

static void test_budget(void)
{
    test_begin("what a tiny budget overruns is taken from its future, all of it");
    fixture_init(1);
    struct program tiny = program_limited(0, 10, 1, 100), low = program_new(0, 1);
    CHECK(run(0) == tiny.t);
    fake_ticks += 1000; /* the kernel took so long */
    pass(0);
    CHECK(running(0) == low.t);
    EQUAL(tiny.b->state, BUDGET_THROTTLED);
    EQUAL(budget_first(tiny.b).when, 1000 * 100);

    test_begin("... and not wrapped around into the past");
    fixture_init(1);
    fake_ticks = 1000;
    tiny = program_limited(0, 10, 1, UINT64_MAX / 4);
    low = program_new(0, 1);
    CHECK(run(0) == tiny.t);
    pass(8);
    CHECK(running(0) == low.t);
    pass(1000);
    CHECK(running(0) == low.t);
}

static void test_clock(void)
{
    test_begin("two reads of the counter that overtake each other are no use of time");
    fixture_init(1);
    fake_ticks = 1000;
    struct program program = program_limited(0, 10, 100, 1000);
    CHECK(run(0) == program.t);
    fake_ticks--;
    CHECK(YIELD(0) == program.t);
    CHECK(program.b->used <= 1);
}

static void test_irq(void)
{
    test_begin("a line that fired behind its last owner's back is quiet, and new for the next one");
    fixture_init(1);
    uint64_t line = fixture_selector(), signal = make_signal(0);
    EQUAL(ADMIN(WHIT_OP_DERIVE, WORLD_IRQ, WHIT_SELF, line, WHIT_R_ALL, 40, 1), WHIT_OK);
    fake_history_clear();
    take_irq(0, 40);
    EQUAL(fake_count(FAKE_IRQ_DEACTIVATE), 0);
    EQUAL(ADMIN(WHIT_OP_IRQ_BIND, line, signal, 1, 0), WHIT_OK);
    EQUAL(fake_count(FAKE_IRQ_DEACTIVATE), 1);
    take_irq(0, 40);
    EQUAL(signal_at(signal)->bits, 1);
}

enum { MAPPINGS = 40 };
static uint64_t dying_space, mapped[MAPPINGS];

/* Between two steps of its end somebody unmaps what is mapped in the space. */
static void unmap_one(void)
{
    const struct space *space = cap_object(world_slot(dying_space));

    if (cap_kind(world_slot(dying_space)) != WHIT_SPACE || space->phase != SPACE_DETACH)
        return;
    world_between = NULL;
    for (unsigned i = 0; i < MAPPINGS; i++)
        if (cap_use(world_slot(mapped[i])) == USE_MAPPED) {
            EQUAL(OP(WHIT_OP_UNMAP, mapped[i], 0), WHIT_OK);
            break;
        }
}

static void test_detach(void)
{
    test_begin("unmapping from a dying space leaves nothing cached for the next one");
    fixture_init(1);
    uint64_t memory = fixture_selector(), next = fixture_selector();
    world_take(memory, WHIT_PAGE);
    world_take(next, WHIT_SIZE_SPACE);
    dying_space = make_space(WHIT_PROGRAM, 8);
    uint32_t vmid = ((struct space *)cap_object(world_slot(dying_space)))->vmid;
    for (unsigned i = 0; i < MAPPINGS; i++) {
        mapped[i] = fixture_selector();
        EQUAL(ADMIN(WHIT_OP_DERIVE, memory, WHIT_SELF, mapped[i], WHIT_R_READ), WHIT_OK);
        EQUAL(ADMIN(WHIT_OP_MAP, mapped[i], dying_space, PROGRAM_PC + i * WHIT_PAGE, WHIT_MAP_READ),
              WHIT_OK);
    }
    fake_interrupt_every = 1;
    world_between = unmap_one;
    EQUAL(ADMIN(WHIT_OP_DESTROY, dying_space), WHIT_OK);
    fake_interrupt_every = 0;
    CHECK(!world_between);
    CHECK(fake_vmid_is_quiet(vmid));
    EQUAL(ADMIN(WHIT_OP_MAKE, next, WHIT_SPACE, WHIT_PROGRAM), WHIT_OK);
    CHECK(!fake_violation);
}

int main(void)
{
    test_help();
    test_move();
    test_exile();
    test_budget();
    test_clock();
    test_irq();
    test_detach();
    return fixture_finish();
}
