#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/field.h"
#include "trade/domain/performance.h"

/*
 * Every figure of trade.metrics a second time [trade.md 9.1, 9.2]: slow and obvious, in long double, each from the
 * sentence of the table alone, on random series with holes.  What is not a number there is none here.
 */

static double uniform(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (double)(*seed >> 11) * 0x1p-53;
}

static void close_to(const char *name, double got, long double want)
{
	bool none = !isfinite(want);
	if (none ? isfinite(got) : !(fabsl(got - want) <= 1e-12L * fmaxl(1, fabsl(want))))
		fail_msg("%s is %.17g, not %.17Lg", name, got, want);
}

#define CLOSE(figures, member, want) close_to(#member, (figures)->member, (want))

/* A list of numbers, and what the tables are made of. */
struct list {
	size_t n;
	long double x[512];
};

static void put(struct list *list, long double x)
{
	list->x[list->n++] = x;
}

static long double sum(const struct list *l)
{
	long double s = 0;
	for (size_t i = 0; i < l->n; i++)
		s += l->x[i];
	return s;
}

static long double mean(const struct list *l)
{
	return sum(l) / (long double)l->n;
}

static long double cross(const struct list *a, const struct list *b)
{
	long double s = 0;
	for (size_t i = 0; i < a->n; i++)
		s += (a->x[i] - mean(a)) * (b->x[i] - mean(b));
	return s;
}

static long double deviation(const struct list *l)
{
	return sqrtl(cross(l, l) / (long double)(l->n - 1));
}

static long double growth(const struct list *l)
{
	long double g = l->n > 0 ? 1 : NAN;
	for (size_t i = 0; i < l->n; i++)
		g *= 1 + l->x[i];
	return g;
}

static long double annual(const struct list *l, long double p)
{
	return powl(growth(l), p / (long double)l->n) - 1;
}

static struct list where(const struct list *l, int sign)
{
	struct list some = {.n = 0};
	for (size_t i = 0; i < l->n; i++)
		if (sign > 0 ? l->x[i] > 0 : l->x[i] < 0)
			put(&some, l->x[i]);
	return some;
}

/* --- a series --- */

enum { N_MAX = 240 };

struct series {
	size_t n;
	double r[N_MAX], b[N_MAX], rf[N_MAX];
	int64_t times_us[N_MAX];
	long double p, mar;
};

static double bell(uint64_t *seed)
{
	return (uniform(seed) + uniform(seed) + uniform(seed) + uniform(seed) - 1.97) / 30;
}

static void make(struct series *s, uint64_t *seed, size_t n, bool holes)
{
	*s = (struct series){.n = n, .p = 252, .mar = .0002L};
	int64_t day = 19000;
	for (size_t i = 0; i < n; i++) {
		s->r[i] = holes && uniform(seed) < .15 ? NAN : bell(seed);
		s->b[i] = holes && uniform(seed) < .1 ? NAN : bell(seed) + (isnan(s->r[i]) ? 0 : .4 * s->r[i]);
		s->rf[i] = holes && uniform(seed) < .05 ? NAN : uniform(seed) / 3000;
		day += 1 + (uniform(seed) < .2 ? 2 : 0);
		s->times_us[i] = day * INT64_C(86400000000);
	}
}

static struct performance_input input_of(const struct series *s)
{
	return (struct performance_input){.has_series = true,
									  .returns = s->r,
									  .count = s->n,
									  .times_us = s->times_us,
									  .periods_per_year = (double)s->p,
									  .days_per_year = 365,
									  .risk_free.each = s->rf,
									  .mar = (double)s->mar,
									  .var_cutoff = .05,
									  .benchmark = s->b,
									  .drawdowns = 1000,
									  .start_balance = NAN};
}

/* Points of the equity, from 1; a period without a return leaves it where it was. */
static struct list points_of(const struct series *s)
{
	struct list e = {.n = 0};
	put(&e, 1);
	for (size_t i = 0; i < s->n; i++)
		put(&e, e.x[i] * (isnan(s->r[i]) ? 1 : 1 + (long double)s->r[i]));
	return e;
}

static long double depth_at(const struct list *e, size_t i)
{
	long double peak = 0;
	for (size_t k = 0; k <= i; k++)
		peak = fmaxl(peak, e->x[k]);
	return e->x[i] / peak - 1;
}

