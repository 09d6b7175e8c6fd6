/*
 * One change to a task by a person: found in the op, changed, told to the project's events and the audit chain.
 * Private to src/sign.
 */
#ifndef CS_SIGN_TASK_WRITE_H
#define CS_SIGN_TASK_WRITE_H

#include "people/write.h"
#include "seal/audit.h"
#include "sign/submission_repo.h"

struct exchange;
struct sign_api;

/* Which task, and what is told of its change. */
struct task_change {
	struct sign_api *api;
	struct dispatch task;
	const char *reason; /* of the person, or NULL */
	enum audit_action action;
	const char *what; /* the event is NAME.what */
};

/* In the op: tell the project's events and the chain that whoever asks has changed it. */
bool task_record(const struct task_change *change, struct exchange *x, struct db *db, int64_t now_us, struct err *err);

struct task_write {
	struct write write; /* first */
	struct task_change change;
	/* In the op: move task.state and whatever else; false with *err refuses. */
	bool (*apply)(struct dispatch *task, struct db *db, int64_t now_us, struct err *err);
};

/* Submit; `answer` answers.  The exchange's path has the id.  404: not in this account. */
void task_write_submit(struct task_write *t, struct exchange *x, void (*answer)(struct write *w));

/* The task of the path, of the caller's account.  False: answered. */
bool task_read(struct exchange *x, struct dispatch *task);

#endif
