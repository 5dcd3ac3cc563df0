/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads the system description.  What a node may hold is in tables; what it must mean together is
 * checked after them.  The tree was checked as a whole first, so libfdt's own errors mean "absent".
 */
#include "description.h"

#include "whit/parameters.h"
#include <libfdt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct reader {
    const void *tree;
    const struct surroundings *surroundings;
    struct reporter *reporter;
    struct heap *heap;
    struct description *out;
};

/* One node while it is read. */
struct node {
    int offset;
    const char *name, *path;
    const char *consequence; /* of a mistake in it: the last sentence of the report */
};

/* ---- rules: what properties a node has, and where their values go */

enum rule_kind {
    RULE_NUMBER, /* uint64_t */
    RULE_TEXT,   /* const char * */
    RULE_CELLS,  /* numbers, read by who knows how many; `field` is not used */
    RULE_NAMES   /* read by who knows what they name; `field` is not used */
};

struct rule {
    const char *name;
    enum rule_kind kind;
    bool required;
    uint64_t min, max, multiple; /* multiple 0: any */
    size_t field;
};

#define PROGRAM_FIELD(member) offsetof(struct program, member)
#define BYTES_MAX             (UINT64_C(1) << 38)
#define COUNT(table)          (sizeof(table) / sizeof((table)[0]))

static const struct rule program_rules[] = {
    {"image", RULE_TEXT, false, 0, 0, 0, PROGRAM_FIELD(image)},
    {"priority", RULE_NUMBER, true, 0, PRIORITY_MAX, 0, PROGRAM_FIELD(priority)},
    {"budget-us", RULE_NUMBER, false, 1, UINT32_MAX, 0, PROGRAM_FIELD(budget_us)},
    {"period-us", RULE_NUMBER, false, 1, UINT32_MAX, 0, PROGRAM_FIELD(period_us)},
    {"core", RULE_NUMBER, false, 0, UINT32_MAX, 0, PROGRAM_FIELD(core)},
    {"memory", RULE_NUMBER, false, 0, BYTES_MAX, WHIT_PAGE, PROGRAM_FIELD(memory)},
    {"stack", RULE_NUMBER, false, WHIT_PAGE, BYTES_MAX, WHIT_PAGE, PROGRAM_FIELD(stack)},
    {"restart", RULE_NUMBER, false, 0, UINT32_MAX, 0, PROGRAM_FIELD(restarts)},
};

static const struct rule vm_rules[] = {
    {"image", RULE_TEXT, false, 0, 0, 0, PROGRAM_FIELD(image)},
    {"priority", RULE_NUMBER, true, 0, PRIORITY_MAX, 0, PROGRAM_FIELD(priority)},
    {"budget-us", RULE_NUMBER, false, 1, UINT32_MAX, 0, PROGRAM_FIELD(budget_us)},
    {"period-us", RULE_NUMBER, false, 1, UINT32_MAX, 0, PROGRAM_FIELD(period_us)},
    {"core", RULE_NUMBER, false, 0, UINT32_MAX, 0, PROGRAM_FIELD(core)},
    {"cpus", RULE_NUMBER, false, 1, CPUS_MAX, 0, PROGRAM_FIELD(cpus)},
    {"cores", RULE_CELLS, false, 0, 0, 0, 0},
    {"restart", RULE_NUMBER, false, 0, UINT32_MAX, 0, PROGRAM_FIELD(restarts)},
    {"kernel", RULE_TEXT, true, 0, 0, 0, PROGRAM_FIELD(kernel)},
    {"initrd", RULE_TEXT, false, 0, 0, 0, PROGRAM_FIELD(initrd)},
    {"memory-mib", RULE_NUMBER, true, 2, BYTES_MAX >> 20, 2, PROGRAM_FIELD(guest_mib)},
    {"objects", RULE_NUMBER, false, WHIT_PAGE, BYTES_MAX, WHIT_PAGE, PROGRAM_FIELD(objects)},
};

#define URGENT_FIELD(member) offsetof(struct urgent, member)

static const struct rule urgent_rules[] = {
    {"priority", RULE_NUMBER, true, 0, PRIORITY_MAX, 0, URGENT_FIELD(priority)},
    {"budget-us", RULE_NUMBER, true, 1, UINT32_MAX, 0, URGENT_FIELD(budget_us)},
    {"period-us", RULE_NUMBER, true, 1, UINT32_MAX, 0, URGENT_FIELD(period_us)},
    {"length-us", RULE_NUMBER, true, 1, UINT32_MAX, 0, URGENT_FIELD(length_us)},
};

static const struct rule realtime_rules[] = {
    {"priority", RULE_NUMBER, true, 0, PRIORITY_MAX, 0, URGENT_FIELD(priority)},
    {"budget-us", RULE_NUMBER, true, 1, UINT32_MAX, 0, URGENT_FIELD(budget_us)},
    {"period-us", RULE_NUMBER, true, 1, UINT32_MAX, 0, URGENT_FIELD(period_us)},
};

