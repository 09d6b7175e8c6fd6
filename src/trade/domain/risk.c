#include "trade/domain/risk.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "core/arena.h"
#include "core/json.h"
#include "core/must.h"
#include "core/num.h"
#include "trade/domain/instruments.h"

const char *const trading_state_names[] = {"ACTIVE", "REDUCING", "HALTED", NULL};
const char *const trade_side_names[] = {"buy", "sell", NULL};
const char *const risk_status_names[] = {"pass", "fail", "unknown", "off", NULL};

enum { FIGURE_DECIMALS = 6, RATE_WINDOW_S = 60 };
#define RISK_TOLERANCE 1.5 /* times risk_percent: lots are whole steps and fills slip */

/* One judgement under way. */
struct judge {
	struct arena *arena;
	const struct instruments *instruments;
	const struct instrument *instrument; /* NULL: unknown */
	const struct risk_request *r;
	struct risk_decision *d;
	size_t count;
	double gross, net, group, groups; /* with the order; NaN: unknown.  groups: how many different ones */
};

/* --- findings --- */

static const struct json *number(struct judge *j, double x)
{
	struct json *json = isfinite(x) ? arena_new(j->arena, struct json) : NULL;
	if (json != NULL)
		*json = (struct json){.kind = JS_REAL, .real = num_round(x, FIGURE_DECIMALS)};
	return json;
}

static const struct json *text(struct judge *j, const char *t)
{
	struct json *json = t != NULL ? arena_new(j->arena, struct json) : NULL;
	if (json != NULL)
		*json = (struct json){.kind = JS_STRING, .text = t, .size = strlen(t)};
	return json;
}

static struct risk_finding *note(struct judge *j, const char *name, enum risk_status status, const char *message)
{
	must(j->count < RISK_CHECKS);
	struct risk_finding *finding = &j->d->checks[j->count++];
	*finding = (struct risk_finding){.name = name, .status = (int)status, .message = message};
	return finding;
}

static void figure(struct judge *j, const char *name, enum risk_status status, double observed, double limit,
				   const char *message)
{
	struct risk_finding *finding = note(j, name, status, message);
	finding->observed = number(j, observed);
	finding->limit = number(j, limit);
}

/* Figures are quotients of decimals: the last bits of a double must not decide at a limit. */
static bool over(double observed, double limit)
{
	return observed > limit + 1e-9 * fmax(fabs(limit), 1e-3);
}

/* At the limit passes, over it fails, not known is unknown. */
static enum risk_status most(double observed, double limit)
{
	return !isfinite(observed) || !isfinite(limit) ? RISK_UNKNOWN : over(observed, limit) ? RISK_FAIL : RISK_PASS;
}

static void at_most(struct judge *j, const char *name, double observed, double limit, const char *message)
{
	figure(j, name, most(observed, limit), observed, limit, message);
}

static void at_least(struct judge *j, const char *name, double observed, double limit, const char *message)
{
	figure(j, name, most(-observed, -limit), observed, limit, message);
}

