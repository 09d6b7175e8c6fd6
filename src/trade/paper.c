#include "trade/paper.h"

#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/num.h"
#include "core/stamp.h"
#include "seal/pack.h"
#include "store/store.h"
#include "trade/conversion.h"
#include "trade/domain/instruments.h"
#include "trade/domain/reconcile.h"
#include "trade/domain/risk.h"
#include "trade/exact.h"
#include "trade/figures.h"
#include "trade/trade_internal.h"

enum { BOOK_MAX = 2000, ORDERS_MAX = 200, ACCOUNTS_MAX = 100, MONEY_DECIMALS = 2 };

/* As deals are told: a buy is closed by a sell. */
enum { ENTRY_IN, ENTRY_OUT };

static const struct audit_event the_paper = {.actor = PAPER_DEVICE, .role = "system"};

/* The book of one account while it is moved on. */
struct book {
	struct leasing l; /* the paper broker acts */
	struct trading_account *account;
	const struct paper_news *news;
	size_t news_count;
	int64_t taken_us;
	struct conversion conversion;
	struct snapshot_position *positions;
	size_t count;
	struct snapshot_deal *deals; /* not told yet */
	size_t deals_count;
	struct delivery *ready; /* approved and not filled */
	size_t ready_count;
	struct paper_done *done;
};

static const struct paper_news *news_of(const struct book *b, const char *instrument)
{
	for (size_t i = 0; i < b->news_count; i++)
		if (strcmp(b->news[i].instrument, instrument) == 0)
			return &b->news[i];
	return NULL;
}

static double contract_of(const struct book *b, const char *instrument)
{
	const struct instrument *found = instrument_find(b->conversion.instruments, instrument);
	return found != NULL ? found->contract_size : NAN;
}

/* --- reading --- */