static const struct rule signal_rules[] = {
    {"from", RULE_NAMES, true, 0, 0, 0, 0},
    {"to", RULE_NAMES, true, 0, 0, 0, 0},
    {"bit", RULE_NUMBER, false, 0, ROOT_BITS - 1, 0, 0},
    {"stops", RULE_NAMES, false, 0, 0, 0, 0},
};

static const struct rule portal_rules[] = {
    {"server", RULE_NAMES, true, 0, 0, 0, 0},
    {"clients", RULE_NAMES, true, 0, 0, 0, 0},
};

static const struct rule shared_rules[] = {
    {"bytes", RULE_NUMBER, true, WHIT_PAGE, BYTES_MAX, WHIT_PAGE, 0},
    {"write", RULE_NAMES, false, 0, 0, 0, 0},
    {"read", RULE_NAMES, false, 0, 0, 0, 0},
};

static const struct rule duplex_rules[] = {
    {"bytes", RULE_NUMBER, false, WHIT_PAGE, BYTES_MAX, WHIT_PAGE, 0},
    {"between", RULE_NAMES, true, 0, 0, 0, 0},
    {"names", RULE_NAMES, false, 0, 0, 0, 0},
};

static const struct rule root_rules[] = {
    {"compatible", RULE_NAMES, true, 0, 0, 0, 0},
    {"console", RULE_NAMES, false, 0, 0, 0, 0},
    {"power-off-when", RULE_NAMES, false, 0, 0, 0, 0},
};

/* Defaults. */
enum { DUPLEX_BYTES = 4 * WHIT_PAGE, VM_OBJECTS_BYTES = 1 << 20 };

/* ---- reports */

__attribute__((format(printf, 3, 4))) static void
mistake(struct reader *reader, const struct node *node, const char *format, ...)
{
    char what[256];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    report(reader->reporter, "system.dtb: %s: %s. %s", node->path, what, node->consequence);
}

static void number_mistake(struct reader *reader, const struct node *node, const struct rule *rule,
                           uint64_t value)
{
    unsigned long long is = value, min = rule->min, max = rule->max, multiple = rule->multiple;
    if (multiple)
        mistake(reader, node, "%s is %llu; expected a multiple of %llu from %llu to %llu",
                rule->name, is, multiple, min, max);
    else if (max == UINT32_MAX)
        mistake(reader, node, "%s is %llu; expected a number from %llu on", rule->name, is, min);
    else
        mistake(reader, node, "%s is %llu; expected %llu to %llu", rule->name, is, min, max);
}

/* ---- properties */

/* False if the property is not one or two cells. */
static bool cells_read(const void *data, int bytes, uint64_t *value)
{
    if (bytes == (int)sizeof(fdt32_t))
        *value = fdt32_ld(data);
    else if (bytes == (int)sizeof(fdt64_t))
        *value = fdt64_ld(data);
    else
        return false;
    return true;
}

static bool is_text(const void *data, int bytes)
{
    return bytes > 1 && memchr(data, 0, (size_t)bytes) == (const char *)data + bytes - 1;
}

/* Reads one property by its rule into `out`.  False after a report. */
static bool property_read(struct reader *reader, const struct node *node, const struct rule *rule,
                          void *out)
{
    int bytes;
    const void *data = fdt_getprop(reader->tree, node->offset, rule->name, &bytes);
    if (!data) {
        if (rule->required)
            mistake(reader, node, "there is no %s, which is required", rule->name);
        return !rule->required;
    }

    uint64_t value;
    switch (rule->kind) {
    case RULE_NUMBER:
        if (!cells_read(data, bytes, &value)) {
            mistake(reader, node, "%s has %d bytes; expected one number, as in <1>", rule->name,
                    bytes);
            return false;
        }
        if (value < rule->min || value > rule->max ||
            (rule->multiple && value % rule->multiple != 0)) {
            number_mistake(reader, node, rule, value);
            return false;
        }
        memcpy((char *)out + rule->field, &value, sizeof value);
        return true;
    case RULE_TEXT:
        if (!is_text(data, bytes)) {
            mistake(reader, node, "%s is not one string; expected one, as in \"name\"", rule->name);
            return false;
        }
        memcpy((char *)out + rule->field, &data, sizeof data);
        return true;
    case RULE_CELLS:
        if (bytes == 0 || bytes % (int)sizeof(fdt32_t) != 0) {
            mistake(reader, node, "%s has %d bytes; expected numbers, as in <0 1>", rule->name,
                    bytes);
            return false;
        }
        return true;
    case RULE_NAMES:
        if (fdt_stringlist_count(reader->tree, node->offset, rule->name) < 1) {
            mistake(reader, node, "%s holds no names; expected some, as in \"a\", \"b\"",
                    rule->name);
            return false;
        }
        return true;
    }
    return false;
}

static bool has_rule(const struct rule *rules, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(rules[i].name, name) == 0)
            return true;
    return false;
}

/* Reads all properties of a node.  False after a report of each mistake. */
static bool properties_read(struct reader *reader, const struct node *node,
                            const struct rule *rules, size_t count, void *out)
{
    bool good = true;
    int property;
    fdt_for_each_property_offset(property, reader->tree, node->offset)
    {
        const char *name;
        fdt_getprop_by_offset(reader->tree, property, &name, NULL);
        if (!has_rule(rules, count, name)) {
            mistake(reader, node, "property %s is unknown; see docs/systems.md", name);
            good = false;
        }
    }
    for (size_t i = 0; i < count; i++)
        good = property_read(reader, node, &rules[i], out) && good;
    return good;
}

