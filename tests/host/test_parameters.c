/* SPDX-License-Identifier: BSD-2-Clause */
/* Grants and arguments as a program finds them, in a block that may be damaged. */
#include "whit/parameters.h"

#include <stdio.h>
#include <string.h>

static struct whit_parameters block;
const struct whit_parameters *whit_parameters = &block;

static void result(const char *name, bool good)
{
    printf(good ? "ok %s\n" : "not ok %s - wrong\n", name);
}

static void arguments(const char *text, uint32_t bytes)
{
    memcpy(block.arguments, text, bytes);
    block.argument_bytes = bytes;
}

static bool is(const char *key, const char *value)
{
    const char *found = whit_argument(key);

    return value == NULL ? found == NULL : found != NULL && strcmp(found, value) == 0;
}

static bool finds_arguments(void)
{
    static const char text[] = "ab=1\0a=2\0empty=\0none\0x=y=z";

    arguments(text, sizeof text);
    return is("a", "2") && is("ab", "1") && is("empty", "") && is("none", NULL) && is("x", "y=z") &&
           is("", NULL) && is("abc", NULL);
}

static bool stops_at_the_end(void)
{
    arguments("a=1\0b=23", 7); /* the last string has no end */
    bool cut = is("a", "1") && is("b", NULL);

    block.argument_bytes = WHIT_ARGUMENT_BYTES + 1;
    return cut && is("a", NULL);
}

static bool reads_numbers(void)
{
    static const char text[] = "n=42\0big=18446744073709551616\0bad=4x\0neg=-1\0empty=";

    arguments(text, sizeof text);
    return whit_argument_number("n", 7) == 42 && whit_argument_number("big", 7) == 7 &&
           whit_argument_number("bad", 7) == 7 && whit_argument_number("neg", 7) == 7 &&
           whit_argument_number("empty", 7) == 7 && whit_argument_number("absent", 7) == 7;
}

static bool finds_grants(void)
{
    block.grants = 3;
    block.grant[0] = (struct whit_grant){.name = "uart", .kind = WHIT_GRANT_DEVICE, .selector = 5};
    block.grant[1] = (struct whit_grant){.name = "uart", .kind = WHIT_GRANT_IRQ, .selector = 6};
    block.grant[2] = (struct whit_grant){.kind = WHIT_GRANT_IRQ, .selector = 7};
    memset(block.grant[2].name, 'n', WHIT_NAME_BYTES); /* has no end */
    return whit_grant_selector(WHIT_GRANT_IRQ, "uart") == 6 &&
           whit_grant_selector(WHIT_GRANT_DEVICE, "uart") == 5 &&
           whit_grant_selector(WHIT_GRANT_PORTAL, "uart") == 0 &&
           whit_grant(WHIT_GRANT_IRQ, "n") == NULL;
}

static bool distrusts_the_count(void)
{
    block.grants = UINT32_MAX;
    return whit_grant(WHIT_GRANT_CHANNEL, "absent") == NULL;
}

int main(void)
{
    result("arguments", finds_arguments());
    result("arguments that are cut off", stops_at_the_end());
    result("numbers", reads_numbers());
    result("grants by kind and name", finds_grants());
    result("a count of grants that is too large", distrusts_the_count());
    whit_parameters = NULL;
    result("no block", whit_grant(WHIT_GRANT_IRQ, "uart") == NULL && is("a", NULL));
    return 0;
}
