/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The system description: what a good one becomes, and the exact sentence for each mistake.
 * Descriptions are compiled by dtc, as in the build.
 */
#define _POSIX_C_SOURCE 200809L /* popen */

#include "../../programs/root/description.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char said[4096];
static char heap_memory[1 << 20];
static char tree[1 << 16];
static struct description description;

static void say(struct reporter *reporter, const char *text)
{
    (void)reporter;
    strncat(said, text, sizeof said - strlen(said) - 2);
    strcat(said, "\n");
}

static bool has_file(const void *archive, const char *name)
{
    (void)archive;
    return strncmp(name, "missing", 7) != 0;
}

static _Noreturn void exhausted(void)
{
    printf("not ok heap - exhausted\n");
    exit(1);
}

static size_t compile(const char *source)
{
    static const char path[] = "build/host/test_description.dtb";
    char command[200];
    snprintf(command, sizeof command, "dtc -q -f -I dts -O dtb -o %s -", path);
    FILE *dtc = popen(command, "w");
    fputs(source, dtc);
    pclose(dtc);
    FILE *file = fopen(path, "rb");
    if (!file)
        return 0;
    size_t bytes = fread(tree, 1, sizeof tree, file);
    fclose(file);
    remove(path);
    return bytes;
}

static bool read_tree(size_t bytes)
{
    static struct reporter reporter = {say};
    struct heap heap = {heap_memory, heap_memory + sizeof heap_memory, exhausted};
    struct surroundings surroundings = {.cores = 2, .has_file = has_file};
    said[0] = '\0';
    return description_read(tree, bytes, &surroundings, &reporter, &heap, &description);
}

static void result(const char *name, bool good, const char *why)
{
    if (good)
        printf("ok %s\n", name);
    else
        printf("not ok %s - %s\n", name, why);
}

/* A description in braces, with its header; `expected` is all that must be said. */
static bool check(const char *name, const char *body, const char *expected)
{
    char source[8192];
    snprintf(source, sizeof source, "/dts-v1/; / { compatible = \"whit,system\"; %s };", body);
    size_t bytes = compile(source);
    bool read = bytes > 0 && read_tree(bytes);
    bool good = read && strcmp(said, expected) == 0;
    result(name, good, said);
    return good;
}

#define A              "a { priority = <1>; }; "
#define B              "b { priority = <2>; }; "
#define C1             "c { priority = <3>; core = <1>; }; "
#define PROGRAMS(text) "programs { " text " }; "
#define VM(text)       "vms { v { kernel = \"I\"; memory-mib = <2>; priority = <1>; " text " }; }; "
#define GOOD           PROGRAMS(A B C1)

