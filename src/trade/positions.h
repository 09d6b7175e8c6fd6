/*
 * Positions and their close commands in the store [trade.md 5].
 *
 *     opening -> open (seen in a snapshot) -> close_requested -> closed
 *     close_requested -> close_failed -> close_requested again, CLOSE_TRIES times; any -> closed when the broker says
 * so
 *
 * Private to src/trade.  Runs on a connection of the caller.
 */
#ifndef CS_TRADE_POSITIONS_H
#define CS_TRADE_POSITIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct db;
struct err;

enum position_status {
	POSITION_OPENING,
	POSITION_OPEN,
	POSITION_CLOSE_REQUESTED,
	POSITION_CLOSE_FAILED,
	POSITION_CLOSED,
	POSITION_STATUSES
};
extern const char *const position_status_names[]; /* ends with NULL */

/* A row; texts are the arena's.  Prices, lots and money NaN, times 0, texts NULL: unknown. */
struct position {
	const char *position_id, *account_id, *owner_id, *trading_account_id, *signal_id, *approval_id, *delivery_id;
	const char *broker_ticket, *instrument, *side;
	double asked, lots, requested_price, entry_price, current_price, stop_loss, take_profit;
	double profit, swap, commission;
	int status;
	const char *matched; /* ticket, magic, comment, near */
	const char *close_reason;
	double close_price;
	int64_t lapse_us, close_tries, close_due_us; /* close_due_us: of the next try, while close_failed */
	int64_t opened_us, closed_us, updated_us;
	double account_equity; /* of its trading account now */
	bool paper;            /* its trading account is one on paper */
};

bool position_insert(struct db *db, const struct position *position, struct err *err);
bool position_update(struct db *db, const struct position *position, struct err *err); /* all that changes */
bool position_find(struct db *db, const char *account_id, const char *position_id, struct arena *arena,
				   struct position *position, bool *found, struct err *err);

struct position_filter {
	const char *account_id;         /* NULL: any */
	const char *trading_account_id; /* NULL: any, and so below */
	const char *owner_id, *instrument, *before_id;
	bool open, closed; /* which */
	int64_t limit;
};
bool position_list(struct db *db, const struct position_filter *filter, struct arena *arena,
				   struct position **positions, size_t *count, struct err *err);

/* The one that came of a signal. */
bool position_of_signal(struct db *db, const char *account_id, const char *signal_id, struct arena *arena,
						struct position *position, bool *found, struct err *err);

/* --- close commands --- */

struct close_command {
	const char *command_id, *account_id, *position_id, *trading_account_id, *reason;
	double lots, expected_price;
	int64_t attempt;
	const char *state;            /* open, executed, failed, void */
	const char *content, *answer; /* of the acknowledgement; NULL: none yet */
	int64_t created_us, ended_us;
};
bool close_command_insert(struct db *db, const struct close_command *command, struct err *err);
bool close_command_find(struct db *db, const char *account_id, const char *command_id, struct arena *arena,
						struct close_command *command, bool *found, struct err *err);
bool close_command_end(struct db *db, const struct close_command *command, struct err *err);

/* The open ones of an account, the oldest first. */
bool close_command_open(struct db *db, const char *trading_account_id, int64_t limit, struct arena *arena,
						struct close_command **commands, size_t *count, struct err *err);

/* End the open commands of a position: the broker closed it. */
bool close_command_void(struct db *db, const char *position_id, int64_t now_us, struct err *err);

#endif
