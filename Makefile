# xlagg: link aggregation and failover for Linux in eBPF.
# `make help` lists the targets: each is described behind the ## of its own rule.

PREFIX ?= /usr/local
# Debian's zsh looks for what packages bring in a folder of another name.
ZSH_FUNCTIONS = $(PREFIX)/share/zsh/$(if $(filter /usr,$(PREFIX)),vendor-completions,site-functions)
UNIT_DIR ?= $(PREFIX)/lib/systemd/system
UDEV_DIR ?= $(PREFIX)/lib/udev
CC = gcc
CLANG ?= clang
BPFTOOL ?= bpftool
VERSION := 0.1.0

B := build$(if $(SAN),/san)
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' $(1) $(2);)

# A newer compiler warns of more: that fails our own builds, not a user's.
WERROR_FLAG := $(if $(WERROR),-Werror)
WARN := -Wall -Wextra $(WERROR_FLAG) -Wshadow -Wconversion -Wno-sign-conversion
CFLAGS ?= -O2 -g
ALL_CFLAGS := -std=gnu17 $(WARN) $(CFLAGS) -Iinclude -Iagent -I$(B) -D_GNU_SOURCE -DXLAGG_VERSION='"$(VERSION)"' -MMD -MP $(CPPFLAGS)
ifdef SAN
# A leak or undefined behaviour ends the program: a test that only prints it would pass.
ALL_CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
endif
# clang's bpf target knows nothing of the host, whose headers it reads: which architecture, in their words and in libbpf's.
MACHINE := $(shell uname -m)
BPF_ARCH_x86_64 := x86
BPF_ARCH_aarch64 := arm64
BPF_CFLAGS := -O2 -g -target bpf -mcpu=v3 -Wall -Wextra $(WERROR_FLAG) -Iinclude -idirafter /usr/include/$(MACHINE)-linux-gnu \
	-D__$(MACHINE)__ -D__TARGET_ARCH_$(or $(BPF_ARCH_$(MACHINE)),$(MACHINE)) -MD -MP

AGENT_LIBS := -lxdp -lbpf -lmnl -lsystemd -lcap -lseccomp -lpthread
CLI_LIBS := -lmnl -ljansson -lncursesw -ltinfo -lmicrohttpd -lpcap

# What shows the laggs to snmpd is built where its library is.
AGENTX := $(if $(wildcard /usr/include/net-snmp/net-snmp-config.h),$(B)/xlagg-agentx)
AGENTX_LIBS := -lnetsnmpagent -lnetsnmp -lmnl

