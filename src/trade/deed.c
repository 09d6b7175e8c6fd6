#include "trade/deed.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/jw.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "trade/trade_internal.h"

void *deed_start(struct exchange *x, size_t size)
{
	struct deed *deed = arena_alloc(&x->arena, size);
	if (deed == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return NULL;
	}
	struct trade_api *api = x->owner;
	deed->x = x;
	deed->api = api;
	deed->now_us = env_wall_us(api->options.env);
	return deed;
}

void deed_fail(struct deed *deed, const struct err *err)
{
	if (deed->signal_id != NULL)
		exchange_member(deed->x, "signal_id", arena_printf(&deed->x->arena, "\"%s\"", deed->signal_id));
	if (err->kind == ERR_INVALID && deed->faults != NULL)
		exchange_fail_faults(deed->x, err->kind, deed->faults);
	else
		exchange_fail(deed->x, err);
}

static bool run_apply(struct db *db, void *self, struct err *err)
{
	struct deed *deed = self;
	return deed->apply(deed, db, err);
}

static void end(void *self, bool applied, const struct err *err)
{
	struct deed *deed = self;
	if (!applied)
		deed_fail(deed, err);
	else if (deed->refused.kind != ERR_NONE)
		deed_fail(deed, &deed->refused);
	else if (deed->answer != NULL)
		deed->answer(deed);
	else
		exchange_answer(deed->x, 204, NULL, NULL, 0);
}

void deed_write(struct deed *deed, bool (*apply)(struct deed *deed, struct db *db, struct err *err),
				void (*answer)(struct deed *deed))
{
	struct err err;
	deed->apply = apply;
	deed->answer = answer;
	deed->op = (struct store_op){.apply = run_apply, .done = end, .self = deed};
	exchange_hold(deed->x);
	if (!store_submit(deed->api->options.store, &deed->op, &err))
		deed_fail(deed, &err);
}

bool deed_refuse(struct deed *deed, enum err_kind kind, const char *format, ...)
{
	char message[ERR_MESSAGE_MAX];
	va_list args;
	va_start(args, format);
	vsnprintf(message, sizeof message, format, args);
	va_end(args);
	err_set(&deed->refused, kind, "%s", message);
	return true;
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
