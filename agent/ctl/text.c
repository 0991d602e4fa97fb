/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Options whose value is a text: device names, MACs, addresses, EtherTypes. */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/text.h"

int ctl_check_name(const char *name, const char *what, char sentence[XLAGG_SENTENCE_MAX])
{
	size_t len = strlen(name);
	uint8_t mac[6];

	if (xlagg_parse_mac(name, mac) == 0)
		return ctl_refuse(sentence, -EINVAL, "%s is a MAC and cannot be the name of %s; choose another", name,
				  what);
	if (!len)
		return ctl_refuse(sentence, -EINVAL, "%s has no name; give it one of 1 to 15 characters", what);
	if (len >= XLAGG_NAME_MAX)
		return ctl_refuse(
		    sentence, -ENAMETOOLONG,
		    "%.40s is too long for the name of %s: %zu characters; 15 fit, also of an alternative name", name,
		    what, len);
	/* Linux refuses these too: the last two mean something else in /proc/sys/net. */
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, "all") == 0 ||
	    strcmp(name, "default") == 0)
		return ctl_refuse(sentence, -EINVAL, "%s is not allowed as the name of %s; choose another", name, what);
	if (strpbrk(name, " \t\n\v\f\r/:%"))
		return ctl_refuse(sentence, -EINVAL,
				  "%s cannot be the name of %s: Linux allows no blanks, /, : or %% in it", name, what);
	return 0;
}

int ctl_check_device(const char *name, const char *what, char sentence[XLAGG_SENTENCE_MAX])
{
	uint8_t mac[6];

	return xlagg_name_to_mac(name, mac) == 0 ? 0 : ctl_check_name(name, what, sentence);
}

int ctl_read_device(const char *word, const char *what, char ret[XLAGG_NAME_MAX], char sentence[XLAGG_SENTENCE_MAX])
{
	static const uint8_t zero[6];
	uint8_t mac[6];
	int r;

	if (xlagg_parse_mac(word, mac) == 0 || xlagg_name_to_mac(word, mac) == 0) {
		if (mac[0] & 1 || memcmp(mac, zero, sizeof(mac)) == 0)
			return ctl_refuse(sentence, -EINVAL, "%s is no device's permanent MAC; see ip -d link", word);
		xlagg_mac_to_name(mac, ret);
		return 0;
	}
	r = ctl_check_name(word, what, sentence);
	if (!r)
		snprintf(ret, XLAGG_NAME_MAX, "%s", word);
	return r;
}

const char *ctl_device_word(const char *name, char ret[XLAGG_MAC_TEXT])
{
	uint8_t mac[6];

	if (xlagg_name_to_mac(name, mac) < 0)
		return name;
	xlagg_print_mac(mac, ret);
	return ret;
}

int ctl_check_new_name(const char *name, char sentence[XLAGG_SENTENCE_MAX])
{
	int r = ctl_check_name(name, "a lagg", sentence);

	if (r < 0)
		return r;
	for (const char *c = name; *c; c++)
		if (!isgraph((unsigned char)*c))
			return ctl_refuse(sentence, -EINVAL,
					  "%s cannot be the name of a new lagg: use letters, digits and other "
					  "characters of ASCII",
					  name);
	return 0;
}

bool text_item(const char **list, char item[TEXT_ITEM_MAX])
{
	size_t len;

	if (!*list)
		return false;
	len = strcspn(*list, ",");
	snprintf(item, TEXT_ITEM_MAX, "%.*s", (int)(len < TEXT_ITEM_MAX ? len : TEXT_ITEM_MAX - 1), *list);
	*list = (*list)[len] ? *list + len + 1 : NULL;
	return true;
}

/* Appends an item to a list with commas. The caller makes sure that it fits. */
static void add_item(char *list, size_t size, const char *item)
{
	size_t used = strlen(list);

	snprintf(list + used, size - used, "%s%s", used ? "," : "", item);
}

static bool has_item(const char *list, const char *wanted)
{
	char item[TEXT_ITEM_MAX];

	if (!*list)
		return false;
	while (text_item(&list, item))
		if (strcmp(item, wanted) == 0)
			return true;
	return false;
}

