#include "sim/broker.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/buf.h"
#include "core/jw.h"
#include "core/stamp.h"

static const double leverage = 100, start_balance = 10000, lot_step = 0.01;

static const struct broker_symbol usual[BROKER_SYMBOLS] = {
	{"BTCUSD", 0.01, 1, 0.5, 60000, 5},
	{"ETHUSD", 0.01, 1, 0.2, 3000, 0.5},
	{"XAUUSD", 0.01, 100, 0.2, 2650, 0.2},
	{"EURUSD", 0.00001, 100000, 0.00002, 1.1, 0.00005},
};

void broker_init(struct broker *broker, const struct faults_script *faults, uint64_t seed, int64_t ticket)
{
	memset(broker, 0, sizeof *broker);
	rng_init(&broker->rng, seed);
	broker->faults = *faults;
	memcpy(broker->symbols, usual, sizeof usual);
	broker->last_ticket = ticket;
	broker->balance = start_balance;
}

/* Binary numbers end in dust; a broker tells prices in points and money in cents. */
static double to_step(double value, double step)
{
	return round(value / step) / round(1 / step);
}

static double ask_of(const struct broker_symbol *symbol)
{
	return to_step(symbol->bid + symbol->spread, symbol->point);
}

static double profit_of(const struct broker_position *p)
{
	double sign = p->buy ? 1 : -1;
	double now = p->buy ? p->symbol->bid : ask_of(p->symbol);
	return to_step(sign * (now - p->price) * p->lots * p->symbol->contract, 0.01);
}

struct broker_position *broker_find(struct broker *broker, int64_t ticket)
{
	for (size_t i = 0; i < BROKER_POSITIONS; i++)
		if (broker->positions[i].ticket == ticket)
			return &broker->positions[i];
	return NULL;
}

struct broker_position *broker_first(struct broker *broker)
{
	struct broker_position *first = NULL;
	for (size_t i = 0; i < BROKER_POSITIONS; i++) {
		struct broker_position *p = &broker->positions[i];
		if (p->ticket != 0 && (first == NULL || p->ticket < first->ticket))
			first = p;
	}
	return first;
}

size_t broker_open(const struct broker *broker)
{
	size_t open = 0;
	for (size_t i = 0; i < BROKER_POSITIONS; i++)
		open += broker->positions[i].ticket != 0;
	return open;
}

static struct broker_deal *add_deal(struct broker *broker, const struct broker_position *p, int64_t now_us)
{
	if (broker->deals_count == BROKER_DEALS) {
		memmove(broker->deals, broker->deals + BROKER_DEALS / 2, sizeof broker->deals / 2);
		broker->deals_count = BROKER_DEALS / 2;
	}
	struct broker_deal *deal = &broker->deals[broker->deals_count++];
	*deal = (struct broker_deal){.ticket = ++broker->last_ticket,
								 .position = p->ticket,
								 .magic = p->magic,
								 .time_us = now_us,
								 .symbol = p->symbol,
								 .buy = p->buy,
								 .lots = p->lots,
								 .price = p->price,
								 .reason = "expert"};
	return deal;
}

const struct broker_deal *broker_close(struct broker *broker, struct broker_position *p, const char *reason,
									   int64_t now_us)
{
	struct broker_deal *deal = add_deal(broker, p, now_us);
	deal->out = true;
	deal->buy = !p->buy;
	deal->price = p->buy ? p->symbol->bid : ask_of(p->symbol);
	deal->profit = profit_of(p);
	deal->reason = reason;
	broker->balance = to_step(broker->balance + deal->profit, 0.01);
	*p = (struct broker_position){0};
	return deal;
}

