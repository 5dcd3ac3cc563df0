/* SPDX-License-Identifier: BSD-2-Clause */
/* The ABI's errors in words, for messages to people. */
#include "whit/op.h"

static const char *const texts[] = {
    [WHIT_OK] = "success",
    [WHIT_E_OPERATION] = "no such call or operation",
    [WHIT_E_CAPABILITY] = "no such capability",
    [WHIT_E_RIGHTS] = "the capability lacks a right",
    [WHIT_E_ARGUMENT] = "an argument is out of its range",
    [WHIT_E_ALIGNMENT] = "not aligned",
    [WHIT_E_OCCUPIED] = "the place to fill is in use",
    [WHIT_E_BUSY] = "mapped, in use or with descendants",
    [WHIT_E_FUNDS] = "the space's pool is empty",
    [WHIT_E_ORIGINAL] = "not on an original capability, or only on one",
    [WHIT_E_STATE] = "in no state for this",
    [WHIT_E_CORE] = "belongs to another core",
    [WHIT_E_DEAD] = "the handler is gone",
    [WHIT_E_DEADLOCK] = "the call would close a cycle of callers",
    [WHIT_E_DEPTH] = "too many nested calls or derivations",
    [WHIT_E_SIZE] = "not the size that is needed",
    [WHIT_E_TIMEOUT] = "the caller's budget was used up before the answer",
    [WHIT_E_PINNED] = "a device may reach memory below it",
};
_Static_assert(sizeof texts / sizeof texts[0] == WHIT_E_COUNT, "every error has a text");

const char *whit_error_text(enum whit_error error)
{
    return (unsigned)error < WHIT_E_COUNT ? texts[error] : "unknown error";
}
