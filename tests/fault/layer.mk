# Faults: every system call and every allocation of the agent fails, during every operation (see points.py). Needs root.
FAULT_TOOLS := $(B)/tests/fault/inject $(B)/tests/fault/oom.so $(B)/tests/fault/resident.so
FAULT_RUN = B=$(B) ONLY='$(ONLY)' $(if $(SAN),OOM=) tests/fault/run.sh
SCHEDULES ?= 1000
FAULT_SEED := $(or $(SEED),$(shell date +%s))

$(B)/tests/fault/inject: $(B)/tests/fault/inject.o
	$(call say,LD,$@)$(CC) $(TEST_CFLAGS) $^ -o $@ -lseccomp
$(B)/tests/fault/%.so: tests/fault/%.c
	$(call say,CC,$@)mkdir -p $(@D) && $(CC) $(filter-out -fsanitize%,$(TEST_CFLAGS)) -fPIC -shared $< -o $@

test-fault: all $(FAULT_TOOLS) ## each call and allocation of the agent fails once, in every operation; many hours; ONLY='port-*' CALLS=bpf; SAME=2: two of each kind
	@mkdir -p $(TAP)
	$(Q)$(FAULT_RUN) points.py $(TAP)/fault.tap

TEST_LAYERS += fault-sample
test-fault-sample: all $(FAULT_TOOLS) ## two minutes of that, by a SEED that it prints; part of make test
	@mkdir -p $(TAP)
	@echo "SEED=$(FAULT_SEED)"
	$(Q)$(FAULT_RUN) points.py --sample $(FAULT_SEED) 120 $(TAP)/fault-sample.tap

TEST_LAYERS += fault-kill-sample
test-fault-kill-sample: export CALLS := kills
test-fault-kill-sample: all $(FAULT_TOOLS) ## a minute of kills in place of a call, by a SEED that it prints; part of make test
	@mkdir -p $(TAP)
	@echo "SEED=$(FAULT_SEED)"
	$(Q)$(FAULT_RUN) points.py --sample $(FAULT_SEED) 60 $(TAP)/fault-kill-sample.tap

fault-schedules: all $(FAULT_TOOLS) ## random commands and events in a row with failing calls: SCHEDULES=1000, by a SEED that it prints
	@mkdir -p $(TAP)
	@echo "SEED=$(FAULT_SEED)"
	$(Q)$(FAULT_RUN) schedules.py $(SCHEDULES) $(FAULT_SEED) $(TAP)/fault-schedules.tap

TEST_LAYERS += fault-kills
KILL_SECONDS ?= 25
test-fault-kills: all $(B)/tests/fault/resident.so ## the agent is killed at random moments in a storm of changes; by a SEED that it prints; KILLS=1000: so many
	@mkdir -p $(TAP)
	@echo "SEED=$(FAULT_SEED)"
	$(Q)$(FAULT_RUN) kills.py $(if $(KILLS),--kills $(KILLS),--seconds $(KILL_SECONDS)) $(FAULT_SEED) $(TAP)/fault-kills.tap

LONG_LAYERS += fault
long-fault:
	@$(MAKE) --no-print-directory test-fault-kills TAP=$(LONG_TAP)/fault KILLS=1000
	@$(MAKE) --no-print-directory test-fault TAP=$(LONG_TAP)/fault
	@$(MAKE) --no-print-directory fault-schedules TAP=$(LONG_TAP)/fault

.PHONY: test-fault test-fault-kills test-fault-sample fault-schedules long-fault
