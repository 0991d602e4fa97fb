# The layers of tests. A layer is a folder with a layer.mk that adds its name to TEST_LAYERS and has a target of that
# name; the target writes TAP to $(TAP)/NAME.tap and fails when a test failed. tests/tally.sh adds them up.
#
#   make unit                        one layer
#   make unit ONLY='lacp_mux/*'      some tests of it (Criterion pattern, or name of a shell test)

TAP := $(B)/tap
CRITERION := -lcriterion
TEST_LAYERS := unit

# Test code may convert as it likes; everything else holds as in the product.
TEST_CFLAGS = $(filter-out -Wconversion,$(ALL_CFLAGS)) -Itests
$(B)/tests/%.o: tests/%.c
	$(call say,CC,$<)mkdir -p $(@D) && $(CC) $(TEST_CFLAGS) -c $< -o $@
$(B)/tests/%.bpf.o: tests/%.bpf.c
	$(compile_bpf)

$(B)/tests/unit/run: $(call obj,tests/unit/*.c) $(B)/libcli.a $(B)/libctl.a $(B)/libcore.a
	$(call say,LD,$@)$(CC) $(TEST_CFLAGS) $^ -o $@ $(CRITERION) $(CLI_LIBS)

unit: $(B)/tests/unit/run
	@mkdir -p $(TAP)
	$(Q)$< --tap=$(TAP)/unit.tap $(if $(ONLY),--filter '$(ONLY)')

include $(wildcard tests/*/layer.mk)

# Every layer runs even when one before it failed; the tally fails if any did, or wrote nothing.
test: deps
	@$(MAKE) --no-print-directory all
	@rm -rf $(TAP)
	@for layer in $(TEST_LAYERS); do \
		echo "== $$layer"; $(MAKE) --no-print-directory $$layer || echo "== $$layer failed"; done
	@tests/tally.sh $(TEST_LAYERS:%=$(TAP)/%.tap)

.PHONY: unit test
