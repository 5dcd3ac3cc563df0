/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Explains what tools/plugin.c recorded.
 *
 *   trace [-l NAME] [-m] MARKS RECORD BASE KERNEL.dis PROGRAM.dis
 *
 * Prints one line for each operation: what the kernel part of its last occurrence consists of.
 * -l lists that of one operation instruction by instruction; with -m only the kernel's, without
 * addresses, as rows of the tables in docs/design/ipc.md: the lines of data that an instruction
 * touches are called A, B ... in their order.
 * Fails if a structural rule is broken (see `rules`).  MARKS is bench/paths/marks.h, the .dis files
 * are objdump's; the kernel was linked to 0 and ran at BASE.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES = 64, CPUS = 64, OPERATIONS = 256, TEXT = 200 };

/* The kernel keeps rights in the byte that its address translation ignores. */
#define ADDRESS_MASK UINT64_C(0x00ffffffffffffff)

static _Noreturn void fail(const char *what, const char *which)
{
    fprintf(stderr, "trace: %s %s\n", what, which);
    exit(2);
}

static void *resize(void *memory, size_t count, size_t bytes)
{
    void *more = realloc(memory, count * bytes);

    if (more == NULL) {
        fail("out of", "memory");
    }
    return more;
}

/* ---- disassembly: one line of text and one function for each address */

struct line {
    uint64_t address;
    const char *function;
    char *text;
};

static struct line *lines;
static size_t line_count;
static uint64_t base, kernel_end;

static char *copy(const char *text)
{
    char *memory = resize(NULL, strlen(text) + 1, 1);

    return strcpy(memory, text);
}

static void add_line(uint64_t address, const char *function, const char *text)
{
    if (line_count % 4096 == 0) {
        lines = resize(lines, line_count + 4096, sizeof(*lines));
    }
    lines[line_count++] = (struct line){address, function, copy(text)};
}

/* "  40: <tab>ldr<tab>x0, [x1]" below "0000000000000040 <name>:". */
static void read_disassembly(const char *path, uint64_t offset)
{
    FILE *file = fopen(path, "r");
    char text[1024], name[256];
    const char *function = "?";
    uint64_t address;
    int end = 0;

    if (file == NULL) {
        fail("cannot read", path);
    }
    while (fgets(text, sizeof(text), file) != NULL) {
        if (sscanf(text, "%" SCNx64 " <%255[^>]>:", &address, name) == 2) {
            function = copy(name);
        } else if (sscanf(text, " %" SCNx64 ":%n", &address, &end) == 1 && end > 0) {
            text[strcspn(text, "\n")] = 0;
            for (char *c = text; *c != 0; c++) {
                *c = *c == '\t' ? ' ' : *c;
            }
            add_line(address + offset, function, text + end + strspn(text + end, " "));
        }
        end = 0;
    }
    fclose(file);
}

static int compare_lines(const void *a, const void *b)
{
    uint64_t left = ((const struct line *)a)->address, right = ((const struct line *)b)->address;

    return left < right ? -1 : left > right;
}

static const struct line *find_line(uint64_t address)
{
    static const struct line nothing = {0, "?", NULL};
    const struct line key = {address, NULL, NULL};
    const struct line *found = bsearch(&key, lines, line_count, sizeof(*lines), compare_lines);

    return found == NULL ? &nothing : found;
}

/* ---- kinds of instructions (Arm ARM C4.1) */

enum kind {
    KIND_LOAD,
    KIND_STORE,
    KIND_REGISTER,
    KIND_BARRIER,
    KIND_ATOMIC,
    KIND_MAINTENANCE,
    KIND_BRANCH,
    KIND_OTHER,
    KINDS
};
static const char *const kind_names[KINDS] = {"loads",    "stores",  "system registers",
                                              "barriers", "atomics", "TLB and cache",
                                              "branches", "other"};

