#include "trade/analysis.h"

#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"
#include "core/field.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/num.h"
#include "core/stamp.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/reply.h"
#include "seal/op.h"
#include "store/store.h"
#include "trade/domain/metrics_op.h"
#include "trade/exact.h"
#include "trade/tell.h"
#include "trade/trade_internal.h"

enum { TRADES_MAX = 20000, DAYS_MAX = 20000, ROLLING_DAYS = 30, MONEY_DECIMALS = 2 };

const char *const analysis_window_names[] = {"30", "90", "365", "all", NULL};
const char *const analysis_kind_names[] = {"live", "paper", "all", "auto", NULL};
static const int64_t window_days[] = {30, 90, 365, 0};

/* --- facts --- */

static void take_kinds(const struct db_rows *row, void *self)
{
	struct analysis *a = self;
	int64_t all = db_int(row, 0), paper = db_int(row, 1);
	a->ask.kind = paper == 0 ? KIND_LIVE : paper == all ? KIND_PAPER : a->ask.account != NULL ? KIND_ALL : KIND_LIVE;
}

/* What was not said: of the one account that was asked for, or of the desk's. */
static bool choose_kind(struct analysis *a, struct db *db, struct err *err)
{
	bool found;
	return a->ask.kind != KIND_AUTO ||
		   db_one(db, err, &found, take_kinds, a,
				  "SELECT COUNT(*), COALESCE(SUM(CASE WHEN kind = 'paper' THEN 1 ELSE 0 END), 0) FROM trading_accounts "
				  "WHERE account_id = $1 AND (CAST($2 AS TEXT) IS NULL OR trading_account_id = $2)",
				  V_TEXT(a->account_id), V_TEXT(a->ask.account));
}

const char *analysis_kind_of(const struct analysis *a)
{
	return analysis_kind_names[a->ask.kind];
}

static bool read_facts(struct db *db, void *self, struct err *err)
{
	struct analysis *a = self;
	struct arena *arena = &a->x->arena;
	struct db_rows rows;
	a->facts = arena_array(arena, TRADES_MAX, sizeof *a->facts);
	if (a->facts == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!choose_kind(a, db, err) ||
		!db_query(
			db, &rows, err,
			"SELECT p.instrument, p.side, p.profit, p.entry_price, p.close_price, p.stop_loss, p.lots, p.opened_at, "
			"p.closed_at, p.position_id, p.trading_account_id, p.broker_ticket, p.close_reason, t.kind "
			"FROM positions p JOIN trading_accounts t ON t.trading_account_id = p.trading_account_id "
			"WHERE p.account_id = $1 AND p.status = 'closed' AND p.closed_at < $2 "
			"AND (CAST($3 AS TEXT) IS NULL OR p.trading_account_id = $3) AND ($4 = 'all' OR t.kind = $4) "
			"ORDER BY p.closed_at, p.position_id LIMIT 20000",
			V_TEXT(a->account_id), V_INT(a->to_us), V_TEXT(a->ask.account), V_TEXT(analysis_kind_of(a))))
		return false;
	a->base = a->ask.initial_balance;
	while (db_next(&rows)) {
		double profit = db_money(&rows, 2);
		if (isnan(profit)) { /* closed by the broker without a deal: nothing is known to add */
			a->unknown++;
			continue;
		}
		if (db_int(&rows, 8) < a->from_us) {
			a->base += profit;
			continue;
		}
		a->facts[a->facts_count++] = (struct fact){
			.instrument = db_text_dup(&rows, 0, arena),
			.side = db_text_dup(&rows, 1, arena),
			.profit = profit,
			.entry = db_exact(&rows, 3),
			.exit = db_exact(&rows, 4),
			.stop = db_exact(&rows, 5),
			.lots = db_exact(&rows, 6),
			.opened_us = db_int(&rows, 7),
			.closed_us = db_int(&rows, 8),
			.position_id = db_text_dup(&rows, 9, arena),
			.trading_account_id = db_text_dup(&rows, 10, arena),
			.ticket = db_text_dup(&rows, 11, arena),
			.close_reason = db_text_dup(&rows, 12, arena),
			.paper = strcmp(db_text(&rows, 13), "paper") == 0,
		};
	}
	return db_end(&rows, err);
}

