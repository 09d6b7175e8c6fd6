/* What rules of self-healing do [flow.md 9]. */
#include <string.h>

#include "core/arena.h"
#include "core/env.h"
#include "core/err.h"
#include "expr/expr.h"
#include "flow/breakers.h"
#include "flow/healing_internal.h"
#include "flow/llm_cache.h"
#include "flow/work_repo.h"
#include "store/store.h"

#define OPEN_US (INT64_C(60) * 1000000) /* REF: platform P-10.4 */

struct acting {
	struct healing *h;
	const struct heal_rule *rule;
	const struct heal_subject *subject;
	struct breaker_record record;
	int64_t now_us;
};

/* --- agents --- */

static bool end_leases(struct db *db, void *self, struct err *err)
{
	struct acting *a = self;
	int64_t ended;
	return work_end_leases(db, a->subject->account_id, a->subject->name, &ended, err);
}

/* Its leases end, and it counts as dead until it is heard, so that nobody waits for it. */
static bool give_to_others(struct db *db, void *self, struct err *err)
{
	struct acting *a = self;
	return end_leases(db, a, err) &&
		   db_run(
			   db, err,
			   "UPDATE agents SET status = 'failed', score = 0, watched = 0, healthy_since = 0 WHERE account_id = $1 "
			   "AND agent_id = $2",
			   V_TEXT(a->subject->account_id), V_TEXT(a->subject->name));
}

static bool end_lease(struct acting *a, struct err *err)
{
	return store_write(a->h->options.store, end_leases, a, err);
}

static bool reassign(struct acting *a, struct err *err)
{
	return store_write(a->h->options.store, give_to_others, a, err);
}

/* --- breakers --- */

static bool put_breaker(struct db *db, void *self, struct err *err)
{
	struct acting *a = self;
	return breakers_put(a->h->options.breakers, db, &a->record, err);
}

static bool set_breaker(struct acting *a, const char *state, int64_t until_us, struct err *err)
{
	a->record = (struct breaker_record){.account_id = a->subject->account_id,
										.target = a->subject->name,
										.state = state,
										.until_us = until_us,
										.changed_us = a->now_us,
										.reason = a->rule->name};
	if (!store_write(a->h->options.store, put_breaker, a, err))
		return false;
	breakers_set(a->h->options.breakers, &a->record);
	return true;
}

static bool open_breaker(struct acting *a, struct err *err)
{
	return set_breaker(a, "open", a->now_us + OPEN_US, err);
}

static bool half_open_breaker(struct acting *a, struct err *err)
{
	return set_breaker(a, "half_open", a->now_us, err);
}

/* --- the server --- */

static bool clear_cache(struct acting *a, struct err *err)
{
	static const enum llm_level levels[] = {LLM_L1, LLM_L2, LLM_L3, [HEAL_LEVEL_ALL] = LLM_LEVELS};
	const struct llm_forget forget = {.model = a->rule->model, .level = levels[a->rule->level]};
	int64_t forgotten;
	return a->h->options.cache == NULL || llm_cache_forget(a->h->options.cache, &forget, &forgotten, err);
}

static bool restart_helpers(struct acting *a, struct err *err)
{
	(void)err;
	expr_restart(a->h->options.exprs);
	return true;
}

static bool pause_workflow(struct acting *a, struct err *err)
{
	const struct healing_options *o = &a->h->options;
	return o->pause == NULL || o->pause(o->self, a->subject->account_id, a->subject->name, a->rule->name, err);
}

/* The row and the event that follow are all there is to it. */
static bool notify(struct acting *a, struct err *err)
{
	(void)a;
	(void)err;
	return true;
}

bool healing_act(struct healing *h, const struct heal_rule *rule, const struct heal_subject *subject, struct err *err)
{
	static bool (*const actions[HEAL_ACTIONS])(struct acting * a, struct err * err) = {
		[HEAL_END_LEASE] = end_lease,           [HEAL_REASSIGN] = reassign,
		[HEAL_OPEN_BREAKER] = open_breaker,     [HEAL_HALF_OPEN_BREAKER] = half_open_breaker,
		[HEAL_CLEAR_CACHE] = clear_cache,       [HEAL_RESTART_HELPER] = restart_helpers,
		[HEAL_PAUSE_WORKFLOW] = pause_workflow, [HEAL_NOTIFY] = notify,
	};
	struct acting a = {.h = h, .rule = rule, .subject = subject, .now_us = env_wall_us(h->options.env)};
	return actions[rule->action](&a, err);
}
