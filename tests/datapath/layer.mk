# The loader of the BPF programs, on real devices in a network namespace and a bpffs of each test's own. Needs root.
TEST_LAYERS += datapath-test

$(B)/tests/datapath/run: $(filter-out %.bpf.o,$(call obj,tests/datapath/*.c)) $(B)/libsys.a
	$(call say,LD,$@)$(CC) $(TEST_CFLAGS) $^ -o $@ $(CRITERION) $(AGENT_LIBS)

# pass: a program of somebody else's
datapath-test: $(B)/tests/datapath/run $(B)/tests/datapath/pass.bpf.o
	@mkdir -p $(TAP)
	$(Q)XLAGG_PASS=$(B)/tests/datapath/pass.bpf.o $< --jobs 1 --tap=$(TAP)/datapath-test.tap $(if $(ONLY),--filter '$(ONLY)')

.PHONY: datapath-test
