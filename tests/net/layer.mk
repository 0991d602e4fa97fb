# Namespace tests: the built programs, real devices, real traffic.
TEST_LAYERS += net

NET_TOOLS := $(B)/tests/net/frame $(B)/tests/net/client $(B)/tests/net/refuse $(B)/tests/net/delay $(B)/tests/net/scribble $(B)/tests/net/tcx $(B)/tests/net/user.bpf.o $(B)/tests/net/user_tc.bpf.o $(B)/tests/fault/inject $(B)/tests/bench/udpsend $(B)/tests/bench/udprecv

$(B)/tests/net/frame $(B)/tests/net/client $(B)/tests/net/refuse $(B)/tests/net/delay: $(B)/tests/net/%: $(B)/tests/net/%.o
	$(call say,LD,$@)$(CC) $(TEST_CFLAGS) $^ -o $@
$(B)/tests/net/scribble $(B)/tests/net/tcx: $(B)/tests/net/%: $(B)/tests/net/%.o
	$(call say,LD,$@)$(CC) $(TEST_CFLAGS) $^ -lbpf -o $@

net-tools: $(NET_TOOLS)

# These mostly wait, for silence to be noticed, for limits to let go, for what others put back.
NET_BESIDE := test_headless_* test_attack_* test_snmp_* test_fight_* test_repath_* test_adopt_*

test-net: all $(NET_TOOLS) ## the product in namespaces: real devices, real traffic; ONLY='test_failover*': a pattern of the shell
	@mkdir -p $(TAP)
	$(Q)B=$(B) ONLY='$(ONLY)' BESIDE='$(NET_BESIDE)' tests/net/run.sh tests/net $(TAP)/net.tap

.PHONY: test-net net-tools
