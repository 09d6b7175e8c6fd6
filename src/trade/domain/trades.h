/*
 * Figures of a list of closed trades [trade.md 9.1, result.trades]: profits net of costs, in order of exit.
 */
#ifndef CS_TRADE_DOMAIN_TRADES_H
#define CS_TRADE_DOMAIN_TRADES_H

#include <stddef.h>
#include <stdint.h>

struct field_table;

struct trade_row {
	double profit;
	double ret;        /* of the trade, NaN: not given */
	double r_multiple; /* signed; NaN: not known */
	double hours;      /* from entry to exit; NaN: not known */
	int64_t exit_us;   /* FIELD_NO_INT: not known */
	size_t place;      /* in the list as given */
};

struct trade_figures {
	int64_t count, wins, losses, breakeven;
	double win_rate, loss_rate;
	double gross_profit, gross_loss, net_profit, average_profit, stddev, largest_win, largest_loss;
	double average_win, average_loss, payoff_ratio, profit_factor;
	double expectancy, expectancy_ratio;
	double sqn, profit_to_deviation;
	double max_closed_drawdown, recovery_factor, max_drawdown;
	double kelly, ahpr, ghpr, z_score;
	int64_t max_consecutive_wins, max_consecutive_losses;
	double average_r, average_hours;
};

extern const struct field_table trade_figures_table;

/* All figures; NaN for what is undefined.  start_balance NaN: no max_drawdown.  Thread: any.  Cost: O(n). */
void trade_figures(const struct trade_row *rows, size_t n, double start_balance, struct trade_figures *out);

#endif
