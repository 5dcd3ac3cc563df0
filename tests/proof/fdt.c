/* SPDX-License-Identifier: BSD-2-Clause */
/* For EVA: the board is read from a blob of any bytes. */
#include "board.h"

#include <__fc_builtin.h>

static uint8_t blob[FDT_BYTES_MAX];
static struct board board;

int main(void)
{
    Frama_C_make_unknown((char *)blob, sizeof(blob));
    (void)board_read(&board, blob);
    return 0;
}
