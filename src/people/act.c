#include "people/act.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/env.h"
#include "http/exchange.h"
#include "http/workers.h"
#include "people/people_internal.h"
#include "people/principal.h"
#include "people/users.h"

enum { BUSY_RETRY_S = 2 };

void *act_start(struct exchange *x, size_t size)
{
	struct act *act = arena_alloc(&x->arena, size);
	if (act == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return NULL;
	}
	struct people *people = x->owner;
	act->x = x;
	act->people = people;
	act->now_us = env_wall_us(people->options.env);
	return act;
}

static void tell_end(struct act *act)
{
	void (*ended)(struct act * act) = act->ended;
	act->ended = NULL;
	if (ended != NULL)
		ended(act);
}

void act_fail(struct act *act, const struct err *err)
{
	struct exchange *x = act->x;
	tell_end(act);
	if (act->retry_after_s > 0)
		exchange_setf(x, "Retry-After", "%lld", (long long)act->retry_after_s);
	if (err_status(err->kind) == 401)
		exchange_set(x, "WWW-Authenticate", "Bearer");
	exchange_fail(x, err);
}

static void run_work(void *job, int worker)
{
	struct act *act = job;
	(void)worker;
	act->work(act);
}

void act_hash(struct act *act, void (*work)(struct act *act))
{
	act->work = work;
	exchange_hold(act->x);
	if (workers_push(act->people->hashers, run_work, act))
		return;
	struct err err;
	err_set(&err, ERR_OVERLOADED, "Too many people log in at this moment; try again.");
	act->retry_after_s = BUSY_RETRY_S;
	act_fail(act, &err);
}

static bool run_apply(struct db *db, void *self, struct err *err)
{
	struct act *act = self;
	return act->apply(act, db, err);
}

static void end(void *self, bool applied, const struct err *err)
{
	struct act *act = self;
	if (act->changed)
		people_changed(act->people);
	tell_end(act);
	if (!applied)
		act_fail(act, err);
	else if (act->refused.kind != ERR_NONE)
		act_fail(act, &act->refused);
	else if (act->answer != NULL)
		act->answer(act);
	else
		exchange_answer(act->x, 204, NULL, NULL, 0);
}

void act_write(struct act *act, bool (*apply)(struct act *act, struct db *db, struct err *err),
			   void (*answer)(struct act *act))
{
	struct err err;
	act->apply = apply;
	act->answer = answer;
	act->op = (struct store_op){.apply = run_apply, .done = end, .self = act};
	if (act->work == NULL)
		exchange_hold(act->x);
	if (!store_submit(act->people->options.store, &act->op, &err))
		act_fail(act, &err);
}

bool act_refuse(struct act *act, enum err_kind kind, const char *format, ...)
{
	char message[ERR_MESSAGE_MAX];
	va_list args;
	va_start(args, format);
	vsnprintf(message, sizeof message, format, args);
	va_end(args);
	err_set(&act->refused, kind, "%s", message);
	return true;
}

struct audit_event act_event(const struct act *act, enum audit_action action, enum audit_status status,
							 const struct user *user)
{
	const struct exchange *x = act->x;
	if (x->principal != NULL)
		return principal_event(x, action, status);
	bool known = user != NULL && user->user_id != NULL;
	return (struct audit_event){
		.action = action,
		.status = status,
		.account_id = known ? user->account_id : NULL,
		.actor = known ? user->user_id : NULL,
		.target_id = known ? user->user_id : NULL,
		.ip = x->peer[0] != '\0' ? x->peer : NULL,
		.user_agent = exchange_header(x, "user-agent"),
		.request_id = x->trace.request_id,
		.person_key = known ? user->erasure_key : NULL,
	};
}

bool act_audit(const struct act *act, struct db *db, const struct audit_event *event, struct err *err)
{
	return audit_append(act->people->options.audit, db, event, err);
}
