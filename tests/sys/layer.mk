# The kernel adapters against real devices: each test is a process in a network namespace of its own. Needs root.
TEST_LAYERS += sys

$(B)/tests/sys/run: $(call obj,tests/sys/*.c) $(B)/libsys.a
	$(call say,LD,$@)$(CC) $(TEST_CFLAGS) $^ -o $@ $(CRITERION) $(AGENT_LIBS)

test-sys: $(B)/tests/sys/run ## the kernel adapters, on real devices; ONLY='port/*'
	@mkdir -p $(TAP)
	$(Q)$< --jobs 2 --tap=$(TAP)/sys.tap $(if $(ONLY),--filter '$(ONLY)')

.PHONY: test-sys
