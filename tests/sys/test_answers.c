/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* An answer that is late or lost is none: it is taken neither for a no nor for the answer to another question. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "faults.h"
#include "netns.h"
#include "sys/netlink/request.h"
#include "sys/port.h"

static const uint8_t lagg_mac[6] = {0x02, 0x42, 0xac, 0x11, 0x00, 0x02};
static const uint8_t slow_group[6] = {0x01, 0x80, 0xc2, 0x00, 0x00, 0x02};

NETNS_TEST(answers, one_that_does_not_come_is_a_timeout)
{
	struct timeval soon = {.tv_usec = 50000};
	struct netlink_request request;
	make_pair("p0", "p1");
	struct device device = device_of(nl, "p0");
	int fd = mnl_socket_get_fd(nl->requests);
	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon)), 0);
	/* The kernel does not answer a message that does nothing and wants no acknowledgement. */
	struct nlmsghdr *nothing = netlink_begin(&request, NLMSG_NOOP, NLM_F_DUMP, 0);
	cr_assert_eq(netlink_talk(nl, nothing, NULL), -ETIMEDOUT);
	cr_assert_eq(netlink_get(nl, device.ifindex, &device), 0);
	cr_assert_str_eq(device.name, "p0");
}

NETNS_TEST(answers, one_that_is_late_answers_no_other_question)
{
	make_pair("p0", "p1");
	struct device p0 = device_of(nl, "p0"), p1 = device_of(nl, "p1"), device;
	for (int fault = FAULT_NOT_DONE; fault <= FAULT_DONE; fault++) {
		/* The question is sent, and given up when its answer is to be read. */
		faults_begin(fault, 2, 1);
		cr_assert_eq(netlink_get(nl, p0.ifindex, &device), -ENOBUFS);
		cr_assert_eq(faults_end(), 2);
		cr_assert_eq(netlink_get(nl, p1.ifindex, &device), 0);
		cr_assert_eq(device.ifindex, p1.ifindex);
		cr_assert_eq(netlink_get(nl, 4711, &device), -ENODEV);
	}
}

static void count_removal(void *context, const struct device *device, bool gone)
{
	(void)device;
	*(int *)context += gone;
}

/* That events were lost makes the caller list all devices. */
NETNS_TEST(answers, a_removal_that_is_not_confirmed_counts_as_a_lost_event)
{
	for (int first = 2; first <= 3; first++) {
		int gone = 0;
		make_pair("p0", "p1");
		cr_assert_eq(netlink_read_events(nl, count_removal, NULL, &gone), 0);
		shell("ip link del p0");
		/* The first event is read, then the kernel is asked. */
		faults_begin(FAULT_NOT_DONE, first, 1);
		cr_assert_eq(netlink_read_events(nl, count_removal, NULL, &gone), -ENOBUFS);
		faults_end();
		cr_assert_eq(gone, 1, "one of the two ends");
	}
}

NETNS_TEST(answers, none_to_what_is_asked_is_no_no)
{
	char upper[XLAGG_NAME_MAX];
	uint32_t speed, duplex;
	uint64_t on;
	bool carrier;
	make_pair("p0", "p1");
	shell("ip link add link p0 name mv0 type macvlan && ip maddress add 01:80:c2:00:00:02 dev p0");
	int p0 = device_of(nl, "p0").ifindex;
	for (int first = 1; first <= 2; first++) {
		faults_begin(FAULT_NOT_DONE, first, 1);
		cr_assert_eq(netlink_has_upper(nl, p0, upper), -ENOBUFS);
		faults_end();
	}
	cr_assert_eq(netlink_has_upper(nl, p0, upper), 1);
	faults_begin(FAULT_NOT_DONE, 1, 1000);
	cr_assert_eq(ethtool_link(p0, "p0", &speed, &duplex), -ENOBUFS);
	cr_assert_eq(ethtool_link(0, "p0", &speed, &duplex), -ENOBUFS);
	cr_assert_eq(ethtool_carrier("p0", &carrier), -ENOBUFS);
	cr_assert_eq(ethtool_features("p0", XLAGG_FEATURE_GRO, &on), -ENOBUFS);
	cr_assert_eq(ethtool_set_features("p0", XLAGG_FEATURE_GRO, true), -ENOBUFS);
	cr_assert_eq(netlink_group(nl, p0, slow_group, false), -ENOBUFS);
	faults_end();
	cr_assert_eq(netlink_has_group(nl, p0, slow_group, 0), 1);
}

/* A bond that was taken gets a lower end alone, and nothing else would remove it with what failed. */
NETNS_TEST(answers, none_leaves_a_lower_end_of_a_bond)
{
	int ifindex, first = 0, calls;
	struct device device;
	if (netlink_add_bond_lower(nl, "bond1-dp", "bond1", drawn_mac(), 1500, &ifindex) == -EOPNOTSUPP)
		cr_skip_test("this kernel has no dummy device");
	do {
		cr_assert_eq(netlink_del(nl, ifindex), 0);
		faults_begin(FAULT_NOT_DONE, ++first, 1);
		int r = netlink_add_bond_lower(nl, "bond1-dp", "bond1", drawn_mac(), 1500, &ifindex);
		calls = faults_end();
		cr_assert_eq(netlink_clear_unfinished(nl), 0);
		int found = netlink_get_by_name(nl, "bond1-dp", &device);
		cr_assert_eq(found, r == 0 ? 0 : -ENODEV, "call %d: %s, then %s", first, strerror(-r),
			     strerror(-found));
		if (r < 0)
			cr_assert_eq(netlink_add_bond_lower(nl, "bond1-dp", "bond1", drawn_mac(), 1500, &ifindex), 0);
	} while (calls >= first);
}

