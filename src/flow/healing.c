#include "flow/healing.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"
#include "core/field.h"
#include "core/id.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/must.h"
#include "expr/expr.h"
#include "flow/domain/healing.h"
#include "flow/health.h"
#include "flow/llm_cache.h"
#include "seal/outbox.h"
#include "store/store.h"

#define LOOK_US (HEALTH_LOOK_S * INT64_C(1000000))

struct healing {
	struct healing_options options;
	struct health_desk desk;
	struct expr_book *book;
	const struct expr *conditions[HEAL_RULES];
	int64_t next_look_us; /* monotonic */
	int64_t hits, misses; /* of L1 when the window began */
	int64_t unanswered;   /* looks in a row */
};

bool healing_open(const struct healing_options *options, struct healing **healing, struct err *err)
{
	struct faults faults;
	struct arena arena;
	struct healing *h = calloc(1, sizeof *h);
	must(h != NULL);
	h->options = *options;
	h->desk = (struct health_desk){.ids = options->ids, .outbox = options->outbox, .audit = options->audit};
	h->next_look_us = env_mono_us(options->env) + LOOK_US;
	h->book = expr_book_new();
	must(h->book != NULL);
	for (size_t i = 0; i < HEAL_RULES; i++)
		h->conditions[i] =
			expr_book_add_text(h->book, heal_rules[i].name, heal_rules[i].condition, strlen(heal_rules[i].condition));
	arena_init(&arena, ARENA_REQUEST_CAP);
	faults_init(&faults, &arena);
	bool sealed = expr_book_seal(h->book, options->exprs, &faults, err);
	must(sealed || faults.count == 0); /* the rules are ours */
	arena_fini(&arena);
	if (!sealed) {
		healing_close(h);
		return false;
	}
	*healing = h;
	return true;
}

void healing_close(struct healing *h)
{
	if (h == NULL)
		return;
	expr_book_free(h->book);
	free(h);
}

/* --- counters --- */

static bool level_one(const struct healing *h, struct llm_level_figures *l1, struct err *err)
{
	struct llm_level_figures figures[LLM_LEVELS];
	if (!llm_cache_figures(h->options.cache, "", figures, err))
		return false;
	*l1 = figures[LLM_L1];
	return true;
}

static void member_maybe(struct jw *jw, const char *name, double value)
{
	jw_key(jw, name);
	if (isnan(value))
		jw_null(jw);
	else
		jw_num(jw, value);
}

static bool write_cache(struct healing *h, struct jw *jw, struct err *err)
{
	struct llm_level_figures l1;
	if (!level_one(h, &l1, err))
		return false;
	int64_t hits = l1.hits - h->hits, lookups = hits + l1.misses - h->misses;
	jw_member_int(jw, "lookups", lookups);
	member_maybe(jw, "hit_rate", lookups == 0 ? NAN : (double)hits / (double)lookups);
	jw_member_int(jw, "entries", l1.entries);
	member_maybe(jw, "memory_percent", h->options.memory_percent(h->options.self));
	return true;
}

/* Of every look that is not answered one more; an answer begins anew. */
static bool write_exprs(struct healing *h, struct jw *jw, struct err *err)
{
	struct expr_health health;
	struct err why;
	(void)err;
	h->unanswered = expr_ping(h->options.exprs, &why) ? 0 : h->unanswered + 1;
	expr_health(h->options.exprs, &health);
	jw_member_int(jw, "unanswered", h->unanswered);
	jw_member_int(jw, "helpers", health.helpers);
	jw_member_int(jw, "replaced", (int64_t)health.replaced);
	return true;
}

static bool (*const writers[])(struct healing *h, struct jw *jw,
							   struct err *err) = {[HEAL_CACHE] = write_cache, [HEAL_EXPR] = write_exprs};

