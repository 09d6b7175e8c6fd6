#include "people/attempts.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/must.h"
#include "store/store.h"

#define SWEPT_AFTER_US (INT64_C(24) * 3600 * 1000000)

/* Guesses of one counter that are under way. */
struct counter {
	char email_hash[SHA256_HEX_SIZE], device[SHA256_HEX_SIZE];
	int64_t running, failures, locked_until_us;
	struct attempt *first, **end; /* those that wait */
	struct counter *next;
};

struct attempts {
	struct store *store;
	struct attempt_limits limits;
	pthread_mutex_t lock;
	struct counter *counters; /* as many as logins are under way */
	int64_t waiting;
};

struct attempts *attempts_new(struct store *store, const struct attempt_limits *limits)
{
	struct attempts *attempts = calloc(1, sizeof *attempts);
	must(attempts != NULL && pthread_mutex_init(&attempts->lock, NULL) == 0);
	attempts->store = store;
	attempts->limits = *limits;
	return attempts;
}

void attempts_free(struct attempts *attempts)
{
	if (attempts == NULL)
		return;
	must(attempts->counters == NULL);
	pthread_mutex_destroy(&attempts->lock);
	free(attempts);
}

/* --- rows --- */

struct state {
	int64_t failures, locked_until_us;
};

static void take_state(const struct db_rows *row, void *self)
{
	struct state *state = self;
	*state = (struct state){db_int(row, 0), db_int(row, 1)};
}

/* At locked_until the row counts as gone. */
static bool read_state(struct db *db, const char *email_hash, const char *device, int64_t now_us, struct state *state,
					   struct err *err)
{
	*state = (struct state){0};
	if (!db_one(db, err, NULL, take_state, state,
				"SELECT failures, COALESCE(locked_until, 0) FROM login_failures WHERE email_hash = $1 AND device = $2",
				V_TEXT(email_hash), V_TEXT(device)))
		return false;
	if (state->locked_until_us != 0 && state->locked_until_us <= now_us)
		*state = (struct state){0};
	return true;
}

static bool write_state(struct db *db, const char *email_hash, const char *device, const struct state *state,
						int64_t now_us, struct err *err)
{
	return db_run(
		db, err,
		"INSERT INTO login_failures (email_hash, device, failures, last_at, locked_until) VALUES ($1, $2, $3, $4, $5) "
		"ON CONFLICT (email_hash, device) DO UPDATE SET failures = excluded.failures, last_at = excluded.last_at, "
		"locked_until = excluded.locked_until",
		V_TEXT(email_hash), V_TEXT(device), V_INT(state->failures), V_INT(now_us),
		state->locked_until_us != 0 ? V_INT(state->locked_until_us) : V_NULL);
}

bool attempts_lock(const struct attempts *attempts, struct db *db, const char email_hash[SHA256_HEX_SIZE],
				   int64_t now_us, struct err *err)
{
	const struct state state = {.failures = attempts->limits.failures,
								.locked_until_us = now_us + attempts->limits.lock_us};
	return write_state(db, email_hash, "", &state, now_us, err);
}

bool attempt_failed(struct attempts *attempts, struct db *db, struct attempt *attempt, int64_t now_us, bool *locked,
					struct err *err)
{
	struct state state;
	if (!read_state(db, attempt->email_hash, attempt->device, now_us, &state, err))
		return false;
	state.failures++;
	*locked = state.failures == attempts->limits.failures;
	if (*locked)
		state.locked_until_us = now_us + attempts->limits.lock_us;
	attempt->failures = state.failures;
	attempt->locked_until_us = state.locked_until_us;
	attempt->decided = true;
	return write_state(db, attempt->email_hash, attempt->device, &state, now_us, err) &&
		   db_run(db, err, "DELETE FROM login_failures WHERE last_at < $1 AND COALESCE(locked_until, 0) <= $2",
				  V_INT(now_us - SWEPT_AFTER_US), V_INT(now_us));
}

bool attempt_cleared(struct db *db, struct attempt *attempt, struct err *err)
{
	attempt->failures = attempt->locked_until_us = 0;
	attempt->decided = true;
	return db_run(db, err, "DELETE FROM login_failures WHERE email_hash = $1 AND device = $2",
				  V_TEXT(attempt->email_hash), V_TEXT(attempt->device));
}

bool attempts_forget(struct db *db, const char email_hash[SHA256_HEX_SIZE], struct err *err)
{
	return db_run(db, err, "DELETE FROM login_failures WHERE email_hash = $1", V_TEXT(email_hash));
}