static enum kind kind_of_system(uint32_t opcode)
{
    unsigned op0 = opcode >> 19 & 3, crn = opcode >> 12 & 15;

    if (op0 == 0 && crn == 3) {
        return KIND_BARRIER;
    }
    if (op0 == 1) {
        return crn == 7 || crn == 8 ? KIND_MAINTENANCE : KIND_OTHER;
    }
    return op0 == 0 && crn == 2 ? KIND_OTHER : KIND_REGISTER; /* hints */
}

static bool is_atomic(uint32_t opcode)
{
    if ((opcode & 0x3f000000) == 0x08000000) {
        bool ordered = opcode >> 23 & 1, swaps = opcode >> 21 & 1;
        return !ordered || swaps; /* exclusives and compare-and-swap; not load-acquire */
    }
    return (opcode & 0x3b200c00) == 0x38200000 && (opcode >> 12 & 15) != 12; /* not LDAPR */
}

static enum kind kind_of(uint32_t opcode)
{
    if ((opcode & 0xffc00000) == 0xd5000000) {
        return kind_of_system(opcode);
    }
    if ((opcode & 0x1c000000) == 0x14000000) {
        return KIND_BRANCH;
    }
    if ((opcode & 0x0a000000) != 0x08000000) {
        return KIND_OTHER;
    }
    if (is_atomic(opcode)) {
        return KIND_ATOMIC;
    }
    if (opcode >> 26 & 1 && (opcode & 0x3a000000) == 0x38000000) {
        return opcode >> 22 & 3 ? KIND_LOAD : KIND_STORE;
    }
    if ((opcode & 0x3a000000) == 0x38000000) {
        return opcode >> 22 & 3 ? KIND_LOAD : KIND_STORE;
    }
    if ((opcode & 0x3b000000) == 0x18000000) {
        return KIND_LOAD; /* literal */
    }
    return opcode >> 22 & 1 ? KIND_LOAD : KIND_STORE;
}

/* msr of HCR_EL2 or CPTR_EL2. */
static bool writes_trap_control(uint32_t opcode)
{
    return (opcode & 0xffffffe0) == 0xd51c1100 || (opcode & 0xffffffe0) == 0xd51c1140;
}

/* ---- the record */

struct access {
    uint64_t address;
    bool write;
};

struct step {
    uint64_t address;
    uint32_t opcode;
    unsigned cpu;
    struct access access[4]; /* the first ones: for the listing */
    unsigned accesses;
};

struct touch {
    uint64_t line;
    uint64_t readers, writers; /* CPUs, of those in the kernel */
};

struct operation {
    char name[64];
    struct step *steps;
    size_t count;
    struct touch *touched;
    size_t touches;
    unsigned times;
    uint64_t kernel[CPUS]; /* instructions of the last occurrence */
    bool varies;
};

static struct operation operations[OPERATIONS];

static bool in_kernel(uint64_t address)
{
    return address >= base && address < kernel_end;
}

static void read_marks(const char *path)
{
    FILE *file = fopen(path, "r");
    char text[TEXT], name[64];
    unsigned id;

    if (file == NULL) {
        fail("cannot read", path);
    }
    while (fgets(text, sizeof(text), file) != NULL) {
        if (sscanf(text, "#define MARK_%*s %u /* %63s */", &id, name) == 2 && id < OPERATIONS) {
            strcpy(operations[id].name, name);
        }
    }
    fclose(file);
}

static void touch(struct operation *operation, uint64_t address, unsigned cpu, bool write)
{
    uint64_t line = (address & ADDRESS_MASK) / LINE_BYTES, bit = UINT64_C(1) << cpu % CPUS;
    size_t i = 0;

    while (i < operation->touches && operation->touched[i].line != line) {
        i++;
    }
    if (i == operation->touches) {
        operation->touched =
            resize(operation->touched, ++operation->touches, sizeof(*operation->touched));
        operation->touched[i] = (struct touch){.line = line};
    }
    operation->touched[i].readers |= write ? 0 : bit;
    operation->touched[i].writers |= write ? bit : 0;
}

