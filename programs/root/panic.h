/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's last words (struct whit_panic). */
#ifndef ROOT_PANIC_H
#define ROOT_PANIC_H

#include "reporter.h"
#include "whit.h"

#include <stdbool.h>

/* Says what is in the record.  False: it is damaged, empty, or was told in an earlier boot. */
bool report_panic(struct reporter *reporter, const struct whit_panic *panic);

#endif
