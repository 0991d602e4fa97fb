/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The linker leads the adapters' calls of these functions here (layer.mk). */
#include <errno.h>
#include <stdint.h>

#include "faults.h"
#include "sys/netlink/request.h"

static struct {
	enum fault fault;
	int first, count, calls;
	bool on;
} faults;

void faults_begin(enum fault fault, int first, int count)
{
	faults.fault = fault;
	faults.first = first;
	faults.count = count;
	faults.calls = 0;
	faults.on = true;
}

int faults_end(void)
{
	faults.on = false;
	return faults.calls;
}

/* Whether the call that is about to be made fails. */
static bool fails(void)
{
	if (!faults.on)
		return false;
	int call = ++faults.calls;
	return call >= faults.first && call < faults.first + faults.count;
}

static bool is_made(bool failing)
{
	return !failing || faults.fault == FAULT_DONE;
}

int __real_netlink_send(struct mnl_socket *socket, const struct nlmsghdr *nlh);
int __wrap_netlink_send(struct mnl_socket *socket, const struct nlmsghdr *nlh);
int __wrap_netlink_send(struct mnl_socket *socket, const struct nlmsghdr *nlh)
{
	bool failing = fails();
	int r = is_made(failing) ? __real_netlink_send(socket, nlh) : 0;
	return failing ? -ENOBUFS : r;
}

ssize_t __real_netlink_receive(struct netlink *nl, struct mnl_socket *socket, void *buf, size_t size);
ssize_t __wrap_netlink_receive(struct netlink *nl, struct mnl_socket *socket, void *buf, size_t size);
ssize_t __wrap_netlink_receive(struct netlink *nl, struct mnl_socket *socket, void *buf, size_t size)
{
	bool failing = fails();
	ssize_t n = is_made(failing) ? __real_netlink_receive(nl, socket, buf, size) : 0;
	return failing ? -ENOBUFS : n;
}

int __real_ioctl(int fd, unsigned long request, void *argument);
int __wrap_ioctl(int fd, unsigned long request, void *argument);
int __wrap_ioctl(int fd, unsigned long request, void *argument)
{
	bool failing = fails();
	int r = is_made(failing) ? __real_ioctl(fd, request, argument) : 0;
	if (!failing)
		return r;
	errno = ENOBUFS;
	return -1;
}

int __real_netlink_has_group(struct netlink *nl, int ifindex, const uint8_t group[6], uint64_t max_age);
int __wrap_netlink_has_group(struct netlink *nl, int ifindex, const uint8_t group[6], uint64_t max_age);
int __wrap_netlink_has_group(struct netlink *nl, int ifindex, const uint8_t group[6], uint64_t max_age)
{
	return fails() ? -ENOBUFS : __real_netlink_has_group(nl, ifindex, group, max_age);
}

int __real_netlink_ipv6_disabled(const char *name, bool *ret);
int __wrap_netlink_ipv6_disabled(const char *name, bool *ret);
int __wrap_netlink_ipv6_disabled(const char *name, bool *ret)
{
	return fails() ? -ENOBUFS : __real_netlink_ipv6_disabled(name, ret);
}

int __real_netlink_disable_ipv6(const char *name, bool disable);
int __wrap_netlink_disable_ipv6(const char *name, bool disable);
int __wrap_netlink_disable_ipv6(const char *name, bool disable)
{
	bool failing = fails();
	int r = is_made(failing) ? __real_netlink_disable_ipv6(name, disable) : 0;
	return failing ? -ENOBUFS : r;
}