static void add_step(struct operation *operation, unsigned cpu, uint64_t address, uint32_t opcode)
{
    if (operation->count % 1024 == 0) {
        operation->steps =
            resize(operation->steps, operation->count + 1024, sizeof(*operation->steps));
    }
    operation->steps[operation->count++] =
        (struct step){.address = address, .opcode = opcode, .cpu = cpu};
}

static void add_access(struct operation *operation, unsigned cpu, uint64_t address, bool write)
{
    size_t i = operation->count;

    while (i > 0 && operation->steps[i - 1].cpu != cpu) {
        i--;
    }
    if (i == 0 || !in_kernel(operation->steps[i - 1].address)) {
        return;
    }
    struct step *step = &operation->steps[i - 1];
    if (step->accesses < sizeof(step->access) / sizeof(step->access[0])) {
        step->access[step->accesses++] = (struct access){address & ADDRESS_MASK, write};
    }
    touch(operation, address, cpu, write);
}

static void begin(struct operation *operation)
{
    operation->count = 0;
    operation->touches = 0;
}

static void end(struct operation *operation)
{
    uint64_t kernel[CPUS] = {0};

    for (size_t i = 0; i < operation->count; i++) {
        if (in_kernel(operation->steps[i].address)) {
            kernel[operation->steps[i].cpu % CPUS]++;
        }
    }
    if (operation->times++ > 0 && memcmp(kernel, operation->kernel, sizeof(kernel)) != 0) {
        operation->varies = true;
    }
    memcpy(operation->kernel, kernel, sizeof(kernel));
}

static void read_record(const char *path)
{
    FILE *file = fopen(path, "r");
    struct operation *operation = NULL;
    char text[TEXT];
    unsigned cpu, id;
    uint64_t address, count, last;
    uint32_t opcode;

    if (file == NULL) {
        fail("cannot read", path);
    }
    while (fgets(text, sizeof(text), file) != NULL) {
        if (sscanf(text, "begin %u", &id) == 1) {
            operation = &operations[id % OPERATIONS];
            begin(operation);
        } else if (sscanf(text, "end %u", &id) == 1) {
            end(&operations[id % OPERATIONS]);
        } else if (sscanf(text, "masked %" SCNu64 " %" SCNx64 " %" SCNx64, &count, &address,
                          &last) == 3) {
            printf("masked\t%" PRIu64 "\tto %s\n", count, find_line(last)->function);
        } else if (operation == NULL) {
            fail("the record begins in the middle:", text);
        } else if (sscanf(text, "x %u %" SCNx64 " %" SCNx32, &cpu, &address, &opcode) == 3) {
            add_step(operation, cpu, address, opcode);
        } else if (sscanf(text, "r %u %" SCNx64, &cpu, &address) == 2) {
            add_access(operation, cpu, address, false);
        } else if (sscanf(text, "w %u %" SCNx64, &cpu, &address) == 2) {
            add_access(operation, cpu, address, true);
        }
    }
    fclose(file);
}

/* ---- figures */

struct figures {
    unsigned kernel, user, kinds[KINDS], control, data_lines, code_lines;
};

static unsigned count_code_lines(const struct operation *operation, unsigned cpu)
{
    unsigned count = 0;

    for (size_t i = 0; i < operation->count; i++) {
        const struct step *step = &operation->steps[i];
        bool is_new = in_kernel(step->address) && step->cpu == cpu;

        for (size_t j = 0; is_new && j < i; j++) {
            is_new = operation->steps[j].cpu != cpu ||
                     operation->steps[j].address / LINE_BYTES != step->address / LINE_BYTES;
        }
        count += is_new;
    }
    return count;
}

