/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Commands as changes of a configuration: what they do, and what is refused and why. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "unit/ctl_kit.h"

#define ONE "lagg add lagg0 port eth1 port eth2 10.0.0.1/24\n"

/* After the commands of `before`, `line` is refused with that sentence and changes nothing. */
static void expect_refused(const char *before, const char *line, int r, const char *said)
{
	struct ctl_model *model = kit_model(), *copy = kit_model();
	char sentence[XLAGG_SENTENCE_MAX] = "";

	kit_run(model, before);
	*copy = *model;
	cr_expect_eq(kit_apply(model, line, sentence), r, "%s", line);
	cr_expect_str_eq(sentence, said, "%s: `%s` instead of `%s`", line, sentence, said);
	cr_expect(memcmp(model, copy, sizeof(*model)) == 0, "%s changed something", line);
	free(model);
	free(copy);
	kit_no_leak();
}

/* The commands lead to that configuration, as save prints it. */
static void expect(const char *commands, const char *configuration)
{
	struct ctl_model *model = kit_model();
	char text[8192] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");

	kit_run(model, commands);
	ctl_print_model(out, model);
	fclose(out);
	cr_expect_str_eq(text, configuration, "`%s` instead of `%s`", text, configuration);
	free(model);
	kit_no_leak();
}

Test(ctl_model, laggs)
{
	expect("", "");
	expect("lagg add a\nlagg add b\nlagg add c\nlagg del b\n", "lagg add a\nlagg add c\n");
	expect("lagg add a\nlagg add b\nflush\nlagg add c\n", "lagg add c\n");
	expect("lagg add a mtu 9000\nlagg set a hash l3\nlagg set a mtu auto down\n", "lagg add a hash l3 down\n");
	expect("lagg add a down\nlagg set a up\n", "lagg add a\n");
	expect("lagg add a proto lacp\nlagg del a\nlagg add a\n", "lagg add a\n");
}

Test(ctl_model, taken)
{
	expect("lagg take bond0 hash l3 port p port q\n", "lagg take bond0 hash l3 \\\n    port p \\\n    port q\n");
	expect("lagg take bond0 device bond\nlagg set bond0 mtu 9000\n", "lagg take bond0 mtu 9000\n");
	expect("lagg take bond0\naddress add bond0 10.0.0.1/24\n", "lagg take bond0 \\\n    10.0.0.1/24\n");
	expect("lagg take bond0\nlagg give bond0\n", "");
	expect("lagg take bond0\nlagg del bond0\nlagg add bond0\n", "lagg add bond0\n");
	expect_refused("lagg take bond0\n", "lagg take bond0", -EEXIST,
		       "bond0 exists already; change it with `xlagg lagg set bond0`");
	expect_refused("lagg add a\n", "lagg give a", -EINVAL,
		       "a was not taken from anybody, so there is nobody to give it to; `xlagg lagg del a` removes it");
	expect_refused("", "lagg give a", -ENOENT,
		       "there is not a lagg a; `xlagg lagg show` lists them, `xlagg lagg add a` makes it");
	expect_refused("", "lagg take bond0 device veth", -EINVAL,
		       "bond0 is a bond that was taken, so its device is bond; leave device veth out");
	expect_refused("", "lagg take bond0 tx-path stack", -EINVAL,
		       "bond0 is a bond that was taken, which sends with tx-path direct; say tx-path auto");
	expect_refused("lagg add a port p\n", "lagg take bond0 port p", -EBUSY,
		       "p is a port of a already and can be in one lagg only; first `xlagg port del a p`");
}

Test(ctl_model, ports)
{
	expect("lagg add a port p port q\nport add a r prio 1\nport del a p\n",
	       "lagg add a \\\n    port q \\\n    port r prio 1\n");
	expect("lagg add a port p prio 1 weight 2\nport set a p prio 32768 admin down\n",
	       "lagg add a \\\n    port p weight 2 admin down\n");
	expect("lagg add a port p\nport del a p\nlagg add b port p\n", "lagg add a\nlagg add b \\\n    port p\n");
	expect("lagg add a port p prio 1\nport del a p\nport add a p\n", "lagg add a \\\n    port p\n");
	expect("lagg add a port p\nport activate a p\n", "lagg add a \\\n    port p\n");
}

Test(ctl_model, addresses)
{
	expect("lagg add a 10.0.0.1/24\naddress add a ::1/64 10.0.0.2/24\naddress del a 10.0.0.1/24 10.0.0.2/24\n",
	       "lagg add a \\\n    ::1/64\n");
	expect("lagg add a 10.0.0.1/24\nlagg add b 10.0.0.1/24\n",
	       "lagg add a \\\n    10.0.0.1/24\nlagg add b \\\n    10.0.0.1/24\n");
}

