# The command line as a user meets it: exit statuses, messages, help, manual pages, completion, exporter, live view.
#   make cmdline ONLY=test_top       one of them; a pattern of the shell
TEST_LAYERS += cmdline

cmdline: all
	@mkdir -p $(TAP)
	$(Q)B=$(B) ONLY='$(ONLY)' tests/net/run.sh tests/cli $(TAP)/cmdline.tap

.PHONY: cmdline
