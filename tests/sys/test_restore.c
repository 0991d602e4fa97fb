/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* A device that was a port is put back although requests fail: nothing is forgotten before it is confirmed. */
#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "faults.h"
#include "netns.h"
#include "sys/log.h"
#include "sys/mark.h"
#include "sys/port.h"

static int record(void *context, const struct xlagg_undo *undo)
{
	*(struct xlagg_undo *)context = *undo;
	return 0;
}

/* Settings that make every change that a port can have. */
static const struct port_setup setup = {
    .lagg = "lagg0",
    .mac = {0x02, 0x42, 0xac, 0x11, 0x00, 0x02},
    .mtu = 1400,
    .set_mac = true,
    .promisc = true,
    .xdp = true,
};

static int prepare(struct netlink *nl, const struct device *device, struct xlagg_undo *undo)
{
	char sentence[XLAGG_SENTENCE_MAX] = "";
	struct xlagg_undo recorded;
	int r = port_prepare(nl, device, &setup, undo, record, &recorded, sentence);
	cr_assert(r == 0 || *sentence, "a failure without a reason");
	return r;
}

static void put_back(struct netlink *nl, struct xlagg_undo *undo)
{
	char sentence[XLAGG_SENTENCE_MAX] = "";
	cr_assert_eq(port_restore(nl, undo, NULL, sentence), 0, "%s", sentence);
	cr_assert_eq(undo->ifindex, 0);
}

/* The device p0, with settings of its own, and what it looks like. */
static struct device make_device(struct netlink *nl, bool up, struct snapshot *before)
{
	make_pair("p0", "p1");
	/* Its address comes at once, or each round would wait for it. */
	shell("sysctl -q -w net.ipv6.conf.p0.accept_dad=0");
	shell("ip link set p1 up && ip link set p0 %s alias 'rack 7'", up ? "up" : "down");
	if (up)
		wait_for_link_local("p0");
	take_snapshot("p0", before);
	return device_of(nl, "p0");
}

/* Of all calls on the way back one fails, each in turn. */
static void fail_on_the_way_back(struct netlink *nl, bool up, enum fault fault)
{
	struct snapshot before;
	struct device device = make_device(nl, up, &before);
	int failures = 0, first = 1;
	for (bool failed = true; failed; first++) {
		struct xlagg_undo undo = {};
		char sentence[XLAGG_SENTENCE_MAX] = "";
		cr_assert_eq(prepare(nl, &device, &undo), 0);
		faults_begin(fault, first, 1);
		int r = port_restore(nl, &undo, NULL, sentence);
		failed = faults_end() >= first;
		if (r < 0) {
			failures++;
			cr_assert(undo.ifindex && undo.changed, "fault %d: nothing remains", first);
			cr_assert(strstr(sentence, "p0"), "%s", sentence);
			cr_assert(undo.changed == XLAGG_UNDO_ALIAS || mark_is_of_port(device_of(nl, "p0").alias, NULL));
			put_back(nl, &undo);
		}
		cr_assert_eq(undo.ifindex, 0);
		expect_snapshot("p0", &before);
	}
	/* Nearly every call matters. */
	cr_assert_gt(failures, first * 2 / 3, "%d of %d", failures, first);
}

NETNS_TEST(restore, a_step_that_is_not_done_is_done_again)
{
	fail_on_the_way_back(nl, true, FAULT_NOT_DONE);
}

NETNS_TEST(restore, a_step_of_which_the_result_is_lost_is_done_again)
{
	fail_on_the_way_back(nl, true, FAULT_DONE);
}

NETNS_TEST(restore, a_step_that_fails_on_a_device_that_was_down)
{
	fail_on_the_way_back(nl, false, FAULT_DONE);
}