/* One point per calendar day (UTC), forward-filled; the fall is from the peak inside the window. */
static bool fill_days(struct analysis *a)
{
	int64_t first = stamp_day_of(a->from_us > 0 ? a->from_us : a->facts[0].closed_us);
	int64_t last = stamp_day_of(a->to_us - 1);
	double equity = a->base, peak = a->base;
	size_t at = 0;
	if (last - first >= DAYS_MAX)
		first = last - DAYS_MAX + 1;
	a->days = arena_array(&a->x->arena, (size_t)(last - first + 1), sizeof *a->days);
	for (int64_t day = first; a->days != NULL && day <= last; day++) {
		for (; at < a->facts_count && stamp_day_of(a->facts[at].closed_us) <= day; at++)
			equity += a->facts[at].profit;
		peak = fmax(peak, equity);
		a->days[a->days_count++] =
			(struct day){day * STAMP_US_PER_DAY, num_round(equity, MONEY_DECIMALS), fmin(0, equity / peak - 1)};
	}
	return a->days != NULL;
}

/* --- the question --- */

static void write_trade(struct jw *jw, const struct fact *f)
{
	jw_object(jw);
	jw_member_num(jw, "profit", f->profit);
	tell_time(jw, "entry_time", f->opened_us < f->closed_us ? f->opened_us : f->closed_us);
	tell_time(jw, "exit_time", f->closed_us);
	jw_member_str(jw, "instrument", f->instrument);
	jw_member_str(jw, "side", f->side);
	tell_exact(jw, "entry_price", f->entry);
	tell_exact(jw, "exit_price", f->exit);
	tell_exact(jw, "stop_loss", f->stop);
	tell_exact(jw, "volume", f->lots);
	jw_object_end(jw);
}

static void write_equity(struct jw *jw, const struct analysis *a)
{
	char date[STAMP_DATE_TEXT];
	jw_key(jw, "equity");
	jw_array(jw);
	jw_num(jw, a->base);
	for (size_t i = 0; i < a->days_count; i++)
		jw_num(jw, a->days[i].equity);
	jw_array_end(jw);
	jw_key(jw, "times");
	jw_array(jw);
	for (size_t i = 0; i <= a->days_count; i++) {
		stamp_format_date(date, i == 0 ? a->days[0].us - STAMP_US_PER_DAY : a->days[i - 1].us);
		jw_str(jw, date);
	}
	jw_array_end(jw);
}

/* An equity that reached zero has no returns; what is left are the trades. */
static bool has_returns(const struct analysis *a)
{
	bool above = a->days_count > 0 && a->base > 0;
	for (size_t i = 0; above && i < a->days_count; i++)
		above = a->days[i].equity > 0;
	return above;
}

/* As trade.metrics takes it; calendar days are its periods.  NULL: no memory. */
static const struct json *question(const struct analysis *a, bool rolling)
{
	struct arena *arena = &a->x->arena;
	const struct json *json = NULL;
	struct buf buf;
	struct jw jw;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	jw_object(&jw);
	jw_member_num(&jw, "periods_per_year", 365);
	jw_member_num(&jw, "start_balance", a->base);
	bool returns = has_returns(a);
	if (returns)
		write_equity(&jw, a);
	if (returns && rolling && a->days_count >= ROLLING_DAYS)
		jw_member_int(&jw, "rolling_window", ROLLING_DAYS);
	tell_json(&jw, "buckets", "[\"hour\",\"weekday\",\"month\",\"calendar_month\"]");
	jw_key(&jw, "trades");
	jw_array(&jw);
	for (size_t i = 0; i < a->facts_count; i++)
		write_trade(&jw, &a->facts[i]);
	jw_array_end(&jw);
	jw_object_end(&jw);
	const char *text = arena_dupn(arena, buf_text(&buf), buf.size);
	const struct json_limits limits = {.depth = 8, .values = 1000000};
	if (jw_ok(&jw) && text != NULL && !json_parse(arena, text, buf.size, &limits, &json, NULL))
		json = NULL;
	buf_fini(&buf);
	return json;
}