Test(ctl_model, a_forgotten_port_is_no_primary)
{
	expect("lagg add a primary p port p port q\nport del a p\n", "lagg add a \\\n    port q\n");
	expect("lagg add a primary p port p port q\nport del a q\n", "lagg add a primary p \\\n    port p\n");
}

Test(ctl_model, options_of_another_proto_are_kept)
{
	expect("lagg add a proto broadcast rr-limit 7 lacp-rate fast probe 10.0.0.1 mac active\n",
	       "lagg add a proto broadcast lacp-rate fast rr-limit 7 probe 10.0.0.1 mac active\n");
}

Test(ctl_model, lagg_that_is_not_there)
{
	expect_refused("", "lagg set lagg0 mtu 1500", -ENOENT,
		       "there is not a lagg lagg0; `xlagg lagg show` lists them, `xlagg lagg add lagg0` makes it");
	expect_refused("lagg add lagg0", "lagg del lagg1", -ENOENT, "there is not a lagg lagg1; did you mean lagg0?");
	expect_refused("lagg add trunk", "port add turnk eth1", -ENOENT,
		       "there is not a lagg turnk; did you mean trunk?");
	expect_refused("", "port del lagg0 eth1", -ENOENT,
		       "there is not a lagg lagg0; `xlagg lagg show` lists them, `xlagg lagg add lagg0` makes it");
	expect_refused("", "address add lagg0 ::1/64", -ENOENT,
		       "there is not a lagg lagg0; `xlagg lagg show` lists them, `xlagg lagg add lagg0` makes it");
}

Test(ctl_model, lagg_that_exists)
{
	expect_refused(ONE, "lagg add lagg0 mtu 9000", -EEXIST,
		       "lagg0 exists already; change it with `xlagg lagg set lagg0`");
	expect_refused("", "lagg create", -EINVAL, "a lagg has no name; give it one of 1 to 15 characters");
	expect_refused(
	    ONE, "lagg add eth1", -EBUSY,
	    "eth1 is a port of lagg0 and cannot be a lagg; choose another name, or `xlagg port del lagg0 eth1`");
}

Test(ctl_model, port_that_is_not_there)
{
	expect_refused(ONE, "port set lagg0 eth3 prio 1", -ENOENT, "eth3 is not a port of lagg0; did you mean eth1?");
	expect_refused(ONE, "port del lagg0 wlan0", -ENOENT,
		       "wlan0 is not a port of lagg0; `xlagg port add lagg0 wlan0` makes it one");
	expect_refused(ONE, "port activate lagg0 wlan0", -ENOENT,
		       "wlan0 is not a port of lagg0; `xlagg port add lagg0 wlan0` makes it one");
}

Test(ctl_model, port_twice)
{
	expect_refused(ONE, "port add lagg0 eth1", -EEXIST,
		       "eth1 is already a port of lagg0; change it with `xlagg port set lagg0 eth1`");
	expect_refused("", "lagg add lagg0 port eth1 port eth1", -EEXIST,
		       "eth1 is already a port of lagg0; change it with `xlagg port set lagg0 eth1`");
	expect_refused(
	    ONE "lagg add lagg1\n", "port add lagg1 eth1", -EBUSY,
	    "eth1 is a port of lagg0 already and can be in one lagg only; first `xlagg port del lagg0 eth1`");
	expect_refused(
	    ONE, "lagg add lagg1 port eth3 port eth2", -EBUSY,
	    "eth2 is a port of lagg0 already and can be in one lagg only; first `xlagg port del lagg0 eth2`");
}

Test(ctl_model, laggs_are_no_ports)
{
	expect_refused(ONE, "port add lagg0 lagg0", -ELOOP, "lagg0 cannot be its own port; name another device");
	expect_refused("", "lagg add a port a", -ELOOP, "a cannot be its own port; name another device");
	expect_refused(ONE "lagg add lagg1\n", "port add lagg1 lagg0", -ELOOP,
		       "lagg0 is a lagg and cannot be a port of lagg1; add its ports to lagg1 instead");
}

Test(ctl_model, links)
{
	expect_refused(
	    "", "lagg add a min-links 3 max-links 2", -EINVAL,
	    "min-links 3 of a is above max-links 2, so it could never have carrier; lower min-links or raise "
	    "max-links");
	expect_refused(
	    "lagg add a min-links 3\n", "lagg set a max-links 2", -EINVAL,
	    "min-links 3 of a is above max-links 2, so it could never have carrier; lower min-links or raise "
	    "max-links");
	expect("lagg add a min-links 3\nlagg set a max-links 2 min-links 2\n", "lagg add a min-links 2 max-links 2\n");
	expect("lagg add a min-links 3 max-links 0\n", "lagg add a min-links 3\n");
}

