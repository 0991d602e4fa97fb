/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The table of objects. */
#include "cli.h"

const struct cli_word cli_objects[] = {
    {"lagg", cmd_lagg, "add, set, del, show: link aggregates"},
    {"port", cmd_port, "add, set, del, show, activate: the ports of a lagg"},
    {"agent", cmd_agent, "show: version, uptime, what the kernel offers"},
    {"save", cmd_save, "prints the running configuration, as commands"},
    {NULL, NULL, NULL},
};