static const struct {
    const char *name, *body, *expected;
} mistakes[] = {
    {"no priority", PROGRAMS("x { };"),
     "system.dtb: /programs/x: there is no priority, which is required. The program is left out.\n"},
    {"priority out of range", PROGRAMS("x { priority = <300>; };"),
     "system.dtb: /programs/x: priority is 300; expected 0 to 254. The program is left out.\n"},
    {"priority is a string", PROGRAMS("x { priority = \"high\"; };"),
     "system.dtb: /programs/x: priority has 5 bytes; expected one number, as in <1>. "
     "The program is left out.\n"},
    {"unknown property", PROGRAMS("x { priority = <1>; budgt-us = <1>; };"),
     "system.dtb: /programs/x: property budgt-us is unknown; see docs/systems.md. "
     "The program is left out.\n"},
    {"unknown node in a program", PROGRAMS("x { priority = <1>; disks { }; };"),
     "system.dtb: /programs/x: node disks below it is unknown; see docs/systems.md. "
     "The program is left out.\n"},
    {"unknown section", GOOD "program { };",
     "system.dtb: /program: the node is unknown; see docs/systems.md. It is left out.\n"},
    {"unknown property of the root node", "consol = \"a\"; " GOOD,
     "system.dtb: /: property consol is unknown; see docs/systems.md. It is ignored.\n"},
    {"unknown property of a section", "programs { priority = <1>; " A "};",
     "system.dtb: /programs: property priority is unknown; see docs/systems.md. "
     "It is left out.\n"},
    {"budget without period", PROGRAMS("x { priority = <1>; budget-us = <5>; };"),
     "system.dtb: /programs/x: budget-us is there without period-us; expected both or none. "
     "The program is left out.\n"},
    {"period without budget", PROGRAMS("x { priority = <1>; period-us = <5>; };"),
     "system.dtb: /programs/x: period-us is there without budget-us; expected both or none. "
     "The program is left out.\n"},
    {"budget above period", PROGRAMS("x { priority = <1>; budget-us = <6>; period-us = <5>; };"),
     "system.dtb: /programs/x: budget-us is 6; expected at most period-us, which is 5. "
     "The program is left out.\n"},
    {"budget of nothing", PROGRAMS("x { priority = <1>; budget-us = <0>; period-us = <5>; };"),
     "system.dtb: /programs/x: budget-us is 0; expected a number from 1 on. "
     "The program is left out.\n"
     "system.dtb: /programs/x: period-us is there without budget-us; expected both or none. "
     "The program is left out.\n"},
    {"core that is not there", PROGRAMS("x { priority = <1>; core = <2>; };"),
     "system.dtb: /programs/x: core is 2; expected 0 to 1, for the machine has 2. "
     "The program is left out.\n"},
    {"memory that is no pages", PROGRAMS("x { priority = <1>; memory = <5000>; };"),
     "system.dtb: /programs/x: memory is 5000; expected a multiple of 4096 from 0 to 274877906944. "
     "The program is left out.\n"},
    {"missing image", PROGRAMS("missing { priority = <1>; };"),
     "system.dtb: /programs/missing: image is \"missing\", which is not in the boot archive. "
     "The program is left out.\n"},
    {"image is a number", PROGRAMS("x { priority = <1>; image = <1>; };"),
     "system.dtb: /programs/x: image is not one string; expected one, as in \"name\". "
     "The program is left out.\n"},
    {"name too long", PROGRAMS("abcdefghijklmnopqrst { priority = <1>; image = \"a\"; };"),
     "system.dtb: /programs/abcdefghijklmnopqrst: the name has 20 characters; expected at most "
     "19. The program is left out.\n"},
    {"name with a strange character", PROGRAMS("a@1 { priority = <1>; };"),
     "system.dtb: /programs/a@1: the name has other characters than letters, digits, '-' and '_'. "
     "The program is left out.\n"},
    {"program named root", PROGRAMS("root { priority = <1>; };"),
     "system.dtb: /programs/root: the name is taken by root itself; expected another. "
     "The program is left out.\n"},
    {"VM named as a program",
     GOOD "vms { a { kernel = \"Image\"; memory-mib = <2>; priority = <1>; }; };",
     "system.dtb: /vms/a: the name is taken by /programs/a; expected another. "
     "The VM is left out.\n"},
    {"VM without kernel and memory", "vms { v { priority = <1>; }; };",
     "system.dtb: /vms/v: there is no kernel, which is required. The VM is left out.\n"
     "system.dtb: /vms/v: there is no memory-mib, which is required. The VM is left out.\n"},
    {"VM with a missing kernel and odd memory",
     "vms { v { priority = <1>; kernel = \"missing\"; memory-mib = <3>; }; };",
     "system.dtb: /vms/v: memory-mib is 3; expected a multiple of 2 from 2 to 262144. "
     "The VM is left out.\n"
     "system.dtb: /vms/v: kernel is \"missing\", which is not in the boot archive. "
     "The VM is left out.\n"},
    {"VM with devices",
     "vms { v { priority = <1>; kernel = \"I\"; memory-mib = <2>; devices { }; }; };",
     "system.dtb: /vms/v: node devices below it is unknown; see docs/systems.md. "
     "The VM is left out.\n"},
    {"device that is no string", PROGRAMS("x { priority = <1>; devices { uart = <1>; }; };"),
     "system.dtb: /programs/x/devices: uart is not one string; expected a path, an alias or a "
     "compatible string. The program is left out.\n"},
    {"signal to an unknown program", GOOD "signals { s { from = \"a\"; to = \"z\"; }; };",
     "system.dtb: /signals/s: to names \"z\"; expected a program or VM of this description. "
     "The signal is left out.\n"},
    {"signal that root does not know", GOOD "signals { s { from = \"a\"; to = \"root\"; }; };",
     "system.dtb: /signals/s: root knows only the signal \"quit\", and those with stops. "
     "The signal is left out.\n"},
    {"signal that stops a program elsewhere",
     GOOD "signals { s { from = \"a\"; to = \"b\"; stops = \"c\"; }; };",
     "system.dtb: /signals/s: stops is there, but to is not \"root\". The signal is left out.\n"},
    {"signal that stops root",
     GOOD "signals { s { from = \"a\"; to = \"root\"; stops = \"root\"; }; };",
     "system.dtb: /signals/s: stops names \"root\"; expected a program or VM of this description. "
     "The signal is left out.\n"},
    {"VM with too many CPUs", VM("cpus = <9>;"),
     "system.dtb: /vms/v: cpus is 9; expected 1 to 8. The VM is left out.\n"},
    {"VM with a CPU on no core", VM("cpus = <2>; cores = <0 2>;"),
     "system.dtb: /vms/v: one of cores is 2; expected 0 to 1, for the machine has 2. "
     "The VM is left out.\n"},
    {"VM with text for cores", VM("cores = \"all\", \"x\";"),
     "system.dtb: /vms/v: cores has 6 bytes; expected numbers, as in <0 1>. The VM is left out.\n"},
    {"urgent interrupt that is none", VM("urgent { disk { }; };"),
     "system.dtb: /vms/v/urgent/disk: there is no such interrupt; expected timer or console. "
     "The VM is left out.\n"},
    {"urgent interrupt without a length",
     VM("urgent { timer { priority = <9>; budget-us = <1>; period-us = <2>; }; };"),
     "system.dtb: /vms/v/urgent/timer: there is no length-us, which is required. "
     "The VM is left out.\n"},
    {"urgent interrupt longer than its budget",
     VM("urgent { timer { priority = <9>; budget-us = <1>; period-us = <2>; length-us = <2>; }; };"),
     "system.dtb: /vms/v/urgent/timer: expected length-us, budget-us and period-us in rising "
     "order. The VM is left out.\n"},
    {"urgent interrupt that is the guest's own choice", VM("urgent { realtime { }; };"),
     "system.dtb: /vms/v/urgent/realtime: there is no such interrupt; expected timer or console. "
     "The VM is left out.\n"},
    {"real-time budget without a period", VM("realtime { priority = <9>; budget-us = <1>; };"),
     "system.dtb: /vms/v/realtime: there is no period-us, which is required. "
     "The VM is left out.\n"},
    {"real-time budget of more than all time",
     VM("realtime { priority = <9>; budget-us = <2>; period-us = <1>; };"),
     "system.dtb: /vms/v/realtime: budget-us is more than period-us. The VM is left out.\n"},
    {"portal of a VM", GOOD VM("") "portals { p { server = \"v\"; clients = \"a\"; }; };",
     "system.dtb: /portals/p: server names \"v\", which is a VM. The portal is left out.\n"},
    {"signal to two", GOOD "signals { s { from = \"a\"; to = \"b\", \"c\"; }; };",
     "system.dtb: /signals/s: to holds 2 names; expected one. The signal is left out.\n"},
    {"signal from an unknown program", GOOD "signals { s { from = \"z\", \"a\"; to = \"b\"; }; };",
     "system.dtb: /signals/s: from names \"z\"; expected a program or VM of this description. "
     "This end is left out.\n"},
    {"signal without an end", GOOD "signals { s { from = \"a\"; }; };",
     "system.dtb: /signals/s: there is no to, which is required. The signal is left out.\n"},
    {"signal with a bit that is taken",
     GOOD "signals { s { from = \"a\"; to = \"b\"; bit = <3>; }; "
          "t { from = \"a\"; to = \"b\"; bit = <3>; }; };",
     "system.dtb: /signals/t: bit is 3, which another signal to \"b\" has. "
     "The signal is left out.\n"},
    {"signal with a bit out of range",
     GOOD "signals { s { from = \"a\"; to = \"b\"; bit = <32>; }; };",
     "system.dtb: /signals/s: bit is 32; expected 0 to 31. The signal is left out.\n"},
    {"signal from numbers", GOOD "signals { s { from = <1>; to = \"b\"; }; };",
     "system.dtb: /signals/s: from holds no names; expected some, as in \"a\", \"b\". "
     "The signal is left out.\n"},
    {"portal of a program that is left out",
     PROGRAMS(A "x { };") "portals { p { server = \"x\"; clients = \"a\"; }; };",
     "system.dtb: /programs/x: there is no priority, which is required. The program is left out.\n"
     "system.dtb: /portals/p: server names \"x\", which is left out. The portal is left out.\n"},
    {"portal to oneself", GOOD "portals { p { server = \"a\"; clients = \"a\", \"b\"; }; };",
     "system.dtb: /portals/p: clients names \"a\", which is the server. This end is left out.\n"},
    {"portal across cores", GOOD "portals { p { server = \"a\"; clients = \"c\"; }; };",
     "system.dtb: /portals/p: clients names \"c\" on core 1; expected core 0, its server's. "
     "This end is left out.\n"},
    {"portal of root", GOOD "portals { p { server = \"root\"; clients = \"a\"; }; };",
     "system.dtb: /portals/p: server names \"root\"; expected a program or VM of this description. "
     "The portal is left out.\n"},
    {"shared memory for nobody", GOOD "shared { m { bytes = <4096>; }; };",
     "system.dtb: /shared/m: no program has a part in it; expected names in write or read. "
     "The memory is left out.\n"},
    {"shared memory named twice",
     GOOD "shared { m { bytes = <4096>; write = \"a\"; read = \"b\", \"a\"; }; };",
     "system.dtb: /shared/m: read names \"a\", which has a part in it already. "
     "This end is left out.\n"},
    {"shared memory without size", GOOD "shared { m { write = \"a\"; }; };",
     "system.dtb: /shared/m: there is no bytes, which is required. The memory is left out.\n"},
    {"channel between three", GOOD "channels { d { between = \"a\", \"b\", \"c\"; }; };",
     "system.dtb: /channels/d: between holds 3 names; expected two. The channel is left out.\n"},
    {"channel with oneself", GOOD "channels { d { between = \"a\", \"a\"; }; };",
     "system.dtb: /channels/d: between names one program twice; expected two. "
     "The channel is left out.\n"},
    {"channel with one name too few",
     GOOD "channels { d { between = \"a\", \"b\"; names = \"x\"; }; };",
     "system.dtb: /channels/d: names holds 1 names; expected one for each end. "
     "The channel is left out.\n"},
    {"channels that meet under one name",
     GOOD "channels { d { between = \"a\", \"b\"; }; e { between = \"c\", \"b\"; "
          "names = \"x\", \"d\"; }; };",
     "system.dtb: /channels/e: \"b\" has another channel named \"d\". "
     "The channel is left out.\n"},
    {"channel named as that to the console",
     "console = \"b\"; " GOOD "channels { log { between = \"a\", \"c\"; }; };",
     "system.dtb: /programs/a: \"a\" has another channel named \"log\". "
     "The console does not show this one.\n"
     "system.dtb: /programs/c: \"c\" has another channel named \"log\". "
     "The console does not show this one.\n"},
    {"node below a channel", GOOD "channels { d { between = \"a\", \"b\"; x { }; }; };",
     "system.dtb: /channels/d: node x below it is unknown; see docs/systems.md. "
     "The channel is left out.\n"},
    {"unknown console", "console = \"z\"; " GOOD,
     "system.dtb: /: console names \"z\"; expected a program or VM of this description. "
     "There is no console.\n"},
    {"console that has a channel of this name",
     "console = \"b\"; " GOOD "channels { a { between = \"b\", \"c\"; }; };",
     "system.dtb: /programs/a: \"b\" has another channel named \"a\". "
     "The console does not show this one.\n"},
    {"console root", "console = \"root\"; " GOOD,
     "system.dtb: /: console names \"root\"; expected a program or VM of this description. "
     "There is no console.\n"},
    {"power off when an unknown program ends", "power-off-when = \"z\", \"a\"; " GOOD,
     "system.dtb: /: power-off-when names \"z\"; expected a program or VM of this description. "
     "That name is left out.\n"},
};

