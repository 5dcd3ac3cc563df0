# SPDX-License-Identifier: BSD-2-Clause
#
# Sources that a host test needs besides the kernel core: test_NAME_links := FILE.c ...

ROOT_PURE := programs/root/heap.c programs/root/reporter.c
test_description_links := programs/root/description.c $(ROOT_PURE)
test_devices_links := programs/root/devices.c $(ROOT_PURE)

test_ring_links := lib/ring.c
test_splitter_links := lib/slots.c lib/splitter.c
test_mux_links := programs/console/mux.c
test_parameters_links := lib/parameters.c
test_death_links := programs/root/death.c $(ROOT_PURE)
test_archive_links := programs/root/archive.c

# The memory half of the kernel, in a small machine.
MACHINE := tests/host/world.c
test_cap_links := $(MACHINE)
test_memory_links := $(MACHINE)
test_stage2_links := $(MACHINE)
test_make_links := $(MACHINE)
test_vmid_links := $(MACHINE)
test_deadline_links := $(MACHINE)
test_errata_links := $(MACHINE) kernel/aarch64/errata.c
test_teardown_links := $(MACHINE)
test_pin_links := $(MACHINE)
test_random_links := $(MACHINE)
test_model_links := $(addprefix tests/model/,model.c machine.c sequence.c)
test_vgic_links := programs/vmm/vgic.c
test_lock_links := programs/vmm/lock.c
test_vmm_links := $(patsubst %,programs/vmm/%.c,inject layout pl011 psci tree vgic)

# The scheduling half: the same machine, with threads on its cores.
CORES := $(MACHINE) tests/host/fixture.c
test_thread_links := $(CORES)
test_portal_links := $(CORES)
test_hostile_links := $(CORES)
test_steps_links := $(CORES)
test_signal_links := $(CORES)
test_budget_links := $(CORES)
test_sched_links := $(CORES)
test_urgent_links := $(CORES)
test_schedule_links := $(CORES) tests/model/schedule.c
test_timer_links := $(CORES)
test_irq_links := $(CORES)
test_request_links := $(CORES)
test_syscall_links := $(CORES)
test_storm_links := $(CORES)
test_grace_links := $(CORES)
test_accounts_links := $(CORES)
test_requests_links := $(CORES)
test_calls_links := $(CORES)
