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
#include "flow/healing_internal.h"
#include "flow/llm_cache.h"
#include "seal/outbox.h"
#include "seal/pack.h"
#include "store/store.h"

#define LOOK_US (HEALTH_LOOK_S * INT64_C(1000000))

const struct heal_rules *healing_rules(const struct packs *packs)
{
	static const struct heal_rules none = {0, NULL};
	const struct pack *pack = packs_find(packs, "healing", NULL, NULL);
	return pack == NULL ? &none : pack->data;
}

bool healing_open(const struct healing_options *options, struct healing **healing, struct err *err)
{
	struct faults faults;
	struct arena arena;
	struct healing *h = calloc(1, sizeof *h);
	must(h != NULL);
	h->options = *options;
	h->desk = (struct health_desk){.ids = options->ids, .outbox = options->outbox, .audit = options->audit};
	h->next_look_us = env_mono_us(options->env) + LOOK_US;
	h->rules = healing_rules(options->packs);
	h->book = expr_book_new();
	h->conditions = calloc(h->rules->count + 1, sizeof *h->conditions);
	must(h->book != NULL && h->conditions != NULL);
	for (size_t i = 0; i < h->rules->count; i++) {
		const struct heal_rule *rule = &h->rules->items[i];
		h->conditions[i] = expr_book_add_text(h->book, rule->name, rule->condition, strlen(rule->condition));
	}
	arena_init(&arena, ARENA_REQUEST_CAP);
	faults_init(&faults, &arena);
	bool sealed = expr_book_seal(h->book, options->exprs, &faults, err);
	if (!sealed && faults.first != NULL)
		err_set(err, ERR_INVALID, "pack healing: the condition of rule %s %s", faults.first->pointer,
				faults.first->message);
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
	free(h->conditions);
	free(h);
}

/* --- judging --- */

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

struct healed {
	struct healing *h;
	const struct heal_rule *rule;
	const struct heal_subject *subject;
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
				  "INSERT INTO healings (healing_id, rule, action, counters_before, counters_after, helped, at, "
				  "account_id, subject) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
				  V_TEXT(d->healing_id), V_TEXT(d->rule->name), V_TEXT(heal_action_names[d->rule->action]),
				  V_TEXT(d->before), V_TEXT(d->after), V_INT(d->helped), V_INT(d->now_us),
				  V_TEXT(d->subject->account_id), V_TEXT(d->subject->name));
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
	if (d->subject->name != NULL)
		jw_member_str(&jw, "subject", d->subject->name);
	jw_key(&jw, "before");
	jw_raw(&jw, d->before, strlen(d->before));
	jw_key(&jw, "after");
	jw_raw(&jw, d->after, strlen(d->after));
	jw_member_bool(&jw, "helped", d->helped);
	jw_object_end(&jw);
	must(jw_ok(&jw));
	struct outbox_event event = {.account_id = d->subject->account_id,
								 .topic = "health",
								 .event = d->rule->action == HEAL_NOTIFY ? "healing.noticed" : "healing.done",
								 .subject = d->healing_id,
								 .data = buf_text(&buf)};
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
	bool found = d->subject->account_id != NULL, fresh;
	d->account_id = d->subject->account_id;
	if (!found &&
		!db_one(db, err, &found, take_account, d, "SELECT account_id FROM accounts ORDER BY account_id LIMIT 1"))
		return false;
	struct incident_row incident = {
		.account_id = d->account_id,
		.agent_id = d->rule->signal == HEAL_AGENT ? d->subject->name : "server",
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

/* What only tells of something is not meant to change it. */
static bool heal(struct healing *h, size_t i, const struct heal_subject *subject, struct arena *arena, struct err *err)
{
	const struct heal_rule *rule = &h->rules->items[i];
	struct healed d = {.h = h,
					   .rule = rule,
					   .subject = subject,
					   .before = subject->counters,
					   .arena = arena,
					   .now_us = env_wall_us(h->options.env)};
	bool still = false;
	id_make(h->options.ids, d.healing_id);
	if (!healing_act(h, rule, subject, err) ||
		!healing_recount(h, (enum heal_signal)rule->signal, subject, arena, &d.after, err) ||
		!holds(h, i, d.after, arena, &still, err))
		return false;
	d.helped = !still || rule->action == HEAL_NOTIFY;
	return store_write(h->options.store, apply_healed, &d, err);
}

/* --- looking --- */

static void take_acts(const struct db_rows *row, void *self)
{
	int64_t *acts = self;
	acts[0] = db_int(row, 0);
	acts[1] = db_int(row, 1);
}

static bool may(struct healing *h, const struct heal_rule *rule, const struct heal_subject *subject, bool *is,
				struct err *err)
{
	int64_t acts[2] = {0, 0}, now_us = env_wall_us(h->options.env);
	struct db *db = store_read(h->options.store);
	bool read = db_one(db, err, NULL, take_acts, acts,
					   "SELECT COUNT(*), COALESCE(MAX(at), 0) FROM healings WHERE rule = $1 AND at > $2 AND "
					   "COALESCE(account_id, '') = $3 AND COALESCE(subject, '') = $4",
					   V_TEXT(rule->name), V_INT(now_us - HEALTH_HOUR_US),
					   V_TEXT(subject->account_id == NULL ? "" : subject->account_id),
					   V_TEXT(subject->name == NULL ? "" : subject->name));
	store_read_end(h->options.store, db);
	*is = read && heal_may(rule, acts[0], acts[1], now_us);
	return read;
}

static bool look_at(struct healing *h, size_t i, const struct heal_subject *subject, struct arena *arena,
					struct err *err)
{
	bool is = false, free_to = false;
	if (!holds(h, i, subject->counters, arena, &is, err))
		return false;
	return !is ||
		   (may(h, &h->rules->items[i], subject, &free_to, err) && (!free_to || heal(h, i, subject, arena, err)));
}

/* The rules of one signal, by the counters that it tells once. */
static bool look(struct healing *h, enum heal_signal signal, struct arena *arena, struct err *err)
{
	struct heal_subjects subjects = {0, NULL};
	bool asked = false, done = true;
	for (size_t i = 0; done && i < h->rules->count; i++) {
		if (h->rules->items[i].signal != (int)signal)
			continue;
		done = asked || healing_subjects(h, signal, arena, &subjects, err);
		asked = true;
		for (size_t k = 0; done && k < subjects.count; k++)
			done = look_at(h, i, &subjects.items[k], arena, err);
	}
	return done;
}

/* What was judged is not judged again. */
static bool begin_window(struct healing *h, struct err *err)
{
	struct llm_level_figures figures[LLM_LEVELS];
	const struct llm_level_figures *l1 = &figures[LLM_L1];
	if (h->options.cache == NULL)
		return true;
	if (!llm_cache_figures(h->options.cache, "", figures, err))
		return false;
	if (l1->hits + l1->misses - h->hits - h->misses >= HEAL_WINDOW) {
		h->hits = l1->hits;
		h->misses = l1->misses;
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
	for (int signal = 0; done && signal < HEAL_SIGNALS; signal++)
		done = look(h, (enum heal_signal)signal, &arena, err);
	arena_fini(&arena);
	return done && begin_window(h, err);
}