static void test_good(void)
{
    bool good = check(
        "a whole system",
        "console = \"console\"; power-off-when = \"linux\";"
        "programs { uart { priority = <220>; restart = <3>; devices { uart = \"arm,pl011\"; }; };"
        " console { priority = <210>; };"
        " loop { priority = <250>; budget-us = <200>; period-us = <1000>; memory = <0x10000>;"
        "  arguments { rate = <1000 5>; text = \"x y\", \"z\"; }; };"
        " meter { image = \"loop\"; priority = <100>; }; };"
        "channels { terminal { between = \"uart\", \"console\";"
        " names = \"console\", \"terminal\"; }; };"
        "signals { quit { from = \"console\"; to = \"root\"; };"
        " first { from = \"loop\", \"meter\"; to = \"console\"; };"
        " second { from = \"loop\"; to = \"console\"; bit = <0>; }; };"
        "portals { latest { server = \"loop\"; clients = \"meter\"; }; };"
        "shared { samples { bytes = <0x4000>; write = \"loop\"; read = \"meter\", \"uart\"; }; };"
        "vms { linux { kernel = \"Image\"; memory-mib = <512>; priority = <80>;"
        " arguments { cmdline = \"quiet\"; }; }; };",
        "");
    const struct description *d = &description;
    if (!good)
        return;
    result("programs",
           d->programs == 6 && strcmp(d->program[3].name, "loop") == 0 &&
               d->program[3].budget_us == 200 && d->program[3].memory == 0x10000 &&
               d->program[1].restarts == 3 && d->program[1].devices == 1 &&
               strcmp(d->program[1].device[0].which, "arm,pl011") == 0 &&
               strcmp(d->program[4].image, "loop") == 0,
           "a value is wrong");
    result("arguments",
           d->program[3].argument_bytes == 23 &&
               memcmp(d->program[3].arguments, "rate=1000 5\0text=x y z", 23) == 0,
           d->program[3].arguments);
    const struct program *vm = &d->program[5];
    result("VMs",
           vm->is_vm && vm->guest_mib == 512 && vm->ends_system && d->powers_off &&
               strcmp(vm->image, "vmm") == 0 && !vm->initrd && vm->objects == 1 << 20,
           "a value is wrong");
    result("VM without cores", vm->cpus == 1 && vm->cores == 1 && vm->core == 0,
           "a value is wrong");
    result("signals",
           d->signals == 3 && d->signal[0].to == PROGRAM_ROOT && d->signal[0].bit == 0 &&
               d->signal[1].sources == 2 && d->signal[1].bit == 1 && d->signal[2].bit == 0,
           "a value is wrong");
    result("portals", d->portals == 1 && d->portal[0].server == 3 && d->portal[0].clients == 1,
           "a value is wrong");
    result("shared memory",
           d->shares == 1 && d->shared[0].members == 3 && d->shared[0].member[0].writes &&
               !d->shared[0].member[1].writes,
           "a value is wrong");
    /* terminal; log of root, uart, loop, meter; console and log of linux */
    result("channels",
           d->duplexes == 7 && strcmp(d->duplex[0].name[0], "console") == 0 &&
               strcmp(d->duplex[0].name[1], "terminal") == 0 &&
               strcmp(d->duplex[1].name[1], "root") == 0 &&
               strcmp(d->duplex[5].name[0], "console") == 0 &&
               strcmp(d->duplex[5].name[1], "linux") == 0 &&
               strcmp(d->duplex[6].name[1], "linux.vmm") == 0 && d->duplex[6].bit[1] == 8,
           "a value is wrong");
}

