#include <math.h>

#include "core/field.h"
#include "core/jw.h"
#include "http/exchange.h"
#include "seal/op.h"
#include "trade/analysis.h"
#include "trade/domain/buckets.h"
#include "trade/domain/performance.h"
#include "trade/tell.h"
#include "trade/trade_routes.h"

/*
 * /api/v1/analytics: performance of closed positions [trade.md 9.5].  Every figure comes from trade.metrics; the
 * question is put together in analysis.c.
 */

static const struct field ask_fields[] = {ANALYSIS_FIELDS(analysis_ask, )};
static const struct field_table ask_table = FIELD_TABLE("analytics.query", analysis_ask, ask_fields);

/* Query, window and facts.  False: answered. */
static bool start(struct analysis *a)
{
	return exchange_decode_query(a->x, &a->ask) && analysis_start(a);
}

/* --- answers --- */

static void write_head(struct jw *jw, const struct analysis *a)
{
	double last = a->days[a->days_count - 1].equity;
	tell_money(jw, "initial_balance", a->ask.initial_balance);
	tell_money(jw, "final_equity", last);
	tell_ratio(jw, "total_return", last / a->ask.initial_balance - 1);
	jw_member_int(jw, "trades", (int64_t)a->facts_count);
	jw_member_str(jw, "kind", analysis_kind_of(a));
	jw_member_int(jw, "unknown_profits", a->unknown);
}

static void handle_equity(struct exchange *x)
{
	struct analysis a = {.x = x};
	struct telling t;
	if (!start(&a))
		return;
	tell_begin(&t);
	write_head(&t.jw, &a);
	analysis_points(&t.jw, &a, true);
	tell_end(&t, x, 200);
}

static void handle_drawdown(struct exchange *x)
{
	struct analysis a = {.x = x};
	struct op_answer answer;
	struct telling t;
	if (!start(&a) || !analysis_run(&a, false, &answer))
		return;
	double deepest = 0;
	for (size_t i = 0; i < a.days_count; i++)
		deepest = fmin(deepest, a.days[i].drawdown);
	tell_begin(&t);
	write_head(&t.jw, &a);
	tell_ratio(&t.jw, "max_drawdown", deepest);
	tell_ratio(&t.jw, "current_drawdown", a.days[a.days_count - 1].drawdown);
	analysis_points(&t.jw, &a, false);
	analysis_part(&t.jw, x, &answer, "drawdowns");
	tell_end(&t, x, 200);
}

static void answer_part(struct exchange *x, const char *name, bool rolling)
{
	struct analysis a = {.x = x};
	struct op_answer answer;
	struct telling t;
	if (!start(&a) || !analysis_run(&a, rolling, &answer))
		return;
	tell_begin(&t);
	write_head(&t.jw, &a);
	analysis_part(&t.jw, x, &answer, name);
	tell_end(&t, x, 200);
}

static void handle_metrics(struct exchange *x)
{
	struct analysis a = {.x = x};
	struct op_answer answer;
	if (start(&a) && analysis_run(&a, false, &answer))
		exchange_answer(x, 200, MEDIA_JSON, answer.envelope, answer.envelope_size);
}

static void handle_rolling(struct exchange *x)
{
	answer_part(x, "rolling", true);
}

static void handle_buckets(struct exchange *x)
{
	answer_part(x, "buckets", false);
}

static const struct field head_rows[] = {
	T_NUM(initial_balance),
	T_NUM(final_equity),
	T_NUM(total_return),
	T_INT(trades),
	T_STR(kind, DOC("live, paper or all: what the positions are")),
	T_INT(unknown_profits, DOC("Positions that the broker closed without telling a profit: they are left out")),
};
static const struct field_table head_table = TOLD_TABLE("analytics.head", head_rows);
static const struct field equity_rows[] = {T_ALL(&head_table), T_OBJECTS(points, &analysis_point_table)};
static const struct field_table equity_table = TOLD_TABLE("analytics.equity", equity_rows);
static const struct field drawdown_rows[] = {
	T_ALL(&head_table),
	T_NUM(max_drawdown),
	T_NUM(current_drawdown),
	T_OBJECTS(points, &analysis_fall_table),
	T_OBJECTS(drawdowns, &performance_episode_table, TOLD_APART),
};
static const struct field_table drawdown_table = TOLD_TABLE("analytics.drawdown", drawdown_rows);
static const struct field rolling_rows[] = {
	T_ALL(&head_table),
	T_OBJECT(rolling, &performance_rolling_table, NULLABLE),
};
static const struct field_table rolling_table = TOLD_TABLE("analytics.rolling", rolling_rows);
static const struct field parts_rows[] = {T_ALL(&head_table), T_OBJECT(buckets, &buckets_table, NULLABLE)};
static const struct field_table parts_table = TOLD_TABLE("analytics.buckets", parts_rows);

#define ANALYSIS(name, handler_, result_, summary_) \
	ROUTE(GET, "/api/v1/analytics/" name, "trade.read", EFFECT_COMPUTE, handler_, .operation = "analytics." name, \
		  .summary = summary_, .query = &ask_table, .result = &(result_))

const struct route analytics_routes[] = {
	ANALYSIS("equity", handle_equity, equity_table,
			 "Equity and drawdown of closed positions, a point per calendar day"),
	ANALYSIS("drawdown", handle_drawdown, drawdown_table, "Falls from the peak inside the window, the deepest first"),
	ANALYSIS("metrics", handle_metrics, performance_table, "Every figure of trade.metrics for the closed positions"),
	ANALYSIS("rolling", handle_rolling, rolling_table, "The same over 30 days at a time"),
	ANALYSIS("buckets", handle_buckets, parts_table, "Profits by hour, weekday, month and calendar month, UTC"),
};
const size_t analytics_routes_count = sizeof analytics_routes / sizeof *analytics_routes;
