/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* `xlagg ifconfig`: lagg(4)'s own command lines. */
#ifndef CLI_IFCONFIG_H
#define CLI_IFCONFIG_H

#include "link.h"
#include "view.h"

#define IFCONFIG_MAX_STEPS 256 /* ports and addresses in one command line */

/* The words after NAME, read. What they change is done in this order: options, then the steps from left to right. */
struct ifconfig {
	bool create, destroy;
	struct ctl_command options; /* options, up and down */
	uint32_t steps;		    /* entries of `step` */
	struct ifconfig_step {
		uint16_t cmd;		      /* PORT_ADD, PORT_DEL, ADDRESS_ADD or ADDRESS_DEL */
		char text[XLAGG_ADDRESS_MAX]; /* the device, or ADDRESS/PREFIX */
	} step[IFCONFIG_MAX_STEPS];
};

/* --- ifconfig_words.c --- */
/* Reads the words. 0, or -EINVAL with a sentence. */
int ifconfig_parse(int argc, char *argv[], struct ifconfig *ret, char sentence[XLAGG_SENTENCE_MAX]);
/* The length of the prefix that a netmask, "255.255.255.0" or "0xffffff00", stands for, or -EINVAL. */
int ifconfig_netmask(const char *word);

/* --- ifconfig_show.c --- */
/* Prints a device in lagg(4)'s layout. lagg NULL: it is none. */
void ifconfig_show(FILE *out, const struct link *link, const struct view_lagg *lagg, bool verbose);

#endif
