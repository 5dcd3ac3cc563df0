/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's first breath: root starts, sees what it was given, and switches the machine off. */
#include "whit/op.h"
#include "whit/parameters.h"

#include <stdio.h>

int main(void)
{
    printf("ok started with %u cores, %u ranges\n", (unsigned)whit_boot->cores,
           (unsigned)whit_boot->ranges);
    for (uint32_t i = 0; i < whit_boot->ranges; i++)
        printf("# range %u kind %u selector %u: %llx + %llx at %llx\n", (unsigned)i,
               (unsigned)whit_boot->range[i].kind, (unsigned)whit_boot->range[i].selector,
               (unsigned long long)whit_boot->range[i].base,
               (unsigned long long)whit_boot->range[i].bytes,
               (unsigned long long)whit_boot->range[i].address);
    whit_power(whit_boot->first_core, WHIT_POWER_OFF);
    return 0;
}
