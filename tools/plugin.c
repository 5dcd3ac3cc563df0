/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A plugin for QEMU that records the instructions and data accesses of marked operations
 * (bench/paths/marks.h), on all virtual CPUs, as text for tools/trace.c:
 *
 *     begin ID                     and at the end      end ID
 *     x CPU ADDRESS OPCODE         an instruction is executed
 *     r CPU ADDRESS BYTES          it reads memory     w CPU ADDRESS BYTES   it writes
 *     masked COUNT ENTRY LAST      longest time with interrupts masked, in instructions: from entry
 *                                  of the kernel or a preemption point to the next one or the exit
 *
 * Arguments: out=FILE, base=ADDRESS and bytes=COUNT of the kernel's image.  Assumes emulation in
 * one thread (-icount): nothing here is locked.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- QEMU's plugin interface, version 1 (QEMU 7.2, "QEMU TCG Plugins"); no header is shipped */

typedef uint64_t qemu_plugin_id_t;
typedef uint32_t qemu_plugin_meminfo_t;
struct qemu_plugin_info;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };
enum qemu_plugin_mem_rw { QEMU_PLUGIN_MEM_R = 1, QEMU_PLUGIN_MEM_W, QEMU_PLUGIN_MEM_RW };

extern int qemu_plugin_version;
int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_plugin_info *info, int argc,
                        char **argv);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
                                           void (*call)(qemu_plugin_id_t, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
                                            void (*call)(unsigned, void *),
                                            enum qemu_plugin_cb_flags flags, void *data);
void qemu_plugin_register_vcpu_mem_cb(
    struct qemu_plugin_insn *insn, void (*call)(unsigned, qemu_plugin_meminfo_t, uint64_t, void *),
    enum qemu_plugin_cb_flags flags, enum qemu_plugin_mem_rw rw, void *data);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, void (*call)(qemu_plugin_id_t, void *),
                                    void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
unsigned qemu_plugin_mem_size_shift(qemu_plugin_meminfo_t info);
bool qemu_plugin_mem_is_store(qemu_plugin_meminfo_t info);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

/* ---- marks and instructions */

#define MARK_INSTRUCTION 0xd280001fu /* movz xzr, #value */
#define MARK_MASK        0xffe0001fu
#define WFI              0xd503207fu
#define MRS_ISR          0xd538c100u /* mrs xN, isr_el1: the kernel asks whether to stop here */
#define MRS_MASK         0xffffffe0u
enum { MARK_SHIFT = 5, MARK_BEGIN = 0x57, MARK_END = 0x58, CPUS = 64 };

struct instruction {
    uint64_t address;
    uint32_t opcode;
    bool kernel;
};

/* A processor's present stay in the kernel. */
struct stay {
    uint64_t count, entry;
};

static FILE *out;
static uint64_t kernel_base, kernel_bytes;
static unsigned active; /* operation that is recorded, or 0 */
static bool booted;     /* a mark was seen: what comes before is the boot */
static struct stay stays[CPUS];
static struct stay longest;
static uint64_t longest_last;

static void stay_count(struct stay *stay, const struct instruction *instruction)
{
    if (!instruction->kernel || instruction->opcode == WFI ||
        (instruction->opcode & MRS_MASK) == MRS_ISR) {
        stay->count = 0;
        return;
    }
    if (stay->count++ == 0) {
        stay->entry = instruction->address;
    }
    if (booted && stay->count > longest.count) {
        longest = *stay;
        longest_last = instruction->address;
    }
}

static void executed(unsigned cpu, void *data)
{
    const struct instruction *instruction = data;

    stay_count(&stays[cpu % CPUS], instruction);
    if (active != 0) {
        fprintf(out, "x %u %" PRIx64 " %" PRIx32 "\n", cpu, instruction->address,
                instruction->opcode);
    }
}

static void accessed(unsigned cpu, qemu_plugin_meminfo_t info, uint64_t address, void *data)
{
    (void)data;
    if (active != 0) {
        fprintf(out, "%c %u %" PRIx64 " %u\n", qemu_plugin_mem_is_store(info) ? 'w' : 'r', cpu,
                address, 1u << qemu_plugin_mem_size_shift(info));
    }
}

/* The begin itself and the end do not belong to the operation. */
static void mark_begin(unsigned cpu, void *data)
{
    const struct instruction *instruction = data;

    (void)cpu;
    booted = true;
    active = instruction->opcode >> MARK_SHIFT & 0xff;
    fprintf(out, "begin %u\n", active);
}

static void mark_end(unsigned cpu, void *data)
{
    const struct instruction *instruction = data;

    (void)cpu;
    if (active == (instruction->opcode >> MARK_SHIFT & 0xff)) {
        fprintf(out, "end %u\n", active);
        active = 0;
    }
}

/* ---- translation */

static void instrument(struct qemu_plugin_insn *insn)
{
    struct instruction *instruction = malloc(sizeof(*instruction)); /* as long as the code */

    if (instruction == NULL) {
        abort();
    }
    instruction->address = qemu_plugin_insn_vaddr(insn);
    memcpy(&instruction->opcode, qemu_plugin_insn_data(insn), sizeof(instruction->opcode));
    instruction->kernel = instruction->address - kernel_base < kernel_bytes;

    uint32_t mark = (instruction->opcode & MARK_MASK) == MARK_INSTRUCTION
                        ? instruction->opcode >> (MARK_SHIFT + 8) & 0xff
                        : 0;
    qemu_plugin_register_vcpu_insn_exec_cb(insn,
                                           mark == MARK_BEGIN ? mark_begin
                                           : mark == MARK_END ? mark_end
                                                              : executed,
                                           QEMU_PLUGIN_CB_NO_REGS, instruction);
    qemu_plugin_register_vcpu_mem_cb(insn, accessed, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW,
                                     NULL);
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
        instrument(qemu_plugin_tb_get_insn(tb, i));
    }
}

static void finish(qemu_plugin_id_t id, void *data)
{
    (void)id;
    (void)data;
    fprintf(out, "masked %" PRIu64 " %" PRIx64 " %" PRIx64 "\n", longest.count, longest.entry,
            longest_last);
    fclose(out);
}

__attribute__((visibility("default"))) int
qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_plugin_info *info, int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "out=", 4) == 0) {
            out = fopen(argv[i] + 4, "w");
        } else if (strncmp(argv[i], "base=", 5) == 0) {
            kernel_base = strtoull(argv[i] + 5, NULL, 0);
        } else if (strncmp(argv[i], "bytes=", 6) == 0) {
            kernel_bytes = strtoull(argv[i] + 6, NULL, 0);
        }
    }
    if (out == NULL || kernel_bytes == 0) {
        fprintf(stderr, "plugin: needs out=FILE,base=ADDRESS,bytes=COUNT\n");
        return -1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, finish, NULL);
    return 0;
}