static struct figures figures_of(const struct operation *operation, unsigned cpu)
{
    struct figures figures = {0};
    const uint64_t bit = UINT64_C(1) << cpu;

    for (size_t i = 0; i < operation->count; i++) {
        const struct step *step = &operation->steps[i];

        if (step->cpu != cpu) {
            continue;
        }
        if (!in_kernel(step->address)) {
            figures.user++;
            continue;
        }
        figures.kernel++;
        figures.kinds[kind_of(step->opcode)]++;
        figures.control += writes_trap_control(step->opcode);
    }
    for (size_t i = 0; i < operation->touches; i++) {
        figures.data_lines +=
            ((operation->touched[i].readers | operation->touched[i].writers) & bit) != 0;
    }
    figures.code_lines = count_code_lines(operation, cpu);
    return figures;
}

static void print_head(void)
{
    printf("operation\tcore\tkernel\tuser");
    for (unsigned i = 0; i < KINDS; i++) {
        printf("\t%s", kind_names[i]);
    }
    printf("\tdata lines\tcode lines\n");
}

static void print_figures(const struct operation *operation)
{
    for (unsigned cpu = 0; cpu < CPUS; cpu++) {
        struct figures figures = figures_of(operation, cpu);

        if (figures.kernel + figures.user == 0) {
            continue;
        }
        printf("%s\t%u\t%u\t%u", operation->name, cpu, figures.kernel, figures.user);
        for (unsigned i = 0; i < KINDS; i++) {
            printf("\t%u", figures.kinds[i]);
        }
        printf("\t%u\t%u%s\n", figures.data_lines, figures.code_lines,
               operation->varies ? "\tvaries" : "");
    }
}

/* ---- rules: what the common paths must not do, whatever it costs in instructions */

static const struct rule {
    const char *name;
    unsigned data_lines; /* at most */
} rules[] = {
    {"ipc.null", 12},
    {"ipc.roundtrip", 12},
    {"notify.noswitch", 12},
    {"yield.switch", 64}, /* two switches */
};

static unsigned forbid(const char *name, const char *what, unsigned count)
{
    if (count == 0) {
        return 0;
    }
    printf("broken\t%s\t%s\t%u\n", name, what, count);
    return 1;
}

static unsigned check_rule(const struct rule *rule, const struct operation *operation)
{
    struct figures figures = figures_of(operation, operation->steps[0].cpu);
    unsigned broken = 0;

    broken += forbid(rule->name, "barriers", figures.kinds[KIND_BARRIER]);
    broken += forbid(rule->name, "atomics", figures.kinds[KIND_ATOMIC]);
    broken += forbid(rule->name, "TLB and cache maintenance", figures.kinds[KIND_MAINTENANCE]);
    broken += forbid(rule->name, "writes of HCR_EL2 or CPTR_EL2", figures.control);
    if (figures.data_lines > rule->data_lines) {
        broken += forbid(rule->name, "data lines", figures.data_lines);
    }
    return broken;
}

/*
 * From the first core's beginning to the end on another, which begins when the first one sends it
 * an interrupt (ICC_SGI1R_EL1); what that one still does then is not on the way.
 */
static void print_latency(const struct operation *operation)
{
    unsigned first = operation->steps[0].cpu, there = 0, here = 0;
    bool sent = false;

    for (size_t i = 0; i < operation->count; i++) {
        const struct step *step = &operation->steps[i];

        there += step->cpu != first;
        here += step->cpu == first && !sent;
        sent = sent || (step->opcode & 0xffffffe0) == 0xd518cba0;
    }
    if (sent) {
        printf("latency\t%s\t%u\n", operation->name, here + there);
    }
}

/* The function that first writes the line. */
static const char *find_writer(const struct operation *operation, uint64_t line)
{
    for (size_t i = 0; i < operation->count; i++) {
        const struct step *step = &operation->steps[i];

        for (unsigned j = 0; j < step->accesses; j++) {
            if (step->access[j].write && step->access[j].address / LINE_BYTES == line) {
                return find_line(step->address)->function;
            }
        }
    }
    return "?";
}

