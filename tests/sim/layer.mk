# A simulation of systems that speak LACP on links that misbehave.
# build/tests/sim/run SEED replays one scenario.
TEST_LAYERS += sim
SCENARIOS ?= $(if $(SAN),10000,100000)
SEED ?= 1

$(B)/tests/sim/run: $(call obj,tests/sim/*.c) $(B)/libcore.a
	$(call say,LD,$@)$(CC) $(TEST_CFLAGS) $^ -o $@

test-sim: $(B)/tests/sim/run ## LACP systems on a fake clock: SCENARIOS=100000 random scenarios from SEED=1 on
	@mkdir -p $(TAP)
	$(Q)$< -n $(SCENARIOS) -s $(SEED) -j $$(nproc) -t $(TAP)/sim.tap

soak: $(B)/tests/sim/run ## such scenarios until stopped
	$(Q)$< --soak -s $$(date +%s)00000 -j $$(nproc)

LONG_LAYERS += sim
SAMPLED_LAYERS += sim
long-sim:
	@seed=$$(date +%s)00000; echo "SEED=$$seed"; \
		$(MAKE) --no-print-directory test-sim TAP=$(LONG_TAP)/sim SCENARIOS=1000000 SEED=$$seed
sample-sim:
	@$(MAKE) --no-print-directory test-sim TAP=$(LONG_TAP)/sim SCENARIOS=20000 SEED=$(SAMPLE)00000

.PHONY: test-sim soak long-sim sample-sim
