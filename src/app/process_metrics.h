/*
 * What the process takes of its machine, under the names that every exporter of Prometheus gives it: process_cpu_…,
 * process_resident_memory_bytes, process_open_fds and so on, without this program's prefix [P-11.2].
 *
 * Thread: any.  Cost: some small files of the kernel, about 50 us and 1 us for each open descriptor.
 */
#ifndef CS_APP_PROCESS_METRICS_H
#define CS_APP_PROCESS_METRICS_H

#include <stdbool.h>
#include <stdint.h>

struct metrics;

/* A figure that the kernel did not tell is NaN. */
struct process_figures {
	double cpu_s, start_unix_s, open_fds, max_fds, resident_bytes, virtual_bytes;
};

void process_figures(struct process_figures *figures);

/* The text of /proc/PID/stat and the second of 1970 when the machine began.  False: it is none; *figures untouched. */
bool process_parse(const char *stat, double boot_s, struct process_figures *figures);

void process_metrics_add(struct metrics *metrics);

#endif