obj = $(patsubst %.c,$(B)/%.o,$(wildcard $(1)))
CORE := $(call obj,agent/core/*.c agent/core/*/*.c)
CTL := $(call obj,agent/ctl/*.c)
SYS := $(call obj,agent/sys/*.c agent/sys/*/*.c)
CLI := $(call obj,agent/cli/*.c)
LAGG := $(call obj,agent/lagg/*.c)
AGENT := $(call obj,agent/*.c)
BPF := $(patsubst bpf/%.bpf.c,$(B)/bpf/%.skel.h,$(wildcard bpf/*.bpf.c))

all: $(B)/xlaggd $(B)/xlagg $(AGENTX) ## builds the agent, the CLI, and, where libsnmp-dev is installed, xlagg-agentx
	$(if $(AGENTX),,@echo "xlagg-agentx is left out: libsnmp-dev is not installed")

$(B)/xlaggd: $(AGENT) $(LAGG) $(B)/libsys.a $(B)/libctl.a $(B)/libcore.a | $(B)/storeys
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) $(LDFLAGS) $^ -o $@ $(AGENT_LIBS)
$(B)/storeys: $(AGENT) $(LAGG) $(SYS) $(CTL) $(CORE) tests/storeys.sh
	$(Q)tests/storeys.sh $(B) && touch $@
$(B)/xlagg: $(B)/agent/cli/main.o $(B)/libcli.a $(B)/libctl.a
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) $(LDFLAGS) $^ -o $@ $(CLI_LIBS)
	@! readelf -d $@ | grep -q 'NEEDED.*libbpf' || { echo "$@ links libbpf: the CLI knows the control protocol only" >&2; rm -f $@; exit 1; }

$(B)/xlagg-agentx: $(call obj,agent/agentx/*.c) $(B)/libcli.a $(B)/libctl.a
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) $(LDFLAGS) $^ -o $@ $(AGENTX_LIBS)

$(B)/libsys.a: $(SYS)
$(B)/libctl.a: $(CTL)
$(B)/libcli.a: $(filter-out %/main.o,$(CLI))
$(B)/libcore.a: $(CORE) $(B)/core.pure
$(B)/core.pure: $(CORE) tests/core-is-pure.sh
	$(Q)tests/core-is-pure.sh $(CORE) && touch $@
$(B)/lib%.a:
	$(call say,AR,$@)rm -f $@ && ar qcs $@ $(filter %.o,$^)

$(B)/%.o: %.c
	$(call say,CC,$<)mkdir -p $(@D) && $(CC) $(ALL_CFLAGS) -c $< -o $@
$(SYS) $(AGENT) $(LAGG): | $(BPF)

# The libc's headers are made for the host: on another machine they lack, or say something else.
define compile_bpf
	$(call say,CLANG,$<)mkdir -p $(@D) && $(CLANG) $(BPF_CFLAGS) -c $< -o $@
	@! grep -q '/features\.h' $(@:.o=.d) || { echo "$<: includes a header of the libc (see $(@:.o=.d))" >&2; rm -f $@; exit 1; }
endef
$(B)/bpf/%.bpf.o: bpf/%.bpf.c
	$(compile_bpf)
$(B)/bpf/%.skel.h: $(B)/bpf/%.bpf.o
	$(call say,SKEL,$@)(echo '/* NOLINTBEGIN: written by bpftool */' && $(BPFTOOL) gen skeleton $< name $*_bpf && \
		echo '/* NOLINTEND */') > $@.tmp && mv $@.tmp $@

# One part of the product. These are names of folders of tests as well, so they say that nothing was tested.
bpf: $(BPF)
core: $(B)/libcore.a
ctl: $(B)/libctl.a
sys: $(B)/libsys.a
cli: $(B)/xlagg
bpf core ctl sys cli:
	@echo "$@: built, nothing tested: make test-$(if $(filter core ctl,$@),unit,$@) tests it"

include tests/tests.mk

deps: ## installs the Debian packages that building and testing need
	@deploy/install-deps.sh

demo: deps ## a lagg loses a link under load, between two namespaces; installs what is missing, builds first
	@$(MAKE) --no-print-directory all
	@tests/net/demo.sh

# What a package's scripts do, where systemd runs: groups, the sockets' folder, the new units.
define tell_systemd
	! [ -d /run/systemd/system ] || { systemd-sysusers xlagg.conf && systemd-tmpfiles --create xlagg.conf && systemctl daemon-reload && \
		udevadm control --reload; }
endef
# xlagg-agentx is installed with its unit and page where it is built.
UNITS := xlaggd.service xlagg-exporter.service $(if $(AGENTX),xlagg-agentx.service)
PAGES := $(filter-out $(if $(AGENTX),,%/xlagg-agentx.8),$(wildcard deploy/man/*.[1-9]))
install: all ## installs below PREFIX (/usr/local), and an empty configuration if there is none; DESTDIR is put before both
	install -D -m 755 $(B)/xlaggd $(DESTDIR)$(PREFIX)/sbin/xlaggd
	install -D -m 755 $(B)/xlagg $(DESTDIR)$(PREFIX)/sbin/xlagg
	$(if $(AGENTX),install -D -m 755 $(AGENTX) $(DESTDIR)$(PREFIX)/sbin/xlagg-agentx)
	for page in $(PAGES); do \
		install -D -m 644 $$page $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$${page##*/} || exit 1; done
	for example in deploy/examples/*; do \
		install -D -m 644 $$example $(DESTDIR)$(PREFIX)/share/doc/xlagg/examples/$${example##*/} || exit 1; done
	for page in deploy/doc/*.md; do \
		install -D -m 644 $$page $(DESTDIR)$(PREFIX)/share/doc/xlagg/$${page##*/} || exit 1; done
	for file in deploy/grafana/*; do \
		install -D -m 644 $$file $(DESTDIR)$(PREFIX)/share/xlagg/grafana/$${file##*/} || exit 1; done
	cd deploy/ansible/roles && for file in $$(find xlagg -name '*.yml' -o -name '*.py'); do \
		install -D -m 644 $$file $(DESTDIR)$(PREFIX)/share/ansible/roles/$$file || exit 1; done
	install -D -m 644 deploy/completion/xlagg $(DESTDIR)$(PREFIX)/share/bash-completion/completions/xlagg
	install -D -m 644 deploy/completion/_xlagg $(DESTDIR)$(ZSH_FUNCTIONS)/_xlagg
	install -D -m 644 deploy/completion/xlagg.fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/xlagg.fish
	install -d $(DESTDIR)$(UNIT_DIR)
	for unit in $(UNITS); do \
		sed 's|@SBINDIR@|$(PREFIX)/sbin|' deploy/systemd/$$unit > $(DESTDIR)$(UNIT_DIR)/$$unit || exit 1; done
	install -D -m 644 deploy/systemd/xlagg.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/xlagg.conf
	install -D -m 644 deploy/systemd/xlagg.tmpfiles $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/xlagg.conf
	install -D -m 755 deploy/networkmanager/unmanaged $(DESTDIR)$(PREFIX)/lib/xlagg/networkmanager-unmanaged
	install -d $(DESTDIR)$(UDEV_DIR)/rules.d
	sed 's|@LIBDIR@|$(PREFIX)/lib|' deploy/udev/90-xlagg.rules > $(DESTDIR)$(UDEV_DIR)/rules.d/90-xlagg.rules
	install -D -m 644 deploy/networkd/10-xlagg.network $(DESTDIR)$(UNIT_DIR:%/system=%)/network/10-xlagg.network
	for hook in pre-up post-down; do \
		install -D -m 755 deploy/ifupdown/$$hook $(DESTDIR)/etc/network/if-$$hook.d/xlagg || exit 1; done
	[ -e $(DESTDIR)/etc/xlagg/xlagg.conf ] || install -D -m 644 deploy/xlagg.conf $(DESTDIR)/etc/xlagg/xlagg.conf
	$(if $(DESTDIR),,$(tell_systemd))

