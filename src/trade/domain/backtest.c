#include "trade/domain/backtest.h"

#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "trade/domain/strategy.h"

struct broker {
	const struct backtest_input *in;
	struct arena *arena;
	struct backtest *out;
	size_t room;
	double cash;                    /* commissions of the open position are paid */
	double size, entry_price, paid; /* of the open position, size 0: none */
	size_t entry_bar;
	size_t exposed_to; /* bars before this one are counted */
};

/* What the rules ask for at the close of one bar. */
struct order {
	bool exit;
	int enter; /* +1 long, -1 short, 0 none */
};

/* A buyer pays half the spread more, a seller gets half of it less. */
static double fill_price(const struct backtest_input *in, double price, double size)
{
	return price * (1 + copysign(in->spread_rate / 2, size));
}

static bool keep(struct broker *b, const struct backtest_trade *trade)
{
	if (b->out->count == b->room) {
		size_t room = b->room > 0 ? 2 * b->room : 64;
		struct backtest_trade *more = arena_array(b->arena, room, sizeof *more);
		if (more == NULL)
			return false;
		if (b->out->count > 0)
			memcpy(more, b->out->trades, b->out->count * sizeof *more);
		b->out->trades = more;
		b->room = room;
	}
	b->out->trades[b->out->count++] = *trade;
	return true;
}

static void expose(struct broker *b, size_t to)
{
	size_t from = b->entry_bar > b->exposed_to ? b->entry_bar : b->exposed_to;
	if (to + 1 > from)
		b->out->exposed += to + 1 - from;
	b->exposed_to = to + 1;
}

static bool close_position(struct broker *b, size_t bar, double price)
{
	if (b->size == 0)
		return true;
	double exit_price = fill_price(b->in, price, -b->size);
	double commission = b->in->commission_rate * fabs(b->size) * exit_price;
	double gain = b->size * (exit_price - b->entry_price);
	double profit = gain - b->paid - commission;
	const struct backtest_trade trade = {.size = b->size,
										 .entry_bar = b->entry_bar,
										 .exit_bar = bar,
										 .entry_price = b->entry_price,
										 .exit_price = exit_price,
										 .profit = profit,
										 .ret = profit / (fabs(b->size) * b->entry_price)};
	b->cash += gain - commission;
	b->size = 0;
	expose(b, bar);
	return keep(b, &trade);
}

/* Only when nothing is open: the cash is then all the equity there is. */
static void open_position(struct broker *b, size_t bar, double price, int direction)
{
	double at = fill_price(b->in, price, direction);
	double units = floor(b->in->share * b->cash / (at * (1 + b->in->commission_rate)));
	if (!(units >= 1))
		return;
	b->size = direction * units;
	b->entry_price = at;
	b->entry_bar = bar;
	b->paid = b->in->commission_rate * units * at;
	b->cash -= b->paid;
}

static struct order decide(const struct broker *b, size_t bar)
{
	const struct backtest_input *in = b->in;
	int held = b->size > 0 ? 1 : b->size < 0 ? -1 : 0;
	int enter = strategy_holds(in->enter_long, bar) ? 1 : strategy_holds(in->enter_short, bar) ? -1 : 0;
	bool exit = (held > 0 && strategy_holds(in->exit_long, bar)) || (held < 0 && strategy_holds(in->exit_short, bar));
	if (enter == held)
		enter = 0;
	return (struct order){.exit = exit || (held != 0 && enter != 0), .enter = enter};
}

static bool fill(struct broker *b, const struct order *order, size_t bar)
{
	double price = b->in->bars->open[bar];
	if (order->exit && !close_position(b, bar, price))
		return false;
	if (order->enter != 0)
		open_position(b, bar, price, order->enter);
	return true;
}

static bool finalize(struct broker *b, size_t bar)
{
	const struct bars *bars = b->in->bars;
	if (b->in->finalize == FINALIZE_NONE)
		return true;
	return close_position(b, bar, b->in->finalize == FINALIZE_LAST_OPEN ? bars->open[bar] : bars->close[bar]);
}

bool backtest_run(struct arena *arena, const struct backtest_input *in, struct backtest *out)
{
	size_t n = in->bars->count;
	struct broker b = {.in = in, .arena = arena, .out = out, .cash = in->cash};
	struct order order = {.enter = 0};
	*out = (struct backtest){.equity = arena_array(arena, n, sizeof *out->equity), .peak_equity = -INFINITY};
	if (out->equity == NULL)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!fill(&b, &order, i) || (i + 1 == n && !finalize(&b, i)))
			return false;
		out->equity[i] = b.cash + (b.size != 0 ? b.size * (in->bars->close[i] - b.entry_price) : 0);
		out->peak_equity = fmax(out->peak_equity, out->equity[i]);
		if (i + 1 < n)
			order = decide(&b, i);
	}
	if (b.size != 0)
		expose(&b, n - 1);
	return true;
}
