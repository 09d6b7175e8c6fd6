#include "app/process_metrics.h"

#include <dirent.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "http/metrics.h"

static size_t read_small(const char *path, char *text, size_t size)
{
	FILE *file = fopen(path, "re");
	size_t read = file != NULL ? fread(text, 1, size - 1, file) : 0;
	text[read] = '\0';
	if (file != NULL)
		fclose(file);
	return read;
}

/* /proc/stat begins with a line for each processor, so it has no size that could be relied on. */
static double boot_time(void)
{
	char line[256];
	double boot_s = NAN;
	FILE *file = fopen("/proc/stat", "re");
	if (file == NULL)
		return NAN;
	while (isnan(boot_s) && fgets(line, sizeof line, file) != NULL)
		if (sscanf(line, "btime %lf", &boot_s) != 1)
			boot_s = NAN;
	fclose(file);
	return boot_s;
}

bool process_parse(const char *stat, double boot_s, struct process_figures *figures)
{
	/* The name of the program may hold anything, parentheses too: what follows its last one is numbers. */
	const char *at = strrchr(stat, ')');
	double user, kernel, start, bytes, pages;
	const double ticks = (double)sysconf(_SC_CLK_TCK), page = (double)sysconf(_SC_PAGESIZE);
	if (at == NULL ||
		sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lf %lf %*d %*d %*d %*d %*d %*d %lf %lf %lf",
			   &user, &kernel, &start, &bytes, &pages) != 5)
		return false;
	figures->cpu_s = (user + kernel) / ticks;
	figures->start_unix_s = boot_s + start / ticks;
	figures->virtual_bytes = bytes;
	figures->resident_bytes = pages * page;
	return true;
}

static double count_fds(void)
{
	double count = -1; /* the folder's own */
	DIR *folder = opendir("/proc/self/fd");
	if (folder == NULL)
		return NAN;
	for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
		count += entry->d_name[0] != '.';
	closedir(folder);
	return count;
}

void process_figures(struct process_figures *figures)
{
	char stat[1024];
	struct rlimit limit;
	*figures = (struct process_figures){NAN, NAN, NAN, NAN, NAN, NAN};
	if (read_small("/proc/self/stat", stat, sizeof stat) > 0)
		process_parse(stat, boot_time(), figures);
	figures->open_fds = count_fds();
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		figures->max_fds = limit.rlim_cur == RLIM_INFINITY ? INFINITY : (double)limit.rlim_cur;
}

static void tell(struct metrics_out *out, double value)
{
	if (!isnan(value))
		metrics_sample(out, NULL, value);
}

#define COLLECTOR(member) \
	static void collect_##member(void *self, struct metrics_out *out) \
	{ \
		struct process_figures figures; \
		(void)self; \
		process_figures(&figures); \
		tell(out, figures.member); \
	}
COLLECTOR(cpu_s)
COLLECTOR(start_unix_s)
COLLECTOR(open_fds)
COLLECTOR(max_fds)
COLLECTOR(resident_bytes)
COLLECTOR(virtual_bytes)

static const struct metrics_family families[] = {
	{"process_cpu_seconds_total", METRICS_COUNTER, "Processor time, of user and kernel", collect_cpu_s},
	{"process_start_time_seconds", METRICS_GAUGE, "When the process began, in Unix seconds", collect_start_unix_s},
	{"process_open_fds", METRICS_GAUGE, "Open file descriptors", collect_open_fds},
	{"process_max_fds", METRICS_GAUGE, "File descriptors that may be open", collect_max_fds},
	{"process_resident_memory_bytes", METRICS_GAUGE, "Resident memory", collect_resident_bytes},
	{"process_virtual_memory_bytes", METRICS_GAUGE, "Virtual memory", collect_virtual_bytes},
};

void process_metrics_add(struct metrics *metrics)
{
	metrics_add_all(metrics, families, sizeof families / sizeof *families, NULL);
}