/* One call on the way to a port fails, or all from there on, so that the way back fails as well. */
static void fail_on_the_way_there(struct netlink *nl, enum fault fault, int count, bool retry)
{
	struct snapshot before;
	struct device device = make_device(nl, true, &before);
	int left = 0;
	/* What remains is said as a warning. */
	log_set_level(LOG_LEVEL_ERROR);
	bool failed = true;
	for (int first = 1; failed; first++) {
		struct xlagg_undo undo = {};
		faults_begin(fault, first, count);
		int r = prepare(nl, &device, &undo);
		failed = faults_end() >= first;
		left += r < 0 && undo.ifindex;
		if (r < 0 && retry) {
			/* What the device is now is not what it was before. */
			cr_assert_eq(prepare(nl, &device, &undo), 0);
			cr_assert_arr_eq(undo.mac, device.mac, 6);
			cr_assert_eq(undo.mtu, 1500);
			cr_assert_str_eq(undo.alias, "rack 7");
		}
		put_back(nl, &undo);
		expect_snapshot("p0", &before);
	}
	cr_assert_eq(left > 0, count > 1);
}

NETNS_TEST(restore, a_device_that_does_not_become_a_port_is_put_back)
{
	fail_on_the_way_there(nl, FAULT_NOT_DONE, 1, false);
}

NETNS_TEST(restore, what_cannot_be_put_back_remains_in_the_record)
{
	fail_on_the_way_there(nl, FAULT_DONE, 1000, false);
}

NETNS_TEST(restore, what_remains_is_put_back_before_the_next_try)
{
	fail_on_the_way_there(nl, FAULT_NOT_DONE, 1000, true);
}

NETNS_TEST(restore, what_remains_is_named)
{
	struct snapshot before;
	struct device device = make_device(nl, true, &before);
	struct xlagg_undo undo = {};
	char sentence[XLAGG_SENTENCE_MAX] = "", what[160];
	cr_assert_eq(prepare(nl, &device, &undo), 0);
	port_list_undo(&undo, what, sizeof(what));
	cr_assert_str_eq(what,
			 "MAC, MTU, promisc, allmulti, slow protocols' group, offloads, addr_gen_mode, IPv6, ifalias");
	faults_begin(FAULT_NOT_DONE, 1, 1000);
	cr_assert_eq(port_restore(nl, &undo, NULL, sentence), -ENOBUFS);
	faults_end();
	cr_assert_str_eq(
	    sentence,
	    "p0 is not yet as it was before: MAC, MTU, promisc, allmulti, slow protocols' "
	    "group, offloads, addr_gen_mode, IPv6, ifalias could not be put back (No buffer space available)");
	/* Somebody else is quicker. */
	shell("ip link set p0 mtu 1500 address %02x:%02x:%02x:%02x:%02x:%02x", device.mac[0], device.mac[1],
	      device.mac[2], device.mac[3], device.mac[4], device.mac[5]);
	put_back(nl, &undo);
	expect_snapshot("p0", &before);
}

NETNS_TEST(restore, a_device_that_is_gone_ends_the_record)
{
	struct snapshot before;
	struct device device = make_device(nl, true, &before);
	struct xlagg_undo undo = {};
	cr_assert_eq(prepare(nl, &device, &undo), 0);
	shell("ip link del p0");
	put_back(nl, &undo);
}

Test(restore, a_device_is_told_from_another_by_its_permanent_mac)
{
	const struct xlagg_device_id id = {.ifindex = 3, .mac = {2, 0, 0, 0, 0, 1}, .permanent = 1};
	const struct xlagg_device_id unsure = {.ifindex = 3, .mac = {2, 0, 0, 0, 0, 1}};
	struct device device = {.ifindex = 3, .permaddr = {2, 0, 0, 0, 0, 1}, .has_permaddr = true};
	cr_assert(device_may_be(&device, &id));
	device.permaddr[5] = 2;
	cr_assert(!device_may_be(&device, &id));
	cr_assert(device_may_be(&device, &unsure));
	device.has_permaddr = false;
	cr_assert(device_may_be(&device, &id));
}
