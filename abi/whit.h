/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Whit ABI: calls, operations, structures and errors, said once for kernel, library, programs
 * and tests.  docs/abi.md is the manual.  Usable from C17 and from assembly.
 */
#ifndef WHIT_ABI_H
#define WHIT_ABI_H

#define WHIT_ABI_VERSION 1

/*
 * Calls: a program says `svc #n`, a guest `hvc #n`.  x10 says on what, and returns the status
 * (enum whit_error); x0-x9 are message, x0-x6 arguments and results.  Dead afterwards: after CALL
 * and REPLY every register that is no message, floating point included; after the other calls
 * x7-x9, x11-x17 and the flags.
 */
#define WHIT_CALL   1 /* x10: portal and WHIT_PASS flags; x0-x9: message, then the answer */
#define WHIT_REPLY  2 /* x10: 0 or WHIT_PASS flags; x0-x9: answer; returns never */
#define WHIT_NOTIFY 3 /* x10: signal; x0: bits to set */
#define WHIT_WAIT   4 /* x10: signal; x0: deadline in ticks or 0; returns the bits in x0 */
#define WHIT_YIELD  5 /* to the next ready budget of the same priority */
#define WHIT_OP     6 /* x10: enum whit_op; x0-x6: arguments, x0-x3: results */

/* A selector names a slot of the caller's capability table: 0 .. WHIT_SLOTS-1.  Where a space is
 * asked for, selector 0 means the caller's own.  Slot 0 is never filled. */
#define WHIT_SLOTS 16384
#define WHIT_SELF  0

/* One capability with a message: added to x10 of CALL or REPLY.  The receiver finds it in the slot
 * that it named by WHIT_OP_RECEIVE, and WHIT_PASSED set in x10 (so badges are below 2^63). */
#define WHIT_PASS(selector)                                                                        \
    (((selector) << 16) | 0x40000000) /* delegate: the receiver gets a child */
#define WHIT_MOVE(selector) (((selector) << 16) | 0xc0000000) /* move: the sender loses it */
#define WHIT_PASSED         0x8000000000000000

/* Bit that a time-out given to WHIT_WAIT sets. */
#define WHIT_TIMEOUT 0x8000000000000000

#define WHIT_PAGE 4096 /* bytes: the unit of mappings and pools */
#define WHIT_UNIT 64   /* bytes: the unit of memory ranges */

/* Exact size in bytes of the memory that WHIT_OP_MAKE turns into an object of each kind. */
#define WHIT_SIZE_SPACE  8192 /* page aligned */
#define WHIT_SIZE_THREAD 4096
#define WHIT_SIZE_PORTAL 128
#define WHIT_SIZE_SIGNAL 320
#define WHIT_SIZE_BUDGET 512

#define WHIT_ADDRESS_BITS 39 /* of a space: virtual addresses of programs, IPAs of machines */

/* PSTATE of a virtual CPU after WHIT_OP_START: EL1h, all interrupts masked. */
#define WHIT_PSTATE_START 0x3c5

/* Of struct whit_image: its first word, and the virtual address of its first byte. */
#define WHIT_IMAGE_MAGIC 0x0a74696857 /* "Whit\n" */
#define WHIT_IMAGE_BASE  0x400000

#ifndef __ASSEMBLER__
#include <stdint.h>

enum whit_error {
    WHIT_OK = 0,
    WHIT_E_OPERATION,  /* no such call or operation */
    WHIT_E_CAPABILITY, /* no such capability: empty slot, wrong kind or selector out of range (in
                          x10 of CALL that is an ARGUMENT) */
    WHIT_E_RIGHTS,     /* the capability lacks a right, would gain one, or is being revoked */
    WHIT_E_ARGUMENT,   /* an argument is out of its range */
    WHIT_E_ALIGNMENT,  /* address, offset or size not aligned as the operation needs */
    WHIT_E_OCCUPIED,   /* the slot or the address range to fill is in use, or the receiver named no
                          slot for a capability */
    WHIT_E_BUSY,       /* the object is mapped, has descendants, or is in use */
    WHIT_E_FUNDS,      /* the space's pool is empty */
    WHIT_E_ORIGINAL,   /* not on an original capability, or only on one */
    WHIT_E_STATE,      /* the thread or object is in no state for this */
    WHIT_E_CORE,       /* the object belongs to another core */
    WHIT_E_DEAD,       /* the handler vanished before it answered, or has no thread */
    WHIT_E_DEADLOCK,   /* the call would close a cycle of callers */
    WHIT_E_DEPTH,      /* more than 16 nested calls, 80 derivations, or 24 donated ranges */
    WHIT_E_SIZE,       /* memory has not the exact size of the object, or a range does not fit */
    WHIT_E_TIMEOUT,    /* the caller's budget was used up before the answer (WHIT_BUDGET_TIMEOUT) */
    WHIT_E_PINNED,     /* a device may reach memory below it: WHIT_MAP_PIN */
    WHIT_E_COUNT
};

