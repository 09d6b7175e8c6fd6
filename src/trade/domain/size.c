#include "trade/domain/size.h"

#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/field.h"
#include "seal/calc.h"
#include "seal/op.h"
#include "trade/domain/decimal.h"
#include "trade/domain/instruments.h"

enum { LEGS_MAX = 1000 };
enum size_method { METHOD_PIPS, METHOD_STOP, METHOD_SPLIT };

struct leg_request {
	double share, stop_distance;
};

struct request {
	int method;
	double equity, balance, risk_percent, stop_pips, pip_value, price, stop_loss;
	const char *instrument;
	double contract_size, rate, step, min_lot, max_lot;
	struct {
		size_t count;
		struct leg_request *items;
	} legs;
};

static const char *const method_names[] = {"pips", "stop", "split", NULL};

#define MONEY(m, text) F_NUM(request, m, ABOVE(0, 1e12), DOC(text))

static const struct field leg_request_fields[] = {
	F_NUM(leg_request, share, REQUIRED, ABOVE(0, 1), DOC("Part of the risk; all shares sum to 1")),
	F_NUM(leg_request, stop_distance, REQUIRED, ABOVE(0, 1e9), DOC("Price to stop")),
};
static const struct field_table leg_request_table = FIELD_TABLE("trade.size.leg", leg_request, leg_request_fields);

static const struct field request_fields[] = {
	F_ENUM(request, method, method_names, REQUIRED, DOC("How the risk is given")),
	MONEY(equity, "Equity; pips and stop"),
	MONEY(balance, "Balance; split"),
	F_NUM(request, risk_percent, REQUIRED, ABOVE(0, 100), UNIT("%"), DOC("Part of it to lose at the stop")),
	MONEY(stop_pips, "Distance of the stop; pips"),
	MONEY(pip_value, "Money per pip and lot; pips"),
	F_NUM(request, price, ABOVE(0, 1e9), DOC("Entry; stop")),
	F_NUM(request, stop_loss, ABOVE(0, 1e9), DOC("Stop; stop")),
	F_STR(request, instrument, LENGTH(2, 20), DOC("Gives contract size and lots' rules; stop")),
	F_NUM(request, contract_size, ABOVE(0, 1e9), DOC("Units a lot; stop without instrument, split")),
	F_NUM(request, rate, ABOVE(0, 1e9), DEFAULT(1), DOC("One unit of the instrument's currency in the account's")),
	F_NUM(request, step, ABOVE(0, 1e6), UNIT("lots"), DOC("0.01, or the instrument's")),
	F_NUM(request, min_lot, ABOVE(0, 1e6), UNIT("lots"), DOC("0.01, or the instrument's")),
	F_NUM(request, max_lot, ABOVE(0, 1e6), UNIT("lots"), DOC("100, or the instrument's")),
	F_OBJECTS(request, legs, &leg_request_table, TOLD_APART, COUNT(0, LEGS_MAX), DOC("split")),
};
static const struct field_table request_table = FIELD_TABLE("trade.size.request", request, request_fields);

struct leg {
	double lots, lots_exact, risk_at_lots;
};

struct result {
	double lots, lots_exact, risk_amount, risk_at_lots;
	const char *capped_by;
	struct {
		size_t count;
		struct leg *items;
	} legs;
};

#define LOT_FIELDS(s) \
	F_NUM(s, lots, SIGNIFICANT(15), UNIT("lots"), DOC("Whole steps")), \
		F_NUM(s, lots_exact, SIGNIFICANT(12), UNIT("lots"), DOC("Before rounding down"))

static const struct field leg_fields[] = {
	LOT_FIELDS(leg),
	F_NUM(leg, risk_at_lots, DECIMALS(2), DOC("Loss at the stop with these lots")),
};
static const struct field_table leg_table = FIELD_TABLE("trade.size.result.leg", leg, leg_fields);

static const struct field result_fields[] = {
	LOT_FIELDS(result),
	F_NUM(result, risk_amount, DECIMALS(2), DOC("Money that may be lost")),
	F_NUM(result, risk_at_lots, DECIMALS(2), DOC("Money that is lost at the stop with these lots")),
	F_STR(result, capped_by, NULLABLE, DOC("max_lot where that was less")),
	F_OBJECTS(result, legs, &leg_table, NULLABLE, TOLD_APART, DOC("Of split; else null")),
};
static const struct field_table result_table = FIELD_TABLE("trade.size.result", result, result_fields);

/* --- the kernel --- */

struct risk {
	struct decimal above[DECIMAL_FACTORS_MAX], below[DECIMAL_FACTORS_MAX];
	size_t above_count, below_count;
};

static void over(struct risk *risk, struct decimal factor)
{
	risk->above[risk->above_count++] = factor;
}

static void under(struct risk *risk, struct decimal factor)
{
	risk->below[risk->below_count++] = factor;
}

