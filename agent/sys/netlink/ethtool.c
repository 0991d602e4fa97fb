/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Asks drivers for link settings and offload features, and switches features (ETHTOOL_* by ioctl). */
#include <errno.h>
#include <limits.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/fd.h"
#include "sys/netlink/netlink.h"

/* The kernel's features for each bit of enum xlagg_feature_bit. The bit is on if any of them is. */
static const struct {
	uint64_t bit;
	const char *name;
} feature_names[] = {
    {XLAGG_FEATURE_RX_VLAN, "rx-vlan-hw-parse"},
    {XLAGG_FEATURE_LRO, "rx-lro"},
    {XLAGG_FEATURE_TX_CSUM, "tx-checksum-ipv4"},
    {XLAGG_FEATURE_TX_CSUM, "tx-checksum-ipv6"},
    {XLAGG_FEATURE_TX_CSUM, "tx-checksum-ip-generic"},
    {XLAGG_FEATURE_TX_CSUM, "tx-checksum-sctp"},
    {XLAGG_FEATURE_TX_VLAN, "tx-vlan-hw-insert"},
    {XLAGG_FEATURE_TX_STAG, "tx-vlan-stag-hw-insert"},
    {XLAGG_FEATURE_GRO, "rx-gro"},
    {XLAGG_FEATURE_RX_VLAN_FILTER, "rx-vlan-filter"},
};

/* These requests work on any socket. AF_UNIX exists in every kernel and costs least. */
static int open_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return fd < 0 ? -errno : fd;
}

/* ENODEV also comes from a device that is being reset or sleeps. Then the caller can ask again later. */
static int without_device(int fd, const struct ifreq *request)
{
	struct ifreq present = {};
	memcpy(present.ifr_name, request->ifr_name, sizeof(present.ifr_name));
	if (ioctl(fd, SIOCGIFINDEX, &present) == 0)
		return -EAGAIN;
	return -errno;
}

/* Makes one request. `command` begins with its ETHTOOL_* number. */
static int ask(int fd, const char *name, void *command)
{
	struct ifreq request = {.ifr_data = command};
	size_t len = strlen(name);
	if (len >= sizeof(request.ifr_name))
		return -ENODEV;
	memcpy(request.ifr_name, name, len);
	if (ioctl(fd, SIOCETHTOOL, &request) >= 0)
		return 0;
	return errno == ENODEV ? without_device(fd, &request) : -errno;
}

/* Finds the name that the device has now: it may have been renamed since the caller learned it. */
static int find_name(int fd, int ifindex, const char *name, char ret[IFNAMSIZ])
{
	struct ifreq request = {.ifr_ifindex = ifindex};
	if (ifindex == 0) {
		if (strlen(name) >= IFNAMSIZ)
			return -ENODEV;
		memcpy(ret, name, strlen(name) + 1);
		return 0;
	}
	if (ioctl(fd, SIOCGIFNAME, &request) < 0)
		return -errno;
	memcpy(ret, request.ifr_name, IFNAMSIZ);
	return 0;
}

static uint32_t read_duplex(uint8_t duplex)
{
	switch (duplex) {
	case DUPLEX_HALF:
		return XLAGG_DUPLEX_HALF;
	case DUPLEX_FULL:
		return XLAGG_DUPLEX_FULL;
	default:
		return XLAGG_DUPLEX_UNKNOWN;
	}
}

int ethtool_link(int ifindex, const char *name, uint32_t *speed, uint32_t *duplex)
{
	__attribute__((cleanup(close_fd))) int fd = open_socket();
	char device[IFNAMSIZ];
	if (fd < 0)
		return fd;
	int r = find_name(fd, ifindex, name, device);
	if (r < 0)
		return r;
	/* The answer to a first request is the length of the link mode masks as a negative number. */
	struct {
		struct ethtool_link_settings settings;
		uint32_t masks[3 * SCHAR_MAX];
	} command = {.settings.cmd = ETHTOOL_GLINKSETTINGS};
	r = ask(fd, device, &command);
	if (r == 0 && command.settings.link_mode_masks_nwords < 0) {
		command.settings.cmd = ETHTOOL_GLINKSETTINGS;
		command.settings.link_mode_masks_nwords = (int8_t)-command.settings.link_mode_masks_nwords;
		r = ask(fd, device, &command);
	}
	if (r < 0 && r != -EOPNOTSUPP)
		return r;
	bool known = r == 0 && command.settings.speed != (uint32_t)SPEED_UNKNOWN;
	*speed = known ? command.settings.speed : 0;
	*duplex = r == 0 ? read_duplex(command.settings.duplex) : XLAGG_DUPLEX_UNKNOWN;
	return 0;
}

