/*
 * One helper process as the server sees it: started, asked, and buried.
 *
 * Thread: one at a time, which the pool sees to.  Cost: a start 20 ms of waiting; an exchange of messages 20 us.
 */
#ifndef CS_EXPR_PROCESS_H
#define CS_EXPR_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/buf.h"
#include "expr/expr.h"
#include "expr/helper.h"
#include "expr/wire.h"

struct err;

/* The program that a slot of the helper holds, as its text; NULL: none. */
struct slot {
	char *text;
	size_t size;
	uint64_t hash, used; /* used: a count that grows, for the choice of whom to drop */
};

struct process {
	const struct expr_config *config; /* without zeros */
	pid_t pid;                        /* 0: not running */
	int fd;
	bool busy;
	struct slot slots[HELPER_SLOTS];
	uint64_t uses;
	struct buf in, out;
	size_t taken; /* bytes of `in` that are done with */
};

void process_init(struct process *process, const struct expr_config *config);
void process_fini(struct process *process); /* ends it too */

/* Start it and wait until it is ready.  False with ERR_UNAVAILABLE; it is then not running. */
bool process_start(struct process *process, struct err *err);

/* End it now. */
void process_stop(struct process *process);

/* The slot that holds this program, or -1. */
int process_slot(const struct process *process, const char *text, size_t size, uint64_t hash);

/* The slot to compile it into: a free one, or the one not used for longest.  Notes the text as there. */
int process_claim(struct process *process, const char *text, size_t size, uint64_t hash);

/* Forget what a slot holds. */
void process_drop(struct process *process, int slot);

/*
 * The next message, within wall_ms; what is in `out` is sent meanwhile.  *content lies in `in` until the next call.
 * False: the helper has passed a limit or died, is no longer running, and *err says so as ERR_EXPRESSION_LIMIT or
 * ERR_EXPRESSION.
 */
bool process_receive(struct process *process, unsigned wall_ms, struct wire_head *head, const char **content,
					 struct err *err);

#endif
