# LACP with partners: Open vSwitch, and xlagg itself, in namespaces.
TEST_LAYERS += interop

test-interop: all net-tools ## LACP with Open vSwitch, scapy and xlagg itself; ONLY=test_ovs_silent_partner
	@mkdir -p $(TAP)
	$(Q)B=$(B) ONLY='$(ONLY)' BESIDE='test_ovs_agent_stopped*' tests/net/run.sh tests/interop $(TAP)/interop.tap

.PHONY: test-interop