/* The episodes from what they are: maximal runs of points below the peak before them. */
static void check_episodes(const struct series *s, const struct performance *out)
{
	const struct list e = points_of(s);
	struct list depths = {.n = 0}, squares = {.n = 0};
	long double deepest = 0;
	for (size_t i = 1; i < e.n; i++) {
		long double d = depth_at(&e, i);
		put(&squares, d * d);
		deepest = fminl(deepest, d);
		if (!(d < 0) || depth_at(&e, i - 1) < 0)
			continue;
		size_t trough = i, end = i;
		for (; end < e.n && depth_at(&e, end) < 0; end++)
			trough = depth_at(&e, end) < depth_at(&e, trough) ? end : trough;
		put(&depths, depth_at(&e, trough));
		bool seen = false;
		for (size_t k = 0; k < out->drawdowns.count; k++) {
			const struct episode *one = &out->drawdowns.items[k];
			if (one->start != (int64_t)i - 1)
				continue;
			seen = true;
			CLOSE(one, depth, depth_at(&e, trough));
			assert_int_equal(one->trough, trough);
			assert_int_equal(one->end, end < e.n ? (int64_t)end : FIELD_NO_INT);
			assert_int_equal(one->length, (end < e.n ? end : e.n - 1) - (i - 1));
			assert_int_equal(one->to_trough, trough - (i - 1));
		}
		assert_true(seen);
	}
	const struct return_figures *f = out->returns;
	assert_int_equal(out->drawdowns.count, depths.n);
	for (size_t k = 1; k < out->drawdowns.count; k++)
		assert_true(out->drawdowns.items[k - 1].depth <= out->drawdowns.items[k].depth);
	CLOSE(f, average_drawdown, depths.n > 0 ? mean(&depths) : NAN);
	CLOSE(f, max_drawdown, deepest);
	CLOSE(f, current_drawdown, depth_at(&e, e.n - 1));
	CLOSE(f, ulcer_index, sqrtl(mean(&squares)));
}

static void check_returns(const struct series *s, const struct return_figures *f)
{
	struct list w = {.n = 0}, excess = {.n = 0};
	for (size_t i = 0; i < s->n; i++) {
		if (!isnan(s->r[i]))
			put(&w, s->r[i]);
		if (!isnan(s->r[i]) && !isnan(s->rf[i]))
			put(&excess, (long double)s->r[i] - s->rf[i]);
	}
	const struct list up = where(&w, 1), down = where(&w, -1);
	long double days = (long double)((s->times_us[s->n - 1] - s->times_us[0]) / INT64_C(86400000000));
	assert_int_equal(f->rows, s->n);
	assert_int_equal(f->periods, w.n);
	assert_int_equal(f->positive, up.n);
	assert_int_equal(f->negative, down.n);
	CLOSE(f, total_return, growth(&w) - 1);
	CLOSE(f, annual_return, powl(growth(&w), s->p / (long double)s->n) - 1);
	CLOSE(f, cagr, powl(growth(&w), 365 / days) - 1);
	CLOSE(f, sharpe, mean(&excess) / deviation(&excess) * sqrtl(s->p));
	long double wins = (long double)up.n / (long double)(up.n + down.n), payoff = mean(&up) / fabsl(mean(&down));
	CLOSE(f, win_rate, wins);
	CLOSE(f, payoff_ratio, payoff);
	CLOSE(f, profit_factor, sum(&up) / fabsl(sum(&down)));
	CLOSE(f, kelly, wins - (1 - wins) / payoff);
	CLOSE(f, calmar, (powl(growth(&w), s->p / (long double)s->n) - 1) / fabsl(f->max_drawdown));
}

static long double capture(const struct list *w, const struct list *b, int sign, long double p)
{
	struct list ww = {.n = 0}, bb = {.n = 0};
	for (size_t i = 0; i < b->n; i++)
		if (sign > 0 ? b->x[i] > 0 : b->x[i] < 0) {
			put(&ww, w->x[i]);
			put(&bb, b->x[i]);
		}
	return annual(&ww, p) / annual(&bb, p);
}

