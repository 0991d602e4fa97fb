/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * scribble FOLDER SEED   damages what is pinned there, in a way that the seed chooses, and prints what it did: it
 * overwrites octets of a map's value, removes a pin, exchanges two pins, or pins a map of another size in a map's
 * place.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PINS_MAX 512
#define DAMAGES_MAX 4

static char *pin[PINS_MAX];
static uint32_t pins;

/* A map whose values belong to sockets has no entries of its own. */
static uint32_t below(uint32_t limit)
{
	return limit ? (uint32_t)mrand48() % limit : 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void list_pins(void)
{
	DIR *dir = opendir(".");
	for (struct dirent *entry; dir && (entry = readdir(dir)) && pins < PINS_MAX;)
		if (entry->d_type == DT_REG)
			pin[pins++] = strdup(entry->d_name);
	if (!dir || !pins)
		errx(1, "there is nothing");
	closedir(dir);
	qsort(pin, pins, sizeof(pin[0]), by_name);
}

/* Returns the map's descriptor, or -1 where the pin is not a map. */
static int open_map(const char *name, struct bpf_map_info *info)
{
	char self[32], what[32] = "";
	uint32_t len = sizeof(*info);
	int fd = bpf_obj_get(name);
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	memset(info, 0, sizeof(*info));
	if (fd < 0 || readlink(self, what, sizeof(what) - 1) < 0 || strcmp(what, "anon_inode:bpf-map") != 0 ||
	    bpf_obj_get_info_by_fd(fd, info, &len) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void damage_value(const char *name)
{
	struct bpf_map_info info;
	int fd = open_map(name, &info);
	uint32_t cpus = (uint32_t)libbpf_num_possible_cpus();
	uint32_t index = fd < 0 ? 0 : below(info.max_entries), hits = 1 + below(16);
	uint8_t *value = calloc(cpus, info.value_size + 8u);
	if (fd < 0 || !value || info.type == BPF_MAP_TYPE_RINGBUF || bpf_map_lookup_elem(fd, &index, value) != 0)
		return;
	for (uint32_t i = 0; i < hits; i++)
		value[below(info.value_size)] = (uint8_t)below(256);
	int r = bpf_map_update_elem(fd, &index, value, BPF_ANY);
	printf("%s[%u]: %u octets%s\n", name, index, hits, r ? ", which the kernel refused" : "");
	free(value);
	close(fd);
}

static void remove_pin(const char *name)
{
	printf("%s: removed%s\n", name, unlink(name) == 0 ? "" : ", but not");
}

static void exchange_pins(const char *a, const char *b)
{
	if (rename(a, "scribbled") == 0 && rename(b, a) == 0 && rename("scribbled", b) == 0)
		printf("%s and %s: exchanged\n", a, b);
}

static void resize_map(const char *name)
{
	struct bpf_map_info info;
	int fd = open_map(name, &info);
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = info.map_flags);
	if (fd < 0)
		return;
	close(fd);
	uint32_t size = 8 * (1 + below(info.value_size / 4 + 1));
	fd = bpf_map_create(info.type, info.name, info.key_size, size, info.max_entries, &opts);
	if (fd < 0)
		return;
	unlink(name);
	printf("%s: %u octets, not %u%s\n", name, size, info.value_size, bpf_obj_pin(fd, name) == 0 ? "" : ", but not");
	close(fd);
}

int main(int argc, char **argv)
{
	if (argc != 3)
		errx(2, "usage: scribble FOLDER SEED");
	if (chdir(argv[1]) != 0)
		err(1, "%s", argv[1]);
	srand48(atol(argv[2]));
	list_pins();
	for (uint32_t n = 1 + below(DAMAGES_MAX); n; n--) {
		const char *name = pin[below(pins)];
		switch (below(8)) {
		case 0:
			remove_pin(name);
			break;
		case 1:
			exchange_pins(name, pin[below(pins)]);
			break;
		case 2:
			resize_map(name);
			break;
		default:
			damage_value(name);
		}
	}
	return 0;
}
