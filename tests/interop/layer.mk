# LACP with partners: Open vSwitch, and xlagg itself, in namespaces.
#   make interop ONLY=test_ovs_silent_partner
TEST_LAYERS += interop

interop: all net-tools
	@mkdir -p $(TAP)
	$(Q)B=$(B) ONLY='$(ONLY)' tests/net/run.sh tests/interop $(TAP)/interop.tap

.PHONY: interop
