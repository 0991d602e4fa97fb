# The layers of tests. A layer is a folder here with a layer.mk that adds the folder's name to TEST_LAYERS and has a target
# test-FOLDER, which writes TAP to $(TAP)/FOLDER.tap and fails when a test failed. tests/tally.sh adds them up.

TAP := $(B)/tap
CRITERION := -lcriterion
TEST_LAYERS := unit

# Every layer runs even when one before it failed; the tally fails if any did, or wrote nothing.
# Without them some tests are skipped, and say so.
test-deps: deps
	@deploy/install-deps.sh test || echo "these packages cannot be had (above is why): tests that need them are skipped"

test: test-deps ## every test that needs no virtual machine; ends with "N passed, N failed, N skipped"
	@rm -rf $(TAP) && mkdir -p $(TAP) && date +%s >$(TAP)/began
	@$(MAKE) --no-print-directory all
	@for layer in $(TEST_LAYERS); do \
		begin=$$(date +%s); \
		echo "== $$layer"; $(MAKE) --no-print-directory test-$$layer || echo "== $$layer failed"; \
		echo "== $$layer took $$(($$(date +%s) - begin)) s"; done
	@tests/took.sh $@ 25 $(TAP)/began
	@tests/tally.sh $(TEST_LAYERS:%=$(TAP)/%.tap)

# Test code may convert as it likes; everything else holds as in the product.
TEST_CFLAGS = $(filter-out -Wconversion,$(ALL_CFLAGS)) -Itests
$(B)/tests/%.o: tests/%.c
	$(call say,CC,$<)mkdir -p $(@D) && $(CC) $(TEST_CFLAGS) -c $< -o $@
$(B)/tests/%.bpf.o: tests/%.bpf.c
	$(compile_bpf)

$(B)/tests/unit/run: $(call obj,tests/unit/*.c) $(B)/agent/agentx/mib.o $(B)/agent/lagg/journal.o $(B)/libcli.a $(B)/libctl.a $(B)/libcore.a
	$(call say,LD,$@)$(CC) $(TEST_CFLAGS) $^ -o $@ $(CRITERION) $(CLI_LIBS) -lm

test-unit: $(B)/tests/unit/run | map ## core, grammar and CLI as functions; ONLY='lacp_mux/*': a pattern of Criterion's
	@mkdir -p $(TAP)
	$(Q)$< --tap=$(TAP)/unit.tap $(if $(ONLY),--filter '$(ONLY)')

include $(wildcard tests/*/layer.mk)

# What does not fit the budgets of `make test` and `make test-vm`. A layer adds its name to LONG_LAYERS and has a target
# long-NAME, which leaves one or more TAP files in the folder $(LONG_TAP)/NAME and prints the seed of what is random.
# A layer whose name is also in SAMPLED_LAYERS has a target sample-NAME: a part of the same, a few minutes long, that the
# number SAMPLE chooses. `make test-sample` runs these; a run of it is repeated with the SAMPLE that it printed.
LONG_TAP := $(B)/tap-long
SAMPLE ?= $(shell date +%s)

# run_long PREFIX,LAYERS: the target PREFIX-LAYER of each, then the tally
define run_long
	@$(MAKE) --no-print-directory all
	@rm -rf $(LONG_TAP)
	@for layer in $(2); do \
		mkdir -p $(LONG_TAP)/$$layer; \
		echo "== $$layer"; $(MAKE) --no-print-directory $(1)-$$layer || echo "== $$layer failed"; done
	@tests/tally.sh $(2:%=$(LONG_TAP)/%/*.tap)
endef
test-long: deps ## what takes hours: a million scenarios, every suite on both kernels ...
	$(call run_long,long,$(LONG_LAYERS))
test-sample: export SAMPLE := $(SAMPLE)
test-sample: deps ## minutes of test-long, another part each time: it prints the SAMPLE=NUMBER that repeats it
	@echo "SAMPLE=$(SAMPLE)"
	$(call run_long,sample,$(SAMPLED_LAYERS))

# Names that some of these targets had before every folder had its test-FOLDER.
unit sim net interop: %: test-%
bpf-test: test-bpf
sys-test: test-sys
datapath-test: test-datapath
cmdline: test-cli
corpus: test-fuzz

.PHONY: test test-deps test-long test-sample test-unit unit sim net interop bpf-test sys-test datapath-test cmdline corpus
