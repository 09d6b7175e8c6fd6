/*
 * What money of an instrument is in an account's currency, by the account's own quotes.  Private to src/trade.
 */
#ifndef CS_TRADE_CONVERSION_H
#define CS_TRADE_CONVERSION_H

#include <stddef.h>

struct instruments;
struct quote;

struct conversion {
	const struct instruments *instruments;
	const char *currency; /* of the account; NULL: unknown */
	const struct quote *quotes;
	size_t count;
};

/*
 * One unit of the instrument's currency in the account's: 1 where they are the same, 1/price where the account's is
 * the instrument's base, else by the middle of a quoted pair of the two.  NaN: nothing tells.
 */
double conversion_rate(const struct conversion *conversion, const char *instrument, double price);

#endif
