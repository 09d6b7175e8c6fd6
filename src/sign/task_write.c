#include "sign/task_write.h"

#include "core/arena.h"
#include "core/env.h"
#include "core/err.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "sign/project_write.h"
#include "sign/sign_internal.h"
#include "sign/submission.h"
#include "store/store.h"

static bool refuse_unknown(struct err *err)
{
	return err_set(err, ERR_NOT_FOUND, "There is no such task.");
}

static bool find(struct exchange *x, struct db *db, struct dispatch *task, struct err *err)
{
	bool found = false;
	return dispatch_by_id(db, principal_of(x)->account_id, exchange_param(x, "id"), &x->arena, task, &found, err) &&
		   (found || refuse_unknown(err));
}

bool task_read(struct exchange *x, struct dispatch *task)
{
	const struct sign_api *api = x->owner;
	struct err err;
	struct db *db = store_read(api->options.store);
	bool read = find(x, db, task, &err);
	store_read_end(api->options.store, db);
	if (!read)
		exchange_fail(x, &err);
	return read;
}

bool task_record(const struct task_change *t, struct exchange *x, struct db *db, int64_t now_us, struct err *err)
{
	const struct project project = {.account_id = t->task.account_id, .project_id = t->task.project_id};
	const struct audit_event who = principal_event(x, t->action, AUDIT_SUCCESS);
	const struct project_happening happening = {.action = t->action,
												.type = arena_printf(&x->arena, "%s.%s", t->task.name, t->what),
												.after =
													arena_printf(&x->arena, "{\"run_id\":\"%s\"}", t->task.dispatch_id),
												.seal_sha256 = t->task.seal_sha256,
												.reason = t->reason,
												.status = AUDIT_SUCCESS};
	return project_record_by(t->api, db, &project, &who, now_us, &happening, err);
}

static bool apply(struct write *w, struct db *db, struct err *err)
{
	struct task_write *t = (struct task_write *)w;
	int64_t now_us = env_wall_us(t->change.api->options.env);
	return find(w->x, db, &t->change.task, err) && t->apply(&t->change.task, db, now_us, err) &&
		   task_record(&t->change, w->x, db, now_us, err);
}

static void after(struct write *w, bool applied)
{
	if (applied)
		submission_wake(((struct task_write *)w)->change.api);
}

void task_write_submit(struct task_write *t, struct exchange *x, void (*answer)(struct write *w))
{
	struct sign_api *api = x->owner;
	t->change.api = api;
	t->write = (struct write){.x = x, .store = api->options.store, .apply = apply, .answer = answer, .after = after};
	write_submit(&t->write);
}
