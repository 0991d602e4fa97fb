# The real BPF programs, one frame at a time (BPF_PROG_TEST_RUN) and on devices in a namespace of each test's own. Root.
TEST_LAYERS += bpf

BPF_TESTS := $(call obj,tests/bpf/*.c)
$(BPF_TESTS): | $(BPF)
$(B)/tests/bpf/run: $(BPF_TESTS)
	$(call say,LD,$@)$(CC) $(TEST_CFLAGS) $^ -o $@ $(CRITERION) -lbpf

test-bpf: $(B)/tests/bpf/run ## the BPF programs, one frame at a time; ONLY='slow/*'
	@mkdir -p $(TAP)
	$(Q)$< --jobs 1 --tap=$(TAP)/bpf.tap $(if $(ONLY),--filter '$(ONLY)')

.PHONY: test-bpf
