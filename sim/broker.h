/*
 * A broker that is played: prices from a seed, a book of positions, deals and margin.  It survives a crash of the
 * terminal, as brokers do, and fills every order, worse or less where the script says so.
 * No clock of its own: times are given.  Thread: one.
 */
#ifndef CS_SIM_BROKER_H
#define CS_SIM_BROKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/rng.h"
#include "sim/faults.h"

struct jw;

enum { BROKER_SYMBOLS = 4, BROKER_POSITIONS = 256, BROKER_DEALS = 1024, BROKER_TOLD = 200 /* deals in a snapshot */ };

struct broker_symbol {
	const char *name;
	double point, contract, spread, bid, swing; /* swing: of one step, either way */
};

struct broker_position {
	int64_t ticket; /* 0: free */
	struct broker_symbol *symbol;
	bool buy;
	double lots, price, stop_loss, take_profit; /* 0: no level */
	int64_t magic;
	char comment[32];
};

struct broker_deal {
	int64_t ticket, position, magic, time_us;
	const struct broker_symbol *symbol;
	bool buy, out;
	double lots, price, profit;
	const char *reason;
};

struct broker {
	struct rng rng;
	struct faults_script faults;
	struct broker_symbol symbols[BROKER_SYMBOLS];
	struct broker_position positions[BROKER_POSITIONS];
	struct broker_deal deals[BROKER_DEALS];
	size_t deals_count, orders;
	int64_t last_ticket;
	double balance;
};

/* `ticket`: the first ones lie above it, since a broker gives none twice. */
void broker_init(struct broker *broker, const struct faults_script *faults, uint64_t seed, int64_t ticket);

/* Prices move; stops and targets that are reached close. */
void broker_tick(struct broker *broker, int64_t now_us);

/* A market order; NULL: no such symbol, or the book is full. */
struct broker_order {
	const char *symbol, *comment;
	bool buy;
	double lots, stop_loss, take_profit;
	int64_t magic;
};
const struct broker_position *broker_send(struct broker *broker, const struct broker_order *order, int64_t now_us);

/* Which position came of an order bearing this magic, open or closed; 0: none. */
int64_t broker_by_magic(const struct broker *broker, int64_t magic);

struct broker_position *broker_find(struct broker *broker, int64_t ticket); /* open; NULL: none */
struct broker_position *broker_first(struct broker *broker);                /* the oldest open one; NULL: none */
size_t broker_open(const struct broker *broker);

/* Close; returns the deal.  `reason` as a snapshot has it: client, expert, sl, tp, so. */
const struct broker_deal *broker_close(struct broker *broker, struct broker_position *position, const char *reason,
									   int64_t now_us);

/* A whole snapshot's body. */
void broker_snapshot(struct broker *broker, struct jw *jw, int64_t seq, int64_t now_us);

#endif