static struct lots lots_of(const struct risk *risk, struct lot_rules rules)
{
	struct lots lots = {.lots_exact = decimal_ratio(risk->above, risk->above_count, risk->below, risk->below_count)};
	struct risk steps = *risk;
	const struct decimal step = decimal_of(rules.step), most = decimal_of(rules.max_lot),
						 least = decimal_of(rules.min_lot);
	int64_t n, n_max, n_min;
	under(&steps, step);
	if (!decimal_quotient(steps.above, steps.above_count, steps.below, steps.below_count, DECIMAL_DOWN, &n))
		n = INT64_MAX;
	if (!decimal_quotient(&most, 1, &step, 1, DECIMAL_DOWN, &n_max) ||
		!decimal_quotient(&least, 1, &step, 1, DECIMAL_UP, &n_min)) {
		lots.too_small = true; /* steps so small that lots cannot be counted */
		return lots;
	}
	lots.capped = n > n_max;
	n = lots.capped ? n_max : n;
	lots.too_small = n < n_min || n == 0;
	lots.lots = lots.too_small ? 0 : decimal_steps(n, rules.step);
	return lots;
}

static struct risk risk_of(double amount, double percent)
{
	struct risk risk = {.above_count = 0};
	over(&risk, decimal_of(amount));
	over(&risk, decimal_of(percent));
	under(&risk, decimal_whole(100));
	return risk;
}

struct lots size_by_stop(double equity, double risk_percent, double price, double stop_loss, double contract_size,
						 double rate, struct lot_rules rules)
{
	struct risk risk = risk_of(equity, risk_percent);
	under(&risk, decimal_distance(price, stop_loss));
	under(&risk, decimal_of(contract_size));
	under(&risk, decimal_of(rate));
	return lots_of(&risk, rules);
}

/* --- the operation --- */

struct member {
	const char *name;
	bool given;
};

static void need(struct calc *calc, const char *method, struct member member)
{
	if (!member.given)
		calc_fault(calc, field_pointer(calc->arena, "", member.name), "required", "is required by method %s", method);
}

static void refuse(struct calc *calc, const char *method, struct member member)
{
	if (member.given)
		calc_fault(calc, field_pointer(calc->arena, "", member.name), "conflict", "does not belong to method %s",
				   method);
}

static void check_members(struct calc *calc, const struct request *r)
{
	const struct {
		struct member member;
		int uses; /* bits of methods */
	} rows[] = {
		{{"equity", given(r->equity)}, 1 << METHOD_PIPS | 1 << METHOD_STOP},
		{{"balance", given(r->balance)}, 1 << METHOD_SPLIT},
		{{"stop_pips", given(r->stop_pips)}, 1 << METHOD_PIPS},
		{{"pip_value", given(r->pip_value)}, 1 << METHOD_PIPS},
		{{"price", given(r->price)}, 1 << METHOD_STOP},
		{{"stop_loss", given(r->stop_loss)}, 1 << METHOD_STOP},
		{{"contract_size", given(r->contract_size) || (r->method == METHOD_STOP && r->instrument != NULL)},
		 1 << METHOD_STOP | 1 << METHOD_SPLIT},
		{{"legs", r->legs.items != NULL}, 1 << METHOD_SPLIT},
	};
	const char *method = method_names[r->method];
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if ((rows[i].uses >> r->method & 1) != 0)
			need(calc, method, rows[i].member);
		else
			refuse(calc, method, rows[i].member);
	refuse(
		calc, r->method == METHOD_STOP ? "stop with contract_size" : method,
		(struct member){"instrument", r->instrument != NULL && (r->method != METHOD_STOP || given(r->contract_size))});
}

/* The rules, and the contract size where an instrument gives it. */
static bool look_up(struct calc *calc, struct request *r, struct lot_rules *rules)
{
	*rules = (struct lot_rules){.step = .01, .min_lot = .01, .max_lot = 100};
	if (r->instrument != NULL) {
		const struct instruments *all = calc_pack(calc, "instruments");
		if (all == NULL)
			return false;
		const struct instrument *one = instrument_find(all, r->instrument);
		if (one == NULL) {
			calc_fault(calc, "/instrument", "unknown_instrument", "is not in pack instruments");
			return false;
		}
		r->contract_size = one->contract_size;
		*rules = (struct lot_rules){.step = one->lot_step, .min_lot = one->min_lot, .max_lot = one->max_lot};
	}
	rules->step = given(r->step) ? r->step : rules->step;
	rules->min_lot = given(r->min_lot) ? r->min_lot : rules->min_lot;
	rules->max_lot = given(r->max_lot) ? r->max_lot : rules->max_lot;
	if (rules->min_lot > rules->max_lot)
		calc_fault(calc, "/min_lot", "range", "must be at most max_lot, %.15g", rules->max_lot);
	return calc->faults.count == 0;
}

static double exact_sum_of_shares(const struct request *r)
{
	long double sum = 0;
	for (size_t i = 0; i < r->legs.count; i++)
		sum += (long double)r->legs.items[i].share;
	return (double)sum;
}

