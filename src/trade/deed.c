#include "trade/deed.h"

#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/json.h"
#include "core/jw.h"
#include "http/exchange.h"
#include "http/rate.h"
#include "people/principal.h"
#include "trade/trade_internal.h"

void *deed_start(struct exchange *x, size_t size)
{
	struct deed *deed = write_start(x, size);
	struct trade_api *api = x->owner;
	if (deed == NULL)
		return NULL;
	deed->x = x;
	deed->api = api;
	deed->now_us = env_wall_us(api->options.env);
	return deed;
}

bool deed_tells(const struct deed *deed, const char *member)
{
	const struct buf *body = &deed->x->body;
	const struct json *json;
	if (!json_parse(&deed->x->arena, buf_text(body), body->size, &json_body_limits, &json, NULL))
		return false;
	json = json_get(json, member);
	return json != NULL && json->kind != JS_NULL;
}

void deed_fail(struct deed *deed, const struct err *err)
{
	struct exchange *x = deed->x;
	if (deed->signal_id != NULL)
		exchange_member(x, "signal_id", arena_printf(&x->arena, "\"%s\"", deed->signal_id));
	if (deed->failed != NULL && err->kind == ERR_RISK_REFUSED)
		exchange_member(x, "failed", deed->failed);
	if (err->kind == ERR_INVALID && deed->faults != NULL)
		exchange_fail_faults(x, err->kind, deed->faults);
	else
		exchange_fail(x, err);
}

static bool run_apply(struct write *w, struct db *db, struct err *err)
{
	struct deed *deed = (struct deed *)w;
	return deed->apply(deed, db, err);
}

static void fail(struct write *w, const struct err *err)
{
	deed_fail((struct deed *)w, err);
}

static void run_answer(struct write *w)
{
	struct deed *deed = (struct deed *)w;
	deed->answer(deed);
}

static void set_up(struct deed *deed, bool (*apply)(struct deed *deed, struct db *db, struct err *err),
				   void (*answer)(struct deed *deed))
{
	struct write *w = &deed->write;
	deed->apply = apply;
	deed->answer = answer;
	w->store = deed->api->options.store;
	w->apply = run_apply;
	w->answer = answer != NULL ? run_answer : NULL;
	w->fail = fail;
}

void deed_write(struct deed *deed, bool (*apply)(struct deed *deed, struct db *db, struct err *err),
				void (*answer)(struct deed *deed))
{
	set_up(deed, apply, answer);
	write_submit(&deed->write);
}

void deed_write_ahead(struct deed *deed, bool (*apply)(struct deed *deed, struct db *db, struct err *err),
					  void (*answer)(struct deed *deed))
{
	set_up(deed, apply, answer);
	write_ahead(&deed->write);
	write_submit(&deed->write);
}

bool deed_audit(struct deed *deed, struct db *db, enum audit_action action, const char *target_id,
				const struct audit_pair *meta, size_t meta_count, struct err *err)
{
	struct audit_event event = principal_event(deed->x, action, AUDIT_SUCCESS);
	event.target_id = target_id;
	event.meta = meta;
	event.meta_count = meta_count;
	return audit_append(deed->api->options.audit, db, &event, err);
}

bool deed_rate(struct deed *deed, const char *class_name, const char *key)
{
	const struct env *env = deed->api->options.env;
	struct rates *rates = deed->api->serving.rates;
	const struct rate_class *class = rates != NULL ? rates_class(rates, class_name) : NULL;
	struct rate_state state;
	struct err err;
	if (class == NULL)
		return true;
	bool taken = rates_take(rates, class, key, env_mono_us(env), &state);
	rate_headers(deed->x, class, &state, deed->now_us);
	if (taken)
		return true;
	err_set(&err, ERR_RATE_LIMITED, "Too many requests of class %s; try again after %lld s.", class_name,
			(long long)state.retry_s);
	deed_fail(deed, &err);
	return false;
}