static void check_benchmark(const struct series *s, const struct benchmark_figures *f)
{
	struct list w = {.n = 0}, b = {.n = 0}, apart = {.n = 0};                              /* pairs */
	struct list wr = {.n = 0}, br = {.n = 0}, wx = {.n = 0}, bx = {.n = 0}, rf = {.n = 0}; /* those with a rate */
	for (size_t i = 0; i < s->n; i++) {
		if (isnan(s->r[i]) || isnan(s->b[i]))
			continue;
		put(&w, s->r[i]);
		put(&b, s->b[i]);
		put(&apart, (long double)s->r[i] - s->b[i]);
		if (isnan(s->rf[i]))
			continue;
		put(&wr, s->r[i]);
		put(&br, s->b[i]);
		put(&rf, s->rf[i]);
		put(&wx, (long double)s->r[i] - s->rf[i]);
		put(&bx, (long double)s->b[i] - s->rf[i]);
	}
	long double beta = cross(&wx, &bx) / cross(&bx, &bx), alpha = mean(&wx) - beta * mean(&bx);
	long double correlation = cross(&w, &b) / sqrtl(cross(&w, &w) * cross(&b, &b));
	CLOSE(f, beta, beta);
	CLOSE(f, alpha, alpha);
	CLOSE(f, alpha_annual, powl(1 + alpha, s->p) - 1);
	CLOSE(f, correlation, correlation);
	CLOSE(f, r_squared, correlation * correlation);
	CLOSE(f, information_ratio, mean(&apart) / deviation(&apart));
	CLOSE(f, tracking_error, deviation(&apart) * sqrtl(s->p));
	CLOSE(f, excess_return, growth(&w) - growth(&b));
	CLOSE(f, treynor, (annual(&wr, s->p) - annual(&rf, s->p)) / beta);
	CLOSE(f, up_capture, capture(&w, &b, 1, s->p));
	CLOSE(f, down_capture, capture(&w, &b, -1, s->p));
}

static void series_agree(void **state)
{
	(void)state;
	uint64_t seed = 20250101;
	static struct series s;
	for (size_t n = 12; n <= N_MAX; n += 1 + n / 10)
		for (int holes = 0; holes < 2; holes++) {
			struct arena arena;
			struct performance out;
			arena_init(&arena, 1 << 24);
			make(&s, &seed, n, holes == 1);
			const struct performance_input in = input_of(&s);
			assert_true(performance_find(&arena, &in, &out));
			check_returns(&s, out.returns);
			check_benchmark(&s, out.benchmark);
			check_episodes(&s, &out);
			arena_fini(&arena);
		}
}

/* Each window is judged as a series of its own, by the sentences of the table. */
static void windows_agree(void **state)
{
	(void)state;
	uint64_t seed = 77;
	static struct series s;
	struct arena arena;
	struct performance out;
	arena_init(&arena, 1 << 24);
	make(&s, &seed, 120, false);
	struct performance_input in = input_of(&s);
	in.rolling_window = 20;
	assert_true(performance_find(&arena, &in, &out));
	assert_int_equal(out.rolling->total.count, 101);
	for (size_t at = 0; at < 101; at++) {
		struct list w = {.n = 0}, wx = {.n = 0}, bx = {.n = 0}, over = {.n = 0}, below = {.n = 0}, e = {.n = 0};
		long double deepest = 0;
		put(&e, 1);
		for (size_t i = at; i < at + 20; i++) {
			long double d = (long double)s.r[i] - in.mar;
			put(&w, s.r[i]);
			put(&wx, (long double)s.r[i] - s.rf[i]);
			put(&bx, (long double)s.b[i] - s.rf[i]);
			put(&over, d);
			put(&below, d < 0 ? d * d : 0);
			put(&e, e.x[e.n - 1] * (1 + (long double)s.r[i]));
			deepest = fminl(deepest, depth_at(&e, e.n - 1));
		}
		close_to("return", out.rolling->total.items[at], growth(&w) - 1);
		close_to("volatility", out.rolling->volatility.items[at], deviation(&w) * sqrtl(s.p));
		close_to("sharpe", out.rolling->sharpe.items[at], mean(&wx) / deviation(&wx) * sqrtl(s.p));
		close_to("sortino", out.rolling->sortino.items[at], mean(&over) / sqrtl(mean(&below)) * sqrtl(s.p));
		close_to("max_drawdown", out.rolling->max_drawdown.items[at], deepest);
		close_to("beta", out.rolling->beta.items[at], cross(&wx, &bx) / cross(&bx, &bx));
	}
	arena_fini(&arena);
}

/* --- trades --- */

static void make_trades(uint64_t *seed, struct trade_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		double profit = round((uniform(seed) - .48) * 2000) / 100;
		rows[i] = (struct trade_row){.profit = uniform(seed) < .08 ? 0 : profit,
									 .ret = uniform(seed) < .1 ? NAN : profit / 500,
									 .r_multiple = uniform(seed) < .3 ? NAN : profit / 7,
									 .hours = uniform(seed) < .2 ? NAN : uniform(seed) * 90,
									 .exit_us = FIELD_NO_INT,
									 .place = i};
	}
}