/* Lines that two cores write while each does its own work. */
static unsigned check_sharing(const struct operation *operation)
{
    unsigned broken = 0;

    for (size_t i = 0; i < operation->touches; i++) {
        uint64_t writers = operation->touched[i].writers;

        if ((writers & (writers - 1)) != 0) {
            printf("broken\t%s\tline written by two cores, first by\t%s\n", operation->name,
                   find_writer(operation, operation->touched[i].line));
            broken++;
        }
    }
    return broken;
}

static unsigned check_rules(void)
{
    unsigned broken = 0;

    for (unsigned i = 0; i < OPERATIONS; i++) {
        const struct operation *operation = &operations[i];

        for (size_t j = 0; operation->count > 0 && j < sizeof(rules) / sizeof(rules[0]); j++) {
            if (strcmp(rules[j].name, operation->name) == 0) {
                broken += check_rule(&rules[j], operation);
            }
        }
        if (operation->count > 0 && (strcmp(operation->name, "sharing") == 0 ||
                                     strcmp(operation->name, "ipc.pairs") == 0)) {
            broken += check_sharing(operation);
        }
    }
    return broken;
}

/* ---- listings */

static const char *text_of(const struct step *step)
{
    const struct line *line = find_line(step->address);

    return line->text == NULL ? "(not in the images)" : line->text;
}

/* "b.eq c824 <reply>  // b.none" is "b.eq reply": nothing that another link would change. */
static void print_text(const char *text)
{
    const char *comment = strstr(text, " //"), *symbol = strchr(text, '<');
    int length = (int)(comment == NULL ? strlen(text) : (size_t)(comment - text));

    if (symbol != NULL && symbol - text < length) {
        int target = (int)(symbol - text) - 1;

        while (target > 0 && text[target - 1] != ' ') {
            target--;
        }
        printf("%.*s%.*s", target, text, (int)strcspn(symbol, ">") - 1, symbol + 1);
        return;
    }
    while (length > 0 && text[length - 1] == ' ') {
        length--;
    }
    printf("%.*s", length, text);
}

static void print_row(const struct operation *operation, const struct step *step, unsigned number)
{
    uint64_t last = 0;

    printf("| %u | `", number);
    print_text(text_of(step));
    printf("` | ");
    for (unsigned i = 0; i < step->accesses; i++) {
        uint64_t line = step->access[i].address / LINE_BYTES;
        unsigned name = 0;

        while (name < operation->touches && operation->touched[name].line != line) {
            name++;
        }
        if (line != last) {
            printf("%c ", 'A' + (char)name % 26);
        }
        last = line;
    }
    printf("|\n");
}

static void print_rows(const struct operation *operation)
{
    struct figures figures = figures_of(operation, operation->steps[0].cpu);
    unsigned number = 0;

    for (size_t i = 0; i < operation->count; i++) {
        if (in_kernel(operation->steps[i].address)) {
            print_row(operation, &operation->steps[i], ++number);
        }
    }
    printf("| %u |", figures.kernel);
    for (unsigned i = 0; i < KINDS; i++) {
        printf(" %u |", figures.kinds[i]);
    }
    printf(" %u |\n", figures.data_lines);
}

static void print_step(const struct step *step, unsigned number)
{
    const char *text = text_of(step);

    printf("%4u %u %10" PRIx64 "  %-44s", number, step->cpu, step->address, text);
    if (kind_of(step->opcode) != KIND_OTHER) {
        printf(" %s", kind_names[kind_of(step->opcode)]);
    }
    for (unsigned i = 0; i < step->accesses; i++) {
        printf(" %c%" PRIx64, step->access[i].write ? 'w' : 'r', step->access[i].address);
    }
    printf("\n");
}

