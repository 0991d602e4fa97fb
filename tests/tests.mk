# The layers of tests. A layer is a folder here with a layer.mk that adds the folder's name to TEST_LAYERS and has a target
# test-FOLDER, which writes TAP to $(TAP)/FOLDER.tap and fails when a test failed. tests/tally.sh adds them up.

TAP := $(B)/tap
CRITERION := -lcriterion
TEST_LAYERS := unit

# Every layer runs even when one before it failed; the tally fails if any did, or wrote nothing.
test: deps ## every test that needs no virtual machine; ends with "N passed, N failed, N skipped"
	@$(MAKE) --no-print-directory all
	@rm -rf $(TAP)
	@for layer in $(TEST_LAYERS); do \
		echo "== $$layer"; $(MAKE) --no-print-directory test-$$layer || echo "== $$layer failed"; done
	@tests/tally.sh $(TEST_LAYERS:%=$(TAP)/%.tap)

# Test code may convert as it likes; everything else holds as in the product.
TEST_CFLAGS = $(filter-out -Wconversion,$(ALL_CFLAGS)) -Itests
$(B)/tests/%.o: tests/%.c
	$(call say,CC,$<)mkdir -p $(@D) && $(CC) $(TEST_CFLAGS) -c $< -o $@
$(B)/tests/%.bpf.o: tests/%.bpf.c
	$(compile_bpf)

$(B)/tests/unit/run: $(call obj,tests/unit/*.c) $(B)/libcli.a $(B)/libctl.a $(B)/libcore.a
	$(call say,LD,$@)$(CC) $(TEST_CFLAGS) $^ -o $@ $(CRITERION) $(CLI_LIBS)

test-unit: $(B)/tests/unit/run ## core, grammar and CLI as functions; ONLY='lacp_mux/*': a pattern of Criterion's
	@mkdir -p $(TAP)
	$(Q)$< --tap=$(TAP)/unit.tap $(if $(ONLY),--filter '$(ONLY)')

include $(wildcard tests/*/layer.mk)

# Names that some of these targets had before every folder had its test-FOLDER.
unit sim net interop: %: test-%
bpf-test: test-bpf
sys-test: test-sys
datapath-test: test-datapath
cmdline: test-cli
corpus: test-fuzz

.PHONY: test test-unit unit sim net interop bpf-test sys-test datapath-test cmdline corpus
