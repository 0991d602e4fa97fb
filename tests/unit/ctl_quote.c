/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Names with any octet: in files, on terminals, as names of folders. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit/ctl_kit.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* A name that Linux would take, from a few letters, or from any octets. */
static void random_name(uint64_t *state, char ret[XLAGG_NAME_MAX])
{
	static const char few[] = "ab.=%'\\\"$#\x1b\xc3\xbc\xe2\x80\xae\x7f";
	bool any = kit_random(state) % 2;

	do {
		uint32_t len = 1 + kit_random(state) % (XLAGG_NAME_MAX - 1);

		memset(ret, 0, XLAGG_NAME_MAX);
		for (uint32_t i = 0; i < len; i++)
			ret[i] = any ? (char)(1 + kit_random(state) % 255) : few[kit_random(state) % (sizeof(few) - 1)];
	} while (ctl_check_name(ret, "a lagg", NULL) < 0);
}

Test(ctl_quote, words)
{
	static const struct {
		const char *word, *quoted;
	} cases[] = {
	    {"eth0.5", "eth0.5"},
	    {"", "''"},
	    {"a b", "'a b'"},
	    {"it's", "'it'\\''s'"},
	    {"#a", "'#a'"},
	    {"a\\b", "'a\\b'"},
	    {"b\xc3\xbcro", "b\xc3\xbcro"},
	    {"\xe7\xb6\xb2\xe5\x8d\xa1", "\xe7\xb6\xb2\xe5\x8d\xa1"},
	    {"b\xc3\xbcro 1", "'b\xc3\xbcro 1'"},
	    {"\x1b[31m", "$'\\x1b[31m'"},
	    {"\x7f", "$'\\x7f'"},
	    {"a\xff'\\", "$'a\\xff\\'\\\\'"},
	    {"\xc3", "$'\\xc3'"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char quoted[CTL_QUOTED_MAX];

		cr_expect_str_eq(ctl_quote(cases[i].word, quoted, sizeof(quoted)), cases[i].quoted);
	}
}

Test(ctl_quote, what_is_not_printable)
{
	static const struct {
		const char *text, *printed;
	} cases[] = {
	    {"plain", "plain"},
	    {"a\nb\tc\x1b", "a\\x0ab\\x09c\\x1b"},
	    {"\xc3\xbc \xe2\x82\xac \xf0\x9f\x94\x97", "\xc3\xbc \xe2\x82\xac \xf0\x9f\x94\x97"},
	    {"\xc2\x9b[m", "\\xc2\\x9b[m"},		  /* CSI as one character */
	    {"\xc0\xaf", "\\xc0\\xaf"},			  /* overlong */
	    {"\xe0\x80\xaf", "\\xe0\\x80\\xaf"},	  /* overlong */
	    {"\xed\xa0\x80", "\\xed\\xa0\\x80"},	  /* a surrogate */
	    {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"}, /* above U+10FFFF */
	    {"\xf8\x88\x80\x80\x80", "\\xf8\\x88\\x80\\x80\\x80"},
	    {"\xe2\x80\xae", "\\xe2\\x80\\xae"}, /* right to left from here */
	    {"\xe2\x82", "\\xe2\\x82"},		 /* cut off */
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char printed[64];

		cr_expect_str_eq(ctl_printable(cases[i].text, printed, sizeof(printed)), cases[i].printed);
	}
}

Test(ctl_quote, what_does_not_fit_is_cut_between_characters)
{
	char ret[8];

	cr_expect_str_eq(ctl_printable("abcdefghi", ret, sizeof(ret)), "abcdefg");
	cr_expect_str_eq(ctl_printable("abcdef\xc3\xbc", ret, sizeof(ret)), "abcdef");
	cr_expect_str_eq(ctl_printable("abcdef\xc3\xbcg", ret, sizeof(ret)), "abcdef");
	cr_expect_str_eq(ctl_quote("abcde'f", ret, sizeof(ret)), "'abcde");
	cr_expect_str_eq(ctl_printable("abc", ret, 1), "");
}

Test(ctl_quote, sentences_are_printable)
{
	char sentence[XLAGG_SENTENCE_MAX];

	ctl_refuse(sentence, -EINVAL, "%s and %.3s", "b\xc3\xbcro\x1b[31m", "ab\xc3\xbc");
	cr_expect_str_eq(sentence, "b\xc3\xbcro\\x1b[31m and ab\\xc3");
}

Test(ctl_quote, folders)
{
	static const struct {
		const char *name, *folder;
	} cases[] = {
	    {"lagg0", "lagg0"},	  {"lagg0.20", "lagg0%20"}, {"a..b", "a%%b"}, {"b\xc3\xbcro", "b%=c3%=bcro"},
	    {"\x1b[m", "%=1b[m"}, {".=1b", "%=2e=1b"},	    {"=1b", "=1b"},   {"it's#", "it's#"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char folder[CTL_FOLDER_MAX], name[XLAGG_NAME_MAX];

		ctl_folder_of(cases[i].name, folder);
		cr_expect_str_eq(folder, cases[i].folder);
		cr_expect_eq(ctl_name_of(folder, name), 0);
		cr_expect_str_eq(name, cases[i].name);
	}
}

/* Only a dot was written otherwise by earlier versions, as %. */
Test(ctl_quote, folders_of_earlier_versions)
{
	static const char *const cases[][2] = {{"lagg0%1b", "lagg0.1b"}, {"%=61", ".=61"}, {"%=2e", ".=2e"},
					       {"a%=", "a.="},		 {"%", "."},	   {"a%=1", "a.=1"}};
	char name[XLAGG_NAME_MAX] = "kept";

	for (size_t i = 0; i < COUNT(cases); i++) {
		cr_expect_eq(ctl_name_of(cases[i][0], name), 0);
		cr_expect_str_eq(name, cases[i][1]);
	}
	cr_expect_eq(ctl_name_of("abcdefghijklmnop", name), -ENAMETOOLONG);
	cr_expect_str_eq(name, "a.=1");
}

Test(ctl_quote, any_name_has_a_folder)
{
	for (uint64_t state = 5, round = 0; round < 20000; round++) {
		char name[XLAGG_NAME_MAX], again[XLAGG_NAME_MAX], folder[CTL_FOLDER_MAX];

		random_name(&state, name);
		ctl_folder_of(name, folder);
		for (const char *c = folder; *c; c++)
			cr_assert(isgraph((unsigned char)*c) && *c != '.' && *c != '/', "%s", folder);
		cr_assert_eq(ctl_name_of(folder, again), 0, "%s", folder);
		cr_assert_str_eq(name, again);
	}
}

/* A lagg whose name, ports and options are any names, as it is after others have renamed its devices. */
static void odd_lagg(uint64_t *state, struct ctl_model *model)
{
	struct xlagg_model *lagg = &model->lagg[0];
	char device[XLAGG_NAME_MAX];

	memset(model, 0, sizeof(*model));
	model->laggs = 1;
	ctl_defaults(&lagg->conf);
	random_name(state, lagg->name);
	for (lagg->ports = 0; lagg->ports < 4; lagg->ports++) {
		struct xlagg_port_model *port = &lagg->port[lagg->ports];

		do
			random_name(state, port->name);
		while (ctl_find_port(lagg, port->name) >= 0 || strcmp(port->name, lagg->name) == 0);
		ctl_port_defaults(&port->conf);
	}
	memcpy(lagg->conf.primary, lagg->port[1].name, XLAGG_NAME_MAX);
	do
		random_name(state, device);
	while (strcmp(device, lagg->name) == 0);
	memset(lagg->conf.mac, 0, sizeof(lagg->conf.mac));
	snprintf(lagg->conf.mac, sizeof(lagg->conf.mac), "from %s", device);
}

static char *printed(const struct ctl_model *model)
{
	size_t size;
	char *text;
	FILE *out = open_memstream(&text, &size);

	ctl_print_model(out, model);
	fclose(out);
	return text;
}

/* Applies the commands of a file. */
static void read_file(char *text, struct ctl_model *ret)
{
	char *words[CTL_MAX_WORDS], sentence[XLAGG_SENTENCE_MAX] = "";
	struct ctl_command command;
	int line = 0, count;

	ret->laggs = 0;
	while ((count = ctl_split(&text, words, CTL_MAX_WORDS, &line, sentence)) != 0) {
		cr_assert_gt(count, 0, "%s", sentence);
		cr_assert_eq(ctl_parse(count, words, true, &command, sentence), 0, "%s", sentence);
		cr_assert_eq(ctl_apply(ret, &command, sentence), 0, "%s", sentence);
	}
}

Test(ctl_quote, any_name_is_saved_and_read_again)
{
	struct ctl_model *model = kit_model(), *again = kit_model();

	for (uint64_t state = 6, round = 0; round < 3000; round++) {
		char *text;

		odd_lagg(&state, model);
		text = printed(model);
		for (const char *c = text; *c; c++)
			cr_assert(*c == '\n' || (unsigned char)*c >= ' ', "a control character is printed: %s", text);
		read_file(text, again);
		free(text);
		cr_assert(kit_same(model, again));
	}
	free(model);
	free(again);
	kit_no_leak();
}

/* A record that is pinned is a message: what it holds comes back, whatever the names are by now. */
Test(ctl_quote, any_name_is_kept_in_a_message)
{
	_Alignas(NLMSG_ALIGNTO) static uint8_t buffer[XLAGG_SAVED_MAX];
	struct ctl_model *model = kit_model(), *again = kit_model();

	for (uint64_t state = 8, round = 0; round < 1000; round++) {
		char sentence[XLAGG_SENTENCE_MAX] = "";
		struct ctl_command command;
		int len;

		odd_lagg(&state, model);
		ctl_model_to_command(&model->lagg[0], &command);
		len = ctl_encode(&command, NLM_F_REQUEST, 0, buffer, sizeof(buffer));
		cr_assert_gt(len, 0);
		cr_assert_eq(ctl_decode(buffer, (size_t)len, &command, sentence), 0, "%s", sentence);
		again->laggs = 0;
		cr_assert_eq(ctl_apply(again, &command, sentence), 0, "%s", sentence);
		cr_assert(kit_same(model, again));
	}
	free(model);
	free(again);
}

/* What is printed can be pasted into a shell. */
Test(ctl_quote, a_shell_reads_the_same)
{
	enum { NAMES = 500 };
	static char name[NAMES][XLAGG_NAME_MAX];
	char script[] = "/tmp/ctl_quote.XXXXXX", command[64], *read = NULL;
	int fd = mkstemp(script);
	FILE *file = fdopen(fd, "w"), *shell;
	size_t size = 0;

	cr_assert(file);
	fputs("LC_ALL=C; printf '%s\\0'", file);
	for (uint64_t state = 9, i = 0; i < NAMES; i++) {
		char quoted[CTL_QUOTED_MAX];

		random_name(&state, name[i]);
		fprintf(file, " %s", ctl_quote(name[i], quoted, sizeof(quoted)));
	}
	fputc('\n', file);
	fclose(file);
	snprintf(command, sizeof(command), "bash %s", script);
	shell = popen(command, "r");
	cr_assert(shell);
	for (int i = 0; i < NAMES; i++) {
		cr_assert_gt(getdelim(&read, &size, '\0', shell), 0, "the shell reads %d names only", i);
		cr_assert_str_eq(read, name[i]);
	}
	cr_assert_eq(pclose(shell), 0);
	unlink(script);
	free(read);
	kit_no_leak();
}

Test(ctl_quote, typed_laggs_have_names_that_can_be_typed)
{
	char *words[] = {"lagg", "add", "b\xc3\xbcro", "port", "b\xc3\xbcro2"}, sentence[XLAGG_SENTENCE_MAX];
	char *set[] = {"lagg", "set", "b\xc3\xbcro", "mtu", "9000"};
	struct ctl_command command;

	cr_expect_eq(ctl_parse(5, words, false, &command, sentence), -EINVAL);
	cr_expect_str_eq(sentence, "b\xc3\xbcro cannot be the name of a new lagg: use letters, digits and other "
				   "characters of ASCII");
	cr_expect_eq(ctl_parse(5, words, true, &command, sentence), 0, "%s", sentence);
	cr_expect_str_eq(command.name, "b\xc3\xbcro");
	cr_expect_str_eq(command.port[0].name, "b\xc3\xbcro2");
	cr_expect_eq(ctl_parse(5, set, false, &command, sentence), 0, "%s", sentence);
}