enum whit_kind {
    WHIT_NONE = 0,
    WHIT_MEMORY,
    WHIT_SPACE,
    WHIT_SIGNAL, /* signal and portal are runs of one bits: immediates of the fast paths */
    WHIT_PORTAL,
    WHIT_THREAD,
    WHIT_BUDGET,
    WHIT_IRQ,
    WHIT_CORE,
    WHIT_KINDS
};

/* Rights, by kind.  Eight bits; a derived capability has the same or fewer. */
enum {
    WHIT_R_READ = 0x01,   /* memory: may be mapped for reading; budget: may be read */
    WHIT_R_WRITE = 0x02,  /* memory: ... for writing */
    WHIT_R_EXEC = 0x04,   /* memory: ... for executing */
    WHIT_R_MAKE = 0x08,   /* memory: may become an object or a pool page; only GIVE passes it on */
    WHIT_R_PIN = 0x10,    /* memory: may be pinned for a device (WHIT_MAP_PIN); not with GIVE */
    WHIT_R_CALL = 0x01,   /* portal: may be called */
    WHIT_R_NOTIFY = 0x01, /* signal: may be notified */
    WHIT_R_CONTROL =
        0x10,             /* space, thread, signal, budget, irq, core: may be configured and used */
    WHIT_R_POWER = 0x02,  /* core: may switch the machine off */
    WHIT_R_DERIVE = 0x20, /* all kinds: may be derived and passed on */
    WHIT_R_ALL = 0xff
};

/* Operations of WHIT_OP.  "space, slot" is where a new capability goes. */
enum whit_op {
    WHIT_OP_NULL = 0, /* does nothing */
    /* capabilities */
    WHIT_OP_DERIVE,   /* source, space, slot, rights, offset, bytes (0: to the end): a child; irq:
                         in lines; core: offset is a priority ceiling, 0 none of its own */
    WHIT_OP_GIVE,     /* memory, space, slot: exclusive child that keeps the make right */
    WHIT_OP_TRANSFER, /* source, space, slot: the capability itself changes its slot */
    WHIT_OP_REVOKE,   /* capability: all descendants and their mappings vanish */
    WHIT_OP_DELETE,   /* capability: it and all descendants vanish; not an original */
    /* memory */
    WHIT_OP_SPLIT,   /* memory, slot, bytes: keeps the first bytes, the rest goes to slot */
    WHIT_OP_JOIN,    /* memory, upper: undoes a split */
    WHIT_OP_MAP,     /* memory, space, address, access (enum whit_access) */
    WHIT_OP_UNMAP,   /* memory, 0 (progress): its mapping, or its pin */
    WHIT_OP_DONATE,  /* memory, space: page range into the space's pool */
    WHIT_OP_MAKE,    /* memory, kind, a, b, c, d, e: becomes an object; see below */
    WHIT_OP_DESTROY, /* original capability of an object, 0 (progress): becomes memory again */
    /* threads */
    WHIT_OP_BIND,    /* thread, role (enum whit_role), capability */
    WHIT_OP_START,   /* thread, pc, sp, tls, x0 */
    WHIT_OP_STOP,    /* thread: when it returns, the thread does not run */
    WHIT_OP_RESUME,  /* thread: continues a stopped thread from its state */
    WHIT_OP_SYNC,    /* thread (stopped or in a call), 0: registers to state page, 1: from it */
    WHIT_OP_RECEIVE, /* slot: where passed capabilities go from now on; 0: nowhere */
    /* signals and interrupts */
    WHIT_OP_TARGET,   /* signal, enum whit_target, thread or portal, virtual interrupt, budget */
    WHIT_OP_CLEAR,    /* signal, bits: take bits back; returns those that were set */
    WHIT_OP_TIMER,    /* signal, deadline in ticks (0: none), bits: sets bits at the deadline */
    WHIT_OP_IRQ_BIND, /* irq line, signal, bits, flags: the line sets bits; enables it */
    WHIT_OP_IRQ_ACK,  /* irq line: handled; may interrupt again */
    /* time and cores */
    WHIT_OP_BUDGET_READ, /* budget: ticks used, exhaustions, remaining, priority, lent, late */
    WHIT_OP_POWER,       /* core, enum whit_power: the whole machine */
    WHIT_OP_LOG,         /* character: debug kernels print it while they own the UART */
    WHIT_OP_PRIORITY,    /* budget: it drives the caller from now on; 0: the same as before.  The
                            activations of the calling virtual CPU end */
    WHIT_OP_COUNT
};

