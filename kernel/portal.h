/* SPDX-License-Identifier: BSD-2-Clause */
/* A portal: an entry into another protection domain, served by one thread. */
#ifndef PORTAL_H
#define PORTAL_H

#include "cap.h"

struct portal {
    struct thread *handler; /* a dead portal has the thread that is never idle */
    uint64_t entry;         /* virtual address */
    uint64_t badge;
    uint64_t reserved[5];
    struct slot thread_slot;
};
_Static_assert(sizeof(struct portal) == WHIT_SIZE_PORTAL, "portal size");

/* Another core may be taking the handler away: it is read once. */
static inline struct thread *portal_handler(const struct portal *portal)
{
    return __atomic_load_n(&portal->handler, __ATOMIC_RELAXED);
}

#endif
