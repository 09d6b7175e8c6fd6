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

struct task_write {
	struct write write; /* first */
	struct sign_api *api;
	struct dispatch task;
	const char *reason; /* of the person, or NULL */
	/* In the op: move task.state and whatever else; false with *err refuses. */
	bool (*change)(struct task_write *t, struct db *db, int64_t now_us, struct err *err);
	enum audit_action action;
	const char *what; /* the event is NAME.what */
};

/* Submit; `answer` answers.  The exchange's path has the id.  404: not in this account. */
void task_write_submit(struct task_write *t, struct exchange *x, void (*answer)(struct write *w));

/* The task of the path, of the caller's account.  False: answered. */
bool task_read(struct exchange *x, struct dispatch *task);

#endif
