#include "people/write.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "http/exchange.h"
#include "http/service.h"
#include "http/workers.h"
#include "people/idempotency.h"

void *write_start(struct exchange *x, size_t size)
{
	struct write *w = arena_alloc(&x->arena, size);
	if (w == NULL)
		exchange_failf(x, ERR_LIMIT, "no memory");
	else
		*w = (struct write){.x = x, .size = size};
	return w;
}

bool write_refuse(struct write *w, enum err_kind kind, const char *format, ...)
{
	char message[ERR_MESSAGE_MAX];
	va_list args;
	va_start(args, format);
	vsnprintf(message, sizeof message, format, args);
	va_end(args);
	err_set(&w->refused, kind, "%s", message);
	return true;
}

static void fail(struct write *w, const struct err *err)
{
	if (w->fail != NULL)
		w->fail(w, err);
	else
		exchange_fail(w->x, err);
}

static void answer(struct write *w)
{
	if (w->refused.kind != ERR_NONE)
		fail(w, &w->refused);
	else if (w->answer != NULL)
		w->answer(w);
	else
		exchange_answer(w->x, 204, NULL, NULL, 0);
}

static bool run_part(struct db *db, void *self, struct err *err)
{
	struct write *w = self;
	return w->apply(w, db, err);
}

/* A refusal that the op decided is an answer like another; what failed for the server's reasons is not recorded. */
static bool recordable(const struct err *err)
{
	int status = err_status(err->kind);
	return status >= 400 && status < 500;
}

/* `failure`: what apply refused and had undone, or NULL. */
static void draft(struct write *w, const struct err *failure)
{
	exchange_draft(w->x, true);
	if (failure != NULL)
		fail(w, failure);
	else
		answer(w);
	exchange_draft(w->x, false);
	w->drafted = true;
	w->fresh = failure == NULL && w->refused.kind == ERR_NONE;
}

/* Undo: the draft says already what is answered. */
static bool refuse_claims(struct write *w, struct err *err)
{
	w->misclaimed = true;
	return err_set(err, ERR_INVALID, "the body claims what is not so");
}

static bool run_keyed(struct write *w, const struct idempotent *request, struct db *db, struct err *err)
{
	enum idempotent_found found;
	if (!idempotency_look(request, db, w->x, &found, err))
		return false;
	w->drafted = found == IDEMPOTENT_REPLAYED;
	if (w->drafted)
		return true;
	if (found == IDEMPOTENT_OTHER)
		return write_refuse(w, ERR_IDEMPOTENCY_MISMATCH, "This Idempotency-Key was used with another request.");
	bool done = w->ran = db_attempt(db, run_part, w, &w->failure);
	if (!done && !recordable(&w->failure)) {
		*err = w->failure;
		return false;
	}
	draft(w, done ? NULL : &w->failure);
	if (exchange_misclaimed(w->x))
		return refuse_claims(w, err);
	return idempotency_record(request, db, w->x, err);
}

/* What the body claims of the server's members is compared before the commit [P-5.3]. */
static bool run_claimed(struct write *w, struct db *db, struct err *err)
{
	w->ran = w->apply(w, db, err);
	if (!w->ran)
		return false;
	draft(w, NULL);
	return !exchange_misclaimed(w->x) || refuse_claims(w, err);
}

static bool run(struct db *db, void *self, struct err *err)
{
	struct write *w = self;
	const struct idempotent *request = w->x->idempotency;
	if (request != NULL)
		return run_keyed(w, request, db, err);
	return w->x->claims != NULL ? run_claimed(w, db, err) : (w->ran = w->apply(w, db, err));
}

void write_ahead(struct write *w)
{
	if (w->x->idempotency != NULL || w->x->claims != NULL)
		return;
	exchange_draft(w->x, true);
	w->answer(w);
	exchange_draft(w->x, false);
	w->ahead = true;
}

static void answer_on_worker(void *self, int worker)
{
	(void)worker;
	answer(self);
}

/* Writing an answer takes as long as applying a small op: the writer has others to apply. */
static void answer_elsewhere(struct write *w)
{
	struct workers *workers = w->x->service->workers;
	if (workers == NULL || !workers_push(workers, answer_on_worker, w))
		answer(w);
}

static void end(void *self, bool applied, const struct err *err)
{
	struct write *w = self;
	if (w->ahead && !(applied && w->drafted))
		exchange_undraft(w->x);
	if (w->after != NULL)
		w->after(w, applied && w->ran);
	if (!applied && w->misclaimed)
		exchange_send(w->x);
	else if (!applied)
		fail(w, err);
	else if (w->drafted && !(w->fresh && w->shown_once))
		exchange_send(w->x);
	else
		answer_elsewhere(w);
}

/* All as it was, but for what the writer's queue keeps in it. */
static void put_back(void *self)
{
	struct write *w = self;
	const struct store_op op = w->op;
	const void *before = w->before;
	memcpy(w, before, w->size);
	w->op = op;
	w->before = before;
}

/* A drafted answer, which a key or claims ask for, is kept in the exchange. */
static bool can_repeat(struct write *w)
{
	if (!w->repeatable || w->x->idempotency != NULL || w->x->claims != NULL)
		return false;
	w->before = arena_dupn(&w->x->arena, (const char *)w, w->size);
	return w->before != NULL;
}

void write_submit(struct write *w)
{
	struct err err;
	w->op = (struct store_op){.apply = run, .again = can_repeat(w) ? put_back : NULL, .done = end, .self = w};
	if (!w->x->held)
		exchange_hold(w->x);
	if (store_submit(w->store, &w->op, &err))
		return;
	if (w->after != NULL)
		w->after(w, false);
	fail(w, &err);
}
