/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupt lines: bound to a signal, quiet until acknowledged, and each refusal. */
#include "fixture.h"
#include "irq.h"

enum { LINE = 40 };

/* A capability for lines. */
static uint64_t lines(uint64_t first, uint64_t count)
{
    uint64_t selector = fixture_selector();

    EQUAL(ADMIN(WHIT_OP_DERIVE, WORLD_IRQ, WHIT_SELF, selector, WHIT_R_ALL, first, count), WHIT_OK);
    return selector;
}

static void test_fire(void)
{
    test_begin("a line that fires sets its bits, and is quiet until it is acknowledged");
    fixture_init(1);
    uint64_t line = lines(LINE, 1), signal = make_signal(0);
    EQUAL(ADMIN(WHIT_OP_IRQ_BIND, line, signal, 6, WHIT_IRQ_EDGE), WHIT_OK);
    EQUAL(fake_count(FAKE_IRQ_ENABLE), 1);
    take_irq(0, LINE);
    EQUAL(signal_at(signal)->bits, 6);
    EQUAL(fake_count(FAKE_IRQ_DEACTIVATE), 0);
    EQUAL(ADMIN(WHIT_OP_IRQ_ACK, line), WHIT_OK);
    EQUAL(fake_count(FAKE_IRQ_DEACTIVATE), 1);

    test_begin("a line that has not fired has nothing to acknowledge");
    EQUAL(ADMIN(WHIT_OP_IRQ_ACK, line), WHIT_OK);
    EQUAL(fake_count(FAKE_IRQ_DEACTIVATE), 1);

    test_begin("a line that is bound anew has only its new signal and bits");
    uint64_t other = make_signal(0);
    EQUAL(ADMIN(WHIT_OP_IRQ_BIND, line, other, 1, 0), WHIT_OK);
    EQUAL(fake_count(FAKE_IRQ_DISABLE), 1);
    EQUAL(ADMIN(WHIT_OP_CLEAR, signal, UINT64_MAX), WHIT_OK);
    take_irq(0, LINE);
    EQUAL(signal_at(signal)->bits, 0);
    EQUAL(signal_at(other)->bits, 1);

    test_begin("a line loses a signal that ends, and is off and quiet then");
    EQUAL(ADMIN(WHIT_OP_DESTROY, other), WHIT_OK);
    EQUAL(fake_count(FAKE_IRQ_DISABLE), 2);
    EQUAL(fake_count(FAKE_IRQ_DEACTIVATE), 2);
    take_irq(0, LINE);
}

static void test_errors(void)
{
    test_begin("bind and acknowledge: one shared line, known flags, some bits");
    fixture_init(1);
    uint64_t line = lines(LINE, 1), two = lines(LINE, 2), own = lines(27, 1), weak;
    uint64_t signal = make_signal(0), mute = fixture_selector();
    weak = fixture_selector();
    EQUAL(ADMIN(WHIT_OP_DERIVE, line, WHIT_SELF, weak, WHIT_R_DERIVE), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_DERIVE, signal, WHIT_SELF, mute, WHIT_R_CONTROL), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_IRQ_BIND, signal, signal, 1, 0), WHIT_E_CAPABILITY);
    EQUAL(ADMIN(WHIT_OP_IRQ_BIND, weak, signal, 1, 0), WHIT_E_RIGHTS);
    EQUAL(ADMIN(WHIT_OP_IRQ_BIND, two, signal, 1, 0), WHIT_E_ARGUMENT);
    EQUAL(ADMIN(WHIT_OP_IRQ_BIND, own, signal, 1, 0), WHIT_E_ARGUMENT);
    EQUAL(ADMIN(WHIT_OP_IRQ_BIND, line, line, 1, 0), WHIT_E_CAPABILITY);
    EQUAL(ADMIN(WHIT_OP_IRQ_BIND, line, mute, 1, 0), WHIT_E_RIGHTS);
    EQUAL(ADMIN(WHIT_OP_IRQ_BIND, line, signal, 0, 0), WHIT_E_ARGUMENT);
    EQUAL(ADMIN(WHIT_OP_IRQ_BIND, line, signal, 1, WHIT_IRQ_EDGE + 1), WHIT_E_ARGUMENT);
    EQUAL(ADMIN(WHIT_OP_IRQ_ACK, two), WHIT_E_ARGUMENT);
    EQUAL(ADMIN(WHIT_OP_IRQ_ACK, weak), WHIT_E_RIGHTS);
    EQUAL(fake_count(FAKE_IRQ_ENABLE), 0);

    test_begin("a binding that fails leaves the one that there is");
    EQUAL(ADMIN(WHIT_OP_IRQ_BIND, line, signal, 1, 0), WHIT_OK);
    uint64_t deep = make_signal(0);
    while (cap_depth(world_slot(deep)) < CAP_DEPTH_MAX) {
        uint64_t child = fixture_selector();
        EQUAL(ADMIN(WHIT_OP_DERIVE, deep, WHIT_SELF, child, WHIT_R_ALL), WHIT_OK);
        deep = child;
    }
    EQUAL(ADMIN(WHIT_OP_IRQ_BIND, line, deep, 2, 0), WHIT_E_DEPTH);
    EQUAL(fake_count(FAKE_IRQ_DISABLE), 0);
    take_irq(0, LINE);
    EQUAL(signal_at(signal)->bits, 1);
}

int main(void)
{
    test_fire();
    test_errors();
    return fixture_finish();
}