/* Devices that cannot be a port: none of them becomes fit because a question about it was not answered. */
NETNS_TEST(answers, none_makes_a_device_fit_for_a_port)
{
	static const char *const unfit[] = {"lagg1", "lagg1-dp", "p0", "p2", "p4", "p6"};
	char sentence[XLAGG_SENTENCE_MAX];
	struct netlink_pair pair;
	cr_assert_eq(netlink_add_veth(nl, "lagg1", "lagg1-dp", lagg_mac, drawn_mac(), 1500, 1, &pair), 0);
	for (int i = 0; i < 8; i += 2) {
		char names[2][8];
		snprintf(names[0], sizeof(names[0]), "p%d", i);
		snprintf(names[1], sizeof(names[1]), "p%d", i + 1);
		make_pair(names[0], names[1]);
	}
	shell("ip link set p0 alias 'port of lagg1 (xlagg)'");
	shell("ip link add link p2 name mv0 type macvlan");
	shell("ip link add br0 type bridge && ip link set p4 master br0");
	shell("ip address add 10.0.0.15/24 dev p6");
	for (size_t i = 0; i < sizeof(unfit) / sizeof(unfit[0]); i++) {
		struct device device = device_of(nl, unfit[i]);
		int calls = 1;
		for (int first = 1; first <= calls; first++) {
			*sentence = '\0';
			faults_begin(FAULT_NOT_DONE, first, 1);
			cr_assert_lt(port_check(nl, &device, "lagg0", sentence), 0, "%s is fit after fault %d",
				     unfit[i], first);
			calls = faults_end();
			cr_assert_neq(*sentence, '\0');
		}
	}
}

static bool only_lo(void)
{
	return strcmp(shell_read("ip -j link | jq -r '[.[].ifname] | join(\" \")'"), "lo") == 0;
}

static void expect_pair(struct netlink *nl, const struct netlink_pair *pair)
{
	struct device lower = device_of(nl, "lagg0-dp");
	cr_assert_eq(lower.ifindex, pair->lower_ifindex);
	cr_assert_eq(lower.link, pair->ifindex);
	cr_assert_eq(device_of(nl, "lagg0").ifindex, pair->ifindex);
	cr_assert_str_eq(lower.alias, "xlagg: lower end of lagg0");
	cr_assert_str_eq(shell_read("ip -d -j link show lagg0-dp | jq -r '.[0].inet6_addr_gen_mode'"), "none");
}

/* Of each request on the way in turn either the request fails or its answer is lost. */
NETNS_TEST(answers, a_lost_one_leaves_a_whole_pair_or_none)
{
	struct netlink_pair pair = {};
	for (int fault = FAULT_NOT_DONE; fault <= FAULT_DONE; fault++) {
		int calls = 1, made = 0;
		for (int first = 1; first <= calls; first++) {
			faults_begin(fault, first, 1);
			int r = netlink_add_veth(nl, "lagg0", "lagg0-dp", lagg_mac, drawn_mac(), 1500, 1, &pair);
			calls = faults_end();
			if (r == 0) {
				made++;
				expect_pair(nl, &pair);
				cr_assert_eq(netlink_del(nl, pair.ifindex), 0);
			}
			cr_assert(only_lo(), "after fault %d: %s", first, shell_read("ip link"));
		}
		/* An answer that is lost is no reason to give up. */
		cr_assert_gt(made, 0);
	}
}

/* Makes a pair while the answers are lost from the `first` one on. *ret_failed: whether one was. */
static int add_in_outage(struct netlink *nl, int first, struct netlink_pair *pair, bool *ret_failed)
{
	faults_begin(FAULT_DONE, first, 1000);
	int r = netlink_add_veth(nl, "lagg0", "lagg0-dp", lagg_mac, drawn_mac(), 1500, 1, pair);
	*ret_failed = faults_end() >= first;
	return r;
}

NETNS_TEST(answers, what_an_outage_left_does_not_block_the_next_try)
{
	struct netlink_pair pair = {};
	bool failed = true;
	for (int first = 1; failed; first++) {
		int r = add_in_outage(nl, first, &pair, &failed);
		if (r < 0)
			r = netlink_add_veth(nl, "lagg0", "lagg0-dp", lagg_mac, drawn_mac(), 1500, 1, &pair);
		cr_assert_eq(r, 0, "after fault %d: %s", first, strerror(-r));
		expect_pair(nl, &pair);
		cr_assert_eq(netlink_del(nl, pair.ifindex), 0);
		cr_assert(only_lo());
	}
}

NETNS_TEST(answers, what_an_outage_left_goes_whatever_is_made_next)
{
	struct netlink_pair pair = {};
	bool failed = true;
	for (int first = 1; failed; first++) {
		int r = add_in_outage(nl, first, &pair, &failed);
		if (r == 0)
			cr_assert_eq(netlink_del(nl, pair.ifindex), 0);
		if (first % 2)
			cr_assert_eq(netlink_clear_unfinished(nl), 0);
		cr_assert_eq(netlink_add_veth(nl, "lagg1", "lagg1-dp", lagg_mac, drawn_mac(), 1500, 1, &pair), 0);
		cr_assert_eq(netlink_del(nl, pair.ifindex), 0);
		cr_assert(only_lo(), "after fault %d: %s", first, shell_read("ip link"));
	}
}