/* ---- nodes */

/* Describes the node at `offset` below the one whose path is `parent`. */
static struct node node_at(struct reader *reader, int offset, const char *parent,
                           const char *consequence)
{
    struct node node = {.offset = offset, .consequence = consequence};
    node.name = fdt_get_name(reader->tree, offset, NULL);
    node.path = heap_text(reader->heap, "%s/%s", parent, node.name);
    return node;
}

static bool name_is_good(struct reader *reader, const struct node *node)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    size_t length = strlen(node->name);
    if (length > NAME_LENGTH_MAX) {
        mistake(reader, node, "the name has %zu characters; expected at most %d", length,
                NAME_LENGTH_MAX);
        return false;
    }
    if (strspn(node->name, letters) != length) {
        mistake(reader, node, "the name has other characters than letters, digits, '-' and '_'");
        return false;
    }
    return true;
}

/* For loops over the nodes of a section that may be absent (negative): negative at the end. */
static int first_below(const struct reader *reader, int parent)
{
    return parent < 0 ? parent : fdt_first_subnode(reader->tree, parent);
}

static uint32_t nodes_below(const struct reader *reader, int parent)
{
    uint32_t count = 0;
    for (int child = first_below(reader, parent); child >= 0;
         child = fdt_next_subnode(reader->tree, child))
        count++;
    return count;
}

/* A node that may have no children. */
static bool is_leaf(struct reader *reader, const struct node *node)
{
    int child = fdt_first_subnode(reader->tree, node->offset);
    if (child < 0)
        return true;
    mistake(reader, node, "node %s below it is unknown; see docs/systems.md",
            fdt_get_name(reader->tree, child, NULL));
    return false;
}

/* ---- programs */

static int program_find(const struct description *description, const char *name)
{
    for (uint32_t i = 0; i < description->programs; i++)
        if (strcmp(description->program[i].name, name) == 0)
            return (int)i;
    return PROGRAM_NONE;
}

/* The devices of a program: each property names one. */
static bool devices_read(struct reader *reader, const struct node *parent, int offset,
                         struct program *program)
{
    struct node node = node_at(reader, offset, parent->path, parent->consequence);
    uint32_t count = 0;
    bool good = is_leaf(reader, &node);
    int property;
    fdt_for_each_property_offset(property, reader->tree, offset) count++;
    program->device = heap_take(reader->heap, count, sizeof *program->device);
    fdt_for_each_property_offset(property, reader->tree, offset)
    {
        struct device_request *device = &program->device[program->devices];
        int bytes;
        device->which = fdt_getprop_by_offset(reader->tree, property, &device->name, &bytes);
        if (!is_text(device->which, bytes)) {
            mistake(reader, &node,
                    "%s is not one string; expected a path, an alias or a compatible string",
                    device->name);
            good = false;
        } else if (strlen(device->name) > NAME_LENGTH_MAX) {
            mistake(reader, &node, "the name %s has more than %d characters", device->name,
                    NAME_LENGTH_MAX);
            good = false;
        } else {
            program->devices++;
        }
    }
    return good;
}

/* Writes one property as "key=value" to `out`, at most `room` bytes; returns what it takes. */
static size_t argument_write(char *out, size_t room, const char *key, const char *data, int bytes)
{
    size_t length = (size_t)snprintf(out, room, "%s=", key);
    size_t count = (size_t)bytes;
    bool text = bytes > 0 && data[count - 1] == '\0' && data[0] != '\0';
    for (size_t i = 0; i < count; i += text ? strlen(data + i) + 1 : sizeof(fdt32_t)) {
        char *at = out ? out + length : NULL;
        size_t left = room > length ? room - length : 0;
        const char *space = i > 0 ? " " : "";
        if (text)
            length += (size_t)snprintf(at, left, "%s%s", space, data + i);
        else if (count - i >= sizeof(fdt32_t))
            length += (size_t)snprintf(at, left, "%s%lu", space,
                                       (unsigned long)fdt32_ld((const fdt32_t *)(data + i)));
    }
    return length + 1;
}

/* The arguments of a program: each property becomes a string "key=value". */
static bool arguments_read(struct reader *reader, const struct node *parent, int offset,
                           struct program *program)
{
    struct node node = node_at(reader, offset, parent->path, parent->consequence);
    size_t total = 0;
    int property;
    const char *key;
    int bytes;
    fdt_for_each_property_offset(property, reader->tree, offset)
    {
        const char *data = fdt_getprop_by_offset(reader->tree, property, &key, &bytes);
        total += argument_write(NULL, 0, key, data, bytes);
    }
    if (total > WHIT_ARGUMENT_BYTES) {
        mistake(reader, &node, "the arguments take %zu bytes; expected at most %d", total,
                WHIT_ARGUMENT_BYTES);
        return false;
    }
    char *text = heap_take(reader->heap, total, 1);
    program->arguments = text;
    program->argument_bytes = (uint32_t)total;
    fdt_for_each_property_offset(property, reader->tree, offset)
    {
        const char *data = fdt_getprop_by_offset(reader->tree, property, &key, &bytes);
        size_t room = total - (size_t)(text - program->arguments);
        text += argument_write(text, room, key, data, bytes);
    }
    return is_leaf(reader, &node);
}