/* The account's quotes as they will be: the new ones over those it has. */
static bool read_quotes(struct book *b, struct err *err)
{
	struct quote *known, *all;
	size_t count;
	if (!quote_list(b->l.db, b->account->trading_account_id, b->l.arena, &known, &count, err))
		return false;
	all = arena_array(b->l.arena, count + b->news_count + 1, sizeof *all);
	if (all == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	size_t n = 0;
	for (size_t i = 0; i < b->news_count; i++)
		all[n++] = (struct quote){
			.instrument = b->news[i].instrument, .bid = b->news[i].price.bid, .ask = b->news[i].price.ask};
	for (size_t i = 0; i < count; i++)
		if (news_of(b, known[i].instrument) == NULL)
			all[n++] = known[i];
	b->conversion.quotes = all;
	b->conversion.count = n;
	return true;
}

static double quoted(const struct book *b, const char *instrument, int side)
{
	for (size_t i = 0; i < b->conversion.count; i++)
		if (strcmp(b->conversion.quotes[i].instrument, instrument) == 0)
			return side == SIDE_BUY ? b->conversion.quotes[i].bid : b->conversion.quotes[i].ask;
	return NAN;
}

static bool read_positions(struct book *b, struct err *err)
{
	struct db_rows rows;
	b->positions = arena_array(b->l.arena, BOOK_MAX + ORDERS_MAX, sizeof *b->positions);
	b->deals = arena_array(b->l.arena, BOOK_MAX + ORDERS_MAX, sizeof *b->deals);
	if (b->positions == NULL || b->deals == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!db_query(b->l.db, &rows, err,
				  "SELECT ticket, instrument, side, lots, price, stop_loss, take_profit, magic, comment "
				  "FROM paper_positions WHERE trading_account_id = $1 ORDER BY opened_at, ticket LIMIT 2000",
				  V_TEXT(b->account->trading_account_id)))
		return false;
	while (db_next(&rows))
		b->positions[b->count++] = (struct snapshot_position){
			.ticket = db_text_dup(&rows, 0, b->l.arena),
			.symbol = db_text_dup(&rows, 1, b->l.arena),
			.side = strcmp(db_text(&rows, 2), "buy") == 0 ? SIDE_BUY : SIDE_SELL,
			.volume = db_exact(&rows, 3),
			.open_price = db_exact(&rows, 4),
			.stop_loss = db_exact(&rows, 5),
			.take_profit = db_exact(&rows, 6),
			.magic = db_int(&rows, 7),
			.comment = db_text_dup(&rows, 8, b->l.arena),
		};
	return db_end(&rows, err);
}

/* --- figures --- */

static double profit_of(const struct book *b, const struct snapshot_position *p, double close)
{
	double rate = conversion_rate(&b->conversion, p->symbol, close);
	double profit = paper_profit(p->side, p->volume, contract_of(b, p->symbol), p->open_price, close, rate);
	return given(profit) ? num_round(profit, MONEY_DECIMALS) : 0; /* no quote any more that turns it into money */
}

/* What the position binds, at the price it was opened at [trade.md 7, trade.margin]. */
static double margin_of(const struct book *b, const struct snapshot_position *p)
{
	double rate = conversion_rate(&b->conversion, p->symbol, p->open_price);
	double margin = p->volume * contract_of(b, p->symbol) * p->open_price * rate / b->account->leverage;
	return given(margin) ? num_round(margin, MONEY_DECIMALS) : 0;
}

static struct snapshot_account figures_of(struct book *b)
{
	struct snapshot_account told = {.login = b->account->login,
									.broker = b->account->broker,
									.server = b->account->server,
									.currency = b->account->currency,
									.leverage = b->account->leverage,
									.balance = b->account->balance,
									.equity = b->account->balance,
									.trade_allowed = true};
	for (size_t i = 0; i < b->count; i++) {
		struct snapshot_position *p = &b->positions[i];
		p->current_price = quoted(b, p->symbol, p->side);
		p->profit = profit_of(b, p, p->current_price);
		told.equity += p->profit;
		told.margin += margin_of(b, p);
	}
	told.free_margin = told.equity - told.margin;
	return told;
}

/* --- exits --- */

static void add_deal(struct book *b, const struct snapshot_position *p, int entry, double price, double profit,
					 int reason)
{
	int other = p->side == SIDE_BUY ? SIDE_SELL : SIDE_BUY;
	b->deals[b->deals_count++] = (struct snapshot_deal){
		.ticket = arena_printf(b->l.arena, "%s%d", p->ticket, entry + 1), /* one in and one out for each position */
		.position_ticket = p->ticket,
		.symbol = p->symbol,
		.side = entry == ENTRY_IN ? p->side : other,
		.entry = entry,
		.volume = p->volume,
		.price = price,
		.profit = profit,
		.reason = reason,
		.magic = p->magic,
		.time_us = b->taken_us,
	};
}

/* Out of the book, into the balance. */
static bool close_one(struct book *b, size_t i, double price, int reason, struct err *err)
{
	const struct snapshot_position closed = b->positions[i];
	double profit = profit_of(b, &closed, price);
	add_deal(b, &closed, ENTRY_OUT, price, profit, reason);
	b->account->balance = num_round(b->account->balance + profit, MONEY_DECIMALS);
	memmove(&b->positions[i], &b->positions[i + 1], (b->count - i - 1) * sizeof *b->positions);
	b->count--;
	return db_run(b->l.db, err, "DELETE FROM paper_positions WHERE trading_account_id = $1 AND ticket = $2",
				  V_TEXT(b->account->trading_account_id), V_TEXT(closed.ticket));
}

static bool reach_levels(struct book *b, struct err *err)
{
	static const int reasons[] = {[PAPER_STOP_LOSS] = DEAL_SL, [PAPER_TAKE_PROFIT] = DEAL_TP};
	for (size_t i = 0; i < b->count;) {
		const struct snapshot_position *p = &b->positions[i];
		const struct paper_news *news = news_of(b, p->symbol);
		double price;
		enum paper_exit exit =
			news != NULL ? paper_exit(p->side, p->stop_loss, p->take_profit, &news->price, &price) : PAPER_STAYS;
		if (exit == PAPER_STAYS)
			i++;
		else if (!close_one(b, i, price, reasons[exit], err))
			return false;
	}
	return true;
}

/* One command; without a price of its instrument it waits for the next. */
static bool obey(struct book *b, struct close_command *command, struct err *err)
{
	struct position position;
	bool found = false;
	if (!position_find(b->l.db, command->account_id, command->position_id, b->l.arena, &position, &found, err) ||
		!found)
		return false;
	for (size_t i = 0; i < b->count; i++) {
		const struct paper_news *news = news_of(b, b->positions[i].symbol);
		if (news == NULL || strcmp(b->positions[i].ticket, position.broker_ticket) != 0)
			continue;
		double price = paper_close(b->positions[i].side, &news->price);
		command->state = "executed";
		command->content = arena_printf(b->l.arena, "{\"close_price\":%.17g,\"paper\":true}", price);
		command->answer = command->content;
		command->ended_us = b->l.now_us;
		return close_command_end(b->l.db, command, err) && close_one(b, i, price, DEAL_EXPERT, err);
	}
	return true;
}

static bool obey_all(struct book *b, struct err *err)
{
	struct close_command *commands;
	size_t count;
	if (!close_command_open(b->l.db, b->account->trading_account_id, BOOK_MAX, b->l.arena, &commands, &count, err))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!obey(b, &commands[i], err))
			return false;
	return true;
}