static void test_cores(void)
{
    if (!check("a VM with CPUs on two cores", VM("cpus = <3>; cores = <1 0>;"), ""))
        return;
    const struct program *vm = &description.program[1];
    result("cores in turn, the first is the VM's",
           vm->cpus == 3 && vm->core == 1 && vm->cores == 2 && vm->machine_core[0] == 1 &&
               vm->machine_core[1] == 0 && vm->cpu_core[0] == 0 && vm->cpu_core[1] == 1 &&
               vm->cpu_core[2] == 0,
           "a value is wrong");
    check("a VM whose vmm has a core for itself", VM("core = <0>; cpus = <2>; cores = <1>;"), "");
    vm = &description.program[1];
    result("the VM's core comes first",
           vm->core == 0 && vm->cores == 2 && vm->machine_core[1] == 1 && vm->cpu_core[0] == 1 &&
               vm->cpu_core[1] == 1,
           "a value is wrong");
    check("a VM whose timer is urgent",
          VM("urgent { timer { priority = <90>; budget-us = <200>; period-us = <1000>; "
             "length-us = <100>; }; };"),
          "");
    vm = &description.program[1];
    result("the timer's budget",
           vm->urgent[URGENT_TIMER].priority == 90 && vm->urgent[URGENT_TIMER].length_us == 100 &&
               vm->urgent[URGENT_CONSOLE].budget_us == 0,
           "a value is wrong");
    check("a VM that may choose a real-time budget",
          VM("realtime { priority = <90>; budget-us = <200>; period-us = <1000>; };"), "");
    vm = &description.program[1];
    result("the real-time budget",
           vm->urgent[URGENT_REALTIME].priority == 90 &&
               vm->urgent[URGENT_REALTIME].budget_us == 200 &&
               vm->urgent[URGENT_REALTIME].length_us == 0,
           "a value is wrong");
    check("a signal that stops a VM",
          GOOD VM("") "signals { s { from = \"a\"; to = \"root\"; stops = \"v\"; }; };", "");
    result("what it stops", description.signal[0].stops == 4, "a value is wrong");
}

