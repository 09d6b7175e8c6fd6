/*
 * What an expression sees: its input, and the variables of the place where it stands [flow.md 2.3].
 *
 * Variables are made when they are asked for, since most expressions look at `.` alone.  Thread: one at a time.
 */
#ifndef CS_FLOW_DOMAIN_SCOPE_H
#define CS_FLOW_DOMAIN_SCOPE_H

#include <stdbool.h>
#include <stdint.h>

#include "flow/domain/ir.h"

struct datum;
struct frame;
struct run;

struct scope {
	const struct run *run;
	const struct frame *block;   /* the block around: its variables and those above it; NULL: at the workflow */
	const struct ir_task *task;  /* NULL: none */
	const char *reference;       /* of the task */
	int64_t started_us, now_us;  /* of the task; of the turn */
	struct datum *in;            /* `.` */
	struct datum *raw, *input;   /* $task.input is the raw one, $input the transformed; NULL: null */
	struct datum *output;        /* $output, $task.output; NULL: null */
	bool of_extended;            /* the task is that of an extension around: its output is task_output */
	struct datum *task_output;   /* or NULL: null */
	struct datum *secrets;       /* NULL: not here */
	struct datum *authorization; /* {scheme, parameter} of a call; NULL: null */
	struct variable_of_scope {
		const char *name;
		struct datum *value;
	} extra; /* one more variable: the caught error while it is being looked at; name NULL: none */
};

/* The fixed variables in the order of the argument tuple, then those of loops and catches. */
enum scope_variable {
	SCOPE_CONTEXT,
	SCOPE_INPUT,
	SCOPE_OUTPUT,
	SCOPE_SECRETS,
	SCOPE_AUTHORIZATION,
	SCOPE_TASK,
	SCOPE_WORKFLOW,
	SCOPE_RUNTIME,
	SCOPE_FIXED
};
extern const char *const scope_names[SCOPE_FIXED]; /* "context", "input", ... */

/* The value of a variable by its name without `$`; a reference of the caller's.  Never NULL: what is not there is null.
 */
struct datum *scope_value(const struct scope *scope, const char *name);

#endif
