# Benchmarks: they print, and assert nothing.
BENCH_TOOLS := $(B)/tests/bench/udpsend $(B)/tests/bench/udprecv $(B)/tests/bench/xdprate

$(B)/tests/bench/udpsend $(B)/tests/bench/udprecv $(B)/tests/bench/insn: $(B)/tests/bench/%: $(B)/tests/bench/%.o
	$(call say,LD,$@)$(CC) $(TEST_CFLAGS) $^ -o $@

$(B)/tests/bench/%.skel.h: $(B)/tests/bench/%.bpf.o
	$(call say,SKEL,$@)$(BPFTOOL) gen skeleton $< name $*_bpf > $@.tmp && mv $@.tmp $@
$(B)/tests/bench/hash.o: $(B)/tests/bench/hash.skel.h $(BPF)
$(B)/tests/bench/hash: $(B)/tests/bench/hash.o
	$(call say,LD,$@)$(CC) $(TEST_CFLAGS) $^ -o $@ -lbpf
$(B)/tests/bench/xdprate.o: $(B)/tests/bench/xdprate.skel.h
$(B)/tests/bench/xdprate: $(B)/tests/bench/xdprate.o
	$(call say,LD,$@)$(CC) $(TEST_CFLAGS) $^ -o $@ -lbpf

bench: all $(BENCH_TOOLS) ## throughput, failover, xdp, capture, agent, as ratios; ten minutes; ONLY=failover: one of them
	@B=$(B) ONLY='$(ONLY)' tests/bench/run.sh

# With -icount the guest's clock counts the instructions that it executes, and jumps to the next event when it is idle, so that
# the figures do not depend on this machine.
bench-insn: vm-deps ## instructions a packet, exact and repeatable: a virtual machine counts them; ONLY='bare xdp': some rows
	@$(MAKE) --no-print-directory all $(B)/tests/bench/insn
	@VM_SMP=1 VM_TCG=single VM_QEMU="-icount shift=0,sleep=off" VM_APPEND="tsc=reliable nokaslr norandmaps" \
		VM_TIMEOUT=5400 tests/vm/run.sh $(or $(KERNEL),6.12) env B=$(B) ONLY='$(ONLY)' tests/bench/insn.sh

# Instructions from the guest, since they are exact there; nanoseconds and the rate from this machine.
bench-hash: vm-deps ## what hash and choice cost: instructions and ns for each option and tunnel; XDP over 1 to 8 ports
	@$(MAKE) --no-print-directory all $(BENCH_TOOLS) $(B)/tests/bench/hash
	@VM_SMP=1 VM_TCG=single VM_QEMU="-icount shift=0,sleep=off" VM_APPEND="tsc=reliable nokaslr norandmaps" \
		VM_TIMEOUT=1800 tests/vm/run.sh $(or $(KERNEL),6.12) $(B)/tests/bench/hash instructions
	@$(B)/tests/bench/hash ns
	@B=$(B) ONLY=ports tests/bench/run.sh

# A virtual machine has bonding and teamd too. The plot is $(B)/failover/failover.svg; ONLY chooses some of its rows.
bench-failover: vm-deps ## what a failure costs, beside bonding and teamd; draws a plot
	@$(MAKE) --no-print-directory all net-tools $(BENCH_TOOLS)
	@tests/net/next-version.sh $(B)/next
	@VM_OUT=$(B)/failover VM_TIMEOUT=7200 tests/vm/run.sh $(or $(KERNEL),6.12) \
		env B=$(B) NEXT=$(B)/next/build ONLY='$(ONLY)' PEERS='$(PEERS)' ROUNDS='$(ROUNDS)' tests/bench/failover.sh $(B)/failover/failover.svg

bench-failover-nic: vm-deps ## what a lost cable costs on a NIC's driver, with the kernel's watcher and without
	@$(MAKE) --no-print-directory all net-tools $(BENCH_TOOLS)
	@VM_TIMEOUT=1800 VM_QEMU="$$(tests/vm/nic/qemu.sh)" tests/vm/run.sh $(or $(KERNEL),6.12-generic) \
		env B=$(B) ROUNDS='$(ROUNDS)' tests/bench/failover_nic.sh $(MODEL)

.PHONY: bench bench-hash bench-insn bench-failover bench-failover-nic
