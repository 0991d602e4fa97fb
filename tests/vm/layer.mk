# The suites that need a kernel, on the kernels that users run: Debian's, under QEMU. Not part of `make test`.
#   make test-vm [VM_KERNELS=6.12] [VM_LAYERS=bpf-test] [ONLY=...]
VM_KERNELS ?= 6.1 6.12
VM_LAYERS ?= bpf-test datapath-test vm
VM_TAP = $(B)/tap-vm

vm-deps: deps
	@deploy/install-deps.sh vm

test-vm: vm-deps
	@$(MAKE) --no-print-directory all net-tools $(B)/tests/bpf/run $(B)/tests/datapath/run $(B)/tests/datapath/pass.bpf.o
	@rm -rf $(VM_TAP)
	@for kernel in $(VM_KERNELS); do for layer in $(VM_LAYERS); do \
		echo "== $$layer on $$kernel"; \
		VM_OUT=$(VM_TAP)/$$kernel VM_TIMEOUT=600 ONLY='$(ONLY)' tests/vm/run.sh $$kernel \
			env B=$(B) tests/vm/suite.sh $$layer || echo "== $$layer on $$kernel failed"; \
	done; done
	@tests/tally.sh $(foreach k,$(VM_KERNELS),$(VM_LAYERS:%=$(VM_TAP)/$(k)/%.tap))

.PHONY: vm-deps test-vm
