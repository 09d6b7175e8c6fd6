#include "sign/work.h"

#include <stdatomic.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/json.h"
#include "core/jw.h"
#include "sign/project_write.h"
#include "sign/sign_internal.h"
#include "store/store.h"

static const struct flow_effect effects[WORK_KINDS] = {
	{TASK_SUBMIT, work_submit_wait, work_submit, work_submit_apply},
	{TASK_EMAIL, NULL, work_email, NULL},
	{TASK_REPORT, NULL, work_report, work_report_apply},
	{TASK_INDEX, work_index_wait, work_index, NULL},
};

/* --- starting --- */

static void add(struct jw *jw, const char *name, const char *value)
{
	if (value != NULL)
		jw_member_str(jw, name, value);
}

bool project_task_start(const struct sign_api *api, struct db *db, const struct project_task *task, struct err *err)
{
	bool index = strcmp(task->name, TASK_INDEX) == 0; /* one that has not begun will read the newest row */
	struct buf input;
	struct jw jw;
	buf_init(&input, 0);
	jw_init(&jw, &input);
	jw_object(&jw);
	jw_member_str(&jw, "project_id", task->project_id);
	add(&jw, "seal_sha256", task->seal_sha256);
	add(&jw, "effect_key", task->effect_key);
	add(&jw, "started_by", task->started_by);
	add(&jw, "request_id", task->request_id);
	jw_object_end(&jw);
	const struct flow_start start = {.name = task->name,
									 .task_id = task->task_id,
									 .account_id = task->account_id,
									 .subject_kind = "project",
									 .subject_id = task->project_id,
									 .started_by = task->started_by,
									 .request_id = task->request_id,
									 .input = buf_text(&input),
									 .quiet = index,
									 .once = index};
	bool started = flow_start(api->flow, db, &start, err);
	buf_fini(&input);
	return started;
}

void sign_begin(const struct sign_api *api)
{
	flow_begin(api->flow);
}

/* --- steps --- */

static void read_task(struct work *work, struct sign_api *api, struct flow_step *step)
{
	const struct json *task = step->task;
	*work = (struct work){.api = api,
						  .step = step,
						  .task = {.account_id = step->account_id,
								   .project_id = json_text(task, "project_id"),
								   .seal_sha256 = json_text(task, "seal_sha256"),
								   .effect_key = json_text(task, "effect_key"),
								   .started_by = json_text(task, "started_by"),
								   .request_id = json_text(task, "request_id")}};
}

static bool read_project(struct work *work, struct db *db, struct err *err)
{
	return project_find(db, work->task.account_id, work->task.project_id, work->step->arena, &work->project,
						&work->found, err);
}

static bool is_gone(struct work *work, struct err *err)
{
	work->step->hopeless = true;
	return err_set(err, ERR_NOT_FOUND, "the project is no more");
}

bool work_open(struct work *work, struct sign_api *api, struct flow_step *step, bool even_gone, struct err *err)
{
	read_task(work, api, step);
	struct db *db = store_read(api->options.store);
	bool read = read_project(work, db, err);
	store_read_end(api->options.store, db);
	return read && (work->found || even_gone || is_gone(work, err));
}

bool work_apply(struct work *work, struct sign_api *api, struct db *db, struct flow_step *step, bool *gone,
				struct err *err)
{
	read_task(work, api, step);
	if (!read_project(work, db, err))
		return false;
	*gone = !work->found && !is_gone(work, &step->refused);
	return true;
}

struct audit_event work_event(const struct work *work)
{
	return (struct audit_event){
		.account_id = work->task.account_id, .actor = "server", .request_id = work->task.request_id};
}

static void take_number(const struct db_rows *row, void *self)
{
	*(int64_t *)self = db_int(row, 0);
}

bool project_number_next(struct db *db, int64_t *number, struct err *err)
{
	return db_run(db, err,
				  "INSERT INTO project_numbers (name, last) VALUES ('CS', 1) ON CONFLICT (name) DO UPDATE SET last = "
				  "project_numbers.last + 1") &&
		   db_one(db, err, NULL, take_number, number, "SELECT last FROM project_numbers WHERE name = 'CS'");
}

/* --- what happened to tasks, for the project's events --- */

static const struct {
	enum audit_action action;
	const char *what;
} news_of[] = {
	[FLOW_STARTED] = {AUDIT_PROJECT_WORK_STARTED, "started"},
	[FLOW_FINISHED] = {AUDIT_PROJECT_WORK_FINISHED, "finished"},
	[FLOW_FAILED] = {AUDIT_PROJECT_WORK_FAILED, "failed"},
	[FLOW_REVOKED] = {AUDIT_PROJECT_WORK_REVOKED, "revoked"},
	[FLOW_REDELIVERED] = {AUDIT_PROJECT_WORK_REDELIVERED, "redelivered"},
};

static void count_failure(struct sign_api *api, const char *name)
{
	for (size_t i = 0; i < WORK_KINDS; i++)
		if (strcmp(effects[i].name, name) == 0)
			atomic_fetch_add_explicit(&api->failed[i], 1, memory_order_relaxed);
}

bool sign_failures_at(struct sign_api *api, size_t i, const char **name, uint64_t *count)
{
	if (i >= WORK_KINDS)
		return false;
	*name = effects[i].name;
	*count = atomic_load_explicit(&api->failed[i], memory_order_relaxed);
	return true;
}

static bool record(struct sign_api *api, struct db *db, const struct flow_task *task, enum flow_news news,
				   const struct audit_event *who, const char *reason, struct arena *arena, struct err *err)
{
	const struct audit_event server = {
		.account_id = task->account_id, .actor = "server", .request_id = task->request_id};
	const struct json *input = NULL;
	struct project project;
	bool found = false;
	if (!project_find(db, task->account_id, task->subject_id, arena, &project, &found, err))
		return false;
	if (!found && who == NULL)
		return true; /* of a project that is no more the server tells nothing */
	if (!found)
		project = (struct project){.account_id = task->account_id, .project_id = task->subject_id};
	if (task->input != NULL)
		json_parse(arena, task->input, strlen(task->input), &json_body_limits, &input, NULL);
	const struct project_happening happening = {.action = news_of[news].action,
												.type = arena_printf(arena, "%s.%s", task->name, news_of[news].what),
												.after = arena_printf(arena, "{\"run_id\":\"%s\"}", task->task_id),
												.seal_sha256 = input == NULL ? NULL : json_text(input, "seal_sha256"),
												.reason = reason,
												.status = news == FLOW_FAILED ? AUDIT_FAILURE : AUDIT_SUCCESS};
	return project_record_by(api, db, &project, who != NULL ? who : &server, env_wall_us(api->options.env), &happening,
							 err);
}

static bool told(void *self, struct db *db, const struct flow_task *task, enum flow_news news,
				 const struct audit_event *who, const char *reason, struct err *err)
{
	struct sign_api *api = self;
	struct arena arena;
	if (task->subject_kind == NULL || strcmp(task->subject_kind, "project") != 0)
		return true;
	if (news == FLOW_FAILED)
		count_failure(api, task->name);
	arena_init(&arena, ARENA_REQUEST_CAP);
	bool recorded = record(api, db, task, news, who, reason, &arena, err);
	arena_fini(&arena);
	return recorded;
}

static void serve(void *self, struct flow_api *flow)
{
	struct sign_api *api = self;
	api->flow = flow;
}

struct flow_part sign_flow_part(struct sign_api *api)
{
	return (struct flow_part){.effects = effects, .count = WORK_KINDS, .self = api, .serve = serve, .told = told};
}
