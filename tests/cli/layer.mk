# The command line as a user meets it: exit statuses, messages, help, manual pages, completion, exporter, live view.
TEST_LAYERS += cli

test-cli: all ## the command line as a user meets it; ONLY=test_top
	@mkdir -p $(TAP)
	$(Q)B=$(B) ONLY='$(ONLY)' tests/net/run.sh tests/cli $(TAP)/cli.tap

.PHONY: test-cli