const char *urgent_name(enum urgent_line line)
{
    static const char *const names[URGENTS] = {
        [URGENT_TIMER] = "timer", [URGENT_CONSOLE] = "console", [URGENT_REALTIME] = "realtime"};

    return names[line];
}

static bool urgent_read(struct reader *reader, const struct node *parent, int offset,
                        struct program *program)
{
    struct node node = node_at(reader, offset, parent->path, parent->consequence);
    struct urgent urgent = {0};
    enum urgent_line line = 0;

    while (line < URGENT_LINES && strcmp(node.name, urgent_name(line)) != 0)
        line++;
    if (line == URGENT_LINES) {
        mistake(reader, &node, "there is no such interrupt; expected timer or console");
        return false;
    }
    if (!is_leaf(reader, &node) ||
        !properties_read(reader, &node, urgent_rules, COUNT(urgent_rules), &urgent))
        return false;
    if (urgent.budget_us > urgent.period_us || urgent.length_us > urgent.budget_us) {
        mistake(reader, &node, "expected length-us, budget-us and period-us in rising order");
        return false;
    }
    program->urgent[line] = urgent;
    return true;
}

/* A VM's interrupts with budgets: each node is one. */
static bool urgents_read(struct reader *reader, const struct node *parent, int offset,
                         struct program *program)
{
    struct node node = node_at(reader, offset, parent->path, parent->consequence);
    bool good = properties_read(reader, &node, NULL, 0, NULL);
    int child;
    fdt_for_each_subnode(child, reader->tree, offset)
    {
        good = urgent_read(reader, &node, child, program) && good;
    }
    return good;
}

/* The budget by which a guest drives its virtual CPUs when it chooses to. */
static bool realtime_read(struct reader *reader, const struct node *parent, int offset,
                          struct program *program)
{
    struct node node = node_at(reader, offset, parent->path, parent->consequence);
    struct urgent realtime = {0};

    if (!is_leaf(reader, &node) ||
        !properties_read(reader, &node, realtime_rules, COUNT(realtime_rules), &realtime))
        return false;
    if (realtime.budget_us > realtime.period_us) {
        mistake(reader, &node, "budget-us is more than period-us");
        return false;
    }
    program->urgent[URGENT_REALTIME] = realtime;
    return true;
}

static bool program_children_read(struct reader *reader, const struct node *node,
                                  struct program *program)
{
    bool good = true;
    int child;
    fdt_for_each_subnode(child, reader->tree, node->offset)
    {
        const char *name = fdt_get_name(reader->tree, child, NULL);
        if (strcmp(name, "arguments") == 0) {
            good = arguments_read(reader, node, child, program) && good;
        } else if (strcmp(name, "urgent") == 0 && program->is_vm) {
            good = urgents_read(reader, node, child, program) && good;
        } else if (strcmp(name, "realtime") == 0 && program->is_vm) {
            good = realtime_read(reader, node, child, program) && good;
        } else if (strcmp(name, "devices") == 0 && !program->is_vm) {
            good = devices_read(reader, node, child, program) && good;
        } else {
            mistake(reader, node, "node %s below it is unknown; see docs/systems.md", name);
            good = false;
        }
    }
    return good;
}

static bool file_is_there(struct reader *reader, const struct node *node, const char *property,
                          const char *file)
{
    if (!file || reader->surroundings->has_file(reader->surroundings->archive, file))
        return true;
    mistake(reader, node, "%s is \"%s\", which is not in the boot archive", property, file);
    return false;
}

/* The core of each virtual CPU, from the list `cores` in turn; they and `core` are the machine's
 * cores.
 */
static void cores_read(const struct reader *reader, const struct node *node,
                       struct program *program)
{
    int bytes = 0;
    const fdt32_t *cells = fdt_getprop(reader->tree, node->offset, "cores", &bytes);
    const bool listed = cells && bytes > 0 && bytes % (int)sizeof *cells == 0;
    const uint64_t count = listed ? (uint64_t)bytes / sizeof *cells : 0;

    if (program->core == CORE_DEFAULT)
        program->core = count ? fdt32_ld(cells) : 0;
    program->machine_core[0] = program->core;
    program->cores = 1;
    for (uint64_t cpu = 0; cpu < program->cpus; cpu++) {
        const uint64_t core = count ? fdt32_ld(&cells[cpu % count]) : program->core;
        uint32_t i = 0;
        while (i < program->cores && program->machine_core[i] != core)
            i++;
        if (i == program->cores)
            program->machine_core[program->cores++] = core;
        program->cpu_core[cpu] = i;
    }
}

