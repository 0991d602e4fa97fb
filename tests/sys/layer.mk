# The kernel adapters against real devices: each test is a process in a network namespace of its own. Needs root.
TEST_LAYERS += sys-test

SYS_UNDER_TEST := $(call obj,agent/sys/*.c agent/sys/netlink/*.c agent/sys/frames/*.c)

$(B)/tests/sys/run: $(call obj,tests/sys/*.c) $(SYS_UNDER_TEST)
	$(call say,LD,$@)$(CC) $(TEST_CFLAGS) $^ -o $@ $(CRITERION) -lmnl

sys-test: $(B)/tests/sys/run
	@mkdir -p $(TAP)
	$(Q)$< --jobs 2 --tap=$(TAP)/sys-test.tap $(if $(ONLY),--filter '$(ONLY)')

.PHONY: sys-test
