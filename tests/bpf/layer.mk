# The real BPF programs, one frame at a time (BPF_PROG_TEST_RUN) and on devices in a namespace of each test's own. Root.
#
#   make bpf-test [ONLY='slow/*']

TEST_LAYERS += bpf-test

BPF_TESTS := $(call obj,tests/bpf/*.c)
$(BPF_TESTS): | $(BPF)
$(B)/tests/bpf/run: $(BPF_TESTS)
	$(call say,LD,$@)$(CC) $(TEST_CFLAGS) $^ -o $@ $(CRITERION) -lbpf

bpf-test: $(B)/tests/bpf/run
	@mkdir -p $(TAP)
	$(Q)$< --jobs 1 --tap=$(TAP)/bpf-test.tap $(if $(ONLY),--filter '$(ONLY)')

.PHONY: bpf-test
