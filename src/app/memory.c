#include "app/memory.h"

#include <ctype.h>
#include <errno.h>
#include <malloc.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
	PATH = 4200,
	LINE = 4096,
	NUMBER = 64,
	HEAPS_OF_A_CORE = 2, /* with one, threads that give back what others have made wait for each other */
	KEPT = 1 << 20, /* bytes at the end of a heap; what is larger than so many is the system's as soon as it is freed */
};

void memory_keep_little(void)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	mallopt(M_ARENA_MAX, HEAPS_OF_A_CORE * (cores > 0 ? (int)cores : 1));
	mallopt(M_MMAP_THRESHOLD, KEPT); /* a given one stays; else it follows the largest that was freed, up to 32 MB */
	mallopt(M_TRIM_THRESHOLD, KEPT);
}

int64_t memory_resident(void)
{
	long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");
	if (file == NULL)
		return -1;
	bool read = fscanf(file, "%*d %ld", &pages) == 1;
	fclose(file);
	return read ? (int64_t)pages * sysconf(_SC_PAGESIZE) : -1;
}

int64_t memory_limit_of(const char *text)
{
	char *end;
	if (!isdigit((unsigned char)*text))
		return -1;
	errno = 0;
	long long bytes = strtoll(text, &end, 10);
	return errno == 0 && (*end == '\0' || *end == '\n') ? bytes : -1;
}

static int64_t least(int64_t a, int64_t b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

static bool read_line(const char *path, const char *begin, char *line, size_t size)
{
	bool found = false;
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return false;
	while (!found && fgets(line, (int)size, file) != NULL)
		found = strncmp(line, begin, strlen(begin)) == 0;
	fclose(file);
	line[strcspn(line, "\n")] = '\0';
	return found;
}

/* Of the group (version 2) and of those around it: each of them holds. */
static int64_t group_limit(void)
{
	char line[LINE], path[PATH], number[NUMBER];
	int64_t bytes = -1;
	if (!read_line("/proc/self/cgroup", "0::", line, sizeof line))
		return -1;
	char *group = line + 3;
	for (;;) {
		snprintf(path, sizeof path, "/sys/fs/cgroup%s/memory.max", group);
		if (read_line(path, "", number, sizeof number))
			bytes = least(bytes, memory_limit_of(number));
		char *slash = strrchr(group, '/');
		if (slash == NULL)
			return bytes;
		*slash = '\0';
	}
}

int64_t memory_limit(void)
{
	struct rlimit own;
	int64_t bytes = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
	if (getrlimit(RLIMIT_AS, &own) == 0 && own.rlim_cur != RLIM_INFINITY)
		bytes = least(bytes, (int64_t)own.rlim_cur);
	return least(bytes, group_limit());
}

double memory_percent(void)
{
	int64_t resident = memory_resident(), limit = memory_limit();
	return resident >= 0 && limit > 0 ? 100 * (double)resident / (double)limit : NAN;
}