static void abstain_small(struct calc *calc, double lots_exact, const struct lot_rules *rules)
{
	calc_abstain(calc, "abstain.below_min_lot",
				 "The risk allows %.6g lots, less than the smallest order of %.6g. Raise the risk or put the stop "
				 "nearer; lots are never rounded up.",
				 lots_exact, rules->min_lot);
}

static void note_cap(struct calc *calc, struct result *result, const struct lot_rules *rules)
{
	result->capped_by = "max_lot";
	calc_warn(calc, "capped", NULL, "The risk allows more than the largest order of %.6g lots.", rules->max_lot);
}

static bool run_split(struct calc *calc, const struct request *r, const struct lot_rules *rules, struct result *result)
{
	long double exact = 0, at_lots = 0, lots = 0;
	bool capped = false;
	if (r->legs.count == 0) {
		calc_abstain(calc, "abstain.no_data", "There are no legs. Give at least one.");
		return true;
	}
	result->legs.count = r->legs.count;
	result->legs.items = arena_array(calc->arena, r->legs.count, sizeof *result->legs.items);
	if (result->legs.items == NULL)
		return false;
	for (size_t i = 0; i < r->legs.count; i++) {
		const struct leg_request *leg = &r->legs.items[i];
		struct risk risk = risk_of(r->balance, r->risk_percent);
		over(&risk, decimal_of(leg->share));
		under(&risk, decimal_of(leg->stop_distance));
		under(&risk, decimal_of(r->contract_size));
		under(&risk, decimal_of(r->rate));
		const struct lots part = lots_of(&risk, *rules);
		if (part.too_small) {
			abstain_small(calc, part.lots_exact, rules);
			return true;
		}
		struct leg *out = &result->legs.items[i];
		*out = (struct leg){.lots = part.lots,
							.lots_exact = part.lots_exact,
							.risk_at_lots = part.lots * leg->stop_distance * r->contract_size * r->rate};
		capped = capped || part.capped;
		exact += (long double)part.lots_exact;
		lots += (long double)part.lots;
		at_lots += (long double)out->risk_at_lots;
	}
	result->lots = (double)lots;
	result->lots_exact = (double)exact;
	result->risk_at_lots = (double)at_lots;
	if (capped)
		note_cap(calc, result, rules);
	return true;
}

static bool run_one(struct calc *calc, const struct request *r, const struct lot_rules *rules, struct result *result)
{
	struct lots lots;
	double per_lot;
	if (r->method == METHOD_PIPS) {
		struct risk risk = risk_of(r->equity, r->risk_percent);
		under(&risk, decimal_of(r->stop_pips));
		under(&risk, decimal_of(r->pip_value));
		lots = lots_of(&risk, *rules);
		per_lot = r->stop_pips * r->pip_value;
	} else {
		lots = size_by_stop(r->equity, r->risk_percent, r->price, r->stop_loss, r->contract_size, r->rate, *rules);
		per_lot = decimal_double(decimal_distance(r->price, r->stop_loss)) * r->contract_size * r->rate;
	}
	if (lots.too_small) {
		abstain_small(calc, lots.lots_exact, rules);
		return true;
	}
	result->lots = lots.lots;
	result->lots_exact = lots.lots_exact;
	result->risk_at_lots = lots.lots * per_lot;
	if (lots.capped)
		note_cap(calc, result, rules);
	return true;
}

static void check(struct calc *calc, const void *input)
{
	const struct request *r = input;
	if (r->method < 0) /* unknown: nothing can be said of the members */
		return;
	check_members(calc, r);
	if (r->method == METHOD_STOP && given(r->price) && r->price == r->stop_loss)
		calc_fault(calc, "/stop_loss", "range", "must differ from price");
	double sum = exact_sum_of_shares(r);
	if (r->method == METHOD_SPLIT && r->legs.count > 0 && given(sum) && !(fabs(sum - 1) <= 1e-9))
		calc_fault(calc, "/legs", "sum", "the shares must sum to 1, not %.12g", sum);
}

static bool run(struct calc *calc, const void *input, void *output)
{
	struct request r = *(const struct request *)input;
	struct result *result = output;
	struct lot_rules rules;
	if (!look_up(calc, &r, &rules))
		return false;
	result->risk_amount = (r.method == METHOD_SPLIT ? r.balance : r.equity) * r.risk_percent / 100;
	return r.method == METHOD_SPLIT ? run_split(calc, &r, &rules, result) : run_one(calc, &r, &rules, result);
}

const struct op trade_size_op = {
	.name = "trade.size",
	.path = "/api/v1/trade/size",
	.summary = "Lots for a given risk, exactly, rounded down",
	.doc = "Methods: pips, stop, split.  Lots are whole steps, never rounded up: under min_lot the operation abstains, "
		   "above max_lot it caps and says so.",
	.input = &request_table,
	.output = &result_table,
	.check = check,
	.run = run,
	.example = "{\"method\":\"pips\",\"equity\":10000,\"risk_percent\":2,\"stop_pips\":50,\"pip_value\":10}",
};
