/* SPDX-License-Identifier: BSD-2-Clause */
/* Offsets for assembly: compiled, never linked; the build makes offsets.h of the marked lines. */
#include "core.h"
#include "portal.h"
#include "signal.h"
#include "space.h"
#include "thread.h"

#define OFFSET(name, type, member)                                                                 \
    __asm__ volatile("\n.ascii \"->" #name " %0\"" : : "i"(offsetof(type, member)))

#define CONSTANT(name, value) __asm__ volatile("\n.ascii \"->" #name " %0\"" : : "i"(value))

void offsets(void);

void offsets(void)
{
    CONSTANT(CAP_PORTAL, (uint64_t)WHIT_PORTAL << CAP_KIND_SHIFT);
    CONSTANT(CAP_SIGNAL, (uint64_t)WHIT_SIGNAL << CAP_KIND_SHIFT);
    CONSTANT(WHIT_OP_NULL, WHIT_OP_NULL);
    OFFSET(CORE_CURRENT, struct core, current);
    OFFSET(CORE_SCRATCH, struct core, scratch);
    OFFSET(CORE_GUARD_CALL, struct core, guard);
    OFFSET(THREAD_LINK, struct thread, link);
    OFFSET(THREAD_CALLEE, struct thread, callee);
    OFFSET(THREAD_SPACE, struct thread, space);
    OFFSET(THREAD_FRAME_PC, struct thread, frame_pc);
    OFFSET(THREAD_FRAME_TLS, struct thread, frame_tls);
    OFFSET(THREAD_ENTRY_SP, struct thread, entry_sp);
    OFFSET(THREAD_SAVE, struct thread, save);
    OFFSET(SPACE_VTTBR, struct space, vttbr);
    OFFSET(SPACE_DIRECTORY_OFFSET, struct space, directory);
    OFFSET(CORE_RESCHEDULE, struct core, reschedule);
    OFFSET(REGISTERS_SP, struct whit_registers, sp);
    OFFSET(REGISTERS_ESR, struct whit_registers, esr);
    OFFSET(REGISTERS_IPA, struct whit_registers, ipa);
    OFFSET(THREAD_STATE, struct thread, state);
    OFFSET(SIGNAL_BITS, struct signal, bits);
    OFFSET(SIGNAL_TARGET, struct signal, target);
    OFFSET(SIGNAL_THREAD, struct signal, thread);
    CONSTANT(TARGET_WAITER, WHIT_TARGET_WAITER);
    OFFSET(PORTAL_HANDLER, struct portal, handler);
    OFFSET(PORTAL_ENTRY, struct portal, entry);
    OFFSET(PORTAL_BADGE, struct portal, badge);
}