static bool core_is_there(struct reader *reader, const struct node *node, const char *property,
                          uint64_t core)
{
    if (core < reader->surroundings->cores)
        return true;
    mistake(reader, node, "%s is %llu; expected 0 to %u, for the machine has %u", property,
            (unsigned long long)core, (unsigned)reader->surroundings->cores - 1,
            (unsigned)reader->surroundings->cores);
    return false;
}

/* What the properties must mean together. */
static bool program_is_good(struct reader *reader, const struct node *node,
                            const struct program *program)
{
    bool good = name_is_good(reader, node);
    if ((program->budget_us == 0) != (program->period_us == 0)) {
        mistake(reader, node, "%s is there without %s; expected both or none",
                program->budget_us ? "budget-us" : "period-us",
                program->budget_us ? "period-us" : "budget-us");
        good = false;
    } else if (program->budget_us > program->period_us) {
        mistake(reader, node, "budget-us is %llu; expected at most period-us, which is %llu",
                (unsigned long long)program->budget_us, (unsigned long long)program->period_us);
        good = false;
    }
    for (uint32_t i = 0; i < program->cores; i++)
        good = core_is_there(reader, node, i ? "one of cores" : "core", program->machine_core[i]) &&
               good;
    good = file_is_there(reader, node, "image", program->image) && good;
    good = file_is_there(reader, node, "kernel", program->kernel) && good;
    return file_is_there(reader, node, "initrd", program->initrd) && good;
}

static void program_read(struct reader *reader, const struct node *node, bool is_vm)
{
    struct description *out = reader->out;
    struct program program = {.name = node->name,
                              .path = node->path,
                              .image = is_vm ? "vmm" : node->name,
                              .is_vm = is_vm,
                              .core = is_vm ? CORE_DEFAULT : 0,
                              .cpus = is_vm,
                              .objects = VM_OBJECTS_BYTES};
    bool good = is_vm
                    ? properties_read(reader, node, vm_rules, COUNT(vm_rules), &program)
                    : properties_read(reader, node, program_rules, COUNT(program_rules), &program);
    good = program_children_read(reader, node, &program) && good;
    cores_read(reader, node, &program);
    good = program_is_good(reader, node, &program) && good;

    int other = program_find(out, node->name);
    if (other != PROGRAM_NONE) {
        mistake(reader, node, "the name is taken by %s; expected another",
                other == PROGRAM_ROOT ? "root itself" : out->program[other].path);
        return;
    }
    program.left_out = !good;
    out->program[out->programs++] = program;
}

static void programs_read(struct reader *reader, int parent, const char *path, bool are_vms)
{
    for (int child = first_below(reader, parent); child >= 0;
         child = fdt_next_subnode(reader->tree, child)) {
        struct node node = node_at(reader, child, path,
                                   are_vms ? "The VM is left out." : "The program is left out.");
        program_read(reader, &node, are_vms);
    }
}

/* ---- names of programs in other nodes */

/* Name `index` of a property: a program that takes part in the system, or else PROGRAM_NONE and a
 * report. */
static int member_find(struct reader *reader, const struct node *node, const char *property,
                       int index)
{
    /* What a program can do to root is to notify it. */
    bool root_may = strcmp(property, "to") == 0;
    const char *name = fdt_stringlist_get(reader->tree, node->offset, property, index, NULL);
    int program = program_find(reader->out, name);
    if (program == PROGRAM_NONE)
        mistake(reader, node, "%s names \"%s\"; expected a program or VM of this description",
                property, name);
    else if (program == PROGRAM_ROOT && !root_may)
        mistake(reader, node, "%s names \"root\"; expected a program or VM of this description",
                property);
    else if (reader->out->program[program].left_out)
        mistake(reader, node, "%s names \"%s\", which is left out", property, name);
    else
        return program;
    return PROGRAM_NONE;
}

/* The only name of a property. */
static int member_only(struct reader *reader, const struct node *node, const char *property)
{
    int count = fdt_stringlist_count(reader->tree, node->offset, property);
    if (count == 1)
        return member_find(reader, node, property, 0);
    mistake(reader, node, "%s holds %d names; expected one", property, count);
    return PROGRAM_NONE;
}

/*
 * Appends the programs that a property names to `members`; returns their new number.  A wrong name
 * costs that end only.
 */
static uint32_t members_read(struct reader *reader, const struct node *node, const char *property,
                             bool writes, struct member *members, uint32_t count)
{
    struct node end = *node;
    end.consequence = "This end is left out.";
    int names = fdt_stringlist_count(reader->tree, node->offset, property);
    for (int i = 0; i < names; i++) {
        int program = member_find(reader, &end, property, i);
        bool again = false;
        for (uint32_t j = 0; j < count; j++)
            again = again || members[j].program == program;
        if (program == PROGRAM_NONE)
            continue;
        if (again)
            mistake(reader, &end, "%s names \"%s\", which has a part in it already", property,
                    reader->out->program[program].name);
        else
            members[count++] = (struct member){.program = program, .writes = writes};
    }
    return count;
}

