/* SPDX-License-Identifier: BSD-2-Clause */
/* Finds what root gave in the parameter block.  Its writer is trusted, but not to be faultless. */
#include "whit/parameters.h"

#include <string.h>

const struct whit_grant *whit_grant(enum whit_grant_kind kind, const char *name)
{
    if (whit_parameters == NULL) {
        return NULL;
    }
    for (uint32_t i = 0; i < whit_parameters->grants && i < WHIT_GRANTS; i++) {
        const struct whit_grant *grant = &whit_parameters->grant[i];

        if (grant->kind == (uint32_t)kind && strncmp(grant->name, name, WHIT_NAME_BYTES) == 0) {
            return grant;
        }
    }
    return NULL;
}

uint32_t whit_grant_selector(enum whit_grant_kind kind, const char *name)
{
    const struct whit_grant *grant = whit_grant(kind, name);

    return grant == NULL ? 0 : grant->selector;
}

/* Bytes of the argument strings, none if there is no block. */
static uint32_t argument_bytes(void)
{
    if (whit_parameters == NULL || whit_parameters->argument_bytes > WHIT_ARGUMENT_BYTES) {
        return 0;
    }
    return whit_parameters->argument_bytes;
}

const char *whit_argument(const char *key)
{
    size_t key_length = strlen(key);
    uint32_t bytes = argument_bytes();

    for (uint32_t at = 0; at < bytes;) {
        const char *string = &whit_parameters->arguments[at];
        const char *end = memchr(string, 0, bytes - at);

        if (end == NULL) {
            return NULL;
        }
        size_t length = (size_t)(end - string);
        if (length > key_length && string[key_length] == '=' &&
            memcmp(string, key, key_length) == 0) {
            return string + key_length + 1;
        }
        at += (uint32_t)length + 1;
    }
    return NULL;
}

uint64_t whit_argument_number(const char *key, uint64_t otherwise)
{
    const char *text = whit_argument(key);
    uint64_t value = 0;

    if (text == NULL || *text == 0) {
        return otherwise;
    }
    for (; *text != 0; text++) {
        if (*text < '0' || *text > '9' || value > (UINT64_MAX - 9) / 10) {
            return otherwise;
        }
        value = value * 10 + (uint64_t)(*text - '0');
    }
    return value;
}
