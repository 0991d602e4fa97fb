/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Pins: names in a folder of bpffs. */
#include <dirent.h>
#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>

#include "sys/datapath/internal.h"

#define LIBXDP_FOLDER "libxdp-dispatchers"

/* Whether the folder is on a bpffs: 1, 0, or -errno where that cannot be read. */
static int is_bpffs(const char *folder)
{
	struct statfs fs;
	if (statfs(folder, &fs) != 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	return fs.f_type == BPF_FS_MAGIC;
}

bool pin_is_bpffs(const char *folder)
{
	return is_bpffs(folder) == 1;
}

/* Makes `path` and the folders above it. */
static int make_folders(const char *path)
{
	char part[DATAPATH_PATH_MAX];
	if (strlen(path) >= sizeof(part))
		return -ENAMETOOLONG;
	for (const char *slash = strchr(path + 1, '/');; slash = strchr(slash + 1, '/')) {
		size_t len = slash ? (size_t)(slash - path) : strlen(path);
		snprintf(part, sizeof(part), "%.*s", (int)len, path);
		if (mkdir(part, 0700) != 0 && errno != EEXIST && !(slash && access(part, X_OK) == 0))
			return -errno;
		if (!slash)
			return 0;
	}
}

int datapath_mount(const char *folder)
{
	static const char root[] = "/sys/fs/bpf";
	bool below_root = strncmp(folder, root, sizeof(root) - 1) == 0 && strchr("/", folder[sizeof(root) - 1]);

	if (folder[0] != '/')
		return -EINVAL;
	/* sysfs provides the mount point and everybody expects bpffs there. Anywhere else the administrator mounts it.
	 */
	if (below_root && !pin_is_bpffs(root) && mount("bpf", root, "bpf", 0, "mode=0700") != 0)
		return -errno;
	int r = make_folders(folder);
	if (r)
		return r;
	if (!pin_is_bpffs(folder))
		return -EINVAL;
	/* The default agent has libxdp's pins where other XDP tools look for them. The pins of another namespace must
	 * not be mixed with those. No device, and so no lagg, can have a name that long. */
	if (strcmp(folder, "/sys/fs/bpf/xlagg") == 0)
		return 0;
	char own[DATAPATH_PATH_MAX];
	pin_path(own, folder, LIBXDP_FOLDER);
	return setenv("LIBXDP_BPFFS", own, 1) == 0 ? 0 : -errno;
}

/* The folder that libxdp has for its pins, if it is one of ours, or NULL. */
static const char *libxdp_folder(void)
{
	const char *folder = getenv("LIBXDP_BPFFS"), *name = folder ? strrchr(folder, '/') : NULL;
	return name && strcmp(name + 1, LIBXDP_FOLDER) == 0 ? folder : NULL;
}

int pin_make_libxdp(void)
{
	const char *folder = libxdp_folder();
	return folder ? make_folders(folder) : 0;
}

void pin_drop_libxdp(void)
{
	const char *folder = libxdp_folder();
	char below[DATAPATH_PATH_MAX];
	if (!folder)
		return;
	/* Neither is removed while there are pins in it. */
	pin_path(below, folder, "xdp");
	rmdir(below);
	rmdir(folder);
}

void pin_path(char path[DATAPATH_PATH_MAX], const char *folder, const char *name)
{
	snprintf(path, DATAPATH_PATH_MAX, "%s/%s", folder, name);
}

int pin_get(const char *folder, const char *name, enum pin_kind kind)
{
	static const char *const inode[] = {"anon_inode:bpf-map", "anon_inode:bpf-prog", "anon_inode:bpf-link"};
	char path[DATAPATH_PATH_MAX], self[32], what[64] = "";
	pin_path(path, folder, name);
	__attribute__((cleanup(close_fd))) int fd = bpf_obj_get(path);
	if (fd < 0)
		return -errno;
	/* For a descriptor of another kind the kernel would answer later queries with another structure. */
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	if (readlink(self, what, sizeof(what) - 1) < 0)
		return -errno;
	if (strcmp(what, inode[kind]) != 0)
		return -EPROTO;
	return take_fd(&fd);
}

int pin_set(const char *folder, const char *name, int fd)
{
	char path[DATAPATH_PATH_MAX], fresh[DATAPATH_PATH_MAX], fresh_name[DATAPATH_NAME_MAX];
	snprintf(fresh_name, sizeof(fresh_name), "new_%s", name);
	pin_path(path, folder, name);
	pin_path(fresh, folder, fresh_name);
	/* An agent that was killed between the two steps below has left one. */
	if (unlink(fresh) != 0 && errno != ENOENT)
		return -errno;
	if (bpf_obj_pin(fd, fresh) != 0)
		return -errno;
	if (rename(fresh, path) != 0) {
		int r = -errno;
		unlink(fresh);
		return r;
	}
	return 0;
}

int pin_drop(const char *folder, const char *name)
{
	char path[DATAPATH_PATH_MAX];
	pin_path(path, folder, name);
	return unlink(path) != 0 && errno != ENOENT ? -errno : 0;
}

bool pin_exists(const char *folder, const char *name)
{
	char path[DATAPATH_PATH_MAX];
	pin_path(path, folder, name);
	return access(path, F_OK) == 0;
}

int pin_each(const char *folder, pin_fn fn, void *context)
{
	__attribute__((cleanup(close_dir))) DIR *dir = opendir(folder);
	if (!dir)
		return -errno;
	const struct dirent *entry;
	int r;
	while ((entry = next_entry(dir, &r))) {
		r = entry->d_name[0] == '.' ? 0 : fn(context, folder, entry->d_name);
		if (r)
			return r;
	}
	return r;
}

/* The kernel's structures for the three have the id in different places. */
uint32_t pin_id(enum pin_kind kind, int fd)
{
	struct bpf_map_info map = {0};
	struct bpf_prog_info program = {0};
	struct bpf_link_info link = {0};
	void *const info[] = {[PIN_MAP] = &map, [PIN_PROGRAM] = &program, [PIN_LINK] = &link};
	const uint32_t size[] = {[PIN_MAP] = sizeof(map), [PIN_PROGRAM] = sizeof(program), [PIN_LINK] = sizeof(link)};
	uint32_t len = size[kind];
	if (bpf_obj_get_info_by_fd(fd, info[kind], &len) != 0)
		return 0;
	return kind == PIN_MAP ? map.id : kind == PIN_PROGRAM ? program.id : link.id;
}

/* Whether the pin is what is held: 1, 0, or -errno. That it cannot be read now does not say that it is gone. */
static int is_there(const char *folder, const struct pin *pin)
{
	__attribute__((cleanup(close_fd))) int pinned = pin_get(folder, pin->name, pin->kind);
	if (pinned < 0)
		return pinned == -ENOENT || pinned == -EPROTO ? 0 : pinned;
	uint32_t there = pin_id(pin->kind, pinned), held = pin_id(pin->kind, pin->fd);
	return there && held ? there == held : -EIO;
}

/* Whether all pins are what is held: 1, 0, or -errno. */
static int are_there(const char *folder, const struct pin *pins, uint32_t count)
{
	int unread = 0;
	for (uint32_t i = 0; i < count; i++) {
		int there = is_there(folder, &pins[i]);
		if (there == 0)
			return 0;
		unread = there < 0 ? there : unread;
	}
	return unread ? unread : 1;
}

static int read_mark(const char *folder, struct folder_mark *ret)
{
	struct stat file;
	if (stat(folder, &file) != 0)
		return -errno;
	*ret = (struct folder_mark){.device = file.st_dev, .inode = file.st_ino, .change = file.st_mtim};
	return 0;
}

/* Whether every later change must show in the mark: the kernel's clock for files is coarse, so that two changes soon
 * after each other may have the same time. */
static bool is_old(const struct folder_mark *mark)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec - mark->change.tv_sec > 1 || now.tv_sec < mark->change.tv_sec;
}

