/* What rules of self-healing look at: counters, as they are [flow.md 9]. */
#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"
#include "core/jw.h"
#include "expr/expr.h"
#include "flow/breakers.h"
#include "flow/healing_internal.h"
#include "flow/llm_cache.h"
#include "store/store.h"

/* One more of them, whose counters were written to `jw`'s buffer.  False: the arena is full. */
static bool add(struct arena *arena, struct heal_subjects *s, const char *account_id, const char *name,
				const struct buf *counters)
{
	struct heal_subject *subject = &s->items[s->count];
	*subject = (struct heal_subject){.account_id = account_id == NULL ? NULL : arena_dup(arena, account_id),
									 .name = name == NULL ? NULL : arena_dup(arena, name),
									 .counters = arena_dup(arena, buf_text(counters))};
	s->count += subject->counters != NULL;
	return subject->counters != NULL;
}

static void member_maybe(struct jw *jw, const char *name, double value)
{
	jw_key(jw, name);
	if (isnan(value))
		jw_null(jw);
	else
		jw_num(jw, value);
}

static double share(int64_t part, int64_t whole)
{
	return whole == 0 ? NAN : (double)part / (double)whole;
}

/* --- the server --- */

static bool tell_cache(struct healing *h, struct arena *arena, struct heal_subjects *s, struct err *err)
{
	struct llm_level_figures figures[LLM_LEVELS];
	struct buf buf;
	struct jw jw;
	if (h->options.cache == NULL)
		return true;
	if (!llm_cache_figures(h->options.cache, "", figures, err))
		return false;
	const struct llm_level_figures *l1 = &figures[LLM_L1];
	int64_t hits = l1->hits - h->hits, lookups = hits + l1->misses - h->misses;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	jw_object(&jw);
	jw_member_int(&jw, "lookups", lookups);
	member_maybe(&jw, "hit_rate", share(hits, lookups));
	jw_member_int(&jw, "entries", l1->entries);
	member_maybe(&jw, "memory_percent", h->options.memory_percent(h->options.self));
	jw_object_end(&jw);
	bool added = add(arena, s, NULL, NULL, &buf);
	buf_fini(&buf);
	return added || err_set(err, ERR_LIMIT, "no memory");
}

/* Of every look that is not answered one more; an answer begins anew. */
static bool tell_exprs(struct healing *h, struct arena *arena, struct heal_subjects *s, struct err *err)
{
	struct expr_health health;
	struct err why;
	struct buf buf;
	struct jw jw;
	h->unanswered = expr_ping(h->options.exprs, &why) ? 0 : h->unanswered + 1;
	expr_health(h->options.exprs, &health);
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	jw_object(&jw);
	jw_member_int(&jw, "unanswered", h->unanswered);
	jw_member_int(&jw, "helpers", health.helpers);
	jw_member_int(&jw, "replaced", (int64_t)health.replaced);
	jw_object_end(&jw);
	bool added = add(arena, s, NULL, NULL, &buf);
	buf_fini(&buf);
	return added || err_set(err, ERR_LIMIT, "no memory");
}

/* --- calls --- */

static bool tell_calls(struct healing *h, struct arena *arena, struct heal_subjects *s, struct err *err)
{
	struct breaker_record *records;
	size_t count = 0;
	if (h->options.breakers == NULL)
		return true;
	if (!breakers_list(h->options.breakers, NULL, env_wall_us(h->options.env), arena, &records, &count))
		return err_set(err, ERR_LIMIT, "no memory");
	for (size_t i = 0; i < count && s->count < HEAL_SUBJECTS_MAX; i++) {
		const struct breaker_record *r = &records[i];
		struct buf buf;
		struct jw jw;
		if (r->calls == 0 && strcmp(r->state, breaker_record_states[0]) == 0)
			continue;
		buf_init(&buf, 0);
		jw_init(&jw, &buf);
		jw_object(&jw);
		jw_member_str(&jw, "target", r->target);
		jw_member_str(&jw, "state", r->state);
		jw_member_int(&jw, "calls", r->calls);
		jw_member_int(&jw, "failed", r->failed);
		member_maybe(&jw, "error_rate", share(r->failed, r->calls));
		jw_member_int(&jw, "slow", r->slow);
		jw_member_int(&jw, "held", r->held);
		jw_object_end(&jw);
		bool added = add(arena, s, r->account_id, r->target, &buf);
		buf_fini(&buf);
		if (!added)
			return err_set(err, ERR_LIMIT, "no memory");
	}
	return true;
}

/* --- what the store knows --- */

static void write_agent(const struct db_rows *row, struct jw *jw, int64_t now_us)
{
	jw_member_str(jw, "agent_id", db_text(row, 1));
	jw_member_str(jw, "status", db_text(row, 2));
	jw_member_num(jw, "score", db_real(row, 3));
	jw_member_int(jw, "silent_s", (now_us - db_int(row, 4)) / 1000000);
	jw_member_int(jw, "recovery_attempts", db_int(row, 5));
	jw_member_int(jw, "leases", db_int(row, 6));
}

