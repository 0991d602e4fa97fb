# What a newcomer meets: a bare Debian, made by debootstrap. Needs root and a mirror; not part of `make test`.
# On Debian 12, which is what CI runs, a compiler's warning is an error.
RELEASE ?= bookworm
FRESH_LAYERS := unit bpf

test-fresh: ## the demo and two layers of tests on a bare Debian 12, which it makes; RELEASE=trixie: on Debian 13
	@WERROR=$(if $(filter bookworm,$(RELEASE)),1,$(WERROR)) tests/fresh/run.sh $(RELEASE) $(B)/tap-fresh $(FRESH_LAYERS)

.PHONY: test-fresh
