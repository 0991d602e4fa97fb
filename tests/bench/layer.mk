# Benchmarks: they print, and assert nothing.
#   make bench                       all of them, some ten minutes
#   make bench ONLY=failover         one of throughput, failover, xdp
BENCH_TOOLS := $(B)/tests/bench/udpsend $(B)/tests/bench/udprecv $(B)/tests/bench/xdprate

$(B)/tests/bench/udpsend $(B)/tests/bench/udprecv: $(B)/tests/bench/%: $(B)/tests/bench/%.o
	$(call say,LD,$@)$(CC) $(TEST_CFLAGS) $^ -o $@

$(B)/tests/bench/%.bpf.o: tests/bench/%.bpf.c
	$(call say,CLANG,$<)mkdir -p $(@D) && $(CLANG) $(BPF_CFLAGS) -c $< -o $@
$(B)/tests/bench/%.skel.h: $(B)/tests/bench/%.bpf.o
	$(call say,SKEL,$@)$(BPFTOOL) gen skeleton $< name $*_bpf > $@.tmp && mv $@.tmp $@
$(B)/tests/bench/xdprate.o: $(B)/tests/bench/xdprate.skel.h
$(B)/tests/bench/xdprate: $(B)/tests/bench/xdprate.o
	$(call say,LD,$@)$(CC) $(TEST_CFLAGS) $^ -o $@ -lbpf

bench: all $(BENCH_TOOLS)
	@B=$(B) ONLY='$(ONLY)' tests/bench/run.sh

.PHONY: bench
