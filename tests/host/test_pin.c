/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that a device may reach: whoever programs the SMMU pins it, and it stays what it is until
 * that program lets go or ends.  The driver is a space without a thread; the first thread acts for
 * it, through capabilities that it takes out of its table and puts back.
 */
#include "memory.h"
#include "teardown.h"
#include "world.h"

enum { A = WORLD_FREE, B, C, D, E, SPACE, OTHER, TAKEN };
enum { IN_SPACE = 1, IN_OTHER = 1, BUFFER = WHIT_R_READ | WHIT_R_WRITE | WHIT_R_DERIVE };
enum { DEVICE_BUFFER = BUFFER | WHIT_R_PIN, MAP_AT = 0x200000 };

/* Memory of a client, derived at A, with the right to pin. */
static void client(void)
{
    world_init();
    EQUAL(OP(WHIT_OP_SPLIT, WORLD_RAM, E, WORLD_RAM_BYTES - 4 * WHIT_PAGE), WHIT_OK);
    EQUAL(OP(WHIT_OP_DERIVE, E, 0, A, DEVICE_BUFFER), WHIT_OK);
}

static int pin(uint64_t selector)
{
    return OP(WHIT_OP_MAP, selector, 0, 0, WHIT_MAP_PIN);
}

/* A space with one page for its table. */
static void make_driver(uint64_t selector)
{
    EQUAL(world_make(selector, WHIT_SPACE, WHIT_PROGRAM, 0, 0, 0), WHIT_OK);
    world_take(TAKEN + selector, WHIT_PAGE);
    EQUAL(OP(WHIT_OP_DONATE, TAKEN + selector, selector), WHIT_OK);
}

static const struct slot *slot_in(uint64_t space, uint64_t selector)
{
    return cap_slot(cap_object(world_slot(space)), selector);
}

static void test_right(void)
{
    test_begin("the right to pin is passed on when it is asked for, never with a gift");
    client();
    EQUAL(OP(WHIT_OP_DERIVE, A, 0, B, BUFFER), WHIT_OK);
    EQUAL(pin(B), WHIT_E_RIGHTS);
    EQUAL(OP(WHIT_OP_DERIVE, B, 0, C, DEVICE_BUFFER), WHIT_E_RIGHTS);
    EQUAL(OP(WHIT_OP_DERIVE, A, 0, C, DEVICE_BUFFER), WHIT_OK);
    EQUAL(pin(C), WHIT_OK);
    EQUAL(OP(WHIT_OP_UNMAP, C), WHIT_OK);
    EQUAL(OP(WHIT_OP_GIVE, C, 0, D), WHIT_OK);
    EQUAL(cap_rights(world_slot(D)), BUFFER);
    EQUAL(pin(D), WHIT_E_RIGHTS);
}

static void test_errors(void)
{
    test_begin("pin: each error");
    client();
    EQUAL(OP(WHIT_OP_MAP, A, 0, 0, WHIT_MAP_PIN | WHIT_MAP_READ), WHIT_E_ARGUMENT);
    EQUAL(OP(WHIT_OP_MAP, A, 0, 0, WHIT_MAP_PIN | WHIT_MAP_UNCACHED), WHIT_E_ARGUMENT);
    EQUAL(OP(WHIT_OP_MAP, A, 0, 0, WHIT_MAP_PIN * 2), WHIT_E_ARGUMENT);
    EQUAL(OP(WHIT_OP_MAP, A, A, 0, WHIT_MAP_PIN), WHIT_E_CAPABILITY);
    EQUAL(OP(WHIT_OP_DERIVE, A, 0, B, DEVICE_BUFFER, 64, 64), WHIT_OK);
    EQUAL(pin(B), WHIT_E_ALIGNMENT);
    EQUAL(pin(A), WHIT_E_BUSY); /* it has a child */
    EQUAL(OP(WHIT_OP_DELETE, B), WHIT_OK);
    EQUAL(OP(WHIT_OP_MAP, A, 0, MAP_AT, WHIT_MAP_READ), WHIT_OK);
    EQUAL(pin(A), WHIT_E_BUSY);
    EQUAL(OP(WHIT_OP_UNMAP, A), WHIT_OK);
    EQUAL(OP(WHIT_OP_UNMAP, A), WHIT_E_STATE);
    EQUAL(pin(A), WHIT_OK);
    EQUAL(pin(A), WHIT_E_BUSY);
}

static void test_uses(void)
{
    test_begin("pinned memory is put to no other use, and has no children");
    client();
    EQUAL(pin(A), WHIT_OK);
    EQUAL(OP(WHIT_OP_DERIVE, A, 0, B, WHIT_R_READ), WHIT_E_BUSY);
    EQUAL(OP(WHIT_OP_GIVE, A, 0, B), WHIT_E_BUSY);
    EQUAL(OP(WHIT_OP_SPLIT, A, B, WHIT_PAGE), WHIT_E_BUSY);
    EQUAL(OP(WHIT_OP_MAP, A, 0, MAP_AT, WHIT_MAP_READ), WHIT_E_BUSY);
    EQUAL(OP(WHIT_OP_GIVE, E, 0, B), WHIT_E_BUSY); /* nor is what is above it */
    EQUAL(OP(WHIT_OP_TRANSFER, A, 0, B), WHIT_OK);
    EQUAL(OP(WHIT_OP_REVOKE, E), WHIT_E_PINNED);
    EQUAL(OP(WHIT_OP_UNMAP, B, 1), WHIT_OK); /* which began before somebody else unmapped it */
    EQUAL(OP(WHIT_OP_REVOKE, E), WHIT_E_PINNED);

    test_begin("pinned memory is no state page");
    client();
    EQUAL(OP(WHIT_OP_DERIVE, E, 0, C, DEVICE_BUFFER, 0, WHIT_PAGE), WHIT_OK);
    EQUAL(pin(C), WHIT_OK);
    EQUAL(world_make(B, WHIT_THREAD, WORLD_SPACE, WHIT_NATIVE, 0, 0), WHIT_OK);
    EQUAL(OP(WHIT_OP_BIND, B, WHIT_ROLE_STATE, C), WHIT_E_BUSY);
    EQUAL(OP(WHIT_OP_UNMAP, C), WHIT_OK);
    EQUAL(OP(WHIT_OP_BIND, B, WHIT_ROLE_STATE, C), WHIT_OK);
}

