/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls the operation that is an undefined instruction in this test's kernel (Makefile). */
#include "whit/op.h"
#include "whit/program.h"

#include <stdio.h>

int main(void)
{
    struct whit_arguments arguments = {{0}};

    printf("asks for the hole\n");
    (void)whit_wait_events(whit_deadline(100000000));
    printf("is back: %s\n", whit_error_text(whit_operate(WHIT_OP_SYNC, &arguments)));
    return 0;
}
