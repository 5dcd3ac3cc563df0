/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A plugin for QEMU that counts executed instructions up to each of four events, for
 * tools/figures.sh.  Idle time counts nothing.  Prints, when an event happens for the first time,
 *
 *     EVENT KERNEL PROGRAMS GUEST
 *
 * the instructions until then of Whit's kernel, of programs, and of all else, which is the guest.
 *
 *     kernel    the kernel's first instruction
 *     program   the first instruction of the first program
 *     guest     the first instruction of an arm64 Linux kernel
 *     init      the first instruction of bench/guest/init.S
 *
 * Arguments: out=FILE; kernel=FILE, Whit's Image, unless the guest runs alone.  Assumes one
 * processor, emulated in one thread (-icount): nothing here is locked.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* ---- QEMU's plugin interface, version 1 (QEMU 7.2, "QEMU TCG Plugins"); no header is shipped */

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_info;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };

extern int qemu_plugin_version;
int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_plugin_info *info, int argc,
                        char **argv);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
                                           void (*call)(qemu_plugin_id_t, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
                                            void (*call)(unsigned, void *),
                                            enum qemu_plugin_cb_flags flags, void *data);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn,
                                                enum qemu_plugin_op op, void *counter,
                                                uint64_t amount);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

/* ---- whose an instruction is */

#define KERNEL_BASE  0x40200000u /* where QEMU loads an Image; the kernel is identity mapped */
#define PROGRAMS_END 0x40000000u /* programs' code lies below, that of the guest above */
#define LINUX_FIRST  0xfa405a4du /* ccmp x18, #0, #13, pl: "MZ", the head of a Linux Image */
#define INIT_FIRST   0xd2892dffu /* movz xzr, #0x496f: bench/guest/init.S */
#define KERNEL_BYTES (1u << 20)

enum part { KERNEL, PROGRAMS, GUEST, PARTS };
enum event { EVENT_KERNEL, EVENT_PROGRAM, EVENT_GUEST, EVENT_INIT, EVENTS };

static const char *const event_names[EVENTS] = {"kernel", "program", "guest", "init"};
static FILE *out;
static uint32_t image[KERNEL_BYTES / 4];
static size_t image_words; /* 0: the guest runs alone */
static uint64_t counts[PARTS];
static bool happened[EVENTS];

/* A guest has addresses like the kernel's while its MMU is off, but other instructions there. */
static bool is_kernel(uint64_t address, uint32_t opcode)
{
    uint64_t word = (address - KERNEL_BASE) / 4;

    return word < image_words && image[word] == opcode;
}

static enum part part_of(uint64_t address, uint32_t opcode)
{
    if (is_kernel(address, opcode)) {
        return KERNEL;
    }
    return image_words != 0 && address < PROGRAMS_END ? PROGRAMS : GUEST;
}

static enum event event_of(enum part part, uint64_t address, uint32_t opcode)
{
    if (part == KERNEL) {
        return address == KERNEL_BASE ? EVENT_KERNEL : EVENTS;
    }
    if (part == PROGRAMS) {
        return EVENT_PROGRAM;
    }
    return opcode == LINUX_FIRST ? EVENT_GUEST : opcode == INIT_FIRST ? EVENT_INIT : EVENTS;
}

/* ---- */

static void note_event(unsigned cpu, void *data)
{
    enum event event = (enum event)(uintptr_t)data;

    (void)cpu;
    if (!happened[event]) {
        happened[event] = true;
        fprintf(out, "%s %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", event_names[event], counts[KERNEL],
                counts[PROGRAMS], counts[GUEST]);
        fflush(out);
    }
}

static void instrument(struct qemu_plugin_insn *insn)
{
    uint64_t address = qemu_plugin_insn_vaddr(insn);
    uint32_t opcode;

    memcpy(&opcode, qemu_plugin_insn_data(insn), sizeof(opcode));
    enum part part = part_of(address, opcode);
    enum event event = event_of(part, address, opcode);

    qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64, &counts[part], 1);
    if (event != EVENTS && !happened[event]) {
        qemu_plugin_register_vcpu_insn_exec_cb(insn, note_event, QEMU_PLUGIN_CB_NO_REGS,
                                               (void *)(uintptr_t)event);
    }
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
        instrument(qemu_plugin_tb_get_insn(tb, i));
    }
}

static void read_image(const char *path)
{
    FILE *in = fopen(path, "rb");

    if (in != NULL) {
        image_words = fread(image, sizeof(image[0]), KERNEL_BYTES / 4, in);
        fclose(in);
    }
}

__attribute__((visibility("default"))) int
qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_plugin_info *info, int argc, char **argv)
{
    bool complete = true;

    (void)info;
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "out=", 4) == 0) {
            out = fopen(argv[i] + 4, "w");
        } else if (strncmp(argv[i], "kernel=", 7) == 0) {
            read_image(argv[i] + 7);
            complete = image_words != 0;
        }
    }
    if (out == NULL || !complete) {
        fprintf(stderr, "count: needs out=FILE and can read kernel=FILE\n");
        return -1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}
