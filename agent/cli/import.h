/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * import: configurations of other link aggregation, as commands of ours. A reader takes a file apart and calls the
 * functions below. All of them return 0 or a pointer, and -EINVAL or NULL after they have said why: a value that is
 * wrong ends the import; what is right and has no counterpart becomes a comment.
 */
#ifndef CLI_IMPORT_H
#define CLI_IMPORT_H

#include "cli.h"

/* Comments, each a line that begins with #. */
struct import_notes {
	FILE *out; /* NULL: none yet */
	char *text;
	size_t size;
};

/* One lagg. Only the options whose `has` bits are set in its command are printed. */
struct import_lagg {
	struct ctl_command command;
	int line; /* where it begins in the file, 0: unknown */
	struct import_notes notes;
};

struct import {
	struct cli *cli;
	const char *path; /* of the file, or the device */
	const char *only; /* networkd: the bond that is wanted; NULL: all of them */
	int line;	  /* that is being read; 0: the file has no lines, or is read to its end */
	uint32_t laggs;	  /* entries of `lagg` */
	struct import_lagg lagg[XLAGG_MAX_LAGGS];
	struct import_notes notes; /* that belong to no lagg */
};

/* --- import.c --- */
/* Says "PATH:LINE: sentence". Returns -EINVAL. */
int import_refuse(struct import *import, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Adds a comment to the lagg, or, if it is NULL, to the file. */
void import_note(struct import *import, struct import_lagg *lagg, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Finds the lagg of this name, which need not exist. Says nothing. */
struct import_lagg *import_find(struct import *import, const char *name);
/* The lagg of this name, which is made if there is none. */
struct import_lagg *import_lagg(struct import *import, const char *name);
/* Gives the lagg's option, in our words, a value. */
int import_set(struct import *import, struct import_lagg *lagg, const char *option, const char *value);
bool import_has(const struct import_lagg *lagg, const char *option);
/* Forgets the value again. */
void import_unset(struct import_lagg *lagg, const char *option);
/* The lagg's port of this name, which is made if there is none. */
struct ctl_port *import_port(struct import *import, struct import_lagg *lagg, const char *device);
int import_port_set(struct import *import, struct ctl_port *port, const char *option, const char *value);
/* Adds ADDRESS/PREFIX; one that the lagg has already is not added twice. */
int import_address(struct import *import, struct import_lagg *lagg, const char *address);
/* Appends an address to option probe. */
int import_target(struct import *import, struct import_lagg *lagg, const char *address);
/* Reads the whole file. Returns its text, to be freed, or NULL. */
char *import_slurp(struct import *import);
/* Takes the next line off *text: without its end, and joined with the next one where it ends in a backslash. Returns
 * NULL at the end of the text; import->line becomes the number of its first line. *lines is for this function, 0 before
 * the first call. */
char *import_line(struct import *import, char **text, int *lines);

/* --- import_bonding.c: the options of bonding by their own names, where _ and - are the same --- */
/* Takes one option. Returns 0, -EINVAL, or -ENOENT without a word: bonding has no such option. */
int import_bond_option(struct import *import, struct import_lagg *lagg, const char *name, const char *value);
/* Adds what bonding does where nothing is said. */
int import_bond_defaults(struct import *import, struct import_lagg *lagg);
/* Refuses an option that bonding does not have, with the nearest one. Returns -EINVAL. */
int import_bond_unknown(struct import *import, const char *name);

/* --- the readers, each in the file of its name. `what` is FILE or DEV. Return 0 or -EINVAL. --- */
int import_bonding(struct import *import, const char *what);
int import_ifupdown(struct import *import);
int import_teamd(struct import *import, const char *what);
int import_networkd(struct import *import, const char *what);
int import_rcconf(struct import *import, const char *what);

#endif
