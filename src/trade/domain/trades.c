#include "trade/domain/trades.h"

#include <math.h>

#include "core/field.h"
#include "trade/domain/metrics.h"

#define FIGURE(m, text) F_NUM(trade_figures, m, NULLABLE, SIGNIFICANT(12), DOC(text))
#define COUNTED(m, text) F_INT(trade_figures, m, DOC(text))

static const struct field figure_fields[] = {
	COUNTED(count, "Trades"),
	COUNTED(wins, "Profit above 0"),
	COUNTED(losses, "Profit below 0"),
	COUNTED(breakeven, "Profit of 0"),
	FIGURE(win_rate, "wins / count"),
	FIGURE(loss_rate, "losses / count"),
	FIGURE(gross_profit, "Sum of the wins"),
	FIGURE(gross_loss, "Sum of the losses, 0 or less"),
	FIGURE(net_profit, "Sum of all"),
	FIGURE(average_profit, "net_profit / count"),
	FIGURE(stddev, "Sample deviation of the profits"),
	FIGURE(largest_win, "Largest profit"),
	FIGURE(largest_loss, "Largest loss, below 0"),
	FIGURE(average_win, "Mean of the wins"),
	FIGURE(average_loss, "Mean of the losses, below 0"),
	FIGURE(payoff_ratio, "average_win / |average_loss|"),
	FIGURE(profit_factor, "gross_profit / |gross_loss|"),
	FIGURE(expectancy, "win_rate × average_win + loss_rate × average_loss"),
	FIGURE(expectancy_ratio, "(1 + payoff_ratio) × win_rate − 1"),
	FIGURE(sqn, "√count × average_profit / stddev"),
	FIGURE(profit_to_deviation, "average_profit / stddev"),
	FIGURE(max_closed_drawdown, "Deepest fall of the sum of profits below its peak, in money, 0 or less"),
	FIGURE(recovery_factor, "net_profit / |max_closed_drawdown|"),
	FIGURE(max_drawdown, "Deepest fall of the balance below its peak, as a fraction; needs start_balance"),
	FIGURE(kelly, "win_rate − (1 − win_rate) / payoff_ratio"),
	FIGURE(ahpr, "Mean of 1 + return"),
	FIGURE(ghpr, "Geometric mean of 1 + return"),
	FIGURE(z_score, "Of the runs of wins and losses"),
	COUNTED(max_consecutive_wins, "Most wins one after the other; a trade of profit 0 ends it"),
	COUNTED(max_consecutive_losses, "Most losses one after the other"),
	FIGURE(average_r, "Mean of the signed R multiples that are known"),
	FIGURE(average_hours, "Mean time from entry to exit, where both are known"),
};
const struct field_table trade_figures_table = FIELD_TABLE("trade.metrics.trades", trade_figures, figure_fields);

struct runs {
	int64_t count;        /* runs of one sign among wins and losses, as z_score counts them */
	int64_t wins, losses; /* most one after the other */
};

/* A trade without profit or loss is no part of C = wins + losses, so it ends no run; but what follows it is not next.
 */
static struct runs find_runs(const struct trade_row *rows, size_t n)
{
	struct runs runs = {0};
	int last = 0;
	int64_t length = 0;
	for (size_t i = 0; i < n; i++) {
		int sign = (rows[i].profit > 0) - (rows[i].profit < 0);
		if (sign == 0) {
			length = 0;
			continue;
		}
		runs.count += sign != last;
		length = sign == last ? length + 1 : 1;
		last = sign;
		int64_t *longest = sign > 0 ? &runs.wins : &runs.losses;
		*longest = length > *longest ? length : *longest;
	}
	return runs;
}

static void sums(const struct trade_row *rows, size_t n, struct trade_figures *out)
{
	out->largest_win = out->largest_loss = NAN;
	for (size_t i = 0; i < n; i++) {
		double profit = rows[i].profit;
		out->net_profit += profit;
		if (profit > 0) {
			out->wins++;
			out->gross_profit += profit;
			out->largest_win = fmax(out->largest_win, profit);
		} else if (profit < 0) {
			out->losses++;
			out->gross_loss += profit;
			out->largest_loss = fmin(out->largest_loss, profit);
		}
	}
	out->breakeven = out->count - out->wins - out->losses;
}

/* A mean over the trades of which it is known. */
struct known {
	double sum;
	size_t count;
};

