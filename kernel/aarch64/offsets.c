/* SPDX-License-Identifier: BSD-2-Clause */
/* Offsets for assembly: compiled, never linked; the build makes offsets.h of the marked lines. */
#include "core.h"
#include "portal.h"
#include "space.h"
#include "thread.h"

#define OFFSET(name, type, member)                                                                 \
    __asm__ volatile("\n.ascii \"->" #name " %0\"" : : "i"(offsetof(type, member)))
#define VALUE(name, value) __asm__ volatile("\n.ascii \"->" #name " %0\"" : : "i"(value))

#define CONSTANT(name, value) __asm__ volatile("\n.ascii \"->" #name " %0\"" : : "i"(value))

void offsets(void);

void offsets(void)
{
    CONSTANT(CAP_PORTAL, (uint64_t)WHIT_PORTAL << CAP_KIND_SHIFT);
    OFFSET(CORE_CURRENT, struct core, current);
    OFFSET(CORE_SCRATCH, struct core, scratch);
    OFFSET(THREAD_LINK, struct thread, link);
    OFFSET(THREAD_CALLEE, struct thread, callee);
    OFFSET(THREAD_SPACE, struct thread, space);
    OFFSET(THREAD_FRAME_PC, struct thread, frame_pc);
    OFFSET(THREAD_FRAME_TLS, struct thread, frame_tls);
    OFFSET(THREAD_ENTRY_SP, struct thread, entry_sp);
    OFFSET(THREAD_SAVE, struct thread, save);
    OFFSET(SPACE_VTTBR, struct space, vttbr);
    OFFSET(SPACE_DIRECTORY_OFFSET, struct space, directory);
    OFFSET(PORTAL_HANDLER, struct portal, handler);
    OFFSET(PORTAL_BADGE, struct portal, badge);
    VALUE(KIND_PORTAL, WHIT_PORTAL);
}
