/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest's distributor and redistributors, as Linux and others program them. */
#include "../../programs/vmm/vgic.h"

#include <stdio.h>
#include <string.h>

enum { CPUS = 3, FRAME = 0x10000 };

static struct vgic vgic;
static struct vgic_setting now[CPUS][VGIC_LINES];
static unsigned raised[CPUS][VGIC_LINES], lowered[CPUS][VGIC_LINES], sets;

static void set(unsigned cpu, unsigned line, struct vgic_setting setting)
{
    now[cpu][line] = setting;
    sets++;
}

static void move(unsigned line, unsigned from, unsigned to, struct vgic_setting setting)
{
    now[from][line] = (struct vgic_setting){0};
    now[to][line] = setting;
}

static void raise(unsigned cpu, unsigned line)
{
    raised[cpu][line]++;
}

static void lower(unsigned cpu, unsigned line)
{
    lowered[cpu][line]++;
}

static const struct vgic_output output = {set, move, raise, lower};

static void fresh(void)
{
    memset(now, 0, sizeof now);
    memset(raised, 0, sizeof raised);
    memset(lowered, 0, sizeof lowered);
    sets = 0;
    vgic_init(&vgic, CPUS, &output);
}

static void result(const char *name, bool good)
{
    printf("%s %s%s\n", good ? "ok" : "not ok", name, good ? "" : " - wrong");
}

static uint32_t distributor(uint32_t offset)
{
    return (uint32_t)vgic_distributor_read(&vgic, offset, 4);
}

static void distribute(uint32_t offset, uint32_t value)
{
    vgic_distributor_write(&vgic, offset, 4, value);
}

static uint32_t redistributor(unsigned cpu, uint32_t offset)
{
    return (uint32_t)vgic_redistributor_read(&vgic, cpu * 2 * FRAME + offset, 4);
}

static void redistribute(unsigned cpu, uint32_t offset, uint32_t value)
{
    vgic_redistributor_write(&vgic, cpu * 2 * FRAME + offset, 4, value);
}

static void test_identity(void)
{
    fresh();
    result("the distributor tells 64 lines, GICv3, one security state",
           (distributor(0x4) & 0x1f) == 1 && (distributor(0xffe8) & 0xf0) == 0x30 &&
               (distributor(0) & 0x50) == 0x50);
    result("redistributors tell their affinity, the last one that it is the last",
           vgic_redistributor_read(&vgic, 8, 8) >> 32 == 0 &&
               vgic_redistributor_read(&vgic, 2 * FRAME + 8, 8) >> 32 == 1 &&
               !(redistributor(1, 8) & 0x10) && (redistributor(2, 8) & 0x10));
    redistribute(1, 0x14, 0);
    result("a redistributor wakes up", redistributor(0, 0x14) == 6 && redistributor(1, 0x14) == 0);
    result("beyond the last redistributor there is nothing", redistributor(CPUS, 0x14) == 0);
}

static void test_enable(void)
{
    fresh();
    distribute(0x84, 0xffffffff); /* group 1 */
    distribute(0x104, 1u << 1);   /* enable 33 */
    vgic_distributor_write(&vgic, 0x400 + 33, 1, 0xa0);
    bool good = !now[0][33].enabled && now[0][33].priority == 0xa0;
    distribute(0, 2);
    good = good && now[0][33].enabled && now[0][33].level;
    distribute(0xc08, 2u << 2); /* 33 on edges */
    good = good && !now[0][33].level && distributor(0xc08) == 8;
    distribute(0x184, 1u << 1);
    good = good && !now[0][33].enabled && distributor(0x104) == 0;
    result("enable, group, priority and trigger of a shared line", good);

    unsigned before = sets;
    distribute(0x184, 1u << 1);
    distribute(0, 2);
    result("what does not change is not passed on", sets == before);
}

static void test_private(void)
{
    fresh();
    distribute(0, 2);
    redistribute(1, FRAME + 0x80, 0xffffffff);
    redistribute(1, FRAME + 0x100, 1u << 27 | 1);
    bool good = now[1][27].enabled && now[1][27].level && now[1][0].enabled && !now[1][0].level &&
                !now[0][27].enabled;
    good = good && redistributor(1, FRAME + 0x100) == (1u << 27 | 1) &&
           redistributor(0, FRAME + 0x100) == 0;
    redistribute(1, FRAME + 0xc00, 0); /* SGIs stay on edges */
    result("private lines belong to one CPU", good && !now[1][0].level);
    distribute(0x100, 0xffffffff);
    distribute(0x400, 0x80808080);
    redistribute(1, FRAME + 0x104, 0xffffffff);
    result("the distributor has no private lines, the redistributor no shared ones",
           !now[0][27].enabled && distributor(0x100) == 0 && distributor(0x104) == 0);
}

