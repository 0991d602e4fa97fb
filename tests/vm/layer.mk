# The suites that need a kernel, on the kernels that users run: Debian's, under QEMU. Not part of `make test`.
# A run is a kernel (see fetch-kernel.sh) and a suite (see suite.sh); as many at a time as there are CPUs.
#   bond: the tests of tests/net and tests/vm that the lagg's device can change, with device bond; a few of them if not VM_LONG
#   vm: hooks, partners, the network around lagg0; nic: drivers of real NICs, as QEMU emulates them; wireless;
#   fault: a sample of that layer, on bonds, which not every machine has;
#   host/ipxe: a boot ROM in QEMU as the partner of this machine's own kernel; boot: installed in a Debian that boots;
#   managers: the package there beside networkd, NetworkManager, ifupdown, netplan; autopkgtest: its own tests;
#   taken: bonds that networkd, ifupdown and NetworkManager made are taken, among the long runs only
# LONG_VM_RUNS are all suites on both kernels, except 6.1/taken: without tcx a frame may be lost while a bond is taken.
VM_RUNS ?= 6.12/vm 6.1/vm 6.12/bond 6.12/boot 6.12/managers host/ipxe 6.12-generic/nic 6.12-generic/wireless 6.12/bpf 6.1/bpf 6.12/datapath
# Those that boot Debians of their own.
BOOT_SUITES := boot managers taken autopkgtest
LONG_VM_RUNS := $(foreach suite,vm bond fault bpf datapath net interop $(filter-out taken,$(BOOT_SUITES)),6.1/$(suite) 6.12/$(suite)) \
	6.12/taken $(foreach suite,nic wireless,6.1-generic/$(suite) 6.12-generic/$(suite)) host/ipxe
# Without VM_LONG 6.1 does not wait for its grace periods: with clsact a lagg that comes or goes takes 4 seconds of them in a
# guest with one CPU, and the guest does nothing meanwhile. 6.12 waits, and so shows what comes to wait for one.
VM_GRACE = $(if $(VM_LONG),,$(if $(filter 6.1,$(patsubst %/,%,$(dir $*))),rcupdate.rcu_expedited=1))
VM_TIMEOUT ?= 2700
VM_JOBS ?= $(shell nproc)
VM_TAP = $(B)/tap-vm
# vm_taps RUNS: 6.12/vm writes vm-6.12.tap
vm_taps = $(foreach run,$(1),$(VM_TAP)/$(notdir $(run))-$(patsubst %/,%,$(dir $(run))).tap)

# The next version of the agent, for the suites that upgrade to it: in a guest it would take minutes to build.
NEXT_VERSION := $(B)/next-version/build/xlaggd
vm_next_version = $(if $(filter %/bond %/net,$(VM_RUNS)),$(if $(or $(VM_LONG),$(VM_SAMPLE),$(findstring upgrade,$(ONLY))),$(NEXT_VERSION)))
$(NEXT_VERSION): $(B)/xlaggd tests/net/next-version.sh
	$(call say,MAKE,$@)tests/net/next-version.sh $(B)/next-version

vm-deps: deps
	@deploy/install-deps.sh vm deb

# The kernels are fetched one after the other: they share a cache. Each run's output is printed when it is done.
vm-runs: vm-deps
	@rm -rf $(VM_TAP) && mkdir -p $(VM_TAP) && date +%s >$(VM_TAP)/began
	@$(MAKE) --no-print-directory all net-tools $(FAULT_TOOLS) $(B)/tests/bpf/run $(B)/tests/datapath/run \
		$(B)/tests/datapath/pass.bpf.o $(vm_next_version)
	@for kernel in $(filter-out host,$(sort $(patsubst %/,%,$(dir $(VM_RUNS))))); do tests/vm/fetch-kernel.sh $$kernel >/dev/null || \
		{ echo "== kernel $$kernel cannot be fetched: its suites fail"; : >$(VM_TAP)/no-kernel-$$kernel; }; done
	@$(MAKE) --no-print-directory --keep-going --jobs=$(VM_JOBS) --output-sync=target $(VM_RUNS:%=vm-run/%) || :

vm-run/%:
	@echo "== $(@F) on $(patsubst %/,%,$(dir $*))"
	@! [ -e $(VM_TAP)/no-kernel-$(patsubst %/,%,$(dir $*)) ] || { echo "not run: there is no such kernel"; exit 1; }
	@VM_OUT=$(VM_TAP) VM_SMP=$(if $(filter bpf,$(@F)),2,1) VM_TIMEOUT=$(VM_TIMEOUT) ONLY='$(ONLY)' \
		VM_APPEND="$(VM_APPEND) $(VM_GRACE)" VM_QEMU="$$(! [ -e tests/vm/$(@F)/qemu.sh ] || tests/vm/$(@F)/qemu.sh)" tests/vm/run.sh $(patsubst %/,%,$(dir $*)) \
		env B=$(B) tests/vm/suite.sh $(@F) $(VM_TAP)/$(@F)-$(patsubst %/,%,$(dir $*)).tap

vm-run/host/%:
	@echo "== $* on this machine's kernel"
	@B=$(B) ONLY='$(ONLY)' TEST_SAMPLE='$(VM_SAMPLE)' TEST_SECONDS=300 tests/net/run.sh tests/vm/$* $(VM_TAP)/$*-host.tap

define boot_suite
vm-run/%/$(1):
	@echo "== $(1) on $$*"
	@! [ -e $$(VM_TAP)/no-kernel-$$* ] || { echo "not run: there is no such kernel"; exit 1; }
	@B=$$(B) ONLY='$$(ONLY)' TEST_SAMPLE='$$(VM_SAMPLE)' TEST_SECONDS=900 KERNEL=$$* VM_SMP=1 VM_TIMEOUT=600 \
		tests/net/run.sh tests/vm/$(1) $$(VM_TAP)/$(1)-$$*.tap
endef
$(foreach suite,$(BOOT_SUITES),$(eval $(call boot_suite,$(suite))))

test-vm: vm-runs ## Debian's kernels and drivers of real NICs, under QEMU; VM_RUNS=6.12/vm ONLY='test_bond*': some
	@tests/took.sh $@ 30 $(VM_TAP)/began
	@tests/tally.sh $(call vm_taps,$(VM_RUNS))

# A run that left nothing leaves an empty file, which fails. VM_LONG, VM_SAMPLE: see suite.sh.
LONG_LAYERS += vm
long-vm: export VM_LONG := 1
long-vm:
	@$(MAKE) --no-print-directory vm-runs VM_RUNS='$(LONG_VM_RUNS)' VM_TAP=$(LONG_TAP)/vm VM_TIMEOUT=14400
	@touch $(patsubst $(VM_TAP)/%,$(LONG_TAP)/vm/%,$(call vm_taps,$(LONG_VM_RUNS)))

# Five tests of one run that `make test-vm` has not. Not among SAMPLED_LAYERS as long as the suites net and interop have not
# been seen green as a whole in a guest: `make sample-vm SAMPLE=N` runs a part of them.
sample-vm: export VM_SAMPLE := 5 $(SAMPLE)
sample-vm:
	@run=$$(tests/sample.sh 1 $(SAMPLE) $(filter-out $(filter-out %/bond,$(VM_RUNS)) %/bpf %/datapath,$(LONG_VM_RUNS))); \
		$(MAKE) --no-print-directory vm-runs VM_RUNS=$$run VM_TAP=$(LONG_TAP)/vm

.PHONY: vm-deps vm-runs test-vm long-vm sample-vm
