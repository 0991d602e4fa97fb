# A simulation of systems that speak LACP on links that misbehave.
# build/tests/sim/run SEED replays one scenario.
TEST_LAYERS += sim
SCENARIOS ?= $(if $(SAN),10000,100000)
DAY_SEED := $(or $(SEED),$(shell date +%Y%m%d)000000)
SEED ?= 1

$(B)/tests/sim/run: $(call obj,tests/sim/*.c) $(B)/libcore.a
	$(call say,LD,$@)$(CC) $(TEST_CFLAGS) $^ -o $@

test-sim: $(B)/tests/sim/run ## LACP systems on a fake clock: SCENARIOS=100000 random scenarios from SEED=1 on; FAMILY=9: only of one
	@mkdir -p $(TAP)
	$(Q)$< $(if $(FAMILY),-f $(FAMILY)) -n $(SCENARIOS) -s $(SEED) -j $$(nproc) -t $(TAP)/sim.tap

soak: $(B)/tests/sim/run ## such scenarios until stopped
	$(Q)$< --soak -s $$(date +%s)00000 -j $$(nproc)

# The seed is the day's: every day tries a million others, and a failure of today can be repeated.
soak-million: $(B)/tests/sim/run ## a million of them, from a seed of the day or SEED on; SEED is printed
	@echo "SEED=$(DAY_SEED)"
	$(Q)nice $< -n 1000000 -s $(DAY_SEED) -j $$(nproc)

LONG_LAYERS += sim
SAMPLED_LAYERS += sim
long-sim:
	@echo "SEED=$(DAY_SEED)"; $(MAKE) --no-print-directory test-sim TAP=$(LONG_TAP)/sim SCENARIOS=1000000 SEED=$(DAY_SEED)
sample-sim:
	@$(MAKE) --no-print-directory test-sim TAP=$(LONG_TAP)/sim SCENARIOS=20000 SEED=$(SAMPLE)00000

.PHONY: test-sim soak soak-million long-sim sample-sim
