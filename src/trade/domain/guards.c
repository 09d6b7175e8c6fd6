#include "trade/domain/guards.h"

#include <math.h>

#include "core/arena.h"
#include "core/field.h"
#include "seal/calc.h"
#include "seal/op.h"

enum { QUOTES_MAX = 1000 };

/* Percent, inclusive where the table of trade.md 6 has >=, else exclusive. */
#define GAP_WARN_PCT 5.0
#define GAP_CLOSE_PCT 10.0
#define SPREAD_WARN_PCT .5
#define SPREAD_BLOCK_PCT 1.0
#define MIN_EQUITY_WARN 1.1
#define QUOTE_AGE_MAX_S 60.0

const char *const guard_reason_names[GUARD_REASONS] = {"drawdown", "min_equity", "market_gap", "spread", "stale_price"};

/* Limits are round decimals, figures are quotients: an error of the last bits must not decide. */
static double settled(double x)
{
	return round(x * 1e9) / 1e9;
}

static void raise_level(enum guard_level *level, enum guard_level to)
{
	if (to > *level)
		*level = to;
}

void guard_check_account(const struct guard_account *a, struct guard_account_finding *f)
{
	double peak = fmax(a->peak_equity, a->equity);
	*f = (struct guard_account_finding){.peak_equity = peak, .drawdown_pct = NAN};
	if (!(a->equity > 0) || !(a->peak_equity > 0)) { /* nothing left to protect, or nothing known */
		f->level = GUARD_CRITICAL;
		f->close_all = true;
		f->reasons = GUARD_DRAWDOWN | GUARD_MIN_EQUITY;
		return;
	}
	f->drawdown_pct = settled((peak - a->equity) / peak * 100);
	enum guard_level drawdown = f->drawdown_pct >= a->close_pct  ? GUARD_CRITICAL
								: f->drawdown_pct >= a->warn_pct ? GUARD_WARNING
																 : GUARD_NORMAL;
	enum guard_level equity = a->equity < a->min_equity                              ? GUARD_CRITICAL
							  : a->equity < settled(MIN_EQUITY_WARN * a->min_equity) ? GUARD_WARNING
																					 : GUARD_NORMAL;
	f->reasons = (drawdown > GUARD_NORMAL ? GUARD_DRAWDOWN : 0U) | (equity > GUARD_NORMAL ? GUARD_MIN_EQUITY : 0U);
	f->level = drawdown > equity ? drawdown : equity;
	f->close_all = f->level == GUARD_CRITICAL;
}

void guard_check_quote(const struct guard_quote *q, struct guard_quote_finding *f)
{
	*f = (struct guard_quote_finding){.gap_pct = NAN, .spread_pct = NAN};
	if (given(q->open) && q->prev_close > 0)
		f->gap_pct = settled(fabs(q->open - q->prev_close) / q->prev_close * 100);
	bool sane = q->bid > 0 && q->ask > 0 && q->ask >= q->bid;
	if (sane)
		f->spread_pct = settled((q->ask - q->bid) / q->bid * 100);
	if (!sane || q->age_seconds > QUOTE_AGE_MAX_S) {
		f->reasons |= GUARD_QUOTE;
		f->action = GUARD_BLOCK;
		raise_level(&f->level, GUARD_CRITICAL);
	}
	if (f->spread_pct > SPREAD_WARN_PCT) {
		bool block = f->spread_pct >= SPREAD_BLOCK_PCT;
		f->reasons |= GUARD_SPREAD;
		f->action = block ? GUARD_BLOCK : f->action;
		raise_level(&f->level, block ? GUARD_CRITICAL : GUARD_WARNING);
	}
	if (f->gap_pct >= GAP_WARN_PCT) {
		bool close = f->gap_pct >= GAP_CLOSE_PCT;
		f->reasons |= GUARD_GAP;
		f->action = close ? GUARD_CLOSE : f->action;
		raise_level(&f->level, close ? GUARD_CRITICAL : GUARD_WARNING);
	}
}

/* --- the operation --- */

struct quote_request {
	const char *symbol;
	double bid, ask, age_seconds, open, prev_close;
};

struct request {
	double equity, peak_equity, min_equity, warn_pct, close_pct;
	struct {
		size_t count;
		struct quote_request *items;
	} quotes;
};

static const struct field quote_fields[] = {
	F_STR(quote_request, symbol, REQUIRED, LENGTH(1, 40), DOC("Symbol")),
	F_NUM(quote_request, bid, REQUIRED, RANGE(-1e9, 1e9), DOC("Bid")),
	F_NUM(quote_request, ask, REQUIRED, RANGE(-1e9, 1e9), DOC("Ask")),
	F_NUM(quote_request, age_seconds, RANGE(0, 1e12), UNIT("s"), DOC("Age of the quote")),
	F_NUM(quote_request, open, ABOVE(0, 1e9), DOC("Open of the day")),
	F_NUM(quote_request, prev_close, ABOVE(0, 1e9), DOC("Close of the day before")),
};
static const struct field_table quote_table = FIELD_TABLE("trade.guards.quote", quote_request, quote_fields);