static void close_at_level(struct broker *broker, struct broker_position *p, int64_t now_us)
{
	double sign = p->buy ? 1 : -1, price = p->buy ? p->symbol->bid : ask_of(p->symbol);
	if (p->stop_loss > 0 && sign * (price - p->stop_loss) <= 0)
		broker_close(broker, p, "sl", now_us);
	else if (p->take_profit > 0 && sign * (price - p->take_profit) >= 0)
		broker_close(broker, p, "tp", now_us);
}

void broker_tick(struct broker *broker, int64_t now_us)
{
	for (size_t i = 0; i < BROKER_SYMBOLS; i++) {
		struct broker_symbol *s = &broker->symbols[i];
		s->bid = to_step(s->bid + s->swing * (2 * rng_unit(&broker->rng) - 1), s->point);
	}
	for (size_t i = 0; i < BROKER_POSITIONS; i++)
		if (broker->positions[i].ticket != 0)
			close_at_level(broker, &broker->positions[i], now_us);
}

/* The broker's spelling is the house's with the suffix behind it. */
static struct broker_symbol *find_symbol(struct broker *broker, const char *name)
{
	for (size_t i = 0; i < BROKER_SYMBOLS; i++) {
		size_t size = strlen(broker->symbols[i].name);
		if (strncmp(name, broker->symbols[i].name, size) == 0 && strcmp(name + size, broker->faults.suffix) == 0)
			return &broker->symbols[i];
	}
	return NULL;
}

const struct broker_position *broker_send(struct broker *broker, const struct broker_order *order, int64_t now_us)
{
	struct broker_symbol *symbol = find_symbol(broker, order->symbol);
	struct broker_position *p = broker_find(broker, 0);
	if (symbol == NULL || p == NULL)
		return NULL;
	double worse = broker->faults.slippage * symbol->point;
	double price = order->buy ? ask_of(symbol) + worse : symbol->bid - worse;
	bool part = broker->faults.partial_fill && broker->orders == 0;
	double lots = part ? fmax(floor(order->lots / 2 / lot_step + 1e-9), 1) / round(1 / lot_step) : order->lots;
	*p = (struct broker_position){.ticket = ++broker->last_ticket,
								  .symbol = symbol,
								  .buy = order->buy,
								  .lots = lots,
								  .price = to_step(price, symbol->point),
								  .stop_loss = order->stop_loss,
								  .take_profit = order->take_profit,
								  .magic = order->magic};
	snprintf(p->comment, sizeof p->comment, "%s", order->comment);
	broker->orders++;
	add_deal(broker, p, now_us);
	return p;
}

int64_t broker_by_magic(const struct broker *broker, int64_t magic)
{
	for (size_t i = 0; i < broker->deals_count; i++)
		if (broker->deals[i].magic == magic)
			return broker->deals[i].position;
	return 0;
}

/* --- the snapshot --- */

static void member_time(struct jw *jw, const char *name, int64_t us)
{
	char text[STAMP_TEXT];
	stamp_format(text, us);
	jw_member_str(jw, name, text);
}

static void member_ticket(struct jw *jw, const char *name, int64_t ticket)
{
	char text[24];
	snprintf(text, sizeof text, "%lld", (long long)ticket);
	jw_member_str(jw, name, text);
}

static void member_symbol(struct jw *jw, const struct broker *broker, const struct broker_symbol *symbol)
{
	char text[32];
	snprintf(text, sizeof text, "%s%s", symbol->name, broker->faults.suffix);
	jw_member_str(jw, "symbol", text);
}

static void write_account(const struct broker *broker, struct jw *jw)
{
	double equity = broker->balance, margin = 0;
	for (size_t i = 0; i < BROKER_POSITIONS; i++) {
		const struct broker_position *p = &broker->positions[i];
		if (p->ticket == 0)
			continue;
		equity += profit_of(p);
		margin += p->lots * p->symbol->contract * p->price / leverage;
	}
	equity = to_step(equity, 0.01);
	margin = to_step(margin, 0.01);
	jw_key(jw, "account");
	jw_object(jw);
	jw_member_str(jw, "login", "7001");
	jw_member_str(jw, "broker", "Sim");
	jw_member_str(jw, "server", "Sim-Demo");
	jw_member_str(jw, "currency", "USD");
	jw_member_num(jw, "leverage", leverage);
	jw_member_num(jw, "balance", broker->balance);
	jw_member_num(jw, "equity", equity);
	jw_member_num(jw, "margin", margin);
	jw_member_num(jw, "free_margin", to_step(equity - margin, 0.01));
	jw_object_end(jw);
}

