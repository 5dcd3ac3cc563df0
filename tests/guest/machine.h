/* SPDX-License-Identifier: BSD-2-Clause */
/* What the test guests know of their machine, and the first steps with it. */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdint.h>

#define UART          UINT64_C(0x09000000)
#define DISTRIBUTOR   UINT64_C(0x08000000)
#define REDISTRIBUTOR UINT64_C(0x080a0000) /* of the first CPU */

#define PSCI_VERSION    UINT64_C(0x84000000)
#define PSCI_ON         UINT64_C(0xc4000003)
#define PSCI_SYSTEM_OFF UINT64_C(0x84000008)

enum {
    TIMER = 27,
    REDISTRIBUTOR_BYTES = 0x20000,
    FRAME = 0x10000 /* of the private interrupts */
};

#define READ(name)                                                                                 \
    __extension__({                                                                                \
        uint64_t value_;                                                                           \
        __asm__ volatile("mrs %0, " name : "=r"(value_) : : "memory");                             \
        value_;                                                                                    \
    })
#define WRITE(name, value)                                                                         \
    __asm__ volatile("msr " name ", %0\n\tisb" : : "r"((uint64_t)(value)) : "memory")

/* start.S */
uint64_t guest_call(uint64_t function, uint64_t a, uint64_t b, uint64_t c);
void guest_second(void);

/* What start.S calls: first, and for exceptions. */
void guest_main(void);
void guest_synchronous(uint64_t *saved);
void guest_interrupt(uint64_t *saved);

static inline uint32_t load(uint64_t address)
{
    uint32_t value;

    __asm__ volatile("ldr %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
    return value;
}

static inline void store(uint64_t address, uint32_t value)
{
    __asm__ volatile("str %w0, [%1]" : : "r"(value), "r"(address) : "memory");
}

static inline uint64_t ticks(void)
{
    __asm__ volatile("isb" : : : "memory");
    return READ("cntvct_el0");
}

static inline void print(const char *text)
{
    while (*text)
        store(UART, (uint8_t)*text++);
}

/* In decimal, with a newline. */
static inline void print_number(uint64_t number)
{
    char digits[24], *at = digits + sizeof digits;

    *--at = 0;
    *--at = '\n';
    do
        *--at = (char)('0' + number % 10);
    while ((number /= 10) != 0);
    print(at);
}

/* The interrupts in `lines` of CPU `cpu` are enabled, and its CPU interface is. */
static inline void interrupts_start(unsigned cpu, uint32_t lines)
{
    const uint64_t redistributor = REDISTRIBUTOR + (uint64_t)cpu * REDISTRIBUTOR_BYTES;

    store(redistributor + 0x14, 0);
    store(DISTRIBUTOR, 2);
    store(redistributor + FRAME + 0x80, UINT32_MAX);
    store(redistributor + FRAME + 0x100, lines);
    WRITE("S3_0_C12_C12_5", 7);  /* ICC_SRE_EL1 */
    WRITE("S3_0_C4_C6_0", 0xf0); /* ICC_PMR_EL1 */
    WRITE("S3_0_C12_C12_7", 1);  /* ICC_IGRPEN1_EL1 */
}

static inline void interrupts_open(void)
{
    __asm__ volatile("msr daifclr, #2\n\tisb" : : : "memory");
}

static inline void interrupts_close(void)
{
    __asm__ volatile("msr daifset, #2\n\tisb" : : : "memory");
}

/* Software interrupt `number` for the CPUs in `targets`. */
static inline void interrupt_send(unsigned number, uint64_t targets)
{
    WRITE("S3_0_C12_C11_5", (uint64_t)number << 24 | targets); /* ICC_SGI1R_EL1 */
}

#endif