static bool count(struct healing *h, enum heal_signal signal, struct arena *arena, const char **counters,
				  struct err *err)
{
	struct buf buf;
	struct jw jw;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	jw_object(&jw);
	bool counted = writers[signal](h, &jw, err);
	jw_object_end(&jw);
	*counters = counted && jw_ok(&jw) ? arena_dup(arena, buf_text(&buf)) : NULL;
	buf_fini(&buf);
	if (counted && *counters == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	return counted;
}

static bool holds(struct healing *h, size_t rule, const char *counters, struct arena *arena, bool *is, struct err *err)
{
	const struct json *in, *value;
	if (!json_parse(arena, counters, strlen(counters), &json_body_limits, &in, err))
		return false;
	const struct json *args[] = {[EXPR_IN] = in};
	const struct expr_input input = {.args = args, .count = 1, .now_us = env_wall_us(h->options.env)};
	if (!expr_eval(h->options.exprs, h->conditions[rule], &input, arena, &value, err))
		return false;
	*is = value->kind == JS_BOOL && value->boolean;
	return true;
}

/* --- acting --- */

static bool clear_cache(struct healing *h, struct err *err)
{
	const struct llm_forget l1 = {.level = LLM_L1};
	int64_t forgotten;
	return llm_cache_forget(h->options.cache, &l1, &forgotten, err);
}

static bool restart_helpers(struct healing *h, struct err *err)
{
	(void)err;
	expr_restart(h->options.exprs);
	return true;
}

static bool (*const actions[])(struct healing *h, struct err *err) = {
	[HEAL_CLEAR_CACHE] = clear_cache, [HEAL_RESTART_HELPER] = restart_helpers};

struct healed {
	struct healing *h;
	const struct heal_rule *rule;
	const char *before, *after;
	const char *account_id; /* who is told that it did not help */
	bool helped;
	struct arena *arena;
	char healing_id[ID_TEXT];
	int64_t now_us;
};

static bool put_row(const struct healed *d, struct db *db, struct err *err)
{
	return db_run(db, err,
				  "INSERT INTO healings (healing_id, rule, action, counters_before, counters_after, helped, at) VALUES "
				  "($1, $2, $3, $4, $5, $6, $7)",
				  V_TEXT(d->healing_id), V_TEXT(d->rule->name), V_TEXT(heal_action_names[d->rule->action]),
				  V_TEXT(d->before), V_TEXT(d->after), V_INT(d->helped), V_INT(d->now_us));
}

static bool put_audit(const struct healed *d, struct db *db, struct err *err)
{
	const struct audit_pair meta[] = {{AUDIT_META_code, d->rule->name},
									  {AUDIT_META_status, d->helped ? "helped" : "not_helped"}};
	const struct audit_event event = {.action = AUDIT_HEAL, .target_id = d->healing_id, .meta = meta, .meta_count = 2};
	return audit_append(d->h->options.audit, db, &event, err);
}

static bool tell(const struct healed *d, struct db *db, struct err *err)
{
	struct buf buf;
	struct jw jw;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	jw_object(&jw);
	jw_member_str(&jw, "rule", d->rule->name);
	jw_member_str(&jw, "action", heal_action_names[d->rule->action]);
	jw_key(&jw, "before");
	jw_raw(&jw, d->before, strlen(d->before));
	jw_key(&jw, "after");
	jw_raw(&jw, d->after, strlen(d->after));
	jw_member_bool(&jw, "helped", d->helped);
	jw_object_end(&jw);
	must(jw_ok(&jw));
	struct outbox_event event = {
		.topic = "health", .event = "healing.done", .subject = d->healing_id, .data = buf_text(&buf)};
	bool told = d->h->options.outbox == NULL || outbox_add(d->h->options.outbox, db, &event, err);
	buf_fini(&buf);
	return told;
}

static void take_account(const struct db_rows *row, void *self)
{
	struct healed *d = self;
	d->account_id = db_text_dup(row, 0, d->arena);
}

/* A server that nobody has set up yet has nobody to tell. */
static bool raise_incident(struct healed *d, struct db *db, struct err *err)
{
	const struct health_actor server = {{.account_id = NULL}};
	bool found = false, fresh;
	if (!db_one(db, err, &found, take_account, d, "SELECT account_id FROM accounts ORDER BY account_id LIMIT 1"))
		return false;
	struct incident_row incident = {
		.account_id = d->account_id,
		.agent_id = "server",
		.kind = "healing",
		.cause = arena_printf(d->arena, "healing:%s", d->healing_id),
		.severity = SEVERITY_HIGH,
		.title = arena_printf(d->arena, "Rule %s did not help", d->rule->name),
		.description =
			arena_printf(d->arena, "%s: %s before, %s after.", heal_action_names[d->rule->action], d->before, d->after),
		.health_score = NAN,
		.failure_rate = NAN,
	};
	return !found || incident_raise(&d->h->desk, db, &server, &incident, d->now_us, d->arena, &fresh, err);
}

static bool apply_healed(struct db *db, void *self, struct err *err)
{
	struct healed *d = self;
	return put_row(d, db, err) && put_audit(d, db, err) && tell(d, db, err) &&
		   (d->helped || raise_incident(d, db, err));
}

static bool heal(struct healing *h, size_t i, const char *before, struct arena *arena, struct err *err)
{
	const struct heal_rule *rule = &heal_rules[i];
	struct healed d = {.h = h, .rule = rule, .before = before, .arena = arena, .now_us = env_wall_us(h->options.env)};
	bool still = false;
	id_make(h->options.ids, d.healing_id);
	if (!actions[rule->action](h, err) || !count(h, rule->signal, arena, &d.after, err) ||
		!holds(h, i, d.after, arena, &still, err))
		return false;
	d.helped = !still;
	return store_write(h->options.store, apply_healed, &d, err);
}

/* --- looking --- */

static void take_acts(const struct db_rows *row, void *self)
{
	int64_t *acts = self;
	acts[0] = db_int(row, 0);
	acts[1] = db_int(row, 1);
}

static bool may(struct healing *h, const struct heal_rule *rule, bool *is, struct err *err)
{
	int64_t acts[2] = {0, 0}, now_us = env_wall_us(h->options.env);
	struct db *db = store_read(h->options.store);
	bool read = db_one(db, err, NULL, take_acts, acts,
					   "SELECT COUNT(*), COALESCE(MAX(at), 0) FROM healings WHERE rule = $1 AND at > $2",
					   V_TEXT(rule->name), V_INT(now_us - HEALTH_HOUR_US));
	store_read_end(h->options.store, db);
	*is = read && heal_may(rule, acts[0], acts[1], now_us);
	return read;
}

static bool look(struct healing *h, size_t i, struct arena *arena, struct err *err)
{
	const struct heal_rule *rule = &heal_rules[i];
	const char *counters;
	bool is = false, free_to = false;
	if (rule->signal == HEAL_CACHE && h->options.cache == NULL)
		return true;
	if (!count(h, rule->signal, arena, &counters, err) || !holds(h, i, counters, arena, &is, err))
		return false;
	return !is || (may(h, rule, &free_to, err) && (!free_to || heal(h, i, counters, arena, err)));
}

/* What was judged is not judged again. */
static bool begin_window(struct healing *h, struct err *err)
{
	struct llm_level_figures l1;
	if (h->options.cache == NULL)
		return true;
	if (!level_one(h, &l1, err))
		return false;
	if (l1.hits + l1.misses - h->hits - h->misses >= HEAL_WINDOW) {
		h->hits = l1.hits;
		h->misses = l1.misses;
	}
	return true;
}

bool healing_chores(struct healing *h, struct err *err)
{
	struct arena arena;
	bool done = true;
	if (env_mono_us(h->options.env) < h->next_look_us)
		return true;
	h->next_look_us = env_mono_us(h->options.env) + LOOK_US;
	arena_init(&arena, ARENA_REQUEST_CAP);
	for (size_t i = 0; done && i < HEAL_RULES; i++)
		done = look(h, i, &arena, err);
	arena_fini(&arena);
	return done && begin_window(h, err);
}
