/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Devices that were moved into another network namespace: found and put back there. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/elsewhere.h"
#include "sys/fd.h"
#include "sys/mark.h"
#include "sys/port.h"

#define PATIENCE_MS 2000
#define MAX_SEEN 4096 /* namespaces that are searched at most */

/* The namespaces that were searched already, since many processes live in the same one. */
struct seen {
	ino_t inode[MAX_SEEN];
	uint32_t count;
};

struct search {
	struct netlink *nl;
	const struct elsewhere *device;
	const struct xlagg_undo *undo;
	struct seen *seen;
	char *name;   /* XLAGG_NAME_MAX octets */
	bool entered; /* one that may have it */
	int failed;   /* the first failure to find out whether one has it, or 0 */
};

static bool is_new(struct seen *seen, ino_t inode)
{
	for (uint32_t i = 0; i < seen->count; i++)
		if (seen->inode[i] == inode)
			return false;
	if (seen->count == MAX_SEEN)
		return false;
	seen->inode[seen->count++] = inode;
	return true;
}

/* --- in the child --- */

/* How certain it is that a device is the one. The most certain one of a namespace is taken. */
enum likeness { UNLIKE, LOOKS_ALIKE, SAME_NUMBER, PROVEN };

struct match {
	const struct elsewhere *device;
	const struct xlagg_undo *undo;
	enum likeness likeness; /* of the best device so far */
	int ifindex;		/* its ifindex */
	char name[XLAGG_NAME_MAX];
	char alias[MARK_MAX]; /* or as much of it as fits */
	uint32_t count;	      /* devices that look alike */
};

/* Somebody may have changed its ifalias or its MAC before it was moved. Where the kernel said which one it is, either
 * is enough. Else its MAC counts, which no port of another lagg has, as its ifalias may be. One of which a part was put
 * back and then something failed has the MAC of before, and still the mark, which goes last. */
static enum likeness compare(const struct elsewhere *device, const struct xlagg_undo *undo, const struct device *found)
{
	const struct xlagg_device_id *id = device->id;
	bool mark = strcmp(found->alias, device->mark) == 0;
	bool begun = mark && undo->changed & XLAGG_UNDO_MAC && memcmp(found->mac, undo->mac, 6) == 0;
	bool mac = begun || memcmp(found->mac, device->mac, 6) == 0;
	if (device->ifindex)
		return device->ifindex == found->ifindex && (mac || mark) ? PROVEN : UNLIKE;
	if (!mac)
		return UNLIKE;
	if (id && id->permanent && found->has_permaddr)
		return memcmp(id->mac, found->permaddr, 6) == 0 ? PROVEN : UNLIKE;
	if (id && (int)id->ifindex == found->ifindex)
		return SAME_NUMBER;
	return mark ? LOOKS_ALIKE : UNLIKE;
}

static void match_device(void *context, const struct device *found, bool gone)
{
	struct match *match = context;
	enum likeness likeness = gone ? UNLIKE : compare(match->device, match->undo, found);
	match->count += likeness == LOOKS_ALIKE;
	if (likeness <= match->likeness)
		return;
	match->likeness = likeness;
	match->ifindex = found->ifindex;
	memcpy(match->name, found->name, sizeof(match->name));
	snprintf(match->alias, sizeof(match->alias), "%.*s", MARK_MAX - 1, found->alias);
}

/* Whether a lagg of that namespace has the device as its port, so that an agent there needs it as it is. Where networks
 * were made alike, as in containers of one image, their ports have the same MAC, name and number. The one that is
 * searched for has come without its lagg. Returns 1, 0 or -errno. */
static int is_port_there(struct netlink *nl, const struct match *match)
{
	struct device lagg;
	char name[XLAGG_NAME_MAX];
	/* The kernel said which one it is, or it is told by a MAC that no other device has. */
	if (match->likeness == PROVEN || !mark_is_of_port(match->alias, name))
		return 0;
	int r = netlink_get_by_name(nl, name, &lagg);
	if (r < 0)
		return r == -ENODEV ? 0 : r;
	return memcmp(lagg.mac, match->device->mac, 6) == 0;
}

