#include "trade/domain/risk_op.h"

#include "core/arena.h"
#include "core/field.h"
#include "seal/calc.h"
#include "seal/op.h"
#include "trade/domain/instruments.h"
#include "trade/domain/market_hours.h"
#include "trade/domain/moment.h"
#include "trade/domain/risk.h"

enum { ROWS_MAX = 10000, WINDOWS_MAX = 1000 };

#define PRICE(s, m, ...) F_NUM(s, m, ABOVE(0, 1e9), __VA_ARGS__)
#define RATE(s) F_NUM(s, rate, ABOVE(0, 1e9), DEFAULT(1), DOC("One unit of its currency in the account's"))

static const struct field order_fields[] = {
	F_STR(risk_order, instrument, REQUIRED, LENGTH(1, 40), DOC("Name or alias in pack instruments")),
	F_ENUM(risk_order, side, trade_side_names, REQUIRED, DOC("Direction")),
	PRICE(risk_order, price, DOC("Where it is expected to fill")),
	F_NUM(risk_order, volume, ABOVE(0, 1e6), UNIT("lots"), DOC("Size")),
	PRICE(risk_order, stop_loss, DOC("Stop")),
	PRICE(risk_order, take_profit, DOC("Target")),
	RATE(risk_order),
	F_BOOL(risk_order, reduce_only, DOC("It can only make positions smaller")),
};
static const struct field_table order_table = FIELD_TABLE("trade.risk_check.order", risk_order, order_fields);

#define MONEY(m, text) F_NUM(risk_account, m, RANGE(-1e15, 1e15), DOC(text))

static const struct field account_fields[] = {
	MONEY(balance, "Balance"),
	MONEY(equity, "Equity"),
	MONEY(free_margin, "Free margin"),
	MONEY(peak_equity, "Highest equity so far"),
	MONEY(day_start_equity, "First equity seen since 00:00 UTC"),
	MONEY(daily_profit, "Realised and floating profit since 00:00 UTC"),
	F_NUM(risk_account, leverage, ABOVE(0, 1e5), DOC("100 is 1:100")),
	F_NUM(risk_account, age_seconds, RANGE(0, 1e12), UNIT("s"), DOC("Age of these figures")),
};
static const struct field_table account_table = FIELD_TABLE("trade.risk_check.account", risk_account, account_fields);

static const struct field position_fields[] = {
	F_STR(risk_position, instrument, REQUIRED, LENGTH(1, 40)),
	F_ENUM(risk_position, side, trade_side_names, REQUIRED),
	F_NUM(risk_position, volume, REQUIRED, ABOVE(0, 1e6), UNIT("lots")),
	PRICE(risk_position, price, REQUIRED),
	RATE(risk_position),
};
static const struct field_table position_table =
	FIELD_TABLE("trade.risk_check.position", risk_position, position_fields);

static const struct field recent_fields[] = {
	F_STR(risk_recent, instrument, REQUIRED, LENGTH(1, 40)),
	F_ENUM(risk_recent, side, trade_side_names, REQUIRED),
	F_NUM(risk_recent, volume, ABOVE(0, 1e6), UNIT("lots")),
	PRICE(risk_recent, price),
	F_NUM(risk_recent, age_seconds, REQUIRED, RANGE(0, 1e12), UNIT("s")),
};
static const struct field_table recent_table = FIELD_TABLE("trade.risk_check.recent", risk_recent, recent_fields);

static const struct field quote_fields[] = {
	F_NUM(risk_quote, bid, RANGE(-1e9, 1e9)),
	F_NUM(risk_quote, ask, RANGE(-1e9, 1e9)),
	F_NUM(risk_quote, age_seconds, RANGE(0, 1e12), UNIT("s")),
};
static const struct field_table quote_table = FIELD_TABLE("trade.risk_check.quote", risk_quote, quote_fields);

struct request {
	struct risk_request risk;
	const char *now;
	struct {
		size_t count;
		struct news_window *items;
	} blocklist;
};

