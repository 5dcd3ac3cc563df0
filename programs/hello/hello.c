/* SPDX-License-Identifier: BSD-2-Clause */
/* The smallest program: says hello with what the description gave it, and ends. */
#include "whit/program.h"

#include <stdio.h>

int main(void)
{
    const char *whom = whit_argument("whom");

    printf("hello, %s\n", whom == NULL ? "world" : whom);
    return 0;
}
