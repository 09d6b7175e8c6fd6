/*
 * Requests whose signature did not hold, in the audit chain: a row at once for the first of a source, then one a minute
 * with the count since the row before [trade.md 11], so that nobody can fill the chain without a key.  A source is an
 * address (an IPv6 network of 64 bits).  A row whose op fails is counted again; what is counted and not yet written is
 * lost when the process is killed.  Threads: any.
 */
#ifndef CS_TRADE_FAILURES_H
#define CS_TRADE_FAILURES_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

struct audit;
struct db;
struct exchange;
struct failures;
struct store;

enum { FAILURES_SOURCES = 256 /* at once; then the one whose row is oldest gives way, and is written */ };

struct failures *failures_new(struct store *store, const struct audit *audit);
void failures_free(struct failures *failures); /* NULL is fine */

/* Count one of `kind` by the exchange's peer.  Writes by an op that nobody waits for. */
void failures_note(struct failures *failures, const struct exchange *x, enum err_kind kind, int64_t now_us);

/* By the clock: write the counts whose minute is over, each by such an op. */
void failures_write_due(struct failures *failures, int64_t now_us);

#endif
