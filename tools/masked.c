/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A plugin for QEMU that finds the longest stretches of the kernel with interrupts masked, in
 * instructions: from a vector or a preemption point to the next preemption point or the eret.  The
 * kernel never unmasks them, so outside of these it always is a stretch.  One line for each phase
 * (an instruction without effect announces it, see tests/system/irqoff/irqoff.c), the longest:
 *
 *     PHASE COUNT ENTRY FUNCTION COUNT FUNCTION COUNT ...
 *
 * Arguments: out=FILE; image=FILE, the kernel's Image; symbols=FILE, what `nm -n` says of it.
 * The boot, up to the first instruction of a program, is left out.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- QEMU's plugin interface, version 1 (QEMU 7.2, "QEMU TCG Plugins"); no header is shipped */

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_info;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };

extern int qemu_plugin_version;
int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_plugin_info *info, int argc,
                        char **argv);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
                                           void (*call)(qemu_plugin_id_t, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
                                            void (*call)(unsigned, void *),
                                            enum qemu_plugin_cb_flags flags, void *data);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, void (*call)(qemu_plugin_id_t, void *),
                                    void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

/* ---- the kernel's image and its functions */

#define KERNEL_BASE  0x40200000u /* where QEMU loads an Image; the kernel is identity mapped */
#define KERNEL_BYTES (1u << 20)
#define PROGRAMS_END 0x40000000u /* QEMU's own first instructions are above */

enum { FUNCTIONS = 2048, NAME = 48, CPUS = 8, PHASES = 256 };

static uint32_t image[KERNEL_BYTES / 4];
static size_t image_words;
static struct function {
    uint64_t address;
    char name[NAME];
} functions[FUNCTIONS];
static unsigned function_count;

/* A guest has addresses like the kernel's while its MMU is off, but other instructions there. */
static bool is_kernel(uint64_t address, uint32_t opcode)
{
    const uint64_t word = (address - KERNEL_BASE) / 4;

    return word < image_words && image[word] == opcode;
}

static unsigned function_at(uint64_t address)
{
    unsigned at = 0;

    while (at + 1 < function_count && functions[at + 1].address <= address - KERNEL_BASE) {
        at++;
    }
    return at;
}

/* ---- stretches */

#define PHASE_INSTRUCTION 0xd28b401fu /* movz xzr, #(0x5a00 + phase) */
#define PHASE_MASK        0xffffe01fu
#define PHASE_SHIFT       5
#define MRS_ISR           0xd538c100u /* mrs xN, isr_el1: the kernel asks whether to stop here */
#define MRS_MASK          0xffffffe0u
#define WFI               0xd503207fu
#define ERET              0xd69f03e0u

enum what { OUTSIDE, POINT, INSIDE };

/* Instructions that are executed one after the other. */
struct segment {
    uint64_t address, count;
    unsigned function, phase;
    enum what what; /* its first instruction is */
    bool program;
    bool leaves; /* its last instruction is an eret: what is pending is taken there */
};

/* A processor's present stretch; `in` counts by function, where `seen` is the stretch's number. */
struct stretch {
    uint64_t number, count, entry;
    uint64_t in[FUNCTIONS], seen[FUNCTIONS];
};

static FILE *out;
static struct stretch stretches[CPUS];
static struct {
    uint64_t count, entry, in[FUNCTIONS];
} longest[PHASES];
static unsigned phase;
static bool booted;
static bool lock; /* processors may run at the same time */

/* Two processors that are both about to record a longest stretch. */
static void record(const struct stretch *stretch)
{
    while (__atomic_test_and_set(&lock, __ATOMIC_ACQUIRE)) {
    }
    if (stretch->count > longest[phase].count) {
        longest[phase].count = stretch->count;
        longest[phase].entry = stretch->entry;
        for (unsigned i = 0; i < function_count; i++) {
            longest[phase].in[i] = stretch->seen[i] == stretch->number ? stretch->in[i] : 0;
        }
    }
    __atomic_clear(&lock, __ATOMIC_RELEASE);
}

static void stretch_end(struct stretch *stretch)
{
    if (booted && stretch->count > longest[phase].count) {
        record(stretch);
    }
    stretch->count = 0;
    stretch->number++;
}

