/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * GICv3 distributor and redistributors of a guest (ARM IHI 0069), one security state.  Pure: what
 * the guest programs goes to the kernel's virtual interrupts through the output functions.  The CPU
 * interface is the hardware's, so what is pending or active in it is not seen here.
 */
#ifndef VMM_VGIC_H
#define VMM_VGIC_H

#include <stdbool.h>
#include <stdint.h>

enum {
    VGIC_CPUS = 8,
    VGIC_SGIS = 16,
    VGIC_PRIVATE = 32, /* SGIs and PPIs: one of each for each CPU */
    VGIC_LINES = 64,
    VGIC_DISTRIBUTOR_BYTES = 0x10000,
    VGIC_REDISTRIBUTOR_BYTES = 0x20000 /* of each CPU */
};

/* What an interrupt is set to, as the kernel needs it. */
struct vgic_setting {
    uint8_t priority;
    bool enabled, level;
};

struct vgic_output {
    /* Interrupt `line` of `cpu` has a new setting. */
    void (*set)(unsigned cpu, unsigned line, struct vgic_setting setting);
    /* It goes to another CPU from now on (shared lines only). */
    void (*move)(unsigned line, unsigned from, unsigned to, struct vgic_setting setting);
    void (*raise)(unsigned cpu, unsigned line);
    void (*lower)(unsigned cpu, unsigned line);
};

struct vgic_line {
    bool enabled, group1, level;
    bool asserted; /* a device holds it */
    uint8_t priority;
    uint8_t cpu; /* that a shared line goes to */
    uint64_t route;
};

struct vgic {
    const struct vgic_output *output;
    unsigned cpus;
    bool group1;            /* GICD_CTLR */
    bool asleep[VGIC_CPUS]; /* GICR_WAKER */
    bool late[VGIC_CPUS];   /* by the owner: writes have not yet had their effect for that CPU */
    struct vgic_line private_line[VGIC_CPUS][VGIC_PRIVATE];
    struct vgic_line shared_line[VGIC_LINES - VGIC_PRIVATE];
};

void vgic_init(struct vgic *vgic, unsigned cpus, const struct vgic_output *output);

/* Access of `bytes` (1, 2, 4, 8; aligned) at `offset` of the distributor, or of the redistributors
 * together. */
uint64_t vgic_distributor_read(struct vgic *vgic, uint32_t offset, unsigned bytes);
void vgic_distributor_write(struct vgic *vgic, uint32_t offset, unsigned bytes, uint64_t value);
uint64_t vgic_redistributor_read(struct vgic *vgic, uint32_t offset, unsigned bytes);
void vgic_redistributor_write(struct vgic *vgic, uint32_t offset, unsigned bytes, uint64_t value);

/* The guest's `cpu` wrote `value` to ICC_SGI1R_EL1. */
void vgic_send(struct vgic *vgic, unsigned cpu, uint64_t value);

/* What a line is set to for a CPU: disabled for another one than it goes to. */
struct vgic_setting vgic_setting(const struct vgic *vgic, unsigned cpu, unsigned line);

/* Does a device hold it, and does it go to that CPU? */
bool vgic_is_asserted(const struct vgic *vgic, unsigned cpu, unsigned line);

/* A device's line: shared, level or edge as the guest has it. */
void vgic_line_set(struct vgic *vgic, unsigned line, bool asserted);

/* MPIDR affinity of CPU `index`: 16 of them share Aff1, as SGIs address them. */
uint64_t vgic_affinity(unsigned index);

#endif
