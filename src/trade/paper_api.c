#include <string.h>

#include "core/arena.h"
#include "core/field.h"
#include "core/id.h"
#include "core/num.h"
#include "core/stamp.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "seal/pack.h"
#include "trade/deed.h"
#include "trade/domain/instruments.h"
#include "trade/paper.h"
#include "trade/tell.h"
#include "trade/trade_internal.h"
#include "trade/trade_routes.h"

/*
 * POST /api/v1/trading/accounts/{id}/bars: prices for a paper account where no terminal brings any [trade.md 12].
 * The bars are played in their order at the moment they come; their own times only say that order.
 */

enum { BARS_MAX = 500 };

struct bar_row {
	const char *time;
	double open, high, low, close;
};
#define BID(m) F_NUM(bar_row, m, REQUIRED, ABOVE(0, 1e6), SIGNIFICANT(17), DOC("Bid"))
static const struct field row_fields[] = {
	F_STR(bar_row, time, FORMAT("date-time"), DOC("Of its beginning; must rise")),
	BID(open),
	BID(high),
	BID(low),
	BID(close),
};
static const struct field_table row_table = FIELD_TABLE("accounts.bars.row", bar_row, row_fields);

struct bars_request {
	const char *instrument;
	double spread;
	struct {
		size_t count;
		struct bar_row *items;
	} bars;
};
static const struct field bars_fields[] = {
	F_STR(bars_request, instrument, REQUIRED, LENGTH(1, 40)),
	F_NUM(bars_request, spread, RANGE(0, 1e6), DEFAULT(0), SIGNIFICANT(17), DOC("Ask over bid, as a price")),
	F_OBJECTS(bars_request, bars, &row_table, REQUIRED, COUNT(1, BARS_MAX)),
};
static const struct field_table bars_table = FIELD_TABLE("accounts.bars", bars_request, bars_fields);

struct playing {
	struct deed deed; /* first */
	struct bars_request request;
	const struct instrument *instrument;
	struct trading_account account;
	struct paper_done done;
};

/* --- checks --- */

static void check_bar(const struct playing *p, size_t i, int64_t *last_us, struct faults *faults)
{
	const struct bar_row *b = &p->request.bars.items[i];
	const char *here = field_pointer_index(faults->arena, "/bars", i);
	const char *time = field_pointer(faults->arena, here, "time");
	const struct stamp_fault *fault;
	int64_t us = *last_us;
	if (b->high < b->open || b->high < b->close)
		faults_add(faults, field_pointer(faults->arena, here, "high"), "range", "must not be below the body");
	if (b->low > b->open || b->low > b->close)
		faults_add(faults, field_pointer(faults->arena, here, "low"), "range", "must not be above the body");
	if (b->time == NULL)
		return;
	if (!stamp_parse(b->time, strlen(b->time), &us, &fault))
		faults_add(faults, time, fault->code, "%s", fault->message);
	else if (*last_us != 0 && us <= *last_us)
		faults_add(faults, time, "order", "must be after the bar before");
	*last_us = us;
}

static void check(void *self, struct faults *faults)
{
	struct playing *p = self;
	const struct pack *pack = packs_find(p->deed.api->options.packs, "instruments", NULL, NULL);
	int64_t last_us = 0;
	if (p->request.instrument != NULL)
		p->instrument = instrument_find(pack->data, p->request.instrument);
	if (p->instrument == NULL)
		faults_add(faults, "/instrument", "unknown_instrument", "is not in pack instruments");
	for (size_t i = 0; i < p->request.bars.count; i++)
		check_bar(p, i, &last_us, faults);
}

/* --- playing --- */

static bool play(struct playing *p, const struct leasing *l, struct paper_price price, bool more, struct err *err)
{
	int digits = (int)p->instrument->digits;
	price.ask_low = num_round(price.bid_low + p->request.spread, digits);
	price.ask_high = num_round(price.bid_high + p->request.spread, digits);
	price.ask = num_round(price.bid + p->request.spread, digits);
	const struct paper_news news = {.instrument = p->instrument->name, .price = price, .us = p->deed.now_us};
	const struct paper_move move = {&news, 1, p->deed.now_us, more};
	return paper_move(l, &p->account, &move, &p->done, err);
}

