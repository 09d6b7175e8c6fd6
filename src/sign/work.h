/*
 * Background work of projects [sign.md 5, 7]: tasks that are runs of flows/projects.NAME.yaml (flow/flow.h), and what
 * their steps do.  A task is started in the transaction of its cause; its id is its run's.
 *
 * The PM system gets the project's id as Idempotency-Key: asked twice, it gives one number.  Out of tries, a task is a
 * dead letter until a person redelivers it or submits anew.  Nothing here moves a project backward.
 * Threads: project_task_start in an op; operations as flow/flow.h has it.  Private to src/sign.
 */
#ifndef CS_SIGN_WORK_H
#define CS_SIGN_WORK_H

#include "flow/flow.h"
#include "sign/projects_repo.h"

struct audit_event;
struct sign_api;

#define TASK_SUBMIT "projects.submit.dispatch"
#define TASK_EMAIL "projects.email.send"
#define TASK_REPORT "projects.report.generate"
#define TASK_INDEX "projects.search.index"

/* What is to be done, for which project, and because of what. */
struct project_task {
	const char *name;
	const char *task_id; /* a fresh one; NULL: one is made */
	const char *account_id, *project_id;
	const char *seal_sha256;             /* what is submitted, or shown; or NULL */
	const char *effect_key;              /* of the stamp whose effect it is; NULL: of none */
	const char *started_by, *request_id; /* or NULL */
};
bool project_task_start(const struct sign_api *api, struct db *db, const struct project_task *task, struct err *err);

/* The task of a step, read from its input, and its project as it is now. */
struct work {
	struct sign_api *api;
	struct flow_step *step;
	struct project_task task;
	struct project project;
	bool found;
};

/* Outside a transaction.  False: the store, or (unless `even_gone`) the project is no more, which is hopeless. */
bool work_open(struct work *work, struct sign_api *api, struct flow_step *step, bool even_gone, struct err *err);

/* In one.  *gone: the project is no more, and the step is refused for it.  False: the store failed. */
bool work_apply(struct work *work, struct sign_api *api, struct db *db, struct flow_step *step, bool *gone,
				struct err *err);

/* The server's part of an event about the work. */
struct audit_event work_event(const struct work *work);

/* The next number of the built-in PM system, from 1. */
bool project_number_next(struct db *db, int64_t *number, struct err *err);

/* What the steps do: work_submit.c, work_email.c, work_report.c, work_index.c. */
int64_t work_submit_wait(void *api, const struct json *task);
bool work_submit(void *api, struct flow_step *step, struct err *err);
bool work_submit_apply(void *api, struct db *db, struct flow_step *step, struct err *err);
bool work_email(void *api, struct flow_step *step, struct err *err);
bool work_report(void *api, struct flow_step *step, struct err *err);
bool work_report_apply(void *api, struct db *db, struct flow_step *step, struct err *err);
int64_t work_index_wait(void *api, const struct json *task);
bool work_index(void *api, struct flow_step *step, struct err *err);

#endif