static void note(struct known *known, double x)
{
	if (isnan(x))
		return;
	known->sum += x;
	known->count++;
}

static double mean(const struct known *known)
{
	return metrics_ratio(known->sum, (double)known->count);
}

static double deviation(const struct trade_row *rows, size_t n, double mean)
{
	double squares = 0, largest = 0;
	for (size_t i = 0; i < n; i++) {
		double d = rows[i].profit - mean;
		squares += d * d;
		largest = fmax(largest, fabs(rows[i].profit));
	}
	if (n < 2)
		return NAN;
	double s = sqrt(squares / (double)(n - 1));
	return s <= 1e-12 * largest ? 0 : s;
}

static void drawdowns(const struct trade_row *rows, size_t n, double start_balance, struct trade_figures *out)
{
	double closed = 0, peak = 0, balance = start_balance, top = start_balance;
	out->max_drawdown = isnan(start_balance) ? NAN : 0;
	for (size_t i = 0; i < n; i++) {
		closed += rows[i].profit;
		peak = fmax(peak, closed);
		out->max_closed_drawdown = fmin(out->max_closed_drawdown, closed - peak);
		if (isnan(start_balance))
			continue;
		balance += rows[i].profit;
		top = fmax(top, balance);
		out->max_drawdown = fmin(out->max_drawdown, balance / top - 1);
	}
}

/* Means over the trades that tell their return, their R, their times. */
static void means(const struct trade_row *rows, size_t n, struct trade_figures *out)
{
	struct known returns = {0}, logs = {0}, r = {0}, hours = {0};
	for (size_t i = 0; i < n; i++) {
		note(&returns, rows[i].ret);
		note(&logs, log1p(rows[i].ret));
		note(&r, rows[i].r_multiple);
		note(&hours, rows[i].hours);
	}
	out->ahpr = 1 + mean(&returns);
	out->ghpr = logs.count == returns.count ? exp(mean(&logs)) : NAN; /* no root of a negative holding return */
	out->average_r = mean(&r);
	out->average_hours = mean(&hours);
}

/* (C·(R−0.5)−P)/√(P·(P−C)/(C−1)), C wins and losses, R runs, P = 2·wins·losses */
static double z_score(const struct trade_figures *f, int64_t runs)
{
	double c = (double)(f->wins + f->losses), p = 2 * (double)f->wins * (double)f->losses;
	double under = p * (p - c) / (c - 1);
	if (!(under > 0))
		return NAN;
	return metrics_ratio(c * ((double)runs - .5) - p, sqrt(under));
}

void trade_figures(const struct trade_row *rows, size_t n, double start_balance, struct trade_figures *out)
{
	*out = (struct trade_figures){.count = (int64_t)n};
	sums(rows, n, out);
	double count = (double)n;
	out->win_rate = metrics_ratio((double)out->wins, count);
	out->loss_rate = metrics_ratio((double)out->losses, count);
	out->average_profit = metrics_ratio(out->net_profit, count);
	out->average_win = metrics_ratio(out->gross_profit, (double)out->wins);
	out->average_loss = metrics_ratio(out->gross_loss, (double)out->losses);
	out->payoff_ratio = metrics_ratio(out->average_win, fabs(out->average_loss));
	out->profit_factor = metrics_ratio(out->gross_profit, fabs(out->gross_loss));
	out->expectancy = out->win_rate * (out->wins > 0 ? out->average_win : 0) +
					  out->loss_rate * (out->losses > 0 ? out->average_loss : 0);
	out->expectancy_ratio = (1 + out->payoff_ratio) * out->win_rate - 1;
	out->stddev = deviation(rows, n, out->average_profit);
	out->profit_to_deviation = metrics_ratio(out->average_profit, out->stddev);
	out->sqn = sqrt(count) * out->profit_to_deviation;
	drawdowns(rows, n, start_balance, out);
	out->recovery_factor = metrics_ratio(out->net_profit, fabs(out->max_closed_drawdown));
	out->kelly = out->win_rate - metrics_ratio(1 - out->win_rate, out->payoff_ratio);
	means(rows, n, out);
	struct runs runs = find_runs(rows, n);
	out->max_consecutive_wins = runs.wins;
	out->max_consecutive_losses = runs.losses;
	out->z_score = z_score(out, runs.count);
}