struct runs {
	long double count, wins, losses;
};

static struct runs runs_of(const struct list *p)
{
	struct runs r = {0};
	long double before = 0;
	for (size_t i = 0; i < p->n; i++) {
		size_t end = i;
		while (end < p->n && p->x[end] * p->x[i] > 0)
			end++;
		long double length = (long double)(end - i);
		if (p->x[i] > 0)
			r.wins = fmaxl(r.wins, length);
		else
			r.losses = fmaxl(r.losses, length);
		if (p->x[i] != 0) {
			r.count += !(p->x[i] * before > 0);
			before = p->x[i];
		}
	}
	return r;
}

static void check_falls(const struct list *p, long double start, const struct trade_figures *f)
{
	long double money = 0, share = 0;
	for (size_t end = 1; end <= p->n; end++)
		for (size_t from = 0; from < end; from++) {
			long double before = 0, after = 0;
			for (size_t i = 0; i < end; i++)
				after += p->x[i];
			for (size_t i = 0; i < from; i++)
				before += p->x[i];
			money = fminl(money, after - before);
			share = fminl(share, (start + after) / (start + before) - 1);
		}
	CLOSE(f, max_closed_drawdown, money);
	CLOSE(f, max_drawdown, share);
	CLOSE(f, recovery_factor, sum(p) / fabsl(money));
}

static void check_trades(const struct trade_row *rows, size_t n, const struct trade_figures *f)
{
	struct list p = {.n = 0}, ret = {.n = 0}, logs = {.n = 0}, r = {.n = 0}, hours = {.n = 0};
	for (size_t i = 0; i < n; i++) {
		put(&p, rows[i].profit);
		if (!isnan(rows[i].ret)) {
			put(&ret, 1 + (long double)rows[i].ret);
			put(&logs, logl(1 + (long double)rows[i].ret));
		}
		if (!isnan(rows[i].r_multiple))
			put(&r, rows[i].r_multiple);
		if (!isnan(rows[i].hours))
			put(&hours, rows[i].hours);
	}
	const struct list up = where(&p, 1), down = where(&p, -1);
	const struct runs runs = runs_of(&p);
	long double count = (long double)n, win = (long double)up.n / count, loss = (long double)down.n / count;
	long double payoff = mean(&up) / fabsl(mean(&down)), c = (long double)(up.n + down.n);
	long double twice = 2 * (long double)up.n * (long double)down.n;
	CLOSE(f, win_rate, win);
	CLOSE(f, loss_rate, loss);
	CLOSE(f, gross_profit, sum(&up));
	CLOSE(f, gross_loss, sum(&down));
	CLOSE(f, net_profit, sum(&p));
	CLOSE(f, average_profit, mean(&p));
	CLOSE(f, stddev, deviation(&p));
	CLOSE(f, average_win, mean(&up));
	CLOSE(f, average_loss, mean(&down));
	CLOSE(f, payoff_ratio, payoff);
	CLOSE(f, profit_factor, sum(&up) / fabsl(sum(&down)));
	CLOSE(f, expectancy, win * mean(&up) + loss * mean(&down));
	CLOSE(f, expectancy_ratio, (1 + payoff) * win - 1);
	CLOSE(f, sqn, sqrtl(count) * mean(&p) / deviation(&p));
	CLOSE(f, profit_to_deviation, mean(&p) / deviation(&p));
	CLOSE(f, kelly, win - (1 - win) / payoff);
	CLOSE(f, ahpr, mean(&ret));
	CLOSE(f, ghpr, expl(mean(&logs)));
	CLOSE(f, average_r, mean(&r));
	CLOSE(f, average_hours, mean(&hours));
	CLOSE(f, z_score, (c * (runs.count - .5L) - twice) / sqrtl(twice * (twice - c) / (c - 1)));
	assert_true((long double)f->max_consecutive_wins == runs.wins);
	assert_true((long double)f->max_consecutive_losses == runs.losses);
	check_falls(&p, 1000, f);
}

static void trades_agree(void **state)
{
	(void)state;
	uint64_t seed = 4242;
	struct trade_row rows[60];
	for (size_t n = 25; n <= 60; n++) {
		struct trade_figures f;
		make_trades(&seed, rows, n);
		trade_figures(rows, n, 1000, &f);
		check_trades(rows, n, &f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(series_agree),
		cmocka_unit_test(windows_agree),
		cmocka_unit_test(trades_agree),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