static void executed(unsigned cpu, void *data)
{
    const struct segment *segment = data;
    struct stretch *stretch = &stretches[cpu % CPUS];

    if (segment->what != INSIDE) {
        stretch_end(stretch);
    }
    if (segment->what == OUTSIDE) {
        booted = booted || segment->program;
        if (segment->phase != 0) {
            phase = segment->phase;
        }
        return;
    }
    if (stretch->count == 0) {
        stretch->entry = segment->address;
    }
    stretch->count += segment->count;
    if (stretch->seen[segment->function] != stretch->number) {
        stretch->seen[segment->function] = stretch->number;
        stretch->in[segment->function] = 0;
    }
    stretch->in[segment->function] += segment->count;
    if (segment->leaves) {
        stretch_end(stretch);
    }
}

/* ---- translation */

static struct segment *segment_new(uint64_t address, uint32_t opcode)
{
    struct segment *segment = calloc(1, sizeof(*segment)); /* as long as the code */

    if (segment == NULL) {
        abort();
    }
    segment->address = address;
    if (!is_kernel(address, opcode)) {
        segment->what = OUTSIDE;
        segment->program = address < PROGRAMS_END;
        if ((opcode & PHASE_MASK) == PHASE_INSTRUCTION) {
            segment->phase = opcode >> PHASE_SHIFT & 0xff;
        }
        return segment;
    }
    segment->what = opcode == WFI || (opcode & MRS_MASK) == MRS_ISR ? POINT : INSIDE;
    segment->function = function_at(address);
    return segment;
}

static bool is_first(uint32_t opcode)
{
    return opcode == WFI || (opcode & MRS_MASK) == MRS_ISR ||
           (opcode & PHASE_MASK) == PHASE_INSTRUCTION;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    struct segment *segment = NULL;

    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        uint32_t opcode;

        memcpy(&opcode, qemu_plugin_insn_data(insn), sizeof(opcode));
        if (segment == NULL || is_first(opcode)) {
            segment = segment_new(qemu_plugin_insn_vaddr(insn), opcode);
            qemu_plugin_register_vcpu_insn_exec_cb(insn, executed, QEMU_PLUGIN_CB_NO_REGS, segment);
        }
        segment->count++;
        segment->leaves = opcode == ERET;
    }
}

/* ---- */

static void print_phase(unsigned which)
{
    fprintf(out, "%u %" PRIu64 " %s", which, longest[which].count,
            functions[function_at(longest[which].entry)].name);
    for (;;) {
        unsigned most = 0;
        for (unsigned i = 0; i < function_count; i++) {
            most = longest[which].in[i] > longest[which].in[most] ? i : most;
        }
        if (longest[which].in[most] == 0) {
            break;
        }
        fprintf(out, " %s %" PRIu64, functions[most].name, longest[which].in[most]);
        longest[which].in[most] = 0;
    }
    fprintf(out, "\n");
}

static void finish(qemu_plugin_id_t id, void *data)
{
    (void)id;
    (void)data;
    for (unsigned i = 0; i < PHASES; i++) {
        if (longest[i].count != 0) {
            print_phase(i);
        }
    }
    fprintf(out, "ended in phase %u\n", phase);
    fclose(out);
}

static void read_image(const char *path)
{
    FILE *in = fopen(path, "rb");

    if (in != NULL) {
        image_words = fread(image, sizeof(image[0]), KERNEL_BYTES / 4, in);
        fclose(in);
    }
}

static void read_symbols(const char *path)
{
    FILE *in = fopen(path, "r");
    struct function *next = functions;
    char kind;

    while (in != NULL && function_count < FUNCTIONS &&
           fscanf(in, "%" SCNx64 " %c %47s", &next->address, &kind, next->name) == 3) {
        if (kind == 't' || kind == 'T') {
            function_count++;
            next++;
        }
    }
    if (in != NULL) {
        fclose(in);
    }
}

__attribute__((visibility("default"))) int
qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_plugin_info *info, int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "out=", 4) == 0) {
            out = fopen(argv[i] + 4, "w");
        } else if (strncmp(argv[i], "image=", 6) == 0) {
            read_image(argv[i] + 6);
        } else if (strncmp(argv[i], "symbols=", 8) == 0) {
            read_symbols(argv[i] + 8);
        }
    }
    if (out == NULL || image_words == 0 || function_count == 0) {
        fprintf(stderr, "masked: needs out=FILE, and can read image=FILE and symbols=FILE\n");
        return -1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, finish, NULL);
    return 0;
}