/* Runs in the child, which enters the namespace and never leaves it. The device's name is written to `answer`. */
static int restore_there(int netns, const struct search *search, int answer)
{
	__attribute__((cleanup(netlink_close))) struct netlink *nl = NULL;
	struct match match = {.device = search->device, .undo = search->undo};
	/* -EINVAL: it is no namespace, such as what is left in /run/netns of one that was unmounted. */
	if (setns(netns, CLONE_NEWNET) < 0)
		return errno == EINVAL ? -ENODEV : -errno;
	int r = netlink_open(&nl);
	if (r == 0)
		r = netlink_list(nl, match_device, &match);
	if (r < 0)
		return r;
	if (match.likeness == UNLIKE)
		return -ENODEV;
	r = is_port_there(nl, &match);
	if (r != 0)
		return r < 0 ? r : -ENODEV;
	if (match.likeness == LOOKS_ALIKE && match.count > 1)
		return -ENOTUNIQ;
	struct xlagg_undo undo = *search->undo;
	undo.ifindex = (uint32_t)match.ifindex;
	char sentence[XLAGG_SENTENCE_MAX];
	if (write(answer, match.name, sizeof(match.name)) < 0)
		return -errno;
	return port_restore(nl, &undo, NULL, sentence);
}

/* --- in the parent --- */

static int wait_for_child(pid_t child)
{
	__attribute__((cleanup(close_fd))) int fd = (int)syscall(SYS_pidfd_open, child, 0);
	struct pollfd end = {.fd = fd, .events = POLLIN};
	int status;
	if (fd >= 0 && poll(&end, 1, PATIENCE_MS) == 0) {
		kill(child, SIGKILL);
		waitpid(child, &status, 0);
		return -ETIMEDOUT;
	}
	if (waitpid(child, &status, 0) < 0)
		return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EIO;
}

static int try_namespace(int netns, const struct search *search)
{
	int ends[2];
	char name[XLAGG_NAME_MAX];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	__attribute__((cleanup(close_fd))) int answer = ends[0];
	__attribute__((cleanup(close_fd))) int other_end = ends[1];
	pid_t child = fork();
	if (child < 0)
		return -errno;
	if (child == 0)
		_exit(-restore_there(netns, search, other_end) & 0xff);
	int r = wait_for_child(child);
	close_fd(&other_end);
	if (read(answer, name, sizeof(name)) == sizeof(name))
		memcpy(search->name, name, sizeof(name));
	return r;
}

/* Notes that it could not be found out whether some namespace has the device. Returns -ENODEV, since another may. */
static int skip(struct search *search, int r)
{
	search->failed = search->failed ? search->failed : r;
	return -ENODEV;
}

/* Whether it can be the namespace to which the device was moved. Returns 1, 0 or -errno. */
static int may_have_it(const struct search *search, int netns)
{
	int id;
	if (search->device->netnsid < 0)
		return 1;
	int r = netlink_netnsid(search->nl, netns, &id);
	/* -EINVAL: it is no namespace. */
	if (r < 0)
		return r == -ENOENT || r == -EINVAL ? 0 : r;
	return id == search->device->netnsid;
}

/* Tries the namespace at `path`, unless it cannot be the one that is searched for. */
static int try_path(const char *path, struct search *search)
{
	__attribute__((cleanup(close_fd))) int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat netns;
	/* It was none, or its process has ended, or may not be looked into by this agent. */
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ESRCH || errno == EACCES || errno == EPERM))
		return -ENODEV;
	if (fd < 0 || fstat(fd, &netns) < 0)
		return skip(search, -errno);
	if (!is_new(search->seen, netns.st_ino))
		return -ENODEV;
	int r = may_have_it(search, fd);
	if (r <= 0)
		return r < 0 ? skip(search, r) : -ENODEV;
	search->entered = true;
	return try_namespace(fd, search);
}

/* Tries every entry of a folder. `format` turns its name into the path of a namespace. */
static int try_folder(const char *folder, const char *format, struct search *search)
{
	__attribute__((cleanup(close_dir))) DIR *dir = opendir(folder);
	struct dirent *entry;
	char path[512];
	if (!dir && errno != ENOENT)
		return skip(search, -errno);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), format, entry->d_name);
		int r = try_path(path, search);
		if (r != -ENODEV)
			return r;
	}
	return -ENODEV;
}

int elsewhere_restore(struct netlink *nl, const struct elsewhere *device, const struct xlagg_undo *undo,
		      char name[XLAGG_NAME_MAX])
{
	static struct seen seen;
	struct search search = {.nl = nl, .device = device, .undo = undo, .seen = &seen, .name = name};
	struct stat own;
	seen.count = 0;
	if (stat("/proc/thread-self/ns/net", &own) == 0)
		is_new(&seen, own.st_ino);
	int r = try_folder("/run/netns", "/run/netns/%.255s", &search);
	if (r == -ENODEV)
		r = try_folder("/proc", "/proc/%.255s/ns/net", &search);
	if (r != -ENODEV || (!search.failed && (device->netnsid < 0 || search.entered)))
		return r;
	return search.failed ? search.failed : -ENOENT;
}