static void test_route(void)
{
    fresh();
    distribute(0, 2);
    distribute(0x84, 2);
    distribute(0x104, 2);
    vgic_line_set(&vgic, 33, true);
    vgic_distributor_write(&vgic, 0x6000 + 8 * 33, 8, 2);
    bool good = raised[0][33] == 1 && raised[2][33] == 1 && now[2][33].enabled &&
                !now[0][33].enabled && vgic_distributor_read(&vgic, 0x6000 + 8 * 33, 8) == 2;
    vgic_line_set(&vgic, 33, false);
    good = good && lowered[2][33] == 1;
    vgic_distributor_write(&vgic, 0x6000 + 8 * 33, 4, 0xff);
    result("a shared line goes where it is routed, else to the first CPU",
           good && now[0][33].enabled);
}

static void test_pending(void)
{
    fresh();
    distribute(0x204, 2);
    bool good = raised[0][33] == 1;
    distribute(0x284, 2);
    good = good && lowered[0][33] == 1;
    vgic_line_set(&vgic, 33, true);
    distribute(0x284, 2); /* the device still holds it */
    good = good && lowered[0][33] == 1 && distributor(0x204) == 2;
    redistribute(2, FRAME + 0x200, 1u << 5);
    result("pending can be set and cleared", good && raised[2][5] == 1);
}

static void test_send(void)
{
    fresh();
    vgic_send(&vgic, 0, UINT64_C(3) << 24 | 6);
    bool good = raised[1][3] == 1 && raised[2][3] == 1 && raised[0][3] == 0;
    vgic_send(&vgic, 1, UINT64_C(1) << 40 | UINT64_C(4) << 24);
    good = good && raised[0][4] == 1 && raised[2][4] == 1 && raised[1][4] == 0;
    vgic_send(&vgic, 0, UINT64_C(1) << 16 | 1); /* another cluster */
    vgic_send(&vgic, 0, UINT64_C(1) << 32 | 1);
    vgic_send(&vgic, 0, UINT64_C(1) << 44 | 1);
    vgic_send(&vgic, 0, UINT64_C(1) << 48 | 1);
    vgic_send(&vgic, 0, 0xfff8); /* CPUs that do not exist */
    result("software interrupts reach the CPUs that they name", good && raised[0][0] == 0);
}

/* For the owner: what a CPU is to be shown of a line, and writes whose effect is yet to come. */
static void test_owner(void)
{
    struct vgic_setting setting;

    fresh();
    distribute(0, 2);
    distribute(0x84, 1 << 1); /* group 1 */
    distribute(0x104, 1 << 1);
    distribute(0x420, 0xa0 << 8);
    distribute(0x6000 + 33 * 8, 2);
    setting = vgic_setting(&vgic, 2, 33);
    result("a line is set for the CPU that it goes to",
           setting.enabled && setting.priority == 0xa0 && !vgic_setting(&vgic, 0, 33).enabled);
    vgic_line_set(&vgic, 33, true);
    result("... and held for that CPU alone",
           vgic_is_asserted(&vgic, 2, 33) && !vgic_is_asserted(&vgic, 0, 33));

    bool good = (distributor(0) >> 31) == 0 && (redistributor(1, 0) & 8) == 0;
    vgic.late[1] = true;
    result("a write that is late shows until it has had its effect",
           good && (distributor(0) >> 31) == 1 && (redistributor(1, 0) & 8) != 0 &&
               (redistributor(0, 0) & 8) == 0);
}

/* Any access of any size: no harm, and nothing beyond the lines. */
static void test_everywhere(void)
{
    fresh();
    for (unsigned bytes = 1; bytes <= 8; bytes *= 2)
        for (uint32_t offset = 0; offset < 2 * FRAME * (CPUS + 1); offset += bytes) {
            vgic_redistributor_write(&vgic, offset, bytes, UINT64_MAX);
            (void)vgic_redistributor_read(&vgic, offset, bytes);
            if (offset >= FRAME)
                continue;
            vgic_distributor_write(&vgic, offset, bytes, UINT64_MAX);
            (void)vgic_distributor_read(&vgic, offset, bytes);
        }
    result("every register in every size", true);
}

int main(void)
{
    test_identity();
    test_enable();
    test_private();
    test_route();
    test_pending();
    test_send();
    test_owner();
    test_everywhere();
    return 0;
}
