/* SPDX-License-Identifier: BSD-2-Clause */
/* The one call of fuzz/. */
#include "../fuzz/svc.S"
