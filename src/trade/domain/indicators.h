/*
 * Technical indicators of price bars in two conventions [trade.md 9.3]: of TA-Lib and of Tulip Indicators.
 *
 * A row of indicator_kinds says what an indicator is called, what it takes and gives; the trade.indicators operation,
 * the strategies of trade.backtest and their documentation are made of these rows.
 * Values that do not exist (a rate of change from 0) are NaN.  Thread: any; nothing is shared.
 */
#ifndef CS_TRADE_DOMAIN_INDICATORS_H
#define CS_TRADE_DOMAIN_INDICATORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

enum indicator_convention { CONVENTION_TALIB, CONVENTION_TULIP };

struct bars {
	size_t count;
	const double *open, *high, *low, *close; /* count each; close always, the others where a kind needs them */
};

/* What an indicator may take; 0 or NaN in a kind's defaults: it does not take that. */
struct indicator_options {
	int64_t period, fast, slow, signal, k, slow_k, slow_d; /* bars, ≥ 1 */
	double dev;                                            /* deviations */
};

enum { INDICATOR_OUTPUTS = 3 };

/* Values from bar `begin` to the last; count 0: the series is too short. */
struct indicator_values {
	size_t begin, count;
	double *output[INDICATOR_OUTPUTS];
};

struct indicator_kind {
	const char *name;
	const char *outputs[INDICATOR_OUTPUTS]; /* the first is what its id alone stands for */
	struct indicator_options defaults;
	bool high_low; /* needs high and low */
	/* Fill the outputs; the series has more than `begin` bars.  False: arena full. */
	bool (*find)(struct arena *arena, const struct bars *bars, const struct indicator_options *options,
				 enum indicator_convention convention, struct indicator_values *values);
	size_t (*begin)(const struct indicator_options *options, enum indicator_convention convention);
};

extern const struct indicator_kind indicator_kinds[];
extern const size_t indicator_kinds_count;

/* NULL: no indicator has that name. */
const struct indicator_kind *indicator_find_kind(const char *name);

/*
 * All values of one indicator; options are complete, periods ≥ 1, fast ≤ slow.  False: arena full.
 * Cost: up to 10 ns a bar, whatever the periods.
 */
bool indicator_find(struct arena *arena, const struct indicator_kind *kind, const struct bars *bars,
					const struct indicator_options *options, enum indicator_convention convention,
					struct indicator_values *values);

#endif