/* How many instructions each function of the kernel executed, in the order of their first one. */
static void print_functions(const struct operation *operation)
{
    enum { FUNCTIONS = 256 };
    static struct {
        const char *name;
        unsigned count, kinds[KINDS];
    } functions[FUNCTIONS];
    unsigned used = 0;

    for (size_t i = 0; i < operation->count; i++) {
        const struct step *step = &operation->steps[i];
        const char *name = find_line(step->address)->function;
        unsigned at = 0;

        if (!in_kernel(step->address)) {
            continue;
        }
        while (at < used && strcmp(functions[at].name, name) != 0) {
            at++;
        }
        if (at == used && used < FUNCTIONS) {
            functions[used++].name = name;
        }
        if (at < used) {
            functions[at].count++;
            functions[at].kinds[kind_of(step->opcode)]++;
        }
    }
    printf("%-28s total", "function");
    for (unsigned i = 0; i < KINDS; i++) {
        printf("  %s", kind_names[i]);
    }
    printf("\n");
    for (unsigned at = 0; at < used; at++) {
        printf("%-28s %5u", functions[at].name, functions[at].count);
        for (unsigned i = 0; i < KINDS; i++) {
            printf("  %*u", (int)strlen(kind_names[i]), functions[at].kinds[i]);
        }
        printf("\n");
    }
}

static void print_listing(const struct operation *operation)
{
    const char *function = "";
    unsigned kernel = 0, user = 0;

    for (size_t i = 0; i < operation->count; i++) {
        const struct step *step = &operation->steps[i];
        bool is_kernel = in_kernel(step->address);
        const char *now = find_line(step->address)->function;

        if (strcmp(now, function) != 0) {
            printf("%s %s:\n", is_kernel ? "kernel" : "program", now);
            function = now;
        }
        print_step(step, is_kernel ? ++kernel : ++user);
    }
    print_functions(operation);
    printf("%u instructions of the kernel, %u of programs\n", kernel, user);
}

static int list(const char *name, bool table)
{
    for (unsigned i = 0; i < OPERATIONS; i++) {
        if (operations[i].count > 0 && strcmp(operations[i].name, name) == 0) {
            table ? print_rows(&operations[i]) : print_listing(&operations[i]);
            return 0;
        }
    }
    fprintf(stderr, "trace: \"%s\" was not recorded. These were:", name);
    for (unsigned i = 0; i < OPERATIONS; i++) {
        if (operations[i].count > 0) {
            fprintf(stderr, " %s", operations[i].name);
        }
    }
    fprintf(stderr, "\n");
    return 2;
}

int main(int argc, char **argv)
{
    const char *name = NULL;
    bool table = false;
    int at = 1;

    for (; at < argc && argv[at][0] == '-'; at++) {
        if (strcmp(argv[at], "-m") == 0) {
            table = true;
        } else if (strcmp(argv[at], "-l") == 0 && at + 1 < argc) {
            name = argv[++at];
        }
    }
    if (argc - at != 5) {
        fail("usage: trace [-l NAME] [-m]", "MARKS RECORD BASE KERNEL.dis PROGRAM.dis");
    }
    base = strtoull(argv[at + 2], NULL, 0);
    read_disassembly(argv[at + 3], base);
    kernel_end = line_count == 0 ? base : lines[line_count - 1].address + 4;
    read_disassembly(argv[at + 4], 0);
    qsort(lines, line_count, sizeof(*lines), compare_lines);
    read_marks(argv[at]);
    if (name == NULL) {
        print_head();
    }
    read_record(argv[at + 1]);
    if (name != NULL) {
        return list(name, table);
    }
    for (unsigned i = 0; i < OPERATIONS; i++) {
        if (operations[i].count > 0) {
            print_figures(&operations[i]);
            print_latency(&operations[i]);
        }
    }
    return check_rules() == 0 ? 0 : 1;
}
