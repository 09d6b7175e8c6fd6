/*
 * `run: shell` and `run: script`: a process of its own, with an environment of its own [flow.md 2.1].
 *
 * Its own process group, an empty working folder, only the environment that the task lists, limits on processor time,
 * memory, files and processes; killed with its group at the time-out.  Output is byte exact.
 * Thread: any; blocks until the process has ended.
 */
#ifndef CS_FLOW_PROCESS_H
#define CS_FLOW_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

struct datum;
struct ir_task;
struct trouble;

struct process_wait {
	int64_t timeout_ms;
	bool (*given_up)(void *self); /* asked each second: true kills it */
	void *self;
};

/* `request`: {command or code, arguments?, environment?, stdin?}.  NULL sets *trouble. */
struct datum *process_run(const struct ir_task *task, struct datum *request, const struct process_wait *wait,
						  struct trouble *trouble);

/*
 * The same with `await: false`: started, and nobody hears of it again; no time-out holds for it.  process_leave()
 * blocks until it has ended, or given_up() says so: then it goes on by itself.
 */
struct process;
struct process *process_send_off(struct datum *request, const struct process_wait *wait, struct trouble *trouble);
void process_leave(struct process *process);

#endif
