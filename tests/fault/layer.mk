# Faults: every system call and every allocation of the agent fails once, during every operation (see points.py). Root.
FAULT_TOOLS := $(B)/tests/fault/inject $(B)/tests/fault/oom.so

$(B)/tests/fault/inject: $(B)/tests/fault/inject.o
	$(call say,LD,$@)$(CC) $(TEST_CFLAGS) $^ -o $@ -lseccomp
$(B)/tests/fault/oom.so: tests/fault/oom.c
	$(call say,CC,$@)mkdir -p $(@D) && $(CC) $(filter-out -fsanitize%,$(TEST_CFLAGS)) -fPIC -shared $< -o $@

test-fault: all $(FAULT_TOOLS) ## every call and allocation of the agent fails once, in every operation; hours; ONLY='port-*'
	@mkdir -p $(TAP)
	$(Q)B=$(B) ONLY='$(ONLY)' $(if $(SAN),OOM=) tests/fault/run.sh points.py $(TAP)/fault.tap

.PHONY: test-fault
