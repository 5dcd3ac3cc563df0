/* SPDX-License-Identifier: BSD-2-Clause */
/* What debug kernels say of themselves. */
#ifndef REPORT_H
#define REPORT_H

#include "ranges.h"

/* The cores have started. */
void report_start(const struct ranges *ram);

#endif