/*
 * WHIT_OP_MAKE arguments (memory, kind, ...):
 *   SPACE:  type (enum whit_space_type)
 *   THREAD: space selector (0: the caller's own), type (enum whit_thread_type)
 *   PORTAL: thread selector, entry address, badge (below 2^63)
 *   SIGNAL: core selector (its home)
 *   BUDGET: core selector, priority (0-255, 255 the most urgent) and flags (enum
 *           whit_budget_flag), budget ticks, period ticks, and as fifth the ticks that one
 *           activation by a signal may use (0: no limit of its own)
 *           (budget 0: no limit, and period, if not 0, is how long it runs before the next ready
 *           one of its priority has its turn)
 */
enum whit_space_type { WHIT_PROGRAM = 0, WHIT_MACHINE = 1 };
enum whit_thread_type { WHIT_NATIVE = 0, WHIT_VCPU = 1 };
enum whit_budget_flag {
    WHIT_BUDGET_TIMEOUT = 0x10000, /* used up while its thread waits for an answer: it fails */
    WHIT_BUDGET_METER = 0x20000    /* time in other threads is counted apart; calls are slower */
};

/* What WHIT_OP_MAP installs: at most the rights that the capability has. */
enum whit_access {
    WHIT_MAP_READ = 1,
    WHIT_MAP_WRITE = 2,
    WHIT_MAP_EXEC = 4,
    WHIT_MAP_UNCACHED = 8, /* normal, non-cacheable (RAM only; device memory is always device) */
    WHIT_MAP_ALL = 15,
    WHIT_MAP_PIN = 16 /* alone, instead: not mapped, but pinned for a device until UNMAP */
};

/* What a thread holds by WHIT_OP_BIND; a null capability (selector 0) unbinds. */
enum whit_role {
    WHIT_ROLE_BUDGET, /* budget that drives it; its core becomes the thread's */
    WHIT_ROLE_FAULT,  /* portal that the kernel calls for its faults and exits */
    WHIT_ROLE_STATE,  /* memory (page, read and write): its state page */
    WHIT_ROLES
};

enum whit_target {
    WHIT_TARGET_NONE,
    WHIT_TARGET_WAITER, /* thread: may WAIT */
    WHIT_TARGET_ENTRY,  /* portal: entered when its handler is idle, needs a budget */
    WHIT_TARGET_VIRQ /* thread (virtual CPU): bits make the virtual interrupt pending; an edge takes
                        them when the guest is shown it, a level stays until CLEAR.  With a budget
                        it runs on that until it is idle or the activation's length is used up */
};

/* Virtual interrupt of WHIT_TARGET_VIRQ: number, priority and flags in one word. */
#define WHIT_VIRQ(number, priority, flags) ((number) | ((priority) << 16) | ((flags) << 24))
enum {
    WHIT_VIRQ_ENABLED = 1, /* else it stays pending and is not shown to the guest */
    WHIT_VIRQ_LEVEL = 2,   /* stays pending after end-of-interrupt until CLEAR */
    WHIT_VIRQ_TIMER = 4    /* the guest's virtual timer raises it; needs no NOTIFY */
};

enum { WHIT_IRQ_EDGE = 1 }; /* flags of IRQ_BIND; 0: level */

enum whit_power { WHIT_POWER_OFF = 0, WHIT_POWER_RESET = 1 };

/*
 * A call that the kernel makes for a thread (fault, foreign call, exit) carries: x0 = ESR (class in
 * bits 31:26), x1 = faulting virtual address (of aborts), x2 = faulting IPA (of aborts, else 0),
 * x3 = pc, x4 = sp, x5 = x30, x10 = badge of the portal.  The pc is behind the instruction for svc
 * and hvc, else at it.  All registers are in the state page, if there is one.  The answer's x0:
 */
enum whit_verdict {
    WHIT_CONTINUE = 0, /* resume from the state page (or, without one, where it was) */
    WHIT_STAY = 1      /* (or any other value) leave it stopped; RESUME or START continues it */
};

/* Registers as the kernel saves and loads them: the head of the state page. */
struct whit_registers {
    uint64_t x[31];
    uint64_t sp; /* SP_EL0 */
    uint64_t pc;
    uint64_t pstate;        /* sanitised: EL0t; for a virtual CPU also EL1t, EL1h, AArch32 User */
    uint64_t tls;           /* TPIDR_EL0 */
    uint64_t esr, far, ipa; /* of the last fault or exit; ipa is valid for stage-2 aborts */
    uint64_t reserved[2];
};

/* The state page: a virtual CPU, or a thread with a fault handler, keeps its registers here while
 * it does not run.  The kernel saves into it and loads from it, reading each field once. */
