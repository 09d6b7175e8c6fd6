/*
 * Retries, effect keys, breakers, budgets as values [flow.md 2.4, 3.1, 7, 10; P-10.4].  Thread: any.
 */
#ifndef CS_FLOW_DOMAIN_RETRY_H
#define CS_FLOW_DOMAIN_RETRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum backoff { BACKOFF_CONSTANT, BACKOFF_LINEAR, BACKOFF_EXPONENTIAL };

struct retry_policy {
	double delay_ms, jitter_from_ms, jitter_to_ms;
	enum backoff backoff;
};

/*
 * Delay before retry n (from 1): constant d, linear d·n, exponential d·2^(n−1), plus from + u·(to − from) with u the
 * first 8 bytes of SHA-256("seed:path:n") over 2^64; at most cap_ms; whole milliseconds, rounded down.
 */
int64_t retry_delay_ms(const struct retry_policy *policy, const char *seed, const char *path, int64_t n, double cap_ms);

enum { EFFECT_KEY = 65 };
/* Hex SHA-256 of run_id:path:attempt: what is sent as Idempotency-Key. */
void effect_key(const char *run_id, const char *path, int64_t attempt, char key[EFFECT_KEY]);

enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF_OPEN };
extern const char *const breaker_state_names[];

struct breaker_config {
	int64_t failures;         /* in a row that open it */
	int64_t window, min_seen; /* results looked back at, and how many of them there must be */
	double window_s, failure_rate;
	double slow_ms, slow_rate;
	int64_t slow_min;
	double open_s;
	int64_t trials; /* successes that close a half-open one */
};

extern const struct breaker_config breaker_defaults; /* P-10.4 */

struct breaker_result {
	double at_s, ms;
	bool ok;
};

enum { BREAKER_WINDOW_MAX = 1000 };

struct breaker {
	struct breaker_config config;
	enum breaker_state state;
	double opened_s;
	int64_t in_row, trials;
	struct breaker_result ring[BREAKER_WINDOW_MAX]; /* the last `window` results, oldest overwritten */
	int64_t seen;
};

void breaker_init(struct breaker *breaker, const struct breaker_config *config);

/* Take one result (times must not fall).  One that comes while open is refused and not counted. */
void breaker_take(struct breaker *breaker, const struct breaker_result *result);

#endif