Test(ctl_model, device_and_datapath)
{
	expect_refused(
	    "", "lagg add a device netkit datapath xdp", -EINVAL,
	    "a cannot have datapath xdp with device netkit, which takes no XDP program; add it with device veth");
	expect_refused(
	    "lagg add a device netkit\n", "lagg set a datapath xdp", -EINVAL,
	    "a cannot have datapath xdp with device netkit, which takes no XDP program; add it with device veth");
	expect_refused(
	    "", "lagg add a device bond datapath xdp", -EINVAL,
	    "a cannot have datapath xdp with device bond, whose ports hand frames up as the kernel's bonding "
	    "does; add it with device veth");
	expect_refused(
	    "lagg add a device bond\n", "lagg set a datapath xdp", -EINVAL,
	    "a cannot have datapath xdp with device bond, whose ports hand frames up as the kernel's bonding "
	    "does; add it with device veth");
	expect("lagg add a device bond tx-path stack\nlagg set a proto lacp\n",
	       "lagg add a proto lacp device bond tx-path stack\n");
	expect("lagg add a device bond tx-path direct\n", "lagg add a device bond tx-path direct\n");
	expect_refused("", "lagg add a tx-path direct datapath xdp", -EINVAL,
		       "a cannot have tx-path direct with datapath xdp, which has a path of its own; say tx-path auto");
	expect_refused(
	    "", "lagg add a tx-path direct device netkit", -EINVAL,
	    "a cannot have tx-path direct with device netkit, which always sends directly; say tx-path auto");
	expect_refused(
	    ONE, "lagg set lagg0 device veth", -EBUSY,
	    "the device of lagg0 is chosen when it is added; `xlagg lagg del lagg0` and add it with device veth");
	expect("lagg add a device veth\nlagg set a device veth datapath xdp\n",
	       "lagg add a device veth datapath xdp\n");
	expect("lagg add a tx-path direct\nlagg set a datapath xdp tx-path auto\n", "lagg add a datapath xdp\n");
}

Test(ctl_model, primary)
{
	expect_refused(
	    ONE, "lagg set lagg0 primary eth7", -ENOENT,
	    "primary eth7 is not a port of lagg0; first `xlagg port add lagg0 eth7`, or name one of its ports");
	expect_refused("", "lagg add a primary p port q", -ENOENT,
		       "primary p is not a port of a; first `xlagg port add a p`, or name one of its ports");
	expect("lagg add a port p primary p\n", "lagg add a primary p \\\n    port p\n");
}

Test(ctl_model, mac_from_itself)
{
	expect_refused("", "lagg add a mac from a", -ELOOP,
		       "a cannot take its MAC from itself; name another device, or say mac auto");
}

Test(ctl_model, port_numbers)
{
	expect_refused("lagg add a port p number 3\n", "port add a q number 3", -EEXIST,
		       "p and q of a cannot both have number 3; give another, or number auto");
	expect_refused("lagg add a port p number 3 port q\n", "port set a q number 3", -EEXIST,
		       "p and q of a cannot both have number 3; give another, or number auto");
	expect("lagg add a port p number 3\nlagg add b port q number 3\n",
	       "lagg add a \\\n    port p number 3\nlagg add b \\\n    port q number 3\n");
}

Test(ctl_model, wrong_addresses)
{
	expect_refused(ONE, "address add lagg0 10.0.0.1/24", -EEXIST,
		       "10.0.0.1/24 is already an address of lagg0; give it once");
	expect_refused("", "lagg add a ::1/64 0::1/64", -EEXIST, "::1/64 is already an address of a; give it once");
	expect_refused(ONE, "address del lagg0 10.0.0.1/24 10.0.0.2/24", -ENOENT,
		       "10.0.0.2/24 is not an address that xlagg gave to lagg0; use `ip address del` for others");
}

Test(ctl_model, activate)
{
	expect_refused("lagg add a proto lacp port p\n", "port activate a p", -EOPNOTSUPP,
		       "a has proto lacp, which has no active port; `port activate` is for proto failover");
	expect_refused("lagg add a port p admin down\n", "port activate a p", -ENETDOWN,
		       "p is out of service; first put it back with `xlagg port set a p admin up`");
}

Test(ctl_model, balance)
{
	expect_refused("lagg add a port p\n", "lagg balance a", -EOPNOTSUPP,
		       "a has proto failover, in which a frame's flow does not decide on its port; balancing is for "
		       "protos loadbalance and lacp");
	expect_refused("lagg add a proto lacp port p\n", "lagg balance a", -EOPNOTSUPP,
		       "a has balance static and does not measure its load; first `xlagg lagg set a balance adaptive`");
	expect("lagg add a proto lacp balance adaptive port p\nlagg balance a\n",
	       "lagg add a proto lacp balance adaptive \\\n    port p\n");
}