int ethtool_open(void)
{
	return open_socket();
}

int ethtool_carrier(const char *name, bool *carrier)
{
	__attribute__((cleanup(close_fd))) int fd = open_socket();
	return fd < 0 ? fd : ethtool_carrier_on(fd, name, carrier);
}

int ethtool_carrier_on(int fd, const char *name, bool *carrier)
{
	struct ethtool_value command = {.cmd = ETHTOOL_GLINK};
	int r = ask(fd, name, &command);
	if (r < 0)
		return r;
	*carrier = command.data != 0;
	return 0;
}

#define FEATURES_MAX 256 /* no kernel has half as many */
#define BLOCKS_MAX (FEATURES_MAX / 32)

/* The features of a device: their names and states, 32 features in each block. */
struct features {
	uint32_t count;
	struct {
		struct ethtool_gstrings head;
		char name[FEATURES_MAX][ETH_GSTRING_LEN]; /* without a NUL where it fills the octets */
	} names;
	struct {
		struct ethtool_gfeatures head;
		struct ethtool_get_features_block block[BLOCKS_MAX];
	} states;
};

static int read_features(int fd, const char *name, struct features *ret)
{
	struct {
		struct ethtool_sset_info info;
		uint32_t count;
	} sets = {.info = {.cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ull << ETH_SS_FEATURES}};
	int r = ask(fd, name, &sets);
	if (r < 0)
		return r;
	ret->count = sets.info.sset_mask ? sets.count : 0;
	if (ret->count > FEATURES_MAX)
		return -EOVERFLOW;
	ret->names.head =
	    (struct ethtool_gstrings){.cmd = ETHTOOL_GSTRINGS, .string_set = ETH_SS_FEATURES, .len = ret->count};
	ret->states.head = (struct ethtool_gfeatures){.cmd = ETHTOOL_GFEATURES, .size = (ret->count + 31) / 32};
	r = ask(fd, name, &ret->names);
	return r < 0 ? r : ask(fd, name, &ret->states);
}

/* Returns the bit of feature number i, or 0 if we do not use it. */
static uint64_t feature_bit(const struct features *features, uint32_t i)
{
	const char *name = features->names.name[i];
	for (size_t k = 0; k < sizeof(feature_names) / sizeof(feature_names[0]); k++)
		if (strncmp(name, feature_names[k].name, ETH_GSTRING_LEN) == 0)
			return feature_names[k].bit;
	return 0;
}

static bool can_change(const struct ethtool_get_features_block *block, uint32_t mask)
{
	return (block->available & ~block->never_changed) & mask;
}

int ethtool_features(const char *name, uint64_t wanted, uint64_t *on)
{
	__attribute__((cleanup(close_fd))) int fd = open_socket();
	struct features features = {};
	uint64_t found = 0;
	if (fd < 0)
		return fd;
	int r = read_features(fd, name, &features);
	if (r < 0)
		return r;
	for (uint32_t i = 0; i < features.count; i++)
		if (features.states.block[i / 32].active & 1u << (i % 32))
			found |= feature_bit(&features, i) & wanted;
	*on = found;
	return 0;
}

int ethtool_set_features(const char *name, uint64_t wanted, bool on)
{
	__attribute__((cleanup(close_fd))) int fd = open_socket();
	struct features features = {};
	struct {
		struct ethtool_sfeatures head;
		struct ethtool_set_features_block block[BLOCKS_MAX];
	} command = {.head.cmd = ETHTOOL_SFEATURES};
	if (fd < 0)
		return fd;
	int r = read_features(fd, name, &features);
	if (r < 0)
		return r;
	command.head.size = features.states.head.size;
	bool any = false;
	for (uint32_t i = 0; i < features.count; i++) {
		uint32_t mask = 1u << (i % 32);
		if (!(feature_bit(&features, i) & wanted) || !can_change(&features.states.block[i / 32], mask))
			continue;
		any = true;
		command.block[i / 32].valid |= mask;
		command.block[i / 32].requested |= on ? mask : 0;
	}
	return any ? ask(fd, name, &command) : 0;
}