static const struct field window_fields[] = {
	F_STR(news_window, from, REQUIRED, FORMAT("date-time")),
	F_STR(news_window, to, REQUIRED, FORMAT("date-time")),
	F_STRS(news_window, instruments, COUNT(0, 100)),
	F_STRS(news_window, currencies, COUNT(0, 100)),
	F_STR(news_window, title, LENGTH(0, 200)),
};
static const struct field_table window_table = FIELD_TABLE("trade.risk_check.window", news_window, window_fields);

static const struct field request_fields[] = {
	F_OBJECT(request, risk.order, &order_table, REQUIRED, NAMED("order"), DOC("The order")),
	F_OBJECT_PTR(request, risk.account, &account_table, NAMED("account"), DOC("Figures of the trading account")),
	F_OBJECTS(request, risk.positions, &position_table, NAMED("positions"), TOLD_APART, COUNT(0, ROWS_MAX),
			  DOC("Open positions")),
	F_OBJECTS(request, risk.recent_orders, &recent_table, NAMED("recent_orders"), TOLD_APART, COUNT(0, ROWS_MAX),
			  DOC("Orders of the account that were let through, this one not")),
	F_OBJECT_PTR(request, risk.quote, &quote_table, NAMED("quote"), DOC("Quote of the instrument")),
	F_OBJECT(request, risk.profile, &risk_profile_table, NAMED("profile"), DOC("Limits; those left out have defaults")),
	F_NUM(request, risk.min_equity, NAMED("min_equity"), RANGE(0, 1e15), DEFAULT(100),
		  DOC("Equity that must be there")),
	F_ENUM(request, risk.state, trading_state_names, NAMED("state"), DOC("Trading state; left out: unknown")),
	F_STR(request, now, FORMAT("date-time"), DOC("The moment, for market hours; left out: unknown")),
	F_OBJECTS(request, blocklist, &window_table, TOLD_APART, COUNT(0, WINDOWS_MAX), DOC("News windows; left out: off")),
};
static const struct field_table request_table = FIELD_TABLE("trade.risk_check.request", request, request_fields);

static const char *const decision_names[] = {"accept", "refuse", NULL};

static const struct field finding_fields[] = {
	F_STR(risk_finding, name, DOC("Rule")),
	F_ENUM(risk_finding, status, risk_status_names, DOC("fail and unknown refuse")),
	F_JSON(risk_finding, observed, NULLABLE, DOC("What was found")),
	F_JSON(risk_finding, limit, NULLABLE, DOC("What is allowed")),
	F_STR(risk_finding, message, DOC("What the rule asks")),
};
static const struct field_table finding_table = FIELD_TABLE("trade.risk_check.check", risk_finding, finding_fields);

static const struct field report_fields[] = {
	F_ENUM(risk_report, decision, decision_names, DOC("refuse when any check failed or is unknown")),
	F_STRS(risk_report, failed, DOC("Names of those")),
	F_OBJECTS(risk_report, checks, &finding_table, DOC("All rules, in their order")),
	F_NUM(risk_report, notional, NULLABLE, DECIMALS(2), DOC("Value of the order in the account's currency")),
	F_NUM(risk_report, loss_at_stop, NULLABLE, DECIMALS(2), DOC("Null without a stop")),
	F_NUM(risk_report, margin_required, NULLABLE, DECIMALS(2), DOC("notional / leverage")),
};
const struct field_table risk_kept_table = {
	.name = "trade.risk", .size = sizeof(struct risk_report), .fields = report_fields, .count = 3};
const struct field_table risk_report_table = FIELD_TABLE("trade.risk_check.result", risk_report, report_fields);

struct risk_report risk_report_of(struct arena *arena, struct risk_decision *decision)
{
	struct risk_report report = {.decision = !decision->accept,
								 .notional = decision->notional,
								 .loss_at_stop = decision->loss_at_stop,
								 .margin_required = decision->margin_required};
	report.checks.count = RISK_CHECKS;
	report.checks.items = decision->checks;
	report.failed.items = arena_array(arena, RISK_CHECKS, sizeof *report.failed.items);
	for (size_t i = 0; report.failed.items != NULL && i < RISK_CHECKS; i++)
		if (decision->checks[i].status == RISK_FAIL || decision->checks[i].status == RISK_UNKNOWN)
			report.failed.items[report.failed.count++] = decision->checks[i].name;
	return report;
}