Test(ctl_model, as_many_as_fit)
{
	char line[64], sentence[XLAGG_SENTENCE_MAX] = "";
	struct ctl_model *model = kit_model();

	for (int i = 0; i < XLAGG_MAX_LAGGS; i++) {
		snprintf(line, sizeof(line), "lagg add lagg%d", i);
		cr_assert_eq(kit_apply(model, line, sentence), 0, "%s", sentence);
	}
	cr_assert_eq(kit_apply(model, "lagg add one-more", sentence), -ENOSPC);
	cr_assert_str_eq(sentence,
			 "there are 256 laggs already, the most an agent can have; remove one with `xlagg lagg del`");
	for (int i = 0; i < XLAGG_MAX_PORTS; i++) {
		snprintf(line, sizeof(line), "port add lagg9 eth%d", i);
		cr_assert_eq(kit_apply(model, line, sentence), 0, "%s", sentence);
	}
	cr_assert_eq(kit_apply(model, "port add lagg9 one-more", sentence), -ENOSPC);
	cr_assert_str_eq(sentence,
			 "lagg9 has 32 ports already, the most a lagg can have; remove one with `xlagg port del`");
	cr_assert_eq(kit_apply(model, "port add lagg9 eth3", sentence), -EEXIST, "the nearer reason");
	for (int i = 0; i < XLAGG_MAX_ADDRESSES; i++) {
		snprintf(line, sizeof(line), "address add lagg9 10.0.0.%d/24", i + 1);
		cr_assert_eq(kit_apply(model, line, sentence), 0, "%s", sentence);
	}
	cr_assert_eq(kit_apply(model, "address add lagg9 10.0.1.1/24", sentence), -ENOSPC);
	cr_assert_str_eq(sentence, "lagg9 has 32 addresses already, the most that xlagg keeps; add further ones with "
				   "`ip address`");
	free(model);
	kit_no_leak();
}

Test(ctl_model, commands_that_change_nothing)
{
	struct ctl_model *model = kit_model();
	struct ctl_command command = {.cmd = XLAGG_CMD_COMMIT};
	char sentence[XLAGG_SENTENCE_MAX];

	cr_assert_eq(ctl_apply(model, &command, sentence), -EOPNOTSUPP);
	cr_assert_str_eq(sentence, "command 26 changes no configuration");
	free(model);
	kit_no_leak();
}

/* Commands may be made in other ways than from words or messages. */
Test(ctl_model, values_that_no_parser_saw)
{
	struct ctl_command command = {.cmd = XLAGG_CMD_LAGG_ADD, .name = "a", .has = 1};
	struct ctl_model *model = kit_model();
	char sentence[XLAGG_SENTENCE_MAX];

	command.conf.proto = 99;
	cr_assert_eq(ctl_apply(model, &command, sentence), -ERANGE);
	cr_assert_str_eq(sentence, "99 is not a value of proto, which has 6");
	command.has = 0;
	command.ports = 1;
	strcpy(command.port[0].name, "a b");
	cr_assert_eq(ctl_apply(model, &command, sentence), -EINVAL);
	strcpy(command.port[0].name, "p");
	command.port[0].has = 1 << 2;
	cr_assert_eq(ctl_apply(model, &command, sentence), -ERANGE);
	cr_assert_str_eq(sentence, "0 is out of range for weight; it takes 1..255");
	command.ports = 0;
	strcpy(command.name, "..");
	cr_assert_eq(ctl_apply(model, &command, sentence), -EINVAL);
	cr_assert_eq(model->laggs, 0);
	free(model);
	kit_no_leak();
}

/* Nothing is left of what was forgotten: configurations that say the same are the same octets. */
Test(ctl_model, nothing_is_left_behind)
{
	struct ctl_model *model = kit_model(), *plain = kit_model();

	kit_run(model,
		"lagg add a port p port q prio 3 10.0.0.1/24 10.0.0.2/24\nport del a q\naddress del a 10.0.0.2/24\n"
		"lagg set a mac 02:00:00:00:00:01 primary p\nlagg set a mac auto primary auto\n");
	kit_run(plain, "lagg add a port p 10.0.0.1/24\n");
	cr_assert_arr_eq(&model->lagg[0], &plain->lagg[0], sizeof(model->lagg[0]));
	free(model);
	free(plain);
	kit_no_leak();
}

Test(ctl_model, find)
{
	struct ctl_model *model = kit_model();

	kit_run(model, ONE "lagg add lagg1 port eth3\n");
	cr_assert_eq(ctl_find(model, "lagg1"), &model->lagg[1]);
	cr_assert_null(ctl_find(model, "lagg2"));
	cr_assert_null(ctl_find(model, ""));
	cr_assert_eq(ctl_find_port(&model->lagg[0], "eth2"), 1);
	cr_assert_eq(ctl_find_port(&model->lagg[0], "eth3"), -ENOENT);
	free(model);
	kit_no_leak();
}