int text_mac(const struct xlagg_option *option, const char *word, char *ret, char *sentence)
{
	static const uint8_t zero[6];
	char values[128];
	uint8_t mac[6];

	if (strcmp(word, option->text) == 0) {
		snprintf(ret, option->size, "%s", option->text);
		return 0;
	}
	if (xlagg_parse_mac(word, mac) < 0) {
		ctl_print_values(option, values, sizeof(values));
		return ctl_refuse(sentence, -EINVAL, "%.40s is not a value of %s; it takes %s", word, option->name,
				  values);
	}
	if (mac[0] & 1)
		return ctl_refuse(sentence, -EINVAL,
				  "%s is a group address and cannot be the %s; its first octet must be even", word,
				  option->name);
	if (memcmp(mac, zero, sizeof(mac)) == 0)
		return ctl_refuse(sentence, -EINVAL, "%s cannot be the %s; choose a MAC that is not zero", word,
				  option->name);
	_Static_assert(sizeof(((struct xlagg_lagg_conf *)0)->system_mac) >= XLAGG_MAC_TEXT, "a MAC fits");
	xlagg_print_mac(mac, ret);
	return 0;
}

int text_lagg_mac(const struct xlagg_option *option, const char *word, char *ret, char *sentence)
{
	if (strcmp(word, "active") == 0) {
		snprintf(ret, option->size, "active");
		return 0;
	}
	if (strncmp(word, "from ", 5) == 0) {
		char name[XLAGG_NAME_MAX];
		int r = ctl_read_device(word + 5, "the device that mac is from", name, sentence);

		if (!r)
			snprintf(ret, option->size, "from %s", name);
		return r;
	}
	return text_mac(option, word, ret, sentence);
}

int text_port(const struct xlagg_option *option, const char *word, char *ret, char *sentence)
{
	char name[XLAGG_NAME_MAX];
	int r = ctl_read_device(word, "a port", name, sentence);

	if (!r)
		snprintf(ret, option->size, "%s", name);
	return r;
}

/* An IPv4 or IPv6 address in binary form. */
struct ip {
	int family;
	union {
		struct in_addr v4;
		struct in6_addr v6;
	};
};

static int parse_ip(const char *word, struct ip *ret)
{
	ret->family = strchr(word, ':') ? AF_INET6 : AF_INET;
	return inet_pton(ret->family, word, &ret->v6) == 1 ? 0 : -EINVAL;
}

/* Returns why a device cannot have this address, NULL if it can. */
static const char *not_of_a_host(const struct ip *ip)
{
	if (ip->family == AF_INET6) {
		if (IN6_IS_ADDR_UNSPECIFIED(&ip->v6))
			return "the unspecified address";
		return IN6_IS_ADDR_MULTICAST(&ip->v6) ? "a multicast address" : NULL;
	}
	if (ip->v4.s_addr == htonl(INADDR_ANY))
		return "the unspecified address";
	if (ip->v4.s_addr == htonl(INADDR_BROADCAST))
		return "the broadcast address";
	return IN_MULTICAST(ntohl(ip->v4.s_addr)) ? "a multicast address" : NULL;
}

int ctl_parse_address(const char *word, char ret[XLAGG_ADDRESS_MAX], char sentence[XLAGG_SENTENCE_MAX])
{
	const char *slash = strchr(word, '/');
	char text[INET6_ADDRSTRLEN];
	const char *why;
	unsigned long prefix;
	struct ip ip;
	char *end;

	snprintf(text, sizeof(text), "%.*s", slash ? (int)(slash - word) : (int)strlen(word), word);
	if (parse_ip(text, &ip) || (slash && (size_t)(slash - word) != strlen(text)))
		return ctl_refuse(sentence, -EINVAL,
				  "%.50s is not an address; write it as 10.0.0.1/24 or 2001:db8::1/64", word);
	if (!slash)
		return ctl_refuse(sentence, -EINVAL, "%s has no prefix length; write %s/%d", word, word,
				  ip.family == AF_INET ? 24 : 64);
	prefix = strtoul(slash + 1, &end, 10);
	if (!isdigit((unsigned char)slash[1]) || *end || prefix > (ip.family == AF_INET ? 32 : 128))
		return ctl_refuse(sentence, -EINVAL, "%.50s has a wrong prefix length; it is 0..%d", word,
				  ip.family == AF_INET ? 32 : 128);
	why = not_of_a_host(&ip);
	if (why)
		return ctl_refuse(sentence, -EINVAL, "%s is %s; give one that a host can have", text, why);
	inet_ntop(ip.family, &ip.v6, text, sizeof(text));
	snprintf(ret, XLAGG_ADDRESS_MAX, "%s/%lu", text, prefix);
	return 0;
}