/* Whatever byte of a description is damaged, the reader says something or understands. */
static void test_damage(void)
{
    size_t bytes = compile("/dts-v1/; / { compatible = \"whit,system\"; console = \"a\"; " GOOD
                           "signals { s { from = \"a\"; to = \"b\"; }; };"
                           "channels { d { between = \"b\", \"c\"; }; }; };");
    static char whole[sizeof tree];
    memcpy(whole, tree, sizeof whole);
    for (size_t at = 0; at < bytes; at++)
        for (unsigned change = 1; change < 256; change = change * 2 + 1) {
            memcpy(tree, whole, bytes);
            tree[at] = (char)(tree[at] ^ (char)change);
            read_tree(bytes);
        }
    for (size_t shorter = 0; shorter < bytes; shorter++) {
        memcpy(tree, whole, bytes);
        if (read_tree(shorter)) {
            result("damaged descriptions", false, "a cut one was read");
            return;
        }
    }
    result("damaged descriptions", true, "");
}

int main(void)
{
    test_good();
    test_cores();
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++)
        check(mistakes[i].name, mistakes[i].body, mistakes[i].expected);

    size_t bytes = compile("/dts-v1/; / { compatible = \"other\"; };");
    result("not a system description",
           !read_tree(bytes) && strcmp(said, "system.dtb: /: compatible is not \"whit,system\". "
                                             "Nothing can be started.\n") == 0,
           said);
    test_damage();
    return 0;
}