static const struct field request_fields[] = {
	F_NUM(request, equity, REQUIRED, ABOVE(0, 1e15), DOC("Equity now")),
	F_NUM(request, peak_equity, REQUIRED, ABOVE(0, 1e15), DOC("Highest equity so far")),
	F_NUM(request, min_equity, RANGE(0, 1e15), DEFAULT(100), DOC("Below it everything is closed")),
	F_NUM(request, warn_pct, ABOVE(0, 100), DEFAULT(15), UNIT("%"), DOC("Drawdown that warns")),
	F_NUM(request, close_pct, ABOVE(0, 100), DEFAULT(20), UNIT("%"), DOC("Drawdown that closes everything")),
	F_OBJECTS(request, quotes, &quote_table, COUNT(0, QUOTES_MAX), DOC("Quotes to judge")),
};
static const struct field_table request_table = FIELD_TABLE("trade.guards.request", request, request_fields);

static const char *const level_names[] = {"normal", "warning", "critical", NULL};
static const char *const action_names[] = {"none", "block", "close", NULL};

struct texts {
	size_t count;
	const char **items;
};

struct symbol {
	const char *symbol;
	double gap_pct, spread_pct;
	int level, action;
	struct texts reasons;
};

struct result {
	double drawdown_pct, peak_equity;
	int level;
	bool should_close_all;
	struct texts reasons;
	struct {
		size_t count;
		struct symbol *items;
	} symbols;
};

static const struct field symbol_fields[] = {
	F_STR(symbol, symbol, DOC("As given")),
	F_NUM(symbol, gap_pct, NULLABLE, DECIMALS(6), UNIT("%"), DOC("abs(open - prev_close) / prev_close")),
	F_NUM(symbol, spread_pct, NULLABLE, DECIMALS(6), UNIT("%"), DOC("(ask - bid) / bid")),
	F_ENUM(symbol, level, level_names, DOC("The worst of its reasons")),
	F_ENUM(symbol, action, action_names, DOC("block: no entries; close: its positions too")),
	F_STRS(symbol, reasons, DOC("market_gap, spread, stale_price")),
};
static const struct field_table symbol_table = FIELD_TABLE("trade.guards.symbol", symbol, symbol_fields);

static const struct field result_fields[] = {
	F_NUM(result, drawdown_pct, DECIMALS(6), UNIT("%"), DOC("From the peak; 0 at or above it")),
	F_NUM(result, peak_equity, DECIMALS(2), DOC("Raised by the equity")),
	F_ENUM(result, level, level_names, DOC("Of the account")),
	F_BOOL(result, should_close_all, DOC("The account's guards ask to close everything")),
	F_STRS(result, reasons, DOC("drawdown, min_equity")),
	F_OBJECTS(result, symbols, &symbol_table, DOC("One per quote")),
};
static const struct field_table result_table = FIELD_TABLE("trade.guards.result", result, result_fields);

static struct texts tell(struct arena *arena, unsigned reasons)
{
	struct texts texts = {.items = arena_array(arena, GUARD_REASONS, sizeof *texts.items)};
	for (unsigned i = 0; texts.items != NULL && i < GUARD_REASONS; i++)
		if ((reasons >> i & 1) != 0)
			texts.items[texts.count++] = guard_reason_names[i];
	return texts;
}

static void check(struct calc *calc, const void *input)
{
	const struct request *r = input;
	if (r->warn_pct > r->close_pct)
		calc_fault(calc, "/warn_pct", "range", "must be at most close_pct, %.15g", r->close_pct);
}

static bool run(struct calc *calc, const void *input, void *output)
{
	const struct request *r = input;
	struct result *result = output;
	struct guard_account_finding finding;
	guard_check_account(&(struct guard_account){r->equity, r->peak_equity, r->min_equity, r->warn_pct, r->close_pct},
						&finding);
	*result = (struct result){.drawdown_pct = finding.drawdown_pct,
							  .peak_equity = finding.peak_equity,
							  .level = (int)finding.level,
							  .should_close_all = finding.close_all,
							  .reasons = tell(calc->arena, finding.reasons)};
	result->symbols.count = r->quotes.count;
	result->symbols.items = arena_array(calc->arena, r->quotes.count, sizeof *result->symbols.items);
	for (size_t i = 0; result->symbols.items != NULL && i < r->quotes.count; i++) {
		const struct quote_request *q = &r->quotes.items[i];
		struct guard_quote_finding one;
		guard_check_quote(&(struct guard_quote){q->bid, q->ask, q->age_seconds, q->open, q->prev_close}, &one);
		result->symbols.items[i] = (struct symbol){.symbol = q->symbol,
												   .gap_pct = one.gap_pct,
												   .spread_pct = one.spread_pct,
												   .level = (int)one.level,
												   .action = (int)one.action,
												   .reasons = tell(calc->arena, one.reasons)};
	}
	return true;
}

const struct op trade_guards_op = {
	.name = "trade.guards",
	.path = "/api/v1/trade/guards",
	.summary = "Guards of an account: drawdown, minimum equity, gaps, spreads, stale quotes",
	.doc = "Drawdown warns from 15 % and closes from 20 % of the peak; a gap warns from 5 % and closes the symbol from "
		   "10 %; a spread warns above 0.5 % and blocks entries from 1 %; a quote that is crossed, not positive or "
		   "older than 60 s blocks entries.",
	.input = &request_table,
	.output = &result_table,
	.check = check,
	.run = run,
	.example =
		"{\"equity\":8400,\"peak_equity\":10000,\"quotes\":[{\"symbol\":\"XAUUSD\",\"bid\":1950,\"ask\":1950.5}]}",
};