bool pins_unchanged(const char *folder, const struct folder_mark *mark)
{
	struct folder_mark now = {0};
	return read_mark(folder, &now) == 0 && now.device == mark->device && now.inode == mark->inode &&
	       now.change.tv_sec == mark->change.tv_sec && now.change.tv_nsec == mark->change.tv_nsec;
}

bool pins_there(const char *folder, const struct pin *pins, uint32_t count, struct folder_mark *mark)
{
	struct folder_mark now = {0}; /* before the pins are looked at: what is removed meanwhile makes another */
	int r = read_mark(folder, &now);
	if (r == -ENOENT || r == -ENOTDIR || is_bpffs(folder) == 0)
		return false;
	int there = are_there(folder, pins, count);
	if (!r && there == 1 && is_old(&now))
		*mark = now;
	return there != 0;
}

/* Makes the folder and those above it, and mounts bpffs where datapath_mount() does. */
static int restore_folder(const char *folder)
{
	char above[DATAPATH_PATH_MAX];
	const char *slash = strrchr(folder, '/');
	snprintf(above, sizeof(above), "%.*s", slash ? (int)(slash - folder) : 0, folder);
	int r = datapath_mount(above);
	if (r)
		return r;
	return mkdir(folder, 0700) == 0 || errno == EEXIST ? 0 : -errno;
}

int pins_restore(const char *folder, const struct pin *pins, uint32_t count)
{
	int r = pin_is_bpffs(folder) ? 0 : restore_folder(folder);
	for (uint32_t i = 0; !r && i < count; i++)
		if (is_there(folder, &pins[i]) != 1)
			r = pin_set(folder, pins[i].name, pins[i].fd);
	return r;
}