/* Room for all names of two properties (the second may be NULL). */
static struct member *members_take(struct reader *reader, const struct node *node,
                                   const char *first, const char *second)
{
    int names = fdt_stringlist_count(reader->tree, node->offset, first);
    int more = second ? fdt_stringlist_count(reader->tree, node->offset, second) : 0;
    size_t count = (size_t)(names > 0 ? names : 0) + (size_t)(more > 0 ? more : 0);
    return heap_take(reader->heap, count, sizeof(struct member));
}

/* ---- channels */

unsigned program_take_bit(struct program *program)
{
    unsigned bit = 0;
    while (bit < ROOT_BITS - 1 && (program->bits_taken & (UINT32_C(1) << bit)))
        bit++;
    program->bits_taken |= UINT32_C(1) << bit;
    return bit;
}

/* What root does when it is told: it ends one program, or, by "quit", the system. */
static bool stops_read(struct reader *reader, const struct node *node,
                       struct signal_channel *signal)
{
    const bool stops = fdt_getprop(reader->tree, node->offset, "stops", NULL) != NULL;

    signal->stops = PROGRAM_NONE;
    if (signal->to != PROGRAM_ROOT && stops) {
        mistake(reader, node, "stops is there, but to is not \"root\"");
        return false;
    }
    if (stops)
        signal->stops = member_only(reader, node, "stops");
    else if (signal->to == PROGRAM_ROOT && strcmp(node->name, "quit") != 0)
        mistake(reader, node, "root knows only the signal \"quit\", and those with stops");
    else
        return true;
    return signal->stops != PROGRAM_NONE;
}

static bool signal_read(struct reader *reader, const struct node *node,
                        struct signal_channel *signal)
{
    uint64_t bit = ROOT_BITS;
    if (!name_is_good(reader, node) || !is_leaf(reader, node) ||
        !properties_read(reader, node, signal_rules, COUNT(signal_rules), &bit))
        return false;
    signal->to = member_only(reader, node, "to");
    if (signal->to == PROGRAM_NONE)
        return false;
    if (!stops_read(reader, node, signal))
        return false;
    signal->bit = (unsigned)bit;
    signal->from = members_take(reader, node, "from", NULL);
    signal->sources = members_read(reader, node, "from", false, signal->from, 0);
    if (bit == ROOT_BITS)
        return true; /* chosen when all that are asked for are known */

    struct program *to = &reader->out->program[signal->to];
    if (to->bits_taken & (UINT32_C(1) << bit)) {
        mistake(reader, node, "bit is %llu, which another signal to \"%s\" has",
                (unsigned long long)bit, to->name);
        return false;
    }
    to->bits_taken |= UINT32_C(1) << bit;
    return true;
}

static void signals_choose_bits(struct description *out)
{
    for (uint32_t i = 0; i < out->signals; i++)
        if (out->signal[i].bit == ROOT_BITS && !out->signal[i].left_out)
            out->signal[i].bit = program_take_bit(&out->program[out->signal[i].to]);
}

/* Calls do not leave their core: a client on another one is refused. */
static void clients_check(struct reader *reader, const struct node *node,
                          struct portal_channel *portal)
{
    struct node end = *node;
    const struct program *server = &reader->out->program[portal->server];
    uint32_t kept = 0;
    end.consequence = "This end is left out.";
    for (uint32_t i = 0; i < portal->clients; i++) {
        const struct program *client = &reader->out->program[portal->client[i].program];
        if (client == server)
            mistake(reader, &end, "clients names \"%s\", which is the server", client->name);
        else if (client->core != server->core)
            mistake(
                reader, &end, "clients names \"%s\" on core %llu; expected core %llu, its server's",
                client->name, (unsigned long long)client->core, (unsigned long long)server->core);
        else
            portal->client[kept++] = portal->client[i];
    }
    portal->clients = kept;
}

static bool portal_read(struct reader *reader, const struct node *node,
                        struct portal_channel *portal)
{
    if (!name_is_good(reader, node) || !is_leaf(reader, node) ||
        !properties_read(reader, node, portal_rules, COUNT(portal_rules), NULL))
        return false;
    portal->server = member_only(reader, node, "server");
    if (portal->server == PROGRAM_NONE)
        return false;
    if (reader->out->program[portal->server].is_vm) {
        mistake(reader, node, "server names \"%s\", which is a VM",
                reader->out->program[portal->server].name);
        return false;
    }
    portal->client = members_take(reader, node, "clients", NULL);
    portal->clients = members_read(reader, node, "clients", false, portal->client, 0);
    clients_check(reader, node, portal);
    return true;
}

static bool shared_read(struct reader *reader, const struct node *node,
                        struct shared_channel *shared)
{
    if (!name_is_good(reader, node) || !is_leaf(reader, node) ||
        !properties_read(reader, node, shared_rules, COUNT(shared_rules), &shared->bytes))
        return false;
    shared->member = members_take(reader, node, "write", "read");
    shared->members = members_read(reader, node, "write", true, shared->member, 0);
    shared->members = members_read(reader, node, "read", false, shared->member, shared->members);
    if (shared->members == 0)
        mistake(reader, node, "no program has a part in it; expected names in write or read");
    return shared->members != 0;
}

