/* /api/v1/flow/work: steps that external workers carry out [flow.md 3.5, 4]. */
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"
#include "core/field.h"
#include "core/id.h"
#include "core/jcs.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/stamp.h"
#include "crypt/digest.h"
#include "flow/domain/ask.h"
#include "flow/domain/datum.h"
#include "flow/domain/trouble.h"
#include "flow/flow_internal.h"
#include "flow/work_desk.h"
#include "flow/work_repo.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/reply.h"
#include "people/write.h"
#include "store/store.h"

enum { WAIT_MAX_MS = 30000, PROGRESS_MAX = 16384 /* bytes: it is for people's eyes */ };

static const struct json_limits user_data = {.depth = 500, .values = 100000};

static const char *text_of(struct arena *arena, const struct json *json)
{
	struct datum *datum = datum_json(json);
	const char *text = arena_dup(arena, datum_bytes(datum, NULL));
	datum_unref(datum);
	return text;
}

/* Hash of an answer; the order of members is of no account. */
static void hash_of(const struct json *json, char sha256[SHA256_HEX_SIZE])
{
	static const struct json null_json = {.kind = JS_NULL};
	struct buf text;
	buf_init(&text, 0);
	jcs_write_whole(&text, json == NULL ? &null_json : json);
	sha256_hex(buf_text(&text), text.size, sha256);
	buf_fini(&text);
}

static void member_time(struct jw *jw, const char *name, int64_t us)
{
	char text[STAMP_TEXT];
	stamp_format(text, us);
	jw_member_str(jw, name, text);
}

/* --- claim --- */

struct claim_request {
	const char *queue, *worker_id;
	int64_t max, wait_ms, lease_ms;
};
static const struct field claim_fields[] = {
	F_STR(claim_request, queue, LENGTH(1, ASK_QUEUE_MAX), DEFAULT_TEXT("default")),
	F_STR(claim_request, worker_id, REQUIRED, LENGTH(1, 255),
		  DOC("Who works; of an agent whose health is watched: its agent_id")),
	F_INT(claim_request, max, RANGE(1, WORK_CLAIM_MAX), DEFAULT(1)),
	F_INT(claim_request, wait_ms, RANGE(0, WAIT_MAX_MS), DEFAULT(0), UNIT("ms"),
		  DOC("Answer when there is work, or after this")),
	F_INT(claim_request, lease_ms, RANGE(ASK_LEASE_MIN_MS, ASK_LEASE_MAX_MS), UNIT("ms"),
		  DOC("How long without a heartbeat; left out: as the step says")),
};
static const struct field_table claim_table = FIELD_TABLE("flow.work.claim", claim_request, claim_fields);

struct claiming {
	struct write write; /* first */
	struct exchange *x;
	struct flow_api *api;
	struct claim_request request;
	struct work_wait wait;
	struct work_task tasks[WORK_CLAIM_MAX];
	size_t count;
};

static bool apply_claim(struct write *w, struct db *db, struct err *err)
{
	struct claiming *c = (struct claiming *)w;
	c->wait.claim.now_us = env_wall_us(c->api->options.env);
	return work_take(db, &c->wait.claim, &c->x->arena, c->tasks, &c->count, err);
}

static void write_task(struct jw *jw, const struct work_task *t)
{
	jw_object(jw);
	jw_member_str(jw, "task_id", t->task_id);
	jw_member_int(jw, "fence", t->fence);
	jw_member_str(jw, "run_id", t->run_id);
	jw_member_str(jw, "step", t->path);
	jw_member_int(jw, "attempt", t->attempt);
	jw_member_int(jw, "deliveries", t->deliveries);
	jw_member_str(jw, "idempotency_key", t->idempotency_key);
	jw_key(jw, "payload");
	jw_raw(jw, t->payload, strlen(t->payload));
	member_time(jw, "lease_expires_at", t->lease_expires_us);
	jw_object_end(jw);
}

static void reply_tasks(const struct claiming *c)
{
	struct buf text;
	struct jw jw;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_object(&jw);
	jw_key(&jw, "tasks");
	jw_array(&jw);
	for (size_t i = 0; i < c->count; i++)
		write_task(&jw, &c->tasks[i]);
	jw_array_end(&jw);
	jw_object_end(&jw);
	reply_fact_text(c->x, 200, buf_text(&text), text.size);
	buf_fini(&text);
}

static void answer_claim(struct write *w)
{
	struct claiming *c = (struct claiming *)w;
	bool may_wait = !c->x->drafting && env_mono_us(c->api->options.env) < c->wait.deadline_us;
	if (c->count == 0 && may_wait)
		work_desk_park(c->api->desk, &c->wait);
	else
		reply_tasks(c);
}

