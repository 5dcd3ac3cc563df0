/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * For Linux as a guest of Whit: while a task of the real-time class runs on a virtual CPU, that CPU
 * is driven by its real-time budget, and by its ordinary one else.  So a guest's real-time work
 * outranks what runs beside the guest, for as long as it needs, and the guest's other work does
 * not.
 *
 * The monitor says in the device tree which budgets there are.  The scheduler is followed by the
 * tracepoint sched_switch, which is looked up by name: the kernel needs no change.
 */
#include <linux/cpu.h>
#include <linux/init.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/percpu.h>
#include <linux/sched/rt.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

/* Of abi/whit.h. */
#define WHIT_OP          6
#define WHIT_OP_PRIORITY 27

#define CPUS 8

/* Selectors in the machine's own capability table, two for each virtual CPU. */
enum { ORDINARY, REALTIME, BUDGETS };

static unsigned int budgets[BUDGETS * CPUS];
static int budget_count;
module_param_array(budgets, uint, &budget_count, 0444);
MODULE_PARM_DESC(budgets,
                 "for each CPU: ordinary budget, real-time budget (default: of the device tree)");

static unsigned long refusals;
module_param(refusals, ulong, 0444);
MODULE_PARM_DESC(refusals, "hypercalls that failed");

static DEFINE_PER_CPU(unsigned long, switches);
static DEFINE_PER_CPU(int, driven_by);

static int switches_get(char *buffer, const struct kernel_param *param)
{
    unsigned long sum = 0;
    int cpu;

    for_each_possible_cpu(cpu) sum += per_cpu(switches, cpu);
    return sysfs_emit(buffer, "%lu\n", sum);
}

static const struct kernel_param_ops switches_ops = {.get = switches_get};
module_param_cb(switches, &switches_ops, NULL, 0444);
MODULE_PARM_DESC(switches, "changes between the budgets, on all CPUs");

/* On this CPU, which the caller does not leave meanwhile. */
static void drive_by(int kind)
{
    register unsigned long x0 asm("x0") = budgets[BUDGETS * smp_processor_id() + kind];
    register unsigned long x10 asm("x10") = WHIT_OP_PRIORITY;

    /* x7-x9 and x11-x17 are dead after it, by its ABI. */
    asm volatile("hvc %2"
                 : "+r"(x0), "+r"(x10)
                 : "i"(WHIT_OP)
                 : "x7", "x8", "x9", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "cc",
                   "memory");
    if (x10 != 0)
        refusals++;
    __this_cpu_write(driven_by, kind);
    __this_cpu_inc(switches);
}

/* The scheduler has chosen `next`; interrupts are off.  A hypercall only if the class changes. */
static void switched(void *data, bool preempt, struct task_struct *prev, struct task_struct *next,
                     unsigned int prev_state)
{
    const int kind = rt_task(next) ? REALTIME : ORDINARY;

    if (kind != __this_cpu_read(driven_by))
        drive_by(kind);
}

static void be_ordinary(void *unused)
{
    if (__this_cpu_read(driven_by) != ORDINARY)
        drive_by(ORDINARY);
}

static struct tracepoint *sched_switch;

static void look_at(struct tracepoint *point, void *unused)
{
    if (strcmp(point->name, "sched_switch") == 0)
        sched_switch = point;
}

/* -ENODEV where this is no guest of Whit, or one without real-time budgets. */
static int find_budgets(void)
{
    struct device_node *node = of_find_compatible_node(NULL, NULL, "whit,hypervisor");
    int count;

    if (!node)
        return -ENODEV;
    if (budget_count == 0) {
        count = of_property_read_variable_u32_array(node, "whit,budgets", budgets, BUDGETS,
                                                    BUDGETS * CPUS);
        budget_count = count < 0 ? 0 : count;
    }
    of_node_put(node);
    return budget_count > 0 && (unsigned int)budget_count >= BUDGETS * nr_cpu_ids ? 0 : -ENODEV;
}

static int __init whit_priority_init(void)
{
    const int error = find_budgets();

    if (error) {
        pr_info("whit-priority: the device tree names no real-time budgets for all CPUs\n");
        return error;
    }
    for_each_kernel_tracepoint(look_at, NULL);
    if (!sched_switch)
        return -ENOENT;
    return tracepoint_probe_register(sched_switch, switched, NULL);
}

static void __exit whit_priority_exit(void)
{
    tracepoint_probe_unregister(sched_switch, switched, NULL);
    /* No CPU is in the probe any more. */
    tracepoint_synchronize_unregister();
    on_each_cpu(be_ordinary, NULL, 1);
}

module_init(whit_priority_init);
module_exit(whit_priority_exit);
MODULE_DESCRIPTION("Whit: a virtual CPU's priority follows the class of its task");
MODULE_LICENSE("Dual BSD/GPL");