struct whit_state {
    struct whit_registers r;
    /* From here on only after WHIT_OP_SYNC. */
    uint64_t fp[64]; /* V0-V31 */
    uint64_t fpcr, fpsr;
    uint64_t el1[32]; /* enum whit_el1 */
};

enum whit_el1 {
    WHIT_SCTLR_EL1,
    WHIT_TTBR0_EL1,
    WHIT_TTBR1_EL1,
    WHIT_TCR_EL1,
    WHIT_MAIR_EL1,
    WHIT_AMAIR_EL1,
    WHIT_VBAR_EL1,
    WHIT_ELR_EL1,
    WHIT_SPSR_EL1,
    WHIT_SP_EL1,
    WHIT_ESR_EL1,
    WHIT_FAR_EL1,
    WHIT_AFSR0_EL1,
    WHIT_AFSR1_EL1,
    WHIT_CONTEXTIDR_EL1,
    WHIT_TPIDR_EL1,
    WHIT_CPACR_EL1,
    WHIT_CNTKCTL_EL1,
    WHIT_PAR_EL1,
    WHIT_MDSCR_EL1,
    WHIT_CSSELR_EL1,
    WHIT_CNTV_CTL_EL0,
    WHIT_CNTV_CVAL_EL0,
    WHIT_CNTVOFF_EL2,
    WHIT_VMPIDR_EL2,
    WHIT_VPIDR_EL2,
    WHIT_TPIDRRO_EL0,
    WHIT_EL1_COUNT
};

/*
 * A program image, flat: the header is at its first byte, at virtual address WHIT_IMAGE_BASE.
 * Text (with this header), read-only data and data follow each other, each padded to a page; then
 * bss_bytes of zeros.  The loader adds a stack and hands over a parameter block (below).
 */
struct whit_image {
    uint64_t magic;
    uint32_t abi; /* WHIT_ABI_VERSION that it was built with */
    uint32_t stack_bytes;
    uint64_t entry;                                           /* virtual address */
    uint64_t text_bytes, rodata_bytes, data_bytes, bss_bytes; /* multiples of WHIT_PAGE */
};

/* What root receives: x0 is the address of this structure, mapped read-only. */
enum whit_boot_kind {
    WHIT_BOOT_RAM = 1, /* free memory, all rights */
    WHIT_BOOT_DEVICE,  /* addresses without RAM: read and write, never make */
    WHIT_BOOT_DTB,     /* the board's device tree (read), already mapped at address */
    WHIT_BOOT_INITRD,  /* the boot archive (all rights), already mapped at address */
    WHIT_BOOT_ROOT,    /* root's own image, stack and tables: held, not free */
    WHIT_BOOT_PANIC    /* a page with struct whit_panic (read), already mapped at address */
};

/*
 * What the kernel wrote before it reset the machine because it found itself inconsistent.  It is in
 * memory that a warm reset keeps.  Offsets are from the start of the kernel's image.
 */
#define WHIT_PANIC_MAGIC UINT64_C(0x63696e6170202121)
enum { WHIT_PANIC_FRAMES = 24 };
struct whit_panic {
    uint64_t magic;    /* WHIT_PANIC_MAGIC; else nothing was written */
    uint64_t checksum; /* WHIT_PANIC_MAGIC and the words from `core` on, added */
    uint64_t boots;    /* since then: 1 in the first boot that finds it */
    uint64_t core;
    uint64_t thread;                   /* address of the thread that ran, bit 0 to be ignored */
    uint64_t pc;                       /* offset */
    uint64_t sp, esr, far;             /* esr and far 0: no exception */
    uint64_t x[31];                    /* of an exception */
    uint64_t frames;                   /* in use */
    uint64_t frame[WHIT_PANIC_FRAMES]; /* offsets of return addresses, the innermost first */
    char what[120];                    /* a sentence, or the condition that did not hold */
};
struct whit_boot_range {
    uint64_t base, bytes;
    uint32_t kind, selector;
    uint64_t address; /* where it is mapped in root, or 0 */
};
struct whit_boot {
    uint64_t magic; /* WHIT_IMAGE_MAGIC */
    uint32_t abi;
    uint32_t cores;      /* that run */
    uint32_t first_core; /* selector; consecutive */
    uint32_t irq;        /* selector of the range of all interrupt lines; offset n: INTID n */
    uint32_t irq_lines;
    uint32_t first_free;              /* selectors from here on are empty */
    uint32_t self_thread, self_space; /* selectors: root's own thread and space */
    uint32_t self_budget;
    uint32_t ranges;
    uint64_t frequency;               /* ticks per second */
    uint64_t entry_ticks;             /* physical counter at the kernel's first instruction */
    uint64_t dtb_bytes, initrd_bytes; /* exact */
    struct whit_boot_range range[64];
};
#endif /* __ASSEMBLER__ */
#endif
