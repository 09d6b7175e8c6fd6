/*
 * Judging a signal by what the store knows: the owner's primary trading account as its newest snapshot told it, its
 * positions and orders on their way, the profile, who has stopped what, news windows and guards [trade.md 2.2, 7].
 *
 * What is not known refuses.  Private to src/trade.  Runs on a connection of the caller; in an op it sees what the ops
 * before it did, so that no two orders slip through one limit together.  Cost: some 50 us.
 */
#ifndef CS_TRADE_JUDGE_H
#define CS_TRADE_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "trade/domain/risk_profile.h"
#include "trade/signals.h"

struct arena;
struct db;
struct err;
struct packs;
struct store;
struct store_watch;

struct judgement {
	bool accept;
	int64_t profile_version;
	struct risk_profile profile;
	const char *trading_account_id; /* NULL: the owner has none */
	bool paper;                     /* it is one on paper */
	double lots;                    /* NaN: unknown, or too few to be an order */
	const char *risk;               /* JSON {decision, failed, checks} */
	const void *risk_packed;        /* the same as a row keeps it; NULL: not packed yet */
	size_t risk_packed_size;
	const char *failed; /* JSON list of names */
	const char *names;  /* the same with commas */
};

/*
 * `wanted`: lots instead of the signal's own, NaN: none.  The signal itself never counts among orders and positions.
 * The memory is the arena's.  False: the store failed.
 */
struct judging {
	const struct packs *packs;
	struct db *db;
	struct arena *arena;
	int64_t now_us;
	const struct signal_row *row; /* account, owner, id */
	const struct signal *signal;
	double wanted;
	const struct risk_profile *platform; /* NULL: there is none */
};
bool judge(const struct judging *j, struct judgement *judgement, struct err *err);

/*
 * What watches all that a judgement rests upon: one made on a reader holds in an op, as of the same moment, while the
 * watch's number is that of before the reader's first query (store/store.h).
 */
const struct store_watch *judge_watch(struct store *store);

/* The signal inside its row's sealed content. */
bool signal_of_row(const struct signal_row *row, struct arena *arena, struct signal *signal, struct err *err);

#endif