static void read_windows(struct calc *calc, struct request *r)
{
	for (size_t i = 0; i < r->blocklist.count; i++) {
		struct news_window *w = &r->blocklist.items[i];
		const char *here = field_pointer_index(calc->arena, "/blocklist", i);
		moment_read(calc, w->from, field_pointer(calc->arena, here, "from"), &w->from_us);
		moment_read(calc, w->to, field_pointer(calc->arena, here, "to"), &w->to_us);
	}
}

/* Beside faults of decoding, all others too. */
static void check(struct calc *calc, const void *input)
{
	struct request r = *(const struct request *)input;
	int64_t now_us;
	if (calc->faults.count == 0)
		return;
	read_windows(calc, &r);
	moment_read(calc, r.now, "/now", &now_us);
}

static bool look_at_hours(struct calc *calc, const struct instrument *instrument, struct request *r)
{
	int64_t now_us;
	struct market_hours hours;
	r->risk.market = RISK_UNKNOWN;
	r->risk.news = r->blocklist.items == NULL ? RISK_OFF : RISK_UNKNOWN;
	const struct sessions *sessions = calc_pack(calc, "sessions");
	if (sessions == NULL)
		return false;
	if (r->now == NULL || instrument == NULL || !moment_read(calc, r->now, "/now", &now_us))
		return true;
	const struct session *session = session_find(sessions, instrument->session);
	if (session == NULL || !session_placed(session, &calc->err) || !market_hours(calc->arena, session, now_us, &hours))
		return false;
	r->risk.market = hours.open ? RISK_PASS : RISK_FAIL;
	if (r->blocklist.items != NULL)
		r->risk.news = news_window_find(r->blocklist.items, r->blocklist.count, instrument, now_us) != NULL ? RISK_FAIL
																											: RISK_PASS;
	return true;
}

static bool run(struct calc *calc, const void *input, void *output)
{
	struct request r = *(const struct request *)input;
	const struct instruments *instruments = calc_pack(calc, "instruments");
	struct risk_decision *decision = arena_new(calc->arena, struct risk_decision);
	if (instruments == NULL || decision == NULL)
		return false;
	read_windows(calc, &r);
	if (!look_at_hours(calc, instrument_find(instruments, r.risk.order.instrument), &r) || calc->faults.count > 0)
		return false;
	if (!risk_check(calc->arena, instruments, &r.risk, decision))
		return false;
	*(struct risk_report *)output = risk_report_of(calc->arena, decision);
	return true;
}

const struct op trade_risk_check_op = {
	.name = "trade.risk_check",
	.path = "/api/v1/trade/risk_check",
	.summary = "Judge an order by every risk rule",
	.doc =
		"All rules are evaluated, always; fail and unknown refuse.  What is left out is unknown.  At a limit passes, "
		"over it fails.  An order that only reduces is tested on trading_state, instrument_allowed and order_size.",
	.input = &request_table,
	.output = &risk_report_table,
	.check = check,
	.run = run,
	.example =
		"{\"order\":{\"instrument\":\"XAUUSD\",\"side\":\"buy\",\"price\":1950,\"volume\":0.1,\"stop_loss\":1940},"
		"\"account\":{\"balance\":10000,\"equity\":10000,\"free_margin\":10000,\"peak_equity\":10000,"
		"\"day_start_equity\":10000,\"daily_profit\":0,\"leverage\":100,\"age_seconds\":1},\"positions\":[],"
		"\"recent_orders\":[],\"quote\":{\"bid\":1949.8,\"ask\":1950.2,\"age_seconds\":1},\"profile\":{},"
		"\"state\":\"ACTIVE\",\"now\":\"2025-01-08T15:00:00Z\"}",
};