/* What was claimed again was not finished before: the run's journal hears of the delivery. */
static void after_claim(struct write *w, bool applied)
{
	const struct claiming *c = (const struct claiming *)w;
	for (size_t i = 0; applied && i < c->count; i++)
		if (c->tasks[i].fence > 1)
			runner_look(c->api->runner, c->tasks[i].run_id);
}

static void try_again(struct work_wait *wait)
{
	struct claiming *c = (struct claiming *)(void *)((char *)wait - offsetof(struct claiming, wait));
	write_submit(&c->write);
}

static void handle_claim(struct exchange *x)
{
	struct flow_api *api = x->owner;
	struct claiming *c = arena_new(&x->arena, struct claiming);
	if (c == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	*c = (struct claiming){.x = x, .api = api};
	if (!exchange_decode(x, &c->request))
		return;
	c->wait = (struct work_wait){
		.claim = {.account_id = principal_of(x)->account_id,
				  .queue = c->request.queue,
				  .worker_id = c->request.worker_id,
				  .max = c->request.max,
				  .lease_ms = c->request.lease_ms},
		.deadline_us = env_mono_us(api->options.env) + c->request.wait_ms * 1000,
		.go = try_again,
	};
	c->write = (struct write){
		.x = x, .store = api->options.store, .apply = apply_claim, .answer = answer_claim, .after = after_claim};
	write_submit(&c->write);
}

/* --- heartbeat, complete, fail: one who holds a task says something --- */

struct held_error {
	const char *type, *title, *detail;
	bool retryable;
};
static const struct field error_fields[] = {
	F_STR(held_error, type, LENGTH(1, 500), DOC("A URI; left out: the one of runtime errors")),
	F_STR(held_error, title, REQUIRED, LENGTH(1, 200)),
	F_STR(held_error, detail, LENGTH(0, 4000)),
	F_BOOL(held_error, retryable, DEFAULT(1), DOC("false: no retry of the step or around it is of use")),
};
static const struct field_table error_table = FIELD_TABLE("flow.work.error", held_error, error_fields);

struct held_request {
	int64_t fence;
	const struct json *progress, *output;
	const struct held_error *error;
};
#define FENCE F_INT(held_request, fence, REQUIRED, RANGE(1, 9007199254740991), DOC("Of the claim"))
static const struct field heartbeat_fields[] = {
	FENCE,
	F_JSON(held_request, progress, DOC("Whatever tells people how far it is")),
};
static const struct field_table heartbeat_table = FIELD_TABLE("flow.work.heartbeat", held_request, heartbeat_fields);
static const struct field complete_fields[] = {
	FENCE,
	F_JSON(held_request, output, DOC("The step's output, before its output.as; without: null")),
};
static const struct field_table complete_table = FIELD_TABLE("flow.work.complete", held_request, complete_fields);
static const struct field fail_fields[] = {
	FENCE,
	F_OBJECT_PTR(held_request, error, &error_table, REQUIRED),
};
static const struct field_table fail_table = FIELD_TABLE("flow.work.fail", held_request, fail_fields);

struct holding {
	struct write write; /* first */
	struct exchange *x;
	struct flow_api *api;
	struct held_request request;
	struct work_task task;
	bool cancelled, news;
};

static bool is_stale(struct write *w)
{
	return write_refuse(w, ERR_STALE_FENCE, "The task has ended, or somebody else has claimed it.");
}

/* The task of the path, if the caller may know of it.  False with *err. */
static bool find_task(struct holding *h, struct db *db, struct err *err)
{
	bool found = false;
	const char *task_id = exchange_param(h->x, "task_id");
	if (id_valid(task_id) &&
		!work_get(db, principal_of(h->x)->account_id, task_id, &h->x->arena, &h->task, &found, err))
		return false;
	return found || err_set(err, ERR_NOT_FOUND, "There is no such task.");
}

static bool apply_heartbeat(struct write *w, struct db *db, struct err *err)
{
	struct holding *h = (struct holding *)w;
	if (!find_task(h, db, err))
		return false;
	if (h->task.fence != h->request.fence || h->task.status == WORK_COMPLETED || h->task.status == WORK_FAILED)
		return is_stale(w);
	h->cancelled = h->task.status == WORK_ENDED;
	const char *progress = h->request.progress == NULL ? NULL : text_of(&h->x->arena, h->request.progress);
	if (progress != NULL && strlen(progress) > PROGRESS_MAX)
		return err_field(err, ERR_INVALID, "/progress", "at most %d bytes", PROGRESS_MAX);
	int64_t now_us = env_wall_us(h->api->options.env);
	h->task.lease_expires_us = now_us + h->task.lease_ms * 1000;
	return h->cancelled || work_renew(db, &h->task, h->task.lease_expires_us, progress, err);
}

static void answer_heartbeat(struct write *w)
{
	const struct holding *h = (const struct holding *)w;
	struct buf text;
	struct jw jw;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_object(&jw);
	member_time(&jw, "lease_expires_at", h->task.lease_expires_us);
	jw_member_bool(&jw, "cancel_requested", h->cancelled);
	jw_object_end(&jw);
	reply_fact_text(h->x, 200, buf_text(&text), text.size);
	buf_fini(&text);
}

/* The task ends so with this answer, once; the same word by the same fence is no news. */
static bool end_task(struct holding *h, struct db *db, enum work_status status, const char *sha256,
					 const struct work_answer *answer, struct err *err)
{
	const struct work_task *t = &h->task;
	bool again = t->status == status && t->answer_sha256 != NULL && strcmp(t->answer_sha256, sha256) == 0;
	if (t->fence != h->request.fence || (t->status != WORK_LEASED && !again))
		return is_stale(&h->write);
	h->news = !again;
	return again || (work_end(db, t->task_id, status, sha256, err) && answers_put(db, t->run_id, answer, err));
}

static bool apply_complete(struct write *w, struct db *db, struct err *err)
{
	struct holding *h = (struct holding *)w;
	char sha256[SHA256_HEX_SIZE];
	if (!find_task(h, db, err))
		return false;
	hash_of(h->request.output, sha256);
	const struct work_answer answer = {.path = h->task.path,
									   .attempt = h->task.attempt,
									   .output = text_of(&h->x->arena, h->request.output),
									   .definite = true};
	return end_task(h, db, WORK_COMPLETED, sha256, &answer, err);
}

static const char *error_text(struct holding *h)
{
	const struct held_error *e = h->request.error;
	const char *base = h->api->options.error_base;
	struct buf text;
	struct jw jw;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_object(&jw);
	jw_member_str(&jw, "type",
				  e->type != NULL ? e->type
								  : arena_printf(&h->x->arena, "%sruntime", base == NULL ? TROUBLE_BASE : base));
	jw_member_int(&jw, "status", 500);
	jw_member_str(&jw, "title", e->title);
	if (e->detail != NULL && e->detail[0] != '\0')
		jw_member_str(&jw, "detail", e->detail);
	jw_member_str(&jw, "instance", h->task.reference);
	if (!e->retryable)
		jw_member_bool(&jw, "retryable", false);
	jw_object_end(&jw);
	const char *kept = arena_dupn(&h->x->arena, buf_text(&text), text.size);
	buf_fini(&text);
	return kept;
}

static bool apply_fail(struct write *w, struct db *db, struct err *err)
{
	struct holding *h = (struct holding *)w;
	char sha256[SHA256_HEX_SIZE];
	if (!find_task(h, db, err))
		return false;
	const struct work_answer answer = {
		.path = h->task.path, .attempt = h->task.attempt, .error = error_text(h), .definite = true};
	if (answer.error == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	sha256_hex(answer.error, strlen(answer.error), sha256);
	return end_task(h, db, WORK_FAILED, sha256, &answer, err);
}

static void answer_end(struct write *w)
{
	const struct holding *h = (const struct holding *)w;
	struct buf text;
	struct jw jw;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_object(&jw);
	jw_member_str(&jw, "task_id", h->task.task_id);
	jw_member_str(&jw, "run_id", h->task.run_id);
	jw_member_str(&jw, "status", work_status_names[h->request.error != NULL ? WORK_FAILED : WORK_COMPLETED]);
	jw_object_end(&jw);
	reply_fact_text(h->x, 200, buf_text(&text), text.size);
	buf_fini(&text);
}

static void after_end(struct write *w, bool applied)
{
	const struct holding *h = (const struct holding *)w;
	if (applied && h->news)
		runner_look(h->api->runner, h->task.run_id);
}

struct word {
	bool (*apply)(struct write *w, struct db *db, struct err *err);
	void (*answer)(struct write *w);
};
static const struct word heartbeat = {apply_heartbeat, answer_heartbeat}, complete = {apply_complete, answer_end},
						 fail = {apply_fail, answer_end};

static void handle_held(struct exchange *x)
{
	const struct word *word = x->match.route->data;
	struct flow_api *api = x->owner;
	struct holding *h = arena_new(&x->arena, struct holding);
	if (h == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	*h = (struct holding){.x = x, .api = api};
	if (!exchange_decode(x, &h->request))
		return;
	h->write = (struct write){
		.x = x, .store = api->options.store, .apply = word->apply, .answer = word->answer, .after = after_end};
	write_submit(&h->write);
}

/* --- leases of what is sent at most once --- */

static bool fail_lost(struct flow_api *api, struct db *db, const struct work_task *t, struct err *err)
{
	struct trouble trouble;
	char sha256[SHA256_HEX_SIZE];
	trouble_set(&trouble, TROUBLE_RUNTIME, "Effect unknown", "A worker had it, and has not been heard of since.");
	struct datum *error = trouble_datum(&trouble, api->options.error_base, t->reference);
	const struct work_answer answer = {
		.path = t->path, .attempt = t->attempt, .error = datum_bytes(error, NULL), .definite = true};
	datum_sha256(error, sha256);
	bool failed = work_end(db, t->task_id, WORK_FAILED, sha256, err) && answers_put(db, t->run_id, &answer, err);
	datum_unref(error);
	return failed;
}

struct losing {
	struct flow_api *api;
	struct arena arena;
	struct work_task tasks[WORK_CLAIM_MAX];
	size_t count;
};

static bool apply_lost(struct db *db, void *self, struct err *err)
{
	struct losing *l = self;
	int64_t now_us = env_wall_us(l->api->options.env);
	if (!work_lost(db, now_us, &l->arena, l->tasks, WORK_CLAIM_MAX, &l->count, err))
		return false;
	for (size_t i = 0; i < l->count; i++)
		if (!fail_lost(l->api, db, &l->tasks[i], err))
			return false;
	return true;
}

bool work_chores(struct flow_api *api, struct err *err)
{
	struct losing l = {.api = api};
	arena_init(&l.arena, ARENA_REQUEST_CAP);
	struct db *db = store_read(api->options.store);
	bool good = work_lost(db, env_wall_us(api->options.env), &l.arena, l.tasks, 1, &l.count, err);
	store_read_end(api->options.store, db);
	if (good && l.count > 0)
		good = store_write(api->options.store, apply_lost, &l, err);
	for (size_t i = 0; good && i < l.count; i++)
		runner_look(api->runner, l.tasks[i].run_id);
	arena_fini(&l.arena);
	return good;
}

static const enum err_kind held_errors[] = {ERR_NOT_FOUND, ERR_STALE_FENCE, ERR_NONE};

static const struct field task_rows[] = {
	T_STR(task_id),
	T_INT(fence, DOC("Of this claim; told with whatever is said of the task")),
	T_STR(run_id),
	T_STR(step, DOC("Its path")),
	T_INT(attempt),
	T_INT(deliveries),
	T_STR(idempotency_key),
	T_JSON(payload),
	T_TIME(lease_expires_at),
};
static const struct field_table task_table = TOLD_TABLE("flow.work.task", task_rows);
static const struct field tasks_rows[] = {T_OBJECTS(tasks, &task_table)};
static const struct field_table tasks_table = TOLD_TABLE("flow.work.tasks", tasks_rows);
static const struct field lease_rows[] = {
	T_TIME(lease_expires_at),
	T_BOOL(cancel_requested, DOC("The step is given up: stop")),
};
static const struct field_table lease_table = TOLD_TABLE("flow.work.lease", lease_rows);
static const struct field ended_rows[] = {T_STR(task_id), T_STR(run_id), T_ENUM(status, work_status_names)};
static const struct field_table ended_table = TOLD_TABLE("flow.work.ended", ended_rows);

const struct route work_routes[] = {
	ROUTE(POST, "/api/v1/flow/work/claim", "flow.work", EFFECT_WRITE, handle_claim, .operation = "flow.work.claim",
		  .summary = "Take steps of a queue to carry out, each under a lease with a fence", .body = &claim_table,
		  .result = &tasks_table,
		  .example = "{\"queue\":\"default\",\"worker_id\":\"worker-1\",\"max\":10,\"lease_ms\":30000}"),
	ROUTE(POST, "/api/v1/flow/work/{task_id}/heartbeat", "flow.work", EFFECT_WRITE, handle_held,
		  .operation = "flow.work.heartbeat", .summary = "I am still at it: the lease begins anew",
		  .body = &heartbeat_table, .result = &lease_table, .errors = held_errors, .data = &heartbeat),
	ROUTE(POST, "/api/v1/flow/work/{task_id}/complete", "flow.work", EFFECT_WRITE, handle_held,
		  .operation = "flow.work.complete", .summary = "It is done, and this is the step's output",
		  .body = &complete_table, .result = &ended_table, .errors = held_errors, .body_max = DATUM_MAX,
		  .json_limits = &user_data, .data = &complete),
	ROUTE(POST, "/api/v1/flow/work/{task_id}/fail", "flow.work", EFFECT_WRITE, handle_held,
		  .operation = "flow.work.fail", .summary = "It could not be done", .body = &fail_table, .result = &ended_table,
		  .errors = held_errors, .data = &fail),
};
const size_t work_routes_count = sizeof work_routes / sizeof *work_routes;