/* True if the program has a channel of that name already. */
static bool duplex_name_taken(const struct description *description, int program, const char *name)
{
    for (uint32_t i = 0; i < description->duplexes; i++) {
        const struct duplex_channel *other = &description->duplex[i];
        for (int end = 0; end < 2; end++)
            if (!other->left_out && other->program[end] == program &&
                strcmp(other->name[end], name) == 0)
                return true;
    }
    return false;
}

static bool duplex_names_read(struct reader *reader, const struct node *node,
                              struct duplex_channel *duplex)
{
    bool named = fdt_getprop(reader->tree, node->offset, "names", NULL) != NULL;
    int names = fdt_stringlist_count(reader->tree, node->offset, "names");
    if (named && names != 2) {
        mistake(reader, node, "names holds %d names; expected one for each end", names);
        return false;
    }
    for (int i = 0; i < 2; i++) {
        const char *name =
            named ? fdt_stringlist_get(reader->tree, node->offset, "names", i, NULL) : node->name;
        const char *program = reader->out->program[duplex->program[i]].name;
        if (strlen(name) > NAME_LENGTH_MAX) {
            mistake(reader, node, "the name \"%s\" has more than %d characters", name,
                    NAME_LENGTH_MAX);
            return false;
        }
        if (duplex_name_taken(reader->out, duplex->program[i], name)) {
            mistake(reader, node, "\"%s\" has another channel named \"%s\"", program, name);
            return false;
        }
        duplex->name[i] = name;
    }
    return true;
}

static bool duplex_read(struct reader *reader, const struct node *node,
                        struct duplex_channel *duplex)
{
    duplex->bytes = DUPLEX_BYTES;
    if (!name_is_good(reader, node) || !is_leaf(reader, node) ||
        !properties_read(reader, node, duplex_rules, COUNT(duplex_rules), &duplex->bytes))
        return false;
    int names = fdt_stringlist_count(reader->tree, node->offset, "between");
    if (names != 2) {
        mistake(reader, node, "between holds %d names; expected two", names);
        return false;
    }
    for (int i = 0; i < 2; i++) {
        duplex->program[i] = member_find(reader, node, "between", i);
        if (duplex->program[i] == PROGRAM_NONE)
            return false;
    }
    if (duplex->program[0] == duplex->program[1]) {
        mistake(reader, node, "between names one program twice; expected two");
        return false;
    }
    return duplex_names_read(reader, node, duplex);
}

/* ---- the root node's own properties */

static void duplex_bits(struct description *out, struct duplex_channel *duplex)
{
    for (int i = 0; i < 2; i++)
        duplex->bit[i] = program_take_bit(&out->program[duplex->program[i]]);
}

/* A channel between the console and one program. */
static void console_channel(struct reader *reader, int program, const char *name_there,
                            const char *name_here)
{
    struct description *out = reader->out;
    struct duplex_channel *duplex = &out->duplex[out->duplexes];
    *duplex = (struct duplex_channel){.path = out->program[program].path,
                                      .program = {program, out->console},
                                      .name = {name_there, name_here},
                                      .bytes = DUPLEX_BYTES};
    for (int end = 0; end < 2; end++) {
        const struct program *owner = &out->program[duplex->program[end]];
        if (!duplex_name_taken(out, duplex->program[end], duplex->name[end]))
            continue;
        report(reader->reporter,
               "system.dtb: %s: \"%s\" has another channel named \"%s\". "
               "The console does not show this one.",
               duplex->path, owner->name, duplex->name[end]);
        duplex->left_out = true;
    }
    out->duplexes++;
}

static void console_read(struct reader *reader, const struct node *root)
{
    struct description *out = reader->out;
    out->console = PROGRAM_NONE;
    if (!fdt_getprop(reader->tree, root->offset, "console", NULL))
        return;
    struct node node = *root;
    node.consequence = "There is no console.";
    out->console = member_only(reader, &node, "console");
    for (uint32_t i = 0; out->console != PROGRAM_NONE && i < out->programs; i++) {
        const struct program *program = &out->program[i];
        if ((int)i == out->console || program->left_out)
            continue;
        if (program->is_vm) {
            console_channel(reader, (int)i, "console", program->name);
            console_channel(reader, (int)i, "log",
                            heap_text(reader->heap, "%s.vmm", program->name));
        } else {
            console_channel(reader, (int)i, "log", program->name);
        }
    }
}

static void power_off_read(struct reader *reader, const struct node *root)
{
    struct description *out = reader->out;
    struct node node = *root;
    node.consequence = "That name is left out.";
    int names = fdt_stringlist_count(reader->tree, root->offset, "power-off-when");
    for (int i = 0; i < names; i++) {
        const char *name =
            fdt_stringlist_get(reader->tree, root->offset, "power-off-when", i, NULL);
        bool all = strcmp(name, "all") == 0;
        int program = all ? PROGRAM_NONE : member_find(reader, &node, "power-off-when", i);
        for (uint32_t j = 1; j < out->programs; j++)
            if (all || (int)j == program) {
                out->program[j].ends_system = true;
                out->powers_off = true;
            }
    }
}

/* ---- all of it */

