#include "flow/consult.h"

#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"
#include "core/id.h"
#include "core/json.h"
#include "core/jw.h"
#include "flow/breakers.h"
#include "flow/domain/datum.h"
#include "flow/domain/trouble.h"
#include "flow/llm.h"
#include "store/store.h"

#define LLM_TARGET "llm" /* of the breakers */

/* Nothing takes a question up after a crash: what it kept is free again so long after its answer was due. */
enum { GRACE_MS = 60000 };

struct consulting {
	const struct consultant *c;
	const struct consultation *asked;
	struct arena *arena;
	struct spender spender;
	int64_t bound;
	struct budget_reservation kept;
	struct budget_refusal *refusal;
	struct cost_item item; /* what it cost */
};

/* --- money --- */

static bool take_workflow(struct consulting *q, struct db *db, struct err *err)
{
	const struct budget_hooks *hooks = &q->c->budgets->hooks;
	bool known;
	if (q->spender.run_id == NULL || q->spender.workflow != NULL || hooks->workflow_of == NULL)
		return true;
	return hooks->workflow_of(hooks->self, db, q->spender.account_id, q->spender.run_id, q->arena, &q->spender.workflow,
							  &known, err);
}

/* A budget that only warns lets it pass unreserved: what it costs shows as overspent. */
static bool keep(struct db *db, void *self, struct err *err)
{
	struct consulting *q = self;
	int64_t now_us = env_wall_us(q->c->env);
	if (!take_workflow(q, db, err) ||
		!budget_reserve(q->c->budgets, db, &q->spender, q->bound, now_us + (q->asked->timeout_ms + GRACE_MS) * 1000,
						"llm_inference", now_us, &q->kept, q->refusal, err))
		return false;
	if (q->refusal->refused && q->refusal->on_exhausted == BUDGET_WARN)
		*q->refusal = (struct budget_refusal){.refused = false};
	return !q->refusal->refused ||
		   err_set(err, ERR_BUDGET_EXCEEDED, "The budget %s has not enough left for the model.", q->refusal->budget_id);
}

static bool settle(struct db *db, void *self, struct err *err)
{
	struct consulting *q = self;
	int64_t now_us = env_wall_us(q->c->env);
	struct reservation_row row;
	char entry_id[ID_TEXT];
	bool nothing = q->item.cost == 0 && q->item.saved == 0;
	if (q->kept.reservation_id[0] == '\0')
		return nothing || budget_spend(q->c->budgets, db, &q->spender, &q->item, now_us, entry_id, err);
	if (nothing)
		return budget_release(q->c->budgets, db, q->spender.account_id, q->kept.reservation_id, now_us, q->arena, &row,
							  err);
	return budget_settle(q->c->budgets, db, q->spender.account_id, q->kept.reservation_id, &q->item, now_us, q->arena,
						 &row, err);
}

static const char *metadata_of(struct consulting *q)
{
	struct buf buf;
	struct jw jw;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	jw_object(&jw);
	jw_member_str(&jw, "purpose", q->asked->purpose);
	jw_object_end(&jw);
	const char *text = arena_dup(q->arena, buf_text(&buf));
	buf_fini(&buf);
	return text;
}

static const char *json_copy(struct consulting *q, const struct json *json)
{
	if (json == NULL)
		return NULL;
	struct datum *datum = datum_json(json);
	const char *text = arena_dup(q->arena, datum_bytes(datum, NULL));
	datum_unref(datum);
	return text;
}

static int64_t micros(const struct json *cost, const char *name)
{
	const struct json *value = json_get(cost, name);
	return value != NULL && value->kind == JS_INT ? value->integer : 0;
}

static const char *text_copy(struct consulting *q, const struct json *json, const char *name)
{
	const char *text = json_text(json, name);
	return text == NULL ? NULL : arena_dup(q->arena, text);
}

/* Where nobody knows what it cost, all that was kept for it counts as spent. */
static void take_cost(struct consulting *q, struct datum *cost)
{
	const struct json *json = cost == NULL ? NULL : datum_tree(cost);
	q->item = (struct cost_item){.operation_type = "llm_inference",
								 .provider = text_copy(q, json, "provider"),
								 .model = json == NULL ? text_copy(q, datum_tree(q->asked->request), "model")
													   : text_copy(q, json, "model"),
								 .priced_as = text_copy(q, json, "priced_as"),
								 .cost = json == NULL ? q->bound : micros(json, "amount_micros"),
								 .saved = micros(json, "saved_micros"),
								 .tokens = json_copy(q, json_get(json, "tokens")),
								 .metadata = metadata_of(q)};
}

