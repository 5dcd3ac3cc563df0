/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel wrote before it reset the machine, for the user: told once, in the next boot. */
#include "panic.h"

enum { PER_LINE = 4 };

static uint64_t checksum(const struct whit_panic *panic)
{
    const uint64_t *word = &panic->core, *end = (const uint64_t *)(panic + 1);
    uint64_t sum = WHIT_PANIC_MAGIC;

    for (; word < end; word++)
        sum += *word;
    return sum;
}

static void report_values(struct reporter *reporter, const char *name, const uint64_t *value,
                          unsigned count)
{
    for (unsigned i = 0; i < count; i += PER_LINE) {
        const uint64_t none = 0;
        const uint64_t *v[PER_LINE];
        for (unsigned j = 0; j < PER_LINE; j++)
            v[j] = i + j < count ? &value[i + j] : &none;
        report(reporter, "kernel: %s %2u: %016llx %016llx %016llx %016llx", name, i,
               (unsigned long long)*v[0], (unsigned long long)*v[1], (unsigned long long)*v[2],
               (unsigned long long)*v[3]);
    }
}

bool report_panic(struct reporter *reporter, const struct whit_panic *panic)
{
    if (panic->magic != WHIT_PANIC_MAGIC || panic->boots != 1 ||
        panic->checksum != checksum(panic) || panic->frames > WHIT_PANIC_FRAMES)
        return false;
    report(reporter, "the kernel stopped in its last run: %.*s", (int)sizeof(panic->what) - 1,
           panic->what);
    report(reporter, "kernel: core %llu, thread %llx, pc %llx, sp %llx, esr %llx, far %llx",
           (unsigned long long)panic->core, (unsigned long long)panic->thread,
           (unsigned long long)panic->pc, (unsigned long long)panic->sp,
           (unsigned long long)panic->esr, (unsigned long long)panic->far);
    report_values(reporter, "x", panic->x, 31);
    report_values(reporter, "called from", panic->frame, (unsigned)panic->frames);
    return true;
}