/* Ask trade.metrics.  False: answered. */
bool analysis_run(struct analysis *a, bool rolling, struct op_answer *answer)
{
	const struct trade_api *api = a->x->owner;
	struct exchange *x = a->x;
	char now[STAMP_TEXT];
	const struct op_context context = {.packs = api->options.packs, .envelope = reply_context(x, now)};
	const struct json *body = question(a, rolling);
	struct faults faults = {.count = 0};
	struct err err = {.kind = ERR_INTERNAL};
	if (body != NULL && op_run(&trade_metrics_op, &context, body, &x->arena, answer, &faults, &err)) {
		if (!answer->abstained)
			return true;
		exchange_answer(x, 200, MEDIA_JSON, answer->envelope, answer->envelope_size);
		return false;
	}
	if (faults.count > 0)
		exchange_fail_faults(x, ERR_INVALID, &faults);
	else
		exchange_fail(x, &err);
	return false;
}

/* --- start --- */

static void read_time(struct analysis *a, const char *pointer, const char *text, int64_t *us)
{
	const struct stamp_fault *fault;
	if (text != NULL && !stamp_parse(text, strlen(text), us, &fault))
		faults_add(&a->faults, pointer, fault->code, "%s", fault->message);
}

bool analysis_read(struct analysis *a)
{
	const struct trade_api *api = a->x->owner;
	faults_init(&a->faults, &a->x->arena);
	if (a->account_id == NULL)
		a->account_id = principal_of(a->x)->account_id;
	a->to_us = env_wall_us(api->options.env) + 1 - a->delay_us;
	read_time(a, "/to", a->ask.to, &a->to_us);
	if (window_days[a->ask.window] > 0)
		a->from_us = (stamp_day_of(a->to_us) - window_days[a->ask.window] + 1) * STAMP_US_PER_DAY;
	read_time(a, "/from", a->ask.from, &a->from_us);
	if (a->faults.count == 0 && a->from_us >= a->to_us)
		faults_add(&a->faults, "/from", "range", "must be before to");
	if (a->faults.count > 0) {
		exchange_fail_faults(a->x, ERR_INVALID, &a->faults);
		return false;
	}
	if (!tell_read(a->x, read_facts, a))
		return false;
	if (a->facts_count == 0 || fill_days(a))
		return true;
	exchange_failf(a->x, ERR_LIMIT, "no memory");
	return false;
}

bool analysis_start(struct analysis *a)
{
	struct op_answer nothing;
	if (!analysis_read(a))
		return false;
	if (a->facts_count > 0)
		return true;
	analysis_run(a, false, &nothing); /* abstains */
	return false;
}

/* --- members of answers --- */

static const struct field point_rows[] = {T_STR(date, FORMAT("date")), T_NUM(equity), T_NUM(drawdown)};
const struct field_table analysis_point_table = TOLD_TABLE("analytics.point", point_rows);
static const struct field fall_rows[] = {T_STR(date, FORMAT("date")), T_NUM(drawdown)};
const struct field_table analysis_fall_table = TOLD_TABLE("analytics.fall", fall_rows);

void analysis_points(struct jw *jw, const struct analysis *a, bool equity)
{
	char date[STAMP_DATE_TEXT];
	jw_key(jw, "points");
	jw_array(jw);
	for (size_t i = 0; i < a->days_count; i++) {
		stamp_format_date(date, a->days[i].us);
		jw_object(jw);
		jw_member_str(jw, "date", date);
		if (equity)
			tell_money(jw, "equity", a->days[i].equity);
		tell_ratio(jw, "drawdown", a->days[i].drawdown);
		jw_object_end(jw);
	}
	jw_array_end(jw);
}

void analysis_part(struct jw *jw, struct exchange *x, const struct op_answer *answer, const char *name)
{
	const struct json *result = NULL;
	const struct json_limits limits = {.depth = 16, .values = 1000000};
	json_parse(&x->arena, answer->result, strlen(answer->result), &limits, &result, NULL);
	jw_key(jw, name);
	jw_json(jw, json_get(result, name));
}
