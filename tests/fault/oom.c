/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Preloaded, it makes the Nth allocation fail: malloc, calloc or realloc, whoever calls them. The file that XLAGG_OOM
 * names holds struct oom; whoever shares it says which allocation, and reads how many there were.
 */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FRAMES 12
#define KINDS 32768 /* so many allocations are told apart by their callers */

struct oom {
	uint32_t counting;	/* 0: not; 1: allocations count; 2: and the kind of each is noted */
	uint32_t nth;		/* the one that fails; 0: none */
	uint32_t count;		/* since counting was set */
	uint32_t hit;		/* how many failed */
	char where[FRAMES][96]; /* the callers of the one that failed, innermost first: object+offset */
	uint32_t kind[KINDS];	/* a hash of the callers of each */
};

/* Until the real functions are found: dlsym() may allocate. */
static char early[65536];
static size_t early_used;

static struct oom *oom;
static void *(*real_malloc)(size_t);
static void *(*real_calloc)(size_t, size_t);
static void *(*real_realloc)(void *, size_t);
static void (*real_free)(void *);
static __thread bool inside; /* what backtrace() allocates is not counted */

__attribute__((constructor)) static void start(void)
{
	real_free = dlsym(RTLD_NEXT, "free");
	real_realloc = dlsym(RTLD_NEXT, "realloc");
	real_calloc = dlsym(RTLD_NEXT, "calloc");
	real_malloc = dlsym(RTLD_NEXT, "malloc");
	const char *path = getenv("XLAGG_OOM");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	if (fd < 0)
		return;
	void *frame;
	backtrace(&frame, 1); /* loads what it needs, now and not in the middle of a count */
	void *map = mmap(NULL, sizeof(*oom), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (map != MAP_FAILED)
		oom = map;
}

static void note_callers(void)
{
	void *frame[FRAMES + 3];
	Dl_info info;
	inside = true;
	int frames = backtrace(frame, FRAMES + 3);
	/* the first three are this function, fails() and the allocator's */
	for (int i = 3; i < frames; i++) {
		if (!dladdr(frame[i], &info))
			continue;
		const char *slash = strrchr(info.dli_fname, '/');
		snprintf(oom->where[i - 3], sizeof(oom->where[0]), "%s+0x%zx", slash ? slash + 1 : info.dli_fname,
			 (size_t)((char *)frame[i] - (char *)info.dli_fbase));
	}
	inside = false;
}

static uint32_t hash_of_callers(void)
{
	void *frame[FRAMES + 3];
	uint32_t hash = 2166136261u;
	inside = true;
	int frames = backtrace(frame, FRAMES + 3);
	inside = false;
	for (int i = 3; i < frames; i++)
		hash = (hash ^ (uint32_t)(uintptr_t)frame[i]) * 16777619u;
	return hash;
}

static __attribute__((noinline)) bool fails(void)
{
	uint32_t counting = oom && !inside ? __atomic_load_n(&oom->counting, __ATOMIC_ACQUIRE) : 0;
	if (!counting)
		return false;
	uint32_t n = __atomic_add_fetch(&oom->count, 1, __ATOMIC_RELAXED);
	uint32_t nth = __atomic_load_n(&oom->nth, __ATOMIC_RELAXED);
	if (counting == 2 && n <= KINDS)
		oom->kind[n - 1] = hash_of_callers();
	if (n != nth)
		return false;
	note_callers();
	errno = ENOMEM;
	__atomic_add_fetch(&oom->hit, 1, __ATOMIC_RELEASE);
	return true;
}

static void *early_memory(size_t size)
{
	char *memory = early + early_used;
	early_used += (size + 15) & ~(size_t)15;
	return early_used <= sizeof(early) ? memory : NULL;
}

void *malloc(size_t size)
{
	if (!real_malloc)
		return early_memory(size);
	return fails() ? NULL : real_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	if (!real_calloc)
		return early_memory(count * size); /* still zero: it is used once */
	return fails() ? NULL : real_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
	if (!real_realloc)
		return NULL;
	return fails() ? NULL : real_realloc(memory, size);
}

void free(void *memory)
{
	if (real_free && ((char *)memory < early || (char *)memory >= early + sizeof(early)))
		real_free(memory);
}