static void write_position(const struct broker *broker, struct jw *jw, const struct broker_position *p)
{
	jw_object(jw);
	member_ticket(jw, "ticket", p->ticket);
	member_symbol(jw, broker, p->symbol);
	jw_member_str(jw, "side", p->buy ? "buy" : "sell");
	jw_member_num(jw, "volume", p->lots);
	jw_member_num(jw, "open_price", p->price);
	jw_member_num(jw, "current_price", p->buy ? p->symbol->bid : ask_of(p->symbol));
	jw_member_num(jw, "stop_loss", p->stop_loss);
	jw_member_num(jw, "take_profit", p->take_profit);
	jw_member_num(jw, "profit", profit_of(p));
	jw_member_int(jw, "magic", p->magic);
	jw_member_str(jw, "comment", p->comment);
	jw_object_end(jw);
}

static void write_deal(const struct broker *broker, struct jw *jw, const struct broker_deal *deal)
{
	jw_object(jw);
	member_ticket(jw, "ticket", deal->ticket);
	member_ticket(jw, "position_ticket", deal->position);
	member_symbol(jw, broker, deal->symbol);
	jw_member_str(jw, "side", deal->buy ? "buy" : "sell");
	jw_member_str(jw, "entry", deal->out ? "out" : "in");
	jw_member_num(jw, "volume", deal->lots);
	jw_member_num(jw, "price", deal->price);
	jw_member_num(jw, "profit", deal->profit);
	jw_member_str(jw, "reason", deal->reason);
	jw_member_int(jw, "magic", deal->magic);
	member_time(jw, "time", deal->time_us);
	jw_object_end(jw);
}

static void write_quote(const struct broker *broker, struct jw *jw, const struct broker_symbol *symbol, int64_t now_us)
{
	jw_object(jw);
	member_symbol(jw, broker, symbol);
	jw_member_num(jw, "bid", symbol->bid);
	jw_member_num(jw, "ask", ask_of(symbol));
	member_time(jw, "time", now_us);
	if (broker->faults.has_gap) {
		jw_member_num(jw, "prev_close", symbol->bid);
		jw_member_num(jw, "open", to_step(symbol->bid * (1 + broker->faults.gap / 100), symbol->point));
	}
	jw_object_end(jw);
}

void broker_snapshot(struct broker *broker, struct jw *jw, int64_t seq, int64_t now_us)
{
	jw_object(jw);
	jw_member_int(jw, "seq", seq);
	member_time(jw, "taken_at", now_us);
	write_account(broker, jw);
	jw_key(jw, "positions");
	jw_array(jw);
	for (size_t i = 0; i < BROKER_POSITIONS; i++)
		if (broker->positions[i].ticket != 0)
			write_position(broker, jw, &broker->positions[i]);
	jw_array_end(jw);
	jw_key(jw, "deals");
	jw_array(jw);
	size_t from = broker->deals_count > BROKER_TOLD ? broker->deals_count - BROKER_TOLD : 0;
	for (size_t i = from; i < broker->deals_count; i++)
		write_deal(broker, jw, &broker->deals[i]);
	jw_array_end(jw);
	jw_key(jw, "quotes");
	jw_array(jw);
	for (size_t i = 0; i < BROKER_SYMBOLS; i++)
		write_quote(broker, jw, &broker->symbols[i], now_us);
	jw_array_end(jw);
	jw_object_end(jw);
}