static void write_workflow(const struct db_rows *row, struct jw *jw, int64_t now_us)
{
	(void)now_us;
	jw_member_str(jw, "workflow", db_text(row, 1));
	jw_member_int(jw, "active", db_int(row, 2));
	jw_member_int(jw, "finished", db_int(row, 3));
	jw_member_int(jw, "faulted", db_int(row, 4));
	member_maybe(jw, "fault_rate", share(db_int(row, 4), db_int(row, 3)));
}

static const char agents_sql[] =
	"SELECT a.account_id, a.agent_id, a.status, a.score, a.seen_at, a.recovery_attempts, (SELECT COUNT(*) FROM "
	"flow_work w WHERE w.account_id = a.account_id AND w.worker_id = a.agent_id AND w.status = 'leased' AND "
	"w.lease_expires_at > 0) FROM agents a WHERE a.status <> 'healthy' AND a.seen_at > $1 ORDER BY a.account_id, "
	"a.agent_id LIMIT $2";

/* Active: the states that a pause can end. */
static const char workflows_sql[] =
	"SELECT account_id, namespace || '/' || name, SUM(CASE WHEN status IN ('pending', 'running', 'waiting') THEN 1 "
	"ELSE "
	"0 END), SUM(CASE WHEN status IN ('completed', 'faulted', 'cancelled') THEN 1 ELSE 0 END), SUM(CASE WHEN status = "
	"'faulted' THEN 1 ELSE 0 END) FROM flow_runs WHERE account_id <> '' AND (status IN ('pending', 'running', "
	"'waiting') OR ended_at > $1) GROUP BY account_id, namespace, name ORDER BY 1, 2 LIMIT $2";

/* Rows of account, name and figures. */
static bool tell_rows(struct healing *h, const char *sql, int64_t since_us,
					  void (*write)(const struct db_rows *row, struct jw *jw, int64_t now_us), struct arena *arena,
					  struct heal_subjects *s, struct err *err)
{
	int64_t now_us = env_wall_us(h->options.env);
	struct db *db = store_read(h->options.store);
	struct db_rows rows;
	bool read = db_query(db, &rows, err, sql, V_INT(since_us), V_INT(HEAL_SUBJECTS_MAX));
	while (read && s->count < HEAL_SUBJECTS_MAX && db_next(&rows)) {
		struct buf buf;
		struct jw jw;
		buf_init(&buf, 0);
		jw_init(&jw, &buf);
		jw_object(&jw);
		write(&rows, &jw, now_us);
		jw_object_end(&jw);
		bool added = add(arena, s, db_text(&rows, 0), db_text(&rows, 1), &buf);
		buf_fini(&buf);
		if (!added)
			break;
	}
	read = read && db_end(&rows, err) && (!arena->full || err_set(err, ERR_LIMIT, "no memory"));
	store_read_end(h->options.store, db);
	return read;
}

/* Those who were heard within a week: who has been gone for longer holds no lease. */
static bool tell_agents(struct healing *h, struct arena *arena, struct heal_subjects *s, struct err *err)
{
	int64_t since_us = env_wall_us(h->options.env) - 7 * 24 * HEALTH_HOUR_US;
	return tell_rows(h, agents_sql, since_us, write_agent, arena, s, err);
}

static bool tell_workflows(struct healing *h, struct arena *arena, struct heal_subjects *s, struct err *err)
{
	return tell_rows(h, workflows_sql, env_wall_us(h->options.env) - HEALTH_HOUR_US, write_workflow, arena, s, err);
}

bool healing_subjects(struct healing *h, enum heal_signal signal, struct arena *arena, struct heal_subjects *subjects,
					  struct err *err)
{
	static bool (*const tellers[HEAL_SIGNALS])(struct healing * h, struct arena * arena, struct heal_subjects * s,
											   struct err * err) = {[HEAL_CACHE] = tell_cache,
																	[HEAL_EXPR] = tell_exprs,
																	[HEAL_CALLS] = tell_calls,
																	[HEAL_AGENT] = tell_agents,
																	[HEAL_WORKFLOW] = tell_workflows};
	*subjects = (struct heal_subjects){0, arena_array(arena, HEAL_SUBJECTS_MAX, sizeof *subjects->items)};
	if (subjects->items == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	return tellers[signal](h, arena, subjects, err);
}

static bool same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

bool healing_recount(struct healing *h, enum heal_signal signal, const struct heal_subject *subject,
					 struct arena *arena, const char **counters, struct err *err)
{
	struct heal_subjects now;
	*counters = "null";
	if (!healing_subjects(h, signal, arena, &now, err))
		return false;
	for (size_t i = 0; i < now.count; i++)
		if (same_text(now.items[i].account_id, subject->account_id) && same_text(now.items[i].name, subject->name))
			*counters = now.items[i].counters;
	return true;
}
