/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The system description (docs/systems.md), read from a flattened device tree into plain tables.
 * Pure: no system calls, so that every mistake a description can have is tested on the host.
 */
#ifndef ROOT_DESCRIPTION_H
#define ROOT_DESCRIPTION_H

#include "heap.h"
#include "reporter.h"
#include "whit.h"

#include <stdbool.h>
#include <stdint.h>

#define CORE_DEFAULT UINT64_MAX /* while a VM is read: none was named */

enum {
    PROGRAM_ROOT = 0, /* index of root itself in the table of programs */
    PROGRAM_NONE = -1,
    NAME_LENGTH_MAX = 19, /* a grant's name is at most 23, with ".vmm" or a number behind it */
    PRIORITY_MAX = 254,   /* root keeps 255 */
    ROOT_BITS = 32,       /* bits of a waiting signal that root hands out, from 0 */
    CPUS_MAX = 8,
    CORES_MAX = CPUS_MAX + 1 /* of a VM: those of its CPUs, and the vmm's */
};

struct device_request {
    const char *name;  /* of the grants */
    const char *which; /* path, alias or compatible */
};

/* What of a guest may have a budget of its own: interrupts, and what the guest chooses by itself.
 */
enum urgent_line {
    URGENT_TIMER,
    URGENT_CONSOLE,
    URGENT_LINES,
    URGENT_REALTIME = URGENT_LINES,
    URGENTS
};

struct urgent {
    uint64_t priority;
    uint64_t budget_us, period_us; /* budget 0: there is none */
    uint64_t length_us;            /* of one activation; 0: no limit */
};

struct program {
    const char *name;
    const char *path; /* of its node */
    const char *image;
    bool is_vm;
    bool left_out;
    bool ends_system; /* named by power-off-when */
    uint64_t priority, core, restarts;
    uint64_t budget_us, period_us; /* budget 0: no limit */
    uint64_t memory, stack;        /* bytes; stack 0: what the image asks for */
    uint32_t devices;
    struct device_request *device;
    const char *arguments; /* "key=value" strings, each with its zero */
    uint32_t argument_bytes;
    uint32_t bits_taken; /* of its waiting signal */
    /* VMs only */
    const char *kernel, *initrd; /* initrd may be NULL */
    uint64_t guest_mib, objects;
    struct urgent urgent[URGENTS];
    uint64_t cpus;
    uint32_t cpu_core[CPUS_MAX]; /* index in machine_core */
    /* All cores that it uses; the first is `core`, and the only one of a program. */
    uint32_t cores;
    uint64_t machine_core[CORES_MAX];
};

/* A program that takes part in a channel. */
struct member {
    int program;
    bool writes;     /* shared memory */
    uint32_t slot;   /* of the program's table, where its capability goes (plan.c) */
    uint32_t portal; /* root's selector of the portal made for this client (build.c) */
};

struct signal_channel {
    const char *name, *path;
    uint32_t sources;
    struct member *from;
    int to;
    int stops; /* to root: what it ends; PROGRAM_NONE: the whole system */
    unsigned bit;
    bool left_out;
};

struct portal_channel {
    const char *name, *path;
    int server;
    uint32_t clients;
    struct member *client;
    bool left_out;
};

struct shared_channel {
    const char *name, *path;
    uint64_t bytes;
    uint32_t members;
    struct member *member;
    bool left_out;
    uint32_t memory; /* root's selector (plan.c) */
    uint64_t base;   /* physical */
};

/* Two rings with doorbells between two programs. */
struct duplex_channel {
    const char *path;
    int program[2];
    const char *name[2]; /* at each end */
    unsigned bit[2];     /* of each end's waiting signal, set by the other */
    uint64_t bytes;      /* of both rings together */
    bool left_out;
    uint32_t slot[2]; /* of each end's table, for the other's signal (plan.c) */
    uint32_t memory;  /* root's selector (plan.c) */
    uint64_t base;    /* physical */
};

struct description {
    int console; /* program, or PROGRAM_NONE */
    bool powers_off;
    uint32_t programs; /* [0] is root */
    struct program *program;
    uint32_t signals;
    struct signal_channel *signal;
    uint32_t portals;
    struct portal_channel *portal;
    uint32_t shares;
    struct shared_channel *shared;
    uint32_t duplexes; /* those of the console come last */
    struct duplex_channel *duplex;
};

/* What the description is checked against. */
struct surroundings {
    uint32_t cores;
    bool (*has_file)(const void *archive, const char *name);
    const void *archive;
};

/*
 * Reads `tree`, `bytes` long and not trusted.  False if there is no description to be had; other
 * mistakes are reported and what they are in is marked left_out.
 */
bool description_read(const void *tree, size_t bytes, const struct surroundings *surroundings,
                      struct reporter *reporter, struct heap *heap, struct description *out);

/* The name of such an interrupt in descriptions and grants. */
const char *urgent_name(enum urgent_line line);

/* Takes a bit of the program's waiting signal; when all are taken the last one is shared. */
unsigned program_take_bit(struct program *program);

#endif
