#include "trade/conversion.h"

#include <math.h>
#include <string.h>

#include "trade/accounts.h"
#include "trade/domain/instruments.h"

/* One unit of `from` in the account's currency, by a quote of the pair one way or the other. */
static double pair_rate(const struct conversion *c, const char *from)
{
	for (size_t i = 0; i < c->count; i++) {
		const struct quote *q = &c->quotes[i];
		const struct instrument *pair = instrument_find(c->instruments, q->instrument);
		double middle = (q->bid + q->ask) / 2;
		if (pair == NULL || pair->base == NULL || !(middle > 0))
			continue;
		if (strcmp(pair->base, from) == 0 && strcmp(pair->quote, c->currency) == 0)
			return middle;
		if (strcmp(pair->base, c->currency) == 0 && strcmp(pair->quote, from) == 0)
			return 1 / middle;
	}
	return NAN;
}

double conversion_rate(const struct conversion *c, const char *name, double price)
{
	const struct instrument *instrument = instrument_find(c->instruments, name);
	if (instrument == NULL || c->currency == NULL)
		return NAN;
	if (strcmp(instrument->quote, c->currency) == 0)
		return 1;
	if (instrument->base != NULL && strcmp(instrument->base, c->currency) == 0)
		return 1 / price;
	return pair_rate(c, instrument->quote);
}