static const struct risk_account unknown_account = {NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
static const struct risk_quote unknown_quote = {NAN, NAN, NAN};

static const struct risk_account *account_of(const struct judge *j)
{
	return j->r->account != NULL ? j->r->account : &unknown_account;
}

static const struct risk_quote *quote_of(const struct judge *j)
{
	return j->r->quote != NULL ? j->r->quote : &unknown_quote;
}

/* --- exposure --- */

static double value_of(const struct judge *j, const char *name, double volume, double price, double rate,
					   const struct instrument **instrument)
{
	*instrument = instrument_find(j->instruments, name);
	return *instrument != NULL ? volume * (*instrument)->contract_size * price * rate : NAN;
}

static bool group_known(const struct judge *j, size_t before, const char *group)
{
	if (j->instrument != NULL && strcmp(j->instrument->group, group) == 0)
		return true;
	for (size_t i = 0; i < before; i++) {
		const struct instrument *other = instrument_find(j->instruments, j->r->positions.items[i].instrument);
		if (other != NULL && strcmp(other->group, group) == 0)
			return true;
	}
	return false;
}

static void sum_exposure(struct judge *j)
{
	const struct risk_order *order = &j->r->order;
	j->gross = j->group = j->d->notional;
	j->net = order->side == SIDE_BUY ? j->d->notional : -j->d->notional;
	j->groups = 1;
	if (j->r->positions.items == NULL)
		j->gross = j->net = j->group = NAN;
	for (size_t i = 0; i < j->r->positions.count; i++) {
		const struct risk_position *p = &j->r->positions.items[i];
		const struct instrument *instrument;
		double value = value_of(j, p->instrument, p->volume, p->price, p->rate, &instrument);
		j->gross += value;
		j->net += p->side == SIDE_BUY ? value : -value;
		if (instrument == NULL || j->instrument == NULL)
			continue;
		if (strcmp(instrument->group, j->instrument->group) == 0)
			j->group += value;
		else
			j->groups += !group_known(j, i, instrument->group);
	}
}

/* --- the checks, in their order --- */

static void check_state(struct judge *j)
{
	int state = j->r->state;
	enum risk_status status = state < 0                                            ? RISK_UNKNOWN
							  : state == STATE_ACTIVE                              ? RISK_PASS
							  : state == STATE_REDUCING && j->r->order.reduce_only ? RISK_PASS
																				   : RISK_FAIL;
	struct risk_finding *finding = note(j, "trading_state", status, "Trading must be ACTIVE for entries.");
	finding->observed = text(j, state >= 0 ? trading_state_names[state] : NULL);
	finding->limit = text(j, "ACTIVE");
}

static void check_instrument(struct judge *j)
{
	bool allowed = j->instrument != NULL && j->r->profile.instruments.items == NULL;
	for (size_t i = 0; j->instrument != NULL && i < j->r->profile.instruments.count; i++)
		allowed |= instrument_find(j->instruments, j->r->profile.instruments.items[i]) == j->instrument;
	struct risk_finding *finding = note(j, "instrument_allowed", allowed ? RISK_PASS : RISK_FAIL,
										"The instrument must be in the pack and in the profile.");
	finding->observed = text(j, j->r->order.instrument);
}

static void check_times(struct judge *j)
{
	const struct risk_profile *p = &j->r->profile;
	const struct risk_quote *q = quote_of(j);
	note(j, "market_open", j->r->market, "The instrument's session must be open.");
	note(j, "news_window", j->r->news, "No entries inside a news window.");
	enum risk_status fresh = most(q->age_seconds, p->quote_max_age_s);
	if (!isfinite(q->bid) || !isfinite(q->ask))
		fresh = RISK_UNKNOWN;
	else if (q->bid <= 0 || q->ask < q->bid)
		fresh = RISK_FAIL;
	figure(j, "quote_fresh", fresh, q->age_seconds, p->quote_max_age_s, "The quote must be sane and fresh (s).");
	at_most(j, "account_fresh", account_of(j)->age_seconds, p->account_max_age_s,
			"The account's figures must be fresh (s).");
}

static void check_price(struct judge *j)
{
	const struct risk_profile *p = &j->r->profile;
	const struct risk_quote *q = quote_of(j);
	double middle = (q->bid + q->ask) / 2;
	at_most(j, "price_collar", middle > 0 ? fabs(j->r->order.price - middle) / middle * 100 : NAN, p->price_collar_pct,
			"Distance of the price from the middle of the quote (%).");
	bool present = isfinite(j->r->order.stop_loss);
	note(j, "stop_loss_present",
		 !p->require_stop_loss ? RISK_OFF
		 : present             ? RISK_PASS
							   : RISK_FAIL,
		 "The profile asks for a stop.");
}

static void check_size(struct judge *j)
{
	at_most(j, "order_size", j->r->order.volume, j->r->profile.max_order_size, "Lots of the order.");
}

static void check_value(struct judge *j)
{
	const struct risk_profile *p = &j->r->profile;
	const struct risk_account *a = account_of(j);
	if (isfinite(p->max_order_notional))
		at_most(j, "order_notional", j->d->notional, p->max_order_notional, "Value of the order.");
	else
		figure(j, "order_notional", RISK_OFF, j->d->notional, NAN, "Value of the order.");
	double limit = RISK_TOLERANCE * p->risk_percent;
	double risk = a->equity > 0 ? j->d->loss_at_stop / a->equity * 100 : NAN;
	if (isfinite(j->r->order.stop_loss))
		at_most(j, "risk_per_trade", risk, limit, "Loss at the stop (% of equity).");
	else
		figure(j, "risk_per_trade", RISK_OFF, NAN, limit, "There is no stop to measure from.");
}

static bool alike(const struct risk_recent *recent, const struct judge *j)
{
	const struct risk_order *order = &j->r->order;
	const struct instrument *instrument = instrument_find(j->instruments, recent->instrument);
	return instrument != NULL && instrument == j->instrument && recent->side == order->side &&
		   recent->volume == order->volume && recent->price == order->price;
}

static void check_recent(struct judge *j)
{
	const struct risk_profile *p = &j->r->profile;
	double alike_count = 0, in_minute = 1;
	for (size_t i = 0; i < j->r->recent_orders.count; i++) {
		const struct risk_recent *recent = &j->r->recent_orders.items[i];
		alike_count += alike(recent, j) && recent->age_seconds < p->duplicate_window_s;
		in_minute += recent->age_seconds < RATE_WINDOW_S;
	}
	if (j->r->recent_orders.items == NULL)
		alike_count = in_minute = NAN;
	at_most(j, "duplicate_order", alike_count, 0, "The same order within the duplicate window.");
	at_most(j, "order_rate", in_minute, (double)p->max_orders_per_minute, "Orders in a minute, with this one.");
}

static void check_exposure(struct judge *j)
{
	const struct risk_profile *p = &j->r->profile;
	double equity = account_of(j)->equity > 0 ? account_of(j)->equity : NAN;
	double open = j->r->positions.items != NULL ? (double)j->r->positions.count : NAN;
	enum risk_status status = !isfinite(open)                         ? RISK_UNKNOWN
							  : open >= (double)p->max_open_positions ? RISK_FAIL
																	  : RISK_PASS;
	figure(j, "open_positions", status, open, (double)p->max_open_positions, "Open positions before the order.");
	at_most(j, "gross_exposure", j->gross / equity, p->max_gross_exposure_x, "All values, in equities.");
	at_most(j, "net_exposure", fabs(j->net) / equity, p->max_net_exposure_x, "Longs less shorts, in equities.");
	double share = j->group / j->gross;
	if (isfinite(share) && j->groups < 2)
		figure(j, "group_exposure", RISK_OFF, share, p->max_group_share, "There is one group only.");
	else
		at_most(j, "group_exposure", share, p->max_group_share, "The group's part of the gross exposure.");
}

static void check_account(struct judge *j)
{
	const struct risk_profile *p = &j->r->profile;
	const struct risk_account *a = account_of(j);
	at_least(j, "margin", a->free_margin - j->d->margin_required, p->margin_buffer_pct / 100 * a->balance,
			 "Free margin after the order.");
	double loss = a->day_start_equity > 0 ? fmax(0, -a->daily_profit) / a->day_start_equity * 100 : NAN;
	at_most(j, "daily_loss", isfinite(a->daily_profit) ? loss : NAN, p->max_daily_loss_pct,
			"Loss since 00:00 UTC (%).");
	double fall = a->peak_equity > 0 && a->equity > 0 ? (a->peak_equity - a->equity) / a->peak_equity * 100 : NAN;
	at_most(j, "drawdown", isfinite(fall) ? fmax(0, fall) : NAN, p->max_drawdown_pct, "Fall from the peak (%).");
	at_least(j, "min_equity", a->equity, j->r->min_equity, "Equity that must be there.");
}

/* What the order binds and risks. */
static void measure(struct judge *j)
{
	const struct risk_order *o = &j->r->order;
	double unit = j->instrument != NULL ? o->volume * j->instrument->contract_size * o->rate : NAN;
	double leverage = account_of(j)->leverage;
	j->d->notional = unit * o->price;
	j->d->loss_at_stop = unit * fabs(o->price - o->stop_loss);
	j->d->margin_required = leverage > 0 ? j->d->notional / leverage : NAN;
}

static void switch_off_but_first_two_and_size(struct risk_decision *d)
{
	for (size_t i = 2; i < RISK_CHECKS; i++)
		if (strcmp(d->checks[i].name, "order_size") != 0)
			d->checks[i].status = RISK_OFF;
}

bool risk_check(struct arena *arena, const struct instruments *instruments, const struct risk_request *request,
				struct risk_decision *decision)
{
	struct judge j = {.arena = arena,
					  .instruments = instruments,
					  .instrument = instrument_find(instruments, request->order.instrument),
					  .r = request,
					  .d = decision};
	*decision = (struct risk_decision){.accept = true};
	measure(&j);
	sum_exposure(&j);
	check_state(&j);
	check_instrument(&j);
	check_times(&j);
	check_price(&j);
	check_size(&j);
	check_value(&j);
	check_recent(&j);
	check_exposure(&j);
	check_account(&j);
	must(j.count == RISK_CHECKS);
	if (request->order.reduce_only)
		switch_off_but_first_two_and_size(decision);
	for (size_t i = 0; i < RISK_CHECKS; i++)
		decision->accept &= decision->checks[i].status != RISK_FAIL && decision->checks[i].status != RISK_UNKNOWN;
	return !arena->full;
}
