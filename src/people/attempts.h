/*
 * Failed logins: counted for each address, whether it is anybody's or not, and each known device apart [P-4.2].
 *
 * The counts are rows of the store; in memory is only how many guesses of one counter are being checked at this moment.
 * No more run at once than guesses are left; the others wait here, so parallel guesses get no more tries than one after
 * the other.  A guess is entered, gets its turn, is decided, and leaves after its commit:
 *
 *     attempts_enter(…) -> go(attempt, ATTEMPT_TURN) … attempt_failed() or attempt_cleared() in the op … attempts_leave
 *                       -> go(attempt, ATTEMPT_LOCKED) or (…, ATTEMPT_BUSY): it was not entered
 *
 * Thread: any; go() runs on the entering thread or on that of the guess before it.
 */
#ifndef CS_PEOPLE_ATTEMPTS_H
#define CS_PEOPLE_ATTEMPTS_H

#include <stdbool.h>
#include <stdint.h>

#include "crypt/digest.h"

struct attempts;
struct db;
struct err;
struct store;

struct attempt_limits {
	int64_t failures, lock_us; /* the last failure locks, for so long */
	int64_t waiting;           /* guesses that may wait, of all addresses */
};

enum attempt_turn { ATTEMPT_TURN, ATTEMPT_LOCKED, ATTEMPT_BUSY, ATTEMPT_BROKEN };

/* One guess; the caller's memory until it has left. */
struct attempt {
	char email_hash[SHA256_HEX_SIZE]; /* of the normalised address */
	char device[SHA256_HEX_SIZE];     /* of a known device's token, or "" for a stranger */
	void (*go)(struct attempt *attempt, enum attempt_turn turn);
	void *self;

	/* of attempts.c */
	int64_t failures, locked_until_us; /* as last known */
	bool decided;                      /* by its op */
	enum attempt_turn turn;
	struct attempt *next;
};

struct attempts *attempts_new(struct store *store, const struct attempt_limits *limits);
void attempts_free(struct attempts *attempts);

/* Ask for a turn at `now_us`, wall time. */
void attempts_enter(struct attempts *attempts, struct attempt *attempt, int64_t now_us);

/* After the commit, or when nothing came of it: others get their turn. */
void attempts_leave(struct attempts *attempts, struct attempt *attempt, int64_t now_us);

/* In the op: count a failure.  *locked: it was the one that locks.  Old counts are swept. */
bool attempt_failed(struct attempts *attempts, struct db *db, struct attempt *attempt, int64_t now_us, bool *locked,
					struct err *err);

/* In the op: the right password; the counter starts anew. */
bool attempt_cleared(struct db *db, struct attempt *attempt, struct err *err);

/* In the op: lock an address for strangers, as its last failure would. */
bool attempts_lock(const struct attempts *attempts, struct db *db, const char email_hash[SHA256_HEX_SIZE],
				   int64_t now_us, struct err *err);

/* Forget every counter of an address: unlock, and after a reset of the password. */
bool attempts_forget(struct db *db, const char email_hash[SHA256_HEX_SIZE], struct err *err);

#endif