/* --- asking --- */

static bool may_ask(const struct consultant *c, const struct breaker_call *call, struct err *err)
{
	int64_t until_us;
	return c->breakers == NULL || breakers_may(c->breakers, call, NULL, &until_us) ||
		   err_set(err, ERR_UNAVAILABLE, "The breaker of the models' endpoint is open.");
}

static enum err_kind kind_of(const struct trouble *trouble)
{
	return trouble->kind == TROUBLE_TIMEOUT ? ERR_DEADLINE : ERR_UNAVAILABLE;
}

/* Not what was refused for its own sake: too many requests, a time-out, an endpoint out of order. */
static bool may_pass(const struct trouble *trouble)
{
	return trouble->status == 0 || trouble->status == 408 || trouble->status == 429 || trouble->status >= 500;
}

static void take_answer(struct consulting *q, struct datum *output, struct consulted *answer)
{
	const struct json *json = datum_tree(output), *cached = json_get(json, "cached");
	const char *text = text_copy(q, json, "text");
	answer->text = text == NULL ? "" : text;
	answer->model = text_copy(q, json, "model");
	answer->cached = cached != NULL && cached->kind == JS_BOOL && cached->boolean;
}

static bool ask(struct consulting *q, struct consulted *answer, struct err *err)
{
	const struct consultant *c = q->c;
	const struct consultation *asked = q->asked;
	const struct breaker_call call = {q->spender.account_id, LLM_TARGET, env_wall_us(c->env)};
	char id[ID_TEXT];
	struct llm_reply reply;
	struct trouble trouble = {.status = 0};
	if (!may_ask(c, &call, err))
		return false;
	id_make(c->ids, id);
	const struct llm_question question = {.request = asked->request,
										  .effect_key = id,
										  .run_id = q->spender.run_id == NULL ? "" : q->spender.run_id,
										  .path = asked->purpose,
										  .account_id = q->spender.account_id,
										  .timeout_ms = asked->timeout_ms,
										  .given_up = asked->given_up,
										  .self = asked->self};
	int64_t began_us = env_mono_us(c->env);
	llm_ask(c->llm, &question, &reply, &trouble);
	bool given_up = reply.output == NULL && asked->given_up != NULL && asked->given_up(asked->self);
	if (c->breakers != NULL && given_up)
		breakers_give_back(c->breakers, &call);
	else if (c->breakers != NULL)
		breakers_tell(c->breakers, &call, reply.output != NULL || !may_pass(&trouble), env_mono_us(c->env) - began_us);
	take_cost(q, reply.cost);
	answer->cost_micros = q->item.cost;
	if (reply.output != NULL)
		take_answer(q, reply.output, answer);
	else
		err_set(err, kind_of(&trouble), "%s: %s", trouble.title, trouble.detail);
	bool answered = reply.output != NULL;
	answer->again = !answered && may_pass(&trouble);
	datum_unref(reply.output);
	datum_unref(reply.cost);
	return answered;
}

bool consult(const struct consultant *c, const struct consultation *asked, struct arena *arena,
			 struct consulted *answer, struct budget_refusal *refusal, struct err *err)
{
	struct consulting q = {.c = c, .asked = asked, .arena = arena, .spender = asked->spender, .refusal = refusal};
	const char *provider, *currency;
	struct err why;
	*answer = (struct consulted){.text = NULL};
	*refusal = (struct budget_refusal){.refused = false};
	q.bound = llm_bound(c->llm, asked->request, &provider, &currency);
	q.spender.currency = currency;
	if (q.bound > 0 && !store_write(c->store, keep, &q, err))
		return false;
	bool answered = ask(&q, answer, err);
	if (!store_write(c->store, settle, &q, &why)) {
		*err = why; /* what was kept stays kept: nothing was lost, and nobody may spend it twice */
		return false;
	}
	return answered && (!arena->full || err_set(err, ERR_LIMIT, "no memory"));
}