int text_addresses(const struct xlagg_option *option, const char *word, char *ret, char *sentence)
{
	char list[XLAGG_TEXT_MAX] = "", item[TEXT_ITEM_MAX], text[INET6_ADDRSTRLEN];
	const char *why;
	struct ip ip;

	if (strcmp(word, "none") == 0) {
		snprintf(ret, option->size, "none");
		return 0;
	}
	while (text_item(&word, item)) {
		if (parse_ip(item, &ip))
			return ctl_refuse(
			    sentence, -EINVAL,
			    "%s is not an address for %s; it takes none, or IPv4 and IPv6 addresses with commas",
			    *item ? item : "an empty item", option->name);
		why = not_of_a_host(&ip);
		if (why)
			return ctl_refuse(sentence, -EINVAL, "%s cannot be a target of %s: it is %s", item,
					  option->name, why);
		inet_ntop(ip.family, &ip.v6, text, sizeof(text));
		if (has_item(list, text))
			return ctl_refuse(sentence, -EINVAL, "%s is twice in %s; leave one out", text, option->name);
		if (strlen(list) + strlen(text) + sizeof(",") > sizeof(list))
			return ctl_refuse(sentence, -E2BIG,
					  "%s has more addresses than fit in %zu characters; give fewer", option->name,
					  sizeof(list) - 1);
		add_item(list, sizeof(list), text);
	}
	snprintf(ret, option->size, "%s", list);
	return 0;
}

int ctl_parse_ethertypes(const char *text, uint16_t ret[XLAGG_PORT_ETHERTYPES], char sentence[XLAGG_SENTENCE_MAX])
{
	char item[TEXT_ITEM_MAX];
	int count = 0;

	while (text_item(&text, item)) {
		bool prefixed = strncasecmp(item, "0x", 2) == 0;
		const char *digits = item + (prefixed ? 2 : 0);
		unsigned long value = strtoul(digits, NULL, 16);

		if (!*digits || strlen(digits) > 4 || digits[strspn(digits, "0123456789abcdefABCDEF")] || value < 0x600)
			return ctl_refuse(
			    sentence, -EINVAL,
			    "%s is not an EtherType; write hexadecimal ones from 0600 to ffff with commas, such as "
			    "88cc,888e",
			    *item ? item : "an empty item");
		if (count == XLAGG_PORT_ETHERTYPES)
			return ctl_refuse(sentence, -E2BIG, "more than %d EtherTypes; leave some out",
					  XLAGG_PORT_ETHERTYPES);
		ret[count++] = (uint16_t)value;
	}
	return count;
}

int text_ethertypes(const struct xlagg_option *option, const char *word, char *ret, char *sentence)
{
	uint16_t types[XLAGG_PORT_ETHERTYPES] = {};
	char list[XLAGG_PORT_ETHERTYPES * sizeof("ffff,")] = "", item[sizeof("ffff")];
	int count = ctl_parse_ethertypes(word, types, sentence);

	if (count < 0)
		return count;
	for (int i = 0; i < count; i++) {
		snprintf(item, sizeof(item), "%04x", types[i]);
		if (has_item(list, item))
			return ctl_refuse(sentence, -EINVAL, "%s is twice in %s; leave one out", item, option->name);
		add_item(list, sizeof(list), item);
	}
	snprintf(ret, option->size, "%s", list);
	return 0;
}
