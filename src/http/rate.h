/*
 * Rate limits: a token bucket for each class of routes and each caller [P-8.6].
 *
 * Tokens and times are doubles in microseconds and never rounded down, so a slow client is not starved by fractions
 * that fall away.  A bucket holds the class's burst, without one a tenth of what a minute gives and at least 30.  There
 * is room for 100,000 buckets, in sets of eight; in a set without room the bucket goes that is full again soonest: its
 * loss gives least away.
 * Thread: any.  Cost: about 100 ns; memory is touched only where there are callers.
 */
#ifndef CS_HTTP_RATE_H
#define CS_HTTP_RATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct env;
struct exchange;
struct rates;

struct rate_class {
	const char *name;           /* as routes name it: "write"; not copied */
	_Atomic int64_t per_minute; /* requests */
	bool by_address;            /* counted by IP even when the caller is known */
	_Atomic int64_t burst;      /* requests at once; 0: a tenth of a minute's */
};

/* At most 16 classes (must), which are copied.  They limit from the start. */
struct rates *rates_new(const struct rate_class *classes, size_t count, const struct env *env);
void rates_free(struct rates *rates);

/*
 * Other numbers for the same classes (must), while serving: buckets keep what is in them, and a bucket that the new
 * number makes too full is cut to it.  `enabled` false: nothing is limited, and no header speaks of limits.
 */
void rates_change(struct rates *rates, const struct rate_class *classes, size_t count, bool enabled);

/* The class of that name, NULL for "none", for unknown ones and while nothing is limited. */
const struct rate_class *rates_class(const struct rates *rates, const char *name);

/* A bucket after a request took, or could not take, its token. */
struct rate_state {
	int64_t capacity, remaining; /* whole requests */
	int64_t full_s;              /* until the bucket is full again, rounded up */
	int64_t retry_s;             /* until there is one token, at least 1; 0 when one was taken */
};

/*
 * Take a token for `key` (a principal, or an address) at `now_us`, monotonic.  `class` is what rates_class() gave.
 * False: there is none.
 */
bool rates_take(struct rates *rates, const struct rate_class *class, const char *key, int64_t now_us,
				struct rate_state *state);

/* The i-th class and how often it refused; false: there is none. */
bool rates_refused(const struct rates *rates, size_t i, const char **name, uint64_t *count);

/* RateLimit-Policy, RateLimit and the X-RateLimit trio, and Retry-After when refused.  `wall_us`: now. */
void rate_headers(struct exchange *x, const struct rate_class *class, const struct rate_state *state, int64_t wall_us);

/* The key of an address: itself, or its /64 for IPv6. */
enum { RATE_ADDRESS_TEXT = 48 };
void rate_address_key(const char *address, char key[RATE_ADDRESS_TEXT]);

#endif
