# Fuzzers, with libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer.
TEST_LAYERS += fuzz
FUZZ_TIME ?= 60
FUZZ ?= $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_CFLAGS := -std=gnu17 -O2 -g -Wall -Wextra $(WERROR_FLAG) -Wshadow -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer -fno-sanitize-coverage=trace-cmp -Iinclude -Iagent -D_GNU_SOURCE -DXLAGG_VERSION='"$(VERSION)"' -MMD -MP
FUZZ_OBJ := $(patsubst %.c,$(B)/fuzz/%.o,$(wildcard agent/core/*.c agent/core/*/*.c agent/ctl/*.c))
# Without the sockets and the clock, which the fuzzer of netlink has of its own, and without ethtool, which is not asked by netlink.
FUZZ_NETLINK := $(patsubst %.c,$(B)/fuzz/%.o,$(filter-out %/socket.c %/ethtool.c,$(wildcard agent/sys/netlink/*.c) agent/sys/mark.c agent/sys/sysfs.c) agent/sys/bonding.c)
FUZZ_CLI := $(patsubst %.c,$(B)/fuzz/%.o,$(filter-out %/main.c,$(wildcard agent/cli/*.c)))
FUZZ_RECORD := $(patsubst %.c,$(B)/fuzz/%.o,agent/lagg/record.c agent/sys/datapath/saved.c agent/sys/mark.c)
FUZZERS := $(FUZZ:%=$(B)/fuzz/%)

$(B)/fuzz/%.o: %.c
	$(call say,CLANG,$<)mkdir -p $(@D) && $(CLANG) $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link -c $< -o $@
$(B)/fuzz/fuzz_%: tests/fuzz/fuzz_%.c $(FUZZ_OBJ)
	$(call say,FUZZER,$@)$(CLANG) $(FUZZ_CFLAGS) -fsanitize=fuzzer $(filter %.c %.o,$^) -o $@ $(FUZZ_LIBS)
$(B)/fuzz/fuzz_%: FUZZ_LIBS := -lmnl
$(B)/fuzz/fuzz_netlink: $(FUZZ_NETLINK)
$(B)/fuzz/fuzz_record: $(FUZZ_RECORD)
$(B)/fuzz/fuzz_reply $(B)/fuzz/fuzz_import: $(FUZZ_CLI)
$(B)/fuzz/fuzz_reply $(B)/fuzz/fuzz_import: FUZZ_LIBS := $(CLI_LIBS)

# A fuzzer reads its corpus from the tree and writes new inputs to the build folder.
fuzz: $(FUZZERS) ## fuzzes, FUZZ_TIME=60 seconds each target; FUZZ=fuzz_core: one of them; findings stay in build/fuzz
	$(Q)for f in $(FUZZ); do \
		echo "== $$f, $(FUZZ_TIME) s"; mkdir -p $(B)/fuzz/found/$$f tests/fuzz/corpus/$$f; \
		$(B)/fuzz/$$f -max_total_time=$(FUZZ_TIME) -max_len=4096 -print_final_stats=1 -verbosity=0 \
			-artifact_prefix=$(B)/fuzz/found/$$f- $(B)/fuzz/found/$$f tests/fuzz/corpus/$$f || exit 1; done

test-fuzz: $(FUZZERS) ## every input of the fuzzers' corpora, once
	@mkdir -p $(TAP)
	$(Q)tests/fuzz/corpus.sh $(TAP)/fuzz.tap $(FUZZERS)

.PHONY: fuzz test-fuzz
