/*
 * Producers that sent something lately, as their rows are: a signal's proof needs the row before anything else, and a
 * row that nobody has written since need not be read again.  It asks the store's watch of the table, so a secret that
 * was rotated or a producer that was switched off is seen by the first request after the commit's answer.  Secrets stay
 * sealed here.  Private to src/trade.  Thread: any.
 */
#ifndef CS_TRADE_KNOWN_PRODUCERS_H
#define CS_TRADE_KNOWN_PRODUCERS_H

#include <stdbool.h>

struct arena;
struct err;
struct known_producers;
struct producer;
struct store;

struct known_producers *known_producers_new(struct store *store);
void known_producers_free(struct known_producers *known);

/* As producer_by_id(); takes no reader when the row is known.  Cost: known 1 us, else a read. */
bool known_producer(struct known_producers *known, const char *producer_id, struct arena *arena,
					struct producer *producer, bool *found, struct err *err);

#endif