/* At half the margin the worst position is closed, and the next, until the rest can be held. */
static bool stop_out(struct book *b, struct err *err)
{
	while (b->count > 0) {
		const struct snapshot_account now = figures_of(b);
		size_t worst = 0;
		if (!(now.margin > 0) || now.equity / now.margin * 100 > PAPER_STOP_OUT_PCT)
			return true;
		for (size_t i = 1; i < b->count; i++)
			if (b->positions[i].profit < b->positions[worst].profit)
				worst = i;
		if (!close_one(b, worst, b->positions[worst].current_price, DEAL_SO, err))
			return false;
	}
	return true;
}

/* --- the way of a snapshot --- */

static struct snapshot_quote *quotes_of(struct book *b)
{
	struct snapshot_quote *quotes = arena_array(b->l.arena, b->news_count + 1, sizeof *quotes);
	for (size_t i = 0; quotes != NULL && i < b->news_count; i++)
		quotes[i] = (struct snapshot_quote){.symbol = b->news[i].instrument,
											.bid = b->news[i].price.bid,
											.ask = b->news[i].price.ask,
											.open = b->news[i].open,
											.prev_close = b->news[i].prev_close,
											.time_us = b->news[i].us};
	return quotes;
}

/* What a terminal would tell of this book. */
static bool report(struct book *b, struct err *err)
{
	struct snapshot told = {.seq = FIELD_NO_INT, .account = figures_of(b), .taken_us = b->taken_us};
	told.positions.items = arena_array(b->l.arena, b->count + 1, sizeof *told.positions.items);
	told.quotes.items = quotes_of(b);
	if (told.positions.items == NULL || told.quotes.items == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	memcpy(told.positions.items, b->positions, b->count * sizeof *b->positions);
	told.positions.count = b->count;
	told.quotes.count = b->news_count;
	told.deals.items = b->deals;
	told.deals.count = b->deals_count;
	struct sync sync;
	if (!snapshot_take(&b->l, b->account, &told, PAPER_DEVICE, &sync, err))
		return false;
	b->deals += b->deals_count;
	b->deals_count = 0;
	sync.closed += b->done->sync.closed;
	sync.divergences += b->done->sync.divergences;
	b->done->sync = sync;
	return true;
}

/* --- entries --- */

static bool store_fill(struct book *b, const struct delivery *d, const struct snapshot_position *p,
					   const char *position_id, struct err *err)
{
	char id[ID_TEXT];
	id_make(b->l.api->options.ids, id);
	const char *content = arena_printf(b->l.arena, "{\"fill_price\":%.17g,\"paper\":true,\"position_id\":\"%s\"}",
									   p->open_price, position_id);
	const struct audit_pair meta[] = {
		{AUDIT_META_signal_id, d->signal_id}, {AUDIT_META_status, "placed"}, {AUDIT_META_ticket, p->ticket}};
	struct audit_event event = the_paper;
	event.action = AUDIT_EXECUTION_ACK;
	event.status = AUDIT_SUCCESS;
	event.account_id = d->account_id;
	event.target_id = id;
	event.meta = meta;
	event.meta_count = 3;
	return db_run(b->l.db, err,
				  "INSERT INTO executions (execution_id, account_id, delivery_id, device_id, status, content, answer, "
				  "created_at) VALUES ($1, $2, $3, $4, 'placed', $5, $5, $6)",
				  V_TEXT(id), V_TEXT(d->account_id), V_TEXT(d->delivery_id), V_TEXT(PAPER_DEVICE), V_TEXT(content),
				  V_INT(b->l.now_us)) &&
		   db_run(b->l.db, err,
				  "INSERT INTO paper_positions (trading_account_id, ticket, instrument, side, lots, price, stop_loss, "
				  "take_profit, magic, comment, opened_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
				  V_TEXT(b->account->trading_account_id), V_TEXT(p->ticket), V_TEXT(p->symbol),
				  V_TEXT(trade_side_names[p->side]), V_EXACT(p->volume), V_EXACT(p->open_price), V_EXACT(p->stop_loss),
				  V_EXACT(p->take_profit), V_INT(p->magic), V_TEXT(p->comment), V_INT(b->l.now_us)) &&
		   audit_append(b->l.api->options.audit, b->l.db, &event, err);
}

static bool fill(struct book *b, struct order *o, double price, struct err *err)
{
	struct delivery *d = &o->delivery;
	const char *ticket = arena_printf(b->l.arena, "%lld", (long long)d->magic);
	struct placing placing = {ticket, price, d->lots, b->taken_us, NULL};
	const struct snapshot_position p = {.ticket = ticket,
										.symbol = o->row.instrument,
										.comment = d->comment,
										.side = o->signal.side,
										.magic = d->magic,
										.volume = d->lots,
										.open_price = price,
										.stop_loss = o->signal.stop_loss,
										.take_profit = o->signal.take_profit};
	if (!delivery_placed(&b->l, d, &placing, err) || !store_fill(b, d, &p, placing.position_id, err))
		return false;
	b->positions[b->count++] = p;
	add_deal(b, &p, ENTRY_IN, price, 0, DEAL_EXPERT);
	b->done->filled++;
	return true;
}

static bool read_ready(struct book *b, struct err *err)
{
	return delivery_list(b->l.db, b->account->trading_account_id, DELIVERY_READY, ORDERS_MAX, b->l.arena, &b->ready,
						 &b->ready_count, err);
}

/* What is approved and whose price is there; risk is asked once more, as when a terminal takes it. */
static bool enter(struct book *b, struct err *err)
{
	for (size_t i = 0; i < b->ready_count && b->count < BOOK_MAX; i++) {
		struct order o = {.delivery = b->ready[i]};
		double price;
		bool leased;
		if (!order_read(&b->l, &o, err))
			return false;
		const struct paper_news *news = news_of(b, o.row.instrument);
		if (news == NULL || !paper_entry(o.signal.order_type, o.signal.side, o.signal.price, &news->price, &price))
			continue;
		if (!order_lease(&b->l, &o, PAPER_DEVICE, &leased, err) || (leased && !fill(b, &o, price, err)))
			return false;
	}
	return true;
}

bool paper_move(const struct leasing *l, struct trading_account *account, const struct paper_move *move,
				struct paper_done *done, struct err *err)
{
	struct book b = {.l = *l, .account = account, .news = move->news, .news_count = move->count, .done = done};
	b.l.who = &the_paper;
	b.taken_us = move->taken_us > account->taken_us ? move->taken_us : account->taken_us;
	b.conversion.instruments = packs_find(l->api->options.packs, "instruments", NULL, NULL)->data;
	b.conversion.currency = account->currency;
	if (!read_quotes(&b, err) || !read_positions(&b, err) || !read_ready(&b, err) || !reach_levels(&b, err) ||
		!obey_all(&b, err) || !stop_out(&b, err))
		return false;
	if (move->more && b.deals_count == 0 && b.ready_count == 0)
		return true;
	size_t filled = done->filled;
	return report(&b, err) && enter(&b, err) && (done->filled == filled || report(&b, err));
}

/* --- prices of a snapshot --- */

static const struct paper_news *news_in(struct arena *arena, const struct snapshot *s, size_t *count)
{
	struct paper_news *news = arena_array(arena, s->quotes.count + 1, sizeof *news);
	*count = 0;
	for (size_t i = 0; news != NULL && i < s->quotes.count; i++) {
		const struct snapshot_quote *q = &s->quotes.items[i];
		if (q->instrument == NULL || !(q->bid > 0) || q->ask < q->bid)
			continue;
		news[(*count)++] = (struct paper_news){
			.instrument = q->instrument,
			.price = {q->bid, q->bid, q->ask, q->ask, q->bid, q->ask, true},
			.open = q->open,
			.prev_close = q->prev_close,
			.us = q->time_us,
		};
	}
	return news;
}

bool paper_feed(const struct leasing *l, struct trading_account *account, const struct snapshot *snapshot,
				struct paper_done *done, struct err *err)
{
	size_t count;
	const struct paper_news *news = news_in(l->arena, snapshot, &count);
	const struct paper_move move = {news, count, snapshot->taken_us, false};
	return news != NULL ? paper_move(l, account, &move, done, err) : err_set(err, ERR_LIMIT, "no memory");
}

bool paper_feed_all(const struct leasing *l, const char *owner_id, const struct snapshot *snapshot, struct err *err)
{
	struct trading_account *accounts;
	size_t count;
	if (!trading_account_papers(l->db, owner_id, ACCOUNTS_MAX, l->arena, &accounts, &count, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct paper_done done = {.filled = 0};
		if (!paper_feed(l, &accounts[i], snapshot, &done, err))
			return false;
	}
	return true;
}
