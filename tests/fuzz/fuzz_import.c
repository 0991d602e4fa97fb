/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * import on any file. The first octet of the input chooses the kind of file, the rest is its text. What import prints
 * must be commands that a file may hold, and they must apply.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/cli.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char path[64]; /* of a file in memory, which import reads */
static int file;
static struct ctl_model model;

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* What import refuses, it says on stderr. The fuzzer, which took stderr at its start, keeps it for its findings. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	file = memfd_create("import", MFD_CLOEXEC);
	stderr = fopen("/dev/null", "we");
	must(file >= 0 && stderr);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	return 0;
}

static void apply(char *text)
{
	char *words[CTL_MAX_WORDS], sentence[XLAGG_SENTENCE_MAX];
	struct ctl_command command;
	int line = 0, count;

	memset(&model, 0, sizeof(model));
	while ((count = ctl_split(&text, words, CTL_MAX_WORDS, &line, sentence)) > 0) {
		must(ctl_parse(count, words, true, &command, sentence) == 0);
		must(command.cmd == XLAGG_CMD_LAGG_ADD);
		must(ctl_apply(&model, &command, sentence) == 0);
	}
	must(count == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const kinds[] = {"bonding", "teamd", "networkd", "rc.conf"};
	static struct cli cli = {.fd = -1};
	FILE *terminal = stdout;
	char *text = NULL, *words[2];
	size_t printed;
	int status;

	if (!size || ftruncate(file, 0) != 0 || pwrite(file, data + 1, size - 1, 0) != (ssize_t)(size - 1))
		return 0;
	words[0] = (char *)kinds[data[0] % 4];
	words[1] = path;
	stdout = open_memstream(&text, &printed);
	status = cmd_import(&cli, 2, words);
	fclose(stdout);
	stdout = terminal;
	must(status == CLI_DONE || (status == CLI_REFUSED && !printed));
	apply(text);
	free(text);
	return 0;
}
