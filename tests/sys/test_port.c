/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* A device becomes a port, is adjusted, and is in the end as it was before, whatever happened in between. */
#include <errno.h>
#include <net/if.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "netns.h"
#include "sys/port.h"

static const uint8_t lagg_mac[6] = {0x02, 0x42, 0xac, 0x11, 0x00, 0x02};
static const uint8_t slow_group[6] = {0x01, 0x80, 0xc2, 0x00, 0x00, 0x02};

/* Stands for what an agent pins: it outlives the process that wrote it. */
struct pinned {
	struct xlagg_undo undo;
	int records;   /* so far */
	int die_at;    /* the writer is killed in that record, 0: in none */
	bool unheard;  /* before it is written: the change that the record before it announced has been made by then */
	int refuse_at; /* that record fails, 0: none */
};

static struct pinned *make_pinned(void)
{
	struct pinned *pinned = mmap(NULL, sizeof(*pinned), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq(pinned, MAP_FAILED);
	return pinned;
}

static int record(void *context, const struct xlagg_undo *undo)
{
	struct pinned *pinned = context;
	if (++pinned->records == pinned->refuse_at)
		return -ENOSPC;
	if (pinned->records == pinned->die_at && pinned->unheard)
		raise(SIGKILL);
	pinned->undo = *undo;
	if (pinned->records == pinned->die_at)
		raise(SIGKILL);
	return 0;
}

/* Settings that make every change that a port can have. */
static struct port_setup full_setup(void)
{
	struct port_setup setup = {.lagg = "lagg0", .mtu = 1400, .set_mac = true, .promisc = true, .xdp = true};
	memcpy(setup.mac, lagg_mac, 6);
	return setup;
}

static void expect_port(struct netlink *nl, const char *name, const struct port_setup *setup)
{
	struct device device = device_of(nl, name);
	bool ipv6_disabled = false;
	uint64_t on = 0;
	cr_assert_arr_eq(device.mac, setup->mac, 6);
	cr_assert_eq(device.mtu, setup->mtu);
	cr_assert(device.flags & IFF_UP);
	cr_assert(device.flags & IFF_ALLMULTI);
	cr_assert_eq((device.flags & IFF_PROMISC) != 0, setup->promisc);
	cr_assert_str_eq(device.alias, "port of lagg0 (xlagg)");
	cr_assert(netlink_has_group(nl, device.ifindex, slow_group, 0));
	cr_assert_eq(netlink_ipv6_disabled(name, &ipv6_disabled), 0);
	cr_assert(ipv6_disabled);
	cr_assert_eq(ethtool_features(name, XLAGG_FEATURE_RX_VLAN, &on), 0);
	cr_assert_eq(on, setup->xdp ? 0 : XLAGG_FEATURE_RX_VLAN);
	cr_assert_str_eq(shell_read("ip -6 address show dev %s", name), "", "no address of its own");
}

static void put_back(struct netlink *nl, struct xlagg_undo *undo)
{
	char sentence[XLAGG_SENTENCE_MAX] = "";
	cr_assert_eq(port_restore(nl, undo, NULL, sentence), 0, "%s", sentence);
}

static void prepare_and_restore(struct netlink *nl, const char *name)
{
	struct port_setup setup = full_setup();
	struct xlagg_undo undo = {};
	struct pinned pinned = {};
	char sentence[XLAGG_SENTENCE_MAX] = "";
	struct snapshot before;
	take_snapshot(name, &before);
	struct device device = device_of(nl, name);
	cr_assert_eq(port_prepare(nl, &device, &setup, &undo, record, &pinned, sentence), 0, "%s", sentence);
	expect_port(nl, name, &setup);
	cr_assert_eq(memcmp(&pinned.undo, &undo, sizeof(undo)), 0, "all of it was recorded");
	put_back(nl, &undo);
	cr_assert_eq(undo.ifindex, 0);
	cr_assert_eq(undo.changed, 0);
	expect_snapshot(name, &before);
}

NETNS_TEST(port, a_device_that_was_down)
{
	make_pair("p0", "p1");
	prepare_and_restore(nl, "p0");
}

NETNS_TEST(port, a_device_that_was_up)
{
	make_pair("p0", "p1");
	shell("ip link set p1 up && ip link set p0 up");
	wait_for_link_local("p0");
	prepare_and_restore(nl, "p0");
}

NETNS_TEST(port, a_device_with_everything_set_already)
{
	make_pair("p0", "p1");
	shell("ip link set p0 up promisc on allmulticast on mtu 1400 address 02:42:ac:11:00:02 alias 'rack 7, port 3'");
	shell("sysctl -q -w net.ipv6.conf.p0.disable_ipv6=1 && ip maddress add 01:80:c2:00:00:02 dev p0");
	shell("ethtool -K p0 rx-vlan-offload off 2>/dev/null >/dev/null");
	prepare_and_restore(nl, "p0");
	cr_assert_str_eq(device_of(nl, "p0").alias, "rack 7, port 3");
}

/* With an MTU below 1280 octets a device has no IPv6; above that again, its IPv6 settings are like those of a new
 * device. */
NETNS_TEST(port, ipv6_stays_off_when_the_mtu_was_too_small_for_it)
{
	struct port_setup setup = full_setup();
	struct pinned pinned = {};
	char sentence[XLAGG_SENTENCE_MAX] = "";
	struct snapshot before;
	make_pair("p0", "p1");
	for (int disabled = 0; disabled < 2; disabled++) {
		struct xlagg_undo undo = {};
		shell("sysctl -q -w net.ipv6.conf.p0.disable_ipv6=%d", disabled);
		take_snapshot("p0", &before);
		struct device device = device_of(nl, "p0");
		setup.mtu = 1000;
		cr_assert_eq(port_prepare(nl, &device, &setup, &undo, record, &pinned, sentence), 0, "%s", sentence);
		setup.mtu = 1400;
		cr_assert_eq(port_adjust(nl, &device, &setup, &undo, record, &pinned, sentence), 0, "%s", sentence);
		expect_port(nl, "p0", &setup);
		setup.mtu = 1000;
		cr_assert_eq(port_adjust(nl, &device, &setup, &undo, record, &pinned, sentence), 0, "%s", sentence);
		put_back(nl, &undo);
		expect_snapshot("p0", &before);
	}
}

NETNS_TEST(port, the_longest_alias_comes_back)
{
	make_pair("p0", "p1");
	shell("ip link set p0 alias $(head -c 255 /dev/zero | tr '\\0' x)");
	prepare_and_restore(nl, "p0");
}

NETNS_TEST(port, a_mark_that_was_left_behind_does_not_come_back)
{
	struct port_setup setup = full_setup();
	struct xlagg_undo undo = {};
	struct pinned pinned = {};
	char sentence[XLAGG_SENTENCE_MAX];
	make_pair("p0", "p1");
	shell("ip link set p0 alias 'port of lagg0 (xlagg)'");
	struct device device = device_of(nl, "p0");
	cr_assert_eq(port_check(nl, &device, "lagg0", sentence), 0);
	cr_assert_eq(port_prepare(nl, &device, &setup, &undo, record, &pinned, sentence), 0);
	put_back(nl, &undo);
	cr_assert_str_eq(device_of(nl, "p0").alias, "");
}

NETNS_TEST(port, what_others_change_meanwhile_stays)
{
	struct port_setup setup = full_setup();
	struct xlagg_undo undo = {};
	struct pinned pinned = {};
	char sentence[XLAGG_SENTENCE_MAX];
	make_pair("p0", "p1");
	shell("ip link set p0 up");
	struct device device = device_of(nl, "p0");
	cr_assert_eq(port_prepare(nl, &device, &setup, &undo, record, &pinned, sentence), 0);
	shell("ip link set p0 down && ip link set p0 name q0 && ip link set q0 alias mine");
	put_back(nl, &undo);
	struct device after = device_of(nl, "q0");
	cr_assert(!(after.flags & IFF_UP));
	cr_assert_str_eq(after.alias, "mine");
	cr_assert_eq(after.mtu, 1500);
	cr_assert_arr_eq(after.mac, device.mac, 6);
}

NETNS_TEST(port, a_device_that_is_gone_is_no_trouble)
{
	struct port_setup setup = full_setup();
	struct xlagg_undo undo = {};
	struct pinned pinned = {};
	char sentence[XLAGG_SENTENCE_MAX] = "";
	make_pair("p0", "p1");
	struct device device = device_of(nl, "p0");
	cr_assert_eq(port_prepare(nl, &device, &setup, &undo, record, &pinned, sentence), 0);
	shell("ip link del p0");
	put_back(nl, &undo);
	cr_assert_eq(undo.ifindex, 0);
	cr_assert_eq(port_prepare(nl, &device, &setup, &undo, record, &pinned, sentence), -ENODEV);
	cr_assert(strstr(sentence, "p0") && strstr(sentence, "No such device"), "%s", sentence);
	put_back(nl, &undo);
}

/* Runs a process that prepares the port and dies in the record that `pinned` names. Returns whether it died. */
static bool prepare_and_die(const struct device *device, struct pinned *pinned)
{
	pid_t child = fork();
	if (child == 0) {
		struct netlink *own;
		struct port_setup setup = full_setup();
		struct xlagg_undo undo = {};
		char sentence[XLAGG_SENTENCE_MAX];
		int r = netlink_open(&own);
		if (r == 0)
			r = port_prepare(own, device, &setup, &undo, record, pinned, sentence);
		_exit(r == 0 ? 0 : 1);
	}
	int status;
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert(WIFSIGNALED(status) || (WIFEXITED(status) && WEXITSTATUS(status) == 0));
	return WIFSIGNALED(status);
}

/* The agent is killed at each of its records in turn; the next agent puts the device back by the record. */
static void die_everywhere(struct netlink *nl, const char *name, bool up)
{
	struct pinned *pinned = make_pinned();
	struct snapshot before;
	shell("ip link set %s %s alias 'rack 7'", name, up ? "up" : "down");
	struct device device = device_of(nl, name);
	if (up)
		wait_for_link_local(name);
	take_snapshot(name, &before);
	int deaths = 0;
	for (bool died = true; died; deaths++) {
		memset(pinned, 0, sizeof(*pinned));
		pinned->die_at = 1 + deaths / 2;
		pinned->unheard = deaths % 2;
		died = prepare_and_die(&device, pinned);
		put_back(nl, &pinned->undo);
		expect_snapshot(name, &before);
	}
	/* At least alias, IPv6, MAC, MTU, allmulti, promisc, group and features, twice each. */
	cr_assert_geq(deaths, 16, "%d", deaths);
	munmap(pinned, sizeof(*pinned));
}

NETNS_TEST(port_death, of_a_device_that_was_down)
{
	make_pair("p0", "p1");
	shell("ip link set p1 up");
	die_everywhere(nl, "p0", false);
}

NETNS_TEST(port_death, of_a_device_that_was_up)
{
	make_pair("p0", "p1");
	shell("ip link set p1 up");
	die_everywhere(nl, "p0", true);
}

/* XLAGG_TEST_NIC names a NIC whose driver takes a MAC only while it is down (ne2k_pci in a virtual machine). It is lent
 * to the namespace of the test and goes home when that ends. */
static const char *borrow_nic(void)
{
	const char *nic = getenv("XLAGG_TEST_NIC");
	if (!nic)
		skip("XLAGG_TEST_NIC names no NIC that has to be down for its MAC");
	shell("nsenter -t %d --net ip link set %s netns %d", (int)getppid(), nic, (int)getpid());
	return nic;
}

NETNS_TEST(port_nic, that_has_to_be_down_for_its_mac_is_taken_down_and_up)
{
	const char *nic = borrow_nic();
	shell("ip link set %s up", nic);
	cr_assert(!shell_ok("ip link set %s address 02:42:ac:11:00:02 2>/dev/null", nic), "this one need not be down");
	cr_assert_eq(netlink_set_mac(nl, device_of(nl, nic).ifindex, lagg_mac), 0);
	struct device device = device_of(nl, nic);
	cr_assert_arr_eq(device.mac, lagg_mac, 6);
	cr_assert(device.flags & IFF_UP);
	shell("ip link set %s down && ip link set %s address 02:00:00:00:00:77 && ip link set %s up", nic, nic, nic);
	wait_for_link_local(nic);
	prepare_and_restore(nl, nic);
}

/* A device that got the number of the one that the record is about. */
NETNS_TEST(port_nic, that_a_record_is_not_about_stays_as_it_is)
{
	const char *nic = borrow_nic();
	struct device device = device_of(nl, nic);
	struct xlagg_undo undo = {.ifindex = (uint32_t)device.ifindex, .changed = XLAGG_UNDO_MTU, .mtu = 1400};
	struct xlagg_device_id id = {.ifindex = (uint32_t)device.ifindex, .mac = {2, 1, 2, 3, 4, 5}, .permanent = 1};
	struct xlagg_undo same = undo;
	char sentence[XLAGG_SENTENCE_MAX] = "";
	cr_assert(device.has_permaddr && device.mtu == 1500);
	cr_assert_eq(port_restore(nl, &undo, &id, sentence), 0);
	cr_assert_eq(undo.ifindex, 0);
	cr_assert_eq(device_of(nl, nic).mtu, 1500);
	memcpy(id.mac, device.permaddr, sizeof(id.mac));
	cr_assert_eq(port_restore(nl, &same, &id, sentence), 0);
	cr_assert_eq(device_of(nl, nic).mtu, 1400);
	shell("ip link set %s mtu 1500", nic);
}

NETNS_TEST(port_nic, is_left_as_it_was_by_an_agent_that_died)
{
	die_everywhere(nl, borrow_nic(), true);
}

NETNS_TEST(port, a_record_that_fails_rolls_back)
{
	struct snapshot before;
	make_pair("p0", "p1");
	take_snapshot("p0", &before);
	struct device device = device_of(nl, "p0");
	int r = -ENOSPC;
	for (int at = 1; r == -ENOSPC; at++) {
		struct port_setup setup = full_setup();
		struct xlagg_undo undo = {};
		struct pinned pinned = {.refuse_at = at};
		char sentence[XLAGG_SENTENCE_MAX] = "";
		r = port_prepare(nl, &device, &setup, &undo, record, &pinned, sentence);
		if (r == 0) {
			cr_assert_gt(at, 8);
			put_back(nl, &undo);
			break;
		}
		cr_assert_eq(r, -ENOSPC);
		cr_assert(strstr(sentence, "p0") && strstr(sentence, "No space left"), "%s", sentence);
		expect_snapshot("p0", &before);
	}
}

NETNS_TEST(port, a_refused_mtu_rolls_back_and_says_what_would_work)
{
	struct port_setup setup = full_setup();
	struct xlagg_undo undo = {};
	struct pinned pinned = {};
	char sentence[XLAGG_SENTENCE_MAX] = "";
	struct snapshot before;
	make_pair("p0", "p1");
	take_snapshot("p0", &before);
	struct device device = device_of(nl, "p0");
	setup.mtu = 65536;
	cr_assert_eq(port_prepare(nl, &device, &setup, &undo, record, &pinned, sentence), -EINVAL);
	cr_assert_str_eq(sentence, "p0 refuses MTU 65536 (its maximum is 65535): choose a smaller mtu");
	expect_snapshot("p0", &before);
	setup.mtu = 60;
	cr_assert_eq(port_prepare(nl, &device, &setup, &undo, record, &pinned, sentence), -EINVAL);
	cr_assert_str_eq(sentence, "p0 refuses MTU 60 (its minimum is 68): choose a greater mtu");
	expect_snapshot("p0", &before);
}

NETNS_TEST(port, a_refused_mac_rolls_back_and_says_what_would_work)
{
	struct port_setup setup = full_setup();
	struct xlagg_undo undo = {};
	struct pinned pinned = {};
	char sentence[XLAGG_SENTENCE_MAX] = "";
	struct snapshot before;
	shell("ip link add ifb9 type ifb");
	take_snapshot("ifb9", &before);
	struct device device = device_of(nl, "ifb9");
	cr_assert_eq(port_prepare(nl, &device, &setup, &undo, record, &pinned, sentence), -EOPNOTSUPP);
	cr_assert_str_eq(sentence, "ifb9 refuses the MAC 02:42:ac:11:00:02: Operation not supported;"
				   " give the lagg ifb9's own (mac from ifb9)");
	expect_snapshot("ifb9", &before);
	/* It can be a port with its own MAC, although it has no filter for groups. */
	setup.set_mac = false;
	cr_assert_eq(port_prepare(nl, &device, &setup, &undo, record, &pinned, sentence), 0, "%s", sentence);
	struct device after = device_of(nl, "ifb9");
	cr_assert_arr_eq(after.mac, device.mac, 6);
	cr_assert(after.flags & IFF_UP);
	put_back(nl, &undo);
	expect_snapshot("ifb9", &before);
}

NETNS_TEST(port, adjusting_changes_what_differs_and_keeps_the_oldest_undo)
{
	static const uint8_t other_mac[6] = {0x02, 0x42, 0xac, 0x11, 0x00, 0x09};
	struct port_setup setup = full_setup();
	struct xlagg_undo undo = {};
	struct pinned pinned = {};
	char sentence[XLAGG_SENTENCE_MAX] = "";
	struct snapshot before;
	make_pair("p0", "p1");
	take_snapshot("p0", &before);
	struct device device = device_of(nl, "p0");
	setup.promisc = false;
	setup.xdp = false;
	cr_assert_eq(port_prepare(nl, &device, &setup, &undo, record, &pinned, sentence), 0, "%s", sentence);
	expect_port(nl, "p0", &setup);
	setup.mtu = 1300;
	setup.promisc = true;
	setup.xdp = true;
	memcpy(setup.mac, other_mac, 6);
	cr_assert_eq(port_adjust(nl, &device, &setup, &undo, record, &pinned, sentence), 0, "%s", sentence);
	expect_port(nl, "p0", &setup);
	setup.promisc = false;
	setup.xdp = false;
	cr_assert_eq(port_adjust(nl, &device, &setup, &undo, record, &pinned, sentence), 0, "%s", sentence);
	expect_port(nl, "p0", &setup);
	int records = pinned.records;
	cr_assert_eq(port_adjust(nl, &device, &setup, &undo, record, &pinned, sentence), 0, "%s", sentence);
	cr_assert_eq(pinned.records, records, "nothing differed");
	cr_assert_eq(undo.mtu, 1500);
	cr_assert_arr_eq(undo.mac, device.mac, 6);
	/* It has its own MAC again. */
	setup.set_mac = false;
	cr_assert_eq(port_adjust(nl, &device, &setup, &undo, record, &pinned, sentence), 0, "%s", sentence);
	cr_assert_arr_eq(device_of(nl, "p0").mac, device.mac, 6);
	put_back(nl, &undo);
	expect_snapshot("p0", &before);
}

NETNS_TEST(port, adjusting_leaves_a_port_down_that_was_set_down)
{
	struct port_setup setup = full_setup();
	struct xlagg_undo undo = {};
	struct pinned pinned = {};
	char sentence[XLAGG_SENTENCE_MAX];
	make_pair("p0", "p1");
	struct device device = device_of(nl, "p0");
	cr_assert_eq(port_prepare(nl, &device, &setup, &undo, record, &pinned, sentence), 0);
	shell("ip link set p0 down");
	setup.mtu = 1300;
	cr_assert_eq(port_adjust(nl, &device, &setup, &undo, record, &pinned, sentence), 0);
	device = device_of(nl, "p0");
	cr_assert_eq(device.mtu, 1300);
	cr_assert(!(device.flags & IFF_UP));
	put_back(nl, &undo);
}

NETNS_TEST(port, a_refused_adjustment_changes_nothing)
{
	static const uint8_t other_mac[6] = {0x02, 0x42, 0xac, 0x11, 0x00, 0x09};
	struct port_setup setup = full_setup();
	struct xlagg_undo undo = {};
	struct pinned pinned = {};
	char sentence[XLAGG_SENTENCE_MAX] = "";
	struct snapshot as_port;
	make_pair("p0", "p1");
	struct device device = device_of(nl, "p0");
	cr_assert_eq(port_prepare(nl, &device, &setup, &undo, record, &pinned, sentence), 0);
	take_snapshot("p0", &as_port);
	memcpy(setup.mac, other_mac, 6);
	setup.mtu = 70000;
	cr_assert_eq(port_adjust(nl, &device, &setup, &undo, record, &pinned, sentence), -EINVAL);
	cr_assert_str_eq(sentence, "p0 refuses MTU 70000 (its maximum is 65535): choose a smaller mtu");
	expect_snapshot("p0", &as_port);
	put_back(nl, &undo);
}

/* What was left alone stays so, and a slave of a bond that was taken keeps its mark, by which network managers know it.
 */
NETNS_TEST(port, a_refused_adjustment_leaves_alone_what_was_left_alone)
{
	struct port_setup setup = full_setup();
	struct xlagg_undo undo = {};
	struct pinned pinned = {};
	char sentence[XLAGG_SENTENCE_MAX] = "";
	setup.taken = true;
	make_pair("p0", "p1");
	shell("ip link add br0 type bridge");
	struct device device = device_of(nl, "p0");
	cr_assert_eq(port_prepare(nl, &device, &setup, &undo, record, &pinned, sentence), 0);
	shell("ip link set p0 allmulticast off master br0");
	setup.leave = PORT_MASTER | XLAGG_UNDO_ALLMULTI;
	setup.mtu = 70000;
	cr_assert_eq(port_adjust(nl, &device, &setup, &undo, record, &pinned, sentence), -EINVAL);
	device = device_of(nl, "p0");
	cr_assert_str_eq(device.alias, "xlagg: slave of lagg0");
	cr_assert_eq(device.master, device_of(nl, "br0").ifindex, "it was taken out of the bridge");
	cr_assert(!(device.flags & IFF_ALLMULTI), "allmulti was switched on");
	put_back(nl, &undo);
}

static int record_nothing(void *context, const struct xlagg_undo *undo)
{
	(void)context, (void)undo;
	return -ENOSPC;
}

/* Offloads that are off already are not forgotten because others that came on cannot be recorded. */
NETNS_TEST(port, offloads_come_back_although_a_record_failed)
{
	struct port_setup setup = full_setup();
	struct xlagg_undo undo = {};
	struct pinned pinned = {};
	char sentence[XLAGG_SENTENCE_MAX] = "";
	struct snapshot before;
	make_pair("p0", "p1");
	take_snapshot("p0", &before);
	struct device device = device_of(nl, "p0");
	cr_assert_eq(port_prepare(nl, &device, &setup, &undo, record, &pinned, sentence), 0);
	shell("ethtool -K p0 rx-vlan-offload on");
	cr_assert_eq(port_adjust(nl, &device, &setup, &undo, record_nothing, NULL, sentence), -ENOSPC);
	shell("ethtool -K p0 rx-vlan-offload off");
	cr_assert_eq(port_adjust(nl, &device, &setup, &undo, record, &pinned, sentence), 0);
	put_back(nl, &undo);
	expect_snapshot("p0", &before);
}

/* --- port_check --- */

static void expect_refused(struct netlink *nl, const char *name, const char *expected)
{
	char sentence[XLAGG_SENTENCE_MAX] = "";
	struct device device = device_of(nl, name);
	cr_assert_lt(port_check(nl, &device, "lagg0", sentence), 0, "%s is accepted", name);
	cr_assert_str_eq(sentence, expected);
}

static void expect_accepted(struct netlink *nl, const char *name)
{
	char sentence[XLAGG_SENTENCE_MAX] = "";
	struct device device = device_of(nl, name);
	cr_assert_eq(port_check(nl, &device, "lagg0", sentence), 0, "%s", sentence);
}

NETNS_TEST(port_check, addresses)
{
	make_pair("p0", "p1");
	shell("ip link set p0 up && ip link set p1 up");
	wait_for_link_local("p0");
	expect_accepted(nl, "p0");
	shell("ip address add 10.0.0.15/24 dev p0");
	expect_refused(nl, "p0",
		       "p0 has the address 10.0.0.15/24: remove it (ip address flush dev p0) and give it to lagg0");
	shell("ip address flush dev p0 && ip address add 2001:db8::1/64 dev p0");
	expect_refused(nl, "p0",
		       "p0 has the address 2001:db8::1/64: remove it (ip address flush dev p0) and give it to lagg0");
	shell("ip address flush dev p0");
	expect_accepted(nl, "p0");
}

NETNS_TEST(port_check, devices_above)
{
	make_pair("p0", "p1");
	shell("ip link add link p0 name mv0 type macvlan");
	expect_refused(
	    nl, "p0", "p0 has the macvlan mv0 above it: remove that (ip link del mv0) and make it above lagg0 instead");
	expect_accepted(nl, "p1");
}

NETNS_TEST(port_check, masters)
{
	make_pair("p0", "p1");
	shell("ip link add br0 type bridge && ip link set p0 master br0");
	expect_refused(nl, "p0", "p0 belongs to the bridge br0: take it out first (ip link set p0 nomaster)");
	shell("ip link set p0 nomaster");
	expect_accepted(nl, "p0");
}

NETNS_TEST(port_check, laggs_their_lower_ends_and_their_ports)
{
	struct port_setup setup = {.lagg = "lagg1", .mtu = 1500};
	struct xlagg_undo undo = {};
	struct pinned pinned = {};
	char sentence[XLAGG_SENTENCE_MAX];
	struct netlink_pair pair;
	cr_assert_eq(netlink_add_veth(nl, "lagg0", "lagg0-dp", lagg_mac, drawn_mac(), 1500, 1, &pair), 0);
	cr_assert_eq(netlink_add_veth(nl, "lagg1", "lagg1-dp", lagg_mac, drawn_mac(), 1500, 1, &pair), 0);
	make_pair("p0", "p1");
	struct device device = device_of(nl, "p0");
	cr_assert_eq(port_prepare(nl, &device, &setup, &undo, record, &pinned, sentence), 0);
	expect_refused(nl, "lagg0", "lagg0 cannot be a port of itself: name another device");
	expect_refused(nl, "lagg1", "lagg1 is a lagg itself: make its ports ports of lagg0 instead");
	expect_refused(nl, "lagg1-dp", "lagg1-dp is the lower end of lagg1 and no device of its own: name another one");
	/* A mark may be stale, and names a lagg that is called otherwise by now: the agent knows its ports. */
	expect_accepted(nl, "p0");
	put_back(nl, &undo);
}

NETNS_TEST(port_check, no_ethernet)
{
	expect_refused(nl, "lo", "lo is no Ethernet device: a port has to be one");
	if (shell_ok("ip tuntap add mode tun name tun0 2>/dev/null"))
		expect_refused(nl, "tun0", "tun0 is no Ethernet device: a port has to be one");
}
