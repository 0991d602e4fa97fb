/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* `xlagg ifconfig`: lagg(4)'s own command lines. */
#ifndef CLI_IFCONFIG_H
#define CLI_IFCONFIG_H

#include "link.h"
#include "view.h"

#define IFCONFIG_MAX_STEPS 256 /* at most so many ports and addresses in one command line */

/* What the words after NAME ask for. Options are changed first, then the steps are done from left to right. */
struct ifconfig {
	bool create, destroy;
	struct ctl_command options; /* options, up or down */
	uint32_t steps;		    /* entries of `step` */
	struct ifconfig_step {
		uint16_t cmd;		      /* PORT_ADD, PORT_DEL, ADDRESS_ADD or ADDRESS_DEL */
		char text[XLAGG_ADDRESS_MAX]; /* the device, or ADDRESS/PREFIX */
	} step[IFCONFIG_MAX_STEPS];
};

/* --- ifconfig_words.c --- */
/* Reads the words. Returns 0, or -EINVAL with a sentence. */
int ifconfig_parse(int argc, char *argv[], struct ifconfig *ret, char sentence[XLAGG_SENTENCE_MAX]);
/* Returns the prefix length of a netmask such as "255.255.255.0" or "0xffffff00", or -EINVAL. */
int ifconfig_netmask(const char *word);

/* --- ifconfig_show.c --- */
/* Prints a device in lagg(4)'s layout. `lagg` is NULL if the device is not a lagg. */
void ifconfig_show(FILE *out, const struct link *link, const struct view_lagg *lagg, bool verbose);

#endif