static void test_revoke(void)
{
    for (unsigned every = 0; every < 3; every++) {
        test_begin("what is pinned outlives a revocation, which can be repeated afterwards");
        client();
        EQUAL(OP(WHIT_OP_DERIVE, A, 0, B, DEVICE_BUFFER), WHIT_OK);
        EQUAL(OP(WHIT_OP_DERIVE, B, 0, C, DEVICE_BUFFER), WHIT_OK);
        EQUAL(OP(WHIT_OP_DERIVE, A, 0, D, BUFFER), WHIT_OK);
        EQUAL(OP(WHIT_OP_MAP, D, 0, MAP_AT, WHIT_MAP_READ), WHIT_OK);
        EQUAL(pin(C), WHIT_OK);
        fake_interrupt_every = every;
        EQUAL(OP(WHIT_OP_REVOKE, A), WHIT_E_PINNED);
        EQUAL(world_slot(D)->word, 0); /* it was before it */
        EQUAL(cap_rights(world_slot(B)), 0);
        EQUAL(cap_rights(world_slot(C)), DEVICE_BUFFER);
        EQUAL(OP(WHIT_OP_DERIVE, B, 0, D, BUFFER), WHIT_E_RIGHTS);
        EQUAL(OP(WHIT_OP_REVOKE, E), WHIT_E_PINNED);
        EQUAL(OP(WHIT_OP_DELETE, A), WHIT_E_PINNED);
        EQUAL(cap_rights(world_slot(C)), DEVICE_BUFFER);
        EQUAL(OP(WHIT_OP_UNMAP, C), WHIT_OK);
        EQUAL(OP(WHIT_OP_DELETE, A), WHIT_OK);
        CHECK(!cap_has_child(world_slot(E)) && world_slot(C)->word == 0);
    }

    test_begin("who pinned memory may also delete it");
    client();
    EQUAL(pin(A), WHIT_OK);
    EQUAL(OP(WHIT_OP_DELETE, A), WHIT_OK);
    EQUAL(world_slot(A)->word, 0);
    EQUAL(OP(WHIT_OP_REVOKE, E), WHIT_OK);
}

static void test_spaces(void)
{
    test_begin("a pin goes with the space that holds it");
    client();
    make_driver(SPACE);
    EQUAL(OP(WHIT_OP_DERIVE, A, 0, B, DEVICE_BUFFER), WHIT_OK);
    EQUAL(pin(B), WHIT_OK);
    EQUAL(OP(WHIT_OP_TRANSFER, B, SPACE, IN_SPACE), WHIT_OK);
    EQUAL(OP(WHIT_OP_REVOKE, A), WHIT_E_PINNED);
    EQUAL(OP(WHIT_OP_DESTROY, SPACE), WHIT_OK);
    CHECK(!cap_has_child(world_slot(A)));

    test_begin("the end of the client's space leaves the driver's pin, under the client's parent");
    client();
    make_driver(SPACE);
    make_driver(OTHER);
    EQUAL(OP(WHIT_OP_DERIVE, A, 0, B, DEVICE_BUFFER), WHIT_OK);
    EQUAL(pin(B), WHIT_OK);
    EQUAL(OP(WHIT_OP_TRANSFER, B, OTHER, IN_OTHER), WHIT_OK);
    EQUAL(OP(WHIT_OP_TRANSFER, A, SPACE, IN_SPACE), WHIT_OK);
    EQUAL(OP(WHIT_OP_DESTROY, SPACE), WHIT_OK);
    EQUAL(cap_rights(slot_in(OTHER, IN_OTHER)), DEVICE_BUFFER);
    CHECK(world_slot(E)->next == slot_in(OTHER, IN_OTHER));
    EQUAL(OP(WHIT_OP_GIVE, E, 0, A), WHIT_E_BUSY);
    EQUAL(OP(WHIT_OP_REVOKE, E), WHIT_E_PINNED);
    EQUAL(OP(WHIT_OP_DESTROY, OTHER), WHIT_OK);
    EQUAL(OP(WHIT_OP_GIVE, E, 0, A), WHIT_OK);
}

/* The revocation meets the pin while another operation has left a space dying. */
static void test_dying(void)
{
    test_begin("a revocation that meets a pin ends the spaces that are dying");
    client();
    EQUAL(pin(A), WHIT_OK);
    make_driver(SPACE);
    const struct space *space = cap_object(world_slot(SPACE));
    fake_interrupt_every = 1;
    EQUAL(teardown_destroy(world_slot(SPACE)), RESTART);
    CHECK(space->phase != SPACE_ALIVE);
    fake_interrupt_every = 0;
    EQUAL(OP(WHIT_OP_REVOKE, E), WHIT_E_PINNED);
    EQUAL(cap_kind(world_slot(SPACE)), WHIT_MEMORY);
}

int main(void)
{
    test_right();
    test_errors();
    test_uses();
    test_revoke();
    test_spaces();
    test_dying();
    return test_finish();
}
