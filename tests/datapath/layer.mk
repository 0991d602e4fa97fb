# The loader of the BPF programs, on real devices in a network namespace and a bpffs of each test's own. Needs root.
TEST_LAYERS += datapath

$(B)/tests/datapath/run: $(filter-out %.bpf.o,$(call obj,tests/datapath/*.c)) $(B)/libsys.a
	$(call say,LD,$@)$(CC) $(TEST_CFLAGS) $^ -o $@ $(CRITERION) $(AGENT_LIBS)

# pass: a program of somebody else's
test-datapath: $(B)/tests/datapath/run $(B)/tests/datapath/pass.bpf.o ## the loader of the BPF programs, on real devices; ONLY='adopt/*'
	@mkdir -p $(TAP)
	$(Q)XLAGG_PASS=$(B)/tests/datapath/pass.bpf.o $< --jobs 1 --tap=$(TAP)/datapath.tap $(if $(ONLY),--filter '$(ONLY)')

.PHONY: test-datapath
