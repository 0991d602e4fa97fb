# A simulation of systems that speak LACP on links that misbehave.
#
#   make sim [SCENARIOS=100000] [SEED=1]   random scenarios from seed SEED on
#   make soak                              scenarios until stopped
#   build/tests/sim/run SEED               replays one

TEST_LAYERS += sim
SCENARIOS ?= $(if $(SAN),10000,100000)
SEED ?= 1

$(B)/tests/sim/run: $(call obj,tests/sim/*.c) $(B)/libcore.a
	$(call say,LD,$@)$(CC) $(TEST_CFLAGS) $^ -o $@

sim: $(B)/tests/sim/run
	@mkdir -p $(TAP)
	$(Q)$< -n $(SCENARIOS) -s $(SEED) -j $$(nproc) -t $(TAP)/sim.tap

soak: $(B)/tests/sim/run
	$(Q)$< --soak -s $$(date +%s)00000 -j $$(nproc)

.PHONY: sim soak
