# Another administrator, who knows nothing of xlagg, for a minute: random actions, printed with the seed that repeats them.
# Each run has another seed, so a failure is a find. It is printed, and the same seed is tried once more: how many actions fit
# between two looks of the agent depends on what else the machine does.
#   ADMIN_SEED=N   the same actions again   ADMIN_STEPS=N   only the first so many   ADMIN_SECONDS=N   for so long
#   ADMIN_KEEP=FOLDER   the whole list of actions and the agent's log are left there
TEST_LAYERS += administrator
ADMIN_SECONDS ?= 60
ADMIN_SEED ?= $(shell date +%s)

test-administrator: export ADMIN_SECONDS := $(ADMIN_SECONDS)
test-administrator: export ADMIN_SEED := $(ADMIN_SEED)
test-administrator: export ADMIN_KEEP := $(ADMIN_KEEP)
test-administrator: export ADMIN_STEPS := $(ADMIN_STEPS)
test-administrator: all net-tools ## random changes to a lagg's devices by other hands: ADMIN_SECONDS=60 ADMIN_SEED=1
	@mkdir -p $(TAP)
	@echo "ADMIN_SEED=$(ADMIN_SEED)"
	$(Q)B=$(B) ONLY='$(ONLY)' TRIES=2 TEST_SECONDS=$$(($(ADMIN_SECONDS) * 2 + 180)) \
		tests/net/run.sh tests/administrator $(TAP)/administrator.tap

LONG_LAYERS += administrator
long-administrator:
	@$(MAKE) --no-print-directory test-administrator TAP=$(LONG_TAP)/administrator ADMIN_SECONDS=600

.PHONY: test-administrator long-administrator