# State stays, and configuration that somebody has written: they are the user's. What runs goes on; `xlagg flush` takes it down first.
uninstall: ## removes what install put below PREFIX
	rm -f $(DESTDIR)$(PREFIX)/sbin/xlaggd $(DESTDIR)$(PREFIX)/sbin/xlagg $(DESTDIR)$(PREFIX)/sbin/xlagg-agentx
	for page in $(notdir $(wildcard deploy/man/*.[1-9])); do \
		rm -f $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$$page; done
	rm -f $(DESTDIR)$(PREFIX)/share/bash-completion/completions/xlagg
	rm -f $(DESTDIR)$(ZSH_FUNCTIONS)/_xlagg
	rm -f $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/xlagg.fish
	rm -f $(patsubst deploy/systemd/%,$(DESTDIR)$(UNIT_DIR)/%,$(wildcard deploy/systemd/*.service)) $(DESTDIR)$(PREFIX)/lib/sysusers.d/xlagg.conf \
		$(DESTDIR)$(PREFIX)/lib/tmpfiles.d/xlagg.conf $(DESTDIR)$(UDEV_DIR)/rules.d/90-xlagg.rules \
		$(DESTDIR)$(UNIT_DIR:%/system=%)/network/10-xlagg.network \
		$(DESTDIR)/etc/network/if-pre-up.d/xlagg $(DESTDIR)/etc/network/if-post-down.d/xlagg
	rm -rf $(DESTDIR)$(PREFIX)/share/doc/xlagg $(DESTDIR)$(PREFIX)/share/xlagg $(DESTDIR)$(PREFIX)/lib/xlagg \
		$(DESTDIR)$(PREFIX)/share/ansible/roles/xlagg
	! cmp -s deploy/xlagg.conf $(DESTDIR)/etc/xlagg/xlagg.conf || rm $(DESTDIR)/etc/xlagg/xlagg.conf

# deploy/debian becomes the debian/ of a copy, whose build folder stays for the next time.
DEB_VERSION ?= $(VERSION)
DEB := build/deb/$(DEB_VERSION)
deb: ## builds the Debian package, in build/deb/VERSION
	@deploy/install-deps.sh deb
	@mkdir -p $(DEB)/xlagg
	cd $(DEB)/xlagg && rm -rf $(filter-out build,$(notdir $(wildcard $(DEB)/xlagg/*)))
	cp -a agent bpf deploy include tests Makefile README.md HACKING.md LICENSE $(DEB)/xlagg
	cp -a deploy/debian $(DEB)/xlagg/debian
	sed -i '1s/(.*)/($(DEB_VERSION))/' $(DEB)/xlagg/debian/changelog
	cd $(DEB)/xlagg && env -u MAKEFLAGS -u MAKELEVEL -u WERROR dpkg-buildpackage -us -uc -b -nc -j2 >../build.log 2>&1 || \
		{ tail -n 40 ../build.log >&2; exit 1; }
	@ls $(DEB)/*.deb

map: ## fails where HACKING.md names a file or a function that does not exist
	@tests/map.sh HACKING.md

SOURCES := $(wildcard include/xlagg/*.h bpf/*.[ch] agent/*.[ch] agent/*/*.[ch] agent/*/*/*.[ch] tests/*/*.[ch])
format: ## lets clang-format lay out the sources
	clang-format -i $(SOURCES)
format-check: ## fails where clang-format would change something
	clang-format --dry-run -Werror $(SOURCES)
# A process for each file: given several, clang-tidy 14 takes state from one into the next.
tidy: $(BPF) ## clang-tidy over the agent and the CLI
	@failed=0; for file in $(filter-out $(if $(AGENTX),,agent/agentx/%),$(wildcard agent/*.c agent/*/*.c agent/*/*/*.c)); do \
		clang-tidy --quiet $$file -- -std=gnu17 -Iinclude -Iagent -I$(B) -D_GNU_SOURCE \
			-DXLAGG_VERSION='"$(VERSION)"' 2>/dev/null || failed=1; done; exit $$failed

clean: ## removes the build folder
	rm -rf build

help: ## this list
	@echo "make TARGET... [V=1] [SAN=1] [WERROR=1]"
	@echo "  V=1: prints the commands; SAN=1: with AddressSanitizer and UndefinedBehaviorSanitizer, in a build folder of its own;"
	@echo "  WERROR=1: a compiler's warning is an error, as in what CI runs"
	@awk -F ' ## ' 'NF == 2 && /^[a-z]/ { sub(/:.*/, "", $$1); printf "  make %-19s %s\n", $$1, $$2 }' \
		Makefile tests/tests.mk $(wildcard tests/*/layer.mk)

.PHONY: all bpf core ctl sys cli deps demo install uninstall deb map format format-check tidy clean help
.DELETE_ON_ERROR:
.SECONDARY:
-include $(shell find $(B) -path build/deb -prune -o -type f -name '*.d' -print 2>/dev/null)
