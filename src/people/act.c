#include "people/act.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/env.h"
#include "crypt/digest.h"
#include "http/exchange.h"
#include "http/workers.h"
#include "people/people_internal.h"
#include "people/principal.h"
#include "people/users.h"

enum { BUSY_RETRY_S = 2, MAIL_TEXT = 2048 };

void *act_start(struct exchange *x, size_t size)
{
	struct act *act = write_start(x, size);
	struct people *people = x->owner;
	if (act == NULL)
		return NULL;
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

static void add_headers(struct act *act, const struct err *err)
{
	if (act->retry_after_s > 0)
		exchange_setf(act->x, "Retry-After", "%lld", (long long)act->retry_after_s);
	if (err_status(err->kind) == 401)
		exchange_set(act->x, "WWW-Authenticate", "Bearer");
}

void act_fail(struct act *act, const struct err *err)
{
	tell_end(act);
	add_headers(act, err);
	exchange_fail(act->x, err);
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

bool act_mail(struct act *act, struct db *db, const struct act_mail *mail, struct err *err, const char *format, ...)
{
	const struct people_options *options = &act->people->options;
	char text[MAIL_TEXT];
	va_list args;
	if (options->mail == NULL || mail->to == NULL)
		return true;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	struct people_letter *letter = arena_new(&act->x->arena, struct people_letter);
	if (letter == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	*letter = (struct people_letter){.account_id = mail->account_id,
									 .to = arena_dup(&act->x->arena, mail->to),
									 .subject = mail->subject,
									 .text = arena_dup(&act->x->arena, text),
									 .next = act->letters};
	id_make(options->ids, letter->mail_id);
	wipe(text, sizeof text);
	if (letter->to == NULL || letter->text == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	act->letters = letter;
	return options->mail(options->mail_self, db, letter, err);
}

/* What an op that failed had to say is undone with it. */
static bool run_apply(struct write *w, struct db *db, struct err *err)
{
	struct act *act = (struct act *)w;
	act->letters = NULL;
	bool applied = act->apply(act, db, err);
	if (!applied)
		act->letters = NULL;
	return applied;
}

static void post(struct act *act)
{
	const struct people_options *options = &act->people->options;
	for (const struct people_letter *letter = act->letters; letter != NULL; letter = letter->next)
		options->mailed(options->mail_self, letter);
	act->letters = NULL;
}

static void run_answer(struct write *w)
{
	struct act *act = (struct act *)w;
	act->answer(act);
}

static void run_after(struct write *w, bool applied)
{
	struct act *act = (struct act *)w;
	if (applied)
		post(act);
	if (act->changed)
		people_changed(act->people);
	tell_end(act);
}

/* A failure before, inside or after the op has the same headers. */
static void run_fail(struct write *w, const struct err *err)
{
	add_headers((struct act *)w, err);
	exchange_fail(w->x, err);
}

void act_write(struct act *act, bool (*apply)(struct act *act, struct db *db, struct err *err),
			   void (*answer)(struct act *act))
{
	act->apply = apply;
	act->answer = answer;
	act->write.store = act->people->options.store;
	act->write.apply = run_apply;
	act->write.answer = answer != NULL ? run_answer : NULL;
	act->write.after = run_after;
	act->write.fail = run_fail;
	write_submit(&act->write);
}

const struct err *act_refusal(const struct act *act)
{
	return &act->write.refused;
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