/* A bar is its first quote, and then what lay between. */
static bool play_all(struct playing *p, const struct leasing *l, struct err *err)
{
	for (size_t i = 0; i < p->request.bars.count; i++) {
		const struct bar_row *b = &p->request.bars.items[i];
		const struct paper_price first = {.bid_low = b->open, .bid_high = b->open, .bid = b->open, .quote = true};
		const struct paper_price rest = {.bid_low = b->low, .bid_high = b->high, .bid = b->close};
		if (!play(p, l, first, true, err) || !play(p, l, rest, i + 1 < p->request.bars.count, err))
			return false;
	}
	return true;
}

static bool apply(struct deed *deed, struct db *db, struct err *err)
{
	struct playing *p = (struct playing *)deed;
	struct exchange *x = deed->x;
	const char *id = exchange_param(x, "id");
	const struct audit_event who = principal_event(x, AUDIT_TRADING_ACCOUNT_UPDATE, AUDIT_SUCCESS);
	const struct leasing l = {deed->api, db, &x->arena, &who, deed->now_us};
	bool found = false;
	if (id_valid(id) && !trading_account_find(db, principal_of(x)->account_id, id, &x->arena, &p->account, &found, err))
		return false;
	if (!found)
		return write_refuse(&deed->write, ERR_NOT_FOUND, "There is no such trading account.");
	if (!p->account.paper)
		return write_refuse(&deed->write, ERR_CONFLICT, "A live account has the prices of its terminal.");
	return play_all(p, &l, err) && deed_audit(deed, db, AUDIT_TRADING_ACCOUNT_UPDATE, id, NULL, 0, err);
}

static void answer(struct deed *deed)
{
	const struct playing *p = (const struct playing *)deed;
	struct telling t;
	tell_begin(&t);
	jw_member_str(&t.jw, "trading_account_id", p->account.trading_account_id);
	jw_member_bool(&t.jw, "paper", true);
	jw_member_str(&t.jw, "instrument", p->instrument->name);
	jw_member_int(&t.jw, "bars", (int64_t)p->request.bars.count);
	jw_member_int(&t.jw, "filled", (int64_t)p->done.filled);
	jw_member_int(&t.jw, "closed", (int64_t)p->done.sync.closed);
	tell_money(&t.jw, "balance", p->account.balance);
	tell_money(&t.jw, "equity", p->account.equity);
	tell_end(&t, deed->x, 200);
}

static void handle_bars(struct exchange *x)
{
	struct playing *p = deed_start(x, sizeof *p);
	if (p != NULL && exchange_decode_checked(x, &p->request, check, p))
		deed_write(&p->deed, apply, answer);
}

static const struct field played_rows[] = {
	T_STR(trading_account_id),       T_BOOL(paper),  T_STR(instrument), T_INT(bars), T_INT(filled, DOC("Orders")),
	T_INT(closed, DOC("Positions")), T_NUM(balance), T_NUM(equity),
};
static const struct field_table played_table = TOLD_TABLE("accounts.played", played_rows);

static const enum err_kind errors[] = {ERR_NOT_FOUND, ERR_CONFLICT, ERR_NONE};

const struct route paper_routes[] = {
	ROUTE(POST, "/api/v1/trading/accounts/{id}/bars", "trade.manage", EFFECT_WRITE, handle_bars,
		  .operation = "accounts.bars", .summary = "Play bars to a paper account: its prices where no terminal is",
		  .body = &bars_table, .result = &played_table, .errors = errors,
		  .example = "{\"instrument\":\"XAUUSD\",\"spread\":0.2,\"bars\":[{\"open\":1950.1,\"high\":1952.0,"
					 "\"low\":1949.5,\"close\":1951.3}]}"),
};
const size_t paper_routes_count = sizeof paper_routes / sizeof *paper_routes;