/* --- turns --- */

static struct counter **find_counter(struct attempts *attempts, const struct attempt *attempt)
{
	struct counter **at = &attempts->counters;
	while (*at != NULL &&
		   (strcmp((*at)->email_hash, attempt->email_hash) != 0 || strcmp((*at)->device, attempt->device) != 0))
		at = &(*at)->next;
	return at;
}

static struct counter *add_counter(struct attempts *attempts, const struct attempt *attempt)
{
	struct counter *counter = calloc(1, sizeof *counter);
	must(counter != NULL);
	memcpy(counter->email_hash, attempt->email_hash, sizeof counter->email_hash);
	memcpy(counter->device, attempt->device, sizeof counter->device);
	counter->end = &counter->first;
	counter->next = attempts->counters;
	attempts->counters = counter;
	return counter;
}

static bool is_locked(const struct counter *counter, int64_t now_us)
{
	return counter->locked_until_us > now_us;
}

/* Read what the store has, once for all guesses that run together. */
static bool learn(struct attempts *attempts, struct counter *counter, int64_t now_us)
{
	struct state state;
	struct db *db = store_read(attempts->store);
	bool read = read_state(db, counter->email_hash, counter->device, now_us, &state, NULL);
	store_read_end(attempts->store, db);
	counter->failures = state.failures;
	counter->locked_until_us = state.locked_until_us;
	return read;
}

static enum attempt_turn try_turn(struct attempts *attempts, struct counter *counter, int64_t now_us, bool *wait)
{
	*wait = false;
	if (is_locked(counter, now_us))
		return ATTEMPT_LOCKED;
	if (counter->running + counter->failures < attempts->limits.failures || counter->running == 0) {
		counter->running++;
		return ATTEMPT_TURN;
	}
	*wait = attempts->waiting < attempts->limits.waiting;
	return ATTEMPT_BUSY;
}

static void drop_idle(struct counter **at)
{
	struct counter *counter = *at;
	if (counter->running > 0 || counter->first != NULL)
		return;
	*at = counter->next;
	free(counter);
}

void attempts_enter(struct attempts *attempts, struct attempt *attempt, int64_t now_us)
{
	bool wait = false;
	enum attempt_turn turn = ATTEMPT_BROKEN;
	attempt->next = NULL;
	attempt->decided = false;
	pthread_mutex_lock(&attempts->lock);
	struct counter **at = find_counter(attempts, attempt), *counter = *at;
	bool known = counter != NULL;
	if (!known) {
		counter = add_counter(attempts, attempt);
		at = &attempts->counters;
		known = learn(attempts, counter, now_us);
	}
	if (known)
		turn = try_turn(attempts, counter, now_us, &wait);
	attempt->failures = counter->failures;
	attempt->locked_until_us = counter->locked_until_us;
	if (wait) {
		*counter->end = attempt;
		counter->end = &attempt->next;
		attempts->waiting++;
	}
	drop_idle(at);
	pthread_mutex_unlock(&attempts->lock);
	if (!wait)
		attempt->go(attempt, turn);
}

/* The next that waits, when it is its turn or there will be none; NULL: nobody, or not yet. */
static struct attempt *next_turn(struct attempts *attempts, struct counter *counter, int64_t now_us)
{
	struct attempt *first = counter->first;
	bool wait;
	if (first == NULL)
		return NULL;
	first->turn = try_turn(attempts, counter, now_us, &wait);
	if (first->turn == ATTEMPT_BUSY)
		return NULL;
	counter->first = first->next;
	if (counter->first == NULL)
		counter->end = &counter->first;
	first->failures = counter->failures;
	first->locked_until_us = counter->locked_until_us;
	first->next = NULL;
	attempts->waiting--;
	return first;
}

void attempts_leave(struct attempts *attempts, struct attempt *attempt, int64_t now_us)
{
	struct attempt *ready = NULL, **end = &ready;
	pthread_mutex_lock(&attempts->lock);
	struct counter **at = find_counter(attempts, attempt), *counter = *at;
	must(counter != NULL && counter->running > 0);
	counter->running--;
	if (attempt->decided) {
		counter->failures = attempt->failures;
		counter->locked_until_us = attempt->locked_until_us;
	}
	while ((*end = next_turn(attempts, counter, now_us)) != NULL)
		end = &(*end)->next;
	drop_idle(at);
	pthread_mutex_unlock(&attempts->lock);
	while (ready != NULL) {
		struct attempt *next = ready->next; /* it may be over before go() returns */
		ready->go(ready, ready->turn);
		ready = next;
	}
}