enum section { PROGRAMS, VMS, SIGNALS, PORTALS, SHARED, CHANNELS, SECTIONS };
static const char *const section_names[SECTIONS] = {
    [PROGRAMS] = "programs", [VMS] = "vms",       [SIGNALS] = "signals",
    [PORTALS] = "portals",   [SHARED] = "shared", [CHANNELS] = "channels",
};

/* Finds the sections, and reports what is none. */
static void sections_find(struct reader *reader, const struct node *root, int section[SECTIONS])
{
    int child;
    for (int i = 0; i < SECTIONS; i++)
        section[i] = fdt_subnode_offset(reader->tree, root->offset, section_names[i]);
    fdt_for_each_subnode(child, reader->tree, root->offset)
    {
        bool known = false;
        for (int i = 0; i < SECTIONS; i++)
            known = known || section[i] == child;
        struct node node = node_at(reader, child, "", "It is left out.");
        if (!known)
            mistake(reader, &node, "the node is unknown; see docs/systems.md");
        else
            properties_read(reader, &node, NULL, 0, NULL);
    }
}

static void tables_take(struct reader *reader, const int section[SECTIONS])
{
    struct description *out = reader->out;
    uint32_t count[SECTIONS];
    for (int i = 0; i < SECTIONS; i++)
        count[i] = section[i] < 0 ? 0 : nodes_below(reader, section[i]);
    uint32_t programs = 1 + count[PROGRAMS] + count[VMS];
    out->program = heap_take(reader->heap, programs, sizeof *out->program);
    out->signal = heap_take(reader->heap, count[SIGNALS], sizeof *out->signal);
    out->portal = heap_take(reader->heap, count[PORTALS], sizeof *out->portal);
    out->shared = heap_take(reader->heap, count[SHARED], sizeof *out->shared);
    /* The console has two with each VM, one with each other program. */
    out->duplex =
        heap_take(reader->heap, count[CHANNELS] + programs + count[VMS], sizeof *out->duplex);
    out->program[PROGRAM_ROOT] = (struct program){.name = "root", .path = "/", .image = "root"};
    out->programs = 1;
}

static void channels_read(struct reader *reader, const int section[SECTIONS])
{
    struct description *out = reader->out;
    int child;
    for (child = first_below(reader, section[SIGNALS]); child >= 0;
         child = fdt_next_subnode(reader->tree, child)) {
        struct signal_channel *signal = &out->signal[out->signals++];
        struct node node = node_at(reader, child, "/signals", "The signal is left out.");
        signal->name = node.name;
        signal->path = node.path;
        signal->left_out = !signal_read(reader, &node, signal);
    }
    for (child = first_below(reader, section[PORTALS]); child >= 0;
         child = fdt_next_subnode(reader->tree, child)) {
        struct portal_channel *portal = &out->portal[out->portals++];
        struct node node = node_at(reader, child, "/portals", "The portal is left out.");
        portal->name = node.name;
        portal->path = node.path;
        portal->left_out = !portal_read(reader, &node, portal);
    }
    for (child = first_below(reader, section[SHARED]); child >= 0;
         child = fdt_next_subnode(reader->tree, child)) {
        struct shared_channel *shared = &out->shared[out->shares++];
        struct node node = node_at(reader, child, "/shared", "The memory is left out.");
        shared->name = node.name;
        shared->path = node.path;
        shared->left_out = !shared_read(reader, &node, shared);
    }
    for (child = first_below(reader, section[CHANNELS]); child >= 0;
         child = fdt_next_subnode(reader->tree, child)) {
        struct duplex_channel *duplex = &out->duplex[out->duplexes];
        struct node node = node_at(reader, child, "/channels", "The channel is left out.");
        duplex->path = node.path;
        duplex->left_out = !duplex_read(reader, &node, duplex);
        out->duplexes++;
    }
}

bool description_read(const void *tree, size_t bytes, const struct surroundings *surroundings,
                      struct reporter *reporter, struct heap *heap, struct description *out)
{
    struct reader reader = {tree, surroundings, reporter, heap, out};
    struct node root = {.offset = 0, .name = "", .path = "/", .consequence = "It is ignored."};
    int section[SECTIONS];

    memset(out, 0, sizeof *out);
    int error = fdt_check_full(tree, bytes);
    if (error != 0) {
        report(reporter, "system.dtb: it is no device tree (%s). Nothing can be started.",
               fdt_strerror(error));
        return false;
    }
    if (fdt_node_check_compatible(tree, 0, "whit,system") != 0) {
        report(reporter, "system.dtb: /: compatible is not \"whit,system\". "
                         "Nothing can be started.");
        return false;
    }
    properties_read(&reader, &root, root_rules, COUNT(root_rules), NULL);
    sections_find(&reader, &root, section);
    tables_take(&reader, section);
    programs_read(&reader, section[PROGRAMS], "/programs", false);
    programs_read(&reader, section[VMS], "/vms", true);
    channels_read(&reader, section);
    signals_choose_bits(out);
    console_read(&reader, &root);
    for (uint32_t i = 0; i < out->duplexes; i++)
        if (!out->duplex[i].left_out)
            duplex_bits(out, &out->duplex[i]);
    power_off_read(&reader, &root);
    return true;
}
