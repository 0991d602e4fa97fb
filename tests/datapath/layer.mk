# The loader of the BPF programs, on real devices in a network namespace and a bpffs of each test's own. Needs root.
TEST_LAYERS += datapath-test

$(B)/tests/datapath/run: $(call obj,tests/datapath/*.c) $(B)/libsys.a
	$(call say,LD,$@)$(CC) $(TEST_CFLAGS) $^ -o $@ $(CRITERION) $(AGENT_LIBS)

datapath-test: $(B)/tests/datapath/run
	@mkdir -p $(TAP)
	$(Q)$< --jobs 1 --tap=$(TAP)/datapath-test.tap $(if $(ONLY),--filter '$(ONLY)')

.PHONY: datapath-test
