# The kernel adapters against real devices: each test is a process in a network namespace of its own. Needs root.
TEST_LAYERS += sys

# Calls that the tests let fail (faults.c).
SYS_FAULTS := netlink_send netlink_receive ioctl netlink_has_group netlink_ipv6_disabled netlink_disable_ipv6

$(B)/tests/sys/run: $(call obj,tests/sys/*.c) $(B)/libsys.a
	$(call say,LD,$@)$(CC) $(TEST_CFLAGS) $^ $(SYS_FAULTS:%=-Wl,--wrap=%) -o $@ $(CRITERION) $(AGENT_LIBS)

test-sys: $(B)/tests/sys/run ## the kernel adapters, on real devices; ONLY='port/*'
	@mkdir -p $(TAP)
	$(Q)$< --jobs 2 --tap=$(TAP)/sys.tap $(if $(ONLY),--filter '$(ONLY)')

.PHONY: test-sys
